//! Bytes that are no text and no part of a key, as they are, eight at a step: positions' histories, digests, traces.
//!
//! For serde an array is as many values as it has elements, and bincode asks after each of them whether there are bytes left; for those of one
//! short call that took a fifteenth of its time. Taken eight at a time as `f64` they are the same bytes: it is the only type of serde's
//! that bincode writes in eight bytes whatever its value, and what is in it is never looked at as a number. (`from_bits` and `to_bits` keep
//! every bit, also of what is not a number, except on 32-bit x86 without SSE2, for which Rust has a target of its own.)
//!
//! This is the one place of this crate that relies on what an encoding does: on eight bytes for each `f64`, the lowest first, none of them
//! made another. A test holds it against bincode, and another against the bytes that were agreed.
//!
//! Ids are not written so: they are parts of keys, and a number of this kind is none, because its bytes do not sort as it does.
//!
//! For formats that people read, arrays are arrays.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const STEP: usize = 8;

/// Writes an array whose length is a multiple of eight.
pub(crate) fn serialize<S: Serializer, const N: usize>(octets: &[u8; N], serializer: S) -> Result<S::Ok, S::Error>
where
    [u8; N]: Serialize,
{
    const { assert!(N.is_multiple_of(STEP)) };
    if serializer.is_human_readable() {
        return octets.serialize(serializer);
    }
    let (steps, _) = octets.as_chunks::<STEP>();
    let mut tuple = serializer.serialize_tuple(steps.len())?;
    for step in steps {
        tuple.serialize_element(&f64::from_bits(u64::from_le_bytes(*step)))?;
    }
    tuple.end()
}

/// Reads one.
pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error>
where
    [u8; N]: Deserialize<'de>,
{
    if deserializer.is_human_readable() {
        return <[u8; N]>::deserialize(deserializer);
    }
    deserializer.deserialize_tuple(N / STEP, Steps)
}

struct Steps<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for Steps<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut taken: A) -> Result<[u8; N], A::Error> {
        let mut octets = [0; N];
        let (steps, _) = octets.as_chunks_mut::<STEP>();
        for (nth, step) in steps.iter_mut().enumerate() {
            let taken: f64 = taken.next_element()?.ok_or_else(|| A::Error::invalid_length(nth * STEP, &self))?;
            *step = taken.to_bits().to_le_bytes();
        }
        Ok(octets)
    }
}

#[cfg(test)]
mod tests {
    use bincode::config::standard;
    use bincode::serde::{decode_from_slice, encode_to_vec};
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sixteen(#[serde(with = "super")] [u8; 16]);

    /// Every kind of number that sixteen bytes can look like: nothing, infinite, not a number in either way, and the least there is.
    const LIKE_NUMBERS: [u64; 8] = [
        0,
        1,
        u64::MAX,
        0x8000_0000_0000_0000,
        0x7ff0_0000_0000_0000,
        0x7ff0_0000_0000_0001,
        0x7ff8_0000_0000_0000,
        0xfff4_0000_0000_0001,
    ];

    fn in_bytes(octets: [u8; 16]) {
        let written = encode_to_vec(Sixteen(octets), standard()).unwrap();
        assert_eq!(written, octets);
        assert_eq!(written, encode_to_vec(octets, standard()).unwrap(), "as an array is written");
        assert_eq!(decode_from_slice(&written, standard()).unwrap(), (Sixteen(octets), 16));
    }

    #[test]
    fn whatever_number_the_bytes_look_like_they_are_written_as_they_are() {
        for first in LIKE_NUMBERS {
            for second in LIKE_NUMBERS {
                let both = u128::from(first) | u128::from(second) << 64;
                in_bytes(both.to_le_bytes());
            }
        }
    }

    #[test]
    fn too_few_are_refused() {
        for length in 0..16 {
            assert!(decode_from_slice::<Sixteen, _>(&[7; 16][..length], standard()).is_err(), "{length}");
        }
    }

    #[test]
    fn for_people_they_are_an_array() {
        let written = serde_json::to_string(&Sixteen([7; 16])).unwrap();
        assert_eq!(written, "[7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7]");
        assert_eq!(serde_json::from_str::<Sixteen>(&written).unwrap(), Sixteen([7; 16]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_written_as_they_are(octets: [u8; 16]) {
            in_bytes(octets);
        }
    }
}
