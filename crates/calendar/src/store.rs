//! The tables of the calendar service and their rows. What must hold between them is the business of `entry`.

use chassis::exceptions::Exceptions;
use chassis::timeline::Timeline;
use chassis::{Fault, Row};
use domain::calendar::Attendance;
use domain::events::{EventFacts, EventFactsBefore};
use domain::sharing::Level;
use domain::time::Extent;
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader, Table, Transaction, Value};

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
/// The index by time of each calendar, of what happens once and of single instances: exactly those in the rows of [`ENTRIES`].
pub(crate) const TIMELINE: Timeline<UserId> = Timeline::new("timeline");
/// The same of what recurs, from the first instance to the last; also by the month of the year in which an instance can begin, 0 if
/// that can be any.
pub(crate) const SERIES: Timeline<(UserId, u8)> = Timeline::new("timeline.series");
/// Counts the changes to what recurs and its entries: whoever has expanded something sees by it whether that still holds. One row
/// counts all ([`LAST`]), the others those of some events each ([`kind_of`]).
pub(crate) const GENERATION: Table<u8, u64> = Table::new("generation");
/// The row of [`GENERATION`] that counts all changes.
pub(crate) const LAST: u8 = 0;
/// The instances that are not as the rules of their event have them.
pub(crate) const EXCEPTIONS: Exceptions = Exceptions::new("events.exceptions", "events.exceptions.by-time");

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

/// [`FollowedEvent`] as the first format had it.
#[derive(Deserialize)]
struct FollowedEventBefore {
    facts: EventFactsBefore,
    extent: Extent,
}

impl Value for FollowedEvent {
    const VERSION: u8 = 2;

    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, storage::Error> {
        let FollowedEventBefore { facts, extent } = storage::decode_before(version, Self::VERSION, bytes)?;
        Ok(Self { facts: facts.into(), extent })
    }
}

impl FollowedEvent {
    /// An event as these facts tell of it, with the exceptions that are known of it.
    pub(crate) fn new(reader: &impl Reader, facts: EventFacts) -> Result<Self, Fault> {
        Ok(Self { extent: EXCEPTIONS.hull(reader, facts.event, &facts.series)?, facts })
    }

    pub(crate) fn is_organized_by(&self, user: UserId) -> bool {
        self.facts.organizer == Some(user)
    }

    /// The months in which its instances can begin; none if that can be any month, or is not known without looking closely.
    pub(crate) fn months(&self, reader: &impl Reader) -> Result<Months, Fault> {
        const DAY: i64 = 86_400;
        let series = &self.facts.series;
        let first = series.first.extent();
        if first.end.saturating_sub(first.start) > DAY
            || !EXCEPTIONS.list(reader, self.facts.event, None, 1)?.is_empty()
        {
            return Ok(Months::ANY);
        }
        let begins = series.first.civil_start().date();
        let rules = series.rules();
        let of_rules = rules.as_slice().iter().flat_map(|rule| rule.months(begins).iter());
        Ok(Months::of(of_rules.chain([begins.month()])))
    }
}

/// In which months of the year something can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Months(u16);

impl Months {
    /// In any.
    pub(crate) const ANY: Self = Self(0);
    /// In so many it may as well be any.
    const MANY: u32 = 6;

    fn of(months: impl Iterator<Item = i8>) -> Self {
        let bits = months.fold(0, |bits, month| bits | 1_u16.checked_shl(month.unsigned_abs().into()).unwrap_or(0));
        if bits.count_ones() > Self::MANY { Self::ANY } else { Self(bits) }
    }

    /// In which parts of the index that is: 0, or 1 to 12.
    pub(crate) fn parts(self) -> impl Iterator<Item = u8> {
        (0..=12).filter(move |month| match (self.0, *month) {
            (0, month) => month == 0,
            (bits, month) => bits & (1 << month) != 0,
        })
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

/// What is known of one user and one event, or one instance of it, or one and all that follow.
///
/// Of the whole event there is a row if the user organizes it, said that they come, or said so of some instance and all that follow.
/// Of instances there is one for every answer, also that they do not come: it holds instead of what holds for the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EntryRow {
    /// What invitations told last, whether or not the event is known here.
    pub(crate) coming: Option<Coming>,
    /// Where the entry is in the index; `None` while it is not: the event is cancelled, or has not arrived.
    pub(crate) indexed: Option<Indexed>,
}

/// A place in one of the two indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Indexed {
    /// In [`TIMELINE`].
    Single(Extent),
    /// In [`SERIES`], in the parts of these months.
    Series(Extent, Months),
}

/// [`EntryRow`] as the first format had it, when nothing recurred.
#[derive(Deserialize)]
struct EntryRowBefore {
    coming: Option<Coming>,
    indexed: Option<Extent>,
}

impl Value for EntryRow {
    const VERSION: u8 = 2;

    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, storage::Error> {
        let EntryRowBefore { coming, indexed } = storage::decode_before(version, Self::VERSION, bytes)?;
        Ok(Self { coming, indexed: indexed.map(Indexed::Single) })
    }
}

/// The row of [`GENERATION`] that counts the changes of this event, and of one in 255 others.
pub(crate) const fn kind_of(event: EventId) -> u8 {
    let [.., last] = *event.as_bytes();
    if last == LAST { u8::MAX } else { last }
}

/// An event that recurs has changed, or someone's entry of it.
pub(crate) fn renew(tx: &mut Transaction<'_>, event: EventId) -> Result<(), Fault> {
    for row in [LAST, kind_of(event)] {
        let generation = tx.get(&GENERATION, &row)?.unwrap_or_default();
        tx.put(&GENERATION, &row, &generation.wrapping_add(1))?;
    }
    Ok(())
}

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
            alarms: domain::events::Alarms::default(),
            capacity: None,
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

    fn samples() -> (FollowedEvent, FollowedEvent, EntryRow) {
        let zone: domain::Zone = "Europe/Berlin".parse().unwrap();
        let at = |hour| Moment::in_zone("start", jiff::civil::date(2027, 3, 10).at(hour, 0, 0, 0), &zone).unwrap();
        let timed = EventTime::timed(at(9), at(10), zone.clone()).unwrap();
        let days = EventTime::all_day(jiff::civil::date(2027, 3, 10), jiff::civil::date(2027, 3, 12)).unwrap();
        let extent = Extent { family: Family::Civil, start: -1, end: 86_399 };
        let followed = |facts: EventFacts| FollowedEvent { extent: facts.series.hull(), facts };
        (
            followed(facts(Some(UserId::from_bytes([2; 16])), timed)),
            followed(facts(None, days)),
            EntryRow { coming: Some(Coming::Maybe), indexed: Some(Indexed::Single(extent)) },
        )
    }

    /// A change of these bytes is a change of the database's format: it needs a new `Value::VERSION` and an upgrade.
    #[test]
    fn rows_are_written_in_these_bytes() {
        let (timed, days, entry) = samples();
        let extent = Extent { family: Family::Civil, start: -1, end: 86_399 };
        let rules = domain::time::Rules::parse("FREQ=WEEKLY;COUNT=3").unwrap();
        let weekly = Series::new(days.facts.series.first.clone(), &rules).unwrap();
        let recurs = EventFacts { series: weekly, alarms: vec![10].try_into().unwrap(), ..days.facts.clone() };
        let rows = [
            encode_value(&timed),
            encode_value(&days),
            encode_value(&FollowedEvent { extent: recurs.series.hull(), facts: recurs }),
            encode_value(&entry),
            encode_value(&EntryRow { coming: None, indexed: Some(Indexed::Series(extent, Months(0b1000))) }),
            encode_value(&EntryRow { coming: None, indexed: None }),
            encode_value(&Row(Level::Busy)),
        ];
        let rows: Vec<String> = rows.into_iter().map(|bytes| hex(&bytes.unwrap())).collect();
        insta::assert_snapshot!(rows.join("\n"));
    }

    #[test]
    fn rows_of_the_first_format_are_read() {
        let bytes = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
        };
        let (timed, days, entry) = samples();
        let read: Vec<FollowedEvent> = [
            "010101010101010101010101010101010101020202020202020202020202020202020354656504426f6e6e00fc202222d700fc403e22d7000d4575726f70652f4265726c696e0001000300fc000622d7fc202222d7",
            "0101010101010101010101010101010101000354656504426f6e6e01fb2ea3020001000301fc002521d7fc006b26d7",
        ]
        .map(|text| storage::decode_value(&bytes(text)).unwrap())
        .into();
        assert_eq!(read, [timed, days]);
        assert_eq!(storage::decode_value::<EntryRow>(&bytes("010101010101fcfea20200")).unwrap(), entry);
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
