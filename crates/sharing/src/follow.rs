//! What is taken over from auth: users, sessions and keys, and that shares go with their users, whichever side they are on.

use chassis::follow::Follower;
use chassis::{Fault, Listing, directory, work};
use domain::auth::{AuthChange, AuthRow};
use domain::{Position, Service, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, Transaction};

use crate::store::{self, ENDED, ENDED_BY_SHAREE, SHARES, SHARES_BY_SHAREE};

/// What is left to do when a user has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gone {
    user: UserId,
}

/// Follows auth.
pub(crate) struct OfAuth;

impl Follower<AuthChange> for OfAuth {
    fn apply(&self, tx: &mut Transaction<'_>, at: Position, change: &AuthChange) -> Result<(), Fault> {
        if let AuthChange::UserDeleted { user } = change {
            work::begin(tx, Service::Auth, at, Gone { user: *user }, step)?;
        }
        directory::apply(tx, change)
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, AuthRow>) -> Result<Listing<'a, 'tx, AuthRow>, Fault> {
        let user = |user: UserId| Some(AuthRow::User(user));
        directory::held(rows)?
            .of(&SHARES, |(owner, _), _| user(*owner))?
            .of(&SHARES_BY_SHAREE, |(sharee, _), ()| user(*sharee))?
            .of(&ENDED, |(owner, _), _| user(*owner))?
            .of(&ENDED_BY_SHAREE, |(sharee, _), ()| user(*sharee))
    }
}

/// Removes some of the rows that name a user who has gone; gives what is left to do.
pub(crate) fn step(tx: &mut Transaction<'_>, gone: Gone) -> Result<Option<Gone>, Fault> {
    let user = &gone.user;
    let mut room = work::ROWS_A_STEP;
    let owned = tx.scan(&SHARES, user, None, room)?;
    for ((owner, sharee), _) in &owned {
        store::forget(tx, *owner, *sharee)?;
    }
    room -= owned.len();
    let received = tx.scan(&SHARES_BY_SHAREE, user, None, room)?;
    for ((sharee, owner), ()) in &received {
        store::forget(tx, *owner, *sharee)?;
    }
    room -= received.len();
    let owned = tx.scan(&ENDED, user, None, room)?;
    for ((owner, sharee), _) in &owned {
        store::forget_ended(tx, *owner, *sharee)?;
    }
    room -= owned.len();
    let received = tx.scan(&ENDED_BY_SHAREE, user, None, room)?;
    for ((sharee, owner), ()) in &received {
        store::forget_ended(tx, *owner, *sharee)?;
    }
    room -= received.len();
    Ok((room == 0).then_some(gone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_left_is_stored_as_ever() {
        let bytes = storage::encode(&Gone { user: UserId::from_bytes([0x11; 16]) }).unwrap();
        assert_eq!(bytes, [0x11; 16]);
    }
}
