//! Who may see an event, by the facts here: one rule for every method.

use chassis::Fault;
use domain::events::{EventFacts, Exception};
use domain::{Error, EventId, Instance, UserId};
use storage::Reader;

use crate::store::{self, EXCEPTIONS, InvitationRow};

/// An event as someone sees it who may.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// What is known of it.
    pub(crate) facts: EventFacts,
    /// Whether they organize it.
    pub(crate) organizes: bool,
    /// Their own row, if they were asked or joined.
    pub(crate) row: Option<InvitationRow>,
}

/// The event, if `viewer` may see it by what is known here: its organizer, whoever is invited, and everyone if it is public.
/// Once cancelled, a public event is seen only by those who were asked or had joined.
pub(crate) fn seen_by(reader: &impl Reader, event: EventId, viewer: UserId) -> Result<Option<Seen>, Fault> {
    let Some(facts) = store::facts(reader, event)? else { return Ok(None) };
    let row = store::row(reader, event, Instance::Series, viewer)?;
    let organizes = facts.organizer == Some(viewer);
    let sees = organizes
        || match &row {
            Some(row) => row.was_asked() || facts.public,
            None => facts.public && !facts.cancelled,
        };
    Ok(sees.then_some(Seen { facts, organizes, row }))
}

/// [`seen_by`], with the one answer for what does not exist and for what may not be seen.
pub(crate) fn see(reader: &impl Reader, event: EventId, viewer: UserId) -> Result<Seen, Fault> {
    Ok(seen_by(reader, event, viewer)?.ok_or_else(|| unseen(event))?)
}

/// The answer for an event that does not exist, or not for the asker.
pub(crate) fn unseen(event: EventId) -> Error {
    Error::not_found("event", event)
}

/// Refuses an instance that the event does not have.
///
/// # Errors
/// Invalid input naming `instance`; conflict if the instance was called off.
pub(crate) fn check_instance(reader: &impl Reader, facts: &EventFacts, instance: Instance) -> Result<(), Fault> {
    let (Instance::On(start) | Instance::From(start)) = instance else { return Ok(()) };
    let none = || facts.series.no_instance_at(start);
    if !facts.series.recurs() {
        return Err(none().into());
    }
    match EXCEPTIONS.get(reader, facts.event, start)? {
        Some(Exception::Removed) if matches!(instance, Instance::On(_)) => {
            Err(Error::conflict("instance", "this instance was cancelled").into())
        }
        Some(_) => Ok(()),
        None if facts.series.occurrence(start).is_some() => Ok(()),
        None => Err(none().into()),
    }
}
