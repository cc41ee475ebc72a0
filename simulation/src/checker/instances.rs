//! In the end, of an event that comes again: which instances there are, who comes to which, and whether that is what was wanted.

use std::collections::BTreeMap;

use domain::calendar::{Attendance, Entry};
use domain::events::{Event, Exception, ListExceptions};
use domain::invitations::{ListParticipants, Status};
use domain::time::Occurrence;
use domain::{EventId, EventTime, Instance, Username};

use super::registers::{in_the_end, perhaps};
use super::sights::Looker;
use crate::history::Book;
use crate::people::looks::all;

/// What someone sees of the instances of an event.
pub(super) struct Instances {
    /// The original starts of all that there are or would be.
    starts: Vec<i64>,
    exceptions: BTreeMap<i64, Exception>,
    /// Who has answered to which instance by itself, or to which and all that follow.
    answers: BTreeMap<Instance, BTreeMap<Username, Status>>,
    takes_place: bool,
}

impl Instances {
    pub(super) async fn see(looker: &Looker<'_>, event: &Event) -> Self {
        let request = ListExceptions { event: event.id, page: all() };
        let page = looker.value(looker.clients.events.exceptions(&looker.context(), request).await);
        let exceptions: BTreeMap<i64, Exception> = page.map_or(Vec::new(), |page| page.items).into_iter().collect();
        let starts = starts(event, &exceptions);
        let parts = starts.iter().flat_map(|start| [Instance::On(*start), Instance::From(*start)]);
        let is_there = |part: &Instance| match part {
            Instance::On(start) => exceptions.get(start) != Some(&Exception::Removed),
            Instance::From(_) | Instance::Series => true,
        };
        let mut answers = BTreeMap::new();
        for instance in parts.filter(is_there) {
            let request = ListParticipants { event: event.id, instance, status: None, page: all() };
            let found = looker.value(looker.clients.invitations.participants(&looker.context(), request).await);
            let people = found.map_or(Vec::new(), |found| found.people.items);
            answers.insert(instance, people.into_iter().map(|person| (person.username, person.status)).collect());
        }
        Self { starts, exceptions, answers, takes_place: !event.cancelled }
    }

    /// Whether one of them takes place.
    pub(super) fn happen(&self) -> bool {
        self.starts.iter().any(|start| self.exceptions.get(start) != Some(&Exception::Removed))
    }

    fn answer_by_itself(&self, name: &Username, start: i64) -> Option<Status> {
        self.answers.get(&Instance::On(start))?.get(name).copied()
    }

    /// What someone has answered to an instance by itself, or else to it and all that follow, or else to an earlier one and all that follow.
    fn answer(&self, name: &Username, start: i64) -> Option<Status> {
        let of = |instance: &Instance| self.answers.get(instance)?.get(name).copied();
        let from = self.starts.iter().rev().filter(|from| **from <= start).map(|from| Instance::From(*from));
        of(&Instance::On(start)).or_else(|| from.into_iter().find_map(|from| of(&from)))
    }

    /// What the calendar of someone should have of the event and has not, or the other way round. `status` is their answer to all of it,
    /// and `from_on` what they may have answered to all that follows from when on: that holds also after the whole event was moved, when
    /// no instance begins then any more and nobody can ask for it.
    pub(super) fn wrong(
        &self,
        name: &Username,
        event: &Event,
        organizes: bool,
        (status, from_on): (Option<Status>, &[(i64, Status)]),
        calendar: &[Entry],
    ) -> Option<String> {
        let entries = calendar.iter().filter_map(|entry| match entry {
            Entry::Event { event: of, instance, time, attendance, .. } if *of == event.id => {
                Some((*instance, (time.clone(), *attendance)))
            }
            Entry::Event { .. } | Entry::Busy { .. } => None,
        });
        let mut entries: Vec<(Instance, (EventTime, Attendance))> = entries.collect();
        for &start in &self.starts {
            let time = match self.exceptions.get(&start) {
                Some(Exception::Removed) => None,
                Some(Exception::Changed(change)) => Some(change.time.clone()),
                None => event.series.time_at(start),
            };
            let as_what = |status: Option<Status>| match status {
                _ if event.cancelled => None,
                _ if organizes => Some(Attendance::Organizing),
                Some(Status::Going) => Some(Attendance::Going),
                Some(Status::Maybe) => Some(Attendance::Maybe),
                Some(Status::Pending | Status::Declined | Status::Waiting) | None => None,
            };
            let shown = |attendance: Option<Attendance>| time.clone().zip(attendance);
            let mut may_be = vec![shown(as_what(self.answer(name, start).or(status)))];
            if self.answer_by_itself(name, start).is_none() {
                let nameless = from_on.iter().filter(|(from, _)| *from <= start && !self.starts.contains(from));
                may_be.extend(nameless.map(|(_, status)| shown(as_what(Some(*status)))));
            }
            let place = entries.iter().position(|(instance, _)| *instance == Instance::On(start));
            let is = place.map(|place| entries.remove(place).1);
            if !may_be.contains(&is) {
                let id = event.id;
                return Some(format!(
                    "the calendar of {name} has {is:?} of instance {start} of event {id}, not one of {may_be:?}"
                ));
            }
        }
        (!entries.is_empty())
            .then(|| format!("the calendar of {name} has {entries:?} of event {} besides its instances", event.id))
    }

    /// What was not wanted like this.
    pub(super) fn not_as_wanted(&self, book: &Book, event: EventId) -> Vec<String> {
        let mut wrong = Vec::new();
        // Once all of it was moved, its instances have other names, and what was said of the old ones is gone.
        if book.creation(event).is_none() || book.may_have_moved(event, u64::MAX) {
            return wrong;
        }
        let made_with = book.starts(event);
        if let Some(start) = self.starts.iter().find(|start| !made_with.contains(start)) {
            wrong.push(format!("event {event} has an instance {start}, and was made with {made_with:?}"));
        }
        for start in made_with {
            let is_there = self.starts.contains(&start);
            if book.has_instance(event, start).is_some_and(|there| there != is_there) {
                wrong.push(format!("instance {start} of event {event} is there: {is_there}, and should not be so"));
            }
            if is_there {
                wrong.extend(self.unlike_wanted(book, event, start));
                for instance in [Instance::On(start), Instance::From(start)] {
                    wrong.extend(self.unwanted_answers(book, event, instance));
                    wrong.extend(self.missing_answers(book, event, instance));
                }
            }
        }
        wrong
    }

    fn unlike_wanted(&self, book: &Book, event: EventId, start: i64) -> Option<String> {
        let (writes, first) = book.exceptions(event, start);
        let may_be = in_the_end(&writes, first);
        let is = match self.exceptions.get(&start) {
            None => None,
            Some(Exception::Removed) => Some(None),
            Some(Exception::Changed(change)) => Some(Some(change.time.clone())),
        };
        // Moved to where the rule has it, it is as ever.
        let as_ever = is.is_none() && may_be.iter().flatten().flatten().any(|time| starts_at(time, start));
        // What is called off stays so.
        let called_off = is == Some(None) && book.may_be_called_off(event, start);
        // To call off an instance of what is called off altogether succeeds and changes nothing.
        let nothing_changed = is.is_none() && perhaps(&book.cancellations(event), u64::MAX);
        let fits = may_be.contains(&is) || as_ever || nothing_changed || called_off;
        (!fits).then(|| format!("instance {start} of event {event} is {is:?}, not one of {may_be:?}"))
    }

    fn unwanted_answers(&self, book: &Book, event: EventId, instance: Instance) -> Vec<String> {
        let Some(people) = self.answers.get(&instance) else { return Vec::new() };
        let mut wrong = Vec::new();
        for (name, status) in people {
            let (writes, first) = book.answers_to(event, name, instance);
            let may_be = in_the_end(&writes, first);
            // What takes answers away may have come between two of them.
            let interrupted =
                book.may_have_lost_answers(event, name) && book.may_have_answered(event, name, instance, *status);
            if !may_be.contains(&Some(*status)) && !interrupted {
                wrong.push(format!("{name} is {status:?} at {instance:?} of event {event}, not one of {may_be:?}"));
            }
        }
        wrong
    }

    /// Answers that were certainly given, and that nothing can have taken away.
    fn missing_answers(&self, book: &Book, event: EventId, instance: Instance) -> Vec<String> {
        let Some(people) = self.answers.get(&instance).filter(|_| self.takes_place) else { return Vec::new() };
        let mut wrong = Vec::new();
        for name in book.accounts.keys().filter(|name| !people.contains_key(name) && !book.may_be_deleted(name)) {
            let (writes, first) = book.answers_to(event, name, instance);
            let may_be = in_the_end(&writes, first);
            if !may_be.contains(&None) && !book.may_have_lost_answers(event, name) {
                wrong
                    .push(format!("{name} has no answer to {instance:?} of event {event}, which should be {may_be:?}"));
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
