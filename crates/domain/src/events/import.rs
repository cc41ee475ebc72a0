//! Events that come from other calendar programs, and the texts that they came from.
//!
//! What a file means is found out by the caller; here is what the events service makes of it: one event for each `UID` (RFC 5545
//! §3.8.4.7) of each organizer, however often it is imported.

use serde::{Deserialize, Serialize};

use super::{Alarms, Exception};
use crate::time::Rules;
use crate::{Description, EventId, EventTime, EventTitle, Location, Original, Timestamp, Uid};

/// Wants an event as another program has it, among one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportEvent {
    /// Its identity there.
    pub uid: Uid,
    /// How old it is: of two versions the one with the greater number is newer, and then the one changed later (RFC 5546 §2.1.5).
    pub age: Age,
    /// A digest of all that it says, without when the file was written: what has the same digest is not imported again.
    pub digest: [u8; 32],
    /// Its title.
    pub title: EventTitle,
    /// What it is about.
    pub description: Description,
    /// Where it is.
    pub location: Location,
    /// When it is, or its first instance.
    pub time: EventTime,
    /// How it comes again.
    pub rules: Rules,
    /// The instances that are not as the rules have them, by original civil start.
    pub exceptions: Vec<(i64, Exception)>,
    /// When those who come are reminded.
    pub alarms: Alarms,
    /// Whether it was called off.
    pub cancelled: bool,
    /// The text that it came from.
    pub original: Original,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// How old a version of an event is; later ones are greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Age {
    /// `SEQUENCE`
    pub sequence: u32,
    /// `LAST-MODIFIED`, else `DTSTAMP`
    pub modified: Option<Timestamp>,
}

/// What became of an event that was to be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Imported {
    /// It is a new event.
    New(EventId),
    /// It is another version of an event that was imported before, and took its place.
    Updated(EventId),
    /// It says what it said when it was imported before. What was changed here since then stays.
    Unchanged(EventId),
    /// An event that was imported before is newer.
    Older(EventId),
    /// An event that was imported before was cancelled here, and stays so.
    CancelledHere(EventId),
    /// It was called off before it was ever imported.
    CalledOff,
}

/// Asks for the text that an event came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOriginal {
    /// Which event.
    pub event: EventId,
}

/// Where an event came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its identity there.
    pub uid: Uid,
    /// How old the version is that was imported.
    pub age: Age,
    /// The text that it came from.
    pub original: Original,
}
