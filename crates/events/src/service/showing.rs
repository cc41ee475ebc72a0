//! Showing an event, to people and to other services.

use chassis::{Chassis, Fault, directory};
use domain::events::{Event, VouchEvent, VouchedEvent};
use domain::integrity::{Present, Target};
use domain::{Description, EventId, UserId};
use storage::Reader;

use crate::rights::{self, Role};
use crate::store::{self, EVENTS, EventRow};

/// An event, for someone who may see it.
pub(super) fn show(reader: &impl Reader, event: EventId, viewer: UserId) -> Result<Event, Fault> {
    let (row, _) = rights::visible(reader, event, viewer)?;
    shown(reader, event, row, store::description(reader, event)?)
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
        public: row.public,
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
