//! A file from its first component to its last, as events and as what could not be one.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use domain::Zone;

use crate::event::Event;
use crate::group::Source;
use crate::split::{Piece, Split};
use crate::zones::Zones;
use crate::{MAX_FILE, MAX_UID, Note, Refused, Skipped, text};

/// The events of a file, group by group: an iterator. Only one group is understood at a time.
///
/// ```
/// let file = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20270310T090000Z\r\nSUMMARY:Standup\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
/// let mut reader = icalendar::Reader::open(file, &domain::Zone::utc()).unwrap();
/// let event = reader.next().unwrap().unwrap();
/// assert_eq!(event.title.as_str(), "Standup");
/// assert!(reader.next().is_none());
/// ```
pub struct Reader<'a> {
    bytes: Cow<'a, [u8]>,
    default_zone: Zone,
    zones: Zones,
    methods: Vec<Option<String>>,
    work: std::vec::IntoIter<Work>,
    ready: VecDeque<Result<Event, Skipped>>,
    done: usize,
}

/// All that a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The events, by the line of their first component.
    pub events: Vec<Event>,
    /// The components that gave none, by line.
    pub skipped: Vec<Skipped>,
}

/// What has still to be understood.
enum Work {
    Skip(Skipped, usize),
    Group(String, Vec<Piece>),
}

impl Work {
    fn line(&self) -> usize {
        match self {
            Self::Skip(skipped, _) => skipped.line,
            Self::Group(_, pieces) => pieces.first().map_or(0, |piece| piece.line),
        }
    }
}

/// Reads a whole file. `default_zone` is that of times whose own zone is nowhere to be found.
///
/// # Errors
/// As [`Reader::open`].
pub fn read(bytes: &[u8], default_zone: &Zone) -> Result<Reading, Refused> {
    let mut reading = Reading::default();
    for item in Reader::open(bytes, default_zone)? {
        match item {
            Ok(event) => reading.events.push(event),
            Err(skipped) => reading.skipped.push(skipped),
        }
    }
    reading.skipped.sort_by_key(|skipped| skipped.line);
    Ok(reading)
}

impl<'a> Reader<'a> {
    /// Finds the components of a file. `default_zone` is that of times whose own zone is nowhere to be found.
    ///
    /// # Errors
    /// If the file is no iCalendar at all, is larger than [`MAX_FILE`], or holds more components than
    /// [`MAX_COMPONENTS`](crate::MAX_COMPONENTS).
    pub fn open(bytes: &'a [u8], default_zone: &Zone) -> Result<Self, Refused> {
        if bytes.len() > MAX_FILE {
            let reason = format!("the file has {} bytes; at most {MAX_FILE} are read at once", bytes.len());
            return Err(Refused { line: 1, reason });
        }
        let bytes = text::plain(bytes);
        let split = Split::of(&bytes)?;
        let zones = Zones::of(&bytes, &split.pieces);
        let mut work: Vec<Work> = split.broken.into_iter().map(|skipped| Work::Skip(skipped, 0)).collect();
        let mut groups: HashMap<String, Vec<Piece>> = HashMap::new();
        for piece in split.pieces {
            match piece.name.as_str() {
                "VTIMEZONE" => {}
                "VEVENT" => {
                    let uid = piece.uid.clone().unwrap_or_else(|| digest(&bytes, &piece));
                    groups.entry(uid).or_default().push(piece);
                }
                name => {
                    let skipped = Skipped { uid: piece.uid.clone(), line: piece.line, reason: no_event(name) };
                    work.push(Work::Skip(skipped, piece.range.len()));
                }
            }
        }
        work.extend(groups.into_iter().map(|(uid, pieces)| Work::Group(uid, pieces)));
        work.sort_by_key(Work::line);
        let work = work.into_iter();
        let default_zone = default_zone.clone();
        Ok(Self { bytes, default_zone, zones, methods: split.methods, work, ready: VecDeque::new(), done: 0 })
    }

    /// How many bytes there are of components to understand, those understood included.
    #[must_use]
    pub fn total(&self) -> usize {
        let ahead: usize = self.work.as_slice().iter().map(Work::size).sum();
        self.done.saturating_add(ahead)
    }

    /// How many of them are understood.
    #[must_use]
    pub const fn done(&self) -> usize {
        self.done
    }

    fn understand(&mut self, uid: &str, pieces: &[Piece]) {
        if uid.len() > MAX_UID {
            let reason = format!("its UID has {} bytes; at most {MAX_UID} are kept", uid.len());
            let short: String = uid.chars().take(40).chain("…".chars()).collect();
            let skipped =
                |piece: &Piece| Skipped { uid: Some(short.clone()), line: piece.line, reason: reason.clone() };
            self.ready.extend(pieces.iter().map(|piece| Err(skipped(piece))));
            return;
        }
        let (methods, default_zone) = (&self.methods, &self.default_zone);
        let mut source = Source { bytes: &self.bytes, zones: &mut self.zones, methods, default_zone };
        let outcome = source.group(uid, &pieces.iter().collect::<Vec<_>>());
        if let Some(group) = outcome.group {
            let mut event = group.event;
            if pieces.iter().all(|piece| piece.uid.is_none()) {
                event.notes.push(Note {
                    line: event.line,
                    text: "it has no UID; it was given one made from its text".to_owned(),
                });
            }
            self.ready.push_back(Ok(event));
        }
        self.ready.extend(outcome.skipped.into_iter().map(Err));
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Event, Skipped>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            let work = self.work.next()?;
            self.done = self.done.saturating_add(work.size());
            match work {
                Work::Skip(skipped, _) => return Some(Err(skipped)),
                Work::Group(uid, pieces) => self.understand(&uid, &pieces),
            }
        }
    }
}

impl Work {
    fn size(&self) -> usize {
        match self {
            Self::Skip(_, size) => *size,
            Self::Group(_, pieces) => pieces.iter().map(|piece| piece.range.len()).sum(),
        }
    }
}

/// A name for an event without one: the same whenever the same text is read.
fn digest(bytes: &[u8], piece: &Piece) -> String {
    let hash = blake3::hash(bytes.get(piece.range.clone()).unwrap_or_default());
    format!("convene-{}", hash.to_hex().chars().take(32).collect::<String>())
}

fn no_event(name: &str) -> String {
    let what = match name {
        "VTODO" => "a task",
        "VJOURNAL" => "a journal entry",
        "VFREEBUSY" => "a list of busy times",
        "VAVAILABILITY" => "a list of office hours",
        "VCARD" => "an address",
        _ => return format!("it is {name:?}, not an event (VEVENT)"),
    };
    format!("it is {what} ({name}), not an event (VEVENT)")
}
