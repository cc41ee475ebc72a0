//! The three ways an event can lie in time.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::{Moment, Zone, check_year, civil_from_seconds, civil_seconds};
use crate::Error;

/// When an event is; RFC 5545 §3.6.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventTime {
    /// From one moment to a later one, in a zone.
    Timed(Timed),
    /// Whole days, wherever one is.
    AllDay(AllDay),
    /// From one civil time to a later one, wherever one is: RFC 5545 §3.3.5, form 1.
    Floating(Floating),
}

/// From `start` to `end`, the end exclusive and later, both in `zone`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredTimed", into = "StoredTimed")]
pub struct Timed {
    start: Moment,
    end: Moment,
    zone: Zone,
}

/// From the day `start` to the day before `end`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredAllDay", into = "StoredAllDay")]
pub struct AllDay {
    start: Date,
    end: Date,
}

/// From the civil time `start` to `end`, the end exclusive and later, in whichever zone the reader is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredFloating", into = "StoredFloating")]
pub struct Floating {
    start: DateTime,
    end: DateTime,
}

/// On which line of time an [`Extent`] is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    /// Seconds since 1970 UTC: the same moment for everyone.
    Instant,
    /// [`super::civil_seconds`]: the same civil time, wherever the reader is (all-day and floating times).
    Civil,
}

/// What an index by time keeps of an event: a half-open interval of seconds on one of the two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// The line.
    pub family: Family,
    /// The first second.
    pub start: i64,
    /// The second after the last.
    pub end: i64,
}

impl EventTime {
    /// From one moment to another in `zone`.
    ///
    /// # Errors
    /// Invalid input naming `end` if it is not after the start.
    pub fn timed(start: Moment, end: Moment, zone: Zone) -> Result<Self, Error> {
        Timed::new(start, end, zone).map(Self::Timed)
    }

    /// From the day `start` to the day before `end`.
    ///
    /// # Errors
    /// Invalid input naming `end` if it is not after the start, or the field whose year Convene does not keep.
    pub fn all_day(start: Date, end: Date) -> Result<Self, Error> {
        AllDay::new(start, end).map(Self::AllDay)
    }

    /// From one civil time to another, in no zone.
    ///
    /// # Errors
    /// Invalid input naming `end` if it is not after the start, or the field whose year Convene does not keep.
    pub fn floating(start: DateTime, end: DateTime) -> Result<Self, Error> {
        Floating::new(start, end).map(Self::Floating)
    }

    /// What the clock shows when it begins; of whole days the first midnight.
    #[must_use]
    pub const fn civil_start(&self) -> DateTime {
        match self {
            Self::Timed(timed) => timed.start.civil(),
            Self::AllDay(days) => days.start.to_datetime(jiff::civil::Time::midnight()),
            Self::Floating(floating) => floating.start,
        }
    }

    /// What an index by time keeps of it.
    #[must_use]
    pub fn extent(&self) -> Extent {
        match self {
            Self::Timed(timed) => Extent {
                family: Family::Instant,
                start: timed.start.instant(&timed.zone),
                end: timed.end.instant(&timed.zone),
            },
            Self::AllDay(days) => Extent {
                family: Family::Civil,
                start: civil_seconds(days.start.to_datetime(jiff::civil::Time::midnight())),
                end: civil_seconds(days.end.to_datetime(jiff::civil::Time::midnight())),
            },
            Self::Floating(floating) => {
                Extent { family: Family::Civil, start: civil_seconds(floating.start), end: civil_seconds(floating.end) }
            }
        }
    }

    /// The zone of a timed event.
    #[must_use]
    pub const fn zone(&self) -> Option<&Zone> {
        match self {
            Self::Timed(timed) => Some(&timed.zone),
            Self::AllDay(_) | Self::Floating(_) => None,
        }
    }
}

impl Timed {
    fn new(start: Moment, end: Moment, zone: Zone) -> Result<Self, Error> {
        if end.instant(&zone) <= start.instant(&zone) {
            let reason = format!("the end must be after the start, {}", start.civil());
            return Err(Error::invalid("end", end.civil().to_string(), reason));
        }
        Ok(Self { start, end, zone })
    }

    /// When it begins.
    #[must_use]
    pub const fn start(&self) -> Moment {
        self.start
    }

    /// When it is over.
    #[must_use]
    pub const fn end(&self) -> Moment {
        self.end
    }

    /// In which zone the clocks hang.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }
}

impl AllDay {
    fn new(start: Date, end: Date) -> Result<Self, Error> {
        check_year("start", start)?;
        check_year("end", end)?;
        if end <= start {
            let reason = format!("the end is the day after the last one, so it must be after the start, {start}");
            return Err(Error::invalid("end", end.to_string(), reason));
        }
        Ok(Self { start, end })
    }

    /// The first day.
    #[must_use]
    pub const fn start(&self) -> Date {
        self.start
    }

    /// The day after the last.
    #[must_use]
    pub const fn end(&self) -> Date {
        self.end
    }
}

impl Floating {
    fn new(start: DateTime, end: DateTime) -> Result<Self, Error> {
        let (start, end) = (super::whole_seconds(start), super::whole_seconds(end));
        check_year("start", start.date())?;
        check_year("end", end.date())?;
        if end <= start {
            let reason = format!("the end must be after the start, {start}");
            return Err(Error::invalid("end", end.to_string(), reason));
        }
        Ok(Self { start, end })
    }

    /// What the clock shows when it begins.
    #[must_use]
    pub const fn start(&self) -> DateTime {
        self.start
    }

    /// What the clock shows when it is over.
    #[must_use]
    pub const fn end(&self) -> DateTime {
        self.end
    }
}

#[derive(Serialize, Deserialize)]
struct StoredTimed {
    start: Moment,
    end: Moment,
    zone: Zone,
}

impl From<Timed> for StoredTimed {
    fn from(timed: Timed) -> Self {
        Self { start: timed.start, end: timed.end, zone: timed.zone }
    }
}

impl TryFrom<StoredTimed> for Timed {
    type Error = Error;

    fn try_from(stored: StoredTimed) -> Result<Self, Error> {
        Self::new(stored.start, stored.end, stored.zone)
    }
}

#[derive(Serialize, Deserialize)]
struct StoredAllDay {
    start_day: i32,
    days: u32,
}

const DAY: i64 = 86_400;

impl From<AllDay> for StoredAllDay {
    fn from(days: AllDay) -> Self {
        let number = |date: Date| civil_seconds(date.to_datetime(jiff::civil::Time::midnight())).div_euclid(DAY);
        let (start, end) = (number(days.start), number(days.end));
        Self {
            start_day: i32::try_from(start).unwrap_or(i32::MAX),
            days: u32::try_from(end.saturating_sub(start)).unwrap_or(u32::MAX),
        }
    }
}

impl TryFrom<StoredAllDay> for AllDay {
    type Error = Error;

    fn try_from(stored: StoredAllDay) -> Result<Self, Error> {
        let date = |day: i64| civil_from_seconds(day.saturating_mul(DAY)).map(jiff::civil::DateTime::date);
        let start = i64::from(stored.start_day);
        Self::new(date(start)?, date(start.saturating_add(i64::from(stored.days)))?)
    }
}

#[derive(Serialize, Deserialize)]
struct StoredFloating {
    start: i64,
    end: i64,
}

impl From<Floating> for StoredFloating {
    fn from(floating: Floating) -> Self {
        Self { start: civil_seconds(floating.start), end: civil_seconds(floating.end) }
    }
}

impl TryFrom<StoredFloating> for Floating {
    type Error = Error;

    fn try_from(stored: StoredFloating) -> Result<Self, Error> {
        Self::new(civil_from_seconds(stored.start)?, civil_from_seconds(stored.end)?)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_end_that_is_not_after_the_start_is_refused() {
        let zone = Zone::utc();
        let nine = Moment::in_zone("start", date(2027, 3, 10).at(9, 0, 0, 0), &zone).unwrap();
        assert_eq!(EventTime::timed(nine, nine, zone).unwrap_err().field(), Some("end"));
        assert_eq!(EventTime::all_day(date(2027, 3, 10), date(2027, 3, 10)).unwrap_err().field(), Some("end"));
    }

    proptest! {
        #[test]
        fn times_survive_being_written_and_read(seconds in -40_000_000_000_i64..200_000_000_000, length in 1_i64..10_000_000) {
            let zone: Zone = "America/New_York".parse().unwrap();
            let at = |s| Moment::at("start", jiff::Timestamp::from_second(s).unwrap(), &zone).unwrap();
            let time = EventTime::timed(at(seconds), at(seconds + length), zone.clone()).unwrap();
            prop_assert_eq!(time.extent(), Extent { family: Family::Instant, start: seconds, end: seconds + length });
            let read: EventTime = serde_json::from_str(&serde_json::to_string(&time).unwrap()).unwrap();
            prop_assert_eq!(read, time);
        }

        #[test]
        fn days_survive_being_written_and_read(day in 0_i64..100_000, length in 1_i64..1_000) {
            let on = |d: i64| civil_from_seconds(d * DAY).unwrap().date();
            let time = EventTime::all_day(on(day), on(day + length)).unwrap();
            let read: EventTime = serde_json::from_str(&serde_json::to_string(&time).unwrap()).unwrap();
            prop_assert_eq!(read, time);
        }
    }
}
