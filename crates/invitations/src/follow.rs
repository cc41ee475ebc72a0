//! What this service takes over from the logs of auth and events, record by record, and from their snapshots.
//!
//! Each is one transaction's part together with the cursor. It may run again with the same record after a failure.

use chassis::follow::Follower;
use chassis::{Fault, Listing, directory, resync, work};
use domain::auth::{AuthChange, AuthRow};
use domain::events::{EventChange, EventFacts, EventRow as RowOfEvents};
use domain::{EventId, Instance, Position, Service, UserId};
use storage::{Reader as _, Transaction};

use crate::admission;
use crate::cascade::{self, Work};
use crate::continuing::Continuing;
use crate::store::heard::ANSWERS;
use crate::store::{self, BY_INVITER, EVENTS, EXCEPTIONS, EventRow, GONE, INVITATIONS, OF_USER, Shape};

/// Follows auth.
pub(crate) struct OfAuth;

impl Follower<AuthChange> for OfAuth {
    /// A deleted user's rows go first, then the user.
    fn apply(&self, tx: &mut Transaction<'_>, at: Position, change: &AuthChange) -> Result<(), Fault> {
        if let AuthChange::UserDeleted { user } = change {
            tx.put(&GONE, user, &())?;
            work::begin(tx, Service::Auth, at, Work::Forget { user: *user }, cascade::step)?;
        }
        directory::apply(tx, change)
    }

    /// Someone who had gone may be back: while they were gone, invitations to them were passed over.
    fn adopt(&self, tx: &mut Transaction<'_>, at: Position, row: &AuthChange) -> Result<(), Fault> {
        if let AuthChange::UserRegistered(user) = row
            && tx.contains(&GONE, &user.id)?
        {
            tx.delete(&GONE, &user.id)?;
            resync::request(tx, Service::Events)?;
        }
        self.apply(tx, at, row)
    }

    /// Also those of whom only events has told.
    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, AuthRow>) -> Result<Listing<'a, 'tx, AuthRow>, Fault> {
        let user = |user: UserId| Some(AuthRow::User(user));
        directory::held(rows)?
            .of(&OF_USER, |(invitee, ..), ()| user(*invitee))?
            .of(&BY_INVITER, |(inviter, ..), ()| user(*inviter))?
            .of(&ANSWERS, |(organizer, _), _| user(*organizer))
    }
}

/// Follows events.
pub(crate) struct OfEvents;

impl Follower<EventChange> for OfEvents {
    fn apply(&self, tx: &mut Transaction<'_>, at: Position, change: &EventChange) -> Result<(), Fault> {
        match change {
            EventChange::Put(facts) => {
                let before = store::facts(tx, facts.event)?;
                let row = admission::note(tx, facts)?;
                conform(tx, at, before.as_ref(), row)
            }
            EventChange::Invited { event, inviter, invitees } => {
                admission::invite(tx, *event, Some(*inviter), invitees, None)
            }
            EventChange::Uninvited { event, invitees } => admission::uninvite(tx, *event, invitees, at),
            EventChange::Removed { event } => {
                if let Some(row) = tx.get(&EVENTS, event)? {
                    admission::forget_what_was_told(tx, &row.facts, None)?;
                }
                tx.delete(&EVENTS, event)?;
                EXCEPTIONS.forget(tx, *event)?;
                begin(tx, at, *event)
            }
            EventChange::Exception { event, start, exception } => {
                EXCEPTIONS.set(tx, *event, *start, exception.as_ref()).map(drop)
            }
            EventChange::Continued { event, start, by } => {
                let work = Continuing::begin(*event, *start, *by);
                work::begin(tx, Service::Events, at, Work::Continue(work), cascade::step)
            }
            EventChange::Members { event, inviter, invitees } => admission::confirm(tx, *event, *inviter, invitees, at),
        }
    }

    fn adopt(&self, tx: &mut Transaction<'_>, at: Position, row: &EventChange) -> Result<(), Fault> {
        match row {
            EventChange::Put(facts) => adopt(tx, at, facts),
            other => self.apply(tx, at, other),
        }
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, RowOfEvents>) -> Result<Listing<'a, 'tx, RowOfEvents>, Fault> {
        let rows = rows.of(&EVENTS, |event, _| Some(RowOfEvents::Event(*event)))?;
        let rows = rows.of(EXCEPTIONS.table(), |(event, start), _| Some(RowOfEvents::Exception(*event, *start)))?;
        rows.of(&INVITATIONS, |(event, instance, user), row| {
            (row.was_asked() && *instance == Instance::Series).then_some(RowOfEvents::Invited(*event, *user))
        })
    }
}

/// Takes the facts as they are, also if those here look newer: they were of another history.
fn adopt(tx: &mut Transaction<'_>, at: Position, facts: &EventFacts) -> Result<(), Fault> {
    let known = tx.get(&EVENTS, &facts.event)?;
    if let Some(known) = &known {
        admission::forget_what_was_told(tx, &known.facts, facts.organizer)?;
    }
    let row = EventRow { facts: facts.clone(), conformed: known.as_ref().and_then(|known| known.conformed) };
    tx.put(&EVENTS, &facts.event, &row)?;
    conform(tx, at, known.map(|known| known.facts).as_ref(), row)
}

/// Brings the rows of an event to its present shape, if they were last brought to another, or if it has lost its organizer.
fn conform(tx: &mut Transaction<'_>, at: Position, known: Option<&EventFacts>, row: EventRow) -> Result<(), Fault> {
    let (before, shape) = (row.conformed, Shape::of(&row.facts));
    let is_orphaned = row.facts.organizer.is_none() && known.is_some_and(|known| known.organizer.is_some());
    if before == Some(shape) && !is_orphaned {
        return Ok(());
    }
    let event = row.facts.event;
    tx.put(&EVENTS, &event, &EventRow { conformed: Some(shape), ..row })?;
    // Only in another history can it be that it had been cancelled.
    let was_cancelled = before.is_some_and(|before| before.cancelled);
    let only_capacity = before.is_some_and(|before| Shape { capacity: shape.capacity, ..before } == shape);
    if !is_orphaned && (only_capacity || shape.public && !shape.cancelled && !was_cancelled) {
        // Nobody has to go and no list changes, but there may be more places than before.
        return work::begin(tx, Service::Events, at, Work::Promote { event }, cascade::step);
    }
    begin(tx, at, event)
}

fn begin(tx: &mut Transaction<'_>, at: Position, event: EventId) -> Result<(), Fault> {
    work::begin(tx, Service::Events, at, Work::Conform { event, after: None }, cascade::step)
}
