//! The tables, and reading them. What changes them together is in [`record`]; the rules are elsewhere.

pub(crate) mod heard;
pub(crate) mod line;
pub(crate) mod record;
mod rows;

use chassis::Fault;
use chassis::exceptions::Exceptions;
use domain::events::EventFacts;
use domain::invitations::Status;
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader, Table, Transaction};

pub(crate) use rows::{EventRow, InvitationRow, Shape, Standing, Tally};

/// Where a row is: an event, all of it or one instance, and a person.
pub(crate) type Place = (EventId, Instance, UserId);

/// The events that were heard of.
pub(crate) const EVENTS: Table<EventId, EventRow> = Table::new("events");

/// The instances that are not as the rules of their event have them.
pub(crate) const EXCEPTIONS: Exceptions = Exceptions::new("events.exceptions", "events.exceptions.by-time");

/// Who was asked or joined, and what they answered.
pub(crate) const INVITATIONS: Table<Place, InvitationRow> = Table::new("invitations");

/// The same by status; who waits is in the line instead ([`line::LINE`]).
pub(crate) const BY_STATUS: Table<(EventId, Instance, Status, UserId), ()> = Table::new("invitations.by-status");

/// The rows of a person.
pub(crate) const OF_USER: Table<(UserId, EventId, Instance), ()> = Table::new("invitations.of-user");

/// The rows of those whom a person invited: inviter first, then event, instance, invitee.
pub(crate) const BY_INVITER: Table<(UserId, EventId, Instance, UserId), ()> = Table::new("invitations.by-inviter");

/// What is in a person's inbox, in the order of arrival: invitations to events that are not cancelled.
pub(crate) const INBOX: Table<InboxKey, ()> = Table::new("inbox.all");

/// Those of them that are not answered.
pub(crate) const UNANSWERED: Table<InboxKey, ()> = Table::new("inbox.unanswered");

/// How many of each status; no row for none at all.
pub(crate) const COUNTS: Table<(EventId, Instance), Tally> = Table::new("counts");

/// Everyone whose deletion was applied here, for good: some 30 bytes for each deleted account.
///
/// Records of events may name a user whom auth's log has not brought yet, or has already taken away, and the directory cannot
/// tell the two apart. Ids are never used again, so remembering the gone ones can; a row for them would stay for ever.
pub(crate) const GONE: Table<UserId, ()> = Table::new("gone");

/// How many arrivals of invitations there were; those of one record of events' log are one arrival.
pub(crate) const ARRIVALS: Table<u8, u64> = Table::new("arrivals");
const LAST: u8 = 0;

/// Invitee, arrival, event, instance.
pub(crate) type InboxKey = (UserId, u64, EventId, Instance);

/// How someone came to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// They were asked.
    Invited {
        /// By whom; `None` once that account is gone.
        by: Option<UserId>,
        /// The place of the invitation in the order of arrival.
        arrived: u64,
    },
    /// They joined a public event by themselves.
    Joined,
}

/// The facts of an event, if it was heard of.
pub(crate) fn facts(reader: &impl Reader, event: EventId) -> Result<Option<EventFacts>, Fault> {
    Ok(reader.get(&EVENTS, &event)?.map(|row| row.facts))
}

/// Someone's row.
pub(crate) fn row(
    reader: &impl Reader,
    event: EventId,
    instance: Instance,
    user: UserId,
) -> Result<Option<InvitationRow>, Fault> {
    Ok(reader.get(&INVITATIONS, &(event, instance, user))?)
}

/// How many there are of each status.
pub(crate) fn tally(reader: &impl Reader, event: EventId, instance: Instance) -> Result<Tally, Fault> {
    Ok(reader.get(&COUNTS, &(event, instance))?.unwrap_or_default())
}

/// Whether the deletion of this user was applied here.
pub(crate) fn is_gone(reader: &impl Reader, user: UserId) -> Result<bool, Fault> {
    Ok(reader.contains(&GONE, &user)?)
}

/// The place of an invitation that arrives now.
pub(crate) fn next_arrival(tx: &mut Transaction<'_>) -> Result<u64, Fault> {
    let next = tx.get(&ARRIVALS, &LAST)?.unwrap_or_default().saturating_add(1);
    tx.put(&ARRIVALS, &LAST, &next)?;
    Ok(next)
}
