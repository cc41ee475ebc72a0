//! Which days of a month a rule matches, as bits: everything that a rule says of days is asked here and only here.

use super::Series;
use crate::{
    gregorian::{day_number, days_of_month, days_of_year, weekday, year_month_day},
    rule::Ordinal,
    sets::lowest_from,
};

/// Days as bits, bit 0 being the first day's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Days {
    pub(super) first: i64,
    pub(super) set: u64,
}

/// One bit in seven.
const EACH_SEVENTH: u64 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28 | 1 << 35;

impl Series<'_> {
    /// The days of this month that match.
    pub(super) fn days_of(&self, year: i64, month: i64) -> Days {
        let first = day_number(year, month, 1);
        if !self.may_be_in(month) {
            return Days { first, set: 0 };
        }
        let length = days_of_month(year, month);
        let mut set = (1 << length) - 1;
        if !self.month_days.is_empty() {
            set &= self.month_days.of(length);
        }
        if self.weekdays != 0 || !self.ordinals.is_empty() {
            set &= self.week_pattern(first) | self.counted_weekdays(year, first, length);
        }
        if !self.year_days.is_empty() {
            set &= self.counted_days(year, first, length);
        }
        if !self.weeks.is_empty() {
            set &= self.days_of_weeks(year, first, length);
        }
        Days { first, set }
    }

    pub(super) fn may_be_in(&self, month: i64) -> bool {
        self.months == 0 || self.months & (1 << month) != 0
    }

    /// Whether it matters in which month or year a day lies.
    pub(super) fn looks_beyond_the_week(&self) -> bool {
        self.months != 0
            || !self.month_days.is_empty()
            || !self.year_days.is_empty()
            || !self.weeks.is_empty()
            || !self.ordinals.is_empty()
    }

    /// Whether this day matches.
    pub(super) fn matches(&self, day: i64) -> bool {
        let (year, month, day) = year_month_day(day);
        lowest_from(self.days_of(year, month).set, day - 1) == Some(day - 1)
    }

    /// `BYDAY` without ordinals, from this day on.
    pub(super) fn week_pattern(&self, first: i64) -> u64 {
        (self.weekdays * EACH_SEVENTH) >> weekday(first)
    }

    /// `BYDAY` with ordinals, which count within the month, or within the year if the rule is yearly and names no months.
    fn counted_weekdays(&self, year: i64, first: i64, length: i64) -> u64 {
        let (start, days) =
            if self.ordinals_of_year { (day_number(year, 1, 1), days_of_year(year)) } else { (first, length) };
        let before = first - start;
        self.ordinals.iter().fold(0, |set, Ordinal { nth, weekday: wanted }| {
            let place = if *nth > 0 {
                (wanted - weekday(start)).rem_euclid(7) + (nth - 1) * 7
            } else {
                let last = days - 1;
                last - (weekday(start + last) - wanted).rem_euclid(7) + (nth + 1) * 7
            };
            set | if (0..days).contains(&place) { bit_within(place - before, length) } else { 0 }
        })
    }

    /// `BYYEARDAY`
    fn counted_days(&self, year: i64, first: i64, length: i64) -> u64 {
        let before = first - day_number(year, 1, 1);
        let days = days_of_year(year);
        self.year_days.iter().fold(0, |set, number| {
            let place = if *number > 0 { number - 1 } else { days + number };
            set | bit_within(place - before, length)
        })
    }

    /// `BYWEEKNO`: weeks as in ISO 8601, but with the rule's first day of the week; the first one has at least four days in its year.
    fn days_of_weeks(&self, year: i64, first: i64, length: i64) -> u64 {
        let end = first + length;
        let mut set = 0;
        for year_of_weeks in year - 1..=year + 1 {
            let (week_1, next_week_1) = (self.week_1(year_of_weeks), self.week_1(year_of_weeks + 1));
            if next_week_1 <= first || end <= week_1 {
                continue;
            }
            let weeks = (next_week_1 - week_1) / 7;
            let matched = self.weeks.of(weeks);
            let mut week = (first.max(week_1) - week_1) / 7;
            while week < weeks && week_1 + week * 7 < end {
                if matched & (1 << week) != 0 {
                    let start = week_1 + week * 7 - first;
                    set |= (0..7).fold(0, |days, day| days | bit_within(start + day, length));
                }
                week += 1;
            }
        }
        set
    }

    /// The first day of the week that holds the 4th of January.
    fn week_1(&self, year: i64) -> i64 {
        let fourth = day_number(year, 1, 4);
        fourth - (weekday(fourth) - self.week_start).rem_euclid(7)
    }
}

/// A bit at this place if it is within the length.
fn bit_within(place: i64, length: i64) -> u64 {
    if (0..length).contains(&place) { 1 << place } else { 0 }
}
