//! iCalendar (RFC 5545) read and written: bytes in, events out; events in, bytes out. No I/O happens here.
//!
//! **Reading.** [`Reader`] finds the components of a file, groups them by `UID`, and gives one [`Event`] for each group, or says why it
//! has none: every component of the file is accounted for, and a broken one harms no other. Content lines are found and unfolded
//! here, so that the original bytes of each component and the number of each line stay beside what was understood; the values
//! of properties are understood by the crate `calcard`. Its expansion of rules is not used: rules are `recurrence`'s, times are jiff's.
//!
//! **What an event is.** A [`domain::Series`] in the civil time of its zone, and the instances that are not as its rules have them:
//! `EXDATE`, `RDATE` and overrides with a `RECURRENCE-ID` are one table, by original civil start. What Convene has no place for
//! (attendees, categories, other alarms, `X-` properties) stays in [`Event::original`].
//!
//! **Writing.** [`write()`] reads the original of each event again. What means the same as the event does now goes out as it came in;
//! what does not is replaced property by property, and everything else is kept. An event without an original is written from its
//! values. Zones always go out under their IANA names, with a `VTIMEZONE` for the years that are used.
//!
//! Who may import what, and what has changed since the last time, is the business of the events service.

mod component;
mod event;
mod exchange;
mod fields;
mod group;
mod lines;
mod reader;
mod recurring;
mod split;
mod text;
mod times;
mod write;
mod zones;

pub use event::{Class, Event};
pub use exchange::uid_of;
pub use reader::{Reader, Reading, read};
pub use write::write;

/// The largest file, in bytes.
pub const MAX_FILE: usize = 64 * 1024 * 1024;
/// The most components of a file, those within others included.
pub const MAX_COMPONENTS: usize = 500_000;
/// The largest component as it stands in the file, in bytes.
pub const MAX_COMPONENT: usize = 16 * 1024 * 1024;
/// The largest component without what is left out of it, and the largest group of components of one `UID`, in bytes.
pub const MAX_TEXT: usize = 128 * 1024;
/// The largest property that is kept beside title and description, in bytes: inline attachments are larger.
pub const MAX_ATTACHMENT: usize = 16 * 1024;
/// How deep components are nested at most, the outermost of a calendar being the first.
pub const MAX_DEPTH: usize = 8;

/// The longest `UID`, in bytes.
pub const MAX_UID: usize = 800;
/// The most instances of an event that are removed, added or changed one by one.
pub const MAX_EXCEPTIONS: usize = 1_000;

/// Why a file was not read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Refused {
    /// The line, from 1.
    pub line: usize,
    /// Why, in plain words.
    pub reason: String,
}

/// A component that gave no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its `UID`, if it has one.
    pub uid: Option<String>,
    /// Its first line, from 1.
    pub line: usize,
    /// Why, in plain words.
    pub reason: String,
}

/// Something of an event that was not taken as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line, from 1.
    pub line: usize,
    /// What, in plain words.
    pub text: String,
}
