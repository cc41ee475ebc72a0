//! The rules: each method of [`Auth`], by family. Here stands only which method is whose.

mod account;
pub(crate) mod entering;
mod lookup;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::{Chassis, Fault};
use domain::auth::{
    Auth, AuthChange, ChangePassword, CompleteName, DeleteAccount, FindUser, Login, Logout, Register, Renew, SignedIn,
    User, VouchedUser, WhoAmI,
};
use domain::integrity::{AskHealth, Audit, AuditPage, Health, Present};
use domain::log::{Changes, ReadChanges};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::{Answer, Context, Epoch, Error, PasswordAttempt, Reply, Service, SessionId, UserId, Username};
use serde::{Deserialize, Serialize};
use storage::Reader;

use crate::keys::Keyring;
use crate::limits::Limits;
use crate::passwords::{Hasher, StoredHash};
use crate::store::{self, SESSIONS, SessionRow};
use crate::{Config, audit, snapshot};

/// The service.
pub(crate) struct AuthService {
    chassis: Arc<Chassis>,
    keys: Arc<Keyring>,
    hasher: Hasher,
    limits: Limits,
    session_life: Duration,
}

/// What a sign-in made; kept under its idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entered {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

/// A session as it was found in a view, from which its token is made.
struct Found {
    user: User,
    session: SessionId,
    row: SessionRow,
    epoch: Epoch,
}

impl AuthService {
    /// Over its tables and keys.
    pub(crate) async fn new(chassis: Arc<Chassis>, keys: Arc<Keyring>, config: &Config) -> Result<Self, Fault> {
        let hasher = Hasher::new(config).await?;
        let limits = Limits::new(config, Arc::clone(chassis.clock()));
        Ok(Self { chassis, keys, hasher, limits, session_life: config.session_life })
    }

    /// Whether `attempt` is the password behind `stored`. Wrong ones are counted, and too many of them refused.
    async fn proves(
        &self,
        context: &Context,
        name: &Username,
        stored: Option<StoredHash>,
        attempt: PasswordAttempt,
    ) -> Result<bool, Fault> {
        let from = context.peer.into();
        self.limits.attempt(name, from)?;
        let right = self.hasher.fits(context, attempt, stored).await?;
        if right {
            self.limits.attempt(name, from)?;
        } else {
            self.limits.failure(name, from)?;
        }
        Ok(right)
    }

    /// The session of a sign-in, if it is still live.
    fn find(reader: &impl Reader, entered: &Entered) -> Result<Found, Fault> {
        let Some(row) = reader.get(&SESSIONS, &entered.session)?.filter(|row| row.user == entered.user) else {
            return Err(Error::unauthenticated("the session of this sign-in has ended; sign in again").into());
        };
        let user = store::shown(entered.user, &store::account(reader, entered.user)?);
        Ok(Found { user, session: entered.session, row, epoch: Epoch(reader.epoch().0) })
    }

    /// The answer to a sign-in. The same session gives the same token until it is renewed.
    fn signed_in(&self, reply: Reply<Found>) -> Result<Reply<SignedIn>, Fault> {
        let Found { user, session, row, epoch } = &reply.value;
        let token = self.keys.mint(*epoch, self.chassis.clock().now(), *session, row, &user.username)?;
        let signed_in = SignedIn { user: user.clone(), token, expires: row.expires };
        Ok(reply.map(|_| signed_in))
    }
}

fn told<T>(outcome: Result<Reply<T>, Fault>) -> Answer<T> {
    outcome.map_err(|fault| fault.into_error(Service::Auth))
}

#[async_trait]
impl Auth for AuthService {
    async fn register(&self, context: &Context, request: Register) -> Answer<SignedIn> {
        told(self.do_register(context, request).await)
    }

    async fn login(&self, context: &Context, request: Login) -> Answer<SignedIn> {
        told(self.do_login(context, request).await)
    }

    async fn logout(&self, context: &Context, _: Logout) -> Answer<User> {
        told(self.do_logout(context).await)
    }

    async fn renew(&self, context: &Context, _: Renew) -> Answer<SignedIn> {
        told(self.do_renew(context).await)
    }

    async fn change_password(&self, context: &Context, request: ChangePassword) -> Answer<User> {
        told(self.do_change_password(context, request).await)
    }

    async fn delete_account(&self, context: &Context, _: DeleteAccount) -> Answer<User> {
        told(self.do_delete_account(context).await)
    }

    async fn whoami(&self, context: &Context, _: WhoAmI) -> Answer<User> {
        told(self.do_whoami(context).await)
    }

    async fn find_user(&self, context: &Context, request: FindUser) -> Answer<VouchedUser> {
        told(self.do_find_user(context, &request).await)
    }

    async fn complete_name(&self, context: &Context, request: CompleteName) -> Answer<Vec<Username>> {
        told(self.do_complete_name(context, &request).await)
    }

    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<AuthChange>> {
        self.chassis.serve_changes(context, request).await
    }

    async fn audit(&self, context: &Context, request: Audit) -> Answer<AuditPage> {
        self.chassis.query(context, |view| audit::page(view, &request)).await
    }

    async fn present(&self, context: &Context, request: Present) -> Answer<Vec<bool>> {
        told(self.do_present(context, &request).await)
    }

    async fn health(&self, _: &Context, _: AskHealth) -> Answer<Health> {
        self.chassis.answer_health()
    }

    async fn snapshot(&self, _: &Context, request: ReadSnapshot) -> Answer<Snapshot<AuthChange>> {
        self.chassis.serve_snapshot(&request, snapshot::rows).await
    }
}
