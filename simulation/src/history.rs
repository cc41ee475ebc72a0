//! What people did and were told, and when: what the checker compares with what there is in the end.
//!
//! The order of moments is a count, not a time: two things that happen in the same simulated millisecond still have one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::invitations::Status;
use domain::sharing::Level;
use domain::{Error, EventId, EventTime, IdempotencyKey, Instance, Positions, Service, UserId, Username};
use parking_lot::Mutex;

use crate::checker::line::Line;
use crate::trace::Trace;

/// A moment.
pub(crate) type Moment = u64;
/// Which command.
pub(crate) type Number = usize;
/// Which session.
pub(crate) type Session = usize;

/// What someone wants to be different.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Register,
    SignIn,
    SignOut,
    DeleteAccount,
    /// The title of an event begins with the words that are its alone.
    Create {
        public: bool,
        /// How many can come, if not as many as like.
        places: Option<u32>,
        time: EventTime,
        /// Three times, week after week; otherwise once.
        weekly: bool,
        /// Taken over from another calendar program, as which one is told by the number of this command.
        imported: bool,
        invite: Vec<Username>,
    },
    /// The event that an earlier command imported is imported again, as it was.
    ImportAgain {
        of: Number,
    },
    /// One instance of an event, by its original start, is moved to another time, or called off.
    Except {
        event: EventId,
        start: i64,
        moved: Option<EventTime>,
    },
    Edit {
        event: EventId,
        public: Option<bool>,
        places: Option<Option<u32>>,
        time: Option<EventTime>,
    },
    Cancel {
        event: EventId,
    },
    Invite {
        event: EventId,
        whom: Vec<Username>,
    },
    Uninvite {
        event: EventId,
        whom: Vec<Username>,
    },
    Answer {
        event: EventId,
        status: Status,
        way: Way,
    },
    /// One instance of an event and all that follow, by its original start, become an event of their own, of a title of its own; at
    /// another time, perhaps.
    Follow {
        event: EventId,
        start: i64,
        time: Option<EventTime>,
    },
    /// One instance of an event and all that follow are called off.
    End {
        event: EventId,
        start: i64,
    },
    /// An answer to one instance, or to one and all that follow.
    AnswerPart {
        event: EventId,
        instance: Instance,
        status: Status,
    },
    Share {
        with: Username,
        level: Option<Level>,
    },
}

impl Act {
    /// Whether it makes an event.
    pub(crate) const fn makes_an_event(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::Follow { .. })
    }
}

/// By which of three commands an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Respond,
    Attend,
    Unattend,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was done: someone has seen a service say so.
    Done,
    /// It was certainly not done.
    NotDone,
    /// Nobody knows.
    Unknown,
}

/// A command.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) by: Username,
    key: IdempotencyKey,
    pub(crate) session: Session,
    pub(crate) sequence: u64,
    pub(crate) act: Act,
    pub(crate) invoked: Moment,
    /// When it was known to be done.
    pub(crate) done: Option<Moment>,
    /// When whoever gave it was told so. A message that came late may have done it before, and nobody waited for its answer.
    pub(crate) told: Option<Moment>,
    /// Whether it was told to have settled, when it was answered.
    pub(crate) settled: bool,
    /// Of a creation: which event it made.
    pub(crate) made: Option<EventId>,
    under_way: usize,
    lost: usize,
}

impl Command {
    pub(crate) const fn fate(&self) -> Fate {
        match (self.done, self.under_way, self.lost) {
            (Some(_), _, _) => Fate::Done,
            (None, 0, 0) => Fate::NotDone,
            (None, _, _) => Fate::Unknown,
        }
    }
}

/// What became of one sending of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Done,
    Refused,
    /// It may have been done: no answer came, or one that does not say.
    Lost,
}

impl Sent {
    /// What an answer says. Whoever is not found or not known any more may have been there when the command was done.
    pub(crate) fn of<T>(answer: &Result<T, Error>) -> Self {
        match answer {
            Ok(_) => Self::Done,
            Err(
                Error::Deadline { .. }
                | Error::Internal { .. }
                | Error::NotFound { .. }
                | Error::Unauthenticated { .. },
            ) => Self::Lost,
            Err(_) => Self::Refused,
        }
    }
}

/// An account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) id: Option<UserId>,
    /// The attempts to register it, and to delete it.
    pub(crate) registered: Vec<Number>,
    pub(crate) deleted: Vec<Number>,
}

impl Book {
    fn any_of(&self, numbers: &[Number], fates: &[Fate]) -> bool {
        numbers.iter().any(|number| fates.contains(&self.commands[*number].fate()))
    }

    /// The commands of a session of which nobody knows whether they were done, in their order.
    pub(crate) fn unknown_in(&self, session: Session) -> Vec<(Number, IdempotencyKey, u64)> {
        let commands = self.commands.iter().enumerate();
        let unknown = commands.filter(|(_, command)| command.session == session && command.fate() == Fate::Unknown);
        unknown.map(|(number, command)| (number, command.key, command.sequence)).collect()
    }

    /// Whether someone is certainly registered; deleted or not.
    pub(crate) fn is_registered(&self, name: &Username) -> bool {
        self.accounts.get(name).is_some_and(|account| self.any_of(&account.registered, &[Fate::Done]))
    }

    /// Whether someone may have deleted their account.
    pub(crate) fn may_be_deleted(&self, name: &Username) -> bool {
        self.accounts.get(name).is_some_and(|account| self.any_of(&account.deleted, &[Fate::Done, Fate::Unknown]))
    }

    /// Whether someone has certainly deleted their account.
    pub(crate) fn is_deleted(&self, name: &Username) -> bool {
        self.accounts.get(name).is_some_and(|account| self.any_of(&account.deleted, &[Fate::Done]))
    }
}

/// The number of the command that made an event of this title.
pub(crate) fn number_in(title: &str) -> Option<Number> {
    title.strip_prefix('e')?.split('.').next()?.parse().ok()
}

/// Everything. Clones are the same history.
#[derive(Clone)]
pub(crate) struct History {
    trace: Trace,
    book: Arc<Mutex<Book>>,
    /// In how many of a thousand cases a message comes late.
    haunted: Arc<Mutex<(fastrand::Rng, u64)>>,
}

/// What is written down.
#[derive(Default)]
pub(crate) struct Book {
    moment: Moment,
    pub(crate) commands: Vec<Command>,
    keys: BTreeMap<IdempotencyKey, Number>,
    pub(crate) sessions: usize,
    pub(crate) accounts: BTreeMap<Username, Account>,
    /// Events that were heard of, by the command that made them.
    pub(crate) events: BTreeMap<EventId, Number>,
    /// How far into each log somebody has seen.
    seen: Positions,
    /// Who came and who waited when somebody last looked at an event.
    lines: BTreeMap<EventId, Line>,
    ghosts: usize,
    violations: Vec<String>,
    told: BTreeSet<String>,
    reads: usize,
}

impl History {
    /// An empty one; of a thousand messages `haunting` come late, or twice.
    pub(crate) fn new(trace: Trace, random: fastrand::Rng, haunting: u64) -> Self {
        Self { trace, book: Arc::default(), haunted: Arc::new(Mutex::new((random, haunting))) }
    }

    /// Whether a message is to come late: after which time, and whether that is the only time that it comes.
    pub(crate) fn haunts(&self) -> Option<(Duration, bool)> {
        let mut haunted = self.haunted.lock();
        let often = haunted.1;
        let comes = haunted.0.u64(..1_000) < often;
        let most = if haunted.0.bool() { 100 } else { 15_000 };
        comes.then(|| (Duration::from_millis(haunted.0.u64(1..most)), haunted.0.bool()))
    }

    /// No further message comes late from now on.
    pub(crate) fn haunts_no_more(&self) {
        self.haunted.lock().1 = 0;
    }

    /// Looks into the book.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Book) -> T) -> T {
        look(&self.book.lock())
    }

    /// Something is not as it must be.
    pub(crate) fn violation(&self, what: String) {
        let mut book = self.book.lock();
        if book.told.insert(what.clone()) {
            self.trace.say(format_args!("VIOLATION: {what}"));
            book.violations.push(what);
        }
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.book.lock().violations.clone()
    }

    /// The next moment.
    pub(crate) fn now(&self) -> Moment {
        let mut book = self.book.lock();
        book.moment += 1;
        book.moment
    }

    pub(crate) fn new_session(&self) -> Session {
        let mut book = self.book.lock();
        book.sessions += 1;
        book.sessions
    }

    /// How many commands and reads there were.
    pub(crate) fn volume(&self) -> (usize, usize) {
        let book = self.book.lock();
        (book.commands.len(), book.reads)
    }

    pub(crate) fn one_more_read(&self) {
        self.book.lock().reads += 1;
    }

    /// A command is about to be given.
    pub(crate) fn invoked(
        &self,
        by: &Username,
        session: Session,
        sequence: u64,
        key: IdempotencyKey,
        act: Act,
    ) -> Number {
        self.trace.say(format_args!("{by} gives command {}: {act:?}", self.look(|book| book.commands.len())));
        let mut book = self.book.lock();
        book.moment += 1;
        let number = book.commands.len();
        let invoked = book.moment;
        match &act {
            Act::Register => {
                book.accounts.entry(by.clone()).or_default().registered.push(number);
            }
            Act::DeleteAccount => {
                book.accounts.entry(by.clone()).or_default().deleted.push(number);
            }
            _ => {}
        }
        book.keys.insert(key, number);
        book.commands.push(Command {
            by: by.clone(),
            key,
            session,
            sequence,
            act,
            invoked,
            done: None,
            told: None,
            settled: false,
            made: None,
            under_way: 0,
            lost: 0,
        });
        number
    }

    /// A command is sent once more.
    pub(crate) fn sends(&self, key: IdempotencyKey) {
        let mut book = self.book.lock();
        if let Some(number) = book.keys.get(&key).copied() {
            book.commands[number].under_way += 1;
        }
    }

    /// What became of that, as whoever sent it was told.
    pub(crate) fn sent(&self, key: IdempotencyKey, how: Sent) {
        self.came_to_an_end(key, how);
        let mut book = self.book.lock();
        if let (Sent::Done, Some(number)) = (how, book.keys.get(&key).copied()) {
            let moment = book.moment;
            book.commands[number].told.get_or_insert(moment);
        }
    }

    /// What became of it, which perhaps nobody was told.
    pub(crate) fn came_to_an_end(&self, key: IdempotencyKey, how: Sent) {
        let mut book = self.book.lock();
        book.moment += 1;
        let moment = book.moment;
        let Some(number) = book.keys.get(&key).copied() else { return };
        let command = &mut book.commands[number];
        command.under_way = command.under_way.saturating_sub(1);
        match how {
            Sent::Done => {
                command.done.get_or_insert(moment);
            }
            Sent::Lost => command.lost += 1,
            Sent::Refused => {}
        }
    }

    /// A command that was sent again when nothing else was under way was refused, so it was never done.
    pub(crate) fn was_never_done(&self, number: Number) {
        self.book.lock().commands[number].lost = 0;
    }

    pub(crate) fn settled(&self, number: Number) {
        self.book.lock().commands[number].settled = true;
    }

    /// A command has made an event; each makes one at most.
    pub(crate) fn made(&self, number: Number, event: EventId) {
        let mut book = self.book.lock();
        let other = book.commands[number].made.replace(event).filter(|other| *other != event);
        book.events.insert(event, number);
        drop(book);
        if let Some(other) = other {
            self.violation(format!("command {number} has made two events: {other} and {event}"));
        }
    }

    /// An event of this title was shown to someone: so the command was done that made it, and what it made is this.
    pub(crate) fn shown(&self, title: &str, event: EventId) {
        let number = number_in(title).filter(|number| {
            let book = self.book.lock();
            book.commands.get(*number).is_some_and(|command| command.act.makes_an_event())
        });
        let Some(number) = number else {
            return self.violation(format!("event {event} has the title \"{title}\", which nobody gave"));
        };
        self.made(number, event);
        let now = self.now();
        self.book.lock().commands[number].done.get_or_insert(now);
    }

    pub(crate) fn is_account(&self, name: &Username, id: UserId) {
        let other = self.book.lock().accounts.get_mut(name).and_then(|account| account.id.replace(id));
        if let Some(other) = other.filter(|other| *other != id) {
            self.violation(format!("{name} is two users: {other} and {id}"));
        }
    }

    /// Somebody was shown who comes to an event and who waits: what cannot be since it was last seen.
    pub(crate) fn lined_up(&self, event: EventId, line: Line) {
        let mut book = self.book.lock();
        let wrong = match book.lines.remove(&event) {
            // Nobody knows which of the two was first.
            Some(before) if before.to >= line.from => {
                book.lines.insert(event, before);
                return;
            }
            Some(before) => book.wrong_since(event, &before, &line),
            None => Vec::new(),
        };
        book.lines.insert(event, line);
        drop(book);
        wrong.into_iter().for_each(|wrong| self.violation(wrong));
    }

    /// Somebody has been shown this much.
    pub(crate) fn seen(&self, positions: &Positions) {
        self.book.lock().seen.merge(positions);
    }

    /// A service has opened its database and found its log this long.
    pub(crate) fn opened(&self, service: Service, at: u64) {
        let seen = self.book.lock().seen.get(service).map_or(0, |seen| seen.at);
        if seen > at {
            self.violation(format!(
                "someone was shown {service}'s log up to {seen}, but after a crash it ends at {at}: what was shown was not durable"
            ));
        }
    }

    pub(crate) fn ghosts(&self, more: bool) {
        let mut book = self.book.lock();
        book.ghosts = if more { book.ghosts + 1 } else { book.ghosts.saturating_sub(1) };
    }

    /// Whether a message may still arrive that was sent long ago.
    pub(crate) fn is_haunted(&self) -> bool {
        self.book.lock().ghosts > 0
    }
}
