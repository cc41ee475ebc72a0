//! A stretch of a calendar.

use domain::calendar::{Attendance, Entry};
use domain::{EventTime, Instance, PageCursor, Username, Zone};
use jiff::civil::Date;
use serde::Serialize;

use super::Document;
use super::event::more;
use super::table::Table;
use super::time::{Times, instance_of, instant};

/// Some days of someone's calendar.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CalendarDocument {
    owner: String,
    from: String,
    to: String,
    items: Vec<EntryFields>,
    next: Option<String>,
}

/// An entry. Of a busy one everything but start, end and status is null.
#[derive(Clone, Debug, Serialize)]
struct EntryFields {
    event: Option<String>,
    /// The original start of an instance of an event that recurs, to be given back as `--instance`.
    instance: Option<String>,
    title: Option<String>,
    start: String,
    end: String,
    all_day: Option<bool>,
    zone: Option<String>,
    location: Option<String>,
    status: &'static str,
}

impl CalendarDocument {
    /// The days `from` to `to`, both inclusive, of the calendar of `owner`; `zone` is the reader's.
    pub(crate) fn new(
        owner: &Username,
        (from, to): (Date, Date),
        entries: &[Entry],
        next: Option<&PageCursor>,
        zone: &Zone,
    ) -> Self {
        Self {
            owner: owner.to_string(),
            from: from.to_string(),
            to: to.to_string(),
            items: entries.iter().map(|entry| EntryFields::new(entry, zone)).collect(),
            next: next.map(ToString::to_string),
        }
    }
}

impl EntryFields {
    fn new(entry: &Entry, zone: &Zone) -> Self {
        match entry {
            Entry::Event { event, instance, title, time, location, attendance, .. } => {
                let Times { start, end, all_day, zone } = Times::of(time);
                Self {
                    event: Some(event.to_string()),
                    instance: instance_named(time, *instance),
                    title: Some(title.to_string()),
                    start,
                    end,
                    all_day: Some(all_day),
                    zone,
                    location: Some(location.to_string()),
                    status: match attendance {
                        Attendance::Organizing => "organizing",
                        Attendance::Going => "going",
                        Attendance::Maybe => "maybe",
                    },
                }
            }
            Entry::Busy { start, end } => Self {
                event: None,
                instance: None,
                title: None,
                start: instant(*start, zone),
                end: instant(*end, zone),
                all_day: None,
                zone: None,
                location: None,
                status: "busy",
            },
        }
    }
}

/// How an instance that is at `time` is named; `None` for an event that does not recur.
pub(super) fn instance_named(time: &EventTime, instance: Instance) -> Option<String> {
    match instance {
        Instance::On(start) => Some(instance_of(time, start)),
        Instance::Series | Instance::From(_) => None,
    }
}

impl Document for CalendarDocument {
    fn text(&self) -> String {
        let mut table = Table::new(["START", "END", "ZONE", "STATUS", "TITLE", "WHERE", "EVENT"]);
        for item in &self.items {
            let or_empty = |field: &Option<String>| field.clone().unwrap_or_default();
            let zone = if item.all_day == Some(true) { "all day".to_owned() } else { or_empty(&item.zone) };
            let (title, location, event) = (or_empty(&item.title), or_empty(&item.location), or_empty(&item.event));
            table.row([&item.start, &item.end, &zone, item.status, &title, &location, &event]);
        }
        let heading = format!("Calendar of {}, {} to {}\n", self.owner, self.from, self.to);
        heading + &table.lines("Nothing.") + &more(self.next.as_deref())
    }
}
