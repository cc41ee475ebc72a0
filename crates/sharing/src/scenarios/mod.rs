//! The service as its callers meet it, on a database in memory, beside a stand-in for auth.

mod away;
mod cascades;
mod encodings;
mod model;
mod rules;
mod stand_in;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use chassis::follow::{Follower, cursor_of};
use chassis::{Fault, Listing, OperatorKey, Running, Setup, Source, SystemClock};
use domain::auth::{Auth, User};
use domain::integrity::{Audit, AuditPage, Reference};
use domain::log::{Changes, LogCursor, ReadChanges};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::sharing::{
    Level, ListShares, Share, ShareCalendar, Shares, Sharing, SharingChange, SharingClient, SharingProtocol,
    SharingRow, Unshare,
};
use domain::{Actor, Answer, Context, Credential, Error, IdempotencyKey, Position, Positions, Service, SessionId};
use storage::{Database, Options, Transaction};
use tokio::task::JoinHandle;

use stand_in::StandIn;

/// Sharing, as calendar asks it.
struct AsCalendar(Arc<dyn Sharing>);

#[async_trait]
impl Source<SharingChange> for AsCalendar {
    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<SharingChange>> {
        let context = Context { actor: Actor::Service(Service::Calendar), ..context.clone() };
        self.0.changes(&context, request).await
    }

    async fn snapshot(&self, context: &Context, request: ReadSnapshot) -> Answer<Snapshot<SharingChange>> {
        self.0.snapshot(context, request).await
    }
}

/// Follows, and does nothing about it.
struct Heedless;

impl Follower<SharingChange> for Heedless {
    fn apply(&self, _: &mut Transaction<'_>, _: Position, _: &SharingChange) -> Result<(), Fault> {
        Ok(())
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, SharingRow>) -> Result<Listing<'a, 'tx, SharingRow>, Fault> {
        Ok(rows)
    }
}

/// The running service, auth, and a calendar that only passes what it reads.
struct Stage {
    running: Running<SharingProtocol>,
    sharing: Arc<dyn Sharing>,
    auth: Arc<StandIn>,
    calendar: JoinHandle<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.calendar.abort();
    }
}

/// A signed-in user, who numbers their commands.
#[derive(Clone)]
struct Person {
    user: User,
    session: SessionId,
    at: Position,
}

impl Stage {
    async fn new() -> Self {
        let operator = OperatorKey::random().unwrap();
        let setup = |name| Setup {
            db: Database::in_memory(Options::new(name, crate::SCHEMA)),
            clock: Arc::new(SystemClock),
            operator: operator.clone(),
        };
        let auth = Arc::new(StandIn::new(setup("auth")));
        let running = crate::start(setup("sharing"), Arc::clone(&auth) as Arc<dyn Auth>).await.unwrap();
        let sharing: Arc<dyn Sharing> = Arc::new(SharingClient(running.stub()));
        let follower = chassis::Chassis::new(Service::Calendar, setup("calendar"));
        let calendar = tokio::spawn(follower.follow(Service::Sharing, AsCalendar(Arc::clone(&sharing)), Heedless));
        Self { running, sharing, auth, calendar }
    }

    fn db(&self) -> &Database {
        self.running.chassis().db()
    }

    /// Registers a user and lets the news arrive.
    async fn person(&self, name: &str) -> Person {
        let user = self.auth.add(name).await;
        self.caught_up().await;
        self.signed_in(&user)
    }

    fn signed_in(&self, user: &User) -> Person {
        Person { user: user.clone(), session: SessionId::new(), at: self.auth.position() }
    }

    /// Waits until all that auth has announced is applied here, long cascades included.
    async fn caught_up(&self) {
        let seen = Positions::of(Service::Auth, self.auth.position());
        let applied = async {
            // It does not wait at all for a service that it cannot reach.
            while !self.running.chassis().catch_up(&anyone().having_seen(seen.clone())).await.is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), applied).await.expect("sharing catches up with auth");
    }

    async fn share(&self, context: &Context, with: &str, level: Level) -> Result<Shares, Error> {
        let request = ShareCalendar { with: with.parse().unwrap(), level };
        Ok(self.sharing.share(context, request).await?.value)
    }

    async fn unshare(&self, context: &Context, with: &str) -> Result<Shares, Error> {
        Ok(self.sharing.unshare(context, Unshare { with: with.parse().unwrap() }).await?.value)
    }

    async fn shares(&self, person: &Person) -> Shares {
        self.sharing.shares(&person.asks(), ListShares).await.unwrap().value
    }

    async fn log(&self) -> Vec<SharingChange> {
        let request = ReadChanges { after: LogCursor::START, limit: 500, wait_ms: 0, followed: Positions::default() };
        match self.sharing.changes(&anyone(), request).await.unwrap().value {
            Changes::Records { records, .. } => records.into_iter().map(|record| record.change).collect(),
            diverged @ Changes::Diverged { .. } => panic!("{diverged:?}"),
        }
    }

    /// All references; nothing may be wrong.
    async fn references(&self) -> Vec<Reference> {
        let (references, discrepancies) = self.audited().await;
        assert!(discrepancies.is_empty(), "{discrepancies:?}");
        references
    }

    async fn audited(&self) -> (Vec<Reference>, Vec<String>) {
        let (mut references, mut discrepancies, mut request) = (Vec::new(), Vec::new(), Audit::default());
        loop {
            let AuditPage { references: more, discrepancies: wrong, next } =
                self.sharing.audit(&anyone(), request).await.unwrap().value;
            assert!(more.len() <= 1_000);
            references.extend(more);
            discrepancies.extend(wrong);
            if next.is_none() {
                return (references, discrepancies);
            }
            request = Audit { after: next };
        }
    }
}

impl Person {
    /// A query.
    fn asks(&self) -> Context {
        let mut context = anyone();
        context.actor = Actor::User { user: self.user.id, session: self.session, at: self.at };
        context
    }

    /// The command of that number in their session.
    fn commands(&self, sequence: u64) -> Context {
        self.asks().as_command(IdempotencyKey::new(), sequence)
    }
}

fn anyone() -> Context {
    Context::new(Credential::None, Duration::from_secs(30))
}

fn to(name: &str, level: Level) -> Share {
    Share { username: name.parse().unwrap(), level }
}
