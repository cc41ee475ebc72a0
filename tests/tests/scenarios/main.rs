//! The promises of Convene, each as a scenario that runs direct, over the wire and against five processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests: a failed expectation ends the test"
)]

mod accounts;
mod answers;
mod authorization;
mod bad_input;
mod calendars;
mod commands;
mod events;
mod importing;
mod integrity;
mod operating;
mod outages;
mod places;
mod public_events;
mod recovery;
mod recurring;
mod restarts;
mod sharing;
mod watching;

use domain::Error;

/// The code of a refusal.
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> &'static str {
    answer.unwrap_err().code()
}
