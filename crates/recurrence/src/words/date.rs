//! Dates and times within a phrase: `2027-06-30`, `30 jun 2027`, `jun 30`, `14:00`.

use jiff::civil::{Date, Time};

use super::{MONTHS, named, short};

/// `30 Jun 2027`
pub(super) fn written(date: Date) -> String {
    format!("{} {} {:04}", date.day(), short(&MONTHS, i64::from(date.month()) - 1), date.year())
}

/// `14:00`, or with seconds if there are any.
pub(super) fn time_written(time: Time) -> String {
    let text = format!("{:02}:{:02}", time.hour(), time.minute());
    if time.second() == 0 { text } else { format!("{text}:{:02}", time.second()) }
}

/// `2027-06-30`
pub(super) fn iso(word: &str) -> Option<Date> {
    let mut numbers = word.split('-');
    let (year, month, day) = (numbers.next()?, numbers.next()?, numbers.next()?);
    if numbers.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(number(year)?, number(month)?, number(day)?).ok()
}

/// `14:00` or `14:00:30`
pub(super) fn time(word: &str) -> Option<Time> {
    let mut numbers = word.split(':');
    let (hour, minute, second) = (numbers.next()?, numbers.next()?, numbers.next().unwrap_or("0"));
    if numbers.next().is_some() {
        return None;
    }
    Time::new(number(hour)?, number(minute)?, number(second)?, 0).ok()
}

/// The day and the month of two words in either order, and whether both could be one.
pub(super) fn day_and_month(one: &str, other: &str) -> Option<(i8, i8)> {
    let month = |word: &str| i8::try_from(named(&MONTHS, word)? + 1).ok();
    let day = |word: &str| {
        let digits = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        number::<i8>(digits).filter(|day| (1..=31).contains(day))
    };
    match (day(one), month(other)) {
        (Some(day), Some(month)) => Some((day, month)),
        _ => Some((day(other)?, month(one)?)),
    }
}

/// A year of four digits.
pub(super) fn year(word: &str) -> Option<i16> {
    number(word).filter(|_| word.len() == 4)
}

/// The first such day that is not before this date.
pub(super) fn next(day: i8, month: i8, from: Date) -> Option<Date> {
    // The 29th of February can be up to eight years away.
    (from.year()..=from.year().saturating_add(8))
        .filter_map(|year| Date::new(year, month, day).ok())
        .find(|date| *date >= from)
}

/// A number of nothing but digits.
pub(super) fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
