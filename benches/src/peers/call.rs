//! The one call that everybody carries: a credential and an identity in, 200 bytes out.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;

/// What is asked for.
pub(super) type Id = [u8; 16];

/// The credential that everybody but us carries, in bytes. Nobody looks at it.
pub(super) const CREDENTIAL: usize = 150;

/// The answer, in bytes: the identity that was asked for, and what belongs to it.
pub(super) const ANSWER: usize = 200;

/// The credential of those who do not look at it.
pub(super) fn credential() -> Bytes {
    Bytes::from(vec![b'c'; CREDENTIAL])
}

/// The identity that the caller of this number asks for.
pub(super) fn id_of(caller: usize) -> Id {
    (u128::try_from(caller).unwrap_or_default() + 1).to_be_bytes()
}

/// The same handler for everybody: works so long, and answers.
pub(super) fn answer(id: Id, work: Duration) -> Bytes {
    if !work.is_zero() {
        let begun = Instant::now();
        while begun.elapsed() < work {
            std::hint::spin_loop();
        }
    }
    let mut text = Vec::with_capacity(ANSWER);
    text.extend_from_slice(&id);
    text.resize(ANSWER, b'.');
    Bytes::from(text)
}

/// Holds an answer against what was asked for.
///
/// # Errors
/// If it is another.
pub(super) fn expect(answer: &[u8], id: Id) -> Result<()> {
    ensure!(answer.len() == ANSWER && answer.starts_with(&id), "an answer came that nobody asked for");
    Ok(())
}
