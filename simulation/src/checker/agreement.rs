//! In the end, against itself: lists, inboxes, calendars and shares say the same, to whomever and from wherever one looks.

use domain::calendar::{Attendance, Entry};
use domain::events::Event;
use domain::invitations::Status;
use domain::sharing::Level;
use domain::{EventId, Username};

use super::instances::Instances;
use super::registers::in_the_end;
use super::sights::{Sight, Sights};
use crate::history::Book;

impl Sights {
    /// Inbox, lists and calendar say the same as the events and their participants.
    pub(super) fn lists_of(&self, book: &Book, name: &Username, sight: &Sight) -> Vec<String> {
        let mut wrong = Vec::new();
        let status_of = |event: &EventId| {
            let people = &sight.participants.get(event)?.people.items;
            people.iter().find(|participant| participant.username == *name).map(|participant| participant.status)
        };
        let organizes = |event: &Event| event.organizer == domain::events::Person::Named(name.clone());
        for (id, event) in &sight.events {
            let status = status_of(id);
            if let Some(instances) = sight.instances.get(id) {
                let from_on = book.answers_from_on(*id, name);
                wrong.extend(instances.wrong(name, event, organizes(event), (status, &from_on), &sight.calendar));
            }
            let entry = sight.calendar.iter().find_map(|entry| match entry {
                Entry::Event { event: of, title, time, attendance, .. } if of == id => Some((title, time, *attendance)),
                Entry::Event { .. } | Entry::Busy { .. } => None,
            });
            let attendance = match status {
                _ if event.cancelled => None,
                _ if organizes(event) => Some(Attendance::Organizing),
                Some(Status::Going) => Some(Attendance::Going),
                Some(Status::Maybe) => Some(Attendance::Maybe),
                Some(Status::Pending | Status::Declined | Status::Waiting) | None => None,
            };
            let expected = attendance.map(|attendance| (&event.title, &event.series.first, attendance));
            if !event.series.recurs() && entry != expected {
                wrong.push(format!("the calendar of {name} has {entry:?} for event {id}, not {expected:?}"));
            }
            // A list of what is in a stretch of time has no event all of whose instances are called off.
            let happens = !event.cancelled && sight.instances.get(id).is_none_or(Instances::happen);
            if sight.public.contains(id) != (event.public && happens) {
                wrong.push(format!(
                    "event {id} is public: {}, happens: {happens}, and in {name}'s list of public events: {}",
                    event.public,
                    sight.public.contains(id)
                ));
            }
            if organizes(event) && sight.mine.contains(id) != happens {
                wrong.push(format!(
                    "event {id} happens: {happens}, and in its organizer's list: {}",
                    sight.mine.contains(id)
                ));
            }
            if let Some(inbox) = sight.inbox.get(id)
                && (Some(*inbox) != status || event.cancelled)
            {
                wrong.push(format!("the inbox of {name} says {inbox:?} of event {id}, its participants {status:?}"));
            }
            if !event.public && !organizes(event) && !event.cancelled && !sight.inbox.contains_key(id) {
                wrong.push(format!("{name} is invited to event {id}, which is not in their inbox"));
            }
        }
        for (id, status) in &sight.inbox {
            if sight.unanswered.contains(id) != (*status == Status::Pending) {
                wrong.push(format!(
                    "event {id} is {status:?} in the inbox of {name}, and unanswered: {}",
                    sight.unanswered.contains(id)
                ));
            }
        }
        for entry in &sight.calendar {
            if let Entry::Event { event, .. } = entry
                && !sight.events.contains_key(event)
            {
                wrong.push(format!("event {event} is in the calendar of {name}, who may not see it"));
            }
        }
        wrong
    }

    /// Shares are what their owners wanted, both sides agree on them, and calendars are opened accordingly.
    pub(super) fn shares_of(&self, book: &Book, name: &Username, sight: &Sight) -> Vec<String> {
        let mut wrong = Vec::new();
        for (other, theirs) in &self.sights {
            if other == name {
                continue;
            }
            let level = |list: &[domain::sharing::Share], whose: &Username| {
                list.iter().find(|share| share.username == *whose).map(|share| share.level)
            };
            let given = level(&sight.shares.shared_with, other);
            let received = level(&theirs.shares.shared_with_me, name);
            let may_be = in_the_end(&book.share(name, other), vec![None]);
            if given != received {
                wrong.push(format!("{name} shares {given:?} with {other}, who sees {received:?}"));
            }
            if !may_be.contains(&given) {
                wrong.push(format!("{name} shares {given:?} with {other}, not one of {may_be:?}"));
            }
            let fits = match (given, theirs.others.get(name)) {
                (None, Some(Err(code))) => *code == "forbidden",
                (Some(Level::Details), Some(Ok(entries))) => *entries == sight.calendar,
                (Some(Level::Busy), Some(Ok(entries))) => *entries == busy_in(&sight.calendar),
                (_, seen) => seen.is_none(),
            };
            if !fits {
                wrong.push(format!("{name} shares {given:?} with {other}, who sees {:?}", theirs.others.get(name)));
            }
        }
        wrong
    }
}

/// When the owner of these entries is not free, and nothing else.
fn busy_in(entries: &[Entry]) -> Vec<Entry> {
    let extent = |entry: &Entry| match entry {
        Entry::Event { time, .. } => Some((time.extent().start, time.extent().end)),
        Entry::Busy { .. } => None,
    };
    let mut extents: Vec<(i64, i64)> = entries.iter().filter_map(extent).collect();
    extents.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (start, end) in extents {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged.into_iter().map(|(start, end)| Entry::Busy { start, end }).collect()
}
