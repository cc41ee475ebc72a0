//! Every event is a series; most have one instance.
//!
//! A series is its first instance and the rules by which it comes again, in the civil time of the event's zone: nine o'clock stays
//! nine o'clock when clocks change. A rule counts what it names; where its count ends is worked out once, when the series is made,
//! so that no look into a later year begins with the first. Single instances that were moved, added or taken out
//! ([`crate::events::Exception`]) are not part of it.

use jiff::civil::{Date, DateTime};
use recurrence::{End, Rule, Until};
use serde::{Deserialize, Serialize};

use super::rules::{Rules, one};
use super::{EventTime, Extent, civil_from_seconds, civil_seconds};
use crate::Error;

/// The instances of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Series {
    /// When the first instance is.
    pub first: EventTime,
    /// How it comes again.
    pub recurrence: Recurrence,
}

/// How an event comes again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Recurrence {
    /// It does not.
    Once,
    /// By rules, or by single dates alone.
    Repeats(Repeats),
}

/// Rules, each with the end that its count or last day makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<(String, Option<i64>)>", into = "Vec<(String, Option<i64>)>")]
pub struct Repeats(Vec<(Rule, Option<i64>)>);

/// What of an event an answer, a participation or an index entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Instance {
    /// All of it.
    Series,
    /// One instance, by its original civil start ([`super::civil_seconds`]), never by UTC: RFC 5545 §3.8.4.4.
    On(i64),
    /// The instance with this original civil start, and all that follow: RFC 5545 §3.2.13.
    From(i64),
}

/// Behind everything that has an end, on both lines of time: the year 9991.
pub const FOREVER: i64 = 253_118_304_000;

impl Series {
    /// An event that happens once.
    #[must_use]
    pub const fn once(time: EventTime) -> Self {
        Self { first: time, recurrence: Recurrence::Once }
    }

    /// An event that comes again by `rules`; once, if there are none. Last days are taken over into the event's own civil time.
    ///
    /// # Errors
    /// Invalid input naming `rrule`, if a rule ends before the event begins.
    pub fn new(first: EventTime, rules: &Rules) -> Result<Self, Error> {
        if rules.is_empty() {
            return Ok(Self::once(first));
        }
        let rules = rules.as_slice().iter().map(|rule| repeats(&first, rule)).collect::<Result<_, _>>()?;
        Ok(Self { first, recurrence: Recurrence::Repeats(Repeats(rules)) })
    }

    /// An event of single dates, which are told apart from it.
    #[must_use]
    pub fn by_dates(first: EventTime) -> Self {
        Self { first, recurrence: Recurrence::Repeats(Repeats::default()) }
    }

    /// Whether there may be more than one instance.
    #[must_use]
    pub const fn recurs(&self) -> bool {
        matches!(self.recurrence, Recurrence::Repeats(_))
    }

    /// The rules, their last days in the event's civil time.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let rules = self.repeats().map(|(rule, _)| rule.clone()).collect();
        Rules::new(rules).unwrap_or_default()
    }

    /// The error for an instance of the original civil start `start`, if there is none.
    #[must_use]
    pub fn no_instance_at(&self, start: i64) -> Error {
        let civil = civil_from_seconds(start).map_or_else(|_| start.to_string(), |civil| civil.to_string());
        let why = if self.recurs() {
            "no instance of this event starts then; instances are named by the start that the rules gave them, in the event's zone"
        } else {
            "this event does not recur, so it has no instances: leave the instance out"
        };
        Error::invalid("instance", civil, why)
    }

    /// From the beginning of the first instance to the end of the last, [`FOREVER`] if there is none.
    #[must_use]
    pub fn hull(&self) -> Extent {
        let first = self.first.extent();
        let end = self.repeats().map(|(_, last)| last.map_or(FOREVER, |last| self.extent_at(last).end));
        Extent { end: end.max().unwrap_or(first.end).max(first.end), ..first }
    }

    /// What is left of it if the instance of the original civil start `start` and all behind it are taken away; `None` if nothing is.
    #[must_use]
    pub fn before(&self, start: i64) -> Option<Self> {
        if start <= civil_seconds(self.first.civil_start()) {
            return None;
        }
        // The last that is left, as the people who made the rule would have written it: by its day, unless more were on that day.
        let last = self.last_before(start);
        let last_day = civil_from_seconds(last).ok()?;
        let by_day = matches!(self.first, EventTime::AllDay(_))
            || civil_from_seconds(start).is_ok_and(|civil| civil.date() > last_day.date());
        let until = if by_day { Until::Date(last_day.date()) } else { Until::Civil(last_day) };
        let kept = self.repeats().map(|(rule, end)| {
            let ends_earlier = end.is_some_and(|end| end < start);
            let rule = if ends_earlier { rule.clone() } else { rule.clone().with_end(End::Until(until)) };
            (rule, end.filter(|_| ends_earlier).or(Some(last)))
        });
        Some(Self { first: self.first.clone(), recurrence: Recurrence::Repeats(Repeats(kept.collect())) })
    }

    /// The original civil start of the last instance before `start`; of the first if there is none.
    fn last_before(&self, start: i64) -> i64 {
        let first = civil_seconds(self.first.civil_start());
        // Rarely are two instances further apart than a year; each look goes twice as far back.
        let mut back = 366 * 86_400;
        while start.saturating_sub(back) > first {
            let from = self.extent_at(start.saturating_sub(back)).start;
            let found = self.occurrences(from, Some(self.extent_at(start).start));
            if let Some(last) = found.map(|occurrence| occurrence.start).filter(|of| *of < start).max() {
                return last;
            }
            back = back.saturating_mul(2);
        }
        let from = self.first.extent().start;
        let found = self.occurrences(from, Some(self.extent_at(start).start));
        found.map(|occurrence| occurrence.start).filter(|of| *of < start).max().unwrap_or(first)
    }

    /// The rules of what [`Series::before`] takes away: what they counted before `start` is not counted again.
    #[must_use]
    pub fn rules_from(&self, start: i64) -> Rules {
        let begins = self.first.civil_start();
        let clocks = super::expansion::Clocks::of(&self.first);
        let left = self.repeats().filter(|(_, last)| last.is_none_or(|last| last >= start));
        let rules = left.filter_map(|(rule, _)| {
            let Some(count) = rule.count() else { return Some(rule.clone()) };
            let named = rule.starts(begins, begins).filter(|civil| clocks.show(*civil));
            let before = named.take_while(|civil| civil_seconds(*civil) < start).take(count as usize).count();
            let left = count.saturating_sub(u32::try_from(before).unwrap_or(u32::MAX));
            (left > 0).then(|| rule.clone().with_end(End::Count(left)))
        });
        Rules::new(rules.collect()).unwrap_or_default()
    }

    pub(super) fn repeats(&self) -> impl Iterator<Item = (&Rule, Option<i64>)> {
        let rules = match &self.recurrence {
            Recurrence::Once => &[][..],
            Recurrence::Repeats(Repeats(rules)) => rules,
        };
        rules.iter().map(|(rule, last)| (rule, *last))
    }
}

/// A rule with its last day in the civil time of `first`, and the civil start of the last instance it can name.
fn repeats(first: &EventTime, rule: &Rule) -> Result<(Rule, Option<i64>), Error> {
    let begins = first.civil_start();
    let rule = &in_days(first, rule)?;
    if let Some(until) = rule.until() {
        let local = in_civil_time(first, until);
        let end = match local {
            Until::Date(date) => date.to_datetime(jiff::civil::Time::MAX),
            Until::Civil(civil) | Until::Utc(civil) => civil,
        };
        if end < begins {
            let why = format!("it ends before the event begins, {begins}");
            return Err(Error::invalid("rrule", rule.to_string(), why));
        }
        return Ok((rule.clone().with_end(End::Until(local)), Some(civil_seconds(end))));
    }
    let Some(count) = rule.count() else { return Ok((rule.clone(), None)) };
    let skips = super::expansion::Clocks::of(first);
    let named = rule.starts(begins, begins).filter(|civil| skips.show(*civil));
    let last = usize::try_from(count).ok().and_then(|count| named.take(count).last());
    Ok((rule.clone(), Some(civil_seconds(last.unwrap_or(begins)))))
}

/// A rule of an event on whole days says nothing of the time of day: RFC 5545 §3.3.10 has such parts ignored.
fn in_days(first: &EventTime, rule: &Rule) -> Result<Rule, Error> {
    if !matches!(first, EventTime::AllDay(_)) {
        return Ok(rule.clone());
    }
    if rule.frequency() == recurrence::Frequency::Hourly {
        return Err(Error::invalid("rrule", rule.to_string(), "an event on whole days comes again at most every day"));
    }
    let text = rule.to_string();
    let of_day = |part: &&str| !["BYHOUR=", "BYMINUTE=", "BYSECOND="].iter().any(|name| part.starts_with(name));
    one(&text.split(';').filter(of_day).collect::<Vec<_>>().join(";"))
}

/// The last day of a rule in the civil time of the event: RFC 5545 §3.3.10 has it in UTC for an event in a zone.
fn in_civil_time(first: &EventTime, until: Until) -> Until {
    let date = |civil: DateTime| -> Date { civil.date() };
    match (first, until) {
        (_, Until::Date(_)) => until,
        (EventTime::AllDay(_), Until::Civil(civil) | Until::Utc(civil)) => Until::Date(date(civil)),
        (EventTime::Timed(timed), Until::Utc(utc)) => {
            let instant = jiff::tz::TimeZone::UTC.to_ambiguous_timestamp(utc).compatible();
            Until::Civil(instant.map_or(utc, |instant| instant.to_zoned(timed.zone().rules()).datetime()))
        }
        (EventTime::Floating(_), Until::Utc(civil)) | (_, Until::Civil(civil)) => Until::Civil(civil),
    }
}

impl TryFrom<Vec<(String, Option<i64>)>> for Repeats {
    type Error = Error;

    fn try_from(stored: Vec<(String, Option<i64>)>) -> Result<Self, Error> {
        let rules = stored.into_iter().map(|(text, last)| Ok((one(&text)?, last)));
        let rules = rules.collect::<Result<Vec<_>, Error>>()?;
        Rules::new(rules.iter().map(|(rule, _)| rule.clone()).collect())?;
        Ok(Self(rules))
    }
}

impl From<Repeats> for Vec<(String, Option<i64>)> {
    fn from(repeats: Repeats) -> Self {
        repeats.0.into_iter().map(|(rule, last)| (rule.to_string(), last)).collect()
    }
}
