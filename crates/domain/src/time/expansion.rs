//! The instances of a series within a stretch of time, at the cost of what lies in it.
//!
//! The first instance is always one. A start that the clocks of the event's zone skip is none (RFC 5545 §3.3.10: "nonexistent local
//! time … MUST be ignored"); one that they show twice means the first time. All instances last as long as the first: the same
//! number of seconds (RFC 5545 §3.8.5.3, for an event that has an end), or of days.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use recurrence::Starts;

use super::{EventTime, Extent, Family, Moment, Series, civil_from_seconds, civil_seconds};

/// An instance of a series, as its rules have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// Its civil start in the event's zone ([`civil_seconds`]): its name for good, also when it is moved.
    pub start: i64,
    /// When it is.
    pub extent: Extent,
}

/// The clocks by which a series goes.
pub(super) struct Clocks(Option<TimeZone>);

impl Clocks {
    pub(super) fn of(time: &EventTime) -> Self {
        Self(time.zone().map(super::Zone::rules))
    }

    /// Whether they ever show `civil`.
    pub(super) fn show(&self, civil: DateTime) -> bool {
        self.0.as_ref().is_none_or(|rules| {
            !matches!(rules.to_ambiguous_timestamp(civil).offset(), jiff::tz::AmbiguousOffset::Gap { .. })
        })
    }

    /// The place of `civil` on the line of its family; `None` if they skip it.
    fn place(&self, civil: DateTime) -> Option<i64> {
        let Some(rules) = &self.0 else { return Some(civil_seconds(civil)) };
        let ambiguous = rules.to_ambiguous_timestamp(civil);
        if matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
            return None;
        }
        ambiguous.earlier().ok().map(jiff::Timestamp::as_second)
    }

    /// What they show at a place on the line.
    fn shown(&self, place: i64) -> Option<DateTime> {
        match &self.0 {
            Some(rules) => jiff::Timestamp::from_second(place).ok().map(|at| at.to_zoned(rules.clone()).datetime()),
            None => civil_from_seconds(place).ok(),
        }
    }
}

/// Instances in the order of their starts: [`Series::occurrences`].
pub struct Occurrences<'a> {
    series: &'a Series,
    clocks: Clocks,
    first: Option<Occurrence>,
    rules: Vec<Source<'a>>,
    from: i64,
    to: Option<i64>,
    length: i64,
}

struct Source<'a> {
    starts: Starts<'a>,
    last: Option<i64>,
    next: Option<DateTime>,
}

impl Source<'_> {
    fn advance(&mut self) {
        self.next = self.starts.next().filter(|civil| self.last.is_none_or(|last| civil_seconds(*civil) <= last));
    }
}

impl Series {
    /// The instances that overlap `from` to `to` (exclusive; `None` for no end) on the line of this series' family, in the order of
    /// their starts.
    #[must_use]
    pub fn occurrences(&self, from: i64, to: Option<i64>) -> Occurrences<'_> {
        let begins = self.first.civil_start();
        let extent = self.first.extent();
        let length = extent.end.saturating_sub(extent.start);
        let clocks = Clocks::of(&self.first);
        let earliest = clocks.shown(from.saturating_sub(length)).filter(|civil| *civil > begins).unwrap_or(begins);
        let first = Occurrence { start: civil_seconds(begins), extent };
        let mut rules: Vec<Source<'_>> = self
            .repeats()
            .map(|(rule, last)| Source { starts: rule.starts(begins, earliest), last, next: None })
            .collect();
        rules.iter_mut().for_each(Source::advance);
        Occurrences { series: self, clocks, first: Some(first), rules, from, to, length }
    }

    /// The instance of the original civil start `start`; `None` if the rules name none there.
    #[must_use]
    pub fn occurrence(&self, start: i64) -> Option<Occurrence> {
        let extent = self.extent_at(start);
        self.occurrences(extent.start, Some(extent.start.saturating_add(1)))
            .take_while(|occurrence| occurrence.start <= start)
            .find(|occurrence| occurrence.start == start)
    }

    /// When an instance is, were there one of the original civil start `start`.
    #[must_use]
    pub fn time_at(&self, start: i64) -> Option<EventTime> {
        if start == civil_seconds(self.first.civil_start()) {
            return Some(self.first.clone());
        }
        let civil = civil_from_seconds(start).ok()?;
        let extent = self.extent_at(start);
        match &self.first {
            EventTime::Timed(timed) => {
                let zone = timed.zone().clone();
                let at = |field, second| {
                    jiff::Timestamp::from_second(second).ok().and_then(|at| Moment::at(field, at, &zone).ok())
                };
                EventTime::timed(at("start", extent.start)?, at("end", extent.end)?, zone.clone()).ok()
            }
            EventTime::AllDay(_) => EventTime::all_day(civil.date(), civil_from_seconds(extent.end).ok()?.date()).ok(),
            EventTime::Floating(_) => EventTime::floating(civil, civil_from_seconds(extent.end).ok()?).ok(),
        }
    }

    /// Where an instance of the original civil start `start` lies; a start that clocks skip is moved behind the gap (RFC 5545 §3.3.5).
    #[must_use]
    pub fn extent_at(&self, start: i64) -> Extent {
        let first = self.first.extent();
        if start == civil_seconds(self.first.civil_start()) {
            return first;
        }
        let clocks = Clocks::of(&self.first);
        let place = civil_from_seconds(start).ok().and_then(|civil| match &clocks.0 {
            Some(rules) => rules.to_ambiguous_timestamp(civil).compatible().ok().map(jiff::Timestamp::as_second),
            None => Some(civil_seconds(civil)),
        });
        let place = place.unwrap_or(start);
        Extent { start: place, end: place.saturating_add(first.end.saturating_sub(first.start)), ..first }
    }
}

impl Occurrences<'_> {
    /// The least start that a rule names next, taken from all that name it.
    fn take_next(&mut self) -> Option<DateTime> {
        let least = self.rules.iter().filter_map(|source| source.next).min()?;
        for source in &mut self.rules {
            if source.next == Some(least) {
                source.advance();
            }
        }
        Some(least)
    }

    fn family(&self) -> Family {
        match self.series.first {
            EventTime::Timed(_) => Family::Instant,
            EventTime::AllDay(_) | EventTime::Floating(_) => Family::Civil,
        }
    }

    fn overlaps(&self, extent: &Extent) -> bool {
        extent.end > self.from && self.to.is_none_or(|to| extent.start < to)
    }
}

impl Iterator for Occurrences<'_> {
    type Item = Occurrence;

    fn next(&mut self) -> Option<Occurrence> {
        if let Some(first) = self.first.take()
            && self.overlaps(&first.extent)
        {
            return Some(first);
        }
        let begins = civil_seconds(self.series.first.civil_start());
        loop {
            let civil = self.take_next()?;
            let start = civil_seconds(civil);
            // The first instance was given already, and what clocks skip is none.
            let Some(place) = self.clocks.place(civil).filter(|_| start > begins) else { continue };
            let extent = Extent { family: self.family(), start: place, end: place.saturating_add(self.length) };
            if self.to.is_some_and(|to| extent.start >= to) {
                self.rules.clear();
                return None;
            }
            if extent.end > self.from {
                return Some(Occurrence { start, extent });
            }
        }
    }
}
