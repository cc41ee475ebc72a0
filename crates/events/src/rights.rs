//! Who may see an event and who may change it. Nothing else in this service decides that.
//!
//! An event is seen by its organizer and by those invited, also once it is cancelled, and by everyone signed in while it is
//! public and not cancelled. Anyone else is told the same as of an event that does not exist.

use chassis::Fault;
use domain::{Error, EventId, UserId};
use storage::Reader;

use crate::store::{EVENTS, EventRow, INVITED};

/// What someone who may see an event is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is theirs.
    Organizer,
    /// They are invited.
    Invitee,
    /// They may see it because everyone may.
    Everyone,
}

/// The event, and what `viewer` is to it; `None` if they may not see it, or there is none.
pub(crate) fn seen_by(reader: &impl Reader, event: EventId, viewer: UserId) -> Result<Option<(EventRow, Role)>, Fault> {
    // Both are looked up whatever the first says, so that hidden and missing take the same path.
    let row = reader.get(&EVENTS, &event)?;
    let invited = reader.contains(&INVITED, &(event, viewer))?;
    let Some(row) = row else { return Ok(None) };
    let role = if row.organizer == Some(viewer) {
        Role::Organizer
    } else if invited {
        Role::Invitee
    } else if row.public && !row.cancelled {
        Role::Everyone
    } else {
        return Ok(None);
    };
    Ok(Some((row, role)))
}

/// [`seen_by`], refusing those who may not see it.
///
/// # Errors
/// Not found (`event`).
pub(crate) fn visible(reader: &impl Reader, event: EventId, viewer: UserId) -> Result<(EventRow, Role), Fault> {
    Ok(seen_by(reader, event, viewer)?.ok_or_else(|| Error::not_found("event", event))?)
}

/// The event, for its organizer, who alone may change it.
///
/// # Errors
/// Not found (`event`) for those who may not see it, forbidden for those who may.
pub(crate) fn organized(reader: &impl Reader, event: EventId, user: UserId) -> Result<EventRow, Fault> {
    match visible(reader, event, user)? {
        (row, Role::Organizer) => Ok(row),
        (_, Role::Invitee | Role::Everyone) => {
            Err(Error::forbidden("only its organizer may change, cancel or invite to an event").into())
        }
    }
}
