//! What events tells the services that follow it.

use serde::{Deserialize, Serialize};

use super::before::EventChangeBefore;
use super::{Alarms, Capacity, Exception};
use crate::log::Change;
use crate::{EventId, EventTitle, Location, Series, UserId};

/// What other services keep of an event; single instances that are not as its rules have them are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFacts {
    /// Its identity.
    pub event: EventId,
    /// Whose it is; `None` once the account is gone.
    pub organizer: Option<UserId>,
    /// Its title.
    pub title: EventTitle,
    /// Where it is.
    pub location: Location,
    /// When it is.
    pub series: Series,
    /// Whether everyone may see and join it.
    pub public: bool,
    /// How many people can come; `None` for any number.
    pub capacity: Option<Capacity>,
    /// When those who come are reminded.
    pub alarms: Alarms,
    /// Whether it was called off.
    pub cancelled: bool,
    /// The version these facts are of.
    pub version: u64,
}

/// A record of events' log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventChange {
    /// An event came to be or changed; all facts, as they are now.
    Put(EventFacts),
    /// People were invited; at most [`super::MAX_PEOPLE_A_RECORD`].
    Invited {
        /// To what.
        event: EventId,
        /// By whom.
        inviter: UserId,
        /// Who.
        invitees: Vec<UserId>,
    },
    /// Invitations were taken back; at most [`super::MAX_PEOPLE_A_RECORD`].
    Uninvited {
        /// To what.
        event: EventId,
        /// Whose.
        invitees: Vec<UserId>,
    },
    /// An event is gone: its organizer deleted their account and nobody is left who may see it.
    Removed {
        /// Which it was.
        event: EventId,
    },
    /// People are invited, as a snapshot tells it; never in the log. At most [`super::MAX_PEOPLE_A_RECORD`].
    Members {
        /// To what.
        event: EventId,
        /// By whom; `None` once the account is gone.
        inviter: Option<UserId>,
        /// Who.
        invitees: Vec<UserId>,
    },
    /// An instance is from now on not as the rules have it; `None`: it is again.
    Exception {
        /// Of which event.
        event: EventId,
        /// The original civil start of the instance ([`crate::time::civil_seconds`]).
        start: i64,
        /// What it is instead.
        exception: Option<Exception>,
    },
    /// An event goes on as another one from some instance on: who comes to the one comes to the other. Told after the other event
    /// and who is invited to it.
    Continued {
        /// The event that goes on.
        event: EventId,
        /// The original civil start of its first instance that is now the other's.
        start: i64,
        /// The other event.
        by: EventId,
    },
}

/// What of events' others keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventRow {
    /// An event.
    Event(EventId),
    /// An invitation to an event.
    Invited(EventId, UserId),
    /// An instance of an event, by its original civil start, that is not as the rules have it.
    Exception(EventId, i64),
}

impl Change for EventChange {
    const VERSION: u8 = 2;
    type Row = EventRow;
    type Before = EventChangeBefore;

    fn rows(&self) -> Vec<EventRow> {
        match self {
            Self::Put(facts) => vec![EventRow::Event(facts.event)],
            Self::Invited { event, invitees, .. } | Self::Members { event, invitees, .. } => {
                invitees.iter().map(|invitee| EventRow::Invited(*event, *invitee)).collect()
            }
            Self::Exception { event, start, exception: Some(_) } => vec![EventRow::Exception(*event, *start)],
            Self::Exception { exception: None, .. }
            | Self::Continued { .. }
            | Self::Uninvited { .. }
            | Self::Removed { .. } => Vec::new(),
        }
    }

    fn removal(row: &EventRow) -> Self {
        match *row {
            EventRow::Event(event) => Self::Removed { event },
            EventRow::Invited(event, invitee) => Self::Uninvited { event, invitees: vec![invitee] },
            EventRow::Exception(event, start) => Self::Exception { event, start, exception: None },
        }
    }
}
