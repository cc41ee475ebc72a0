//! The rows themselves.

use chassis::journal::Author;
use domain::events::{Alarms, Capacity, EventFacts};
use domain::time::Extent;
use domain::{EventId, EventTitle, Location, Series, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use storage::Value;

/// An event, but for its description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventRow {
    /// `None` once the account is gone.
    pub(crate) organizer: Option<UserId>,
    pub(crate) title: EventTitle,
    pub(crate) location: Location,
    pub(crate) series: Series,
    /// The extent under which it is indexed, from the first instance to the last: kept, because the instants of a civil time change with the rules of its zone.
    pub(crate) extent: Extent,
    pub(crate) public: bool,
    pub(crate) capacity: Option<Capacity>,
    pub(crate) alarms: Alarms,
    pub(crate) cancelled: bool,
    pub(crate) version: u64,
    pub(crate) created: Timestamp,
    /// Which command wrote it last.
    pub(crate) author: Author,
}

/// [`EventRow`] as the first format had it: without recurrence, capacity and alarms.
#[derive(Deserialize)]
struct EventRowBefore {
    organizer: Option<UserId>,
    title: EventTitle,
    location: Location,
    series: Series,
    extent: Extent,
    public: bool,
    cancelled: bool,
    version: u64,
    created: Timestamp,
    author: Author,
}

impl Value for EventRow {
    const VERSION: u8 = 2;

    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, storage::Error> {
        let EventRowBefore { organizer, title, location, series, extent, public, cancelled, version, created, author } =
            storage::decode_before(version, Self::VERSION, bytes)?;
        let (capacity, alarms) = (None, Alarms::default());
        Ok(Self {
            organizer,
            title,
            location,
            series,
            extent,
            public,
            capacity,
            alarms,
            cancelled,
            version,
            created,
            author,
        })
    }
}

impl EventRow {
    /// Where lists show it; `None` if they do not.
    pub(crate) fn listed(&self) -> Option<Extent> {
        (!self.cancelled).then_some(self.extent)
    }

    /// What other services keep of it.
    pub(crate) fn facts(&self, event: EventId) -> EventFacts {
        EventFacts {
            event,
            organizer: self.organizer,
            title: self.title.clone(),
            location: self.location.clone(),
            series: self.series.clone(),
            public: self.public,
            capacity: self.capacity,
            alarms: self.alarms.clone(),
            cancelled: self.cancelled,
            version: self.version,
        }
    }
}

/// An invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invited {
    /// Where the index by time has the event for this invitee, if it has it.
    pub(crate) indexed: Option<Extent>,
    /// Which command said so last.
    pub(crate) author: Author,
}

impl Value for Invited {}

/// Whose list an index entry is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Scope {
    /// That of the public events.
    Public,
    /// That of the events which someone organizes or is invited to.
    Of(UserId),
}
