//! When things are: event times as RFC 5545 has them, zones, the clock, and the windows that people look through.
//!
//! An event is *timed* (civil start and end in an IANA zone), *all-day* (dates, the end exclusive) or *floating* (civil start and
//! end, wherever the reader is). Every event is a [`Series`]; one that recurs is expanded within a stretch of time. What is stored is what
//! people meant, the civil time and the zone; instants are worked out from it with the zone database that jiff bundles, so
//! that a change of a zone's rules moves the instant and not the appointment.

mod clock;
mod event_time;
mod expansion;
mod moment;
mod rules;
mod series;
mod window;
mod zone;

pub use clock::{Clock, Timestamp};
pub use event_time::{AllDay, EventTime, Extent, Family, Floating, Timed};
pub use expansion::{Occurrence, Occurrences};
pub use moment::Moment;
pub use rules::{MAX_COUNT, MAX_RULES, Rules};
pub use series::{FOREVER, Instance, Recurrence, Repeats, Series};
pub use window::Window;
pub use zone::Zone;

use jiff::civil::{Date, DateTime};

use crate::Error;

/// Years that an event may lie in: far enough for anyone, near enough that no arithmetic on them overflows.
const YEARS: std::ops::RangeInclusive<i16> = 1..=9_990;

/// Seconds from 1970-01-01T00:00:00 to `civil`, both read as if in UTC: an order-preserving number for a civil time.
#[must_use]
pub fn civil_seconds(civil: DateTime) -> i64 {
    civil.to_zoned(jiff::tz::TimeZone::UTC).map_or(i64::MAX, |zoned| zoned.timestamp().as_second())
}

/// The civil time of which [`civil_seconds`] is `seconds`.
pub fn civil_from_seconds(seconds: i64) -> Result<DateTime, Error> {
    jiff::Timestamp::from_second(seconds)
        .map(|timestamp| timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime())
        .map_err(|_| Error::invalid("time", seconds.to_string(), "it lies outside the years 1 to 9990"))
}

fn whole_seconds(civil: DateTime) -> DateTime {
    civil.with().subsec_nanosecond(0).build().unwrap_or(civil)
}

fn check_year(field: &str, date: Date) -> Result<(), Error> {
    if YEARS.contains(&date.year()) {
        return Ok(());
    }
    Err(Error::invalid(field, date.to_string(), "events lie in the years 1 to 9990"))
}
