//! Times and rules as values of properties.

use domain::time::civil_from_seconds;
use domain::{EventTime, Series, Timestamp, Zone};
use jiff::civil::{Date, DateTime};
use recurrence::{End, Rule, Until};

use crate::times::{Frame, civil_end, instant_in};

/// By which clock a time goes.
pub(super) fn frame_of(time: &EventTime) -> Frame {
    match time {
        EventTime::Timed(timed) => Frame::Zone(timed.zone().clone()),
        EventTime::AllDay(_) => Frame::Days,
        EventTime::Floating(_) => Frame::Floating,
    }
}

fn day(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn clock(civil: DateTime) -> String {
    format!("{}T{:02}{:02}{:02}", day(civil.date()), civil.hour(), civil.minute(), civil.second())
}

/// A property whose value is a civil time by the clock of `frame`.
pub(super) fn civil(name: &str, frame: &Frame, civil: DateTime) -> String {
    match frame {
        Frame::Days => format!("{name};VALUE=DATE:{}", day(civil.date())),
        Frame::Floating => format!("{name}:{}", clock(civil)),
        Frame::Zone(zone) if *zone == Zone::utc() => format!("{name}:{}Z", clock(civil)),
        Frame::Zone(zone) => format!("{name};TZID={zone}:{}", clock(civil)),
    }
}

/// A property whose value is the original civil start of an instance.
pub(super) fn start(name: &str, frame: &Frame, start: i64) -> Option<String> {
    civil_from_seconds(start).ok().map(|at| civil(name, frame, at))
}

/// `DTSTART` and `DTEND`.
pub(super) fn time(time: &EventTime) -> [String; 2] {
    let frame = frame_of(time);
    [civil("DTSTART", &frame, time.civil_start()), civil("DTEND", &frame, civil_end(time))]
}

/// A property whose value is an instant.
pub(super) fn instant(name: &str, at: Timestamp) -> String {
    let at = jiff::Timestamp::from_second(at.as_seconds()).unwrap_or_default();
    civil(name, &Frame::Zone(Zone::utc()), at.to_zoned(jiff::tz::TimeZone::UTC).datetime())
}

/// The rules of a series, each as a property. Last days go out in UTC for an event in a zone (RFC 5545 §3.3.10).
pub(super) fn rules(series: &Series) -> Vec<String> {
    let frame = frame_of(&series.first);
    let printed = |rule: &Rule| match rule.until() {
        Some(until) => format!("RRULE:{}", rule.clone().with_end(End::Until(last(until, &frame)))),
        None => format!("RRULE:{rule}"),
    };
    series.rules().as_slice().iter().map(printed).collect()
}

fn last(until: Until, frame: &Frame) -> Until {
    let civil = match until {
        Until::Date(date) => date.at(23, 59, 59, 0),
        Until::Civil(civil) | Until::Utc(civil) => civil,
    };
    match frame {
        Frame::Days => Until::Date(civil.date()),
        Frame::Floating => Until::Civil(civil),
        Frame::Zone(zone) => {
            let utc = instant_in(civil, zone).map(|instant| instant.to_zoned(jiff::tz::TimeZone::UTC).datetime());
            Until::Utc(utc.unwrap_or(civil))
        }
    }
}
