//! From any second on to the next start: the period is computed, then those without a start are passed.

use super::{Moment, Series, days::Days, positions, times::Times};
use crate::{
    gregorian::{SECONDS_OF_DAY, day_number, year_month_day},
    rule::Frequency,
    sets::{lowest, lowest_from},
};

/// After 400 years the Gregorian calendar repeats itself, weekdays included: 146,097 days are 20,871 weeks. A rule that skips a constant number
/// of years, months, weeks or days has come through all that it ever meets after as many *periods*, whatever its interval.
const YEARS: i64 = 400;
const MONTHS: i64 = YEARS * 12;
const WEEKS: i64 = 20_871;
/// More than 146,097: for days it is as exhaustive as the others.
const STEPS: i64 = 150_000;

impl Series<'_> {
    /// The earliest start at this second or later.
    pub(super) fn next(&self, cursor: i64) -> Option<i64> {
        if cursor > self.last {
            return None;
        }
        let start = match self.frequency {
            Frequency::Yearly => self.next_by_years(cursor),
            Frequency::Monthly => self.next_by_months(cursor),
            Frequency::Weekly => self.next_by_weeks(cursor),
            Frequency::Daily => self.next_by_days(cursor),
            Frequency::Hourly => self.next_by_seconds(cursor, 3_600),
            Frequency::Minutely => self.next_by_seconds(cursor, 60),
            Frequency::Secondly => self.next_by_seconds(cursor, 1),
        }?;
        (start <= self.last).then_some(start)
    }

    /// The first number of a period, counted from `first`, that is not below `number`.
    fn align(&self, first: i64, number: i64) -> i64 {
        let ahead = number - first;
        if ahead <= 0 || self.interval == 1 {
            return first.max(number);
        }
        match ahead % self.interval {
            0 => number,
            rest => number + self.interval - rest,
        }
    }

    fn next_by_years(&self, cursor: i64) -> Option<i64> {
        let now = Moment::at(cursor);
        let mut year = self.align(self.first.year, now.year);
        for _ in 0..YEARS {
            if self.is_over(day_number(year, 1, 1)) {
                return None;
            }
            let from = if year == now.year { now.month } else { 1 };
            let start = if self.positions.is_empty() {
                (from..=12)
                    .filter(|month| self.may_be_in(*month))
                    .find_map(|month| earliest(self.days_of(year, month), self.times, cursor))
            } else {
                let mut month = 0;
                let months = [(); 12].map(|()| {
                    month += 1;
                    self.days_of(year, month)
                });
                positions::earliest(self.positions, &months, self.times, cursor)
            };
            if start.is_some() {
                return start;
            }
            year += self.interval;
        }
        None
    }

    fn next_by_months(&self, cursor: i64) -> Option<i64> {
        let now = Moment::at(cursor);
        let mut number = self.align(self.first.year * 12 + self.first.month - 1, now.year * 12 + now.month - 1);
        for _ in 0..MONTHS {
            let days = self.days_of(number.div_euclid(12), number.rem_euclid(12) + 1);
            if self.is_over(days.first) {
                return None;
            }
            let start = self.earliest_of_period(days, self.times, cursor);
            if start.is_some() {
                return start;
            }
            number += self.interval;
        }
        None
    }

    fn next_by_weeks(&self, cursor: i64) -> Option<i64> {
        let week = |day: i64| (day + 3 - self.week_start).div_euclid(7);
        let mut number = self.align(week(self.first.day), week(cursor.div_euclid(SECONDS_OF_DAY)));
        let beyond = self.looks_beyond_the_week();
        for _ in 0..WEEKS {
            let first = number * 7 - 3 + self.week_start;
            if self.is_over(first) {
                return None;
            }
            let mut set = if self.weekdays == 0 { 0b111_1111 } else { self.week_pattern(first) & 0b111_1111 };
            if beyond {
                set = (0..7)
                    .filter(|day| set & (1 << day) != 0 && self.matches(first + day))
                    .fold(0, |days, day| days | 1 << day);
            }
            let start = self.earliest_of_period(Days { first, set }, self.times, cursor);
            if start.is_some() {
                return start;
            }
            number += self.interval;
        }
        None
    }

    fn next_by_days(&self, cursor: i64) -> Option<i64> {
        let mut day = self.align(self.first.day, cursor.div_euclid(SECONDS_OF_DAY));
        let mut known = MonthOfDays::default();
        for _ in 0..STEPS {
            if self.is_over(day) {
                return None;
            }
            let matching = known.next_match(self, day);
            if matching == day {
                let start = self.earliest_of_period(Days { first: day, set: 1 }, self.times, cursor);
                if start.is_some() {
                    return start;
                }
                day += self.interval;
            } else {
                day = self.align(self.first.day, matching);
            }
        }
        None
    }

    /// For periods of so many seconds: hours, minutes, seconds. What cannot match is skipped up to the next day, hour, minute or
    /// second that could.
    fn next_by_seconds(&self, cursor: i64, length: i64) -> Option<i64> {
        // Counted in periods, so that the interval is one of them.
        let first = self.first.second.div_euclid(length);
        let mut number = self.align(first, cursor.div_euclid(length));
        let mut known = MonthOfDays::default();
        for _ in 0..STEPS {
            let second = number * length;
            let day = second.div_euclid(SECONDS_OF_DAY);
            if self.is_over(day) {
                return None;
            }
            let matching = known.next_match(self, day);
            let next_second = if matching == day {
                let midnight = day * SECONDS_OF_DAY;
                let (times, at) = (self.times, second - midnight);
                let possible = times_reaching(times, length).at_or_after(at);
                if possible == Some(at) {
                    let times = match length {
                        3_600 => times.within_hour(at / 3_600),
                        60 => times.within_minute(at / 3_600, at / 60 % 60),
                        _ => Times { hours: 1 << (at / 3_600), minutes: 1 << (at / 60 % 60), seconds: 1 << (at % 60) },
                    };
                    let start = self.earliest_of_period(Days { first: day, set: 1 }, times, cursor);
                    if start.is_some() {
                        return start;
                    }
                    second + length
                } else {
                    midnight + possible.unwrap_or(SECONDS_OF_DAY)
                }
            } else {
                matching * SECONDS_OF_DAY
            };
            number = self.align(first, next_second.div_euclid(length));
        }
        None
    }

    /// The earliest start at `cursor` or later in a period that consists of these days and times.
    fn earliest_of_period(&self, days: Days, times: Times, cursor: i64) -> Option<i64> {
        if self.positions.is_empty() {
            earliest(days, times, cursor)
        } else {
            positions::earliest(self.positions, &[days], times, cursor)
        }
    }

    /// Whether a period that begins with this day lies behind the last start.
    fn is_over(&self, day: i64) -> bool {
        day * SECONDS_OF_DAY > self.last
    }
}

/// Where periods of this length begin that hold one of these times.
fn times_reaching(times: Times, length: i64) -> Times {
    match length {
        3_600 => Times { minutes: 1, seconds: 1, ..times },
        60 => Times { seconds: 1, ..times },
        _ => times,
    }
}

/// The earliest of these days at these times that is not before `cursor`.
fn earliest(days: Days, times: Times, cursor: i64) -> Option<i64> {
    let ahead = cursor - days.first * SECONDS_OF_DAY;
    if ahead <= 0 {
        return Some((days.first + lowest(days.set)?) * SECONDS_OF_DAY + times.earliest());
    }
    let (place, second) = (ahead / SECONDS_OF_DAY, ahead % SECONDS_OF_DAY);
    let next = lowest_from(days.set, place)?;
    if next == place
        && let Some(time) = times.at_or_after(second)
    {
        return Some((days.first + place) * SECONDS_OF_DAY + time);
    }
    let next = if next == place { lowest_from(days.set, place + 1)? } else { next };
    Some((days.first + next) * SECONDS_OF_DAY + times.earliest())
}

/// The days that match within the month last looked at: a walk over days asks for each month once.
#[derive(Default)]
struct MonthOfDays {
    days: Days,
    /// The day after the month.
    end: i64,
}

impl MonthOfDays {
    /// This day if it matches; otherwise a later one before which none does.
    fn next_match(&mut self, series: &Series<'_>, day: i64) -> i64 {
        if series.weekdays == 0 && !series.looks_beyond_the_week() {
            return day;
        }
        if !(self.days.first..self.end).contains(&day) {
            let (year, month, _) = year_month_day(day);
            self.days = series.days_of(year, month);
            self.end = if month == 12 { day_number(year + 1, 1, 1) } else { day_number(year, month + 1, 1) };
        }
        lowest_from(self.days.set, day - self.days.first).map_or(self.end, |place| self.days.first + place)
    }
}
