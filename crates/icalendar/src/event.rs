//! What a group of components of one `UID` comes to.

use std::collections::BTreeMap;

use domain::events::{Alarms, Exception};
use domain::{Description, EventTitle, Location, Series, Timestamp};

use crate::Note;

/// An event: what Convene has a place for, and the text that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its identity in the world (RFC 5545 §3.8.4.7), 1–1,000 characters. An event that has none is named by a digest of its text.
    pub uid: String,
    /// How often its organizer has changed it (RFC 5545 §3.8.7.4).
    pub sequence: u32,
    /// When it was last changed: `LAST-MODIFIED`, else `DTSTAMP`.
    pub modified: Option<Timestamp>,
    /// Its title; "Untitled" if it has none.
    pub title: EventTitle,
    /// What it is about.
    pub description: Description,
    /// Where it is.
    pub location: Location,
    /// When it is, and how it comes again.
    pub series: Series,
    /// The instances that are not as the rules have them, by original civil start ([`domain::time::civil_seconds`]).
    pub exceptions: BTreeMap<i64, Exception>,
    /// The alarms before its start, as far as Convene has them.
    pub alarms: Alarms,
    /// For whom it is meant.
    pub class: Class,
    /// Whether it was called off.
    pub cancelled: bool,
    /// Its components as they stand in the file, and the definitions of zones that they need; empty if it does not come from a
    /// file.
    pub original: Vec<u8>,
    /// The line of its first component.
    pub line: usize,
    /// What was not taken as it stands in the file.
    pub notes: Vec<Note>,
}

/// For whom an event is meant (`CLASS`, RFC 5545 §3.8.1.3). What a program makes of it is left to the program; anything unknown is
/// private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// Everyone who sees the calendar.
    #[default]
    Public,
    /// Its owner.
    Private,
    /// Few.
    Confidential,
}
