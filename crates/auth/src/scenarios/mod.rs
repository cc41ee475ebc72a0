//! The service as its callers meet it, on a database in memory, with a clock that is moved by hand.

mod account;
mod encodings;
mod entering;
mod guessing;
mod lookup;
mod model;
mod secrets;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chassis::directory::{self, Followed};
use chassis::follow::Follower;
use chassis::{Chassis, Fault, Listing, OperatorKey, Running, Setup, Source, SystemClock};
use domain::auth::{
    Auth, AuthChange, AuthClient, AuthProtocol, AuthRow, ChangePassword, DeleteAccount, Login, Logout, Register,
    SignedIn,
};
use domain::log::{Changes, LogCursor, ReadChanges, Record};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::{
    Actor, Answer, Clock, Context, Credential, Error, IdempotencyKey, Peer, Position, Service, Timestamp, Username,
};
use storage::{Database, Options, Transaction};
use tokio::task::JoinSet;

use crate::{Config, PasswordCost};

/// Auth, as a service asks it.
struct As(Service, Arc<dyn Auth>);

#[async_trait]
impl Source<AuthChange> for As {
    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<AuthChange>> {
        let context = Context { actor: Actor::Service(self.0), ..context.clone() };
        self.1.changes(&context, request).await
    }

    async fn snapshot(&self, context: &Context, request: ReadSnapshot) -> Answer<Snapshot<AuthChange>> {
        self.1.snapshot(context, request).await
    }
}

/// What every service keeps of auth, and nothing else.
struct Directory;

impl Follower<AuthChange> for Directory {
    fn apply(&self, tx: &mut Transaction<'_>, _: Position, change: &AuthChange) -> Result<(), Fault> {
        directory::apply(tx, change)
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, AuthRow>) -> Result<Listing<'a, 'tx, AuthRow>, Fault> {
        directory::held(rows)
    }
}

/// A clock moved by hand.
pub(crate) struct Hand(AtomicI64);

impl Hand {
    pub(crate) fn at_present() -> Self {
        Self(AtomicI64::new(SystemClock.now().as_micros()))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// The running service, and whom it needs around it.
struct Stage {
    running: Running<AuthProtocol>,
    auth: Arc<dyn Auth>,
    clock: Arc<Hand>,
    /// What each of the four followers knows.
    followers: Vec<Arc<Chassis>>,
    following: JoinSet<()>,
}

const GOOD: &str = "correct horse";
const OTHER: &str = "battery staple";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

impl Stage {
    async fn new() -> Self {
        Self::with(Config::default()).await
    }

    async fn with(config: Config) -> Self {
        let clock = Arc::new(Hand::at_present());
        let operator = OperatorKey::random().unwrap();
        let setup = |db| Setup { db, clock: Arc::clone(&clock) as Arc<dyn Clock>, operator: operator.clone() };
        let db = Database::in_memory(Options::new("auth", crate::SCHEMA));
        let config = Config { hashing: PasswordCost::cheapest(), ..config };
        let running = crate::start(setup(db), config).await.unwrap();
        let auth: Arc<dyn Auth> = Arc::new(AuthClient(running.stub()));

        let mut following = JoinSet::new();
        let mut followers = Vec::new();
        for service in Service::Auth.followers() {
            let db = Database::in_memory(Options::new(service.name(), 1));
            let chassis = Chassis::new(service, setup(db));
            let auth = Arc::clone(&auth);
            following.spawn(Arc::clone(&chassis).follow(Service::Auth, As(service, auth), Directory));
            followers.push(chassis);
        }
        Self { running, auth, clock, followers, following }
    }

    fn db(&self) -> &Database {
        self.running.chassis().db()
    }

    async fn register(&self, name: &str) -> SignedIn {
        self.auth.register(&nobody(), registration(name, GOOD)).await.unwrap().value
    }

    async fn login(&self, context: &Context, name: &str, password: &str) -> Result<SignedIn, Error> {
        self.auth.login(context, login(name, password)).await.map(|reply| reply.value)
    }

    /// A command of whoever holds that token, with an identity of its own.
    async fn by(&self, signed_in: &SignedIn) -> Result<Context, Error> {
        let mut context = nobody();
        context.credential = Credential::Session(signed_in.token.clone());
        context.actor = self.running.authenticate().authenticate(&context.credential).await?;
        Ok(context)
    }

    async fn logout(&self, signed_in: &SignedIn) {
        self.auth.logout(&self.by(signed_in).await.unwrap(), Logout).await.unwrap();
    }

    async fn delete_account(&self, signed_in: &SignedIn) {
        self.auth.delete_account(&self.by(signed_in).await.unwrap(), DeleteAccount).await.unwrap();
    }

    /// Whether auth, and each follower once it has caught up, lets the token in.
    async fn is_good(&self, signed_in: &SignedIn) -> bool {
        let at_auth = self.by(signed_in).await.is_ok();
        let credential = Credential::Session(signed_in.token.clone());
        let end = self.running.chassis().health().positions.get(Service::Auth);
        for follower in &self.followers {
            let caught_up = async {
                while follower.db().read(|view| chassis::follow::cursor_of(view, Service::Auth)).await.unwrap() != end {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), caught_up).await.expect("a follower catches up");
            let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
            let book = Followed(Arc::clone(follower));
            let authenticator = chassis::authenticator::Authenticator::new(
                follower.service(),
                follower.operator().clone(),
                clock,
                book,
            );
            let there = domain::Authenticate::authenticate(&authenticator, &credential).await;
            assert_eq!(there.is_ok(), at_auth, "{} and auth differ: {there:?}", follower.service());
        }
        at_auth
    }

    /// The whole log.
    async fn log(&self) -> Vec<AuthChange> {
        let mut after = LogCursor::START;
        let mut log = Vec::new();
        loop {
            let request = ReadChanges { after, limit: 500, wait_ms: 0, followed: domain::Positions::default() };
            let mut context = nobody();
            context.actor = Actor::Operator;
            match self.auth.changes(&context, request).await.unwrap().value {
                Changes::Records { records, .. } if records.is_empty() => return log,
                Changes::Records { epoch, records, .. } => {
                    let Record { position, digest, .. } = records.last().unwrap().clone();
                    after = LogCursor { epoch: Some(epoch), position, digest };
                    log.extend(records.into_iter().map(|record| record.change));
                }
                diverged @ Changes::Diverged { .. } => panic!("{diverged:?}"),
            }
        }
    }
}

/// A command of nobody in particular, with an identity of its own.
fn nobody() -> Context {
    Context::new(Credential::None, Duration::from_secs(30)).as_command(IdempotencyKey::new(), 1)
}

fn from(address: &str) -> Context {
    Context { peer: Peer::Address(address.parse().unwrap()), ..nobody() }
}

fn name(text: &str) -> Username {
    text.parse().unwrap()
}

fn registration(user: &str, password: &str) -> Register {
    Register { username: name(user), password: password.to_owned().try_into().unwrap() }
}

fn login(user: &str, password: &str) -> Login {
    Login { username: name(user), password: password.to_owned().try_into().unwrap() }
}

fn new_password(current: &str, new: &str) -> ChangePassword {
    ChangePassword { current: current.to_owned().try_into().unwrap(), new: new.to_owned().try_into().unwrap() }
}
