//! What anyone may send us, each as a function of bytes that must never panic, hang or claim memory beyond what came.
//!
//! Fuzzers (`fuzz/`) look for bytes that break these functions; the corpus they left behind (`fuzz/corpus/`) is replayed by the ordinary
//! tests of this crate. Each function also holds what must be true of whatever it accepts, so that a fuzzer finds wrong
//! answers and not only crashes. A failed assertion is a finding.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this crate is test code: a failed expectation is a finding"
)]

mod calendars;
mod calls;
mod cursors;
mod dates;
mod frames;
mod rules;
mod tokens;

/// A function of hostile bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its fuzzer and of its folder in the corpus.
pub const TARGETS: [(&str, Target); 7] = [
    ("frames", frames::frames),
    ("calls", calls::calls),
    ("tokens", tokens::tokens),
    ("dates", dates::dates),
    ("cursors", cursors::cursors),
    ("calendars", calendars::calendars),
    ("rules", rules::rules),
];

/// The target of this name.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn target(name: &str) -> Target {
    TARGETS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("there is no target {name}")).1
}
