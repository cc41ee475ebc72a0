//! What those who watch over an installation are shown: traces, figures and logs of five real processes, and whether the alerts and the
//! dashboard of `deploy/` ask for figures that exist.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this crate is test code: a failed expectation ends the test"
)]

mod collector;
mod figures;
mod traces;
