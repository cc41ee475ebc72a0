//! Calendars as other programs write them: every component is accounted for, and what is read, written and read again is the same.
//!
//! `tests/calendars/` holds our own; `CONVENE_CALENDARS` names more folders (separated by `:`), such as those that
//! `tests/calendars.sh` fills with the calendars of three other projects.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::events::Exception;
use domain::time::{Extent, civil_seconds};
use domain::{Timestamp, Zone};
use icalendar::{Event, Reading};
use jiff::civil::date;

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn folders() -> Vec<PathBuf> {
    let more = std::env::var("CONVENE_CALENDARS").unwrap_or_default();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calendars");
    more.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from).chain([own]).collect()
}

/// Every file below the folders, by path.
fn files() -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut folders, mut files) = (folders(), BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("ics")) {
                let bytes = std::fs::read(&path).unwrap();
                files.insert(path, bytes);
            }
        }
    }
    assert!(files.len() >= 8, "only {} calendars", files.len());
    files
}

fn zone() -> Zone {
    "Europe/Berlin".parse().unwrap()
}

/// The files that are calendars, read.
fn readings() -> Vec<(PathBuf, Vec<u8>, Reading)> {
    let read =
        |(path, bytes): (PathBuf, Vec<u8>)| icalendar::read(&bytes, &zone()).ok().map(|reading| (path, bytes, reading));
    files().into_iter().filter_map(read).collect()
}

/// When an event is, from 1990 to 2040, at most 400 times: each instance by its original start, with where it lies and what it says.
fn instances(event: &Event) -> BTreeMap<i64, (Extent, String, String)> {
    let bound = |year| civil_seconds(date(year, 1, 1).at(0, 0, 0, 0));
    let (from, to) = (bound(1990), bound(2040));
    let texts = |title: Option<&str>, location: Option<&str>| {
        (title.unwrap_or(event.title.as_str()).to_owned(), location.unwrap_or(event.location.as_str()).to_owned())
    };
    let ruled = event.series.occurrences(from, Some(to)).take(400);
    let mut instances: BTreeMap<_, _> =
        ruled.map(|one| (one.start, (one.extent, texts(None, None).0, texts(None, None).1))).collect();
    for (start, exception) in &event.exceptions {
        match exception {
            Exception::Removed => {
                instances.remove(start);
            }
            Exception::Changed(change) => {
                let (title, location) = texts(
                    change.title.as_ref().map(domain::EventTitle::as_str),
                    change.location.as_ref().map(domain::Location::as_str),
                );
                instances.insert(*start, (change.time.extent(), title, location));
            }
        }
    }
    instances
}

/// What an event means, without what it was read from.
fn meaning(event: &Event) -> String {
    let (title, description, location) = (&event.title, &event.description, &event.location);
    let times = instances(event);
    let (alarms, class, cancelled) = (&event.alarms, event.class, event.cancelled);
    format!("{title:?} {description:?} {location:?} {alarms:?} {class:?} {cancelled} {times:?}")
}

fn meanings(events: &[Event]) -> BTreeMap<String, String> {
    events.iter().map(|event| (event.uid.clone(), meaning(event))).collect()
}

fn assert_same(path: &Path, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
    for (uid, event) in before {
        assert_eq!(after.get(uid), Some(event), "{}: {uid}", path.display());
    }
    assert_eq!(before.len(), after.len(), "{}", path.display());
}

/// How many components of the four kinds that stand in calendars begin in a text.
fn components(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes).to_ascii_uppercase().replace("\r\n", "\n").replace('\r', "\n");
    let (text, kinds) = (text.replace("\n ", "").replace("\n\t", ""), ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"]);
    text.lines().filter_map(|line| line.strip_prefix("BEGIN:")).filter(|name| kinds.contains(&name.trim())).count()
}

#[test]
fn every_component_gives_an_event_or_a_reason() {
    let (mut events, mut skipped, mut refused, mut notes) = (0, 0, 0, 0);
    let files = files();
    for (path, bytes) in &files {
        match icalendar::read(bytes, &zone()) {
            Ok(reading) => {
                let accounted: usize = reading.events.iter().map(|event| components(&event.original)).sum();
                assert!(accounted + reading.skipped.len() >= components(bytes), "{}", path.display());
                assert!(
                    reading.skipped.iter().all(|skipped| !skipped.reason.is_empty() && skipped.line > 0),
                    "{}",
                    path.display()
                );
                events += reading.events.len();
                skipped += reading.skipped.len();
                notes += reading.events.iter().map(|event| event.notes.len()).sum::<usize>();
                for skipped in &reading.skipped {
                    println!("{}:{}: skipped: {}", path.display(), skipped.line, skipped.reason);
                }
                for note in reading.events.iter().flat_map(|event| &event.notes) {
                    println!("{}:{}: {}", path.display(), note.line, note.text);
                }
            }
            Err(why) => {
                println!("{}: refused: {why}", path.display());
                refused += 1;
            }
        }
    }
    println!(
        "{} files: {events} events, {skipped} components skipped, {refused} files refused, {notes} notes",
        files.len()
    );
    assert!(events > 0);
}

#[test]
fn what_is_written_from_an_original_is_read_as_the_same_events() {
    for (path, _, reading) in readings() {
        let written = icalendar::write(&reading.events, NOW);
        let again = icalendar::read(&written, &zone()).unwrap();
        assert_same(&path, &meanings(&reading.events), &meanings(&again.events));
        assert_eq!(again.skipped, [], "{}", path.display());
        let numbers = |events: &[Event]| {
            events.iter().map(|event| (event.uid.clone(), event.sequence)).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(numbers(&reading.events), numbers(&again.events), "{}", path.display());
    }
}

#[test]
fn what_is_written_from_values_alone_is_read_as_the_same_events() {
    for (path, _, mut reading) in readings() {
        for event in &mut reading.events {
            event.original.clear();
        }
        let written = icalendar::write(&reading.events, NOW);
        let again = icalendar::read(&written, &zone()).unwrap();
        assert_same(&path, &meanings(&reading.events), &meanings(&again.events));
    }
}

#[test]
fn what_was_changed_is_written_changed_and_all_else_is_kept() {
    for (path, _, mut reading) in readings() {
        let title: domain::EventTitle = "Changed".parse().unwrap();
        // A change of an instance and all that follow is one component, and becomes one for each of them.
        let spread = |event: &Event| String::from_utf8_lossy(&event.original).contains("THISANDFUTURE");
        let before: usize =
            reading.events.iter().filter(|event| !spread(event)).map(|event| kept_lines(&event.original)).sum();
        for event in &mut reading.events {
            event.title = title.clone();
        }
        let written = icalendar::write(&reading.events, NOW);
        let again = icalendar::read(&written, &zone()).unwrap();
        assert_same(&path, &meanings(&reading.events), &meanings(&again.events));
        assert!(kept_lines(&written) >= before, "{}", path.display());
    }
}

/// How many lines of a calendar say what Convene has no place for.
fn kept_lines(bytes: &[u8]) -> usize {
    let kept = ["ATTENDEE", "ORGANIZER", "CATEGORIES", "URL", "GEO", "PRIORITY", "TRANSP", "RELATED-TO", "CONTACT"];
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let lines = text.lines().filter(|line| {
        kept.iter().any(|name| line.starts_with(&format!("{name}:")) || line.starts_with(&format!("{name};")))
    });
    lines.filter(|line| line.contains(':')).count()
}

#[test]
fn lines_that_are_written_fit_and_name_only_zones_that_are_defined() {
    for (path, _, reading) in readings() {
        let written = String::from_utf8(icalendar::write(&reading.events, NOW)).unwrap();
        assert!(written.ends_with("END:VCALENDAR\r\n"), "{}", path.display());
        assert!(written.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{}", path.display());
        let unfolded = written.replace("\r\n ", "");
        for line in unfolded.lines().filter(|line| line.starts_with("DTSTART;TZID=")) {
            let name = line["DTSTART;TZID=".len()..].split([':', ';']).next().unwrap();
            assert!(unfolded.contains(&format!("\r\nTZID:{name}\r\n")), "{}: {line}", path.display());
        }
    }
}
