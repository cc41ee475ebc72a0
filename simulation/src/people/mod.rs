//! Random people: each at a terminal of their own, doing and looking at this and that, and trying again what they got no answer to.

mod acts;
pub(crate) mod looks;

use std::sync::Arc;
use std::time::Duration;

use domain::auth::SignedIn;
use domain::{
    Answer, Clock as _, Context, Credential, Error, EventId, IdempotencyKey, Positions, Reply, Service, SessionToken,
    Username,
};
use tokio_util::sync::CancellationToken;
use transport::cluster::Clients;

pub(crate) use acts::{Got, sign_in};

use crate::history::{Act, Moment, Number, Session};
use crate::installation::{World, clients_of};
use crate::network::Node;
use crate::time::MachineClock;

/// A person.
pub(crate) struct Person {
    world: World,
    number: usize,
    random: fastrand::Rng,
    pub(crate) clock: Arc<MachineClock>,
    clients: Clients,
    /// How many accounts they have had.
    accounts: usize,
    pub(crate) name: Username,
    signed_in: Option<SignedInSession>,
    /// Sessions that have ended, with whether everyone was said to know.
    ended: Vec<(SessionToken, bool)>,
    last_answered: Option<EventId>,
    last_shared_with: Option<Username>,
    habits: Habits,
}

/// How often someone does what, against each other.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    weights: Vec<(u32, Doing)>,
}

/// What people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Create,
    Edit,
    /// Something about an instance and all that follow.
    Follow,
    Cancel,
    Invite,
    Uninvite,
    Answer,
    Share,
    SignOut,
    DeleteAccount,
    LookAtEvent,
    LookAtParticipants,
    LookAtInbox,
    LookAtList,
    LookAtCalendar,
    LookAtAnothersCalendar,
    LookAtShares,
    UseOldSession,
}

impl Habits {
    /// Other ones in every simulation: what is rare in one is frequent in another.
    pub(crate) fn random(random: &mut fastrand::Rng) -> Self {
        use Doing::*;
        let usual = [
            (12, Create),
            (10, Edit),
            (8, Follow),
            (3, Cancel),
            (8, Invite),
            (5, Uninvite),
            (25, Answer),
            (12, Share),
            (4, SignOut),
            (2, DeleteAccount),
            (8, LookAtEvent),
            (8, LookAtParticipants),
            (5, LookAtInbox),
            (4, LookAtList),
            (10, LookAtCalendar),
            (8, LookAtAnothersCalendar),
            (4, LookAtShares),
            (2, UseOldSession),
        ];
        let weights = usual.map(|(weight, doing)| (weight * [0, 1, 1, 1, 3][random.usize(..5)], doing));
        Self { weights: weights.to_vec() }
    }

    fn choose(&self, random: &mut fastrand::Rng) -> Doing {
        let all: u32 = self.weights.iter().map(|(weight, _)| weight).sum();
        let mut drawn = random.u32(..all.max(1));
        for (weight, doing) in &self.weights {
            if drawn < *weight {
                return *doing;
            }
            drawn -= weight;
        }
        Doing::LookAtCalendar
    }
}

struct SignedInSession {
    session: Session,
    token: SessionToken,
    sequence: u64,
    seen: Positions,
}

/// A read that was answered: what, between which moments, and what it was behind with.
struct Seen<T> {
    value: T,
    from: Moment,
    to: Moment,
    behind: Vec<Service>,
}

impl Person {
    pub(crate) fn new(world: &World, number: usize, mut random: fastrand::Rng) -> Self {
        let clients = clients_of(world, Node::Terminal(number), &CancellationToken::new());
        let habits = Habits::random(&mut random);
        Self {
            world: world.clone(),
            number,
            random,
            clock: MachineClock::of(world.time),
            clients,
            accounts: 0,
            name: name_of(number, 0),
            signed_in: None,
            ended: Vec::new(),
            last_answered: None,
            last_shared_with: None,
            habits,
        }
    }

    /// Does so many things, one after the other.
    pub(crate) async fn lives(&mut self, things: usize) {
        for _ in 0..things {
            let pause = if self.random.u8(..) < 40 { self.random.u64(..3_000) } else { self.random.u64(..40) };
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if self.signed_in.is_none() {
                self.enters().await;
                continue;
            }
            let doing = self.habits.choose(&mut self.random);
            self.does(doing).await;
        }
    }

    async fn does(&mut self, doing: Doing) {
        match doing {
            Doing::Create => self.creates().await,
            Doing::Edit => self.edits().await,
            Doing::Follow => self.changes_the_rest().await,
            Doing::Cancel => self.cancels().await,
            Doing::Invite => self.invites().await,
            Doing::Uninvite => self.uninvites().await,
            Doing::Answer => self.answers().await,
            Doing::Share => self.shares().await,
            Doing::SignOut => self.signs_out().await,
            Doing::DeleteAccount => self.deletes_the_account().await,
            Doing::LookAtEvent => self.looks_at_an_event().await,
            Doing::LookAtParticipants => self.looks_at_participants().await,
            Doing::LookAtInbox => self.looks_at_the_inbox().await,
            Doing::LookAtList => self.looks_at_a_list().await,
            Doing::LookAtCalendar => self.looks_at_the_calendar().await,
            Doing::LookAtAnothersCalendar => self.looks_at_anothers_calendar().await,
            Doing::LookAtShares => self.looks_at_shares().await,
            Doing::UseOldSession => self.uses_an_old_session().await,
        }
    }

    /// The world, for which someone is signed in.
    fn session(&self) -> &SignedInSession {
        self.signed_in.as_ref().expect("asked only of those who are signed in")
    }

    fn credential(&self) -> Credential {
        self.signed_in.as_ref().map_or(Credential::None, |session| Credential::Session(session.token.clone()))
    }

    fn seen(&self) -> Positions {
        self.signed_in.as_ref().map(|session| session.seen.clone()).unwrap_or_default()
    }

    /// An identity for a command, by the clock of the terminal.
    fn new_key(&mut self) -> IdempotencyKey {
        let mut bytes = [0; 10];
        self.random.fill(&mut bytes);
        let millis = u64::try_from(self.clock.now().as_micros() / 1_000).unwrap_or_default();
        IdempotencyKey::from_bytes(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().into_bytes())
    }

    fn heard<T>(&mut self, reply: &Reply<T>) {
        self.world.history.seen(&reply.seen);
        if let Some(session) = &mut self.signed_in {
            session.seen.merge(&reply.seen);
        }
    }

    /// Gives a command, again under the same key as long as it is not known what became of it and patience lasts.
    async fn commands(&mut self, act: Act) -> (Number, Result<(), Error>) {
        let key = self.new_key();
        let (session, sequence) = match &mut self.signed_in {
            Some(session) => {
                session.sequence += 1;
                (session.session, session.sequence)
            }
            None => (0, 1),
        };
        let number = self.world.history.invoked(&self.name, session, sequence, key, act);
        let mut tries = self.random.usize(1..5);
        loop {
            let patience = [300, 1_000, 4_000, 8_000][self.random.usize(..4)];
            let answer = self.gives(number, key, sequence, Duration::from_millis(patience)).await;
            tries -= 1;
            let passing =
                matches!(answer, Err(Error::Deadline { .. } | Error::Unavailable { .. } | Error::RateLimited { .. }));
            if tries == 0 || !passing {
                return (number, answer);
            }
            tokio::time::sleep(Duration::from_millis(self.random.u64(10..1_500))).await;
        }
    }

    /// Gives a command once, and writes down what became of it.
    async fn gives(
        &mut self,
        number: Number,
        key: IdempotencyKey,
        sequence: u64,
        patience: Duration,
    ) -> Result<(), Error> {
        let context = Context::new(self.credential(), patience).having_seen(self.seen()).as_command(key, sequence);
        match acts::give(&self.world.history, &self.clients, &context, number).await {
            Ok(reply) => {
                if reply.settled {
                    self.world.history.settled(number);
                }
                self.heard(&reply);
                self.world.trace.say(format_args!("{} command {number}: done", self.name));
                match reply.value {
                    Got::Session(signed_in) => self.starts_a_session(signed_in),
                    Got::Event(event) => self.world.history.made(number, event),
                    Got::Nothing => {}
                }
                Ok(())
            }
            Err(error) => {
                self.world.trace.say(format_args!("{} command {number}: {error}", self.name));
                if let Error::Internal { .. } = error {
                    self.world.history.violation(format!("command {number}: {error}"));
                }
                if let Error::Unauthenticated { .. } = error
                    && self.signed_in.is_some()
                {
                    self.is_told_that_the_session_has_ended();
                }
                Err(error)
            }
        }
    }

    /// Gives every command of the present session again of which it is not known whether it was done.
    pub(crate) async fn finds_out_what_was_done(&mut self) {
        let Some(session) = self.signed_in.as_ref().map(|session| session.session) else { return };
        let unknown = self.world.history.look(|book| book.unknown_in(session));
        for (number, key, sequence) in unknown {
            if self.signed_in.is_none() {
                return;
            }
            match self.gives(number, key, sequence, Duration::from_secs(10)).await {
                Ok(()) => {}
                Err(Error::NotFound { .. } | Error::Unauthenticated { .. }) => {}
                Err(error @ (Error::Deadline { .. } | Error::Unavailable { .. } | Error::RateLimited { .. })) => {
                    self.world.history.violation(format!("all is well, and command {number} is answered: {error}"));
                }
                Err(_) => self.world.history.was_never_done(number),
            }
        }
    }

    /// Asks something, once.
    async fn asks<T>(
        &mut self,
        call: impl AsyncFn(&Clients, &Context) -> Answer<T>,
    ) -> Result<Seen<T>, (Moment, Error)> {
        let from = self.world.history.now();
        self.world.history.one_more_read();
        let patience = [300, 1_000, 4_000][self.random.usize(..3)];
        let context = Context::new(self.credential(), Duration::from_millis(patience)).having_seen(self.seen());
        let answer = call(&self.clients, &context).await;
        let to = self.world.history.now();
        match answer {
            Ok(reply) => {
                self.heard(&reply);
                Ok(Seen { value: reply.value, from, to, behind: reply.behind })
            }
            Err(error) => {
                if let Error::Internal { .. } = error {
                    self.world.history.violation(format!("a question of {}: {error}", self.name));
                }
                if let Error::Unauthenticated { .. } = error {
                    self.is_told_that_the_session_has_ended();
                }
                Err((from, error))
            }
        }
    }

    fn starts_a_session(&mut self, signed_in: SignedIn) {
        self.world.history.is_account(&self.name, signed_in.user.id);
        let session = self.world.history.new_session();
        self.signed_in =
            Some(SignedInSession { session, token: signed_in.token, sequence: 0, seen: Positions::default() });
    }

    /// Nobody tells that to someone who has not ended it, or tried to.
    fn is_told_that_the_session_has_ended(&mut self) {
        let ends = self.world.history.look(|book| {
            let session = self.signed_in.as_ref().map(|session| session.session);
            book.commands.iter().any(|command| match command.act {
                Act::SignOut => Some(command.session) == session,
                Act::DeleteAccount => command.by == self.name,
                _ => false,
            })
        });
        if !ends {
            self.world.history.violation(format!("{} was locked out of a live session", self.name));
        }
        self.signed_in = None;
    }
}

/// The name of the `account`th account of the person of this number.
pub(crate) fn name_of(person: usize, account: usize) -> Username {
    format!("p{person}-{account}").parse().expect("a user name")
}
