//! People, an events service over a database in memory, and a fake auth whose log is heard when a test says so.

use std::sync::Arc;
use std::time::Duration;

use chassis::directory::People;
use chassis::follow::Follower as _;
use chassis::{Chassis, Fault, OperatorKey, Row, Setup, SystemClock};
use domain::auth::AuthClient;
use domain::events::{
    CancelEvent, CreateEvent, EditEvent, Event, EventChange, Events as _, Invite, ListEvents, Listing, ShowEvent,
    Uninvite, VouchEvent, VouchedEvent,
};
use domain::integrity::{Audit, Reference};
use domain::log::{Changes, LogCursor, ReadChanges};
use domain::time::{EventTime, Moment, Window};
use domain::{
    Actor, Context, Credential, Error, EventId, IdempotencyKey, PageRequest, Position, Positions, Service, SessionId,
    UserId, Username, Zone,
};
use jiff::civil::{Date, date};
use storage::{Cursor, Database, Digest, Options, Reader as _, Table};

use super::fake_auth::{EPOCH, FakeAuth};
use crate::service::EventsService;
use crate::store::work::{Work, step};
use crate::{SCHEMA, follow};

/// The chassis's own table, so that tests can take one step at a time.
const WORK: Table<(Service, u64, u32), Row<Vec<u8>>> = Table::new("work");

pub(super) struct World {
    pub(super) service: EventsService,
    pub(super) chassis: Arc<Chassis>,
    pub(super) auth: Arc<FakeAuth>,
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) name: Username,
    session: SessionId,
    at: Position,
}

/// A runtime whose clock jumps when everyone waits, so that nobody waits for followers that no test has.
pub(super) fn run<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(test)
}

pub(super) fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "done")
}

pub(super) fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

pub(super) fn timed(day: Date, hour: i8, minutes: i64, zone_name: &str) -> EventTime {
    let zone = zone(zone_name);
    let start = Moment::in_zone("start", day.at(hour, 0, 0, 0), &zone).unwrap();
    let end = jiff::Timestamp::from_second(start.instant(&zone) + minutes * 60).unwrap();
    EventTime::timed(start, Moment::at("end", end, &zone).unwrap(), zone).unwrap()
}

pub(super) fn days(first: Date, number: i64) -> EventTime {
    EventTime::all_day(first, first.saturating_add(jiff::Span::new().days(number))).unwrap()
}

pub(super) fn always() -> Window {
    Window::new(None, None, Zone::utc()).unwrap()
}

/// A private event without invitees.
pub(super) fn plan(title: &str) -> CreateEvent {
    CreateEvent {
        alarms: domain::events::Alarms::default(),
        capacity: None,
        rules: domain::time::Rules::default(),
        title: title.parse().unwrap(),
        description: "".parse().unwrap(),
        location: "".parse().unwrap(),
        time: timed(date(2027, 3, 10), 9, 60, "Europe/Berlin"),
        public: false,
        invite: Vec::new(),
    }
}

pub(super) fn public(title: &str) -> CreateEvent {
    CreateEvent { public: true, ..plan(title) }
}

pub(super) fn names(people: &[&Person]) -> Vec<Username> {
    people.iter().map(|person| person.name.clone()).collect()
}

/// An edit that changes nothing yet.
pub(super) fn edit_of(event: EventId) -> EditEvent {
    EditEvent {
        rules: None,
        alarms: None,
        capacity: None,
        instance: domain::Instance::Series,
        event,
        if_version: None,
        title: None,
        description: None,
        location: None,
        time: None,
        public: None,
        invite: Vec::new(),
    }
}

impl World {
    pub(super) fn new() -> Self {
        let db = Database::in_memory(Options::new("events", SCHEMA));
        let setup = Setup { db, clock: Arc::new(SystemClock), operator: OperatorKey::random().unwrap() };
        let chassis = Chassis::new(Service::Events, setup);
        let auth = Arc::new(FakeAuth::default());
        let people = People::new(Arc::clone(&chassis), Arc::new(AuthClient(Arc::clone(&auth) as _)));
        Self { service: EventsService::new(Arc::clone(&chassis), people), chassis, auth }
    }

    /// Someone who has registered and of whom nothing has been heard here.
    pub(super) fn stranger(&self, name: &str) -> Person {
        let user = self.auth.register(name);
        Person { id: user.id, name: user.username, session: SessionId::new(), at: self.auth.position() }
    }

    /// Someone of whom everything has been heard.
    pub(super) async fn person(&self, name: &str) -> Person {
        let person = self.stranger(name);
        self.hear().await;
        person
    }

    /// Applies what auth has announced, as the follower does.
    pub(super) async fn hear(&self) {
        let log = self.auth.log();
        let apply = move |tx: &mut storage::Transaction<'_>| {
            let heard = tx.cursor("auth")?.map_or(0, |cursor| cursor.position);
            for (change, at) in log.iter().zip(1_u64..).filter(|(_, at)| *at > heard) {
                follow::OfAuth.apply(tx, Position { epoch: EPOCH, at }, change)?;
            }
            let position = log.len() as u64;
            tx.set_cursor("auth", Cursor { epoch: storage::Epoch(EPOCH.0), position, digest: Digest::default() })?;
            Ok::<_, Fault>(())
        };
        self.chassis.db().write(apply).await.unwrap();
    }

    /// Does one step of the work that is left; whether there was any, and whose.
    pub(super) async fn step(&self) -> Option<Service> {
        let work = |tx: &mut storage::Transaction<'_>| {
            let Some((key, Row(bytes))) = tx.scan(&WORK, &(), None, 1)?.pop() else { return Ok(None) };
            match step(tx, storage::decode::<Work>(&bytes)?)? {
                Some(rest) => tx.put(&WORK, &key, &Row(storage::encode(&rest)?))?,
                None => tx.delete(&WORK, &key)?,
            }
            Ok::<_, Fault>(Some(key.0))
        };
        self.chassis.db().write(work).await.unwrap()
    }

    pub(super) async fn work_left(&self) -> Option<Service> {
        let first = self.chassis.db().read(|view| Ok::<_, Fault>(view.scan(&WORK, &(), None, 1)?.pop()));
        first.await.unwrap().map(|((source, _, _), _)| source)
    }

    /// Does all work that is left; how many steps that took.
    pub(super) async fn finish(&self) -> usize {
        let mut steps = 0;
        while self.step().await.is_some() {
            steps += 1;
        }
        steps
    }

    pub(super) fn query_of(&self, who: &Person) -> Context {
        let mut context = Context::new(Credential::None, Duration::from_secs(10));
        context.actor = Actor::User { user: who.id, session: who.session, at: who.at };
        context
    }

    pub(super) fn command_of(&self, who: &Person) -> Context {
        self.query_of(who).as_command(IdempotencyKey::new(), 1)
    }

    /// The command of this number in someone's session.
    pub(super) fn command_number(&self, sequence: u64, who: &Person) -> Context {
        self.query_of(who).as_command(IdempotencyKey::new(), sequence)
    }

    pub(super) async fn create(&self, who: &Person, wanted: CreateEvent) -> Result<Event, Error> {
        Ok(self.service.create(&self.command_of(who), wanted).await?.value)
    }

    /// A new event to which these are invited.
    pub(super) async fn party(&self, who: &Person, invitees: &[&Person]) -> EventId {
        self.create(who, CreateEvent { invite: names(invitees), ..plan("Party") }).await.unwrap().id
    }

    pub(super) async fn show(&self, who: &Person, event: EventId) -> Result<Event, Error> {
        Ok(self.service.show(&self.query_of(who), ShowEvent { instance: domain::Instance::Series, event }).await?.value)
    }

    pub(super) async fn edit(&self, who: &Person, edit: EditEvent) -> Result<Event, Error> {
        Ok(self.service.edit(&self.command_of(who), edit).await?.value)
    }

    pub(super) async fn cancel(&self, who: &Person, event: EventId) -> Result<Event, Error> {
        Ok(self
            .service
            .cancel(&self.command_of(who), CancelEvent { instance: domain::Instance::Series, event })
            .await?
            .value)
    }

    pub(super) async fn invite(&self, who: &Person, event: EventId, whom: &[&Person]) -> Result<Event, Error> {
        let request = Invite { event, invitees: names(whom) };
        Ok(self.service.invite(&self.command_of(who), request).await?.value)
    }

    pub(super) async fn uninvite(&self, who: &Person, event: EventId, whom: &[&Person]) -> Result<Event, Error> {
        let request = Uninvite { event, invitees: names(whom) };
        Ok(self.service.uninvite(&self.command_of(who), request).await?.value)
    }

    pub(super) async fn vouch(&self, viewer: &Person, event: EventId) -> Result<VouchedEvent, Error> {
        let mut context = Context::new(Credential::None, Duration::from_secs(10));
        context.actor = Actor::Service(Service::Invitations);
        Ok(self.service.vouch(&context, VouchEvent { event, viewer: viewer.id }).await?.value)
    }

    /// All pages of a list, each of at most `limit`.
    pub(super) async fn list(
        &self,
        who: &Person,
        listing: Listing,
        window: &Window,
        search: Option<&str>,
        limit: u32,
    ) -> Vec<Event> {
        let (mut items, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: limit.try_into().unwrap(), after };
            let search = search.map(|text| text.parse().unwrap());
            let request = ListEvents { listing, search, window: window.clone(), page };
            let page = self.service.list(&self.query_of(who), request).await.unwrap().value;
            assert!(page.items.len() <= limit as usize);
            items.extend(page.items);
            assert!(items.len() < 10_000, "the list does not end");
            after = page.next;
            if after.is_none() {
                return items;
            }
        }
    }

    pub(super) async fn mine(&self, who: &Person) -> Vec<EventId> {
        self.list(who, Listing::Mine, &always(), None, 50).await.into_iter().map(|event| event.id).collect()
    }

    pub(super) async fn public(&self, who: &Person) -> Vec<EventId> {
        self.list(who, Listing::Public, &always(), None, 50).await.into_iter().map(|event| event.id).collect()
    }

    /// All that was announced.
    pub(super) async fn announced(&self) -> Vec<EventChange> {
        let mut context = Context::new(Credential::None, Duration::from_secs(10));
        context.actor = Actor::Operator;
        let (mut announced, mut after) = (Vec::new(), LogCursor::START);
        loop {
            let request = ReadChanges { after, limit: 500, wait_ms: 0, followed: Positions::default() };
            let Changes::Records { epoch, records, .. } = self.service.changes(&context, request).await.unwrap().value
            else {
                panic!("the log's history is its own")
            };
            let Some(last) = records.last() else { return announced };
            after = LogCursor { epoch: Some(epoch), position: last.position, digest: last.digest };
            announced.extend(records.into_iter().map(|record| record.change));
        }
    }

    /// All references, and all that is wrong.
    pub(super) async fn audit(&self) -> (Vec<Reference>, Vec<String>) {
        let context = Context::new(Credential::None, Duration::from_secs(10));
        let (mut references, mut discrepancies, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let page = self.service.audit(&context, Audit { after }).await.unwrap().value;
            references.extend(page.references);
            discrepancies.extend(page.discrepancies);
            after = page.next;
            if after.is_none() {
                return (references, discrepancies);
            }
        }
    }

    pub(super) async fn assert_sound(&self) {
        assert_eq!(self.audit().await.1, Vec::<String>::new());
    }
}
