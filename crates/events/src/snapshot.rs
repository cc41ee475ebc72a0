//! What followers are told of the rows here when the history that they followed is not there any more: each event, and behind it
//! its exceptions and those who are invited to it.

use chassis::Fault;
use domain::events::{EventChange, MAX_PEOPLE_A_RECORD};
use domain::{EventId, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, View};

use crate::store::{EVENTS, EXCEPTIONS, EventRow, INVITED};

/// Behind which event, and which of its exceptions or invitees.
pub(crate) type Place = (EventId, Option<Within>);

/// Behind what of an event: first come its exceptions, then those who are invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Within {
    Exception(i64),
    Invitee(UserId),
}

/// At most `limit` records behind `after`, and whether there may be more.
pub(crate) fn rows(
    view: &View<'_>,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<(Place, EventChange)>, bool), Fault> {
    let mut rows = Vec::new();
    if let Some((event, last)) = after
        && let Some(row) = view.get(&EVENTS, &event)?
        && add_rest(view, event, &row, last, limit, &mut rows)?
    {
        return Ok((rows, true));
    }
    let events = view.scan(&EVENTS, &(), after.map(|(event, _)| event).as_ref(), limit)?;
    let more = events.len() == limit;
    for (event, row) in events {
        if rows.len() == limit {
            return Ok((rows, true));
        }
        rows.push(((event, None), EventChange::Put(row.facts(event))));
        if add_rest(view, event, &row, None, limit, &mut rows)? {
            return Ok((rows, true));
        }
    }
    Ok((rows, more))
}

/// Adds the exceptions of an event and those who are invited to it, behind `last`, until there are `limit` records; whether there
/// may be more of them.
fn add_rest(
    view: &View<'_>,
    event: EventId,
    row: &EventRow,
    last: Option<Within>,
    limit: usize,
    rows: &mut Vec<(Place, EventChange)>,
) -> Result<bool, Fault> {
    let mut last = match last {
        Some(Within::Invitee(user)) => Some(user),
        Some(Within::Exception(_)) | None => {
            let after = last.and_then(|last| match last {
                Within::Exception(start) => Some(start),
                Within::Invitee(_) => None,
            });
            let room = limit.saturating_sub(rows.len());
            let exceptions = EXCEPTIONS.list(view, event, after, room)?;
            let full = exceptions.len() == room;
            rows.extend(exceptions.into_iter().map(|(start, exception)| {
                let told = EventChange::Exception { event, start, exception: Some(exception) };
                ((event, Some(Within::Exception(start))), told)
            }));
            if full {
                return Ok(true);
            }
            None
        }
    };
    while rows.len() < limit {
        let after = last.map(|user| (event, user));
        let invited = view.scan(&INVITED, &event, after.as_ref(), MAX_PEOPLE_A_RECORD)?;
        let invitees: Vec<UserId> = invited.iter().map(|((_, user), _)| *user).collect();
        last = invitees.last().copied();
        let (some, full) = (!invitees.is_empty(), invitees.len() == MAX_PEOPLE_A_RECORD);
        if some {
            let members = EventChange::Members { event, inviter: row.organizer, invitees };
            rows.push(((event, last.map(Within::Invitee)), members));
        }
        if !full {
            return Ok(false);
        }
    }
    Ok(true)
}
