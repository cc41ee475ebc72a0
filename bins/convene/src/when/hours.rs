//! The hours and days in which a time is looked for: `9:00-17:00` on `mon,tue`, by the clocks of one zone.
//!
//! An instant is within the hours if the clock on the wall then shows a time within them. So a night in which clocks go back has an
//! hour more, one in which they go forward an hour less, and hours that are shown twice are there twice.

use domain::time::civil_seconds;
use domain::{Error, Zone};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::stretch::{Stretch, merged};

/// From one time of day to a later one, in seconds since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    from: i64,
    to: i64,
}

/// Some days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weekdays([bool; 7]);

const A_DAY: i64 = 86_400;
/// Further than this no zone's clocks are from UTC.
const FARTHEST: i64 = 26 * 3_600;

impl Hours {
    /// The whole day.
    pub(crate) const ALL: Self = Self { from: 0, to: A_DAY };

    /// Reads `9:00-17:00`; `24:00` is the end of the day, and `9-17` will do.
    ///
    /// # Errors
    /// Invalid input naming `between`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::invalid("between", text, reason);
        let read = |text: &str| time_of_day(text).ok_or_else(|| wrong("write the hours as 9:00-17:00"));
        let (from, to) = text.split_once(['-', '–']).ok_or_else(|| wrong("write the hours as 9:00-17:00"))?;
        let (from, to) = (read(from)?, read(to)?);
        if from >= to {
            return Err(wrong(
                "hours lie within one day, the end after the start, as in 18:00-24:00; ask for the hours after midnight by themselves",
            ));
        }
        Ok(Self { from, to })
    }

    /// When the clocks of `zone` show these hours of `day`, by start.
    pub(crate) fn of(self, day: Date, zone: &TimeZone) -> Vec<Stretch> {
        let midnight = civil_seconds(day.at(0, 0, 0, 0));
        shown(midnight.saturating_add(self.from), midnight.saturating_add(self.to), zone)
    }

    /// The same of every day from `first` to `last`, both inclusive, that is one of `on`.
    pub(crate) fn of_days(self, first: Date, last: Date, on: Weekdays, zone: &Zone) -> Vec<Stretch> {
        let zone = zone.rules();
        let days = first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last);
        merged(days.filter(|day| on.has(day.weekday())).flat_map(|day| self.of(day, &zone)).collect())
    }
}

/// When the clocks of `zone` show a civil time from `from` to `to` (exclusive; both [`civil_seconds`]): between two changes of the clocks,
/// civil times and instants differ by one number.
fn shown(from: i64, to: i64, zone: &TimeZone) -> Vec<Stretch> {
    let (earliest, latest) = (from.saturating_sub(FARTHEST), to.saturating_add(FARTHEST));
    let Ok(begins) = jiff::Timestamp::from_second(earliest) else { return Vec::new() };
    let mut found = Vec::new();
    let mut since = (earliest, i64::from(zone.to_offset(begins).seconds()));
    let changes = zone.following(begins).map(|change| (change.timestamp(), change.offset()));
    let changes = changes.map(|(at, offset)| (at.as_second(), i64::from(offset.seconds())));
    for (at, offset) in changes.take_while(|(at, _)| *at < latest).chain([(latest, 0)]) {
        let (start, ahead) = since;
        let hours = Stretch::new(from.saturating_sub(ahead), to.saturating_sub(ahead));
        found.extend(hours.and_then(|hours| hours.within(Stretch { start, end: at })));
        since = (at, offset);
    }
    merged(found)
}

fn time_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "00"));
    let number = |part: &str, widths: std::ops::RangeInclusive<usize>| {
        let digits = widths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i64>().ok())?
    };
    let (hour, minute) = (number(hour, 1..=2)?, number(minute, 2..=2)?);
    let seconds = hour * 3_600 + minute * 60;
    (minute < 60 && seconds <= A_DAY).then_some(seconds)
}

impl Weekdays {
    /// All seven.
    pub(crate) const ALL: Self = Self([true; 7]);

    /// Reads the names of days, whole or their first letters: `mon`, `tue`, `saturday`.
    ///
    /// # Errors
    /// Invalid input naming `on`.
    pub(crate) fn parse(words: &[String]) -> Result<Self, Error> {
        const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let mut days = [false; 7];
        for word in words {
            let name = word.trim().to_ascii_lowercase();
            let found = NAMES.iter().position(|day| name.len() >= 2 && day.starts_with(&name));
            let day = found.and_then(|at| days.get_mut(at));
            *day.ok_or_else(|| Error::invalid("on", word, "days are mon, tue, wed, thu, fri, sat and sun"))? = true;
        }
        Ok(Self(days))
    }

    fn has(self, day: Weekday) -> bool {
        let Self([mon, tue, wed, thu, fri, sat, sun]) = self;
        match day {
            Weekday::Monday => mon,
            Weekday::Tuesday => tue,
            Weekday::Wednesday => wed,
            Weekday::Thursday => thu,
            Weekday::Friday => fri,
            Weekday::Saturday => sat,
            Weekday::Sunday => sun,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn written(hours: &[Stretch], zone: &str) -> Vec<String> {
        let zone = self::zone(zone).rules();
        let at = |seconds| {
            jiff::Timestamp::from_second(seconds).unwrap().to_zoned(zone.clone()).strftime("%d %H:%M%z").to_string()
        };
        hours.iter().map(|stretch| format!("{} to {}", at(stretch.start), at(stretch.end))).collect()
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        for (text, from, to) in [
            ("9:00-17:00", 9 * 60, 17 * 60),
            ("9-17", 540, 1_020),
            (" 08:30 – 24:00 ", 510, 1_440),
            ("0:00-0:01", 0, 1),
        ] {
            assert_eq!(Hours::parse(text), Ok(Hours { from: from * 60, to: to * 60 }), "{text}");
        }
        for bad in [
            "",
            "9",
            "9:00",
            "-",
            "9:00-",
            "9:0-10:00",
            "9:60-11:00",
            "24:01-25:00",
            "9h-10h",
            "9:00-17:00-18:00",
            "９-10",
        ] {
            assert_eq!(Hours::parse(bad).unwrap_err().field(), Some("between"), "{bad}");
        }
    }

    #[test]
    fn hours_over_midnight_are_refused_in_words() {
        for over in ["22:00-6:00", "9:00-9:00"] {
            assert!(Hours::parse(over).unwrap_err().to_string().contains("within one day"), "{over}");
        }
    }

    #[test]
    fn days_of_the_week_are_read_by_their_names_or_the_beginnings_of_them() {
        let read = |words: &[&str]| Weekdays::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(read(&["mon", "Tuesday", " su "]), Ok(Weekdays([true, true, false, false, false, false, true])));
        for bad in ["", "t", "day", "mondays", "8"] {
            assert_eq!(read(&[bad]).unwrap_err().field(), Some("on"), "{bad}");
        }
    }

    #[test]
    fn the_night_in_which_clocks_change_is_as_long_as_it_is() {
        let berlin = zone("Europe/Berlin").rules();
        let night = Hours { from: 3_600, to: 4 * 3_600 };
        let forward = night.of(date(2027, 3, 28), &berlin);
        assert_eq!(written(&forward, "Europe/Berlin"), ["28 01:00+0100 to 28 04:00+0200"]);
        assert_eq!(forward[0].length(), 2 * 3_600);
        assert_eq!(night.of(date(2027, 10, 31), &berlin)[0].length(), 4 * 3_600);
        assert_eq!(Hours::ALL.of(date(2027, 10, 31), &berlin)[0].length(), 25 * 3_600);
    }

    #[test]
    fn hours_that_the_clocks_skip_are_not_there_and_those_they_show_twice_are_there_twice() {
        let berlin = zone("Europe/Berlin").rules();
        let hour = Hours { from: 2 * 3_600, to: 2 * 3_600 + 1_800 };
        assert!(hour.of(date(2027, 3, 28), &berlin).is_empty());
        let twice = hour.of(date(2027, 10, 31), &berlin);
        assert_eq!(
            written(&twice, "Europe/Berlin"),
            ["31 02:00+0200 to 31 02:30+0200", "31 02:00+0100 to 31 02:30+0100"]
        );
    }

    #[test]
    fn a_day_that_a_zone_has_left_out_has_no_hours() {
        assert!(Hours::ALL.of(date(2011, 12, 30), &zone("Pacific/Apia").rules()).is_empty());
    }

    #[test]
    fn whole_days_in_a_row_are_one_stretch() {
        let days = Hours::ALL.of_days(date(2027, 3, 27), date(2027, 3, 29), Weekdays::ALL, &zone("Europe/Berlin"));
        assert_eq!(days.iter().map(|stretch| stretch.length()).collect::<Vec<_>>(), [71 * 3_600]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
        #[test]
        fn every_minute_is_within_the_hours_whose_time_the_clock_on_the_wall_then_shows(
            name in prop_oneof!["Europe/Berlin", "UTC", "Pacific/Auckland", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana"],
            (year, month, day) in prop_oneof![
                (2027_i16..2028, 1_i8..13, 1_i8..29), Just((2027, 3, 26)), Just((2027, 10, 30)), Just((2011, 12, 29)), Just((2027, 4, 3)),
            ],
            from in 0_i64..1_440, length in 1_i64..1_440, days in 0_i32..3, on in any::<[bool; 7]>(),
        ) {
            let hours = Hours { from: from * 60, to: (from + length).min(1_440) * 60 };
            let (zone, first) = (zone(&name), date(year, month, day));
            let last = first.saturating_add(jiff::Span::new().days(days));
            let found = hours.of_days(first, last, Weekdays(on), &zone);

            let rules = zone.rules();
            let minutes = (civil_seconds(first.at(0, 0, 0, 0)) - FARTHEST)..(civil_seconds(last.at(0, 0, 0, 0)) + A_DAY + FARTHEST);
            for minute in minutes.step_by(60) {
                let shows = jiff::Timestamp::from_second(minute).unwrap().to_zoned(rules.clone()).datetime();
                let time = civil_seconds(shows) - civil_seconds(shows.date().at(0, 0, 0, 0));
                let day = shows.date();
                let expected = (first..=last).contains(&day) && Weekdays(on).has(day.weekday()) && (hours.from..hours.to).contains(&time);
                let is_in = found.iter().any(|stretch| (stretch.start..stretch.end).contains(&minute));
                prop_assert_eq!(is_in, expected, "{} in {:?}", shows, &found);
            }
        }
    }
}
