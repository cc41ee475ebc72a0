//! People at work while something is done to the services below them, and a ledger of what they were told was done.
//!
//! Power cuts and kills use the same [`Crowd`] and the same [`Ledger`]; what is done to the services is theirs.

mod calls;
mod found;
mod ledger;
mod people;
#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

pub use calls::Calls;
pub use ledger::{Effect, Fact, Ledger, Value};
pub use people::Crowd;

/// Microseconds since 1970, as strace writes them.
pub type Micros = u64;

/// By the clock that strace uses.
#[must_use]
pub fn now() -> Micros {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros().try_into().unwrap()
}
