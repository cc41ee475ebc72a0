//! Events that end before one of their instances, and events that go on from there: what the one takes over from the other.
//!
//! Whoever changes an instance and all that follow makes an event of its own of them. What it begins with is what the other event had at
//! that moment, and that is known as far as it is known when a command was done: a register that goes on begins with any of the values that a
//! reader could have been shown while the command was under way.

use domain::invitations::Status;
use domain::{EventId, EventTime, Instance, Series, Username};

use super::registers::{Register, Write, as_read, perhaps};
use crate::history::{Act, Book, Command, Fate, Moment};

/// How an event goes on from another.
#[derive(Clone, Copy)]
pub(crate) struct Continuation<'b> {
    /// The event that ends before.
    pub(crate) of: EventId,
    /// The original start of the first instance that is taken over.
    pub(crate) start: i64,
    /// When that is instead.
    time: Option<&'b EventTime>,
    command: &'b Command,
}

impl Book {
    /// From which event another goes on, if it does.
    pub(crate) fn continuation(&self, event: EventId) -> Option<Continuation<'_>> {
        let command = self.creation(event)?;
        match &command.act {
            Act::Follow { event: of, start, time } => {
                Some(Continuation { of: *of, start: *start, time: time.as_ref(), command })
            }
            _ => None,
        }
    }

    /// The values with which a register of an event begins that goes on from another.
    pub(super) fn taken_over<V: Clone>(
        &self,
        event: EventId,
        register: impl Fn(&Self, EventId) -> Register<V>,
    ) -> Option<Vec<V>> {
        let Continuation { of, command, .. } = self.continuation(event)?;
        let (writes, first) = register(self, of);
        Some(as_read(&writes, first, command.invoked, command.done.unwrap_or(Moment::MAX)))
    }

    /// The same of what invitations keeps, which takes it over some time later.
    fn brought_along<V: Clone>(&self, continuation: &Continuation<'_>, (writes, first): Register<V>) -> Vec<V> {
        as_read(&writes, first, continuation.command.invoked, Moment::MAX)
    }

    /// When the first instance is with which an event was made.
    pub(super) fn first_time(&self, event: EventId) -> EventTime {
        match self.continuation(event) {
            Some(Continuation { time: Some(time), .. }) => time.clone(),
            Some(Continuation { of, start, .. }) => {
                Series::by_dates(self.first_time(of)).time_at(start).expect("a time of the other event")
            }
            None => self.made(event).time,
        }
    }

    /// The original starts of its instances, if it comes again; as long as it was not moved, and was not ended earlier.
    pub(crate) fn starts(&self, event: EventId) -> Vec<i64> {
        const WEEK: i64 = 7 * 86_400;
        let first = domain::time::civil_seconds(self.first_time(event).civil_start());
        match self.continuation(event) {
            Some(Continuation { of, start, time, .. }) => {
                let taken_over: Vec<i64> = self.starts(of).into_iter().filter(|of| *of >= start).collect();
                let moved = |(place, of): (usize, i64)| if time.is_some() { first + place as i64 * WEEK } else { of };
                taken_over.into_iter().enumerate().map(moved).collect()
            }
            None if self.made(event).weekly => (0..3).map(|week| first + week * WEEK).collect(),
            None => Vec::new(),
        }
    }

    /// The commands that end an event before an instance, by its original start.
    pub(super) fn cuts(&self, event: EventId) -> Vec<Write<i64>> {
        self.writes(|_, command| match command.act {
            Act::Follow { event: of, start, .. } | Act::End { event: of, start } if of == event => Some(start),
            _ => None,
        })
    }

    /// Whether an event may have other instances than those it was made with: all of it was moved, or nobody knows where the event ended from
    /// which it goes on.
    pub(crate) fn may_have_moved(&self, event: EventId, to: Moment) -> bool {
        self.is_unclear(event) || perhaps(&self.times(event).0, to)
    }

    fn is_unclear(&self, event: EventId) -> bool {
        self.continuation(event).is_some_and(|continuation| {
            let made = Write::of(continuation.command, ());
            let cut_before =
                |cut: &Write<i64>| cut.fate != Fate::NotDone && cut.value > continuation.start && !made.precedes(cut);
            self.cuts(continuation.of).iter().any(cut_before) || self.is_unclear(continuation.of)
        })
    }

    /// Whether an instance is there: certainly, certainly not, or (`None`) perhaps.
    pub(super) fn has_instance(&self, event: EventId, start: i64) -> Option<bool> {
        let cuts = self.cuts(event);
        let mut cut = cuts.iter().filter(|cut| cut.value <= start && cut.fate != Fate::NotDone).peekable();
        if cut.peek().is_none() {
            return Some(true);
        }
        // To end what is called off altogether succeeds and changes nothing.
        let certain = cut.any(|cut| cut.fate == Fate::Done) && !perhaps(&self.cancellations(event), Moment::MAX);
        certain.then_some(false)
    }

    /// What one instance is instead of what the rule says: `Some(None)` if it is called off.
    pub(crate) fn exceptions(&self, event: EventId, start: i64) -> Register<Option<Option<EventTime>>> {
        let writes = self.writes(|_, command| match &command.act {
            Act::Except { event: of, start: at, moved } if *of == event && *at == start => Some(Some(moved.clone())),
            _ => None,
        });
        let mut first = vec![None];
        if let Some(Continuation { of, time, .. }) = self.continuation(event)
            && self.starts(of).contains(&start)
        {
            first = self.taken_over(event, |book, of| book.exceptions(of, start)).unwrap_or_default();
            if time.is_some() {
                first.push(None);
            }
            // What is called off stays so.
            if self.may_be_called_off(of, start) {
                first.push(Some(None));
            }
        }
        (writes, first)
    }

    /// Whether an instance may be called off by itself.
    pub(super) fn may_be_called_off(&self, event: EventId, start: i64) -> bool {
        let (writes, first) = self.exceptions(event, start);
        let off = |write: &Write<Option<Option<EventTime>>>| write.value == Some(None) && write.fate != Fate::NotDone;
        first.contains(&Some(None)) || writes.iter().any(off)
    }

    /// What someone has answered to all of an event. If it goes on from another: what they had answered to its first instance and all
    /// that follow, or to all of it.
    pub(crate) fn answers(&self, event: EventId, who: &Username) -> Register<Option<Status>> {
        let answers = |from: Option<i64>, event: EventId| {
            self.writes(|_, command| match command.act {
                Act::Answer { event: to, status, .. } if to == event && command.by == *who => Some(Some(status)),
                Act::AnswerPart { event: to, instance: Instance::From(start), status }
                    if to == event && command.by == *who && from.is_some_and(|from| start <= from) =>
                {
                    Some(Some(status))
                }
                _ => None,
            })
        };
        let first = match self.continuation(event) {
            Some(continuation) => {
                let Continuation { of, start, .. } = continuation;
                let mut first = self.answers(of, who).1;
                for from in self.starts(of).into_iter().filter(|from| *from <= start) {
                    first.extend(self.answers_to(of, who, Instance::From(from)).1.into_iter().flatten().map(Some));
                }
                self.brought_along(&continuation, (answers(Some(start), of), first))
            }
            None => vec![None],
        };
        (answers(None, event), first)
    }

    /// What someone has answered to one instance, or to one and all that follow; `None` is what an answer to more leaves.
    pub(crate) fn answers_to(&self, event: EventId, who: &Username, instance: Instance) -> Register<Option<Status>> {
        let writes = self.writes(|_, command| match command.act {
            _ if command.by != *who => None,
            Act::Answer { event: to, .. } if to == event => Some(None),
            Act::AnswerPart { event: to, instance: at, status } if to == event && at == instance => Some(Some(status)),
            Act::AnswerPart { event: to, instance: Instance::From(from), .. } if to == event => match instance {
                Instance::On(start) if from <= start => Some(None),
                Instance::From(start) if from < start => Some(None),
                Instance::On(_) | Instance::From(_) | Instance::Series => None,
            },
            _ => None,
        });
        let first = match (self.continuation(event), instance) {
            (Some(continuation), Instance::On(start) | Instance::From(start))
                if self.starts(continuation.of).contains(&start) && instance != Instance::From(continuation.start) =>
            {
                let mut first = self.brought_along(&continuation, self.answers_to(continuation.of, who, instance));
                // Only to what is there.
                if continuation.time.is_some() || self.may_be_called_off(event, start) {
                    first.push(None);
                }
                first
            }
            _ => vec![None],
        };
        (writes, first)
    }

    /// From when on someone may have answered what to all that follows, of an event or of one from which it goes on.
    pub(super) fn answers_from_on(&self, event: EventId, who: &Username) -> Vec<(i64, Status)> {
        let given = self.writes(|_, command| match command.act {
            Act::AnswerPart { event: to, instance: Instance::From(from), status }
                if to == event && command.by == *who =>
            {
                Some((from, status))
            }
            _ => None,
        });
        let given = given.into_iter().filter(|write| write.fate != Fate::NotDone).map(|write| write.value);
        let before = self.continuation(event).map(|continuation| self.answers_from_on(continuation.of, who));
        given.chain(before.into_iter().flatten()).collect()
    }

    /// Whether someone may ever have answered so, to this instance of an event or of one from which it goes on.
    pub(super) fn may_have_answered(&self, event: EventId, who: &Username, instance: Instance, status: Status) -> bool {
        let (writes, first) = self.answers_to(event, who, instance);
        let before =
            self.continuation(event).is_some_and(|from| self.may_have_answered(from.of, who, instance, status));
        let is_so = |write: &Write<Option<Status>>| write.value == Some(status) && write.fate != Fate::NotDone;
        before || first.contains(&Some(status)) || writes.iter().any(is_so)
    }

    /// Whether something may have taken someone's answers away: that they were uninvited, or that an event which they had joined was public no
    /// more; this one, or one from which it goes on.
    pub(crate) fn may_have_lost_answers(&self, event: EventId, who: &Username) -> bool {
        let (membership, publicity) = (self.membership(event, who).0, self.publicity(event).0);
        let takes_away = |write: &Write<bool>| !write.value && write.fate != Fate::NotDone;
        membership.iter().chain(&publicity).any(takes_away)
            || self.continuation(event).is_some_and(|from| self.may_have_lost_answers(from.of, who))
    }

    /// Whether someone may have answered to a part of an event, or to one from which it goes on.
    pub(crate) fn may_have_answered_to_a_part(&self, event: EventId, who: &Username) -> bool {
        let to_a_part = self.commands.iter().any(|command| {
            let to_a_part = matches!(command.act, Act::AnswerPart { event: to, .. } if to == event);
            to_a_part && command.by == *who && command.fate() != Fate::NotDone
        });
        to_a_part || self.continuation(event).is_some()
    }

    /// How many changes to single instances there were at most.
    pub(crate) fn excepted(&self, event: EventId) -> u64 {
        let excepts = |command: &&Command| matches!(command.act, Act::Except { event: of, .. } if of == event);
        let own = self.commands.iter().filter(excepts).filter(|command| command.fate() != Fate::NotDone).count() as u64;
        own + self.continuation(event).map_or(0, |from| self.excepted(from.of))
    }
}
