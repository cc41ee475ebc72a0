//! What holds for every rule.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use jiff::{
    Span,
    civil::{Date, DateTime, date},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use recurrence::{End, Frequency, Rule, Until};

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn signed(limit: i32) -> impl Strategy<Value = String> {
    (1..=limit, any::<bool>())
        .prop_map(|(number, negative)| if negative { format!("-{number}") } else { number.to_string() })
}

fn list(
    name: &'static str,
    values: impl Strategy<Value = String> + 'static,
    most: usize,
) -> BoxedStrategy<Option<String>> {
    // Most rules have few parts.
    option::weighted(0.25, vec(values, 1..=most))
        .prop_map(move |values| Some(format!("{name}={}", values?.join(","))))
        .boxed()
}

fn days() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(&WEEKDAYS[..]).prop_map(str::to_owned),
        1 => (signed(6), select(&WEEKDAYS[..])).prop_map(|(nth, day)| nth + day),
    ]
}

fn end() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        1 => (1..500_u32).prop_map(|count| Some(format!("COUNT={count}"))),
        1 => (1_970..2_100_i32, 1..=12, 1..=28, select(&["", "T083000", "T235959Z"][..]))
            .prop_map(|(year, month, day, time)| Some(format!("UNTIL={year}{month:02}{day:02}{time}"))),
    ]
}

fn rule_of(frequencies: &'static [&'static str]) -> impl Strategy<Value = Rule> {
    let parts = (
        select(frequencies).prop_map(|frequency| Some(format!("FREQ={frequency}"))),
        end(),
        prop_oneof![Just(None), (1..20_u32).prop_map(|interval| Some(format!("INTERVAL={interval}")))],
        (
            list("BYSECOND", (0..=60).prop_map(|number: i32| number.to_string()), 3),
            list("BYMINUTE", (0..=59).prop_map(|number: i32| number.to_string()), 3),
            list("BYHOUR", (0..=23).prop_map(|number: i32| number.to_string()), 3),
        ),
        list("BYDAY", days(), 4),
        list("BYMONTHDAY", signed(31), 4),
        list("BYYEARDAY", signed(366), 20),
        list("BYWEEKNO", signed(53), 10),
        list("BYMONTH", (1..=12).prop_map(|number: i32| number.to_string()), 4),
        list("BYSETPOS", signed(5), 2),
        option::weighted(0.2, select(&WEEKDAYS[..])).prop_map(|day| Some(format!("WKST={}", day?))),
    );
    parts.prop_map(|(a, b, c, (d, e, f), g, h, i, j, k, l, m)| {
        let parts: Vec<String> = [a, b, c, d, e, f, g, h, i, j, k, l, m].into_iter().flatten().collect();
        parts.join(";").parse().unwrap()
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    rule_of(&["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"])
}

fn moment() -> impl Strategy<Value = DateTime> {
    (1_960..2_040_i16, 1..=12_i8, 1..=31_i8, 0..24_i8, 0..60_i8, select(&[0_i8, 0, 0, 17][..])).prop_map(
        |(year, month, day, hour, minute, second)| {
            let day = day.min(date(year, month, 1).days_in_month());
            date(year, month, day).at(hour, minute, second, 0)
        },
    )
}

/// How far a window of 60 starts can be without the walk to it taking long.
fn ahead(frequency: Frequency) -> Span {
    match frequency {
        Frequency::Yearly => Span::new().years(300),
        Frequency::Monthly => Span::new().years(60),
        Frequency::Weekly | Frequency::Daily => Span::new().years(11),
        Frequency::Hourly => Span::new().days(70),
        Frequency::Minutely => Span::new().days(3),
        Frequency::Secondly => Span::new().hours(2),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_rule_is_read_as_the_same_rule(rule in rule()) {
        let text = rule.to_string();
        prop_assert_eq!(text.parse::<Rule>(), Ok(rule), "{}", text);
    }

    #[test]
    fn starts_rise_strictly_from_the_first_to_the_last_allowed(rule in rule(), first in moment()) {
        let mut before = None;
        for start in rule.starts(first, first).before(first + Span::new().years(30)).take(200) {
            prop_assert!(start >= first && before < Some(start));
            prop_assert!(rule.has_start(first, start));
            prop_assert!(rule.months(first.date()).contains(start.month()));
            match rule.until() {
                None => {}
                Some(Until::Date(last)) => prop_assert!(start.date() <= last),
                Some(Until::Civil(last) | Until::Utc(last)) => prop_assert!(start <= last),
            }
            before = Some(start);
        }
    }

    #[test]
    fn a_window_holds_the_starts_that_a_walk_from_the_first_one_meets(
        rule in rule(), first in moment(), place in 0.0..1.0_f64,
    ) {
        let rule = rule.with_end(End::Never);
        let end = first + ahead(rule.frequency());
        let walked: Vec<DateTime> = rule.starts(first, first).before(end).take(20_000).collect();
        // A window may begin at a start, beside one, or anywhere between.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place within the list")]
        let from = match walked.get((place * walked.len() as f64) as usize) {
            Some(start) => [*start, *start + Span::new().seconds(1), *start - Span::new().seconds(1)][first.minute() as usize % 3],
            None => end - Span::new().seconds(1),
        };
        let expected: Vec<DateTime> = walked.iter().copied().filter(|start| *start >= from).take(60).collect();
        let jumped: Vec<DateTime> = rule.starts(first, from).before(end).take(expected.len()).collect();
        prop_assert_eq!(&jumped, &expected, "{} from {}", rule, from);
        let between: Vec<DateTime> = walked.into_iter().filter(|start| *start < from).collect();
        prop_assert!(rule.starts(first, first).before(from).take(20_000).eq(between));
    }

    #[test]
    fn until_cuts_the_starts_off_and_changes_nothing_before(rule in rule(), first in moment(), place in 0..40_usize) {
        let endless = rule.with_end(End::Never);
        let starts: Vec<DateTime> = endless.starts(first, first).before(first + Span::new().years(40)).take(40).collect();
        if let Some(last) = starts.get(place) {
            let ended = endless.clone().with_end(End::Until(Until::Civil(*last)));
            prop_assert!(ended.starts(first, first).eq(starts[..=place].iter().copied()));
            let day = last.date();
            let ended = endless.with_end(End::Until(Until::Date(day)));
            let expected: Vec<DateTime> = starts.iter().copied().filter(|start| start.date() <= day).collect();
            prop_assert!(ended.starts(first, first).take(expected.len()).eq(expected));
            prop_assert!(ended.starts(first, first).all(|start| start.date() <= day));
        }
    }

    #[test]
    fn words_mean_what_the_rule_means(
        rule in rule_of(&["YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "DAILY"]), first in moment(),
    ) {
        let words = rule.describe(first);
        // A last start before the first one has no words: it would be refused.
        let ends_before = match rule.until() {
            Some(Until::Date(last)) => last < first.date(),
            Some(Until::Civil(last) | Until::Utc(last)) => last.date() < first.date(),
            None => false,
        };
        if !ends_before {
            let read = Rule::from_phrase(&words, first).unwrap();
            prop_assert_eq!(read.describe(first), words.clone());
            prop_assert_eq!(read.count(), rule.count());
            let end = first + Span::new().years(12);
            let starts = |rule: &Rule| rule.starts(first, first).before(end).take(80).collect::<Vec<_>>();
            prop_assert_eq!(starts(&read), starts(&rule), "{} as {}", rule, words);
        }
    }

    #[test]
    fn no_text_makes_a_rule_panic(text in "\\PC{0,60}", first in moment()) {
        let _ = text.parse::<Rule>();
        let _ = Rule::from_phrase(&text, first);
    }

    #[test]
    fn no_text_like_a_rule_makes_one_panic(
        text in "(FREQ=(DAILY|YEARLY|SECONDLY);)?((UNTIL|COUNT|INTERVAL|BYSECOND|BYMINUTE|BYHOUR|BYDAY|BYMONTHDAY|BYYEARDAY|BYWEEKNO|BYMONTH|BYSETPOS|WKST)=[-+0-9TZMOUSA, ]{0,20};){0,4}",
        first in moment(),
    ) {
        if let Ok(rule) = text.parse::<Rule>() {
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule.clone()));
            let _ = rule.describe(first);
            let _ = rule.starts(first, first).before(first + Span::new().years(2)).take(5).count();
        }
    }

    #[test]
    fn no_words_make_a_phrase_panic(words in vec(select(&WORDS[..]), 0..9), first in moment()) {
        if let Ok(rule) = Rule::from_phrase(&words.join(" "), first) {
            prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule.clone()));
            // What is understood is also said again, not in the notation of RFC 5545.
            let words = rule.describe(first);
            prop_assert!(!words.contains("FREQ"), "{}", words);
        }
    }
}

const WORDS: [&str; 44] = [
    "every",
    "every",
    "every",
    "other",
    "2",
    "3",
    "10",
    "day",
    "week",
    "months",
    "year",
    "weekday",
    "on",
    "on",
    "on",
    "in",
    "the",
    "1st",
    "2nd",
    "third",
    "last",
    "15th",
    "31",
    "mon",
    "tuesday",
    "fri",
    "day",
    "march",
    "may",
    "of",
    "until",
    "2041-06-30",
    "30",
    "jun",
    "2042",
    "14:00",
    "utc",
    "times",
    "once",
    "daily",
    "monthly",
    "with",
    "weeks",
    "from",
];

/// Those without a start, and those whose starts are rarest.
#[test]
fn a_rule_that_matches_nothing_ends_its_search() {
    let first = date(2024, 1, 1).at(9, 0, 0, 0);
    for nothing in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2;BYMONTHDAY=1",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=8",
        "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7",
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=3",
        "FREQ=SECONDLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=SECONDLY;INTERVAL=4294967295;BYSECOND=3;BYDAY=SU;BYMONTH=2;BYMONTHDAY=29;BYHOUR=3",
    ] {
        let rule: Rule = nothing.parse().unwrap();
        assert_eq!(rule.starts(first, first).next(), None, "{nothing}");
    }
}

#[test]
fn the_rarest_coincidences_of_the_calendar_are_found() {
    let first = date(2024, 1, 1).at(9, 0, 0, 0);
    let next =
        |rule: &str, from: Date| rule.parse::<Rule>().unwrap().starts(first, from.into()).next().map(DateTime::date);
    // Leap days on a Monday: no leap year in 2100, so the wait is one of forty years.
    assert_eq!(next("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", date(2080, 1, 1)), Some(date(2112, 2, 29)));
    assert_eq!(next("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", date(2072, 3, 1)), Some(date(2112, 2, 29)));
    assert_eq!(next("FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", date(2072, 3, 1)), Some(date(2112, 2, 29)));
    // Every third year a leap day: the years 2028, 2040, 2052, …
    assert_eq!(next("FREQ=YEARLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29", date(2025, 1, 1)), Some(date(2052, 2, 29)));
    assert_eq!(next("FREQ=YEARLY;INTERVAL=399;BYMONTH=2;BYMONTHDAY=29", date(2025, 1, 1)), Some(date(3620, 2, 29)));
}

#[test]
fn starts_end_with_the_year_9990_however_they_are_asked_for() {
    let first = date(9_985, 12, 31).at(23, 59, 59, 0);
    for (rule, last) in [
        ("FREQ=YEARLY", date(9_990, 12, 31)),
        ("FREQ=MONTHLY", date(9_990, 12, 31)),
        ("FREQ=WEEKLY", date(9_990, 12, 25)),
        ("FREQ=DAILY", date(9_990, 12, 31)),
        ("FREQ=HOURLY", date(9_990, 12, 31)),
    ] {
        let rule: Rule = rule.parse().unwrap();
        assert_eq!(rule.starts(first, first).last().unwrap().date(), last, "{rule}");
        assert_eq!(rule.starts(first, DateTime::MAX).next(), None);
        assert_eq!(rule.starts(DateTime::MAX, DateTime::MIN).next(), None);
        assert!(rule.starts(DateTime::MIN, DateTime::MIN).take(3).count() == 3);
    }
    let rare: Rule = "FREQ=SECONDLY;INTERVAL=4294967295".parse().unwrap();
    assert!(rare.starts(DateTime::MIN, DateTime::MIN).count() > 100);
    let rare: Rule = "FREQ=YEARLY;INTERVAL=4294967295".parse().unwrap();
    assert_eq!(rare.starts(DateTime::MIN, DateTime::MIN).count(), 1);
}

#[test]
fn an_end_that_could_not_be_printed_is_made_printable() {
    let rule: Rule = "FREQ=DAILY".parse().unwrap();
    for end in [
        End::Count(0),
        End::Until(Until::Date(Date::MIN)),
        End::Until(Until::Utc(DateTime::MAX)),
        End::Until(Until::Civil(DateTime::MIN)),
    ] {
        let ended = rule.clone().with_end(end);
        assert_eq!(ended.to_string().parse(), Ok(ended));
    }
}
