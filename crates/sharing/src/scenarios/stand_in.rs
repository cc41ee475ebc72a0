//! A stand-in for auth: users by name, and a true log of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chassis::log::announce;
use chassis::{Chassis, Fault, Setup};
use domain::auth::{
    Auth, AuthChange, ChangePassword, CompleteName, DeleteAccount, FindUser, Login, Logout, Register, Renew, SignedIn,
    User, VouchedUser, WhoAmI,
};
use domain::integrity::{AskHealth, Audit, AuditPage, Health, Present};
use domain::log::{Changes, ReadChanges};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::{Answer, Context, Epoch, Error, Position, Reply, Service, UserId, Username};
use parking_lot::Mutex;

pub(super) struct StandIn {
    chassis: Arc<Chassis>,
    users: Mutex<BTreeMap<Username, UserId>>,
    /// Nothing of it can be reached.
    pub(super) is_away: AtomicBool,
    /// Its log does not arrive, though it answers otherwise.
    pub(super) is_silent: AtomicBool,
    /// It does not accept the identities of those who ask: their clocks differ too much.
    pub(super) distrusts: AtomicBool,
}

impl StandIn {
    pub(super) fn new(setup: Setup) -> Self {
        let chassis = Chassis::new(Service::Auth, setup);
        let (is_away, is_silent, distrusts) = Default::default();
        Self { chassis, users: Mutex::default(), is_away, is_silent, distrusts }
    }

    pub(super) async fn add(&self, name: &str) -> User {
        let user = User { id: UserId::new(), username: name.parse().unwrap() };
        self.announce(AuthChange::UserRegistered(user.clone())).await;
        self.users.lock().insert(user.username.clone(), user.id);
        user
    }

    pub(super) async fn delete(&self, user: &User) {
        self.users.lock().remove(&user.username);
        self.announce(AuthChange::UserDeleted { user: user.id }).await;
    }

    async fn announce(&self, change: AuthChange) {
        self.chassis.db().write(move |tx| announce(tx, change)).await.unwrap();
    }

    pub(super) fn position(&self) -> Position {
        let db = self.chassis.db();
        Position { epoch: Epoch(db.epoch().0), at: db.durable_position() }
    }

    pub(super) fn has(&self, user: UserId) -> bool {
        self.users.lock().values().any(|id| *id == user)
    }

    fn away<T>(&self) -> Answer<T> {
        Err(Error::unavailable(Service::Auth, "it is away"))
    }
}

#[async_trait]
impl Auth for StandIn {
    async fn find_user(&self, _: &Context, request: FindUser) -> Answer<VouchedUser> {
        if self.is_away.load(Ordering::Relaxed) {
            return self.away();
        }
        if self.distrusts.load(Ordering::Relaxed) {
            return Err(Error::unauthenticated("the service token is no longer good"));
        }
        let found = self.users.lock().get(&request.username).copied();
        let id = found.ok_or_else(|| Error::not_found("user", &request.username))?;
        let user = User { id, username: request.username };
        Ok(Reply::new(VouchedUser { user, at: self.position() }, domain::Positions::default()))
    }

    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<AuthChange>> {
        if self.is_away.load(Ordering::Relaxed) || self.is_silent.load(Ordering::Relaxed) {
            return self.away();
        }
        // Never waits, so that going away takes hold at once; followers ask again.
        let request = ReadChanges { wait_ms: request.wait_ms.min(5), ..request };
        let answer = self.chassis.serve_changes(context, request).await;
        if self.is_away.load(Ordering::Relaxed) || self.is_silent.load(Ordering::Relaxed) {
            return self.away();
        }
        answer
    }

    async fn register(&self, _: &Context, _: Register) -> Answer<SignedIn> {
        self.away()
    }
    async fn login(&self, _: &Context, _: Login) -> Answer<SignedIn> {
        self.away()
    }
    async fn logout(&self, _: &Context, _: Logout) -> Answer<User> {
        self.away()
    }
    async fn renew(&self, _: &Context, _: Renew) -> Answer<SignedIn> {
        self.away()
    }
    async fn change_password(&self, _: &Context, _: ChangePassword) -> Answer<User> {
        self.away()
    }
    async fn delete_account(&self, _: &Context, _: DeleteAccount) -> Answer<User> {
        self.away()
    }
    async fn whoami(&self, _: &Context, _: WhoAmI) -> Answer<User> {
        self.away()
    }
    async fn complete_name(&self, _: &Context, _: CompleteName) -> Answer<Vec<Username>> {
        self.away()
    }
    async fn audit(&self, _: &Context, _: Audit) -> Answer<AuditPage> {
        self.away()
    }
    async fn present(&self, _: &Context, _: Present) -> Answer<Vec<bool>> {
        self.away()
    }
    async fn health(&self, _: &Context, _: AskHealth) -> Answer<Health> {
        self.away()
    }
    async fn snapshot(&self, _: &Context, _: ReadSnapshot) -> Answer<Snapshot<AuthChange>> {
        self.away()
    }
}

/// Announces many users at once.
pub(super) async fn add_many(stand_in: &StandIn, count: usize) -> Vec<User> {
    let name = |n: usize| format!("crowd-{n:04}").parse::<Username>().unwrap();
    let users: Vec<User> = (0..count).map(|n| User { id: UserId::new(), username: name(n) }).collect();
    let announced = users.clone();
    let write = stand_in.chassis.db().write(move |tx| {
        announced.into_iter().try_for_each(|user| announce(tx, AuthChange::UserRegistered(user)).map(|_| ()))
    });
    let written: Result<(), Fault> = write.await;
    written.unwrap();
    stand_in.users.lock().extend(users.iter().map(|user| (user.username.clone(), user.id)));
    users
}
