//! Few places: never do more come than there was room for, those who wait stand in a strict line, and nobody jumps it.
//!
//! Which of two people came first nobody outside can say; but once somebody has seen one behind the other, that order holds for as long
//! as both stay, and whoever comes later is behind both.

use domain::EventId;
use domain::Username;
use domain::events::{Capacity, Event};
use domain::invitations::{Participants, Status};

use super::registers::{Write, perhaps};
use crate::history::{Act, Book, Fate, Moment};

/// Who came and who stood in line, as somebody was shown it who asked at `from` and was answered at `to`.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    going: Vec<Username>,
    waiting: Vec<Username>,
    pub(crate) from: Moment,
    pub(crate) to: Moment,
}

impl Line {
    /// All participants, in the order in which they are listed.
    pub(crate) fn of(shown: &Participants, from: Moment, to: Moment) -> Self {
        let those = |status| {
            let people = shown.people.items.iter().filter(move |one| one.status == status);
            people.map(|one| one.username.clone()).collect()
        };
        Self { going: those(Status::Going), waiting: those(Status::Waiting), from, to }
    }
}

impl Book {
    /// Whether someone may have found no place, up to `to`.
    pub(crate) fn may_be_full(&self, event: EventId, to: Moment) -> bool {
        let (capacities, first) = self.capacities(event);
        let limits: Vec<_> = capacities.into_iter().filter(|write| write.value.is_some()).collect();
        first.iter().any(Option::is_some) || perhaps(&limits, to)
    }

    /// The most places that an event can have had up to `to`; `None` if it may have had any number.
    fn most_places(&self, event: EventId, to: Moment) -> Option<u64> {
        let (capacities, first) = self.capacities(event);
        let possible = capacities.iter().filter(|write| write.fate != Fate::NotDone && write.invoked < to);
        let mut most = first.into_iter().collect::<Option<Vec<u32>>>()?.into_iter().max()?;
        for write in possible {
            most = most.max(write.value?);
        }
        Some(most.into())
    }

    /// What cannot be about the places of an event, as it is shown up to `to`.
    pub(crate) fn wrong_places(&self, event: EventId, shown: &Participants, to: Moment) -> Vec<String> {
        let mut wrong = Vec::new();
        let counts = shown.counts;
        if let Some(most) = self.most_places(event, to).filter(|most| counts.going > *most) {
            wrong.push(format!("{} come to event {event}, which never had more than {most} places", counts.going));
        }
        let line: Vec<Option<u64>> = shown
            .people
            .items
            .iter()
            .filter(|one| one.status == Status::Waiting || one.position.is_some())
            .map(|one| one.position.filter(|_| one.status == Status::Waiting))
            .collect();
        let rising = line.is_sorted_by(|one, next| one < next) && line.iter().all(Option::is_some);
        let whole = u64::try_from(line.len()).ok() == Some(counts.waiting);
        let last = line.last().copied().flatten().unwrap_or_default();
        if !rising || last > counts.waiting || whole && last != counts.waiting {
            wrong.push(format!("the line of event {event} is {line:?}, and {} wait", counts.waiting));
        }
        wrong
    }

    /// What cannot be about the people of an event, after what somebody was shown before.
    pub(crate) fn wrong_since(&self, event: EventId, before: &Line, now: &Line) -> Vec<String> {
        let stayed = |who: &&Username| self.has_stayed(event, who, before.from, now.to);
        let kept: Vec<(usize, &Username)> = before.waiting.iter().enumerate().filter(|(_, who)| stayed(who)).collect();
        let place = |who: &Username| now.waiting.iter().position(|other| other == who);
        let mut wrong = Vec::new();
        let waiting: Vec<(usize, &Username, usize)> =
            kept.iter().filter_map(|&(was, who)| Some((was, who, place(who)?))).collect();
        if !waiting.is_sorted_by_key(|&(.., is)| is) || waiting.iter().any(|&(was, _, is)| is > was) {
            wrong.push(format!("the line of event {event} was {:?} and is {:?}", before.waiting, now.waiting));
        }
        let Some(&(first, who, _)) = waiting.first() else { return wrong };
        for other in &now.going {
            let was_before = before.waiting.iter().position(|one| one == other).is_some_and(|at| at < first);
            if !before.going.contains(other) && !was_before {
                wrong.push(format!("{other} comes to event {event} before {who}, who has waited for longer"));
            }
        }
        wrong
    }

    /// Whether someone who stood in line when somebody asked at `from` has certainly not left it up to `to`.
    fn has_stayed(&self, event: EventId, who: &Username, from: Moment, to: Moment) -> bool {
        let matters = |fate, done: Option<Moment>, invoked| {
            fate != Fate::NotDone && invoked < to && done.is_none_or(|done| done >= from)
        };
        let has_answered = self.commands.iter().any(|command| {
            matches!(&command.act, Act::Answer { event: to, .. } if *to == event && command.by == *who)
                && matters(command.fate(), command.done, command.invoked)
        });
        let takes_away = |write: &Write<bool>| !write.value && write.fate != Fate::NotDone && write.invoked < to;
        let (membership, publicity) = (self.membership(event, who).0, self.publicity(event).0);
        !has_answered && !membership.iter().chain(&publicity).any(takes_away) && !self.may_be_deleted(who)
    }
}

/// What cannot be about an event when everybody has heard of everything: nobody waits beside a free place.
pub(crate) fn wrong_in_the_end(event: &Event, shown: &Participants) -> Option<String> {
    let (going, waiting) = (shown.counts.going, shown.counts.waiting);
    let places = event.capacity.map(Capacity::get);
    let is_free = places.is_none_or(|places| going < places.into());
    (waiting > 0 && is_free && !event.cancelled).then(|| {
        format!("{waiting} wait for a place at event {}, to which {going} come with {places:?} places", event.id)
    })
}

#[cfg(test)]
mod tests {
    use domain::IdempotencyKey;

    use super::*;
    use crate::history::{History, Sent, Way};
    use crate::time::{Time, at};
    use crate::trace::Trace;

    fn name(name: &str) -> Username {
        name.parse().expect("a name")
    }

    fn names(all: &str) -> Vec<Username> {
        all.split_whitespace().map(name).collect()
    }

    /// A book in which p0 has made an event of one place.
    fn history() -> (History, EventId) {
        let trace = Trace::new(Time::begins(), false);
        let (history, event) = (History::new(trace, fastrand::Rng::with_seed(1), 0), EventId::from_bytes([1; 16]));
        let act = Act::Create {
            public: true,
            places: Some(1),
            time: at(1, 9, 1),
            weekly: false,
            imported: false,
            invite: Vec::new(),
        };
        let number = history.invoked(&name("p0"), 1, 1, IdempotencyKey::from_bytes([1; 16]), act);
        history.made(number, event);
        (history, event)
    }

    /// What is wrong when somebody is shown these people, and later others.
    fn seen(history: &History, event: EventId, (going, waiting): (&str, &str), (comes, waits): (&str, &str)) -> usize {
        let line = |going, waiting| {
            let (from, to) = (history.now(), history.now());
            Line { going: names(going), waiting: names(waiting), from, to }
        };
        history.lined_up(event, line(going, waiting));
        history.lined_up(event, line(comes, waits));
        history.violations().len()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_jumps_the_line_is_found_and_whoever_is_next_is_not() {
        let is_wrong = |before, after| {
            let (history, event) = history();
            seen(&history, event, before, after) > 0
        };
        assert!(!is_wrong(("p1", "p2 p3"), ("p1", "p2 p3 p4")));
        assert!(!is_wrong(("p1", "p2 p3"), ("p2", "p3 p1")));
        assert!(!is_wrong(("p1", "p2 p3"), ("p2 p3", "p4")));
        assert!(is_wrong(("p1", "p2 p3"), ("p3", "p2")), "the second came first");
        assert!(is_wrong(("p1", "p2"), ("p4", "p2")), "a newcomer got the place");
        assert!(is_wrong(("p1", "p2 p3"), ("p1", "p3 p2")), "two changed places");
        assert!(is_wrong(("p1", "p2"), ("p1", "p4 p2")), "a newcomer stands in front");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_may_have_left_the_line_may_stand_at_its_end() {
        let (history, event) = history();
        let act = Act::Answer { event, status: Status::Maybe, way: Way::Attend };
        let key = IdempotencyKey::from_bytes([2; 16]);
        history.invoked(&name("p2"), 2, 1, key, act);
        history.sends(key);
        history.sent(key, Sent::Lost);
        assert_eq!(seen(&history, event, ("p1", "p2 p3"), ("p3", "p4 p2")), 0);
    }
}
