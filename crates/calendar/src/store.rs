//! The tables of the calendar service and their rows. What must hold between them is the business of `entry`.

use chassis::Row;
use chassis::timeline::Timeline;
use domain::calendar::Attendance;
use domain::events::EventFacts;
use domain::sharing::Level;
use domain::time::Extent;
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Table, Value};

/// Whose, which event, and which instance of it.
pub(crate) type EntryKey = (UserId, EventId, Instance);

/// Who has a calendar.
pub(crate) const CALENDARS: Table<UserId, ()> = Table::new("calendars");
/// Who had one: tombstones against records that arrive late.
pub(crate) const CLOSED: Table<UserId, ()> = Table::new("calendars.closed");

/// What is known of each event.
pub(crate) const EVENTS: Table<EventId, FollowedEvent> = Table::new("events");
/// The events that are gone: tombstones against records that arrive late.
pub(crate) const REMOVED: Table<EventId, ()> = Table::new("events.removed");

/// What is, or may come to be, in the calendars.
pub(crate) const ENTRIES: Table<EntryKey, EntryRow> = Table::new("entries");
/// The same rows by event.
pub(crate) const ENTRIES_OF_EVENT: Table<(EventId, UserId, Instance), ()> = Table::new("entries.of-event");
/// The index by time of each calendar: exactly the extents in the rows of [`ENTRIES`].
pub(crate) const TIMELINE: Timeline<UserId> = Timeline::new("timeline");

/// (owner, sharee) → how much the sharee sees.
pub(crate) const SHARES: Table<(UserId, UserId), Row<Level>> = Table::new("shares");
/// (sharee, owner): the same rows from the other side.
pub(crate) const SHARES_OF_SHAREE: Table<(UserId, UserId), ()> = Table::new("shares.of-sharee");

/// An event as events' log tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FollowedEvent {
    /// What the log told last.
    pub(crate) facts: EventFacts,
    /// Where it lies on its line of time. Worked out once, when the facts came, so that all entries agree on it even when a
    /// newer release knows other rules for the zone.
    pub(crate) extent: Extent,
}

impl Value for FollowedEvent {}

impl FollowedEvent {
    pub(crate) fn new(facts: EventFacts) -> Self {
        Self { extent: facts.series.first.extent(), facts }
    }

    /// Where `instance` lies; `None` if there is no such instance, and of an event that happens once there is none.
    pub(crate) const fn extent_of(&self, instance: Instance) -> Option<Extent> {
        match instance {
            Instance::Series => Some(self.extent),
            Instance::On(_) => None,
        }
    }

    /// Whether the user organizes it. The organizer has the whole of an event in their calendar, never an instance.
    pub(crate) fn is_organized_by(&self, user: UserId, instance: Instance) -> bool {
        instance == Instance::Series && self.facts.organizer == Some(user)
    }
}

/// An answer that brings an event into a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Coming {
    Going,
    Maybe,
}

impl From<Coming> for Attendance {
    fn from(coming: Coming) -> Self {
        match coming {
            Coming::Going => Self::Going,
            Coming::Maybe => Self::Maybe,
        }
    }
}

/// What is known of one user and one event. There is a row if the user organizes the event or said that they come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EntryRow {
    /// What invitations told last, whether or not the event is known here.
    pub(crate) coming: Option<Coming>,
    /// Where the entry is in the index; `None` while it is not: the event is cancelled, or has not arrived.
    pub(crate) indexed: Option<Extent>,
}

impl Value for EntryRow {}

#[cfg(test)]
mod tests {
    use domain::Series;
    use domain::time::{EventTime, Family, Moment};
    use storage::encode_value;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn facts(organizer: Option<UserId>, time: EventTime) -> EventFacts {
        EventFacts {
            event: EventId::from_bytes([1; 16]),
            organizer,
            title: "Tee".parse().unwrap(),
            location: "Bonn".parse().unwrap(),
            series: Series::once(time),
            public: true,
            cancelled: false,
            version: 3,
        }
    }

    /// A change of these bytes is a change of the database's format: it needs a new `Value::VERSION` and an upgrade.
    #[test]
    fn rows_are_written_in_these_bytes() {
        let zone: domain::Zone = "Europe/Berlin".parse().unwrap();
        let at = |hour| Moment::in_zone("start", jiff::civil::date(2027, 3, 10).at(hour, 0, 0, 0), &zone).unwrap();
        let timed = EventTime::timed(at(9), at(10), zone.clone()).unwrap();
        let days = EventTime::all_day(jiff::civil::date(2027, 3, 10), jiff::civil::date(2027, 3, 12)).unwrap();
        let extent = Extent { family: Family::Civil, start: -1, end: 86_399 };
        let rows = [
            encode_value(&FollowedEvent::new(facts(Some(UserId::from_bytes([2; 16])), timed))),
            encode_value(&FollowedEvent::new(facts(None, days))),
            encode_value(&EntryRow { coming: Some(Coming::Maybe), indexed: Some(extent) }),
            encode_value(&EntryRow { coming: None, indexed: None }),
            encode_value(&Row(Level::Busy)),
        ];
        let rows: Vec<String> = rows.into_iter().map(|bytes| hex(&bytes.unwrap())).collect();
        assert_eq!(
            rows,
            [
                "010101010101010101010101010101010101020202020202020202020202020202020354656504426f6e6e00fc202222d700fc403e22d7000d4575726f70652f4265726c696e0001000300fc000622d7fc202222d7",
                "0101010101010101010101010101010101000354656504426f6e6e01fb2ea3020001000301fc002521d7fc006b26d7",
                "010101010101fcfea20200",
                "010000",
                "0101"
            ]
        );
    }

    #[test]
    fn keys_are_written_in_these_bytes() {
        let (user, event) = (UserId::from_bytes([2; 16]), EventId::from_bytes([1; 16]));
        let keys = [
            hex(&storage::encode_key(&(user, event, Instance::Series)).unwrap()),
            hex(&storage::encode_key(&(event, user, Instance::On(5))).unwrap()),
        ];
        assert_eq!(
            keys,
            [
                "020202020202020202020202020202020101010101010101010101010101010100",
                "0101010101010101010101010101010102020202020202020202020202020202018000000000000005"
            ]
        );
    }
}
