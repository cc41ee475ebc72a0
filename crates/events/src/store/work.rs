//! What is too much for one transaction, in bounded steps: [`chassis::work`].
//!
//! Three things are: the index entries of an event's invitees when the event moves or is cancelled, what an account leaves
//! behind, and what is remembered of former invitees of an event that nobody organizes any more. While the first is under way the event stands in [`REINDEXING`], so that lists do not rely on the index for it.

use chassis::work::begin;
use chassis::{Chassis, Fault, Row, log};
use domain::events::EventChange;
use domain::{EventId, Service, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, Transaction};

use super::{
    EVENTS, EventRow, INVITED_OF, ORGANIZED_BY, REINDEXING, forget_ended, forget_ended_of, is_deserted, placing,
    remove_invitee,
};

/// How much one step does. Little in this crate's own tests, so that small examples take many steps.
const ROWS_A_STEP: usize = if cfg!(test) { 4 } else { chassis::work::ROWS_A_STEP };
/// Rows that removing or cancelling one event touches, its invitees not counted: itself, its description, its index entries.
const ROWS_OF_AN_EVENT: usize = 10;

/// Something to be done step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Bring the index entries of the event's invitees to where the event now is.
    Reindex(EventId),
    /// Cancel the events of a deleted account, and remove its invitations.
    Forget(UserId),
    /// Forget whose invitations to the event were taken back: nobody is left who could invite them again.
    ForgetEnded(EventId),
}

/// Does one step; what is left.
pub(crate) fn step(tx: &mut Transaction<'_>, work: Work) -> Result<Option<Work>, Fault> {
    let unfinished = match work {
        Work::Reindex(event) => reindex_step(tx, event)?.0,
        Work::Forget(user) => forget_step(tx, user)?,
        Work::ForgetEnded(event) => forget_ended(tx, event, ROWS_A_STEP)? == ROWS_A_STEP,
    };
    Ok(unfinished.then_some(work))
}

/// Brings the index entries of the event's invitees to where it now is: the first of them at once, the others step by step.
/// Returns how many were done at once.
pub(super) fn reindex(tx: &mut Transaction<'_>, event: EventId) -> Result<usize, Fault> {
    let under_way = tx.contains(&REINDEXING, &event)?;
    tx.put(&REINDEXING, &event, &Row(None))?;
    if under_way {
        // What is under way begins again with the first invitee.
        return Ok(0);
    }
    let (unfinished, done) = reindex_step(tx, event)?;
    if unfinished {
        let cause = Chassis::position(tx);
        begin(tx, Service::Events, cause, Work::Reindex(event), |_, later| Ok(Some(later)))?;
    }
    Ok(done)
}

fn reindex_step(tx: &mut Transaction<'_>, event: EventId) -> Result<(bool, usize), Fault> {
    let Some(Row(after)) = tx.get(&REINDEXING, &event)? else { return Ok((false, 0)) };
    let listed = tx.get(&EVENTS, &event)?.and_then(|row| row.listed());
    let (last, done) = placing::place_invitees(tx, event, after, listed, ROWS_A_STEP)?;
    match last {
        Some(last) => tx.put(&REINDEXING, &event, &Row(Some(last)))?,
        None => tx.delete(&REINDEXING, &event)?,
    }
    Ok((last.is_some(), done))
}

/// Forgets some of what a deleted account left; whether there may be more. What is done is gone from the tables that are
/// scanned, so every step begins with their first row.
fn forget_step(tx: &mut Transaction<'_>, user: UserId) -> Result<bool, Fault> {
    let mut rows = 0;
    while rows < ROWS_A_STEP {
        let organized = tx.scan(&ORGANIZED_BY, &user, None, 1)?;
        let invited = if organized.is_empty() { tx.scan(&INVITED_OF, &user, None, 1)? } else { Vec::new() };
        if let Some(((_, event), ())) = organized.first() {
            rows += ROWS_OF_AN_EVENT + orphan(tx, *event, user)?;
        } else if let Some(((_, event), ())) = invited.first() {
            rows += ROWS_OF_AN_EVENT;
            leave(tx, *event, user)?;
        } else {
            return Ok(forget_ended_of(tx, user, ROWS_A_STEP)? == ROWS_A_STEP);
        }
    }
    Ok(true)
}

/// Cancels an event whose organizer is gone, or removes it if nobody else may see it. Returns how many invitees, present and
/// former, were touched.
fn orphan(tx: &mut Transaction<'_>, event: EventId, organizer: UserId) -> Result<usize, Fault> {
    tx.delete(&ORGANIZED_BY, &(organizer, event))?;
    let Some(before) = tx.get(&EVENTS, &event)? else { return Ok(0) };
    let touched = if is_deserted(tx, event)? {
        super::remove(tx, event, &before)?;
        0
    } else {
        let after = EventRow { organizer: None, cancelled: true, ..before.clone() };
        super::change(tx, event, &before, after)?.1
    };
    let ended = forget_ended(tx, event, ROWS_A_STEP)?;
    if ended == ROWS_A_STEP {
        let cause = Chassis::position(tx);
        begin(tx, Service::Events, cause, Work::ForgetEnded(event), |_, later| Ok(Some(later)))?;
    }
    Ok(touched + ended)
}

/// Removes an invitation of a deleted account, and the event with it if nobody is left who may see it.
fn leave(tx: &mut Transaction<'_>, event: EventId, user: UserId) -> Result<(), Fault> {
    tx.delete(&INVITED_OF, &(user, event))?;
    let was_invited = remove_invitee(tx, event, user)?;
    if let Some(row) = tx.get(&EVENTS, &event)?
        && row.organizer.is_none()
        && is_deserted(tx, event)?
    {
        super::remove(tx, event, &row)?;
    } else if was_invited {
        // Whoever follows auth and has heard of the deletion has done so already; where auth has lost the account there is none.
        log::announce(tx, EventChange::Uninvited { event, invitees: vec![user] })?;
    }
    Ok(())
}
