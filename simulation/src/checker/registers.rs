//! The sequential model, row by row: of which values may something be, given who wanted it to be what, and when?
//!
//! A row that people overwrite is a register. Of two commands that were done, one certainly came first if it was known to be done
//! before the other was given, or if both are of one session and it has the lower number there: that is what a session's numbers
//! are for. In the end a register has the value of a command that no other one certainly followed; a reader gets the value of one
//! that no other one had certainly followed when they asked.

use domain::events::{Capacity, Event};
use domain::invitations::Status;
use domain::sharing::Level;
use domain::{EventId, EventTime, Username};

use crate::history::{Act, Book, Command, Fate, Moment, Session};

/// A command that gives a register a value.
#[derive(Clone, Debug)]
pub(crate) struct Write<V> {
    pub(crate) value: V,
    session: Session,
    sequence: u64,
    pub(crate) invoked: Moment,
    pub(crate) done: Option<Moment>,
    told: Option<Moment>,
    pub(crate) settled: bool,
    pub(crate) fate: Fate,
}

impl<V> Write<V> {
    fn of(command: &Command, value: V) -> Self {
        let &Command { session, sequence, invoked, done, told, settled, .. } = command;
        Self { value, session, sequence, invoked, done, told, settled, fate: command.fate() }
    }

    /// The same write of a value seen otherwise.
    pub(crate) fn map<W>(&self, value: impl FnOnce(&V) -> W) -> Write<W> {
        let &Self { session, sequence, invoked, done, told, settled, fate, .. } = self;
        Write { value: value(&self.value), session, sequence, invoked, done, told, settled, fate }
    }

    /// The same write as it counts where services merely hear of it: what nobody was told may be there or not.
    pub(crate) fn known_when_told(mut self) -> Self {
        self.done = self.told;
        self
    }

    /// Whether it certainly came before `other`, if both were done.
    fn precedes<W>(&self, other: &Write<W>) -> bool {
        let of_one_session = self.session == other.session && self.sequence < other.sequence;
        of_one_session || self.done.is_some_and(|done| done < other.invoked)
    }
}

/// The values that a register may have in the end.
pub(crate) fn in_the_end<V: Clone>(writes: &[Write<V>], initial: V) -> Vec<V> {
    as_read(writes, initial, Moment::MAX, Moment::MAX)
}

/// The values that someone may be shown who asked at `from` and was answered at `to`.
pub(crate) fn as_read<V: Clone>(writes: &[Write<V>], initial: V, from: Moment, to: Moment) -> Vec<V> {
    let over = |write: &&Write<V>| write.done.is_some_and(|done| done < from);
    let mut values: Vec<V> = writes
        .iter()
        .filter(|write| write.fate != Fate::NotDone && write.invoked < to)
        .filter(|write| !writes.iter().filter(over).any(|later| write.precedes(later)))
        .map(|write| write.value.clone())
        .collect();
    if !writes.iter().any(|write| over(&write)) {
        values.push(initial);
    }
    values
}

/// Whether one of these was, or may have been, done by `to`.
pub(crate) fn perhaps<V>(writes: &[Write<V>], to: Moment) -> bool {
    writes.iter().any(|write| write.fate != Fate::NotDone && write.invoked < to)
}

impl Book {
    fn writes<V>(&self, value: impl Fn(usize, &Command) -> Option<V>) -> Vec<Write<V>> {
        let commands = self.commands.iter().enumerate();
        commands.filter_map(|(number, command)| Some(Write::of(command, value(number, command)?))).collect()
    }

    /// The creation of an event.
    pub(crate) fn creation(&self, event: EventId) -> Option<&Command> {
        self.events.get(&event).map(|number| &self.commands[*number])
    }

    /// Who organizes it.
    pub(crate) fn organizer(&self, event: EventId) -> Option<&Username> {
        self.creation(event).map(|command| &command.by)
    }

    fn created(&self, event: EventId) -> (bool, Option<u32>, EventTime, Vec<Username>) {
        match self.creation(event).map(|command| &command.act) {
            Some(Act::Create { public, places, time, invite, .. }) => (*public, *places, time.clone(), invite.clone()),
            _ => unreachable!("only creations make events"),
        }
    }

    /// The title, and what it was at first.
    pub(crate) fn titles(&self, event: EventId) -> (Vec<Write<String>>, String) {
        let first = self.events.get(&event).map(|number| format!("e{number}")).unwrap_or_default();
        let edits = self.writes(|number, command| match command.act {
            Act::Edit { event: edited, .. } if edited == event => Some(format!("{first}.{number}")),
            _ => None,
        });
        (edits, first)
    }

    /// Whether everybody may see it.
    pub(crate) fn publicity(&self, event: EventId) -> (Vec<Write<bool>>, bool) {
        let edits = self.writes(|_, command| match command.act {
            Act::Edit { event: edited, public, .. } if edited == event => public,
            _ => None,
        });
        (edits, self.created(event).0)
    }

    /// How many can come.
    pub(crate) fn capacities(&self, event: EventId) -> (Vec<Write<Option<u32>>>, Option<u32>) {
        let edits = self.writes(|_, command| match command.act {
            Act::Edit { event: edited, places, .. } if edited == event => places,
            _ => None,
        });
        (edits, self.created(event).1)
    }

    /// When it is.
    pub(crate) fn times(&self, event: EventId) -> (Vec<Write<EventTime>>, EventTime) {
        let edits = self.writes(|_, command| match &command.act {
            Act::Edit { event: edited, time, .. } if *edited == event => time.clone(),
            _ => None,
        });
        (edits, self.created(event).2)
    }

    /// Whether it comes again.
    pub(crate) fn is_weekly(&self, event: EventId) -> bool {
        matches!(self.creation(event).map(|command| &command.act), Some(Act::Create { weekly: true, .. }))
    }

    /// The original starts of its instances, if it comes again; as long as it was not moved.
    pub(crate) fn starts(&self, event: EventId) -> Vec<i64> {
        if !self.is_weekly(event) {
            return Vec::new();
        }
        let first = domain::time::civil_seconds(self.created(event).2.civil_start());
        (0..3).map(|week| first + week * 7 * 86_400).collect()
    }

    /// Whether all of it may have been moved, by `to`: then its instances have other names.
    pub(crate) fn may_have_moved(&self, event: EventId, to: Moment) -> bool {
        perhaps(&self.times(event).0, to)
    }

    /// What one instance is instead of what the rule says.
    pub(crate) fn exceptions(&self, event: EventId, start: i64) -> Vec<Write<Option<EventTime>>> {
        self.writes(|_, command| match &command.act {
            Act::Except { event: of, start: at, moved } if *of == event && *at == start => Some(moved.clone()),
            _ => None,
        })
    }

    /// What someone has answered to one instance; `None` is what an answer to all of it leaves.
    pub(crate) fn answers_to_one(&self, event: EventId, who: &Username, start: i64) -> Vec<Write<Option<Status>>> {
        self.writes(|_, command| match command.act {
            _ if command.by != *who => None,
            Act::Answer { event: to, .. } if to == event => Some(None),
            Act::AnswerOne { event: to, start: at, status } if to == event && at == start => Some(Some(status)),
            _ => None,
        })
    }

    /// Whether someone may have answered to single instances.
    pub(crate) fn may_have_answered_to_one(&self, event: EventId, who: &Username) -> bool {
        self.commands.iter().any(|command| {
            let to_one = matches!(command.act, Act::AnswerOne { event: to, .. } if to == event);
            to_one && command.by == *who && command.fate() != Fate::NotDone
        })
    }

    /// How many changes to single instances there were for certain, and at most.
    pub(crate) fn excepted(&self, event: EventId) -> u64 {
        let excepts = |command: &&Command| matches!(command.act, Act::Except { event: of, .. } if of == event);
        self.commands.iter().filter(excepts).filter(|command| command.fate() != Fate::NotDone).count() as u64
    }

    /// The commands that call it off: those to cancel it, and the end of its organizer's account.
    pub(crate) fn cancellations(&self, event: EventId) -> Vec<Write<()>> {
        let organizer = self.organizer(event);
        self.writes(|_, command| match command.act {
            Act::Cancel { event: cancelled } if cancelled == event => Some(()),
            Act::DeleteAccount if Some(&command.by) == organizer => Some(()),
            _ => None,
        })
    }

    /// Whether someone is invited to it.
    pub(crate) fn membership(&self, event: EventId, who: &Username) -> (Vec<Write<bool>>, bool) {
        let writes = self.writes(|_, command| match &command.act {
            Act::Invite { event: to, whom } if *to == event && whom.contains(who) => Some(true),
            Act::Uninvite { event: from, whom } if *from == event && whom.contains(who) => Some(false),
            _ => None,
        });
        (writes, self.created(event).3.contains(who))
    }

    /// What someone has answered.
    pub(crate) fn answers(&self, event: EventId, who: &Username) -> Vec<Write<Status>> {
        self.writes(|_, command| match command.act {
            Act::Answer { event: to, status, .. } if to == event && command.by == *who => Some(status),
            _ => None,
        })
    }

    /// How much one lets another see.
    pub(crate) fn share(&self, owner: &Username, sharee: &Username) -> Vec<Write<Option<Level>>> {
        self.writes(|_, command| match &command.act {
            Act::Share { with, level } if with == sharee && command.by == *owner => Some(*level),
            _ => None,
        })
    }

    /// What of a shown event cannot be, for someone who asked at `from` and was answered at `to`.
    pub(crate) fn wrong_with(&self, shown: &Event, from: Moment, to: Moment) -> Option<String> {
        let (titles, first) = self.titles(shown.id);
        let titles = as_read(&titles, first, from, to);
        if !titles.iter().any(|title| title == shown.title.as_str()) {
            return Some(format!("is shown as \"{}\", not one of {titles:?}", shown.title));
        }
        let (publicity, first) = self.publicity(shown.id);
        if !as_read(&publicity, first, from, to).contains(&shown.public) {
            return Some(format!("is shown with public = {}", shown.public));
        }
        let (capacities, first) = self.capacities(shown.id);
        let shown_places = shown.capacity.map(Capacity::get);
        if !as_read(&capacities, first, from, to).contains(&shown_places) {
            return Some(format!("is shown with {shown_places:?} places"));
        }
        let (times, first) = self.times(shown.id);
        if !as_read(&times, first, from, to).contains(&shown.series.first) {
            return Some(format!("is shown at another time: {:?}", shown.series.first));
        }
        if shown.series.recurs() != self.is_weekly(shown.id) {
            return Some(format!("comes again: {}", shown.series.recurs()));
        }
        let cancellations = self.cancellations(shown.id);
        if shown.cancelled && !perhaps(&cancellations, to) {
            return Some("is shown as cancelled, and nobody cancelled it".to_owned());
        }
        // The end of an account reaches events by following, so only commands to cancel count here.
        let cancelled = |write: &Write<()>| write.done.is_some_and(|done| done < from);
        let by_command = self.writes(|_, command| match command.act {
            Act::Cancel { event } if event == shown.id => Some(()),
            _ => None,
        });
        if !shown.cancelled && by_command.iter().any(cancelled) {
            return Some("is shown as taking place, and was cancelled".to_owned());
        }
        None
    }

    /// Whether `who` may, at some moment up to `to`, have had the right to see an event; asked for at `from`.
    pub(crate) fn may_have_seen(&self, event: EventId, who: &Username, from: Moment, to: Moment) -> bool {
        if self.organizer(event) == Some(who) {
            return true;
        }
        let (publicity, first) = self.publicity(event);
        let (membership, invited) = self.membership(event, who);
        as_read(&publicity, first, from, to).contains(&true) || as_read(&membership, invited, from, to).contains(&true)
    }
}
