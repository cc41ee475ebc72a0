//! A point in time as people write it: `2027-03-10T09:00`, the same with seconds or an offset, a date, `tomorrow 9:00`; and whatever
//! the terminal client's date field understands, such as `next friday noon`, as long as it says no more than one point.

use client::input::Span;
use domain::time::{Moment, Window};
use domain::{Error, Timestamp, Zone};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// What was written. Which of them is right where is for the caller to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// A day.
    Date(Date),
    /// What a clock on the wall shows.
    Civil(DateTime),
    /// An instant: a civil time with an offset.
    Instant(jiff::Timestamp),
}

const RULE: &str = "write a time as 2027-03-10T09:00 (or today 9:00, tomorrow 9:00), a day as 2027-03-10";

impl Point {
    /// Reads `text`, all of it. `now` and `zone` say which day `today` is.
    ///
    /// # Errors
    /// Invalid input naming `field`.
    pub(crate) fn parse(field: &str, text: &str, now: Timestamp, zone: &Zone) -> Result<Self, Error> {
        Self::exact(field, text, now, zone).or_else(|exact| {
            let words = text.trim().contains(char::is_whitespace) || text.trim().starts_with(char::is_alphabetic);
            if words { Self::in_words(field, text, now, zone) } else { Err(exact) }
        })
    }

    /// Reads what the client's date field would.
    fn in_words(field: &str, text: &str, now: Timestamp, zone: &Zone) -> Result<Self, Error> {
        let when = client::input::Here { now, zone: zone.clone() }.read(field, text)?;
        if when.zone != *zone {
            return Err(Error::invalid(field, text, "say the zone with --zone"));
        }
        match when.span {
            Span::Timed { start, end: None } => {
                let instant = jiff::Timestamp::from_second(start.instant(zone));
                instant.map(Self::Instant).map_err(|_| Error::invalid(field, text, "events lie in the years 1 to 9990"))
            }
            Span::Days { first, end: None } => Ok(Self::Date(first)),
            Span::Timed { end: Some(_), .. } | Span::Days { end: Some(_), .. } => Err(Error::invalid(
                field,
                text,
                "it says when something begins and ends; say the end with --end or --for",
            )),
        }
    }

    fn exact(field: &str, text: &str, now: Timestamp, zone: &Zone) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::invalid(field, text, reason);
        let trimmed = text.trim();
        let (day, rest) = match trimmed.find(['T', 't', ' ']).filter(|_| begins_with_digit(trimmed)) {
            Some(at) => (trimmed.get(..at).unwrap_or_default(), trimmed.get(at + 1..).map(str::trim_start)),
            None if begins_with_digit(trimmed) => (trimmed, None),
            None => match trimmed.split_once(char::is_whitespace) {
                Some((word, rest)) => (word, Some(rest.trim_start())),
                None => (trimmed, None),
            },
        };
        let date = if begins_with_digit(day) {
            date_of_digits(day).map_err(wrong)?
        } else {
            date_of_word(day, now, zone).ok_or_else(|| wrong(RULE))?
        };
        let Some(rest) = rest else { return Ok(Self::Date(date)) };
        let clock_end = rest.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(rest.len());
        let (clock, offset) = rest.split_at(clock_end);
        let civil = date.to_datetime(time_of_clock(clock).map_err(wrong)?);
        if offset.is_empty() {
            return Ok(Self::Civil(civil));
        }
        let offset = offset_of(offset).ok_or_else(|| wrong("an offset looks like Z, +01:00 or -05:30"))?;
        offset.to_timestamp(civil).map(Self::Instant).map_err(|_| wrong("events lie in the years 1 to 9990"))
    }

    /// The moment in `zone`.
    ///
    /// # Errors
    /// Invalid input naming `field` for a day without a time, or a time that the zone's clocks skip.
    pub(crate) fn moment(self, field: &str, zone: &Zone) -> Result<Moment, Error> {
        match self {
            Self::Civil(civil) => Moment::in_zone(field, civil, zone),
            Self::Instant(instant) => Moment::at(field, instant, zone),
            Self::Date(date) => Err(Error::invalid(
                field,
                date.to_string(),
                format!("it has no time of day: write {date}T09:00, or add --all-day"),
            )),
        }
    }

    /// The day.
    ///
    /// # Errors
    /// Invalid input naming `field` for anything with a time of day; `why` says why that is not wanted.
    pub(crate) fn day(self, field: &str, why: &str) -> Result<Date, Error> {
        let civil = match self {
            Self::Date(date) => return Ok(date),
            Self::Civil(civil) => civil.to_string(),
            Self::Instant(instant) => instant.to_string(),
        };
        Err(Error::invalid(field, civil, format!("{why}: write it as 2027-03-10")))
    }
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn date_of_word(word: &str, now: Timestamp, zone: &Zone) -> Option<Date> {
    let today = Window::today(now, zone)?;
    match word {
        "today" => Some(today),
        "tomorrow" => today.tomorrow().ok(),
        _ => None,
    }
}

fn date_of_digits(text: &str) -> Result<Date, &'static str> {
    let mut parts = text.split('-');
    let mut number = |width: usize| -> Option<i16> {
        let part = parts.next()?;
        (part.len() == width && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else { return Err(RULE) };
    if parts.next().is_some() {
        return Err(RULE);
    }
    let (month, day) = (i8::try_from(month), i8::try_from(day));
    match (month, day) {
        (Ok(month), Ok(day)) => Date::new(year, month, day).map_err(|_| "there is no such day"),
        _ => Err(RULE),
    }
}

fn time_of_clock(text: &str) -> Result<Time, &'static str> {
    let mut numbers = [0_i8; 3];
    let mut count = 0;
    for (index, part) in text.split(':').enumerate() {
        let whole = (1..=2).contains(&part.len()) && (index == 0 || part.len() == 2);
        match (numbers.get_mut(index), part.parse::<i8>()) {
            (Some(number), Ok(read)) if whole => *number = read,
            _ => return Err(RULE),
        }
        count = index + 1;
    }
    let [hour, minute, second] = numbers;
    if count < 2 {
        return Err(RULE);
    }
    Time::new(hour, minute, second, 0).map_err(|_| "there is no such time of day")
}

fn offset_of(text: &str) -> Option<Offset> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
    let number = |part: &str, most: i32| -> Option<i32> {
        (part.len() == 2).then(|| part.parse::<u8>().ok())?.map(i32::from).filter(|n| *n <= most)
    };
    let minutes = if minutes.is_empty() && !digits.contains(':') { 0 } else { number(minutes, 59)? };
    Offset::from_seconds(sign * (number(hours, 23)? * 3_600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn berlin() -> Zone {
        "Europe/Berlin".parse().unwrap()
    }

    /// 2027-03-09T23:30:00Z: already the 10th in Berlin.
    fn now() -> Timestamp {
        Timestamp::from_micros("2027-03-09T23:30:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn parse(text: &str) -> Result<Point, Error> {
        Point::parse("start", text, now(), &berlin())
    }

    #[test]
    fn times_are_read_with_and_without_seconds_and_offset() {
        let nine = date(2027, 3, 10).at(9, 0, 0, 0);
        for text in ["2027-03-10T09:00", "2027-03-10 09:00", "2027-03-10T09:00:00", " 2027-03-10  9:00 "] {
            assert_eq!(parse(text), Ok(Point::Civil(nine)), "{text}");
        }
        let instant: jiff::Timestamp = "2027-03-10T08:00:00Z".parse().unwrap();
        for text in ["2027-03-10T09:00+01:00", "2027-03-10T08:00Z", "2027-03-10T08:00:00+00", "2027-03-10T03:00-0500"] {
            assert_eq!(parse(text), Ok(Point::Instant(instant)), "{text}");
        }
        assert_eq!(parse("2027-03-10"), Ok(Point::Date(date(2027, 3, 10))));
    }

    #[test]
    fn today_and_tomorrow_are_days_of_the_zone_and_may_have_a_time() {
        assert_eq!(parse("today"), Ok(Point::Date(date(2027, 3, 10))));
        assert_eq!(parse("tomorrow 14:30"), Ok(Point::Civil(date(2027, 3, 11).at(14, 30, 0, 0))));
        let utc = Point::parse("start", "today", now(), &Zone::utc());
        assert_eq!(utc, Ok(Point::Date(date(2027, 3, 9))));
    }

    #[test]
    fn words_of_the_clients_date_field_are_read_as_long_as_they_say_one_point() {
        let start = |text: &str| parse(text).unwrap().moment("start", &berlin()).unwrap().civil();
        // The 10th of March 2027 is a Wednesday.
        assert_eq!(start("9am tomorrow"), date(2027, 3, 11).at(9, 0, 0, 0));
        assert_eq!(start("friday noon"), date(2027, 3, 12).at(12, 0, 0, 0));
        assert_eq!(parse("in 2 weeks"), Ok(Point::Date(date(2027, 3, 24))));
        for (bad, why) in
            [("friday 14:00-15:00", "--end"), ("friday 14:00 1h30", "--end"), ("friday sometime", "sometime")]
        {
            let error = parse(bad).unwrap_err();
            assert!(error.field() == Some("start") && error.to_string().contains(why), "{error}");
        }
        assert!(parse("friday 14:00 America/New_York").unwrap_err().to_string().contains("--zone"));
    }

    #[test]
    fn days_and_times_that_do_not_exist_are_refused() {
        assert!(parse("2027-02-30").unwrap_err().to_string().contains("no such day"));
        assert!(parse("2027-03-10T24:00").unwrap_err().to_string().contains("no such time"));
        for bad in [
            "",
            "soon",
            "2027",
            "2027-3-10",
            "2027-03-10T",
            "2027-03-10T9",
            "2027-03-10T09:00x",
            "2027-03-10T09:00+25:00",
            "2027-03-10T09:00:00:00",
            "27-03-10",
            "2027-03-10-11",
            "tomorrow at 9",
            "tomorrow 9",
            "2027-03-10T09:00+1",
            "2027-03-10T09:0",
            "２０２７-03-10",
            "2027-03-10T09:00 +01:00 x",
            "2027-03-10T+9:00",
        ] {
            assert_eq!(parse(bad).unwrap_err().field(), Some("start"), "{bad}");
        }
    }

    #[test]
    fn a_time_that_clocks_skip_is_refused_and_one_they_show_twice_is_the_first_unless_an_offset_says_otherwise() {
        let moment = |text: &str| parse(text).unwrap().moment("start", &berlin());
        assert!(moment("2027-03-28T02:30").unwrap_err().to_string().contains("does not exist"));
        let first = moment("2027-10-31T02:30").unwrap().instant(&berlin());
        let second = moment("2027-10-31T02:30+01:00").unwrap().instant(&berlin());
        assert_eq!(second - first, 3_600);
    }

    #[test]
    fn a_day_is_no_time_and_a_time_no_day() {
        let no_time = parse("2027-03-10").unwrap().moment("start", &berlin()).unwrap_err();
        assert!(no_time.to_string().contains("--all-day"), "{no_time}");
        assert!(parse("2027-03-10T09:00").unwrap().day("from", "it is a day").is_err());
    }
}
