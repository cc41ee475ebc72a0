//! The arithmetic of the Gregorian calendar in bare numbers: days counted from 1970-01-01, seconds counted from its midnight.
//!
//! jiff has all of this behind types that check every step; the expansion of a thousand series takes these steps some
//! ten thousand times for one page of a calendar. A test holds every day of every year against jiff.

use jiff::civil::DateTime;

pub(crate) const SECONDS_OF_DAY: i64 = 86_400;

/// The number of a day (proleptic; Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
pub(crate) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day's number (`civil_from_days`).
pub(crate) fn year_month_day(number: i64) -> (i64, i64, i64) {
    let shifted = number + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Monday is 0.
pub(crate) fn weekday(day_number: i64) -> i64 {
    (day_number + 3).rem_euclid(7)
}

pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_of_year(year: i64) -> i64 {
    365 + i64::from(is_leap(year))
}

pub(crate) fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The seconds of a civil time; fractions are dropped.
pub(crate) fn seconds(at: DateTime) -> i64 {
    let day = day_number(i64::from(at.year()), i64::from(at.month()), i64::from(at.day()));
    day * SECONDS_OF_DAY + i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second())
}

/// The civil time of so many seconds, if jiff's years (-9999 to 9999) hold it.
pub(crate) fn date_time(seconds: i64) -> Option<DateTime> {
    let (year, month, day) = year_month_day(seconds.div_euclid(SECONDS_OF_DAY));
    let time = seconds.rem_euclid(SECONDS_OF_DAY);
    let small = |number: i64| i8::try_from(number).ok();
    DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(time / 3_600)?,
        small(time / 60 % 60)?,
        small(time % 60)?,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;

    #[test]
    fn every_day_of_every_year_is_the_one_jiff_knows() {
        let mut number = day_number(-9999, 1, 1);
        for date in Date::MIN.series(jiff::Span::new().days(1)) {
            let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            assert_eq!(day_number(year, month, day), number);
            assert_eq!(year_month_day(number), (year, month, day));
            assert_eq!(weekday(number), i64::from(date.weekday().to_monday_zero_offset()));
            if day == 1 {
                assert_eq!(days_of_month(year, month), i64::from(date.days_in_month()));
                assert_eq!(days_of_year(year), i64::from(date.days_in_year()));
            }
            number += 1;
        }
        assert_eq!(number, day_number(10_000, 1, 1), "the last day was Date::MAX");
    }

    #[test]
    fn seconds_and_civil_times_are_each_others_inverse() {
        for at in [
            DateTime::MIN,
            jiff::civil::datetime(1969, 12, 31, 23, 59, 59, 0),
            jiff::civil::datetime(2024, 2, 29, 1, 2, 3, 0),
        ] {
            assert_eq!(date_time(seconds(at)), Some(at));
        }
        assert_eq!(seconds(jiff::civil::datetime(1970, 1, 1, 0, 0, 0, 0)), 0);
        assert_eq!(date_time(seconds(DateTime::MAX) + 1), None);
    }
}
