//! An event on its way into Convene, and out of it.

use domain::events::{self, Age, Exception, ImportEvent, Source};
use domain::{Error, EventId};

use crate::event::Event;

impl Event {
    /// The event as the events service takes it; with `dry_run`, only to be told what would be done.
    ///
    /// # Errors
    /// Invalid input if its identity or its text is too long, which a [`Reader`](crate::Reader) gives none of.
    pub fn into_import(self, dry_run: bool) -> Result<ImportEvent, Error> {
        Ok(ImportEvent {
            uid: self.uid.parse()?,
            age: Age { sequence: self.sequence, modified: self.modified },
            digest: self.digest(),
            original: self.original_text().parse()?,
            rules: self.series.rules(),
            time: self.series.first,
            title: self.title,
            description: self.description,
            location: self.location,
            exceptions: self.exceptions.into_iter().collect(),
            alarms: self.alarms,
            cancelled: self.cancelled,
            dry_run,
        })
    }

    /// The event as the events service keeps it: with the instances that are not as its rules have them, and where it came from, if it
    /// was imported.
    #[must_use]
    pub fn kept(event: events::Event, exceptions: Vec<(i64, Exception)>, source: Option<Source>) -> Self {
        let changes = u32::try_from(event.version.saturating_sub(1)).unwrap_or(u32::MAX);
        let sequence = source.as_ref().map_or(0, |source| source.age.sequence).saturating_add(changes);
        let (uid, modified, original) = match source {
            Some(source) => (source.uid.to_string(), source.age.modified, String::from(source.original).into_bytes()),
            None => (uid_of(event.id), None, Vec::new()),
        };
        Self {
            uid,
            sequence,
            modified,
            title: event.title,
            description: event.description,
            location: event.location,
            series: event.series,
            exceptions: exceptions.into_iter().collect(),
            alarms: event.alarms,
            class: None,
            cancelled: event.cancelled,
            original,
            line: 0,
            notes: Vec::new(),
        }
    }
}

/// The identity in the world of an event that was made in Convene.
#[must_use]
pub fn uid_of(event: EventId) -> String {
    format!("{event}@convene")
}
