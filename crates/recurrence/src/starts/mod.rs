//! The starts that a rule gives, from wherever one wants to see them.

mod days;
mod period;
mod positions;
mod times;

use jiff::civil::DateTime;

use crate::{
    gregorian::{SECONDS_OF_DAY, date_time, day_number, seconds, weekday, year_month_day},
    rule::{Frequency, Ordinal, Rule, Until},
    sets::Signed,
};
use times::Times;

/// The last year in which a start can lie.
pub const LAST_YEAR: i16 = 9_990;

/// The starts of a rule in strictly rising order; see [`Rule::starts`].
#[derive(Clone, Debug)]
pub struct Starts<'r> {
    series: Series<'r>,
    /// The next one lies here or later; none when there are no more.
    cursor: Option<i64>,
}

/// A rule with all that its first start decides: nothing below looks into the rule for what may be missing there.
#[derive(Clone, Debug)]
struct Series<'r> {
    frequency: Frequency,
    interval: i64,
    /// Monday is 0.
    week_start: i64,
    /// Bits 1..=12; none: all months.
    months: u64,
    month_days: Signed,
    /// Bits 0..=6, Monday is 0.
    weekdays: u64,
    ordinals: &'r [Ordinal],
    /// Whether the ordinals count within the year, not the month.
    ordinals_of_year: bool,
    year_days: &'r [i64],
    weeks: Signed,
    times: Times,
    positions: &'r [i64],
    first: Moment,
    /// The last second at which a start may lie.
    last: i64,
}

/// The first start, in the units in which periods are counted.
#[derive(Clone, Copy, Debug)]
struct Moment {
    second: i64,
    day: i64,
    year: i64,
    month: i64,
}

impl Moment {
    fn at(second: i64) -> Moment {
        let day = second.div_euclid(SECONDS_OF_DAY);
        let (year, month, _) = year_month_day(day);
        Moment { second, day, year, month }
    }
}

impl Rule {
    /// The starts at `from` or later that the rule matches, if its first start is `first`: none before `first`, none after
    /// `UNTIL`, none after the year [`LAST_YEAR`], in strictly rising order. `first` itself is among them only if the rule matches it. Whole
    /// seconds: fractions of `first` are dropped.
    ///
    /// Left to the caller: `COUNT`, and an `UNTIL` in UTC, which is compared as if it were civil time (see [`Until::Utc`]).
    ///
    /// What a start costs does not depend on how far it is from `first`: the period (year, month, week, …) is computed, not
    /// walked to. Between two starts periods without any may lie; the search for the next one is exhaustive for rules of
    /// days and longer (400 years of them, after which the Gregorian calendar repeats itself, including its weekdays) and gives
    /// up after 150,000 steps for shorter ones, which skip days and hours that cannot match in one step. Whoever looks at a window
    /// bounds the search by [`Starts::before`].
    ///
    /// Where RFC 5545 §3.3.10 leaves a choice, the reading is that of most implementations: `BYWEEKNO` alone means every day of
    /// those weeks, days belong to the calendar year they lie in, and a second of 60 is the second before.
    #[must_use]
    pub fn starts(&self, first: DateTime, from: DateTime) -> Starts<'_> {
        let series = Series::new(self, first);
        let from = seconds(from) + i64::from(from.subsec_nanosecond() > 0);
        let cursor = Some(from.max(series.first.second));
        Starts { series, cursor }
    }

    /// Whether the rule, if its first start is `first`, matches this start.
    #[must_use]
    pub fn has_start(&self, first: DateTime, at: DateTime) -> bool {
        let mut starts = self.starts(first, at);
        starts.series.last = starts.series.last.min(seconds(at));
        starts.next() == Some(at)
    }
}

impl Starts<'_> {
    /// Only those before `end`; the search for the next one ends there too.
    #[must_use]
    pub fn before(mut self, end: DateTime) -> Self {
        let end = seconds(end) + i64::from(end.subsec_nanosecond() > 0);
        self.series.last = self.series.last.min(end - 1);
        self
    }
}

impl Iterator for Starts<'_> {
    type Item = DateTime;

    fn next(&mut self) -> Option<DateTime> {
        let start = self.cursor.take().and_then(|cursor| self.series.next(cursor))?;
        self.cursor = Some(start + 1);
        date_time(start)
    }
}

impl std::iter::FusedIterator for Starts<'_> {}

impl<'r> Series<'r> {
    fn new(rule: &'r Rule, first: DateTime) -> Series<'r> {
        let first = Moment::at(seconds(first));
        let (_, _, first_day_of_month) = year_month_day(first.day);
        let frequency = rule.frequency;
        let mut series = Series {
            frequency,
            interval: i64::from(rule.interval),
            week_start: rule.week_start,
            months: rule.months,
            month_days: rule.month_days,
            weekdays: rule.weekdays,
            ordinals: &rule.ordinals,
            ordinals_of_year: frequency == Frequency::Yearly && rule.months == 0,
            year_days: &rule.year_days,
            weeks: rule.weeks,
            times: Times::of(rule, first.second.rem_euclid(SECONDS_OF_DAY)),
            positions: &rule.positions,
            first,
            last: last_second(rule),
        };
        // "Information, not contained in the rule, necessary to determine the various recurrence instance start time and dates are
        // derived from the Start Time" (§3.3.10).
        if rule.leaves_days_to_the_first() {
            match frequency {
                Frequency::Yearly => {
                    series.month_days = Signed::only(first_day_of_month);
                    if rule.months == 0 {
                        series.months = 1 << first.month;
                    }
                }
                Frequency::Monthly => series.month_days = Signed::only(first_day_of_month),
                Frequency::Weekly => series.weekdays = 1 << weekday(first.day),
                Frequency::Daily | Frequency::Hourly | Frequency::Minutely | Frequency::Secondly => {}
            }
        }
        // "The BYDAY rule part MUST NOT be specified with a numeric value when the FREQ rule part is not set to MONTHLY or
        // YEARLY": where it is all the same, the number has no meaning.
        if frequency > Frequency::Monthly {
            series.weekdays = rule.ordinals.iter().fold(series.weekdays, |days, ordinal| days | 1 << ordinal.weekday);
            series.ordinals = &[];
        }
        series
    }
}

fn last_second(rule: &Rule) -> i64 {
    let end = (day_number(i64::from(LAST_YEAR) + 1, 1, 1)) * SECONDS_OF_DAY - 1;
    match rule.until() {
        None => end,
        Some(Until::Date(date)) => end.min(seconds(date.at(23, 59, 59, 0))),
        Some(Until::Civil(at) | Until::Utc(at)) => end.min(seconds(at)),
    }
}
