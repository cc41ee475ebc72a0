//! What became of a file: every component of it is counted, or named with its line and the reason why it gave no event.

use domain::Error;
use domain::events::Imported;
use icalendar::{Note, Skipped};

/// What was imported, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// New events.
    pub imported: usize,
    /// Events that were imported before, in a newer version.
    pub updated: usize,
    /// Events that were imported before, as they were.
    pub unchanged: usize,
    /// What is no event of one's own now.
    pub skipped: Vec<Skipped>,
    /// What was not taken as it stands in the file.
    pub notes: Vec<Note>,
}

/// Where an event that is to be imported comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its identity in the file.
    pub uid: String,
    /// The line of its first component, from 1.
    pub line: usize,
    /// What of it is not taken as it stands there.
    pub notes: Vec<Note>,
}

impl Report {
    /// Takes in what the events service made of an event.
    ///
    /// # Errors
    /// An answer that is not about this event but about all of them, as it is: a service that is away, a session that has ended. What is
    /// wrong with one event alone (invalid input, a conflict) is counted, and the others go on.
    pub fn settle(&mut self, origin: Origin, answer: Result<Imported, Error>) -> Result<(), Error> {
        let skipped = match answer {
            Ok(Imported::New(_)) => {
                self.imported += 1;
                None
            }
            Ok(Imported::Updated(_)) => {
                self.updated += 1;
                None
            }
            Ok(Imported::Unchanged(_)) => {
                self.unchanged += 1;
                None
            }
            Ok(Imported::Older(_)) => Some("a newer version of it was imported before".to_owned()),
            Ok(Imported::CancelledHere(_)) => Some("it was cancelled in Convene, and stays so".to_owned()),
            Ok(Imported::CalledOff) => Some("it is called off (STATUS:CANCELLED)".to_owned()),
            Err(error @ (Error::InvalidInput { .. } | Error::Conflict { .. })) => Some(error.to_string()),
            Err(other) => return Err(other),
        };
        let Origin { uid, line, notes } = origin;
        match skipped {
            Some(reason) => self.skipped.push(Skipped { uid: Some(uid), line, reason }),
            None => self.notes.extend(notes),
        }
        Ok(())
    }

    /// Puts what was skipped in the order of the file, since its components come group by group.
    pub fn sort(&mut self) {
        self.skipped.sort_by_key(|skipped| skipped.line);
    }

    /// The counts: `2 imported, 0 updated, 1 unchanged, 3 skipped`.
    #[must_use]
    pub fn counts(&self) -> String {
        let Self { imported, updated, unchanged, skipped, .. } = self;
        format!("{imported} imported, {updated} updated, {unchanged} unchanged, {} skipped", skipped.len())
    }
}

#[cfg(test)]
mod tests {
    use domain::{EventId, Service};

    use super::*;

    fn origin(line: usize) -> Origin {
        let notes = vec![Note { line: line + 1, text: "its zone is unknown".to_owned() }];
        Origin { uid: format!("{line}@a"), line, notes }
    }

    #[test]
    fn every_answer_is_counted_and_the_notes_are_those_of_what_was_taken() {
        let mut report = Report::default();
        let event = EventId::from_bytes([1; 16]);
        let answers = [
            Ok(Imported::CalledOff),
            Ok(Imported::New(event)),
            Ok(Imported::Updated(event)),
            Ok(Imported::Unchanged(event)),
            Ok(Imported::Older(event)),
            Ok(Imported::CancelledHere(event)),
            Err(Error::invalid("title", "x", "it is too long")),
        ];
        for (answer, nth) in answers.into_iter().zip([90, 10, 20, 30, 40, 50, 60]) {
            report.settle(origin(nth), answer).unwrap();
        }
        report.sort();
        assert_eq!(report.counts(), "1 imported, 1 updated, 1 unchanged, 4 skipped");
        assert_eq!(report.skipped.iter().map(|skipped| skipped.line).collect::<Vec<_>>(), [40, 50, 60, 90]);
        assert_eq!(report.notes.iter().map(|note| note.line).collect::<Vec<_>>(), [11, 21, 31]);
    }

    #[test]
    fn what_is_wrong_with_more_than_one_event_is_given_back_and_counts_as_nothing() {
        let mut report = Report::default();
        let away = Error::unavailable(Service::Events, "it is away");
        assert_eq!(report.settle(origin(1), Err(away.clone())), Err(away));
        assert_eq!(report, Report::default());
    }
}
