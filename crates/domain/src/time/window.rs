//! The stretch of days that a reader looks at, in the reader's own zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::AmbiguousOffset;
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
    /// has a later place: one that a zone has left out, the second before the next day begins. Civil times that clocks skip are
    /// all where the skipping is; otherwise a later civil time has a later place.
    #[must_use]
    pub fn reader_start(&self, extent: &Extent) -> i64 {
        match extent.family {
            Family::Instant => extent.start,
            Family::Civil => super::civil_from_seconds(extent.start).map_or(extent.start, |civil| self.place_at(civil)),
        }
    }

    /// Between which instants `extent` lies for this reader; an all-day one from the first instant of a day to that of another.
    #[must_use]
    pub fn instants_of(&self, extent: &Extent) -> (i64, i64) {
        let instant = |seconds: i64| match extent.family {
            Family::Instant => seconds,
            Family::Civil => super::civil_from_seconds(seconds).map_or(seconds, |civil| self.instant_at(civil)),
        };
        (instant(extent.start), instant(extent.end))
    }

    /// A civil time ([`civil_seconds`]) not behind the first whose place in the order is `instant` or later, and whether several
    /// civil times share the place `instant`, because clocks skip some there.
    #[must_use]
    pub fn civil_reaching(&self, instant: i64) -> (i64, bool) {
        let shown = |instant: i64| {
            let timestamp = jiff::Timestamp::from_second(instant).ok()?;
            Some(civil_seconds(timestamp.to_zoned(self.zone.rules()).datetime()))
        };
        let (day, _) = self.civil_day_of(instant);
        match (shown(instant.saturating_sub(1)), shown(instant)) {
            (Some(before), Some(at)) => {
                let is_left_out = super::civil_from_seconds(day)
                    .is_ok_and(|civil| self.place_of(civil.date()) != self.first_instant_of(civil.date()));
                let skips = at.saturating_sub(before) > 1 || is_left_out;
                (before.saturating_add(1).min(at).max(day), skips)
            }
            _ => (day, false),
        }
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

    /// Where a civil time is in the order.
    fn place_at(&self, civil: DateTime) -> i64 {
        let midnight = self.place_of(civil.date());
        if civil.time() == Time::midnight() {
            return midnight;
        }
        let last = civil.date().tomorrow().map_or(i64::MAX, |next| self.place_of(next).saturating_sub(1));
        self.instant_at(civil).min(last).max(midnight)
    }

    /// The instant at which the reader's clocks first show `civil`; if they skip it, the instant of the skipping.
    fn instant_at(&self, civil: DateTime) -> i64 {
        if civil.time() == Time::midnight() {
            return self.first_instant_of(civil.date());
        }
        let rules = self.zone.rules();
        let ambiguous = rules.to_ambiguous_timestamp(civil);
        let instant = match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => ambiguous
                .earlier()
                .map(|before| rules.following(before).next().map_or(before, |transition| transition.timestamp())),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier(),
        };
        instant.map_or_else(|_| civil_seconds(civil), jiff::Timestamp::as_second)
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
