//! Changing an event, and calling it off.

use chassis::journal::Author;
use chassis::{Fault, Settle};
use domain::events::{CancelEvent, EditEvent, Event};
use domain::{Answer, Context, Error, EventId, Instance, Series};
use storage::Transaction;

use super::{EventsService, check_number, following, instances, inviting, showing};
use crate::rights;
use crate::store::{self, EventRow};

impl EventsService {
    pub(super) async fn edit_event(&self, context: &Context, request: EditEvent) -> Answer<Event> {
        let (event, user, author) = (request.event, context.user()?, Author::of(context)?);
        check_number("invite", &request.invite)?;
        instances::check_fields(&request)?;
        let invitees = self.people.find_all(context, &request.invite).await;
        // To become public or private gives and takes rights, as inviting does.
        let rights_change = request.public.is_some() || !request.invite.is_empty();
        let settle = if rights_change { Settle::WithFollowers } else { Settle::No };
        let now = self.chassis.clock().now();
        let wanted = request.clone();
        let edit = move |tx: &mut Transaction<'_>| {
            let before = rights::organized(tx, event, user)?;
            check_version(&before, wanted.if_version)?;
            check_takes_place(&before)?;
            let invitees = inviting::admitted(tx, user, invitees)?;
            let (id, row) = match wanted.instance {
                Instance::On(start) => (event, instances::apply(tx, event, before, start, &wanted, author)?),
                Instance::From(start) if following::is_the_rest(tx, event, &before, start)? => {
                    following::split(tx, event, &before, start, &wanted, (author, now))?
                }
                Instance::From(_) | Instance::Series => (event, apply(tx, event, before, &wanted, author)?),
            };
            store::add_invitees(tx, id, &row, user, author, &invitees)?;
            Ok(id)
        };
        let show = |view: &storage::View<'_>, id: &EventId| match request.instance {
            Instance::On(_) => showing::show_instance(view, *id, request.instance, user),
            Instance::From(_) | Instance::Series => showing::show(view, *id, user),
        };
        let reply = self.chassis.command(context, "edit", &request, settle, edit, show).await;
        self.chassis.work_may_have_come();
        reply
    }

    pub(super) async fn cancel_event(&self, context: &Context, request: CancelEvent) -> Answer<Event> {
        let (event, user, author) = (request.event, context.user()?, Author::of(context)?);
        let instance = request.instance;
        let cancel = move |tx: &mut Transaction<'_>| {
            let before = rights::organized(tx, event, user)?;
            if before.cancelled {
                return Ok(());
            }
            match instance {
                Instance::On(start) => instances::cancel(tx, event, &before, start, author),
                Instance::From(start) if following::is_the_rest(tx, event, &before, start)? => {
                    following::end(tx, event, &before, start, author).map(drop)
                }
                Instance::From(_) | Instance::Series => {
                    store::change(tx, event, &before, EventRow { cancelled: true, ..before.clone() }).map(drop)
                }
            }
        };
        let show = |view: &storage::View<'_>, (): &()| match instance {
            Instance::On(_) => showing::show_instance(view, event, instance, user),
            Instance::From(_) | Instance::Series => showing::show(view, event, user),
        };
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
    let mut after = overlaid(before.clone(), wanted);
    let (time, rules) = (wanted.time.clone(), wanted.rules.clone());
    if time.is_some() || rules.is_some() {
        let rules = rules.unwrap_or_else(|| before.series.rules());
        let first = time.unwrap_or_else(|| before.series.first.clone());
        // By single dates it comes again as long as there are some.
        after.series = match Series::new(first, &rules)? {
            once if !once.recurs() && before.series.recurs() && wanted.rules.is_none() => Series::by_dates(once.first),
            series => series,
        };
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
    if after.series != before.series {
        instances::conform(tx, event, &before.series, &after.series)?;
    }
    Ok(store::change(tx, event, &before, after)?.0)
}

/// The event with all that is wanted to be different but when it is and what it is about.
pub(super) fn overlaid(mut after: EventRow, wanted: &EditEvent) -> EventRow {
    if let Some(title) = &wanted.title {
        after.title = title.clone();
    }
    if let Some(location) = &wanted.location {
        after.location = location.clone();
    }
    if let Some(public) = wanted.public {
        after.public = public;
    }
    if let Some(capacity) = wanted.capacity {
        after.capacity = capacity;
    }
    if let Some(alarms) = &wanted.alarms {
        after.alarms = alarms.clone();
    }
    after
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
