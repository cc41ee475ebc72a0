//! How times are printed: RFC 3339 with the offset of the event's zone, beside the zone's name; days as dates.

use domain::time::civil_from_seconds;
use domain::{EventTime, Timestamp, Zone};
use jiff::tz::Offset;
use serde::Serialize;

/// The fields that tell when an event is. `end` is exclusive (RFC 5545 §3.8.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Times {
    /// When it begins.
    pub(super) start: String,
    /// When it is over.
    pub(super) end: String,
    /// Whether these are dates.
    pub(super) all_day: bool,
    /// The zone of a timed event.
    pub(super) zone: Option<String>,
}

impl Times {
    /// Of an event's time.
    pub(super) fn of(time: &EventTime) -> Self {
        match time {
            EventTime::Timed(timed) => {
                let zone = timed.zone();
                Self {
                    start: instant(timed.start().instant(zone), zone),
                    end: instant(timed.end().instant(zone), zone),
                    all_day: false,
                    zone: Some(zone.name().to_owned()),
                }
            }
            EventTime::AllDay(days) => {
                Self { start: days.start().to_string(), end: days.end().to_string(), all_day: true, zone: None }
            }
            // The same for everyone wherever they are: neither offset nor zone.
            EventTime::Floating(floating) => Self {
                start: floating.start().to_string(),
                end: floating.end().to_string(),
                all_day: false,
                zone: None,
            },
        }
    }

    /// What a table shows as the zone.
    pub(super) fn place(&self) -> &str {
        self.zone.as_deref().unwrap_or(if self.all_day { "all day" } else { "anywhere" })
    }
}

/// An instant, in seconds since 1970, with the offset that `zone` has then. RFC 3339 knows whole minutes only, so an offset of
/// old (local mean time) is rounded; the instant stays exact.
pub(super) fn instant(seconds: i64, zone: &Zone) -> String {
    let Ok(instant) = jiff::Timestamp::from_second(seconds) else { return seconds.to_string() };
    let exact = zone.rules().to_offset(instant).seconds();
    let minutes = exact.saturating_add(if exact < 0 { -30 } else { 30 }) / 60;
    let civil = Offset::from_seconds(minutes.saturating_mul(60)).unwrap_or(Offset::UTC).to_datetime(instant);
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{civil}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// The original start of an instance of `series`, as it can be given back.
pub(super) fn instance_of(series: &EventTime, start: i64) -> String {
    let Ok(civil) = civil_from_seconds(start) else { return start.to_string() };
    match series {
        EventTime::AllDay(_) => civil.date().to_string(),
        EventTime::Floating(_) => civil.to_string(),
        EventTime::Timed(timed) => {
            let rules = timed.zone().rules();
            let at = rules.to_ambiguous_timestamp(civil).compatible();
            at.map_or_else(|_| civil.to_string(), |at| instant(at.as_second(), timed.zone()))
        }
    }
}

/// When something was noted, to the second, in the zone of `time` (in UTC for an all-day event).
pub(super) fn noted(at: Timestamp, time: &EventTime) -> String {
    instant(at.as_seconds(), time.zone().unwrap_or(&Zone::utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_printed_with_the_offset_of_its_zone() {
        let seconds = "2027-03-10T08:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
        for (zone, printed) in [
            ("UTC", "2027-03-10T08:00:00+00:00"),
            ("Europe/Berlin", "2027-03-10T09:00:00+01:00"),
            ("America/St_Johns", "2027-03-10T04:30:00-03:30"),
            ("Asia/Kathmandu", "2027-03-10T13:45:00+05:45"),
        ] {
            assert_eq!(instant(seconds, &zone.parse().unwrap()), printed);
        }
    }

    #[test]
    fn an_offset_with_seconds_is_rounded_and_the_instant_stays_exact() {
        let long_ago = "1880-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let printed = instant(long_ago.as_second(), &"Europe/Berlin".parse().unwrap());
        assert_eq!(printed.parse::<jiff::Timestamp>().unwrap(), long_ago, "{printed}");
    }
}
