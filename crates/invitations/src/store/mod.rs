//! The tables, and reading them. What changes them together is in [`record`]; the rules are elsewhere.

pub(crate) mod heard;
pub(crate) mod record;

use chassis::journal::Author;
use chassis::{Fault, Row};
use domain::events::EventFacts;
use domain::invitations::{Counts, Status};
use domain::{EventId, Instance, Position, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader, Table, Transaction, Value};

/// Where a row is: an event, all of it or one instance, and a person.
pub(crate) type Place = (EventId, Instance, UserId);

/// The events that were heard of.
pub(crate) const EVENTS: Table<EventId, EventRow> = Table::new("events");

/// Who was asked or joined, and what they answered.
pub(crate) const INVITATIONS: Table<Place, InvitationRow> = Table::new("invitations");

/// The same in the order of a list of participants.
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
pub(crate) const COUNTS: Table<(EventId, Instance), Row<Counts>> = Table::new("counts");

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

/// What is known of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventRow {
    /// Of the newest version heard of, from the log or earlier from a vouch.
    pub(crate) facts: EventFacts,
    /// To which visibility and state the rows were last brought (see [`crate::cascade`]); `None` until the log's next word
    /// on the event, once facts came by a vouch.
    pub(crate) conformed: Option<Shape>,
}

impl Value for EventRow {}

/// What of an event's facts decides about the rows and lists of its people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// Those who joined by themselves stay only while it is.
    pub(crate) public: bool,
    /// It is in no inbox once it is.
    pub(crate) cancelled: bool,
}

impl Shape {
    pub(crate) const fn of(facts: &EventFacts) -> Self {
        Self { public: facts.public, cancelled: facts.cancelled }
    }
}

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

/// Someone who was asked or joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InvitationRow {
    /// How they came to it.
    pub(crate) origin: Origin,
    /// What they answered.
    pub(crate) status: Status,
    /// Which command gave the answer; `None` before the first.
    pub(crate) author: Option<Author>,
    /// Where in events' log a vouch saw the invitation, if it came that way before its record: an earlier record that takes
    /// an earlier invitation back does not mean this one.
    pub(crate) vouched: Option<Position>,
}

impl Value for InvitationRow {}

impl InvitationRow {
    pub(crate) const fn was_asked(&self) -> bool {
        matches!(self.origin, Origin::Invited { .. })
    }
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
pub(crate) fn counts(reader: &impl Reader, event: EventId, instance: Instance) -> Result<Counts, Fault> {
    Ok(reader.get(&COUNTS, &(event, instance))?.map(|Row(counts)| counts).unwrap_or_default())
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
