//! The stretch of days that a reader looks at, in the reader's own zone.

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use super::{Extent, Family, Moment, Zone, civil_seconds};
use crate::Error;

/// From the first moment of one day to the last of another, in a zone. An open side has no bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Window {
    from: Option<Date>,
    to: Option<Date>,
    zone: Zone,
}

impl Window {
    /// The days `from` to `to`, both inclusive.
    ///
    /// # Errors
    /// Invalid input naming `to` if it is before `from`, or the field whose year Convene does not keep.
    pub fn new(from: Option<Date>, to: Option<Date>, zone: Zone) -> Result<Self, Error> {
        for (field, date) in [("from", from), ("to", to)] {
            date.map_or(Ok(()), |date| super::check_year(field, date))?;
        }
        if let (Some(first), Some(last)) = (from, to)
            && last < first
        {
            return Err(Error::invalid(
                "to",
                last.to_string(),
                format!("it must not be before the first day, {first}"),
            ));
        }
        Ok(Self { from, to, zone })
    }

    /// The first day.
    #[must_use]
    pub const fn from(&self) -> Option<Date> {
        self.from
    }

    /// The last day, inclusive.
    #[must_use]
    pub const fn to(&self) -> Option<Date> {
        self.to
    }

    /// The reader's zone.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The bounds on one line of time: the first second within (`i64::MIN` if open) and the first one after, if there is one.
    #[must_use]
    pub fn bounds(&self, family: Family) -> (i64, Option<i64>) {
        let start_of = |date: Date| match family {
            Family::Civil => civil_seconds(date.to_datetime(Time::midnight())),
            Family::Instant => self.first_instant_of(date),
        };
        let after = self.to.and_then(|date| date.tomorrow().ok());
        (self.from.map_or(i64::MIN, start_of), after.map(start_of))
    }

    /// Where `extent` begins for this reader, in seconds since 1970 UTC: what entries of both families are ordered by. A later day
    /// has a later place: one that a zone has left out, the second before the next day begins.
    #[must_use]
    pub fn reader_start(&self, extent: &Extent) -> i64 {
        match extent.family {
            Family::Instant => extent.start,
            Family::Civil => {
                super::civil_from_seconds(extent.start).map_or(extent.start, |civil| self.place_of(civil.date()))
            }
        }
    }

    /// Between which instants `extent` lies for this reader; an all-day one from the first instant of a day to that of another.
    #[must_use]
    pub fn instants_of(&self, extent: &Extent) -> (i64, i64) {
        let instant = |seconds: i64| match extent.family {
            Family::Instant => seconds,
            Family::Civil => {
                super::civil_from_seconds(seconds).map_or(seconds, |civil| self.first_instant_of(civil.date()))
            }
        };
        (instant(extent.start), instant(extent.end))
    }

    /// The last day whose place in the order ([`Window::reader_start`]) is not behind `instant`, as [`civil_seconds`] of its
    /// midnight, and whether it is exactly there.
    #[must_use]
    pub fn civil_day_of(&self, instant: i64) -> (i64, bool) {
        let Ok(timestamp) = jiff::Timestamp::from_second(instant) else { return (instant, false) };
        let mut date = timestamp.to_zoned(self.zone.rules()).date();
        // Clocks may show the day before again after the next has begun, and may leave a day out.
        while let Ok(next) = date.tomorrow()
            && self.place_of(next) <= instant
        {
            date = next;
        }
        (civil_seconds(date.to_datetime(Time::midnight())), self.place_of(date) == instant)
    }

    /// Where a day is in the order: rising from day to day.
    fn place_of(&self, date: Date) -> i64 {
        let first = self.first_instant_of(date);
        let is_left_out = date.tomorrow().is_ok_and(|next| self.first_instant_of(next) == first);
        if is_left_out { first.saturating_sub(1) } else { first }
    }

    /// The first instant of a day; where midnight is skipped, the first after the gap.
    fn first_instant_of(&self, date: Date) -> i64 {
        date.to_zoned(self.zone.rules())
            .map_or_else(|_| civil_seconds(date.to_datetime(Time::midnight())), |zoned| zoned.timestamp().as_second())
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    from: Option<i64>,
    to: Option<i64>,
    zone: Zone,
}

impl From<Window> for Stored {
    fn from(window: Window) -> Self {
        let seconds = |date: Date| civil_seconds(date.to_datetime(Time::midnight()));
        Self { from: window.from.map(seconds), to: window.to.map(seconds), zone: window.zone }
    }
}

impl TryFrom<Stored> for Window {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let date = |seconds: Option<i64>| {
            seconds.map(|s| super::civil_from_seconds(s).map(jiff::civil::DateTime::date)).transpose()
        };
        Self::new(date(stored.from)?, date(stored.to)?, stored.zone)
    }
}

/// What the clocks of `zone` show now: the day that "today" is for a reader there.
impl Window {
    /// The date in `zone` at `now`.
    #[must_use]
    pub fn today(now: super::Timestamp, zone: &Zone) -> Option<Date> {
        let instant = jiff::Timestamp::from_microsecond(now.as_micros()).ok()?;
        Moment::at("from", instant, zone).ok().map(|moment| moment.civil().date())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_the_readers_day() {
        let day = date(2027, 3, 10);
        let berlin = Window::new(Some(day), Some(day), "Europe/Berlin".parse().unwrap()).unwrap();
        let utc = Window::new(Some(day), Some(day), Zone::utc()).unwrap();
        assert_eq!(berlin.bounds(Family::Instant).0 + 3_600, utc.bounds(Family::Instant).0);
        assert_eq!(berlin.bounds(Family::Civil), utc.bounds(Family::Civil));
    }

    #[test]
    fn the_day_on_which_clocks_go_forward_has_23_hours() {
        let day = date(2027, 3, 28);
        let window = Window::new(Some(day), Some(day), "Europe/Berlin".parse().unwrap()).unwrap();
        let (from, to) = window.bounds(Family::Instant);
        assert_eq!(to.unwrap() - from, 23 * 3_600);
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_refused() {
        let error = Window::new(Some(date(2027, 3, 2)), Some(date(2027, 3, 1)), Zone::utc()).unwrap_err();
        assert_eq!(error.field(), Some("to"));
    }
}
