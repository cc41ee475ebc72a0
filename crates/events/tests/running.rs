//! The service as it runs, with its follower and its worker at their real sizes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../src/tests/fake_auth.rs"]
mod fake_auth;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chassis::{OperatorKey, Running, Setup, SystemClock};
use domain::auth::{AuthClient, User};
use domain::events::{
    CancelEvent, CreateEvent, EditEvent, Event, EventChange, Events, EventsClient, EventsProtocol, ListEvents, Listing,
    ShowEvent,
};
use domain::integrity::{Audit, Target};
use domain::log::{Changes, LogCursor, ReadChanges};
use domain::time::{EventTime, Window};
use domain::{Actor, Context, Credential, EventId, IdempotencyKey, PageRequest, Positions, Service, SessionId, Zone};
use fake_auth::FakeAuth;
use jiff::civil::date;
use storage::{Database, MemoryDisk, Options};

struct Installation {
    running: Running<EventsProtocol>,
    events: EventsClient,
    auth: Arc<FakeAuth>,
}

impl Installation {
    async fn on(disk: &MemoryDisk, auth: Arc<FakeAuth>) -> Self {
        let db = Database::on_memory_disk(disk, Options::new("events", events::SCHEMA)).unwrap();
        let setup = Setup { db, clock: Arc::new(SystemClock), operator: OperatorKey::random().unwrap() };
        let running = events::start(setup, Arc::new(AuthClient(Arc::clone(&auth) as _))).await.unwrap();
        let events = EventsClient(running.stub());
        Self { running, events, auth }
    }

    /// The context of a call by someone who has seen all that auth has announced.
    fn of(&self, user: &User) -> Context {
        let mut context = Context::new(Credential::None, Duration::from_secs(10));
        context.actor = Actor::User { user: user.id, session: SessionId::new(), at: self.auth.position() };
        context.having_seen(Positions::of(Service::Auth, self.auth.position())).as_command(IdempotencyKey::new(), 1)
    }

    async fn mine(&self, user: &User) -> Vec<Event> {
        let window = Window::new(None, None, Zone::utc()).unwrap();
        let request = ListEvents { listing: Listing::Mine, search: None, window, page: PageRequest::default() };
        let reply = self.events.list(&self.of(user), request).await.unwrap();
        assert!(reply.behind.is_empty(), "behind {:?}", reply.behind);
        reply.value.items
    }

    async fn discrepancies(&self) -> (Vec<Target>, Vec<String>) {
        let (mut targets, mut discrepancies, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let context = Context::new(Credential::None, Duration::from_secs(10));
            let page = self.events.audit(&context, Audit { after }).await.unwrap().value;
            targets.extend(page.references.into_iter().map(|reference| reference.target));
            discrepancies.extend(page.discrepancies);
            after = page.next;
            if after.is_none() {
                return (targets, discrepancies);
            }
        }
    }

    /// All changes, once the service says that it has followed auth to its end.
    async fn changes_once_settled(&self) -> Vec<EventChange> {
        let mut context = Context::new(Credential::None, Duration::from_secs(30));
        context.actor = Actor::Operator;
        let (mut changes, mut after, mut told) = (Vec::new(), LogCursor::START, Positions::default());
        loop {
            let request = ReadChanges { after, limit: 500, wait_ms: 20_000, followed: told };
            let Changes::Records { epoch, records, watermark, followed } =
                self.events.changes(&context, request).await.unwrap().value
            else {
                panic!("the log's history is its own")
            };
            if let Some(last) = records.last() {
                after = LogCursor { epoch: Some(epoch), position: last.position, digest: last.digest };
            }
            changes.extend(records.into_iter().map(|record| record.change));
            let settled = followed.get(Service::Auth) == Some(self.auth.position());
            if settled && after.position == watermark {
                return changes;
            }
            told = followed;
        }
    }
}

fn plan(title: &str, invite: &[User]) -> CreateEvent {
    CreateEvent {
        alarms: domain::events::Alarms::default(),
        capacity: None,
        rules: domain::time::Rules::default(),
        title: title.parse().unwrap(),
        description: "".parse().unwrap(),
        location: "".parse().unwrap(),
        time: EventTime::all_day(date(2027, 3, 10), date(2027, 3, 11)).unwrap(),
        public: true,
        invite: invite.iter().map(|user| user.username.clone()).collect(),
    }
}

fn registered(auth: &FakeAuth, number: usize) -> Vec<User> {
    (0..number).map(|n| auth.register(&format!("user-{n}"))).collect()
}

#[tokio::test]
async fn a_cascade_over_many_rows_is_done_in_steps_and_whoever_saw_its_cause_sees_all_of_it() {
    let auth = Arc::new(FakeAuth::default());
    let installation = Installation::on(&MemoryDisk::new(), Arc::clone(&auth)).await;
    let people = registered(&auth, 451);
    let (alice, guests) = people.split_first().unwrap();
    let mut events = Vec::new();
    for n in 0..60 {
        let invited = if n < 3 { guests } else { &guests[..1] };
        let request = plan(&format!("Event {n}"), invited);
        events.push(installation.events.create(&installation.of(alice), request).await.unwrap().value.id);
    }
    for (n, guest) in guests.iter().take(40).enumerate() {
        let request = plan(&format!("Invited {n}"), &people[..1]);
        installation.events.create(&installation.of(guest), request).await.unwrap();
    }
    auth.delete(alice.id);
    // A query by someone who has seen the deletion waits for its last step.
    let left: Vec<EventId> = installation.mine(&guests[0]).await.into_iter().map(|event| event.id).collect();
    assert_eq!(left.len(), 1, "only the one that they organize themselves");
    for event in &events {
        let shown = installation
            .events
            .show(&installation.of(&guests[0]), ShowEvent { instance: domain::Instance::Series, event: *event })
            .await
            .unwrap();
        assert!(shown.value.cancelled);
    }
    let changes = installation.changes_once_settled().await;
    let cancelled =
        changes.iter().filter(|change| matches!(change, EventChange::Put(facts) if facts.organizer.is_none()));
    assert_eq!(cancelled.count(), 60);
    let (targets, discrepancies) = installation.discrepancies().await;
    assert!(!targets.contains(&Target::User(alice.id)));
    assert_eq!(discrepancies, Vec::<String>::new());
    installation.running.stop().await;
}

#[tokio::test]
async fn work_that_was_left_when_the_service_stopped_is_done_when_it_starts_again() {
    let (disk, auth) = (MemoryDisk::new(), Arc::new(FakeAuth::default()));
    let people = registered(&auth, 901);
    let (alice, guests) = people.split_first().unwrap();
    let installation = Installation::on(&disk, Arc::clone(&auth)).await;
    let event = installation.events.create(&installation.of(alice), plan("Party", guests)).await.unwrap().value.id;
    for year in 2028..2040 {
        let time = EventTime::all_day(date(year, 1, 1), date(year, 1, 3)).unwrap();
        let edit = EditEvent {
            rules: None,
            alarms: None,
            capacity: None,
            instance: domain::Instance::Series,
            event,
            if_version: None,
            title: None,
            description: None,
            location: None,
            time: Some(time),
            public: None,
            invite: Vec::new(),
        };
        installation.events.edit(&installation.of(alice), edit).await.unwrap();
        assert_eq!(installation.mine(&guests[899]).await.len(), 1);
    }
    installation.running.stop().await;
    let again = Installation::on(&disk, Arc::clone(&auth)).await;
    assert_eq!(again.mine(&guests[899]).await[0].version, 13);
    again.events.cancel(&again.of(alice), CancelEvent { instance: domain::Instance::Series, event }).await.unwrap();
    assert!(again.mine(&guests[899]).await.is_empty());
    assert_eq!(again.discrepancies().await.1, Vec::<String>::new());
    again.running.stop().await;
}

#[tokio::test]
async fn everything_goes_on_while_auth_is_away_but_inviting_those_unheard_of() {
    let auth = Arc::new(FakeAuth::default());
    let installation = Installation::on(&MemoryDisk::new(), Arc::clone(&auth)).await;
    let known = registered(&auth, 2);
    assert!(installation.mine(&known[0]).await.is_empty(), "they have been heard of");
    auth.away.store(true, Ordering::SeqCst);
    let unheard = auth.register("unheard");
    let refused = installation.events.create(&installation.of(&known[0]), plan("Party", &[unheard])).await.unwrap_err();
    assert_eq!((refused.code(), refused.service()), ("unavailable", Some(Service::Auth)));
    let made = installation.events.create(&installation.of(&known[0]), plan("Party", &known[1..])).await.unwrap();
    assert_eq!(made.behind, [Service::Auth], "the caller has seen what could not arrive");
    installation.running.stop().await;
}
