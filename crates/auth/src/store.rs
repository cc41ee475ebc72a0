//! The tables, and what their rows hold.
//!
//! Rows that hold a secret have no `Debug`, so that none can reach a log or a message by accident.

use chassis::{Fault, Row};
use domain::auth::{KeyId, User};
use domain::{Error, SessionId, Timestamp, UserId, Username};
use serde::{Deserialize, Serialize};
use storage::{Reader, Table, Value};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::passwords::StoredHash;

/// The users that exist.
pub(crate) const USERS: Table<UserId, UserRow> = Table::new("users");
/// The names of the users that exist; by text, so that the beginning of a name can be looked for.
pub(crate) const NAMES: Table<String, Row<UserId>> = Table::new("names");
/// The names of users that are gone: never issued again.
pub(crate) const RETIRED_NAMES: Table<String, ()> = Table::new("names.retired");
/// The live sessions.
pub(crate) const SESSIONS: Table<SessionId, SessionRow> = Table::new("sessions");
/// The same by user, oldest first.
pub(crate) const SESSIONS_OF: Table<(UserId, SessionId), ()> = Table::new("sessions.by-user");
/// The same by the time at which they end by themselves.
pub(crate) const SESSION_ENDS: Table<(Timestamp, SessionId), ()> = Table::new("sessions.by-end");
/// The signing keys, old ones included.
pub(crate) const KEYS: Table<KeyId, KeyRow> = Table::new("keys");

/// A user.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UserRow {
    /// The name.
    pub(crate) username: Username,
    /// What the password is checked against.
    pub(crate) password: StoredHash,
    /// When they registered.
    pub(crate) created: Timestamp,
}

impl Value for UserRow {}

/// A live session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionRow {
    /// Whose.
    pub(crate) user: UserId,
    /// When it began.
    pub(crate) started: Timestamp,
    /// When it ends by itself.
    pub(crate) expires: Timestamp,
    /// Where in the log its start, or its last renewal, was announced.
    pub(crate) announced: u64,
}

impl Value for SessionRow {}

/// A signing key.
#[derive(Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub(crate) struct KeyRow {
    /// The secret half, as [`chassis::tokens::SigningKey`] gives it.
    pub(crate) secret: Vec<u8>,
    /// When it was made.
    #[zeroize(skip)]
    pub(crate) made: Timestamp,
    /// Where in the log it was published.
    pub(crate) published: u64,
}

impl Value for KeyRow {}

/// The user of a name.
pub(crate) fn user_named(reader: &impl Reader, name: &Username) -> Result<Option<(UserId, UserRow)>, Fault> {
    let Some(Row(id)) = reader.get(&NAMES, &name.as_str().to_owned())? else { return Ok(None) };
    let row = reader.get(&USERS, &id)?;
    Ok(Some((id, row.ok_or_else(|| Fault::broken(format!("the name {name} leads to no user")))?)))
}

/// Whether a name was ever issued.
pub(crate) fn was_issued(reader: &impl Reader, name: &Username) -> Result<bool, Fault> {
    let name = name.as_str().to_owned();
    Ok(reader.contains(&NAMES, &name)? || reader.contains(&RETIRED_NAMES, &name)?)
}

/// The row of a signed-in user; unauthenticated once the account is gone.
pub(crate) fn account(reader: &impl Reader, user: UserId) -> Result<UserRow, Fault> {
    Ok(reader.get(&USERS, &user)?.ok_or_else(|| Error::unauthenticated("this account was deleted"))?)
}

/// A user as others see them.
pub(crate) fn shown(id: UserId, row: &UserRow) -> User {
    User { id, username: row.username.clone() }
}
