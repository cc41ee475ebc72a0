//! The index by time, kept in step with the events and memberships.
//!
//! The entries of the public list and of the organizer change with the event, in its transaction. Those of the invitees may be
//! thousands; what is over one step of work follows ([`super::work`]).

use chassis::Fault;
use domain::time::Extent;
use domain::{EventId, Instance, UserId};
use storage::{Reader as _, Transaction};

use super::{EventRow, INVITED, Invited, Scope, TIMELINE};

/// The lists in which an event stands by itself, not by invitation.
pub(crate) fn own_places(row: &EventRow) -> impl Iterator<Item = (Scope, Extent)> {
    let scopes = [row.organizer.map(Scope::Of), row.public.then_some(Scope::Public)];
    let extent = row.listed();
    scopes.into_iter().flatten().filter_map(move |scope| Some((scope, extent?)))
}

/// Brings the entries that an event has by itself from what `before` says to what `after` says.
pub(super) fn place(
    tx: &mut Transaction<'_>,
    event: EventId,
    before: Option<&EventRow>,
    after: Option<&EventRow>,
) -> Result<(), Fault> {
    for (scope, extent) in before.into_iter().flat_map(own_places) {
        TIMELINE.remove(tx, &scope, extent, event, Instance::Series)?;
    }
    for (scope, extent) in after.into_iter().flat_map(own_places) {
        TIMELINE.insert(tx, &scope, extent, event, Instance::Series)?;
    }
    Ok(())
}

/// Brings the entry of one invitee from where it is to where it should be.
pub(super) fn place_invitee(
    tx: &mut Transaction<'_>,
    event: EventId,
    user: UserId,
    from: Option<Extent>,
    to: Option<Extent>,
) -> Result<(), Fault> {
    let scope = Scope::Of(user);
    if let Some(extent) = from {
        TIMELINE.remove(tx, &scope, extent, event, Instance::Series)?;
    }
    if let Some(extent) = to {
        TIMELINE.insert(tx, &scope, extent, event, Instance::Series)?;
    }
    Ok(())
}

/// Brings the entries of the next `most` invitees behind `after` to where the event is now; the last of them, if there may be
/// more, and how many they were.
pub(super) fn place_invitees(
    tx: &mut Transaction<'_>,
    event: EventId,
    after: Option<UserId>,
    listed: Option<Extent>,
    most: usize,
) -> Result<(Option<UserId>, usize), Fault> {
    let after = after.map(|user| (event, user));
    let invited = tx.scan(&INVITED, &event, after.as_ref(), most)?;
    for ((_, user), row) in &invited {
        if row.indexed != listed {
            place_invitee(tx, event, *user, row.indexed, listed)?;
            tx.put(&INVITED, &(event, *user), &Invited { indexed: listed, ..*row })?;
        }
    }
    let last = invited.last().filter(|_| invited.len() == most).map(|((_, user), _)| *user);
    Ok((last, invited.len()))
}
