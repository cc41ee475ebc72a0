//! The service as it runs, following real logs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::follow::Follower;
use chassis::{Chassis, Fault, Listing, Running, Source};
use domain::auth::{AuthChange, AuthClient, AuthProtocol, AuthRequest, AuthResponse, AuthRow, User};
use domain::events::{
    Alarms, EventChange, EventFacts, EventsClient, EventsProtocol, EventsRequest, EventsResponse, MAX_PEOPLE_A_RECORD,
};
use domain::integrity::AskHealth;
use domain::invitations::{
    Attend, Inbox, Invitations, InvitationsClient, InvitationsProtocol, ListParticipants, OfPeople, Status,
};
use domain::log::{Change, Changes, ReadChanges};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::{
    Actor, Answer, Context, Credential, Error, EventId, EventTime, IdempotencyKey, Instance, Position, Positions,
    Reply, Series, Service, SessionId, Stub, UserId,
};
use jiff::civil::date;
use parking_lot::Mutex;
use storage::Transaction;
use tokio::task::JoinHandle;

use super::world::{page, run, setup};

/// A log, served as its service serves it.
struct Log(Arc<Chassis>);

#[async_trait]
impl Source<AuthChange> for Log {
    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<AuthChange>> {
        self.0.serve_changes(context, request).await
    }

    async fn snapshot(&self, _: &Context, _: ReadSnapshot) -> Answer<Snapshot<AuthChange>> {
        panic!("these logs have one history")
    }
}

/// Follows, and does nothing about it.
struct Heedless;

impl Follower<AuthChange> for Heedless {
    fn apply(&self, _: &mut Transaction<'_>, _: Position, _: &AuthChange) -> Result<(), Fault> {
        Ok(())
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, AuthRow>) -> Result<Listing<'a, 'tx, AuthRow>, Fault> {
        Ok(rows)
    }
}

/// Auth, in whose log something more happens just before it says where the log ends.
struct Auth {
    log: Arc<Chassis>,
    late: Arc<Mutex<Vec<AuthChange>>>,
}

#[async_trait]
impl Stub<AuthProtocol> for Auth {
    async fn call(&self, context: &Context, request: AuthRequest) -> Answer<AuthResponse> {
        match request {
            AuthRequest::changes(request) => {
                self.log.serve_changes(context, request).await.map(|reply| reply.map(AuthResponse::changes))
            }
            AuthRequest::health(AskHealth) => {
                let late = std::mem::take(&mut *self.late.lock());
                happens(&self.log, late).await;
                Ok(Reply::new(AuthResponse::health(self.log.health()), Positions::default()))
            }
            other => panic!("auth is not needed for {other:?}"),
        }
    }
}

#[async_trait]
impl Stub<EventsProtocol> for Log {
    async fn call(&self, context: &Context, request: EventsRequest) -> Answer<EventsResponse> {
        match request {
            EventsRequest::changes(request) => {
                self.0.serve_changes(context, request).await.map(|reply| reply.map(EventsResponse::changes))
            }
            EventsRequest::vouch(request) => Err(Error::not_found("event", request.event)),
            other => panic!("events is not needed for {other:?}"),
        }
    }
}

struct Installation {
    auth: Arc<Chassis>,
    late: Arc<Mutex<Vec<AuthChange>>>,
    events: Arc<Chassis>,
    /// Events follows auth, as it really does.
    _following: JoinHandle<()>,
    running: Running<InvitationsProtocol>,
    client: InvitationsClient,
}

async fn happens<C: Change>(owner: &Arc<Chassis>, changes: Vec<C>) -> Positions {
    let written = owner.db().write(move |tx| {
        changes.into_iter().try_for_each(|change| chassis::log::announce(tx, change).map(|_| ()))?;
        Ok::<_, Fault>(Chassis::position(tx))
    });
    Positions::of(owner.service(), written.await.unwrap())
}

async fn installation() -> Installation {
    let auth = Chassis::new(Service::Auth, setup("auth"));
    let events = Chassis::new(Service::Events, setup("events"));
    let following = tokio::spawn(Arc::clone(&events).follow(Service::Auth, Log(Arc::clone(&auth)), Heedless));
    let late = Arc::new(Mutex::new(Vec::new()));
    let auth_client = Arc::new(AuthClient(Arc::new(Auth { log: Arc::clone(&auth), late: Arc::clone(&late) })));
    let events_client = Arc::new(EventsClient(Arc::new(Log(Arc::clone(&events)))));
    let running = crate::start(setup("invitations"), auth_client, events_client).await.unwrap();
    let client = InvitationsClient(running.stub());
    Installation { auth, late, events, _following: following, running, client }
}

fn call(user: UserId, seen: Positions) -> Context {
    let context = Context::new(Credential::None, Duration::from_secs(20)).as_command(IdempotencyKey::new(), 1);
    let mut context = context.having_seen(seen);
    let at = Position { epoch: domain::Epoch([0; 16]), at: 0 };
    context.actor = Actor::User { user, session: SessionId::new(), at };
    context
}

fn user(name: &str) -> User {
    User { id: UserId::new(), username: name.parse().unwrap() }
}

fn public_event(organizer: &User) -> EventFacts {
    EventFacts {
        event: EventId::new(),
        organizer: Some(organizer.id),
        title: "Walk".parse().unwrap(),
        location: "Hill".parse().unwrap(),
        series: Series::once(EventTime::all_day(date(2027, 3, 10), date(2027, 3, 11)).unwrap()),
        public: true,
        capacity: None,
        alarms: Alarms::default(),
        cancelled: false,
        version: 1,
    }
}

#[test]
fn whoever_has_seen_the_cause_sees_the_invitation_at_once() {
    run(async {
        let all = installation().await;
        let (alice, bob) = (user("alice"), user("bob"));
        let event = public_event(&alice);
        let registered = [&alice, &bob].map(|user| AuthChange::UserRegistered(user.clone()));
        let mut seen = happens(&all.auth, registered.to_vec()).await;
        let invited = EventChange::Invited { event: event.event, inviter: alice.id, invitees: vec![bob.id] };
        seen.merge(&happens(&all.events, vec![EventChange::Put(event.clone()), invited]).await);
        let inbox = Inbox { all: false, page: page(10) };
        let reply = all.client.inbox(&call(bob.id, seen.clone()), inbox).await.unwrap();
        assert_eq!((reply.value.items.len(), reply.behind.len()), (1, 0));
        for service in [Service::Auth, Service::Events] {
            assert_eq!(reply.seen.get(service), seen.get(service), "it says how far it has seen");
        }
        let health = all.client.health(&call(bob.id, seen), AskHealth).await.unwrap().value;
        assert!(health.behind.is_empty() && health.stopped.is_empty());
        all.running.stop().await;
    });
}

#[test]
fn someone_whom_auth_has_not_brought_yet_is_waited_for_and_named() {
    run(async {
        let all = installation().await;
        let (alice, bob, carol) = (user("alice"), user("bob"), user("carol"));
        let event = public_event(&alice);
        let mut seen = happens(&all.auth, vec![AuthChange::UserRegistered(alice.clone())]).await;
        let invited = EventChange::Invited { event: event.event, inviter: alice.id, invitees: vec![bob.id, carol.id] };
        seen.merge(&happens(&all.events, vec![EventChange::Put(event.clone()), invited]).await);
        let ask = ListParticipants { event: event.event, instance: Instance::Series, status: None, page: page(10) };
        // Nobody here has heard of the two when alice asks; auth's log has them when it is asked how far it is.
        let newcomers = [&bob, &carol].map(|user| AuthChange::UserRegistered(user.clone()));
        *all.late.lock() = newcomers.to_vec();
        let reply = all.client.participants(&call(alice.id, seen), ask).await.unwrap();
        assert_eq!(reply.value.people.items.len(), 2);
        assert!(reply.behind.is_empty());
        let request = OfPeople { event: event.event, invitees: vec!["nobody".parse().unwrap(), carol.username] };
        let reply = all.client.of_people(&call(alice.id, Positions::default()), request).await.unwrap();
        assert_eq!((reply.value.len(), reply.behind.len()), (1, 0), "auth was heard of in full: nobody is nobody");
        // bob acts before anything else told this service to wait for him.
        let attend = Attend { event: event.event, instance: Instance::Series, maybe: false };
        let attended = all.client.attend(&call(bob.id, Positions::default()), attend).await.unwrap().value;
        assert_eq!(attended.status, Status::Going);
        all.running.stop().await;
    });
}

#[test]
fn a_large_cascade_is_awaited_by_whoever_has_seen_its_cause() {
    run(async {
        let all = installation().await;
        let alice = user("alice");
        let event = public_event(&alice);
        let mut seen = happens(&all.auth, vec![AuthChange::UserRegistered(alice.clone())]).await;
        let mut changes = vec![EventChange::Put(event.clone())];
        let people: Vec<UserId> = (0..1_000).map(|_| UserId::new()).collect();
        for some in people.chunks(MAX_PEOPLE_A_RECORD) {
            changes.push(EventChange::Invited { event: event.event, inviter: alice.id, invitees: some.to_vec() });
        }
        seen.merge(&happens(&all.events, changes).await);
        let ask = || ListParticipants { event: event.event, instance: Instance::Series, status: None, page: page(10) };
        // A busy machine may take longer than a call waits: then the answer says that it is behind.
        let before = loop {
            let reply = all.client.participants(&call(alice.id, seen.clone()), ask()).await.unwrap();
            if reply.behind.is_empty() {
                break reply;
            }
        };
        assert_eq!(before.value.counts.pending, 1_000);
        seen.merge(&happens(&all.events, vec![EventChange::Removed { event: event.event }]).await);
        let db = all.running.chassis().db().clone();
        while !all.client.inbox(&call(alice.id, seen.clone()), Inbox::default()).await.unwrap().behind.is_empty() {}
        let left = db.read(|view| crate::store::tally(view, event.event, Instance::Series)).await.unwrap().counts;
        assert_eq!(left.pending, 0);
        all.running.stop().await;
    });
}
