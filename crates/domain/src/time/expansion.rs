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
        // Clocks go back by less than a day.
        let end = to.and_then(|to| clocks.shown(to.saturating_add(86_400)));
        let first = Occurrence { start: civil_seconds(begins), extent };
        let mut rules: Vec<Source<'_>> = self
            .repeats()
            .map(|(rule, last)| {
                let starts = rule.starts(begins, earliest);
                // So that a rule that names nothing for long is not searched beyond what is asked for.
                let end = end.into_iter().chain(last.and_then(|last| civil_from_seconds(last.saturating_add(1)).ok()));
                let starts = match end.min() {
                    Some(end) => starts.before(end),
                    None => starts,
                };
                Source { starts, last, next: None }
            })
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::Zone;
    use crate::time::Rules;

    fn berlin() -> Zone {
        "Europe/Berlin".parse().unwrap()
    }

    fn timed(start: DateTime, minutes: i64, zone: &Zone) -> EventTime {
        let start = Moment::in_zone("start", start, zone).unwrap();
        let end = jiff::Timestamp::from_second(start.instant(zone) + minutes * 60).unwrap();
        EventTime::timed(start, Moment::at("end", end, zone).unwrap(), zone.clone()).unwrap()
    }

    fn series(first: EventTime, rule: &str) -> Series {
        Series::new(first, &Rules::parse(rule).unwrap()).unwrap()
    }

    fn starts(series: &Series, from: DateTime, to: DateTime) -> Vec<String> {
        let line = |civil| series.extent_at(civil_seconds(civil)).start;
        let found = series.occurrences(line(from), Some(line(to)));
        found.map(|one| civil_from_seconds(one.start).unwrap().to_string()).collect()
    }

    #[test]
    fn nine_o_clock_stays_nine_o_clock_when_clocks_change() {
        let daily = series(timed(date(2027, 3, 27).at(9, 0, 0, 0), 30, &berlin()), "FREQ=DAILY");
        let found: Vec<Occurrence> = daily.occurrences(daily.first.extent().start, None).take(2).collect();
        assert_eq!(found[1].extent.start - found[0].extent.start, 23 * 3_600);
        assert_eq!(found[1].start - found[0].start, 24 * 3_600);
    }

    #[test]
    fn a_start_that_clocks_skip_is_no_instance_and_is_not_counted_and_one_they_show_twice_is_the_first() {
        let skipped = series(timed(date(2027, 3, 27).at(2, 30, 0, 0), 30, &berlin()), "FREQ=DAILY;COUNT=3");
        let found = starts(&skipped, date(2027, 3, 20).at(0, 0, 0, 0), date(2027, 4, 20).at(0, 0, 0, 0));
        assert_eq!(found, ["2027-03-27T02:30:00", "2027-03-29T02:30:00", "2027-03-30T02:30:00"]);
        let twice = series(timed(date(2027, 10, 30).at(2, 30, 0, 0), 30, &berlin()), "FREQ=DAILY;COUNT=2");
        let found: Vec<Occurrence> = twice.occurrences(0, None).collect();
        assert_eq!(found[1].extent.start - found[0].extent.start, 24 * 3_600, "the first of the two");
    }

    #[test]
    fn the_first_instance_is_one_though_the_rule_does_not_name_it() {
        let tuesdays = series(timed(date(2027, 3, 10).at(9, 0, 0, 0), 30, &berlin()), "FREQ=WEEKLY;BYDAY=TU;COUNT=2");
        let found = starts(&tuesdays, date(2027, 3, 1).at(0, 0, 0, 0), date(2027, 5, 1).at(0, 0, 0, 0));
        assert_eq!(found, ["2027-03-10T09:00:00", "2027-03-16T09:00:00", "2027-03-23T09:00:00"]);
    }

    #[test]
    fn a_last_day_in_utc_is_read_in_the_zone_of_the_event() {
        // 23:30 on 12 March in New York is 04:30 on the 13th in UTC.
        let zone: Zone = "America/New_York".parse().unwrap();
        let late = timed(date(2027, 3, 10).at(23, 30, 0, 0), 30, &zone);
        let daily = series(late, "FREQ=DAILY;UNTIL=20270313T043000Z");
        let found = starts(&daily, date(2027, 3, 1).at(0, 0, 0, 0), date(2027, 4, 1).at(0, 0, 0, 0));
        assert_eq!(found, ["2027-03-10T23:30:00", "2027-03-11T23:30:00", "2027-03-12T23:30:00"]);
        let days = EventTime::all_day(date(2027, 3, 10), date(2027, 3, 11)).unwrap();
        let daily = series(days, "FREQ=DAILY;UNTIL=20270312T000000Z");
        assert_eq!(daily.rules().as_slice()[0].to_string(), "FREQ=DAILY;UNTIL=20270312");
    }

    #[test]
    fn an_instance_that_began_before_the_window_and_reaches_into_it_is_found() {
        let long = series(EventTime::all_day(date(2027, 1, 1), date(2027, 1, 11)).unwrap(), "FREQ=MONTHLY");
        let found = starts(&long, date(2030, 6, 10).at(0, 0, 0, 0), date(2030, 7, 2).at(0, 0, 0, 0));
        assert_eq!(found, ["2030-06-01T00:00:00", "2030-07-01T00:00:00"]);
        assert_eq!(long.hull().end, crate::time::FOREVER);
        assert!(long.occurrence(civil_seconds(date(2030, 6, 1).at(0, 0, 0, 0))).is_some());
        assert!(long.occurrence(civil_seconds(date(2030, 6, 2).at(0, 0, 0, 0))).is_none());
    }

    #[test]
    fn the_last_year_of_all_is_where_forever_begins() {
        assert_eq!(crate::time::FOREVER, civil_seconds(date(9991, 1, 1).at(0, 0, 0, 0)));
    }

    #[test]
    fn what_comes_more_often_than_hourly_or_counts_beyond_reason_is_refused() {
        for rule in ["FREQ=MINUTELY", "FREQ=SECONDLY;COUNT=3", "FREQ=DAILY;COUNT=10001", "FREQ=DAILY;UNTIL=20200101"] {
            let first = timed(date(2027, 3, 10).at(9, 0, 0, 0), 30, &berlin());
            let refused = Rules::parse(rule).and_then(|rules| Series::new(first, &rules)).unwrap_err();
            assert_eq!(refused.field(), Some("rrule"), "{rule}");
        }
    }

    fn rule() -> impl Strategy<Value = String> {
        let base = prop_oneof![
            Just("FREQ=DAILY"),
            Just("FREQ=DAILY;INTERVAL=3"),
            Just("FREQ=WEEKLY"),
            Just("FREQ=WEEKLY;BYDAY=MO,TH,SU"),
            Just("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,WE"),
            Just("FREQ=MONTHLY;BYMONTHDAY=-1,15"),
            Just("FREQ=MONTHLY;BYDAY=2FR"),
            Just("FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU"),
            Just("FREQ=DAILY;BYHOUR=2,3,9"),
            Just("FREQ=HOURLY;INTERVAL=5"),
        ];
        let end = prop_oneof![
            Just(String::new()),
            (1..40_u32).prop_map(|n| format!(";COUNT={n}")),
            (10..28_u32).prop_map(|day| format!(";UNTIL=202710{day}T120000Z")),
        ];
        (base, end).prop_map(|(base, end)| format!("{base}{end}"))
    }

    fn first() -> impl Strategy<Value = EventTime> {
        let day = (0_i32..500).prop_map(|days| date(2026, 12, 1).saturating_add(jiff::Span::new().days(days)));
        let zones = prop_oneof!["Europe/Berlin", "America/New_York", "UTC", "Australia/Lord_Howe"];
        (day, 0..3_u8, 0..24_i8, 1_i64..4_000, zones).prop_filter_map(
            "clocks skip it",
            |(day, kind, hour, minutes, zone)| {
                let start = day.at(hour, 30, 0, 0);
                let end = start.checked_add(jiff::Span::new().minutes(minutes)).ok()?;
                match kind {
                    0 => EventTime::all_day(day, day.saturating_add(jiff::Span::new().days(1 + minutes / 1_440))).ok(),
                    1 => EventTime::floating(start, end).ok(),
                    _ => {
                        let zone: Zone = zone.parse().ok()?;
                        let start = Moment::in_zone("start", start, &zone).ok()?;
                        let end = jiff::Timestamp::from_second(start.instant(&zone) + minutes * 60).ok()?;
                        EventTime::timed(start, Moment::at("end", end, &zone).ok()?, zone).ok()
                    }
                }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_window_shows_of_a_series_what_walking_to_it_shows(
            first in first(), rule in rule(), from in 0_i64..900, days in 0_i64..60, split in 0..50_usize,
        ) {
            let Ok(series) = Series::new(first, &Rules::parse(&rule).unwrap()) else { return Ok(()) };
            let begins = series.first.extent().start;
            let (from, to) = (begins + (from - 30) * 86_400, begins + (from - 30 + days) * 86_400);
            let all: Vec<Occurrence> = series.occurrences(i64::MIN, Some(to)).collect();
            prop_assert!(all.windows(2).all(|pair| pair[0].start < pair[1].start));
            let seen: Vec<Occurrence> = series.occurrences(from, Some(to)).collect();
            let walked: Vec<Occurrence> = all.iter().copied().filter(|one| one.extent.end > from).collect();
            prop_assert_eq!(&seen, &walked);
            let hull = series.hull();
            for one in all.iter().rev().take(3) {
                prop_assert_eq!(series.occurrence(one.start), Some(*one));
                prop_assert_eq!(series.time_at(one.start).unwrap().extent(), one.extent);
                prop_assert!(hull.start <= one.extent.start && one.extent.end <= hull.end);
            }
            // Cut in two at an instance, the parts have together what the whole had.
            if let Some(at) = all.get(split).map(|one| one.start)
                && let Some(before) = series.before(at)
            {
                let rest = Series::new(series.time_at(at).unwrap(), &series.rules_from(at)).unwrap();
                let mut parts: Vec<i64> = before.occurrences(i64::MIN, Some(to)).map(|one| one.start).collect();
                parts.extend(rest.occurrences(i64::MIN, Some(to)).map(|one| one.start));
                prop_assert_eq!(parts, all.iter().map(|one| one.start).collect::<Vec<_>>(), "{}", rule);
            }
            let read: Series = serde_json::from_str(&serde_json::to_string(&series).unwrap()).unwrap();
            prop_assert_eq!(read, series);
        }
    }
}
