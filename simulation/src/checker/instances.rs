//! In the end, of an event that comes again: which instances there are, who comes to which, and whether that is what was wanted.

use std::collections::BTreeMap;

use domain::calendar::{Attendance, Entry};
use domain::events::{Event, Exception, ListExceptions};
use domain::invitations::{ListParticipants, Status};
use domain::time::Occurrence;
use domain::{EventId, EventTime, Instance, Username};

use super::ending::Looker;
use super::registers::{in_the_end, perhaps};
use crate::history::{Book, Fate};
use crate::people::looks::all;

/// What someone sees of the instances of an event.
pub(super) struct Instances {
    exceptions: BTreeMap<i64, Exception>,
    /// Who has answered to which instance by itself.
    answers: BTreeMap<i64, BTreeMap<Username, Status>>,
}

impl Instances {
    pub(super) async fn see(looker: &Looker<'_>, event: &Event) -> Self {
        let request = ListExceptions { event: event.id, page: all() };
        let page = looker.value(looker.clients.events.exceptions(&looker.context(), request).await);
        let exceptions: BTreeMap<i64, Exception> = page.map_or(Vec::new(), |page| page.items).into_iter().collect();
        let mut answers = BTreeMap::new();
        for start in starts(event, &exceptions) {
            if exceptions.get(&start) == Some(&Exception::Removed) {
                continue;
            }
            let request =
                ListParticipants { event: event.id, instance: Instance::On(start), status: None, page: all() };
            let found = looker.value(looker.clients.invitations.participants(&looker.context(), request).await);
            let people = found.map_or(Vec::new(), |found| found.people.items);
            answers.insert(start, people.into_iter().map(|person| (person.username, person.status)).collect());
        }
        Self { exceptions, answers }
    }

    /// What the calendar of someone should have of the event and has not, or the other way round.
    pub(super) fn wrong(
        &self,
        name: &Username,
        event: &Event,
        organizes: bool,
        status: Option<Status>,
        calendar: &[Entry],
    ) -> Option<String> {
        let mut expected = Vec::new();
        for start in starts(event, &self.exceptions) {
            let time = match self.exceptions.get(&start) {
                Some(Exception::Removed) => None,
                Some(Exception::Changed(change)) => Some(change.time.clone()),
                None => event.series.time_at(start),
            };
            let own = self.answers.get(&start).and_then(|people| people.get(name)).copied();
            let attendance = match own.or(status) {
                _ if event.cancelled => None,
                _ if organizes => Some(Attendance::Organizing),
                Some(Status::Going) => Some(Attendance::Going),
                Some(Status::Maybe) => Some(Attendance::Maybe),
                Some(Status::Pending | Status::Declined | Status::Waiting) | None => None,
            };
            if let (Some(time), Some(attendance)) = (time, attendance) {
                expected.push((Instance::On(start), time, format!("{attendance:?}")));
            }
        }
        let entries = calendar.iter().filter_map(|entry| match entry {
            Entry::Event { event: of, instance, time, attendance, .. } if *of == event.id => {
                Some((*instance, time.clone(), format!("{attendance:?}")))
            }
            Entry::Event { .. } | Entry::Busy { .. } => None,
        });
        let mut entries: Vec<(Instance, EventTime, String)> = entries.collect();
        entries.sort_by_key(|(instance, ..)| *instance);
        (entries != expected).then(|| {
            format!("the calendar of {name} has {entries:?} of event {}, which should be {expected:?}", event.id)
        })
    }

    /// What was not wanted like this.
    pub(super) fn not_as_wanted(&self, book: &Book, event: EventId) -> Vec<String> {
        let mut wrong = Vec::new();
        // Once all of it was moved, its instances have other names, and what was said of the old ones is gone.
        if book.creation(event).is_none() || book.may_have_moved(event, u64::MAX) {
            return wrong;
        }
        for start in book.starts(event) {
            let writes: Vec<_> =
                book.exceptions(event, start).iter().map(|write| write.map(|moved| Some(moved.clone()))).collect();
            let may_be = in_the_end(&writes, None);
            let is = match self.exceptions.get(&start) {
                None => None,
                Some(Exception::Removed) => Some(None),
                Some(Exception::Changed(change)) => Some(Some(change.time.clone())),
            };
            // Moved to where the rule has it, it is as ever.
            let as_ever = is.is_none() && may_be.iter().flatten().flatten().any(|time| starts_at(time, start));
            // What is called off stays so.
            let called_off = writes.iter().any(|write| write.value == Some(None) && write.fate != Fate::NotDone);
            // To call off an instance of what is called off altogether succeeds and changes nothing.
            let nothing_changed = is.is_none() && perhaps(&book.cancellations(event), u64::MAX);
            let fits = may_be.contains(&is) || as_ever || nothing_changed || called_off && is == Some(None);
            if !fits {
                wrong.push(format!("instance {start} of event {event} is {is:?}, not one of {may_be:?}"));
            }
            wrong.extend(self.unwanted_answers(book, event, start));
        }
        wrong
    }

    fn unwanted_answers(&self, book: &Book, event: EventId, start: i64) -> Vec<String> {
        let Some(people) = self.answers.get(&start) else { return Vec::new() };
        let mut wrong = Vec::new();
        for (name, status) in people {
            let may_be = in_the_end(&book.answers_to_one(event, name, start), None);
            // What takes answers away may have come between two of them.
            let ever = book.answers_to_one(event, name, start);
            let was_said = ever.iter().any(|write| write.value == Some(*status) && write.fate != Fate::NotDone);
            let interrupted = book.membership(event, name).0.iter().any(|write| !write.value);
            let fits = may_be.contains(&Some(*status)) || interrupted && was_said;
            if !fits {
                wrong.push(format!("{name} is {status:?} at instance {start} of event {event}, not one of {may_be:?}"));
            }
        }
        wrong
    }
}

fn starts_at(time: &EventTime, start: i64) -> bool {
    domain::time::civil_seconds(time.civil_start()) == start
}

/// The original starts of all instances that there are or would be, in order.
fn starts(event: &Event, exceptions: &BTreeMap<i64, Exception>) -> Vec<i64> {
    let named = event.series.occurrences(i64::MIN, None).map(|Occurrence { start, .. }| start);
    let mut starts: Vec<i64> = named.chain(exceptions.keys().copied()).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}
