//! What signed-in people do with their session and their account.
//!
//! Each looks for its session inside the transaction: it may have ended since the caller was authenticated.

use chassis::journal::Identity;
use chassis::log::announce;
use chassis::{Fault, Settle};
use domain::auth::{AuthChange, ChangePassword, SignedIn, User};
use domain::{Context, Error, PasswordAttempt, Reply};
use storage::{Transaction, View};

use super::{AuthService, Entered};
use crate::sessions;
use crate::store::{self, NAMES, RETIRED_NAMES, USERS};

impl AuthService {
    pub(super) async fn do_logout(&self, context: &Context) -> Result<Reply<User>, Fault> {
        let (user, session) = (context.user()?, context.session()?);
        let change = move |tx: &mut Transaction<'_>| {
            let row = store::account(tx, user)?;
            sessions::end(tx, session)?;
            Ok(store::shown(user, &row))
        };
        Ok(self.chassis.command(context, "logout", &session, Settle::WithFollowers, change, as_it_was).await?)
    }

    pub(super) async fn do_renew(&self, context: &Context) -> Result<Reply<SignedIn>, Fault> {
        let (now, life, asking) = (self.chassis.clock().now(), self.session_life, context.clone());
        let change = move |tx: &mut Transaction<'_>| {
            let (session, row) = sessions::of_actor(tx, &asking)?;
            sessions::renew(tx, session, &row, now, life)?;
            Ok(Entered { user: row.user, session })
        };
        let show = |view: &View<'_>, entered: &Entered| Self::find(view, entered);
        // Which session it is about is a part of the command: keys are scoped to users only.
        let request = context.session()?;
        self.signed_in(self.chassis.command(context, "renew", &request, Settle::No, change, show).await?)
    }

    pub(super) async fn do_change_password(
        &self,
        context: &Context,
        request: ChangePassword,
    ) -> Result<Reply<User>, Fault> {
        let ChangePassword { current, new } = request;
        let user = context.user()?;
        let identity = Identity::of(context, "change_password", &(), self.chassis.clock().now())?;
        let (earlier, account) = self
            .chassis
            .db()
            .read(|view| Ok::<_, Fault>((identity.done::<User>(view)?, store::account(view, user)?)))
            .await?;
        if earlier.is_some() {
            return self.change_password_again(context, new.into()).await;
        }
        if !self.proves(context, &account.username, Some(account.password.clone()), current).await? {
            return Err(wrong_current().into());
        }
        let hash = self.hasher.hash(context, new.clone()).await?;

        let (checked, chosen, asking) = (account.password, hash.clone(), context.clone());
        let change = move |tx: &mut Transaction<'_>| {
            let (session, _) = sessions::of_actor(tx, &asking)?;
            let mut row = store::account(tx, user)?;
            if row.password != checked {
                // Changed from elsewhere while this one was checked.
                return Err(wrong_current().into());
            }
            row.password = chosen;
            tx.put(&USERS, &user, &row)?;
            sessions::end_others(tx, user, session)?;
            Ok(store::shown(user, &row))
        };
        let show = |view: &View<'_>, user: &User| Ok((user.clone(), store::account(view, user.id)?.password == hash));
        let reply = self.chassis.command(context, "change_password", &(), Settle::WithFollowers, change, show).await?;
        if !reply.value.1 {
            // The same command had come a moment before.
            return self.change_password_again(context, new.into()).await;
        }
        Ok(reply.map(|(user, _)| user))
    }

    /// Answers a change that was made before: it was this one if it chose the password that is now in force.
    async fn change_password_again(&self, context: &Context, new: PasswordAttempt) -> Result<Reply<User>, Fault> {
        let user = context.user()?;
        let reply = self.chassis.query(context, |view| store::account(view, user)).await?;
        let account = &reply.value;
        if !self.proves(context, &account.username, Some(account.password.clone()), new).await? {
            let reason = "this idempotency key was already used to change to another password";
            return Err(Error::conflict("idempotency key", reason).into());
        }
        let shown = store::shown(user, account);
        Ok(reply.map(|_| shown))
    }

    pub(super) async fn do_delete_account(&self, context: &Context) -> Result<Reply<User>, Fault> {
        let asking = context.clone();
        let change = move |tx: &mut Transaction<'_>| {
            let (_, session) = sessions::of_actor(tx, &asking)?;
            let (id, row) = (session.user, store::account(tx, session.user)?);
            let name = row.username.as_str().to_owned();
            sessions::forget_all(tx, id)?;
            tx.delete(&USERS, &id)?;
            tx.delete(&NAMES, &name)?;
            tx.put(&RETIRED_NAMES, &name, &())?;
            announce(tx, AuthChange::UserDeleted { user: id })?;
            Ok(store::shown(id, &row))
        };
        Ok(self.chassis.command(context, "delete_account", &(), Settle::WithFollowers, change, as_it_was).await?)
    }

    pub(super) async fn do_whoami(&self, context: &Context) -> Result<Reply<User>, Fault> {
        let user = context.user()?;
        Ok(self.chassis.query(context, |view| Ok(store::shown(user, &store::account(view, user)?))).await?)
    }
}

/// The user as the command found them, who may be gone by now.
#[allow(clippy::unnecessary_wraps, reason = "as a command shows its outcome")]
fn as_it_was(_: &View<'_>, user: &User) -> Result<User, Fault> {
    Ok(user.clone())
}

/// Forbidden, not unauthenticated: the session is good, and on the latter a client drops it.
fn wrong_current() -> Error {
    Error::forbidden("the current password is wrong")
}
