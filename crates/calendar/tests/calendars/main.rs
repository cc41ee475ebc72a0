//! The calendar service as a whole, beside four others that say what the tests have them say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod cascades;
mod interleaving;
mod rights;
mod script;
mod town;
mod windows;
