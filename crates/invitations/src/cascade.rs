//! What a change of an event or the end of an account does to many rows, in steps of bounded size.
//!
//! A step does what the *present* facts say, so it does not matter what else came between two of them.

use chassis::Fault;
use chassis::work::ROWS_A_STEP;
use domain::events::EventFacts;
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader, Transaction};

use crate::continuing::Continuing;
use crate::store::record::{self, inbox_key, record};
use crate::store::{self, BY_INVITER, INBOX, INVITATIONS, InvitationRow, OF_USER, Origin, Place, heard};

/// What is still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Bring the rows of an event to what its facts say, those behind `after`. Of an event that is gone they all go; of a
    /// private one those who merely joined go; it is in the inboxes unless it is cancelled; without an organizer nobody has
    /// invited to it.
    Conform {
        /// Which.
        event: EventId,
        /// The last row that was looked at.
        after: Option<(Instance, UserId)>,
    },
    /// Take out the rows of an account that is gone, and what it was told of; whoever they invited was invited by nobody any more.
    Forget {
        /// Whose.
        user: UserId,
    },
    /// Give the free places of an event to those who wait for one.
    Promote {
        /// Which.
        event: EventId,
    },
    /// Bring the answers of one event to another that it goes on as.
    Continue(Continuing),
}

/// Does a bounded part of `work`; what is left, if anything is.
pub(crate) fn step(tx: &mut Transaction<'_>, work: Work) -> Result<Option<Work>, Fault> {
    match work {
        Work::Conform { event, after } => conform(tx, event, after),
        Work::Forget { user } => forget(tx, user),
        Work::Promote { event } => promote(tx, event),
        Work::Continue(continuing) => Ok(continuing.step(tx)?.map(Work::Continue)),
    }
}

fn conform(tx: &mut Transaction<'_>, event: EventId, after: Option<(Instance, UserId)>) -> Result<Option<Work>, Fault> {
    let facts = store::facts(tx, event)?;
    let after = after.map(|(instance, user)| (event, instance, user));
    let rows = tx.scan(&INVITATIONS, &event, after.as_ref(), ROWS_A_STEP)?;
    let last = rows.last().map(|((_, instance, user), _)| (*instance, *user));
    let more = rows.len() == ROWS_A_STEP;
    let mut changed = Vec::new();
    for (place, row) in rows {
        if let Some(next) = conformed(tx, facts.as_ref(), &place, row)? {
            let (_, instance, user) = place;
            changed.push(((event, instance), (user, next)));
        }
    }
    record_each(tx, &changed)?;
    // Only now: whoever is taken out above must not be given a place first.
    if more { Ok(Some(Work::Conform { event, after: last })) } else { promote(tx, event) }
}

/// Only the whole of an event has a capacity.
fn promote(tx: &mut Transaction<'_>, event: EventId) -> Result<Option<Work>, Fault> {
    let more = record::promote(tx, event, Instance::Series, ROWS_A_STEP)?;
    Ok(more.then_some(Work::Promote { event }))
}

/// What a row has to become, its places in the lists included; `None` if nothing about it can have changed.
#[allow(clippy::option_option, reason = "the outer: whether to write; the inner: whether there is a row")]
fn conformed(
    reader: &impl Reader,
    facts: Option<&EventFacts>,
    place: &Place,
    row: InvitationRow,
) -> Result<Option<Option<InvitationRow>>, Fault> {
    let Some(facts) = facts else { return Ok(Some(None)) };
    let Origin::Invited { by, arrived } = row.origin else {
        return Ok((!facts.public).then_some(None));
    };
    // Whoever invited is the organizer.
    let inviter = by.filter(|_| facts.organizer.is_some());
    let is_listed = reader.contains(&INBOX, &inbox_key(place, arrived))?;
    let is_right = is_listed != facts.cancelled && inviter == by;
    let row = InvitationRow { origin: Origin::Invited { by: inviter, arrived }, ..row };
    Ok((!is_right).then_some(Some(row)))
}

fn forget(tx: &mut Transaction<'_>, user: UserId) -> Result<Option<Work>, Fault> {
    heard::forget_all(tx, user)?;
    let own = tx.scan(&OF_USER, &user, None, ROWS_A_STEP)?;
    let left = ROWS_A_STEP.saturating_sub(own.len());
    let gone: Vec<_> = own.into_iter().map(|((_, event, instance), ())| ((event, instance), (user, None))).collect();
    record_each(tx, &gone)?;
    let invited = tx.scan(&BY_INVITER, &user, None, left)?;
    let more = invited.len() == left;
    let mut changed = Vec::new();
    for ((_, event, instance, invitee), ()) in invited {
        let row = store::row(tx, event, instance, invitee)?.ok_or_else(|| {
            Fault::broken(format!("an index names an invitation of {invitee} to {event} that is not there"))
        })?;
        if let Origin::Invited { arrived, .. } = row.origin {
            let row = InvitationRow { origin: Origin::Invited { by: None, arrived }, ..row };
            changed.push(((event, instance), (invitee, Some(row))));
        }
    }
    record_each(tx, &changed)?;
    Ok(more.then_some(Work::Forget { user }))
}

type Changed = ((EventId, Instance), (UserId, Option<InvitationRow>));

/// Records rows that lie in the order of their events and instances, one event and instance at a time.
fn record_each(tx: &mut Transaction<'_>, changed: &[Changed]) -> Result<(), Fault> {
    for together in changed.chunk_by(|(one, _), (other, _)| one == other) {
        if let Some(&((event, instance), _)) = together.first() {
            let people: Vec<_> = together.iter().map(|(_, person)| *person).collect();
            record(tx, event, instance, &people)?;
        }
    }
    Ok(())
}
