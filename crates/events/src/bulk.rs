//! Events in bulk, for benchmarks: the rows and records that commands make, for many events in one transaction.
//!
//! No rule is looked at: who is named must be known, and events must be new.

use chassis::Fault;
use chassis::journal::Author;
use domain::events::CreateEvent;
use domain::{Context, Error, EventId, Series, Timestamp, UserId};
use storage::{Database, Reader as _, Transaction};

use crate::service::creating::{By, make};
use crate::store::{self, EVENTS};

/// An event to be made.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its identity.
    pub event: EventId,
    /// Whose it is.
    pub organizer: UserId,
    /// What it is; whom it names is not looked at.
    pub request: CreateEvent,
    /// Who is invited to it.
    pub invitees: Vec<UserId>,
}

/// Makes all of `events` at once, each as if by the command `context`.
///
/// # Errors
/// What the database reports; invalid input for rules that cannot be.
pub async fn create(db: &Database, context: &Context, now: Timestamp, events: Vec<Wanted>) -> Result<(), Fault> {
    let author = Author::of(context)?;
    let write = move |tx: &mut Transaction<'_>| {
        events.into_iter().try_for_each(|Wanted { event, organizer, request, invitees }| {
            let series = Series::new(request.time.clone(), &request.rules)?;
            make(tx, event, request, series, &invitees, &By { organizer, author, now })
        })
    };
    db.write(write).await
}

/// Invites `invitees` to an event at once, as if by the command `context`.
///
/// # Errors
/// What the database reports; not found (`event`).
pub async fn invite(db: &Database, context: &Context, event: EventId, invitees: Vec<UserId>) -> Result<(), Fault> {
    let author = Author::of(context)?;
    let write = move |tx: &mut Transaction<'_>| {
        let row = tx.get(&EVENTS, &event)?.ok_or_else(|| Error::not_found("event", event))?;
        let organizer = row.organizer.ok_or_else(|| Error::not_found("organizer", event))?;
        store::add_invitees(tx, event, &row, organizer, author, &invitees)
    };
    db.write(write).await
}
