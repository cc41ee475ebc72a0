//! Single instances that are not as the rules of their event have them: RFC 5545 §3.8.5.1 (EXDATE), §3.8.5.2 (RDATE) and §3.8.4.4
//! (RECURRENCE-ID) as one thing.

use serde::{Deserialize, Serialize};

use crate::{EventTime, EventTitle, Location};

/// What an instance is instead of what the rules say; also of one that they do not name at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exception {
    /// It does not take place.
    Removed,
    /// It does, like this.
    Changed(Change),
}

/// How an instance that takes place differs from the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When it is.
    pub time: EventTime,
    /// Its own title; `None` for that of the event.
    pub title: Option<EventTitle>,
    /// Its own place; `None` for that of the event.
    pub location: Option<Location>,
}
