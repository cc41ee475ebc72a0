//! What each word of a date means by itself. Which words go together is decided in [`super::phrase`].

use domain::Zone;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::Offset;

/// A word that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A whole date: `2026-12-01`, `1.12.2026`.
    Date(Date),
    /// A day and a month: `24.12.`.
    DayMonth(i8, i8),
    /// A date and a time: `2027-03-10T09:00`, perhaps with seconds, perhaps with an offset.
    Instant(DateTime, Option<Offset>),
    /// A time of day: `9am`, `14:00`, `noon`.
    Clock(Clock),
    /// Numbers with their units, written together: `1h30m`.
    Quantities(Vec<(i64, Unit)>),
    /// Digits, and how many there are.
    Number(i64, usize),
    /// `24th`.
    Ordinal(i64),
    Weekday(Weekday),
    Month(i8),
    Half(Half),
    Unit(Unit),
    /// This many days from today.
    FromToday(i64),
    Zone(Zone),
    AllDay,
    Now,
    A,
    After,
    All,
    And,
    At,
    For,
    From,
    In,
    Next,
    Of,
    On,
    The,
    This,
    To,
}

/// A time of day as written. The hour may be 24, with nothing after it, for the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) second: i8,
    /// Which half of the day was said, if any was: what a bare number after it belongs to.
    pub(super) half: Option<Half>,
    /// It was written `midnight`, of which people mean two things.
    pub(super) midnight: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Clock {
    /// The hour `hour` of the day, or of the half of it that is named.
    pub(super) fn hour(hour: i64, half: Option<Half>) -> Result<Self, String> {
        Self::new(hour, 0, 0, half)
    }

    /// The time that it is if `half` is said behind it.
    pub(super) fn in_half(self, half: Half) -> Result<Self, String> {
        Self::new(i64::from(self.hour), i64::from(self.minute), i64::from(self.second), Some(half))
    }

    fn new(hour: i64, minute: i64, second: i64, half: Option<Half>) -> Result<Self, String> {
        let (hour, right) = match half {
            Some(Half::Am) => (hour % 12, (1..=12).contains(&hour)),
            Some(Half::Pm) => (hour % 12 + 12, (1..=12).contains(&hour)),
            None => (hour, (0..24).contains(&hour) || (hour, minute, second) == (24, 0, 0)),
        };
        match (i8::try_from(hour), i8::try_from(minute), i8::try_from(second)) {
            (Ok(hour), Ok(minute), Ok(second)) if right && minute < 60 && second < 60 => {
                Ok(Self { hour, minute, second, half, midnight: false })
            }
            _ => Err("no clock shows that time; times are 00:00 to 23:59, or 12am to 11:59pm".to_owned()),
        }
    }

    /// The time, and whether it is that of the day after.
    pub(super) fn time(self) -> (Time, bool) {
        if self.hour == 24 {
            return (Time::midnight(), true);
        }
        (Time::new(self.hour, self.minute, self.second, 0).unwrap_or(Time::midnight()), false)
    }
}

/// What one word, in lower case, means.
///
/// `Ok(None)` if it is unknown; `Err` says what is wrong with a word that looks like one.
pub(super) fn read(word: &str) -> Result<Option<Word>, String> {
    if let Some(known) = vocabulary(word) {
        return Ok(Some(known));
    }
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        return numeric(word);
    }
    Ok(word.parse().ok().map(Word::Zone))
}

fn vocabulary(word: &str) -> Option<Word> {
    let word = word.trim_end_matches('.');
    Some(match word {
        "today" => Word::FromToday(0),
        "tomorrow" => Word::FromToday(1),
        "yesterday" => Word::FromToday(-1),
        "now" => Word::Now,
        "noon" => Word::Clock(Clock { hour: 12, minute: 0, second: 0, half: Some(Half::Pm), midnight: false }),
        "midnight" => Word::Clock(Clock { hour: 0, minute: 0, second: 0, half: Some(Half::Am), midnight: true }),
        "all-day" | "allday" => Word::AllDay,
        "a" | "an" => Word::A,
        "after" => Word::After,
        "all" => Word::All,
        "and" => Word::And,
        "at" | "@" => Word::At,
        "for" => Word::For,
        "from" => Word::From,
        "in" => Word::In,
        "next" => Word::Next,
        "of" => Word::Of,
        "on" => Word::On,
        "the" => Word::The,
        "this" => Word::This,
        "to" | "until" | "till" | "-" => Word::To,
        "am" | "a.m" => Word::Half(Half::Am),
        "pm" | "p.m" => Word::Half(Half::Pm),
        _ => {
            return weekday(word)
                .map(Word::Weekday)
                .or_else(|| month(word).map(Word::Month))
                .or_else(|| unit(word).map(Word::Unit));
        }
    })
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tues" | "tuesday" => Weekday::Tuesday,
        "wed" | "weds" | "wednesday" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

fn month(word: &str) -> Option<i8> {
    Some(match word {
        "jan" | "january" => 1,
        "feb" | "february" => 2,
        "mar" | "march" => 3,
        "apr" | "april" => 4,
        "may" => 5,
        "jun" | "june" => 6,
        "jul" | "july" => 7,
        "aug" | "august" => 8,
        "sep" | "sept" | "september" => 9,
        "oct" | "october" => 10,
        "nov" | "november" => 11,
        "dec" | "december" => 12,
        _ => return None,
    })
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "w" | "wk" | "wks" | "week" | "weeks" => Unit::Week,
        "month" | "months" => Unit::Month,
        "y" | "yr" | "yrs" | "year" | "years" => Unit::Year,
        _ => return None,
    })
}

fn numeric(word: &str) -> Result<Option<Word>, String> {
    let (digits, rest) = split_digits(word);
    if word.contains('/') {
        return Err("which of the numbers is the month? Write it as 2026-12-01 or 1 dec".to_owned());
    }
    let Some(number) = digits.parse::<i64>().ok().filter(|_| digits.len() <= 6) else {
        return Err("that number is too large".to_owned());
    };
    match rest {
        "" => return Ok(Some(Word::Number(number, digits.len()))),
        "st" | "nd" | "rd" | "th" => return Ok(Some(Word::Ordinal(number))),
        _ => {}
    }
    if digits.len() == 4 && rest.starts_with('-') {
        return iso(word);
    }
    if rest.starts_with('.') {
        return dotted(word);
    }
    if let Some(clock) = clock(word) {
        return clock.map(Word::Clock).map(Some);
    }
    Ok(quantities(word).map(Word::Quantities))
}

/// `2026-12-01`, or with `T09:00`, `T09:00:30`, and `Z` or `+01:00` behind it.
fn iso(word: &str) -> Result<Option<Word>, String> {
    let (day, rest) = match word.split_once('t') {
        Some((day, rest)) => (day, Some(rest)),
        None => (word, None),
    };
    let Some([year, month, day]) = numbers(day, '-') else { return Ok(None) };
    let date = date(year, month, day)?;
    let Some(rest) = rest else { return Ok(Some(Word::Date(date))) };
    let (time, offset) = match rest.find(['z', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let Some(Ok(clock)) = clock(time).filter(|clock| clock.as_ref().is_ok_and(|clock| clock.half.is_none())) else {
        return Err("the time behind the T should look like 09:00 or 09:00:30".to_owned());
    };
    let offset = match offset {
        "" => None,
        "z" => Some(Offset::UTC),
        other => Some(numeric_offset(other).ok_or("the offset at the end should look like +01:00 or Z")?),
    };
    match clock.time() {
        (time, false) => Ok(Some(Word::Instant(date.to_datetime(time), offset))),
        (_, true) => Err("24:00 is 00:00 of the day after; write that".to_owned()),
    }
}

fn numeric_offset(text: &str) -> Option<Offset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    let right_shape = matches!(text.len(), 3 | 5 | 6) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = match digits.len() {
        2 if right_shape => (digits.as_str(), "0"),
        4 if right_shape => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
    if minutes > 59 { None } else { Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok() }
}

/// `1.12.2026`, `24.12.`; `24.` is the day alone, and `1.5h` a length.
fn dotted(word: &str) -> Result<Option<Word>, String> {
    if let Some([day, month, year]) = numbers(word, '.') {
        return date(year, month, day).map(Word::Date).map(Some);
    }
    let Some(front) = word.strip_suffix('.') else {
        return match numbers(word, '.') {
            Some([_, _]) => Err("is that a date or a time? Write 9:30, or 24.12. with both dots".to_owned()),
            _ => Ok(None),
        };
    };
    if let Some([day, month]) = numbers(front, '.') {
        date(2000, month, day)?;
        return Ok(i8::try_from(day).ok().zip(i8::try_from(month).ok()).map(|(day, month)| Word::DayMonth(day, month)));
    }
    Ok(numbers(front, '.').map(|[day]| Word::Ordinal(day)))
}

/// A date, if the calendar has it.
pub(super) fn date(year: i64, month: i64, day: i64) -> Result<Date, String> {
    let narrow = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = narrow else { return Err("the calendar has no such day".to_owned()) };
    Date::new(year, month, day).map_err(|_| "the calendar has no such day".to_owned())
}

/// `9:30`, `09:30:15`, `9am`, `9:30pm`: a colon or a half of the day must be there. `None` if it is none of these.
fn clock(word: &str) -> Option<Result<Clock, String>> {
    let halves = [
        ("am", Half::Am),
        ("a.m.", Half::Am),
        ("a.m", Half::Am),
        ("pm", Half::Pm),
        ("p.m.", Half::Pm),
        ("p.m", Half::Pm),
    ];
    let said = halves.iter().find_map(|(suffix, half)| Some((word.strip_suffix(suffix)?, *half)));
    let (time, half) = said.map_or((word, None), |(time, half)| (time, Some(half)));
    let two_digits = time.split(':').skip(1).all(|part| part.len() == 2);
    let parts = if let Some([hour, minute, second]) = numbers(time, ':') {
        (hour, minute, second)
    } else if let Some([hour, minute]) = numbers(time, ':') {
        (hour, minute, 0)
    } else if let (Some([hour]), Some(_)) = (numbers(time, ':'), half) {
        (hour, 0, 0)
    } else {
        return None;
    };
    if !two_digits {
        return Some(Err("minutes have two digits, as in 9:05".to_owned()));
    }
    Some(Clock::new(parts.0, parts.1, parts.2, half))
}

/// `1h30m`, `1h30`, `90min`, `1d`: numbers with units; the last unit may be left out behind hours.
fn quantities(word: &str) -> Option<Vec<(i64, Unit)>> {
    let mut found: Vec<(i64, Unit)> = Vec::new();
    let mut rest = word;
    while !rest.is_empty() {
        let (digits, behind) = split_digits(rest);
        let number = digits.parse::<i64>().ok().filter(|_| digits.len() <= 6)?;
        let letters = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (name, further) = behind.split_at(letters);
        let unit = match (name, found.last()) {
            ("", Some((_, Unit::Hour))) if number < 60 && digits.len() == 2 => Unit::Minute,
            (name, _) => unit(name)?,
        };
        if found.last().is_some_and(|(_, before)| *before <= unit) {
            return None;
        }
        found.push((number, unit));
        rest = further;
    }
    Some(found)
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Exactly `N` numbers of at most four digits with `between` between them.
fn numbers<const N: usize>(text: &str, between: char) -> Option<[i64; N]> {
    let parts: Option<Vec<i64>> = text
        .split(between)
        .map(|part| {
            let digits = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse().ok() } else { None }
        })
        .collect();
    parts?.try_into().ok()
}
