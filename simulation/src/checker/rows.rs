//! In the end, against what people were told: accounts, events, rights and answers are what was wanted, none is missing and none is
//! there twice.

use std::collections::BTreeMap;

use domain::events::Event;
use domain::invitations::Status;
use domain::{EventId, Username};

use super::line::wrong_in_the_end;
use super::registers::{in_the_end, perhaps};
use super::sights::{Sight, Sights};
use crate::history::{Book, Fate, Moment, number_in};

impl Sights {
    /// Who registered is there, and who is gone is gone.
    pub(super) fn accounts(&self, book: &Book, wrong: &mut Vec<String>) {
        for (name, account) in &book.accounts {
            let there = self.sights.contains_key(name);
            let never = account.registered.iter().all(|number| book.commands[*number].fate() == Fate::NotDone);
            if !there && book.is_registered(name) && !book.may_be_deleted(name) {
                wrong.push(format!("{name} was registered and is not there"));
            }
            if there && (book.is_deleted(name) || never) {
                wrong.push(format!("{name} is there, and was deleted or never registered"));
            }
        }
    }

    /// Every creation that was done made one event, and no other made any; every change counts once.
    pub(super) fn creations(&self, book: &Book, wrong: &mut Vec<String>) {
        let mut made: BTreeMap<usize, Vec<&Event>> = BTreeMap::new();
        for sight in self.sights.values() {
            for event in sight.events.values() {
                let events = made.entry(number_in(event.title.as_str()).unwrap_or(usize::MAX)).or_default();
                if !events.iter().any(|other| other.id == event.id) {
                    events.push(event);
                }
            }
        }
        for (number, command) in book.commands.iter().enumerate() {
            if !command.act.makes_an_event() {
                continue;
            }
            let events = made.remove(&number).unwrap_or_default();
            if events.len() > 1 {
                wrong.push(format!("command {number} has made {} events", events.len()));
            }
            if command.fate() == Fate::NotDone && !events.is_empty() {
                wrong.push(format!("command {number} was not done, and has made an event"));
            }
            if let Some(made) = command.made {
                if events.iter().any(|event| event.id != made) {
                    wrong.push(format!("command {number} made {made}, and there is another"));
                }
                if events.is_empty() && self.sights.contains_key(&command.by) {
                    wrong.push(format!("command {number} was done, and its event {made} is not there"));
                }
            }
            for event in events {
                wrong.extend(versions(book, event));
            }
        }
        for (number, events) in made {
            wrong.push(format!("{} events of command {number}, which nobody gave", events.len()));
        }
    }

    /// Whoever organizes an event or is invited sees it, and everyone sees public ones; nobody else does.
    pub(super) fn rights_of(&self, book: &Book, name: &Username, sight: &Sight) -> Vec<String> {
        let mut wrong = Vec::new();
        for &event in book.events.keys() {
            let organizer = book.organizer(event).expect("it was created");
            if !self.sights.contains_key(organizer) {
                continue;
            }
            let shown = sight.events.get(&event);
            if organizer == name {
                if shown.is_none() {
                    wrong.push(format!("{name} does not see their own event {event}"));
                }
                continue;
            }
            let (membership, invited) = book.membership(event, name);
            let may_be_invited = in_the_end(&membership, invited);
            let public =
                self.sights[organizer].events.get(&event).is_some_and(|event| event.public && !event.cancelled);
            let must = public || may_be_invited.iter().all(|invited| *invited);
            let may = public || may_be_invited.contains(&true);
            if shown.is_none() && must || shown.is_some() && !may {
                let what = if shown.is_some() { "sees" } else { "does not see" };
                wrong.push(format!("{name} {what} event {event}; public: {public}, invited: {may_be_invited:?}"));
            }
        }
        wrong
    }

    /// Everyone's answers are what they gave, and everywhere the same.
    pub(super) fn answers_of(&self, book: &Book, name: &Username, sight: &Sight) -> Vec<String> {
        let mut wrong = Vec::new();
        for (&event, participants) in &sight.participants {
            let mut counted = [0_u64; 5];
            for participant in &participants.people.items {
                counted[participant.status as usize] += 1;
            }
            let counts = participants.counts;
            if counted != [counts.going, counts.maybe, counts.pending, counts.declined, counts.waiting] {
                wrong.push(format!("event {event} counts {counts:?}, and has {counted:?}"));
            }
            let Some(organizer) = book.organizer(event) else { continue };
            wrong.extend(book.wrong_places(event, participants, u64::MAX));
            wrong.extend(sight.events.get(&event).and_then(|event| wrong_in_the_end(event, participants)));
            if let Some(theirs) = self.sights.get(organizer).and_then(|sight| sight.participants.get(&event))
                && theirs != participants
            {
                wrong.push(format!("{name} and {organizer} see others at event {event}"));
            }
            if organizer == name {
                for other in self.sights.keys().filter(|other| *other != name) {
                    let row = participants.people.items.iter().find(|participant| participant.username == *other);
                    wrong.extend(self.answer_of(book, event, other, row.map(|participant| participant.status)));
                }
            }
        }
        wrong
    }

    fn answer_of(&self, book: &Book, event: EventId, who: &Username, status: Option<Status>) -> Option<String> {
        let (membership, first) = book.membership(event, who);
        let invited = in_the_end(&membership, first);
        let (publicity, public) = book.publicity(event);
        let is_public = in_the_end(&publicity, public);
        let (answers, before) = book.answers(event, who);
        let mut may_be = in_the_end(&answers, before.clone());
        if book.may_have_lost_answers(event, who) {
            may_be.extend(answers.iter().filter(|write| write.fate != Fate::NotDone).map(|write| write.value));
            may_be.extend(before);
            may_be.push(None);
        }
        if may_be.contains(&None) && invited.contains(&true) {
            may_be.push(Some(Status::Pending));
        }
        if may_be.contains(&Some(Status::Going)) && book.may_be_full(event, u64::MAX) {
            may_be.push(Some(Status::Waiting));
        }
        if invited.iter().all(|invited| *invited) {
            may_be.retain(Option::is_some);
        }
        if !invited.contains(&true) && !is_public.contains(&true) && status.is_some() {
            return Some(format!("{who} is {status:?} at event {event}, which is not theirs to see"));
        }
        let which = match book.continuation(event) {
            Some(from) => format!("event {event}, which goes on from {}", from.of),
            None => format!("event {event}"),
        };
        (!may_be.contains(&status)).then(|| format!("{who} is {status:?} at {which}, not one of {may_be:?}"))
    }
}

/// The version of an event counts its changes.
fn versions(book: &Book, event: &Event) -> Option<String> {
    let (edits, _) = book.titles(event.id);
    let count = |fates: &[Fate]| edits.iter().filter(|edit| fates.contains(&edit.fate)).count() as u64;
    let cancelled = u64::from(event.cancelled);
    // Once more if it was cancelled already when its organizer's account ended.
    let ended = book.organizer(event.id).is_some_and(|organizer| book.may_be_deleted(organizer));
    let cuts = book.cuts(event.id);
    let cut = |fates: &[Fate]| cuts.iter().filter(|cut| fates.contains(&cut.fate)).count() as u64;
    // To end what is called off altogether succeeds and changes nothing.
    let ends = if perhaps(&book.cancellations(event.id), Moment::MAX) { 0 } else { cut(&[Fate::Done]) };
    let least = 1 + count(&[Fate::Done]) + cancelled + ends;
    // To move an instance to where it is, or to call it off again, changes nothing. What goes on from another event may have taken over
    // instances that are otherwise.
    let most = 1
        + count(&[Fate::Done, Fate::Unknown])
        + cancelled
        + cut(&[Fate::Done, Fate::Unknown])
        + u64::from(ended)
        + u64::from(book.continuation(event.id).is_some())
        + book.excepted(event.id);
    (book.creation(event.id).is_some() && !(least..=most).contains(&event.version)).then(|| {
        format!(
            "event {} is at version {}; by what was done to it, it should be between {least} and {most}",
            event.title, event.version
        )
    })
}
