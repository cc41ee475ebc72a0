//! Showing an event, to people and to other services.

use chassis::{Chassis, Fault, cursor, directory};
use domain::events::{Change, Event, Exception, ListExceptions, VouchEvent, VouchedEvent};
use domain::integrity::{Present, Target};
use domain::{Description, EventId, Instance, Page, UserId};
use storage::Reader;

use crate::rights::{self, Role};
use crate::store::{self, EVENTS, EXCEPTIONS, EventRow};

/// An event, for someone who may see it.
pub(super) fn show(reader: &impl Reader, event: EventId, viewer: UserId) -> Result<Event, Fault> {
    let (row, _) = rights::visible(reader, event, viewer)?;
    shown(reader, event, row, store::description(reader, event)?)
}

/// An event, or one instance of it, for someone who may see it.
///
/// # Errors
/// Invalid input naming `instance` if there is none that starts then.
pub(super) fn show_instance(
    reader: &impl Reader,
    event: EventId,
    instance: Instance,
    viewer: UserId,
) -> Result<Event, Fault> {
    let (row, _) = rights::visible(reader, event, viewer)?;
    let (Instance::On(start) | Instance::From(start)) = instance else { return show(reader, event, viewer) };
    let series = row.series.clone();
    let whole = shown(reader, event, row, store::description(reader, event)?)?;
    if !series.recurs() {
        return Err(series.no_instance_at(start).into());
    }
    match EXCEPTIONS.get(reader, event, start)? {
        Some(Exception::Changed(Change { time, title, location })) => Ok(Event {
            title: title.unwrap_or(whole.title),
            location: location.unwrap_or(whole.location),
            description: store::description_of_instance(reader, event, start)?.unwrap_or(whole.description),
            occurrence: Some(time),
            ..whole
        }),
        exception => {
            let named = series.occurrence(start).is_some();
            let occurrence = series.time_at(start).filter(|_| named).ok_or_else(|| series.no_instance_at(start))?;
            Ok(Event { occurrence: Some(occurrence), cancelled: whole.cancelled || exception.is_some(), ..whole })
        }
    }
}

/// A page of the instances that are not as the rules have them.
pub(super) fn exceptions(
    reader: &impl Reader,
    viewer: UserId,
    request: &ListExceptions,
) -> Result<Page<(i64, Exception)>, Fault> {
    rights::visible(reader, request.event, viewer)?;
    let after: Option<i64> = cursor::read(&request.page)?;
    let rows = EXCEPTIONS.list(reader, request.event, after, request.page.limit.get().saturating_add(1))?;
    cursor::page(&request.page, rows, |start, exception| Ok((*start, exception)))
}

/// An event as people read it.
pub(super) fn shown(
    reader: &impl Reader,
    event: EventId,
    row: EventRow,
    description: Description,
) -> Result<Event, Fault> {
    let organizer = directory::person(reader, row.organizer)?;
    Ok(Event {
        id: event,
        title: row.title,
        description,
        location: row.location,
        series: row.series,
        occurrence: None,
        public: row.public,
        capacity: row.capacity,
        alarms: row.alarms,
        organizer,
        version: row.version,
        cancelled: row.cancelled,
        created: row.created,
    })
}

/// An event as one user may see it, and where in the log that was.
pub(super) fn vouch(reader: &impl Reader, request: VouchEvent) -> Result<VouchedEvent, Fault> {
    let (row, role) = rights::visible(reader, request.event, request.viewer)?;
    Ok(VouchedEvent {
        facts: row.facts(request.event),
        invited_by: (role == Role::Invitee).then_some(row.organizer),
        at: Chassis::position(reader),
    })
}

/// Which of these rows there are; users are none of this service's.
pub(super) fn present(reader: &impl Reader, request: &Present) -> Result<Vec<bool>, Fault> {
    request.answer(|target| match target {
        Target::Event(event) => Ok(reader.contains(&EVENTS, event)?),
        Target::User(_) => Ok(false),
    })
}
