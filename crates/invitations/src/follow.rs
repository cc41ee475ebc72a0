//! What this service takes over from the logs of auth and events, record by record.
//!
//! Each function is one transaction's part together with the cursor. It may run again with the same record after a failure.

use chassis::{Fault, directory, work};
use domain::auth::AuthChange;
use domain::events::EventChange;
use domain::{EventId, Position, Service};
use storage::{Reader as _, Transaction};

use crate::admission;
use crate::cascade::{self, Work};
use crate::store::{EVENTS, EventRow, GONE, Shape};

/// Takes over a change of auth. A deleted user's rows go first, then the user.
pub(crate) fn auth(tx: &mut Transaction<'_>, at: Position, change: &AuthChange) -> Result<(), Fault> {
    if let AuthChange::UserDeleted { user } = change {
        tx.put(&GONE, user, &())?;
        work::begin(tx, Service::Auth, at, Work::Forget { user: *user }, cascade::step)?;
    }
    directory::apply(tx, change)
}

/// Takes over a change of events.
pub(crate) fn events(tx: &mut Transaction<'_>, at: Position, change: &EventChange) -> Result<(), Fault> {
    match change {
        EventChange::Put(facts) => {
            let row = admission::note(tx, facts)?;
            conform(tx, at, row)
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
            begin(tx, at, *event)
        }
    }
}

/// Brings the rows of an event to its present shape, if they were last brought to another.
fn conform(tx: &mut Transaction<'_>, at: Position, row: EventRow) -> Result<(), Fault> {
    let shape = Shape::of(&row.facts);
    if row.conformed == Some(shape) {
        return Ok(());
    }
    let event = row.facts.event;
    tx.put(&EVENTS, &event, &EventRow { conformed: Some(shape), ..row })?;
    if shape.public && !shape.cancelled { Ok(()) } else { begin(tx, at, event) }
}

fn begin(tx: &mut Transaction<'_>, at: Position, event: EventId) -> Result<(), Fault> {
    work::begin(tx, Service::Events, at, Work::Conform { event, after: None }, cascade::step)
}
