//! The grammar by its examples, what must be refused, and what must hold for every text.

use domain::{Error, Timestamp, Zone};
use proptest::prelude::*;

use super::{Here, Note, Span, When};
use crate::hours::Hours;

/// Wednesday 18 November 2026, ten in the morning in Berlin.
fn here() -> Here {
    at("2026-11-18T10:00")
}

fn at(berlin: &str) -> Here {
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    let civil: jiff::civil::DateTime = berlin.parse().unwrap();
    let instant = civil.to_zoned(zone.rules()).unwrap().timestamp();
    Here { now: Timestamp::from_micros(instant.as_microsecond()), zone }
}

fn read(text: &str) -> Result<When, Error> {
    here().read("start", text)
}

fn echo(text: &str) -> String {
    match read(text) {
        Ok(when) => when.echo(Hours::TwentyFour),
        Err(error) => format!("refused: {error}"),
    }
}

fn all(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expected)| (text, expected.to_string(), echo(text)))
        .filter(|(_, expected, found)| expected != found)
        .map(|(text, expected, found)| format!("{text}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn dates_and_times_are_read_as_people_write_them() {
    all(&[
        ("tomorrow 9am", "Thu 19 November 2026 09:00 Europe/Berlin"),
        ("9am tomorrow", "Thu 19 November 2026 09:00 Europe/Berlin"),
        ("Tomorrow at 9 AM", "Thu 19 November 2026 09:00 Europe/Berlin"),
        ("day after tomorrow 9:30", "Fri 20 November 2026 09:30 Europe/Berlin"),
        ("the day after tomorrow at noon", "Fri 20 November 2026 12:00 Europe/Berlin"),
        ("fri 14:00 1h30", "Fri 20 November 2026 14:00–15:30 Europe/Berlin"),
        ("fri 1h30 14:00", "Fri 20 November 2026 14:00–15:30 Europe/Berlin"),
        ("next friday noon", "Fri 27 November 2026 12:00 Europe/Berlin"),
        ("in 2 weeks", "Wed 2 December 2026, all day"),
        ("in 2 weeks 18:00", "Wed 2 December 2026 18:00 Europe/Berlin"),
        ("in a week at noon", "Wed 25 November 2026 12:00 Europe/Berlin"),
        ("in 3 months", "Thu 18 February 2027, all day"),
        ("in 90 min", "Wed 18 November 2026 11:30 Europe/Berlin"),
        ("in 1 hour 30 minutes for 20 min", "Wed 18 November 2026 11:30–11:50 Europe/Berlin"),
        ("in 1h30", "Wed 18 November 2026 11:30 Europe/Berlin"),
        ("now", "Wed 18 November 2026 10:00 Europe/Berlin"),
        ("2026-12-01 18:00", "Tue 1 December 2026 18:00 Europe/Berlin"),
        ("18:00 2026-12-01", "Tue 1 December 2026 18:00 Europe/Berlin"),
        ("2027-03-10T09:00", "Wed 10 March 2027 09:00 Europe/Berlin"),
        ("2027-03-10T09:00:30", "Wed 10 March 2027 09:00:30 Europe/Berlin"),
        ("2027-03-10T09:00Z", "Wed 10 March 2027 10:00 Europe/Berlin"),
        ("2027-03-10T09:00:00-05:00 1h", "Wed 10 March 2027 15:00–16:00 Europe/Berlin"),
        ("monday 9:30-11", "Mon 23 November 2026 09:30–11:00 Europe/Berlin"),
        ("monday 9:30 – 11:00", "Mon 23 November 2026 09:30–11:00 Europe/Berlin"),
        ("monday from 9:30 to 11:00", "Mon 23 November 2026 09:30–11:00 Europe/Berlin"),
        ("on monday, 9am until noon", "Mon 23 November 2026 09:00–12:00 Europe/Berlin"),
        ("today 18:00 for 90 min", "Wed 18 November 2026 18:00–19:30 Europe/Berlin"),
        ("dec 24 all day", "Thu 24 December 2026, all day"),
        ("all day dec 24", "Thu 24 December 2026, all day"),
        ("24 December", "Thu 24 December 2026, all day"),
        ("the 24th of december 2027", "Fri 24 December 2027, all day"),
        ("24.12.", "Thu 24 December 2026, all day"),
        ("24.12.2027 20:15", "Fri 24 December 2027 20:15 Europe/Berlin"),
        ("dec 24-26", "Thu 24 December 2026 – Sat 26 December 2026, all day"),
        ("24-26 dec", "Thu 24 December 2026 – Sat 26 December 2026, all day"),
        ("2026-12-24 to 2026-12-26", "Thu 24 December 2026 – Sat 26 December 2026, all day"),
        ("dec 24 3 days", "Thu 24 December 2026 – Sat 26 December 2026, all day"),
        ("dec 30 - jan 2", "Wed 30 December 2026 – Sat 2 January 2027, all day"),
        ("the 20th 8pm", "Fri 20 November 2026 20:00 Europe/Berlin"),
        ("tomorrow 2-4pm", "Thu 19 November 2026 14:00–16:00 Europe/Berlin"),
        ("tomorrow 11-1pm", "Thu 19 November 2026 11:00–13:00 Europe/Berlin"),
        ("tomorrow 11am-1", "Thu 19 November 2026 11:00–13:00 Europe/Berlin"),
        ("tomorrow 2pm-4", "Thu 19 November 2026 14:00–16:00 Europe/Berlin"),
        ("tomorrow at 17", "Thu 19 November 2026 17:00 Europe/Berlin"),
        ("tomorrow 20:00-24:00", "Thu 19 November 2026 20:00 – Fri 20 November 2026 00:00 Europe/Berlin"),
        ("fri 22:00-2am", "Fri 20 November 2026 22:00 – Sat 21 November 2026 02:00 Europe/Berlin"),
        ("fri 22:00 - sat 02:00", "Fri 20 November 2026 22:00 – Sat 21 November 2026 02:00 Europe/Berlin"),
        ("fri 14:00 1d", "Fri 20 November 2026 14:00 – Sat 21 November 2026 14:00 Europe/Berlin"),
        ("tomorrow 12am", "Thu 19 November 2026 00:00 Europe/Berlin"),
        ("tomorrow 12pm", "Thu 19 November 2026 12:00 Europe/Berlin"),
        ("tomorrow 9am America/New_York", "Thu 19 November 2026 09:00 America/New_York"),
        ("america/port-au-prince tomorrow 9:00-10:00", "Thu 19 November 2026 09:00–10:00 America/Port-au-Prince"),
    ]);
}

#[test]
fn a_day_or_a_time_that_comes_again_is_the_coming_one() {
    all(&[
        ("wednesday", "Wed 18 November 2026, all day"),
        ("wednesday 11:00", "Wed 18 November 2026 11:00 Europe/Berlin"),
        ("wednesday 9:00", "Wed 25 November 2026 09:00 Europe/Berlin"),
        ("this wednesday 11:00", "Wed 18 November 2026 11:00 Europe/Berlin"),
        ("next wednesday", "Wed 25 November 2026, all day"),
        ("tue", "Tue 24 November 2026, all day"),
        ("next tue", "Tue 24 November 2026, all day"),
        ("monday next week", "Mon 23 November 2026, all day"),
        ("next week", "Wed 25 November 2026, all day"),
        ("nov 17", "Wed 17 November 2027, all day"),
        ("nov 18", "Wed 18 November 2026, all day"),
        ("feb 29", "Tue 29 February 2028, all day"),
        ("the 5th", "Sat 5 December 2026, all day"),
        ("the 31st", "Thu 31 December 2026, all day"),
        ("11:00", "Wed 18 November 2026 11:00 Europe/Berlin"),
        ("9:00", "Thu 19 November 2026 09:00 Europe/Berlin"),
    ]);
}

#[test]
fn what_is_not_understood_is_refused_by_name_with_examples() {
    for (text, word) in [
        ("tomorow 9am", "tomorow"),
        ("tomorrow 9am please", "please"),
        ("tomorrow morning", "morning"),
        ("next frobday", "frobday"),
        ("fri 14:00 1h30x", "1h30x"),
        ("in two weeks", "in"),
        ("fri 25:00", "25:00"),
        ("fri 9:75", "9:75"),
        ("fri 9:5", "9:5"),
        ("13pm", "13pm"),
        ("0am", "0am"),
        ("2026-13-01", "2026-13-01"),
        ("2026-02-29", "2026-02-29"),
        ("2026-12-01T25:00", "2026-12-01T25:00"),
        ("feb 30", "feb"),
        ("3/4", "3/4"),
        ("9.30", "9.30"),
        ("tomorrow 9", "9"),
        ("tomorrow at 9", "9"),
        ("monday 13:00-2", "2"),
        ("tomorrow friday saturday", "saturday"),
        ("tomorrow today", "today"),
        ("9am 10am", "10am"),
        ("tomorrow at", "at"),
        ("tomorrow 9am for", "for"),
        ("for", "for"),
        ("and", "and"),
        ("tomorrow 9am 1h and", "and"),
        ("december 2026", "december"),
        ("in 1 month 1 month", "month"),
        ("1h", "1h"),
        ("24:00", "24:00"),
        ("", "says no date"),
        ("tomorrow \u{7}9am", "\\u{7}9am"),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!(error.field(), Some("start"), "{text}");
        let message = error.to_string();
        assert!(message.contains(word), "{text}: {message}");
        // What is said twice is understood: it needs no example.
        let twice = message.contains("already given; leave out one of them");
        assert!(twice != message.contains("tomorrow 9am"), "an example, or what to leave out: {message}");
    }
}

#[test]
fn a_second_date_is_refused_with_the_first() {
    let message = read("2026-11-23 tomorrow 8am").unwrap_err().to_string();
    assert!(message.contains("another date is already given, 2026-11-23; leave out one of them"), "{message}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    for text in [
        "dec 24 all day 9am",
        "fri 9am-10am 2h",
        "fri 24 december 2026",
        "fri 14:00 - thu 13:00 2026-11-19",
        "2026-12-24 to 2026-12-23",
        "2026-12-24T10:00 to 2026-12-24T09:00",
        "dec 24 2h",
        "dec 24 until 10:00",
        "fri 14:00 to sat",
        "all day",
        "9:00 in 2 hours",
        "9999-01-01",
        "in 99999 years",
        "tomorrow 9am UTC Europe/Berlin",
        "to 9am",
        "fri 9am -",
    ] {
        assert!(read(text).is_err(), "{text} gave {}", echo(text));
    }
}

#[test]
fn a_time_that_clocks_skip_is_refused_and_one_they_show_twice_is_flagged() {
    let error = read("2027-03-28 2:30").unwrap_err().to_string();
    assert!(error.contains("go forward"), "{error}");
    assert!(read("2027-03-27 2:30 1d").is_err(), "an end that clocks skip");

    let when = read("2027-10-31 2:30 1h").unwrap();
    let note = when.notes.first().expect("a note").to_string();
    assert!(note.contains("twice") && note.contains("2027-10-31T02:30+01"), "{note}");

    let first = read("2027-10-31T02:30").unwrap();
    let second = read("2027-10-31T02:30+01:00").unwrap();
    let instant = |when: &When| match when.span {
        Span::Timed { start, .. } => start.instant(&when.zone),
        Span::Days { .. } => panic!("a time was given"),
    };
    assert_eq!(instant(&second) - instant(&first), 3_600);
}

#[test]
fn a_length_in_hours_is_that_long_even_when_clocks_change_and_a_day_is_a_day_of_the_calendar() {
    assert_eq!(echo("2027-03-28 1:00 2h"), "Sun 28 March 2027 01:00–04:00 Europe/Berlin");
    assert_eq!(echo("2027-03-27 12:00 1d"), "Sat 27 March 2027 12:00 – Sun 28 March 2027 12:00 Europe/Berlin");
}

#[test]
fn readers_are_told_of_the_past_of_next_and_of_midnight() {
    assert_eq!(read("today 9am").unwrap().notes, [Note::Past]);
    assert_eq!(read("yesterday").unwrap().notes, [Note::Past]);
    assert_eq!(read("now").unwrap().notes, []);
    assert_eq!(read("today").unwrap().notes, []);
    assert_eq!(read("next friday").unwrap().notes, [Note::ComingIs(jiff::civil::date(2026, 11, 20))]);
    assert_eq!(read("next tuesday").unwrap().notes, []);
    assert_eq!(read("fri midnight").unwrap().notes, [Note::MidnightBegins(jiff::civil::date(2026, 11, 20))]);
    assert_eq!(read("fri 22:00 - midnight").unwrap().notes, []);
}

#[test]
fn today_is_the_readers_or_that_of_the_zone_that_is_named() {
    let late = at("2026-11-18T23:30");
    let echo = |text: &str| late.read("start", text).unwrap().echo(Hours::TwentyFour);
    assert_eq!(echo("today 23:45"), "Wed 18 November 2026 23:45 Europe/Berlin");
    assert_eq!(echo("today 23:45 Asia/Tokyo"), "Thu 19 November 2026 23:45 Asia/Tokyo");
}

#[test]
fn an_end_is_read_from_its_start() {
    let end = |start: &str, end: &str| {
        let start = read(start).unwrap();
        here()
            .read_end("end", end, &start)
            .map_or_else(|e| format!("refused: {e}"), |when| when.echo(Hours::TwentyFour))
    };
    assert_eq!(end("fri 14:00", "15:30"), "Fri 20 November 2026 14:00–15:30 Europe/Berlin");
    assert_eq!(end("fri 14:00", "until 15:30"), "Fri 20 November 2026 14:00–15:30 Europe/Berlin");
    assert_eq!(end("fri 14:00", "1h30"), "Fri 20 November 2026 14:00–15:30 Europe/Berlin");
    assert_eq!(end("fri 14:00", "2am"), "Fri 20 November 2026 14:00 – Sat 21 November 2026 02:00 Europe/Berlin");
    assert_eq!(end("dec 24", "26"), "Thu 24 December 2026 – Sat 26 December 2026, all day");
    assert_eq!(end("dec 24", "dec 26"), "Thu 24 December 2026 – Sat 26 December 2026, all day");
    for (from, to) in [
        ("fri 14:00", ""),
        ("fri 14:00", "thu"),
        ("fri 14:00", "2026-11-20 13:00"),
        ("dec 24", "9am"),
        ("fri 14:00", "soon"),
    ] {
        assert!(end(from, to).starts_with("refused: end:"), "{from} to {to} gave {}", end(from, to));
    }
}

#[test]
fn an_event_without_an_end_takes_an_hour_or_a_day() {
    let when = |text: &str| When { notes: Vec::new(), ..read(text).unwrap() };
    assert_eq!(when("fri 14:00").event_time().unwrap(), when("fri 14:00 1h").event_time().unwrap());
    assert_eq!(when("dec 24").event_time().unwrap(), when("dec 24 1d").event_time().unwrap());
    assert!(when("dec 24 all day").said_all_day && !when("dec 24").said_all_day);
}

const DAYS: [&str; 9] =
    ["today", "tomorrow", "fri", "next tue", "2026-12-01", "dec 24", "24.12.2027", "in 3 days", "the 30th"];
const TIMES: [&str; 7] = ["9am", "14:00", "noon", "9:30-11", "2-4pm", "23:15 to 0:15", "12:30 pm"];
const FURTHER: [&str; 3] = ["", "Europe/Berlin", "America/New_York"];

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        prop::sample::select(DAYS.to_vec()),
        prop::sample::select(TIMES.to_vec()),
        prop::sample::select(vec![
            "for",
            "1h30",
            "90 min",
            "2",
            "24",
            "1d",
            "all day",
            "to",
            "-",
            "in",
            "next",
            "at",
            "on",
            "and",
            "week",
            "feb",
            "29th",
            "2028",
            "a",
            "UTC",
            "midnight",
            "24:00",
            "pm",
            "2027-10-31T02:30",
            "2027-03-28",
            "2:30",
            "month",
            "hour",
            "of",
            "the",
        ]),
    ];
    prop::collection::vec(word, 1..6).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn the_order_of_day_and_time_does_not_matter(
        day in prop::sample::select(DAYS.to_vec()),
        time in prop::sample::select(TIMES.to_vec()),
        zone in prop::sample::select(FURTHER.to_vec()),
    ) {
        let range = time.contains('-') || time.contains("to");
        let day_first = read(&format!("{day} {time} {zone}")).unwrap();
        if !range {
            prop_assert_eq!(&day_first, &read(&format!("{time} {day} {zone}")).unwrap());
        }
        prop_assert_eq!(&day_first, &read(&format!("{zone} {day} {time}")).unwrap());
        prop_assert!(day_first.event_time().is_ok());
    }

    #[test]
    fn a_word_more_is_never_passed_over(
        day in prop::sample::select(DAYS.to_vec()),
        time in prop::sample::select(TIMES.to_vec()),
        word in "[a-z]{2}q[a-z]{1,5}",
        place in 0_usize..3,
    ) {
        let mut words = vec![day, time];
        words.insert(place.min(2), &word);
        let error = read(&words.join(" ")).unwrap_err().to_string();
        prop_assert!(error.contains(&word), "{}", error);
    }

    #[test]
    fn what_is_echoed_is_understood_as_the_same(text in words(), twelve in any::<bool>()) {
        if let Ok(when) = read(&text) {
            let repeated = when.notes.iter().any(|note| matches!(note, Note::Repeated { .. }));
            let hours = if twelve { Hours::Twelve } else { Hours::TwentyFour };
            let again = read(&when.echo(hours));
            prop_assert!(again.is_ok(), "{} echoed as {}: {:?}", text, when.echo(hours), again);
            let again = again.unwrap();
            let days = matches!(when.span, Span::Days { .. });
            prop_assert!(repeated || again.zone == when.zone || days);
            prop_assert!(repeated || again.event_time() == when.event_time(), "{} echoed as {}", text, when.echo(hours));
        }
    }

    #[test]
    fn every_end_is_after_its_start(text in words()) {
        if let Ok(When { span, zone, .. }) = read(&text) {
            match span {
                Span::Timed { start, end: Some(end) } => prop_assert!(end.instant(&zone) > start.instant(&zone)),
                Span::Days { first, end: Some(end) } => prop_assert!(end > first),
                _ => {}
            }
        }
    }

    #[test]
    fn every_iso_time_is_read_exactly(seconds in 0_i64..4_000_000_000) {
        let instant = jiff::Timestamp::from_second(seconds).unwrap();
        let when = read(&instant.to_string()).unwrap();
        let Span::Timed { start, .. } = when.span else { panic!("a time was given") };
        prop_assert_eq!(start.instant(&when.zone), seconds);
    }

    #[test]
    fn no_text_whatever_makes_it_panic(text in prop_oneof![any::<String>(), words(), "[0-9:.tz+ -]{0,24}"]) {
        let _ = read(&text);
        let _ = here().read_end("end", &text, &read("fri 14:00").unwrap());
    }
}
