//! A table by the ids of calls. They are small numbers that count up, so one multiplication spreads them; a peer that chooses others
//! slows down nothing but the looking up of its own calls, of which there is a bounded number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What is kept for each call of one connection.
pub(crate) type ById<T> = HashMap<u64, T, BuildHasherDefault<Spread>>;

/// Spreads one number (Fibonacci hashing: Knuth, The Art of Computer Programming 3, §6.4).
#[derive(Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, number: u64) {
        // The table looks at the lowest bits and the highest; the product's good ones are the upper.
        let product = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = product ^ (product >> 32);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn numbers_that_count_up_fall_into_places_of_their_own() {
        let table = ById::<()>::default();
        let hashes: Vec<u64> = (1..=1_024_u64).map(|id| table.hasher().hash_one(id)).collect();
        let distinct = |of: fn(u64) -> u64| hashes.iter().map(|hash| of(*hash)).collect::<HashSet<_>>().len();
        assert!(distinct(|hash| hash % 2_048) > 700, "{}", distinct(|hash| hash % 2_048));
        assert!(distinct(|hash| hash >> 57) == 128, "{}", distinct(|hash| hash >> 57));
    }
}
