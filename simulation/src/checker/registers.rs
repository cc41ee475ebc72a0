//! The sequential model, row by row: of which values may something be, given who wanted it to be what, and when?
//!
//! A row that people overwrite is a register. Of two commands that were done, one certainly came first if it was known to be done
//! before the other was given, or if both are of one session and it has the lower number there: that is what a session's numbers
//! are for. In the end a register has the value of a command that no other one certainly followed; a reader gets the value of one
//! that no other one had certainly followed when they asked.

use domain::events::{Capacity, Event};
use domain::sharing::Level;
use domain::{EventId, EventTime, Username};

use crate::history::{Act, Book, Command, Fate, Moment, Session};

/// The commands that give a register a value, and the values with which it may begin.
pub(crate) type Register<V> = (Vec<Write<V>>, Vec<V>);

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
    pub(super) fn of(command: &Command, value: V) -> Self {
        let &Command { session, sequence, invoked, done, told, settled, .. } = command;
        Self { value, session, sequence, invoked, done, told, settled, fate: command.fate() }
    }

    /// The same write as it counts where services merely hear of it: what nobody was told may be there or not.
    pub(crate) fn known_when_told(mut self) -> Self {
        self.done = self.told;
        self
    }

    /// Whether it certainly came before `other`, if both were done.
    pub(super) fn precedes<W>(&self, other: &Write<W>) -> bool {
        let of_one_session = self.session == other.session && self.sequence < other.sequence;
        of_one_session || self.done.is_some_and(|done| done < other.invoked)
    }
}

/// The values that a register may have in the end.
pub(crate) fn in_the_end<V: Clone>(writes: &[Write<V>], initial: Vec<V>) -> Vec<V> {
    as_read(writes, initial, Moment::MAX, Moment::MAX)
}

/// The values that someone may be shown who asked at `from` and was answered at `to`.
pub(crate) fn as_read<V: Clone>(writes: &[Write<V>], initial: Vec<V>, from: Moment, to: Moment) -> Vec<V> {
    let over = |write: &&Write<V>| write.done.is_some_and(|done| done < from);
    let mut values: Vec<V> = writes
        .iter()
        .filter(|write| write.fate != Fate::NotDone && write.invoked < to)
        .filter(|write| !writes.iter().filter(over).any(|later| write.precedes(later)))
        .map(|write| write.value.clone())
        .collect();
    if !writes.iter().any(|write| over(&write)) {
        values.extend(initial);
    }
    values
}

/// What an event was made with.
pub(super) struct Made {
    public: bool,
    places: Option<u32>,
    pub(super) time: EventTime,
    pub(super) weekly: bool,
    invite: Vec<Username>,
}

/// Whether one of these was, or may have been, done by `to`.
pub(crate) fn perhaps<V>(writes: &[Write<V>], to: Moment) -> bool {
    writes.iter().any(|write| write.fate != Fate::NotDone && write.invoked < to)
}

impl Book {
    pub(super) fn writes<V>(&self, value: impl Fn(usize, &Command) -> Option<V>) -> Vec<Write<V>> {
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

    /// How an event was made that goes on from no other.
    pub(super) fn made(&self, event: EventId) -> Made {
        match self.creation(event).map(|command| &command.act) {
            Some(Act::Create { public, places, time, weekly, invite, .. }) => {
                Made { public: *public, places: *places, time: time.clone(), weekly: *weekly, invite: invite.clone() }
            }
            _ => unreachable!("only creations make events of themselves"),
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
    pub(crate) fn publicity(&self, event: EventId) -> Register<bool> {
        let edits = self.writes(|_, command| match command.act {
            Act::Edit { event: edited, public, .. } if edited == event => public,
            _ => None,
        });
        let first = self.taken_over(event, Self::publicity);
        (edits, first.unwrap_or_else(|| vec![self.made(event).public]))
    }

    /// How many can come.
    pub(crate) fn capacities(&self, event: EventId) -> Register<Option<u32>> {
        let edits = self.writes(|_, command| match command.act {
            Act::Edit { event: edited, places, .. } if edited == event => places,
            _ => None,
        });
        let first = self.taken_over(event, Self::capacities);
        (edits, first.unwrap_or_else(|| vec![self.made(event).places]))
    }

    /// When it is.
    pub(crate) fn times(&self, event: EventId) -> Register<EventTime> {
        let edits = self.writes(|_, command| match &command.act {
            Act::Edit { event: edited, time, .. } if *edited == event => time.clone(),
            _ => None,
        });
        (edits, vec![self.first_time(event)])
    }

    /// Whether it comes again.
    pub(crate) fn is_weekly(&self, event: EventId) -> bool {
        self.continuation(event).is_some() || self.made(event).weekly
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
    pub(crate) fn membership(&self, event: EventId, who: &Username) -> Register<bool> {
        let writes = self.writes(|_, command| match &command.act {
            Act::Invite { event: to, whom } if *to == event && whom.contains(who) => Some(true),
            Act::Uninvite { event: from, whom } if *from == event && whom.contains(who) => Some(false),
            _ => None,
        });
        let first = self.taken_over(event, |book, of| book.membership(of, who));
        (writes, first.unwrap_or_else(|| vec![self.made(event).invite.contains(who)]))
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
        let titles = as_read(&titles, vec![first], from, to);
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
