//! Sessions: their rows, the two indexes of them and their announcements change together, and only here.

use std::time::Duration;

use chassis::Fault;
use chassis::log::announce;
use domain::auth::AuthChange;
use domain::{Context, Error, SessionId, Timestamp, UserId};
use storage::{Reader, Transaction};

use crate::store::{SESSION_ENDS, SESSIONS, SESSIONS_OF, SessionRow};

/// Live sessions of one user; when another starts, the oldest ends. Followers rely on a bound, too: all sessions of a deleted
/// user go in one transaction.
pub(crate) const MOST_OF_A_USER: usize = 100;

/// Starts a session.
pub(crate) fn start(
    tx: &mut Transaction<'_>,
    session: SessionId,
    user: UserId,
    now: Timestamp,
    life: Duration,
) -> Result<(), Fault> {
    let live = tx.scan(&SESSIONS_OF, &user, None, MOST_OF_A_USER)?;
    let too_many = (live.len() + 1).saturating_sub(MOST_OF_A_USER);
    for ((_, oldest), ()) in live.into_iter().take(too_many) {
        end(tx, oldest)?;
    }
    tx.put(&SESSIONS_OF, &(user, session), &())?;
    keep(tx, session, user, now, now.plus(life))
}

/// Lets a live session last anew.
pub(crate) fn renew(
    tx: &mut Transaction<'_>,
    session: SessionId,
    row: &SessionRow,
    now: Timestamp,
    life: Duration,
) -> Result<(), Fault> {
    tx.delete(&SESSION_ENDS, &(row.expires, session))?;
    keep(tx, session, row.user, row.started, now.plus(life))
}

fn keep(
    tx: &mut Transaction<'_>,
    session: SessionId,
    user: UserId,
    started: Timestamp,
    expires: Timestamp,
) -> Result<(), Fault> {
    let announced = announce(tx, AuthChange::SessionStarted { session, user, expires })?;
    tx.put(&SESSIONS, &session, &SessionRow { user, started, expires, announced })?;
    tx.put(&SESSION_ENDS, &(expires, session), &())?;
    Ok(())
}

/// Ends a session, if it is live, and announces that.
pub(crate) fn end(tx: &mut Transaction<'_>, session: SessionId) -> Result<(), Fault> {
    if let Some(row) = tx.get(&SESSIONS, &session)? {
        forget(tx, session, &row)?;
        announce(tx, AuthChange::SessionEnded { session })?;
    }
    Ok(())
}

/// Ends the sessions of a user but one.
pub(crate) fn end_others(tx: &mut Transaction<'_>, user: UserId, kept: SessionId) -> Result<(), Fault> {
    for ((_, session), ()) in tx.scan(&SESSIONS_OF, &user, None, MOST_OF_A_USER)? {
        if session != kept {
            end(tx, session)?;
        }
    }
    Ok(())
}

/// Removes all sessions of a user who goes; that announcement implies theirs.
pub(crate) fn forget_all(tx: &mut Transaction<'_>, user: UserId) -> Result<(), Fault> {
    for ((_, session), ()) in tx.scan(&SESSIONS_OF, &user, None, MOST_OF_A_USER)? {
        if let Some(row) = tx.get(&SESSIONS, &session)? {
            forget(tx, session, &row)?;
        }
    }
    Ok(())
}

fn forget(tx: &mut Transaction<'_>, session: SessionId, row: &SessionRow) -> Result<(), Fault> {
    tx.delete(&SESSIONS, &session)?;
    tx.delete(&SESSIONS_OF, &(row.user, session))?;
    tx.delete(&SESSION_ENDS, &(row.expires, session))?;
    Ok(())
}

/// The session of the signed-in user; unauthenticated once it has ended, however that came about.
pub(crate) fn of_actor(reader: &impl Reader, context: &Context) -> Result<(SessionId, SessionRow), Fault> {
    let (user, session) = (context.user()?, context.session()?);
    match reader.get(&SESSIONS, &session)? {
        Some(row) if row.user == user => Ok((session, row)),
        _ => Err(Error::unauthenticated("the session has ended; sign in again").into()),
    }
}

/// Whether a session has lived past its time.
pub(crate) fn any_overdue(reader: &impl Reader, now: Timestamp) -> Result<bool, Fault> {
    let first = reader.scan(&SESSION_ENDS, &(), None, 1)?;
    Ok(first.first().is_some_and(|((expires, _), ())| *expires <= now))
}

/// Ends at most `limit` of the sessions that have lived past their time.
pub(crate) fn end_overdue(tx: &mut Transaction<'_>, now: Timestamp, limit: usize) -> Result<(), Fault> {
    for ((expires, session), ()) in tx.scan(&SESSION_ENDS, &(), None, limit)? {
        if expires > now {
            break;
        }
        end(tx, session)?;
    }
    Ok(())
}
