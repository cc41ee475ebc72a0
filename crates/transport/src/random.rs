//! Random numbers for identities that are no secrets: traces, spans, incidents, and the jitter of back-off.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    static STATE: Cell<u64> = Cell::new(seed());
}

fn seed() -> u64 {
    // The standard library's hasher keys are random too, should the system have no entropy to give.
    getrandom::u64().unwrap_or_else(|_| RandomState::new().hash_one(std::thread::current().id()))
}

/// The next number of this thread's SplitMix64 sequence, which is seeded by the operating system.
pub(crate) fn number() -> u64 {
    STATE.with(|state| {
        let next = state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        state.set(next);
        let mixed = (next ^ (next >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    })
}

/// A span's identity: never all zero, which W3C trace context keeps for "none".
pub(crate) fn span_id() -> [u8; 8] {
    (number() | 1).to_be_bytes()
}

/// A trace's identity: never all zero.
pub(crate) fn trace_id() -> [u8; 16] {
    ((u128::from(number()) << 64) | u128::from(number() | 1)).to_be_bytes()
}

/// An incident's identity: what a user quotes and an operator finds in the log.
pub(crate) fn incident() -> String {
    format!("{:016x}", number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_many_threads_differ() {
        let threads: Vec<_> =
            (0..8).map(|_| std::thread::spawn(|| (0..1_000).map(|_| trace_id()).collect::<Vec<_>>())).collect();
        let ids: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }
}
