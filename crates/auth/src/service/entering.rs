//! Coming in: registration and sign-in.
//!
//! Both are commands of people who are nobody yet, and idempotency keys of nobody are one namespace. So no key alone ever
//! gives a session: a password is checked before anything that was done earlier is answered again. What is kept with a key is
//! the name and the ids, never anything made from the password.

use chassis::journal::Identity;
use chassis::log::announce;
use chassis::{Fault, Settle};
use domain::auth::{AuthChange, Login, Register, SignedIn, User};
use domain::{Context, Error, PasswordAttempt, Reply, SessionId, UserId, Username};
use storage::{Reader as _, Transaction, View};

use super::{AuthService, Entered};
use crate::passwords::StoredHash;
use crate::sessions;
use crate::store::{self, NAMES, USERS, UserRow};

impl AuthService {
    pub(super) async fn do_register(&self, context: &Context, request: Register) -> Result<Reply<SignedIn>, Fault> {
        let Register { username, password } = request;
        let identity = Identity::of(context, "register", &username, self.chassis.clock().now())?;
        let (earlier, taken) = self
            .chassis
            .db()
            .read(|view| Ok::<_, Fault>((identity.done::<Entered>(view)?, store::was_issued(view, &username)?)))
            .await?;
        if let Some(entered) = earlier {
            return self.register_again(context, &username, password.into(), entered).await;
        }
        if taken {
            return Err(name_taken(&username).into());
        }
        self.limits.registration(context.peer.into())?;
        let hash = self.hasher.hash(context, password.clone()).await?;

        let entering = Entered { user: UserId::new(), session: SessionId::new() };
        let (now, life, name) = (self.chassis.clock().now(), self.session_life, username.clone());
        let change = move |tx: &mut Transaction<'_>| {
            if store::was_issued(tx, &name)? {
                return Err(name_taken(&name).into());
            }
            enrol(tx, entering.user, UserRow { username: name, password: hash, created: now })?;
            sessions::start(tx, entering.session, entering.user, now, life)?;
            Ok(entering)
        };
        let show = |view: &View<'_>, entered: &Entered| Ok((*entered, Self::find(view, entered)?));
        let reply = self.chassis.command(context, "register", &username, Settle::No, change, show).await?;
        let (entered, _) = reply.value;
        if entered != entering {
            // The same command had come a moment before.
            return self.register_again(context, &username, password.into(), entered).await;
        }
        self.signed_in(reply.map(|(_, found)| found))
    }

    /// Answers a registration that was carried out before, if the password is that of the account.
    async fn register_again(
        &self,
        context: &Context,
        username: &Username,
        attempt: PasswordAttempt,
        entered: Entered,
    ) -> Result<Reply<SignedIn>, Fault> {
        let known = self.known(username).await?.filter(|(id, _)| *id == entered.user);
        if !self.proves(context, username, known.map(|(_, hash)| hash), attempt).await? {
            return Err(refused().into());
        }
        self.signed_in(self.chassis.query(context, |view| Self::find(view, &entered)).await?)
    }

    pub(super) async fn do_login(&self, context: &Context, request: Login) -> Result<Reply<SignedIn>, Fault> {
        let Login { username, password } = request;
        // A command without a good identity is refused before it costs anything; what was done under it is answered only below.
        Identity::of(context, "login", &username, self.chassis.clock().now())?;
        let known = self.known(&username).await?;
        let right = self.proves(context, &username, known.as_ref().map(|(_, hash)| hash.clone()), password).await?;
        let Some((user, checked)) = known.filter(|_| right) else { return Err(refused().into()) };

        let entering = Entered { user, session: SessionId::new() };
        let (now, life) = (self.chassis.clock().now(), self.session_life);
        let change = move |tx: &mut Transaction<'_>| {
            // Gone, or given another password, while this one was checked?
            if tx.get(&USERS, &user)?.is_none_or(|row| row.password != checked) {
                return Err(refused().into());
            }
            sessions::start(tx, entering.session, user, now, life)?;
            Ok(entering)
        };
        let show = |view: &View<'_>, entered: &Entered| Self::find(view, entered);
        self.signed_in(self.chassis.command(context, "login", &username, Settle::No, change, show).await?)
    }

    async fn known(&self, username: &Username) -> Result<Option<(UserId, StoredHash)>, Fault> {
        let found = self.chassis.db().read(|view| store::user_named(view, username)).await?;
        Ok(found.map(|(id, row)| (id, row.password)))
    }
}

pub(crate) fn enrol(tx: &mut Transaction<'_>, user: UserId, row: UserRow) -> Result<(), Fault> {
    tx.put(&NAMES, &row.username.as_str().to_owned(), &chassis::Row(user))?;
    tx.put(&USERS, &user, &row)?;
    announce(tx, AuthChange::UserRegistered(User { id: user, username: row.username }))?;
    Ok(())
}

/// The same words for an unknown user and a wrong password.
fn refused() -> Error {
    Error::unauthenticated("wrong user name or password")
}

fn name_taken(name: &Username) -> Error {
    let reason = format!("the user name {name} is taken, or was once: names are never issued again; choose another");
    Error::conflict("user", reason)
}
