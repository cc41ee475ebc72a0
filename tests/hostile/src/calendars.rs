//! Calendars as any program may write them: whatever is read can be imported, written, and read again as the same.

use std::collections::BTreeMap;

use domain::events::Exception;
use domain::time::{Extent, civil_seconds};
use domain::{EventTitle, Location, Timestamp, Zone};
use icalendar::{Event, MAX_EXCEPTIONS, Reading};
use jiff::ToSpan as _;
use jiff::civil::{DateTime, date};

/// The most instances of a window that are compared.
const MOST: usize = 300;

/// A file.
pub(crate) fn calendars(data: &[u8]) {
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    let reading = match icalendar::read(data, &zone) {
        Ok(reading) => reading,
        Err(refused) => {
            assert!(refused.line > 0 && !refused.reason.is_empty());
            return;
        }
    };
    accounted(data, &reading);
    for event in &reading.events {
        assert!(event.exceptions.len() <= MAX_EXCEPTIONS);
        event.clone().into_import(true).unwrap();
    }
    let before = meanings(&reading.events);
    assert_eq!(before.len(), reading.events.len(), "two events of one UID");
    let again = written_and_read(&reading.events, &zone, &before);
    let numbers = |events: &[Event]| -> BTreeMap<String, u32> {
        events.iter().map(|event| (event.uid.clone(), event.sequence)).collect()
    };
    assert_eq!(numbers(&again), numbers(&reading.events));
    // From what was understood alone, without the text that it came from.
    let mut bare = reading.events;
    bare.iter_mut().for_each(|event| event.original.clear());
    written_and_read(&bare, &zone, &before);
}

/// Every component that stands in a calendar gave an event or a reason.
fn accounted(data: &[u8], reading: &Reading) {
    for skipped in &reading.skipped {
        assert!(skipped.line > 0 && !skipped.reason.is_empty());
    }
    let in_events: usize = reading.events.iter().map(|event| components(&event.original)).sum();
    assert!(in_events + reading.skipped.len() >= components(data), "{reading:?}");
}

/// How many events, tasks, journal entries and lists of busy times plainly begin in a file of bytes that need no decoding.
fn components(data: &[u8]) -> usize {
    if data.starts_with(b"\xff\xfe") || data.starts_with(b"\xfe\xff") {
        return 0;
    }
    let kinds = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"];
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let begins = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        kinds.iter().any(|kind| line.eq_ignore_ascii_case(format!("BEGIN:{kind}").as_bytes()))
    };
    // What is continued in the next line is another name.
    let is_whole = |next: Option<&&[u8]>| !next.is_some_and(|next| next.starts_with(b" ") || next.starts_with(b"\t"));
    (0..lines.len()).filter(|at| begins(lines[*at]) && is_whole(lines.get(at + 1))).count()
}

fn written_and_read(events: &[Event], zone: &Zone, meant: &BTreeMap<String, String>) -> Vec<Event> {
    let written = icalendar::write(events, Timestamp::from_micros(1_800_000_000_000_000));
    let text = std::str::from_utf8(&written).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
    let again = icalendar::read(&written, zone).unwrap();
    assert_eq!(again.skipped, [], "{text}");
    let means = meanings(&again.events);
    for (uid, meaning) in meant {
        assert_eq!(means.get(uid), Some(meaning), "of {uid} in {text}");
    }
    assert_eq!(means.len(), meant.len(), "{text}");
    again.events
}

fn meanings(events: &[Event]) -> BTreeMap<String, String> {
    events.iter().map(|event| (event.uid.clone(), meaning(event))).collect()
}

/// All that an event says, with when it is in the time about its first instance and in our days.
fn meaning(event: &Event) -> String {
    let first = event.series.first.civil_start();
    let says = |extent: Extent, title: Option<&EventTitle>, location: Option<&Location>| {
        format!("{extent:?} {:?} {:?}", title.unwrap_or(&event.title), location.unwrap_or(&event.location))
    };
    let mut instances: BTreeMap<i64, String> = BTreeMap::new();
    for from in [first.checked_sub(1.week()).unwrap_or(first), date(2027, 3, 1).at(0, 0, 0, 0)] {
        let to = from.checked_add(2.years()).unwrap_or(DateTime::MAX);
        let found = event.series.occurrences(civil_seconds(from), Some(civil_seconds(to))).take(MOST);
        instances.extend(found.map(|one| (one.start, says(one.extent, None, None))));
    }
    for (start, exception) in &event.exceptions {
        match exception {
            Exception::Removed => {
                instances.remove(start);
            }
            Exception::Changed(change) => {
                let said = says(change.time.extent(), change.title.as_ref(), change.location.as_ref());
                instances.insert(*start, said);
            }
        }
    }
    let (title, description, location) = (&event.title, &event.description, &event.location);
    let (alarms, class, cancelled) = (&event.alarms, event.class, event.cancelled);
    format!("{title:?} {description:?} {location:?} {alarms:?} {class:?} {cancelled} {instances:?}")
}
