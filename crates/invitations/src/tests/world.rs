//! A service in memory, people who use it, and the two services around it, played by the test.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chassis::follow::Follower as _;
use chassis::{Chassis, Fault, OperatorKey, Setup, SystemClock};
use domain::auth::{AuthChange, AuthClient, AuthProtocol, AuthRequest, AuthResponse, User};
use domain::events::{
    Alarms, Capacity, EventChange, EventFacts, EventsClient, EventsProtocol, EventsRequest, EventsResponse,
    VouchedEvent,
};
use domain::integrity::{Audit, AuditPage};
use domain::invitations::{
    Attend, Inbox, Invitation, InvitationChange, Invitations, ListParticipants, Participants, Respond, Response,
    Status, Unattend,
};
use domain::log::{Changes, LogCursor, ReadChanges};
use domain::{
    Actor, Answer, Context, Credential, Epoch, Error, EventId, EventTime, IdempotencyKey, Instance, Limit, PageRequest,
    Position, Positions, Reply, Series, Service, SessionId, Stub, UserId, Username,
};
use jiff::civil::date;
use parking_lot::Mutex;
use storage::{Cursor, Database, Digest, Options, Transaction};

use crate::service::InvitationsService;
use crate::{SCHEMA, cascade, follow};

pub(super) const AUTH: Epoch = Epoch([1; 16]);
pub(super) const EVENTS: Epoch = Epoch([2; 16]);

/// Someone with a session.
pub(super) struct Someone {
    pub(super) id: UserId,
    pub(super) name: Username,
    pub(super) session: SessionId,
    pub(super) registered_at: u64,
    commands: AtomicU64,
}

impl Someone {
    fn new(name: &str, registered_at: u64) -> Self {
        let name = name.parse().unwrap();
        let (id, session, commands) = (UserId::new(), SessionId::new(), AtomicU64::new(0));
        Self { id, name, session, registered_at, commands }
    }

    /// A call of theirs, which as a command is the next of their session.
    pub(super) fn call(&self) -> Context {
        self.numbered(self.commands.fetch_add(1, Ordering::Relaxed))
    }

    /// A call of theirs which was given as the command of this number.
    pub(super) fn numbered(&self, sequence: u64) -> Context {
        let context = Context::new(Credential::None, Duration::from_secs(8));
        let mut context = context.as_command(IdempotencyKey::new(), sequence);
        let at = Position { epoch: AUTH, at: self.registered_at };
        context.actor = Actor::User { user: self.id, session: self.session, at };
        context
    }
}

/// How events is.
pub(super) enum EventsState {
    Away,
    Silent,
    /// It does not accept the identity of this service: their clocks differ too much.
    Distrusts,
    /// It vouches for these; everything else is not found.
    Vouches(HashMap<(EventId, UserId), VouchedEvent>),
}

pub(super) struct PlayedEvents {
    pub(super) state: Mutex<EventsState>,
    pub(super) asked: AtomicUsize,
}

#[async_trait]
impl Stub<EventsProtocol> for PlayedEvents {
    async fn call(&self, context: &Context, request: EventsRequest) -> Answer<EventsResponse> {
        let EventsRequest::vouch(request) = request else {
            panic!("invitations asks events only to vouch: {request:?}")
        };
        assert!(matches!(context.credential, Credential::Service(_)), "it asks under its own identity");
        assert!(context.idempotency_key.is_none(), "asking is no command");
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = match &*self.state.lock() {
            EventsState::Away => Some(Err(Error::unavailable(Service::Events, "nobody answers"))),
            EventsState::Silent => None,
            EventsState::Distrusts => Some(Err(Error::unauthenticated("the service token is no longer good"))),
            EventsState::Vouches(vouched) => {
                let found = vouched.get(&(request.event, request.viewer)).cloned();
                Some(found.ok_or_else(|| Error::not_found("event", request.event)))
            }
        };
        match answer {
            Some(answer) => answer.map(|vouched| Reply::new(EventsResponse::vouch(vouched), Positions::default())),
            None => std::future::pending().await,
        }
    }
}

struct AbsentAuth;

#[async_trait]
impl Stub<AuthProtocol> for AbsentAuth {
    async fn call(&self, _: &Context, _: AuthRequest) -> Answer<AuthResponse> {
        Err(Error::unavailable(Service::Auth, "nobody answers"))
    }
}

pub(super) struct World {
    pub(super) chassis: Arc<Chassis>,
    pub(super) service: InvitationsService,
    pub(super) events: Arc<PlayedEvents>,
    auth_at: AtomicU64,
    events_at: AtomicU64,
}

pub(super) fn setup(service: &'static str) -> Setup {
    let db = Database::in_memory(Options::new(service, SCHEMA));
    Setup { db, clock: Arc::new(SystemClock), operator: OperatorKey::random().unwrap() }
}

/// Runs a test that is a future.
pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

impl World {
    pub(super) fn new() -> Self {
        let chassis = Chassis::new(Service::Invitations, setup("invitations"));
        let state = Mutex::new(EventsState::Vouches(HashMap::new()));
        let events = Arc::new(PlayedEvents { state, asked: AtomicUsize::new(0) });
        let asked = Arc::clone(&events);
        let service = InvitationsService::new(
            Arc::clone(&chassis),
            Arc::new(AuthClient(Arc::new(AbsentAuth))),
            Arc::new(EventsClient(asked)),
        );
        Self { chassis, service, events, auth_at: AtomicU64::new(0), events_at: AtomicU64::new(0) }
    }

    // What happens in auth.

    pub(super) async fn registers(&self, name: &str) -> Someone {
        let someone = Someone::new(name, self.auth_at.load(Ordering::Relaxed) + 1);
        self.register(&someone).await;
        someone
    }

    /// Someone whose registration has not arrived here.
    pub(super) fn registers_unheard(&self, name: &str) -> Someone {
        Someone::new(name, self.auth_at.load(Ordering::Relaxed) + 1)
    }

    pub(super) async fn register(&self, someone: &Someone) {
        let user = User { id: someone.id, username: someone.name.clone() };
        self.auth(AuthChange::UserRegistered(user)).await;
    }

    pub(super) async fn deletes_account(&self, someone: &Someone) {
        self.auth(AuthChange::UserDeleted { user: someone.id }).await;
    }

    async fn auth(&self, change: AuthChange) {
        let at = self.auth_at.fetch_add(1, Ordering::Relaxed) + 1;
        self.arrives(Service::Auth, Position { epoch: AUTH, at }, move |tx, at| follow::OfAuth.apply(tx, at, &change))
            .await;
    }

    // What happens in events.

    pub(super) async fn event(&self, change: EventChange) -> Position {
        self.redelivered(self.events_now() + 1, change).await
    }

    pub(super) fn events_now(&self) -> u64 {
        self.events_at.load(Ordering::Relaxed)
    }

    /// The change arrives as the record of this number, whatever arrived before.
    pub(super) async fn redelivered(&self, at: u64, change: EventChange) -> Position {
        self.events_at.fetch_max(at, Ordering::Relaxed);
        let at = Position { epoch: EVENTS, at };
        self.arrives(Service::Events, at, move |tx, at| follow::OfEvents.apply(tx, at, &change)).await;
        at
    }

    async fn arrives(
        &self,
        source: Service,
        at: Position,
        apply: impl FnOnce(&mut Transaction<'_>, Position) -> Result<(), Fault> + Send + 'static,
    ) {
        let written = self.chassis.db().write(move |tx| {
            apply(tx, at)?;
            let cursor = Cursor { epoch: storage::Epoch(at.epoch.0), position: at.at, digest: Digest::default() };
            Ok::<_, Fault>(tx.set_cursor(source.name(), cursor)?)
        });
        written.await.unwrap();
    }

    pub(super) async fn creates(&self, organizer: &Someone, public: bool) -> EventFacts {
        let facts = facts(organizer, public);
        self.event(EventChange::Put(facts.clone())).await;
        facts
    }

    /// An event with so many places.
    pub(super) async fn creates_for(&self, places: u32, organizer: &Someone, public: bool) -> EventFacts {
        let facts = EventFacts { capacity: places_for(places), ..facts(organizer, public) };
        self.event(EventChange::Put(facts.clone())).await;
        facts
    }

    pub(super) async fn changes(&self, facts: &mut EventFacts, change: impl FnOnce(&mut EventFacts)) {
        change(facts);
        facts.version += 1;
        self.event(EventChange::Put(facts.clone())).await;
    }

    pub(super) async fn invites(&self, organizer: &Someone, facts: &EventFacts, people: &[&Someone]) {
        self.event(invited(organizer, facts, people)).await;
    }

    pub(super) async fn uninvites(&self, facts: &EventFacts, people: &[&Someone]) {
        self.event(uninvited(facts, people)).await;
    }

    pub(super) fn events_are(&self, state: EventsState) {
        *self.events.state.lock() = state;
    }

    pub(super) fn vouches(&self, viewer: &Someone, vouched: VouchedEvent) {
        if let EventsState::Vouches(all) = &mut *self.events.state.lock() {
            all.insert((vouched.facts.event, viewer.id), vouched);
        }
    }

    /// From now on it vouches for this alone, or for nothing.
    pub(super) fn vouches_only(&self, viewer: &Someone, event: EventId, vouched: Option<VouchedEvent>) {
        let vouched = vouched.map(|vouched| ((event, viewer.id), vouched));
        self.events_are(EventsState::Vouches(vouched.into_iter().collect()));
    }

    pub(super) fn times_asked(&self) -> usize {
        self.events.asked.load(Ordering::Relaxed)
    }

    // What people do here.

    pub(super) async fn responds(
        &self,
        who: &Someone,
        event: &EventFacts,
        response: Response,
    ) -> Result<Invitation, Error> {
        let request = Respond { event: event.event, instance: Instance::Series, response };
        self.service.respond(&who.call(), request).await.map(|reply| reply.value)
    }

    pub(super) async fn attends(&self, who: &Someone, event: &EventFacts, maybe: bool) -> Result<Invitation, Error> {
        let request = Attend { event: event.event, instance: Instance::Series, maybe };
        self.service.attend(&who.call(), request).await.map(|reply| reply.value)
    }

    pub(super) async fn unattends(&self, who: &Someone, event: &EventFacts) -> Result<Invitation, Error> {
        let request = Unattend { event: event.event, instance: Instance::Series };
        self.service.unattend(&who.call(), request).await.map(|reply| reply.value)
    }

    pub(super) async fn inbox(&self, who: &Someone, all: bool) -> Vec<Invitation> {
        let request = Inbox { all, page: page(200) };
        self.service.inbox(&who.call(), request).await.unwrap().value.items
    }

    pub(super) async fn participants(&self, who: &Someone, event: &EventFacts) -> Result<Participants, Error> {
        let request =
            ListParticipants { event: event.event, instance: Instance::Series, status: None, page: page(200) };
        self.service.participants(&who.call(), request).await.map(|reply| reply.value)
    }

    /// The status of everyone, by name, as `who` is shown it.
    pub(super) async fn statuses(&self, who: &Someone, event: &EventFacts) -> Vec<(String, Status)> {
        let people = self.participants(who, event).await.unwrap().people;
        assert_eq!(people.next, None);
        people.items.into_iter().map(|person| (person.username.to_string(), person.status)).collect()
    }

    // What can be found out about the service.

    pub(super) async fn announced(&self) -> Vec<InvitationChange> {
        let mut after = LogCursor::START;
        let mut announced = Vec::new();
        loop {
            let request = ReadChanges { after, limit: 500, wait_ms: 0, followed: Positions::default() };
            let mut context = Context::new(Credential::None, Duration::from_secs(5));
            context.actor = Actor::Service(Service::Calendar);
            let Changes::Records { epoch, records, watermark, .. } =
                self.service.changes(&context, request).await.unwrap().value
            else {
                panic!("its own log diverged")
            };
            for record in records {
                after = LogCursor { epoch: Some(epoch), position: record.position, digest: record.digest };
                announced.push(record.change);
            }
            if after.position >= watermark {
                return announced;
            }
        }
    }

    /// All pages of the audit together.
    pub(super) async fn audited(&self) -> AuditPage {
        let mut all = AuditPage { references: Vec::new(), discrepancies: Vec::new(), next: None };
        loop {
            let context = Context::new(Credential::None, Duration::from_secs(5));
            let page = self.service.audit(&context, Audit { after: all.next.take() }).await.unwrap().value;
            assert!(page.references.len() <= 1_000);
            all.references.extend(page.references);
            all.discrepancies.extend(page.discrepancies);
            all.next = page.next;
            if all.next.is_none() {
                return all;
            }
        }
    }

    /// Works off all cascades, as the running service does, until `done`.
    pub(super) async fn works_off_until<F: Future<Output = bool>>(&self, done: impl Fn() -> F) {
        let worker = tokio::spawn(Arc::clone(&self.chassis).work_off(cascade::step));
        let finished = async {
            while !done().await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), finished).await.expect("the cascade ends");
        worker.abort();
    }

    pub(super) async fn changed(
        &self,
        change: impl FnOnce(&mut Transaction<'_>) -> Result<(), Fault> + Send + 'static,
    ) {
        self.chassis.db().write(change).await.unwrap();
    }
}

pub(super) fn facts(organizer: &Someone, public: bool) -> EventFacts {
    let time = EventTime::all_day(date(2027, 3, 10), date(2027, 3, 11)).unwrap();
    EventFacts {
        event: EventId::new(),
        organizer: Some(organizer.id),
        title: "Walk".parse().unwrap(),
        location: "Hill".parse().unwrap(),
        series: Series::once(time),
        public,
        capacity: None,
        alarms: Alarms::default(),
        cancelled: false,
        version: 1,
    }
}

pub(super) fn places_for(number: u32) -> Option<Capacity> {
    Some(Capacity::try_from(number).unwrap())
}

pub(super) fn invited(organizer: &Someone, facts: &EventFacts, people: &[&Someone]) -> EventChange {
    let invitees = people.iter().map(|person| person.id).collect();
    EventChange::Invited { event: facts.event, inviter: organizer.id, invitees }
}

pub(super) fn uninvited(facts: &EventFacts, people: &[&Someone]) -> EventChange {
    EventChange::Uninvited { event: facts.event, invitees: people.iter().map(|person| person.id).collect() }
}

pub(super) fn page(limit: u32) -> PageRequest {
    PageRequest { limit: Limit::try_from(limit).unwrap(), after: None }
}

pub(super) fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> (&'static str, Option<String>) {
    let error = outcome.expect_err("it should have been refused");
    (error.code(), error.field().map(str::to_owned))
}
