//! Events as an iCalendar file.
//!
//! The zones that lines name are collected after the lines are made, from the lines themselves: whatever comes out of an original
//! is defined, too.

mod component;
mod content;
mod merge;
mod values;
mod zone;

use std::collections::BTreeMap;

use domain::Timestamp;

use crate::event::Event;
use crate::lines::fold_into;

/// Writes events as one calendar: UTF-8, lines folded at 75 octets and ended by CRLF. `now` is when that is, for events that are not
/// as their original has them.
#[must_use]
pub fn write<'a>(events: impl IntoIterator<Item = &'a Event>, now: Timestamp) -> Vec<u8> {
    let (mut used, mut body) = (BTreeMap::new(), Vec::new());
    for event in events {
        for line in merge::lines_of(event, now) {
            zone::note_use(&line, &mut used);
            fold_into(&mut body, &line);
        }
    }
    let mut file = Vec::with_capacity(body.len().saturating_add(4_096));
    let head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        concat!("PRODID:-//Convene//Convene ", env!("CARGO_PKG_VERSION"), "//EN"),
        "CALSCALE:GREGORIAN",
    ];
    for line in head {
        fold_into(&mut file, line);
    }
    for (name, years) in &used {
        for line in zone::definition(name, years) {
            fold_into(&mut file, &line);
        }
    }
    file.append(&mut body);
    fold_into(&mut file, "END:VCALENDAR");
    file
}
