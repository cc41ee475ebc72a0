//! Names, users, sessions and their indexes, held against each other. Auth refers to no other service's rows.
//!
//! Each page walks some rows of one table and looks for what each must have in the others, all in one view, so what it reports
//! was really so.

use chassis::{Fault, Row, cursor};
use domain::integrity::{Audit, AuditPage};
use domain::{SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use storage::{Key, Reader, Table, Value};

use crate::store::{NAMES, RETIRED_NAMES, SESSION_ENDS, SESSIONS, SESSIONS_OF, USERS};

const ROWS_A_PAGE: usize = 1_000;

/// Where an audit goes on: in which table, and behind which of its rows.
#[derive(Serialize, Deserialize)]
enum Place {
    Names(Option<String>),
    RetiredNames(Option<String>),
    Users(Option<UserId>),
    Sessions(Option<SessionId>),
    SessionsOf(Option<(UserId, SessionId)>),
    SessionEnds(Option<(Timestamp, SessionId)>),
}

/// One page of the audit.
///
/// # Errors
/// Invalid input (`after`) for what is no `next` of an earlier page.
pub(crate) fn page(view: &impl Reader, request: &Audit) -> Result<AuditPage, Fault> {
    let place = cursor::of_audit(request)?.unwrap_or(Place::Names(None));
    let mut discrepancies = Vec::new();
    let found = &mut discrepancies;
    let next = match place {
        Place::Names(after) => {
            walk(view, &NAMES, after.as_ref(), Place::Names, Some(Place::RetiredNames(None)), |name, Row(id)| {
                match view.get(&USERS, id)? {
                    Some(user) if user.username.as_str() == name => {}
                    Some(user) => found.push(format!("the name {name} leads to user {id}, who is {}", user.username)),
                    None => found.push(format!("the name {name} leads to user {id}, who does not exist")),
                }
                Ok(())
            })?
        }
        Place::RetiredNames(after) => {
            walk(view, &RETIRED_NAMES, after.as_ref(), Place::RetiredNames, Some(Place::Users(None)), |name, ()| {
                if view.contains(&NAMES, name)? {
                    found.push(format!("the name {name} was issued again after its user had gone"));
                }
                Ok(())
            })?
        }
        Place::Users(after) => {
            walk(view, &USERS, after.as_ref(), Place::Users, Some(Place::Sessions(None)), |id, user| {
                if view.get(&NAMES, &user.username.as_str().to_owned())? != Some(Row(*id)) {
                    found.push(format!("user {id} cannot be found by the name {}", user.username));
                }
                Ok(())
            })?
        }
        Place::Sessions(after) => {
            walk(view, &SESSIONS, after.as_ref(), Place::Sessions, Some(Place::SessionsOf(None)), |id, session| {
                if !view.contains(&USERS, &session.user)? {
                    found.push(format!("session {id} is of user {}, who does not exist", session.user));
                }
                if !view.contains(&SESSIONS_OF, &(session.user, *id))? {
                    found.push(format!("session {id} is missing among those of user {}", session.user));
                }
                if !view.contains(&SESSION_ENDS, &(session.expires, *id))? {
                    found.push(format!("session {id} is missing among those that will end"));
                }
                Ok(())
            })?
        }
        Place::SessionsOf(after) => walk(
            view,
            &SESSIONS_OF,
            after.as_ref(),
            Place::SessionsOf,
            Some(Place::SessionEnds(None)),
            |(user, id), ()| {
                if view.get(&SESSIONS, id)?.is_none_or(|session| session.user != *user) {
                    found.push(format!("user {user} is said to have session {id}, which does not exist"));
                }
                Ok(())
            },
        )?,
        Place::SessionEnds(after) => {
            walk(view, &SESSION_ENDS, after.as_ref(), Place::SessionEnds, None, |(at, id), ()| {
                if view.get(&SESSIONS, id)?.is_none_or(|session| session.expires != *at) {
                    found.push(format!("session {id} is to end at {} s, but is not that session", at.as_seconds()));
                }
                Ok(())
            })?
        }
    };
    let next = next.map(|place| storage::encode(&place)).transpose()?;
    Ok(AuditPage { references: Vec::new(), discrepancies, next })
}

fn walk<K: Key + Clone, V: Value>(
    view: &impl Reader,
    table: &Table<K, V>,
    after: Option<&K>,
    here: impl FnOnce(Option<K>) -> Place,
    then: Option<Place>,
    mut hold: impl FnMut(&K, &V) -> Result<(), Fault>,
) -> Result<Option<Place>, Fault> {
    let rows = view.scan(table, &(), after, ROWS_A_PAGE)?;
    for (key, row) in &rows {
        hold(key, row)?;
    }
    Ok(match rows.last() {
        Some((last, _)) if rows.len() == ROWS_A_PAGE => Some(here(Some(last.clone()))),
        _ => then,
    })
}
