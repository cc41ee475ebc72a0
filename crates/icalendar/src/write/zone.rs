//! The definitions of zones (`VTIMEZONE`, RFC 5545 §3.6.5) that a calendar has to hold beside its events, from jiff's database.
//!
//! Changes of the offset that come again every year on the same weekday of the same month are one part with a rule; a rule that
//! still holds at the end of the years looked at has no end. All others are parts of their own.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use domain::Zone;
use jiff::civil::{DateTime, Weekday, date};
use jiff::tz::{Dst, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::content::zone_of;

/// Zones by name, each with the years that times in it lie in.
pub(super) type Used = BTreeMap<String, RangeInclusive<i16>>;

/// Events may come again for ever, so at least so many years from the first are looked at.
const YEARS: i16 = 12;

/// Takes down the zone that a line names, and the year of its first value.
pub(super) fn note_use(line: &str, used: &mut Used) {
    let Some(zone) = zone_of(line).and_then(|zone| zone.parse::<Zone>().ok()) else { return };
    let year =
        crate::component::value_of(line).and_then(|value| value.get(..4)).and_then(|year| year.parse::<i16>().ok());
    let Some(year) = year.map(|year| year.clamp(1, 9_900)) else { return };
    let years = used.entry(zone.name().to_owned()).or_insert(year..=year);
    *years = (*years.start()).min(year)..=(*years.end()).max(year);
}

/// A change of the offset.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    at: Timestamp,
    from: i32,
    to: i32,
    is_daylight: bool,
    name: String,
}

impl Change {
    /// What the clock before it shows then.
    fn onset(&self) -> DateTime {
        let local = self.at.checked_add(SignedDuration::from_secs(i64::from(self.from))).unwrap_or(self.at);
        local.to_zoned(TimeZone::UTC).datetime()
    }

    /// Which weekday of its month it falls on: counted from the first, and from the last if it is the last.
    fn weekdays(&self) -> (i8, Option<i8>) {
        let onset = self.onset();
        let is_last = onset.day().saturating_add(7) > onset.days_in_month();
        (onset.day().saturating_sub(1) / 7 + 1, is_last.then_some(-1))
    }

    /// All that a rule does not vary.
    fn key(&self) -> (i8, Weekday, jiff::civil::Time, i32, i32, bool, &str) {
        let onset = self.onset();
        (onset.month(), onset.weekday(), onset.time(), self.from, self.to, self.is_daylight, &self.name)
    }
}

/// Changes that one part of a definition stands for.
struct Run {
    changes: Vec<Change>,
    /// The weekdays of the month that all of them fall on.
    nth: Vec<i8>,
}

impl Run {
    fn of(change: Change) -> Self {
        let (nth, last) = change.weekdays();
        Self { nth: last.into_iter().chain([nth]).collect(), changes: vec![change] }
    }

    /// Takes the change in if it comes a year after the last and on a weekday of the same kind.
    fn extend(&mut self, change: &Change) -> bool {
        let Some(last) = self.changes.last() else { return false };
        let (nth, from_last) = change.weekdays();
        let common: Vec<i8> =
            self.nth.iter().copied().filter(|known| *known == nth || Some(*known) == from_last).collect();
        let follows = last.onset().year().saturating_add(1) == change.onset().year() && last.key() == change.key();
        if !follows || common.is_empty() {
            return false;
        }
        self.nth = common;
        self.changes.push(change.clone());
        true
    }
}

/// The definition of the zone `name` for `years`.
pub(super) fn definition(name: &str, years: &RangeInclusive<i16>) -> Vec<String> {
    let rules = name.parse::<Zone>().map_or(TimeZone::UTC, |zone| zone.rules());
    let last_year = (*years.end()).max(years.start().saturating_add(YEARS)).saturating_add(1).min(9_990);
    let instant = |year: i16| TimeZone::UTC.to_ambiguous_timestamp(date(year, 1, 1).at(0, 0, 0, 0)).compatible();
    let (Ok(start), Ok(end)) = (instant(years.start().saturating_sub(1).max(1)), instant(last_year)) else {
        return Vec::new();
    };
    let mut offset = rules.to_offset(start).seconds();
    let first = rules.to_offset_info(start);
    let mut runs = vec![Run::of(Change {
        at: start,
        from: offset,
        to: offset,
        is_daylight: first.dst() == Dst::Yes,
        name: first.abbreviation().to_owned(),
    })];
    for change in rules.following(start).take_while(|change| change.timestamp() < end) {
        let (from, to) = (offset, change.offset().seconds());
        offset = to;
        let is_daylight = change.dst() == Dst::Yes;
        let change = Change { at: change.timestamp(), from, to, is_daylight, name: change.abbreviation().to_string() };
        // The latest run of the same key only: another one between would make the order of observances wrong.
        let same =
            runs.iter_mut().skip(1).rev().find(|run| run.changes.last().is_some_and(|last| last.key() == change.key()));
        if !same.is_some_and(|run| run.extend(&change)) {
            runs.push(Run::of(change));
        }
    }
    let mut lines = vec!["BEGIN:VTIMEZONE".to_owned(), format!("TZID:{name}")];
    for (index, run) in runs.iter().enumerate() {
        lines.extend(part(run, index > 0 && still_holds(run, last_year)));
    }
    lines.push("END:VTIMEZONE".to_owned());
    lines
}

/// Whether a run goes on behind the years that were looked at.
fn still_holds(run: &Run, last_year: i16) -> bool {
    run.changes.len() >= 3 && run.changes.last().is_some_and(|last| last.onset().year() >= last_year.saturating_sub(1))
}

fn part(run: &Run, still_holds: bool) -> Vec<String> {
    let (Some(first), Some(last)) = (run.changes.first(), run.changes.last()) else { return Vec::new() };
    let kind = if first.is_daylight { "DAYLIGHT" } else { "STANDARD" };
    let onset = first.onset();
    let written = |civil: DateTime| super::values::civil("DTSTART", &crate::times::Frame::Floating, civil);
    let mut lines = vec![
        format!("BEGIN:{kind}"),
        written(onset),
        format!("TZOFFSETFROM:{}", offset(first.from)),
        format!("TZOFFSETTO:{}", offset(first.to)),
        super::content::text("TZNAME", &first.name),
    ];
    if let (true, Some(nth)) = (run.changes.len() > 1, run.nth.first()) {
        let end = if still_holds {
            String::new()
        } else {
            let until = last.at.to_zoned(TimeZone::UTC).datetime();
            let until = super::values::civil("", &crate::times::Frame::Zone(Zone::utc()), until);
            format!(";UNTIL={}", until.trim_start_matches(':'))
        };
        lines.push(format!("RRULE:FREQ=YEARLY;BYMONTH={};BYDAY={nth}{}{end}", onset.month(), weekday(onset.weekday())));
    }
    lines.push(format!("END:{kind}"));
    lines
}

fn offset(seconds: i32) -> String {
    let (sign, all) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes, rest) = (all / 3_600, all / 60 % 60, all % 60);
    if rest == 0 { format!("{sign}{hours:02}{minutes:02}") } else { format!("{sign}{hours:02}{minutes:02}{rest:02}") }
}

const fn weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "MO",
        Weekday::Tuesday => "TU",
        Weekday::Wednesday => "WE",
        Weekday::Thursday => "TH",
        Weekday::Friday => "FR",
        Weekday::Saturday => "SA",
        Weekday::Sunday => "SU",
    }
}
