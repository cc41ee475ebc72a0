//! Events: one in full, or a list.

use std::fmt::Write as _;

use client::input::repeating;
use domain::events::{Capacity, Event, Person};
use domain::{Instance, Page};
use serde::Serialize;

use super::Document;
use super::table::Table;
use super::text::{indented, plain};
use super::time::{Times, instance_of, noted};

/// An event in full.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EventDocument {
    id: String,
    title: String,
    description: String,
    location: String,
    #[serde(flatten)]
    times: Times,
    /// The original start of the instance that these are the times of; null for the first, or for an event that comes once.
    instance: Option<String>,
    /// How it comes again, by the rules of RFC 5545, one a line; last days are in the event's own civil time.
    rrule: Option<String>,
    /// The same in words.
    repeats: Option<String>,
    /// How long before the start those who come are reminded, in minutes.
    remind: Vec<u32>,
    /// The same in words.
    #[serde(skip)]
    reminds: Option<String>,
    public: bool,
    capacity: Option<u32>,
    organizer: String,
    version: u64,
    cancelled: bool,
    created: String,
}

/// Some events.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EventListDocument {
    items: Vec<EventDocument>,
    next: Option<String>,
}

/// How a person is named.
pub(super) fn name_of(person: &Person) -> &str {
    match person {
        Person::Named(username) => username.as_str(),
        Person::Deleted => "deleted user",
    }
}

/// What a text says of the next page.
pub(super) fn more(next: Option<&str>) -> String {
    next.map(|cursor| format!("There is more: --after {cursor}\n")).unwrap_or_default()
}

impl From<&Event> for EventDocument {
    fn from(event: &Event) -> Self {
        Self::of(event, Instance::Series)
    }
}

impl EventDocument {
    /// An event, or one instance of it.
    pub(crate) fn of(event: &Event, instance: Instance) -> Self {
        let first = &event.series.first;
        let time = event.occurrence.as_ref().unwrap_or(first);
        let rules = event.series.rules();
        let notation: Vec<String> = rules.as_slice().iter().map(ToString::to_string).collect();
        let instance = match instance {
            Instance::On(start) | Instance::From(start) if event.occurrence.is_some() => {
                Some(instance_of(first, start))
            }
            Instance::On(_) | Instance::From(_) | Instance::Series => None,
        };
        Self {
            id: event.id.to_string(),
            title: event.title.to_string(),
            description: event.description.to_string(),
            location: event.location.to_string(),
            times: Times::of(time),
            instance,
            rrule: (!notation.is_empty()).then(|| notation.join("\n")),
            repeats: repeating::in_words(&event.series),
            remind: event.alarms.minutes().to_vec(),
            reminds: repeating::reminds(&event.alarms),
            public: event.public,
            capacity: event.capacity.map(Capacity::get),
            organizer: name_of(&event.organizer).to_owned(),
            version: event.version,
            cancelled: event.cancelled,
            created: noted(event.created, time),
        }
    }
}

impl From<Page<Event>> for EventListDocument {
    fn from(page: Page<Event>) -> Self {
        Self {
            items: page.items.iter().map(EventDocument::from).collect(),
            next: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

impl Document for EventDocument {
    fn text(&self) -> String {
        let mut text = String::new();
        let cancelled = if self.cancelled { "  (cancelled)" } else { "" };
        let _ = writeln!(text, "{}{cancelled}", plain(&self.title));
        let when = format!("{} until {}, {}", self.times.start, self.times.end, self.times.place());
        let access = if self.public { "public" } else { "private" };
        let version = self.version.to_string();
        let places = self.capacity.map(|places| places.to_string()).unwrap_or_default();
        let fields = [
            ("when", when.as_str()),
            ("repeats", self.repeats.as_deref().unwrap_or_default()),
            ("reminds", self.reminds.as_deref().unwrap_or_default()),
            ("where", &self.location),
            ("organizer", &self.organizer),
            ("access", access),
            ("capacity", &places),
            ("version", &version),
            ("created", &self.created),
            ("event", &self.id),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "  {name:<10} {}", plain(value));
        }
        if !self.description.is_empty() {
            let _ = write!(text, "\n{}", indented(&self.description, "  "));
        }
        text
    }
}

impl Document for EventListDocument {
    fn text(&self) -> String {
        let mut table = Table::new(["START", "END", "ZONE", "TITLE", "WHERE", "ORGANIZER", "EVENT"]);
        for event in &self.items {
            let Times { start, end, .. } = &event.times;
            let place = event.times.place();
            table.row([start, end, place, &event.title, &event.location, &event.organizer, &event.id]);
        }
        table.lines("No events.") + &more(self.next.as_deref())
    }
}
