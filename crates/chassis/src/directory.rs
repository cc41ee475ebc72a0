//! What every service follows of auth: users by id and by name, live sessions, public signing keys.
//!
//! With it a service knows by itself who is calling and whom a name means, so it goes on working while auth is away. What a
//! deletion means for the service's own rows is the service's own business; it does that first, then [`apply`]s the change here.

use std::sync::Arc;

use async_trait::async_trait;
use domain::auth::{Auth, AuthChange, AuthRow, FindUser, KeyId, User, VouchedUser};
use domain::events::Person;
use domain::{Actor, Context, Error, Position, Service, SessionId, Timestamp, UserId, Username};
use serde::{Deserialize, Serialize};
use storage::{Reader, Table, Transaction, Value, View};

use crate::authenticator::{Live, SessionBook};
use crate::follow::cursor_of;
use crate::held::Listing;
use crate::resync::{Sighting, sighting};
use crate::tokens::Claims;
use crate::{Chassis, Fault, Row, WAY_HOME};

const USERS: Table<UserId, Row<Username>> = Table::new("directory.users");
const NAMES: Table<Username, Row<UserId>> = Table::new("directory.names");
const SESSIONS: Table<SessionId, FollowedSession> = Table::new("directory.sessions");
const SESSIONS_OF: Table<(UserId, SessionId), ()> = Table::new("directory.sessions-of");
const KEYS: Table<KeyId, Row<[u8; 32]>> = Table::new("directory.keys");

#[derive(Serialize, Deserialize)]
struct FollowedSession {
    user: UserId,
    expires: Timestamp,
}

impl Value for FollowedSession {}

/// Takes one change of auth over. Doing so twice does no harm.
///
/// # Errors
/// What the database reports.
pub fn apply(tx: &mut Transaction<'_>, change: &AuthChange) -> Result<(), Fault> {
    match change {
        AuthChange::KeyPublished { key, public } => tx.put(&KEYS, key, &Row(*public))?,
        AuthChange::UserRegistered(user) => put_user(tx, user)?,
        AuthChange::SessionStarted { session, user, expires } => {
            tx.put(&SESSIONS, session, &FollowedSession { user: *user, expires: *expires })?;
            tx.put(&SESSIONS_OF, &(*user, *session), &())?;
        }
        AuthChange::SessionEnded { session } => {
            if let Some(row) = tx.get(&SESSIONS, session)? {
                tx.delete(&SESSIONS_OF, &(row.user, *session))?;
                tx.delete(&SESSIONS, session)?;
            }
        }
        AuthChange::UserDeleted { user } => {
            // Auth bounds the sessions of a user, so they fit into one transaction.
            for ((_, session), ()) in tx.scan(&SESSIONS_OF, user, None, usize::MAX)? {
                tx.delete(&SESSIONS_OF, &(*user, session))?;
                tx.delete(&SESSIONS, &session)?;
            }
            if let Some(Row(name)) = tx.get(&USERS, user)? {
                // A name is issued once in one history, but two of them may have been followed here.
                if tx.get(&NAMES, &name)? == Some(Row(*user)) {
                    tx.delete(&NAMES, &name)?;
                }
                tx.delete(&USERS, user)?;
            }
        }
    }
    Ok(())
}

/// Lists what is kept here of auth's rows: to be gone on with by what of the service's own rows refers to users.
///
/// # Errors
/// What the database reports.
pub fn held<'a, 'tx>(rows: Listing<'a, 'tx, AuthRow>) -> Result<Listing<'a, 'tx, AuthRow>, Fault> {
    let users = rows.of(&USERS, |user, _| Some(AuthRow::User(*user)))?;
    users.of(&SESSIONS, |session, _| Some(AuthRow::Session(*session)))
}

fn put_user(tx: &mut Transaction<'_>, user: &User) -> Result<(), Fault> {
    tx.put(&USERS, &user.id, &Row(user.username.clone()))?;
    tx.put(&NAMES, &user.username, &Row(user.id))?;
    Ok(())
}

/// The name of a user, unless they are gone.
///
/// # Errors
/// What the database reports.
pub fn name_of(reader: &impl Reader, user: UserId) -> Result<Option<Username>, Fault> {
    Ok(reader.get(&USERS, &user)?.map(|Row(name)| name))
}

/// A user as others read them, also once they are gone.
///
/// # Errors
/// What the database reports.
pub fn person(reader: &impl Reader, user: Option<UserId>) -> Result<Person, Fault> {
    let name = user.map(|user| name_of(reader, user)).transpose()?.flatten();
    Ok(name.map_or(Person::Deleted, Person::Named))
}

/// The user of a name, as far as is known here.
///
/// # Errors
/// What the database reports.
pub fn user_named(reader: &impl Reader, name: &Username) -> Result<Option<UserId>, Fault> {
    Ok(reader.get(&NAMES, name)?.map(|Row(user)| user))
}

/// Whether the user is known here.
///
/// # Errors
/// What the database reports.
pub fn knows(reader: &impl Reader, user: UserId) -> Result<bool, Fault> {
    Ok(reader.contains(&USERS, &user)?)
}

/// Accepts a reference to a user inside the transaction that writes it, or refuses it:
/// known here → accepted; unknown although auth's log was applied up to where the user was seen alive → deleted since, refused;
/// unknown and not that far → accepted and noted, because a deletion must still arrive and will then find the reference.
///
/// # Errors
/// Not found (`user`).
pub fn admit(tx: &mut Transaction<'_>, vouched: &VouchedUser) -> Result<UserId, Fault> {
    let user = &vouched.user;
    if tx.contains(&USERS, &user.id)? {
        return Ok(user.id);
    }
    match sighting(tx, Service::Auth, vouched.at)? {
        Sighting::Past => return Err(Error::not_found("user", &user.username).into()),
        // Before auth was heard of at all its word is all there is.
        Sighting::Unclear if cursor_of(tx, Service::Auth)?.is_some() => return Err(unclear().into()),
        Sighting::Ahead | Sighting::Unclear => {}
    }
    put_user(tx, user)?;
    Ok(user.id)
}

/// Accepts the signed-in actor as the target of a reference, by the same rule: their token vouches for them.
///
/// # Errors
/// Unauthenticated if the account is gone.
pub fn admit_actor(tx: &Transaction<'_>, context: &Context) -> Result<UserId, Fault> {
    let Actor::User { user, at, .. } = context.actor else { return Ok(context.user()?) };
    if knows(tx, user)? {
        return Ok(user);
    }
    match sighting(tx, Service::Auth, at)? {
        Sighting::Ahead => Ok(user),
        Sighting::Past => Err(deleted_account()),
        Sighting::Unclear => Err(unclear().into()),
    }
}

fn unclear() -> Error {
    Error::unavailable(Service::Auth, "it was restored, and what it holds is still being read; try again in a moment")
}

/// What someone is told whose account is gone.
pub(crate) fn deleted_account() -> Fault {
    Error::unauthenticated("this account was deleted").into()
}

/// Whether this service has heard that the signed-in actor's account was deleted. Auth itself hears nothing of itself.
pub(crate) fn actor_was_deleted(reader: &impl Reader, context: &Context) -> Result<bool, Fault> {
    let Actor::User { user, at, .. } = context.actor else { return Ok(false) };
    Ok(!knows(reader, user)? && sighting(reader, Service::Auth, at)? == Sighting::Past)
}

/// Finding people by name: here first, and only on a miss at auth.
#[derive(Clone)]
pub struct People {
    chassis: Arc<Chassis>,
    auth: Arc<dyn Auth>,
}

impl People {
    /// Over what `chassis` follows, and auth itself.
    #[must_use]
    pub fn new(chassis: Arc<Chassis>, auth: Arc<dyn Auth>) -> Self {
        Self { chassis, auth }
    }

    /// The user of a name, vouched at a position; to be [`admit`]ted inside the transaction that refers to them.
    ///
    /// # Errors
    /// Not found (`user`); unavailable (auth) if the name is unknown here and auth cannot be asked.
    pub async fn find(&self, context: &Context, name: &Username) -> Result<VouchedUser, Fault> {
        let wanted = name.clone();
        let known = self.chassis.db().read(|view| {
            let Some(id) = user_named(view, &wanted)? else { return Ok(None) };
            let heard = cursor_of(view, Service::Auth)?;
            Ok::<_, Fault>(heard.map(|at| VouchedUser { user: User { id, username: wanted.clone() }, at }))
        });
        if let Some(known) = known.await? {
            return Ok(known);
        }
        let mut context = self.chassis.calling(context)?;
        context.deadline = context.deadline.checked_sub(WAY_HOME).unwrap_or(context.deadline);
        match self.auth.find_user(&context, FindUser { username: name.clone() }).await {
            Ok(found) => Ok(found.value),
            // Only a question was asked: whatever became of it, nothing was done.
            Err(Error::Deadline { service }) => {
                Err(Error::unavailable(service, format!("it did not say in time who {name} is; try again")).into())
            }
            Err(error) => Err(self.chassis.told_by(Service::Auth, error).into()),
        }
    }

    /// [`People::find`] for several names at once, in their order.
    ///
    /// # Errors
    /// As [`People::find`], for the first that fails.
    pub async fn find_all(&self, context: &Context, names: &[Username]) -> Result<Vec<VouchedUser>, Fault> {
        use futures::{StreamExt as _, TryStreamExt as _};
        let find = |name: Username| async move { self.find(context, &name).await };
        futures::stream::iter(names.iter().cloned().map(find)).buffered(16).try_collect().await
    }
}

/// What it means that a token speaks of `at`. In step with auth, another history than the one that is followed can only be an earlier
/// one, or another installation's.
fn of_token(view: &View<'_>, at: Position, in_step: bool) -> Result<Sighting, Fault> {
    match (sighting(view, Service::Auth, at)?, cursor_of(view, Service::Auth)?) {
        (Sighting::Unclear, Some(heard)) if in_step && heard.epoch != at.epoch => Ok(Sighting::Past),
        (sighting, _) => Ok(sighting),
    }
}

/// The followed sessions and keys, for the authenticator.
pub struct Followed(pub Arc<Chassis>);

#[async_trait]
impl SessionBook for Followed {
    async fn key(&self, key: KeyId) -> Result<Option<[u8; 32]>, Fault> {
        self.0.db().read(|view| Ok(view.get(&KEYS, &key)?.map(|Row(public)| public))).await
    }

    async fn session(&self, session: SessionId, at: Position) -> Result<(Live, Sighting), Fault> {
        let in_step = self.0.followed.now().is_in_step(Service::Auth);
        let read = self.0.db().read(|view| {
            let live = view.get(&SESSIONS, &session)?.map(|row| (row.user, row.expires));
            Ok((live, of_token(view, at, in_step)?))
        });
        read.await
    }

    async fn sighting(&self, at: Position) -> Result<Sighting, Fault> {
        let in_step = self.0.followed.now().is_in_step(Service::Auth);
        self.0.db().read(|view| of_token(view, at, in_step)).await
    }

    async fn hear(&self, at: Position) {
        self.0.followed.hear(Service::Auth, at, crate::core::CATCHING_UP).await;
    }

    async fn introduce(&self, claims: &Claims) {
        // Auth's signature vouches for them as its answer to a question would.
        let user = User { id: claims.user, username: claims.username.clone() };
        let vouched = VouchedUser { user, at: claims.at };
        let known = self.0.db().read(|view| knows(view, vouched.user.id)).await;
        if let Ok(false) = known
            && let Err(fault) = self.0.db().write(move |tx| admit(tx, &vouched)).await
        {
            tracing::debug!(service = %self.0.service(), %fault, "the name in a token was not taken over");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{Authenticate as _, Clock as _, Credential, Epoch};
    use storage::{Cursor, Database, Digest, Options};

    use super::*;
    use crate::authenticator::Authenticator;
    use crate::tokens::SigningKey;
    use crate::{OperatorKey, Setup, SystemClock};

    const EPOCH: Epoch = Epoch([1; 16]);

    /// A service that has heard of a signing key and nothing else, up to the position `heard` of auth's log.
    async fn service(heard: u64, key: &SigningKey) -> (Arc<Chassis>, Authenticator<Followed>) {
        let (db, operator) = (Database::in_memory(Options::new("events", 1)), OperatorKey::random().unwrap());
        let published = AuthChange::KeyPublished { key: key.id(), public: key.public() };
        let cursor = Cursor { epoch: storage::Epoch(EPOCH.0), position: heard, digest: Digest::default() };
        db.write(move |tx| {
            apply(tx, &published)?;
            Ok::<_, Fault>(tx.set_cursor(Service::Auth.name(), cursor)?)
        })
        .await
        .unwrap();
        let chassis = Chassis::new(Service::Events, Setup { db, clock: Arc::new(SystemClock), operator });
        let (operator, clock) = (chassis.operator().clone(), Arc::clone(chassis.clock()));
        let authenticator = Authenticator::new(Service::Events, operator, clock, Followed(Arc::clone(&chassis)));
        (chassis, authenticator)
    }

    #[tokio::test]
    async fn who_shows_a_token_is_known_by_name_before_their_registration_arrives_but_not_after_they_are_gone() {
        let key = SigningKey::from_bytes(&SigningKey::generate().unwrap()).unwrap();
        let claims = Claims {
            user: UserId::new(),
            username: "alice".parse().unwrap(),
            session: SessionId::new(),
            expires: SystemClock.now().plus(Duration::from_secs(3_600)),
            at: Position { epoch: EPOCH, at: 3 },
        };
        let credential = Credential::Session(key.sign(&claims).unwrap());
        for (heard, good) in [(1, true), (3, false)] {
            let (chassis, authenticator) = service(heard, &key).await;
            assert_eq!(authenticator.authenticate(&credential).await.is_ok(), good);
            let name = chassis.db().read(|view| name_of(view, claims.user)).await.unwrap();
            assert_eq!(name, good.then(|| claims.username.clone()), "{heard}");
        }
    }
}
