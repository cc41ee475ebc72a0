//! What followers are told of the rows here when the history that they followed is not there any more: signing keys first, so that
//! sessions can be checked, then users, then sessions.

use chassis::Fault;
use chassis::tokens::SigningKey;
use domain::auth::{AuthChange, KeyId};
use domain::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, View};

use crate::store::{self, KEYS, SESSIONS, USERS};

/// The row behind which a page goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    Key(KeyId),
    User(UserId),
    Session(SessionId),
}

/// At most `limit` rows behind `after`, and whether there may be more.
pub(crate) fn rows(
    view: &View<'_>,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<(Place, AuthChange)>, bool), Fault> {
    let mut rows = Vec::new();
    if matches!(after, None | Some(Place::Key(_))) {
        let after = if let Some(Place::Key(key)) = &after { Some(key) } else { None };
        for (key, row) in view.scan(&KEYS, &(), after, limit)? {
            let public = SigningKey::from_bytes(&row.secret)?.public();
            rows.push((Place::Key(key), AuthChange::KeyPublished { key, public }));
        }
    }
    if !matches!(after, Some(Place::Session(_))) {
        let after = if let Some(Place::User(user)) = &after { Some(user) } else { None };
        for (user, row) in view.scan(&USERS, &(), after, limit - rows.len())? {
            rows.push((Place::User(user), AuthChange::UserRegistered(store::shown(user, &row))));
        }
    }
    let after = if let Some(Place::Session(session)) = &after { Some(session) } else { None };
    for (session, row) in view.scan(&SESSIONS, &(), after, limit - rows.len())? {
        let (user, expires) = (row.user, row.expires);
        rows.push((Place::Session(session), AuthChange::SessionStarted { session, user, expires }));
    }
    let full = rows.len() == limit;
    Ok((rows, full))
}
