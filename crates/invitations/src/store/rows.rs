//! The rows whose bytes the waiting list has changed, and how those from before it are read.

use chassis::journal::Author;
use domain::Position;
use domain::events::{Capacity, EventFacts, EventFactsBefore};
use domain::invitations::{Counts, Status};
use serde::{Deserialize, Serialize};
use storage::{Error, Value};

use super::Origin;

/// What someone answered, as it is kept: whoever waits has a number in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// They come.
    Going,
    /// They may.
    Maybe,
    /// They have not answered.
    Pending,
    /// They do not.
    Declined,
    /// They wait for a place, with this number.
    Waiting(u64),
}

impl Standing {
    /// What they said: who waits wants to come.
    pub(crate) const fn answers(self) -> Self {
        match self {
            Self::Waiting(_) => Self::Going,
            said => said,
        }
    }

    /// The status that everybody is told.
    pub(crate) const fn status(self) -> Status {
        match self {
            Self::Going => Status::Going,
            Self::Maybe => Status::Maybe,
            Self::Pending => Status::Pending,
            Self::Declined => Status::Declined,
            Self::Waiting(_) => Status::Waiting,
        }
    }
}

/// Someone who was asked or joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InvitationRow {
    /// How they came to it.
    pub(crate) origin: Origin,
    /// What they answered.
    pub(crate) standing: Standing,
    /// Which command gave the answer; `None` before the first.
    pub(crate) author: Option<Author>,
    /// Where in events' log a vouch saw the invitation, if it came that way before its record: an earlier record that takes
    /// an earlier invitation back does not mean this one.
    pub(crate) vouched: Option<Position>,
}

/// In the first version nobody waited; all else is the same.
impl Value for InvitationRow {
    const VERSION: u8 = 2;

    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, Error> {
        storage::decode_before(version, Self::VERSION, bytes)
    }
}

impl InvitationRow {
    pub(crate) const fn was_asked(&self) -> bool {
        matches!(self.origin, Origin::Invited { .. })
    }

    pub(crate) const fn status(&self) -> Status {
        self.standing.status()
    }
}

/// How many of each status there are at an event, and how far the numbers of its line are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// How many.
    pub(crate) counts: Counts,
    /// The number of whoever joined the line last; 0 before the first.
    pub(crate) last_in_line: u64,
}

#[derive(Deserialize)]
struct CountsBefore {
    going: u64,
    maybe: u64,
    pending: u64,
    declined: u64,
}

impl Value for Tally {
    const VERSION: u8 = 2;

    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, Error> {
        let CountsBefore { going, maybe, pending, declined } = storage::decode_before(version, Self::VERSION, bytes)?;
        Ok(Self { counts: Counts { going, maybe, pending, declined, waiting: 0 }, last_in_line: 0 })
    }
}

/// What is known of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventRow {
    /// Of the newest version heard of, from the log or earlier from a vouch.
    pub(crate) facts: EventFacts,
    /// To which visibility, state and capacity the rows were last brought (see [`crate::cascade`]); `None` until the log's next
    /// word on the event, once facts came by a vouch.
    pub(crate) conformed: Option<Shape>,
}

/// What of an event's facts decides about the rows and lists of its people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// Those who joined by themselves stay only while it is.
    pub(crate) public: bool,
    /// It is in no inbox once it is.
    pub(crate) cancelled: bool,
    /// How many can come; everyone, if it is `None`.
    pub(crate) capacity: Option<Capacity>,
}

impl Shape {
    pub(crate) const fn of(facts: &EventFacts) -> Self {
        Self { public: facts.public, cancelled: facts.cancelled, capacity: facts.capacity }
    }
}

#[derive(Deserialize)]
struct EventRowBefore {
    facts: EventFactsBefore,
    conformed: Option<ShapeBefore>,
}

#[derive(Deserialize)]
struct ShapeBefore {
    public: bool,
    cancelled: bool,
}

impl Value for EventRow {
    const VERSION: u8 = 2;

    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, Error> {
        let EventRowBefore { facts, conformed } = storage::decode_before(version, Self::VERSION, bytes)?;
        let conformed = conformed.map(|ShapeBefore { public, cancelled }| Shape { public, cancelled, capacity: None });
        Ok(Self { facts: facts.into(), conformed })
    }
}
