//! What this service keeps, and the few ways in which it changes.
//!
//! Each change here brings all rows along that depend on it, and announces itself; the rules of who may make it are elsewhere.

mod description;
mod exceptions;
mod members;
mod placing;
mod rows;
mod sources;
pub(crate) mod work;

pub(crate) use description::{describe, describe_instance, description, description_of_instance};
pub(crate) use exceptions::{except, forget_exceptions};
use members::remove_invitee;
pub(crate) use members::{add_invitees, is_deserted, remove_invitees};
use members::{forget_ended, forget_ended_of};
pub(crate) use placing::own_places;
pub(crate) use rows::{EventRow, Invited, Scope};
use sources::forget_source;
pub(crate) use sources::{SourceRow, imported, keep_source, source};

use chassis::exceptions::Exceptions;
use chassis::journal::Author;
use chassis::timeline::Timeline;
use chassis::{Fault, Row, log};
use domain::events::EventChange;
use domain::{EventId, UserId};
use storage::{Table, Transaction};

/// All events, cancelled ones too.
pub(crate) const EVENTS: Table<EventId, EventRow> = Table::new("events");
/// What events are about, in pieces, numbered from 0.
pub(crate) const DESCRIPTIONS: Table<(EventId, u16), String> = Table::new("descriptions");
/// What single instances are about, where it is not what the event is about: event, original start, number of the piece.
pub(crate) const INSTANCE_DESCRIPTIONS: Table<(EventId, i64, u16), String> = Table::new("descriptions.of-instance");
/// The instances that are not as the rules of their event have them.
pub(crate) const EXCEPTIONS: Exceptions = Exceptions::new("exceptions", "exceptions.by-time");
/// Who is invited. The inviter is always the organizer.
pub(crate) const INVITED: Table<(EventId, UserId), Invited> = Table::new("invited");
/// The same, by invitee.
pub(crate) const INVITED_OF: Table<(UserId, EventId), ()> = Table::new("invited-of");
/// Invitations that were taken back, or before they came, and by which command: one to invite that was held up on its way must
/// find that it was overtaken. Nobody of these is invited.
pub(crate) const ENDED: Table<(EventId, UserId), Row<Author>> = Table::new("ended");
/// The same, by invitee.
pub(crate) const ENDED_OF: Table<(UserId, EventId), ()> = Table::new("ended-of");
/// The events of each organizer.
pub(crate) const ORGANIZED_BY: Table<(UserId, EventId), ()> = Table::new("organized-by");
/// The events that were imported: by organizer and `UID`.
pub(crate) const IMPORTED: Table<(UserId, String), Row<EventId>> = Table::new("imported");
/// Where they come from.
pub(crate) const SOURCES: Table<EventId, SourceRow> = Table::new("sources");
/// The texts that they come from, in pieces, numbered from 0.
pub(crate) const ORIGINALS: Table<(EventId, u16), String> = Table::new("originals");
/// Events whose invitees' index entries are being brought up to date, and the last invitee done.
pub(crate) const REINDEXING: Table<EventId, Row<Option<UserId>>> = Table::new("reindexing");
/// The public list and everybody's own, by time.
pub(crate) const TIMELINE: Timeline<Scope> = Timeline::new("timeline");

/// Makes an event.
pub(crate) fn create(tx: &mut Transaction<'_>, event: EventId, row: &EventRow) -> Result<(), Fault> {
    tx.put(&EVENTS, &event, row)?;
    if let Some(organizer) = row.organizer {
        tx.put(&ORGANIZED_BY, &(organizer, event), &())?;
    }
    placing::place(tx, event, None, Some(row))?;
    log::announce(tx, EventChange::Put(row.facts(event)))?;
    Ok(())
}

/// Changes an event from `before` to `after`, as its next version; the event as it then is, and how many invitees were touched
/// at once.
pub(crate) fn change(
    tx: &mut Transaction<'_>,
    event: EventId,
    before: &EventRow,
    after: EventRow,
) -> Result<(EventRow, usize), Fault> {
    let extent = EXCEPTIONS.hull(tx, event, &after.series)?;
    let after = EventRow { version: before.version.saturating_add(1), extent, ..after };
    tx.put(&EVENTS, &event, &after)?;
    if let Some(organizer) = before.organizer.filter(|_| after.organizer != before.organizer) {
        tx.delete(&ORGANIZED_BY, &(organizer, event))?;
        forget_source(tx, event)?;
    }
    placing::place(tx, event, Some(before), Some(&after))?;
    log::announce(tx, EventChange::Put(after.facts(event)))?;
    let touched = if before.listed() == after.listed() { 0 } else { work::reindex(tx, event)? };
    Ok((after, touched))
}

/// Removes an event to which nobody is invited.
pub(crate) fn remove(tx: &mut Transaction<'_>, event: EventId, row: &EventRow) -> Result<(), Fault> {
    tx.delete(&EVENTS, &event)?;
    if let Some(organizer) = row.organizer {
        tx.delete(&ORGANIZED_BY, &(organizer, event))?;
    }
    description::forget(tx, event)?;
    forget_source(tx, event)?;
    EXCEPTIONS.forget(tx, event)?;
    placing::place(tx, event, Some(row), None)?;
    log::announce(tx, EventChange::Removed { event })?;
    Ok(())
}
