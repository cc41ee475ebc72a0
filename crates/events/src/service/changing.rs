//! Changing an event, and calling it off.

use chassis::journal::Author;
use chassis::{Fault, Settle};
use domain::events::{CancelEvent, EditEvent, Event};
use domain::{Answer, Context, Error, EventId, Series};
use storage::Transaction;

use super::{EventsService, check_number, inviting, showing};
use crate::rights;
use crate::store::{self, EventRow};

impl EventsService {
    pub(super) async fn edit_event(&self, context: &Context, request: EditEvent) -> Answer<Event> {
        let (event, user, author) = (request.event, context.user()?, Author::of(context)?);
        check_number("invite", &request.invite)?;
        let invitees = self.people.find_all(context, &request.invite).await;
        // To become public or private gives and takes rights, as inviting does.
        let rights_change = request.public.is_some() || !request.invite.is_empty();
        let settle = if rights_change { Settle::WithFollowers } else { Settle::No };
        let wanted = request.clone();
        let edit = move |tx: &mut Transaction<'_>| {
            let before = rights::organized(tx, event, user)?;
            check_version(&before, wanted.if_version)?;
            check_takes_place(&before)?;
            let invitees = inviting::admitted(tx, user, invitees)?;
            let row = apply(tx, event, before, &wanted, author)?;
            store::add_invitees(tx, event, &row, user, author, &invitees)
        };
        let show = |view: &storage::View<'_>, (): &()| showing::show(view, event, user);
        let reply = self.chassis.command(context, "edit", &request, settle, edit, show).await;
        self.chassis.work_may_have_come();
        reply
    }

    pub(super) async fn cancel_event(&self, context: &Context, request: CancelEvent) -> Answer<Event> {
        let (event, user) = (request.event, context.user()?);
        let cancel = move |tx: &mut Transaction<'_>| {
            let before = rights::organized(tx, event, user)?;
            if !before.cancelled {
                store::change(tx, event, &before, EventRow { cancelled: true, ..before.clone() })?;
            }
            Ok(())
        };
        let show = |view: &storage::View<'_>, (): &()| showing::show(view, event, user);
        let reply = self.chassis.command(context, "cancel", &request, Settle::No, cancel, show).await;
        self.chassis.work_may_have_come();
        reply
    }
}

/// The event as it is after the edit; a new version only if something is different.
///
/// # Errors
/// Conflict if a later command of the same session has changed the event: this one was held up on its way.
fn apply(
    tx: &mut Transaction<'_>,
    event: EventId,
    before: EventRow,
    wanted: &EditEvent,
    author: Author,
) -> Result<EventRow, Fault> {
    let mut after = before.clone();
    if let Some(title) = &wanted.title {
        after.title = title.clone();
    }
    if let Some(location) = &wanted.location {
        after.location = location.clone();
    }
    if let Some(time) = &wanted.time {
        after.series = Series { first: time.clone(), recurrence: before.series.recurrence.clone() };
    }
    if let Some(public) = wanted.public {
        after.public = public;
    }
    let described = match &wanted.description {
        Some(description) => *description != store::description(tx, event)?,
        None => false,
    };
    if after == before && !described {
        return Ok(before);
    }
    author.may_overwrite(Some(before.author))?;
    after.author = author;
    if let Some(description) = wanted.description.as_ref().filter(|_| described) {
        store::describe(tx, event, description)?;
    }
    Ok(store::change(tx, event, &before, after)?.0)
}

/// Refuses a change that was meant for another version than the present one.
fn check_version(row: &EventRow, meant: Option<u64>) -> Result<(), Error> {
    match meant {
        Some(meant) if meant != row.version => Err(Error::Conflict {
            field: "version".to_owned(),
            reason: format!(
                "the event was changed in the meantime: it is at version {}, not {meant}; look at it and change it again",
                row.version
            ),
            current_version: Some(row.version),
        }),
        _ => Ok(()),
    }
}

/// Refuses what can only be done to an event that takes place.
pub(super) fn check_takes_place(row: &EventRow) -> Result<(), Error> {
    if row.cancelled {
        return Err(Error::conflict("event", "the event is cancelled; make a new one instead"));
    }
    Ok(())
}
