//! Recurrence rules (RFC 5545 §3.3.10): parsed, printed, said in words, and expanded from wherever a window begins.
//!
//! Everything here is civil time: a rule with the local time of its first start gives local times, and knows of no zone. What
//! stands around a rule is left to the caller: the first start itself (which is an instance whether the rule matches it or
//! not), `COUNT`, added and removed dates, changed instances, and times that a zone's clocks skip.
//!
//! The crate is our own because of how it expands. The crate `rrule` walks from the first start and stops at a cap (as python-dateutil does,
//! from which it descends), so a series of thirty years would cost thirty years on every page of a calendar. [`Rule::starts`] computes by
//! arithmetic the period in which the window begins, and from there each start costs what the period holds. What it gives
//! is held against python-dateutil on every rule of three collections of real calendars (`tests/differential`).

mod gregorian;
mod parse;
mod print;
mod rule;
mod sets;
mod starts;
mod words;

pub use parse::{InvalidRule, MAX_RULE_BYTES, MAX_VALUES};
pub use rule::{End, Frequency, Months, Rule, Until};
pub use starts::{LAST_YEAR, Starts};
pub use words::{InvalidPhrase, MAX_PHRASE_BYTES};
