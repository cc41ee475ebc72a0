//! Every event is a series; most have one instance.
//!
//! Recurrence (RFC 5545 §3.8.5) joins in an issue of its own. What it needs is here from the start, so that nothing stored has
//! to move then: the event keeps a [`Series`], an answer belongs to an [`Instance`], and so does an entry of an index by time.

use serde::{Deserialize, Serialize};

use super::EventTime;

/// The instances of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Series {
    /// When the first instance is.
    pub first: EventTime,
    /// How it comes again.
    pub recurrence: Recurrence,
}

/// How an event comes again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Recurrence {
    /// It does not.
    Once,
}

/// What of an event an answer, a participation or an index entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Instance {
    /// All of it.
    Series,
    /// One instance, by its original civil start ([`super::civil_seconds`]), never by UTC: RFC 5545 §3.8.4.4.
    On(i64),
}

impl Series {
    /// An event that happens once.
    #[must_use]
    pub const fn once(time: EventTime) -> Self {
        Self { first: time, recurrence: Recurrence::Once }
    }
}
