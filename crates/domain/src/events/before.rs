//! The records of events' log as the first format had them: without recurrence, capacity and alarms. They stay in logs that were
//! begun then.

use serde::{Deserialize, Serialize};

use super::{Alarms, EventChange, EventFacts};
use crate::{EventId, EventTitle, Location, Series, UserId};

/// [`EventFacts`] as the first format had them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventFactsBefore {
    event: EventId,
    organizer: Option<UserId>,
    title: EventTitle,
    location: Location,
    series: Series,
    public: bool,
    cancelled: bool,
    version: u64,
}

/// [`EventChange`] as the first format had it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum EventChangeBefore {
    /// See [`EventChange::Put`].
    Put(EventFactsBefore),
    /// See [`EventChange::Invited`].
    Invited {
        /// To what.
        event: EventId,
        /// By whom.
        inviter: UserId,
        /// Who.
        invitees: Vec<UserId>,
    },
    /// See [`EventChange::Uninvited`].
    Uninvited {
        /// To what.
        event: EventId,
        /// Whose.
        invitees: Vec<UserId>,
    },
    /// See [`EventChange::Removed`].
    Removed {
        /// Which it was.
        event: EventId,
    },
}

impl From<EventFactsBefore> for EventFacts {
    fn from(before: EventFactsBefore) -> Self {
        let EventFactsBefore { event, organizer, title, location, series, public, cancelled, version } = before;
        let (capacity, alarms) = (None, Alarms::default());
        Self { event, organizer, title, location, series, public, capacity, alarms, cancelled, version }
    }
}

impl From<EventChangeBefore> for EventChange {
    fn from(before: EventChangeBefore) -> Self {
        match before {
            EventChangeBefore::Put(facts) => Self::Put(facts.into()),
            EventChangeBefore::Invited { event, inviter, invitees } => Self::Invited { event, inviter, invitees },
            EventChangeBefore::Uninvited { event, invitees } => Self::Uninvited { event, invitees },
            EventChangeBefore::Removed { event } => Self::Removed { event },
        }
    }
}
