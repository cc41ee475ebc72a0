//! What the four followed logs mean here. Each function takes over one record; doing so twice does no harm.
//!
//! Events' `Invited` and `Uninvited` have no effect: whether someone comes is invitations' to tell, and it does (an invitation taken
//! back is an answer that is gone). Acting on both would make the outcome depend on which log arrives first.

use chassis::{Fault, Row, directory, work};
use domain::auth::AuthChange;
use domain::events::{EventChange, EventFacts};
use domain::invitations::{InvitationChange, Status};
use domain::sharing::SharingChange;
use domain::{Instance, Position, Service};
use storage::{Reader as _, Transaction};

use crate::cascade::{self, Work};
use crate::entry;
use crate::store::{CALENDARS, CLOSED, Coming, EVENTS, FollowedEvent, REMOVED, SHARES, SHARES_OF_SHAREE};

/// A record of auth: a calendar comes with its user and goes with them.
///
/// # Errors
/// What the database reports.
pub(crate) fn auth(tx: &mut Transaction<'_>, at: Position, change: &AuthChange) -> Result<(), Fault> {
    match change {
        AuthChange::UserRegistered(user) => tx.put(&CALENDARS, &user.id, &())?,
        AuthChange::UserDeleted { user } => {
            tx.put(&CLOSED, user, &())?;
            tx.delete(&CALENDARS, user)?;
            work::begin(tx, Service::Auth, at, Work::Close { user: *user }, cascade::step)?;
        }
        AuthChange::KeyPublished { .. } | AuthChange::SessionStarted { .. } | AuthChange::SessionEnded { .. } => {}
    }
    directory::apply(tx, change)
}

/// A record of events: what is when.
///
/// # Errors
/// What the database reports.
pub(crate) fn events(tx: &mut Transaction<'_>, at: Position, change: &EventChange) -> Result<(), Fault> {
    match change {
        EventChange::Put(facts) => put(tx, at, facts),
        EventChange::Invited { .. } | EventChange::Uninvited { .. } => Ok(()),
        EventChange::Removed { event } => {
            tx.put(&REMOVED, event, &())?;
            tx.delete(&EVENTS, event)?;
            work::begin(tx, Service::Events, at, Work::Forget { event: *event }, cascade::step)
        }
    }
}

fn put(tx: &mut Transaction<'_>, at: Position, facts: &EventFacts) -> Result<(), Fault> {
    let id = facts.event;
    if tx.contains(&REMOVED, &id)? {
        return Ok(());
    }
    let (old, new) = (tx.get(&EVENTS, &id)?, FollowedEvent::new(facts.clone()));
    tx.put(&EVENTS, &id, &new)?;
    if let Some(organizer) = facts.organizer {
        entry::refresh(tx, &(organizer, id, Instance::Series), Some(&new))?;
    }
    // Titles and places are read from the event itself: only these change what the entries say.
    let of_entries = |event: &FollowedEvent| (event.extent, event.facts.cancelled, event.facts.organizer);
    if old.as_ref().map(of_entries) == Some(of_entries(&new)) {
        return Ok(());
    }
    work::begin(tx, Service::Events, at, Work::Refresh { event: id, after: None }, cascade::step)
}

/// A record of invitations: who comes.
///
/// # Errors
/// What the database reports.
pub(crate) fn invitations(tx: &mut Transaction<'_>, _: Position, change: &InvitationChange) -> Result<(), Fault> {
    let InvitationChange::Answered { event, instance, people } = change;
    if tx.contains(&REMOVED, event)? {
        return Ok(());
    }
    let facts = tx.get(&EVENTS, event)?;
    for (user, status) in people {
        entry::answered(tx, &(*user, *event, *instance), facts.as_ref(), coming(*status))?;
    }
    Ok(())
}

const fn coming(status: Option<Status>) -> Option<Coming> {
    match status {
        Some(Status::Going) => Some(Coming::Going),
        Some(Status::Maybe) => Some(Coming::Maybe),
        Some(Status::Pending | Status::Declined) | None => None,
    }
}

/// A record of sharing: who may look.
///
/// # Errors
/// What the database reports.
pub(crate) fn sharing(tx: &mut Transaction<'_>, _: Position, change: &SharingChange) -> Result<(), Fault> {
    match *change {
        SharingChange::Shared { owner, sharee, level } => {
            if !tx.contains(&CLOSED, &owner)? && !tx.contains(&CLOSED, &sharee)? {
                tx.put(&SHARES, &(owner, sharee), &Row(level))?;
                tx.put(&SHARES_OF_SHAREE, &(sharee, owner), &())?;
            }
        }
        SharingChange::Unshared { owner, sharee } => {
            tx.delete(&SHARES, &(owner, sharee))?;
            tx.delete(&SHARES_OF_SHAREE, &(sharee, owner))?;
        }
    }
    Ok(())
}
