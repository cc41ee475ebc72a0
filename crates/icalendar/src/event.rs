//! What a group of components of one `UID` comes to.

use std::collections::BTreeMap;

use domain::events::{Alarms, Exception};
use domain::{Description, EventTitle, Location, Series, Timestamp};

use crate::lines::{RawLines, name_of, unfold};
use crate::{Note, text};

/// An event: what Convene has a place for, and the text that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its identity in the world (RFC 5545 §3.8.4.7), 1–800 bytes. An event that has none is named by a digest of its text.
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
    /// For whom it is meant; `None` if that is not known, and is written as the original has it.
    pub class: Option<Class>,
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

impl Event {
    /// The original as text: what is not UTF-8 in it is read as Latin-1.
    #[must_use]
    pub fn original_text(&self) -> String {
        text::decoded(&self.original).0
    }

    /// A digest of all that the original says, but for `DTSTAMP`: some programs set that to the time at which they write a file.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for line in RawLines::new(&self.original, 1) {
            let raw = self.original.get(line.range).unwrap_or_default();
            if !name_of(raw).is_some_and(|name| name.eq_ignore_ascii_case("DTSTAMP")) {
                hasher.update(&unfold(raw)).update(b"\n");
            }
        }
        *hasher.finalize().as_bytes()
    }
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

#[cfg(test)]
mod tests {
    use domain::Zone;

    #[test]
    fn when_a_file_was_written_does_not_make_it_another_event() {
        let digest = |text: &str| {
            let file = format!("BEGIN:VEVENT\nUID:1\nDTSTART:20270310T090000Z\n{text}\nEND:VEVENT\n");
            crate::read(file.as_bytes(), &Zone::utc()).unwrap().events[0].digest()
        };
        assert_eq!(digest("DTSTAMP:20270101T000000Z"), digest("DTSTAMP:20270202T000000Z"));
        assert_eq!(digest("X-A:12"), digest("X-A:1\r\n 2"));
        assert_ne!(digest("X-A:1"), digest("X-A:2"));
    }
}
