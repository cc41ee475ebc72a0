//! How rules are written: what is read, what is printed, what is refused and in which words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use jiff::civil::date;
use recurrence::{End, Frequency, InvalidRule, MAX_RULE_BYTES, Rule, Until};

#[test]
fn rules_are_read_as_calendars_write_them_and_printed_in_one_way() {
    for (written, printed) in [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("freq=weekly;byday=mo", "FREQ=WEEKLY;BYDAY=MO"),
        ("BYDAY=+1MO,-1FR,TU;FREQ=MONTHLY;", "FREQ=MONTHLY;BYDAY=TU,-1FR,1MO"),
        ("FREQ=DAILY;INTERVAL=1;BYDAY=MO, TU, WE;WKST=MO", "FREQ=DAILY;BYDAY=MO,TU,WE"),
        (" FREQ = YEARLY ; BYMONTH = 02,011 ;; BYMONTHDAY=-01,5,5", "FREQ=YEARLY;BYMONTHDAY=5,-1;BYMONTH=2,11"),
        ("FREQ=HOURLY;BYSECOND=60,0;BYMINUTE=5,1;BYHOUR=0", "FREQ=HOURLY;BYSECOND=0,60;BYMINUTE=1,5;BYHOUR=0"),
        (
            "FREQ=YEARLY;BYWEEKNO=20,-1;BYYEARDAY=366,-366,1;BYSETPOS=-1,1",
            "FREQ=YEARLY;BYYEARDAY=-366,1,366;BYWEEKNO=20,-1;BYSETPOS=-1,1",
        ),
        ("FREQ=DAILY;UNTIL=20270630t120000z", "FREQ=DAILY;UNTIL=20270630T120000Z"),
        ("FREQ=DAILY;UNTIL=20270630T235960", "FREQ=DAILY;UNTIL=20270630T235959"),
        ("FREQ=DAILY;UNTIL=00010101", "FREQ=DAILY;UNTIL=00010101"),
        ("FREQ=DAILY;COUNT=007;FREQ=daily", "FREQ=DAILY;COUNT=7"),
        ("FREQ=DAILY;COUNT=-1;UNTIL=20270630", "FREQ=DAILY;UNTIL=20270630"),
        ("RSCALE=GREGORIAN;SKIP=OMIT;FREQ=DAILY;X-NAME=1", "FREQ=DAILY"),
        ("FREQ=DAILY;BYMONTH=1,2,", "FREQ=DAILY;BYMONTH=1,2"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;WKST=SU"),
    ] {
        assert_eq!(written.parse::<Rule>().map(|rule| rule.to_string()), Ok(printed.to_owned()), "{written}");
    }
}

#[test]
fn what_a_rule_says_can_be_asked() {
    let rule: Rule = "FREQ=WEEKLY;INTERVAL=2;UNTIL=20270630T120000Z".parse().unwrap();
    assert_eq!((rule.frequency(), rule.interval()), (Frequency::Weekly, 2));
    assert_eq!(rule.until(), Some(Until::Utc(date(2027, 6, 30).at(12, 0, 0, 0))));
    assert_eq!(rule.count(), None);
    let rule = rule.with_end(End::Count(3));
    assert_eq!((rule.until(), rule.count()), (None, Some(3)));
    assert_eq!(rule.with_end(End::Never).to_string(), "FREQ=WEEKLY;INTERVAL=2");
}

#[test]
fn what_is_refused_is_named_with_its_value_and_what_would_be_right() {
    for (written, said) in [
        ("", "does not say how often: it needs FREQ"),
        ("COUNT=3", "\"COUNT=3\" does not say how often"),
        ("FREQ=FORTNIGHTLY", "FREQ=FORTNIGHTLY in the recurrence rule is not possible: it is YEARLY,"),
        ("FREQ=DAILY;UNTL=20270630", "\"UNTL=20270630\" is not a part of a recurrence rule"),
        ("FREQ=DAILY;COUNT", "\"COUNT\" is not a part"),
        ("FREQ=DAILY;COUNT=0", "COUNT=0 in the recurrence rule is not possible: it is a whole number from 1"),
        ("FREQ=DAILY;COUNT=-1", "COUNT=-1"),
        ("FREQ=DAILY;INTERVAL=4294967296", "INTERVAL=4294967296"),
        ("FREQ=DAILY;COUNT=3;COUNT=4", "has COUNT twice, with different values"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270630", "has both COUNT and UNTIL"),
        ("FREQ=DAILY;UNTIL=20270230", "UNTIL=20270230 in the recurrence rule is not possible: it is a date such as"),
        ("FREQ=DAILY;UNTIL=2027-06-30", "UNTIL=2027-06-30"),
        ("FREQ=DAILY;UNTIL=20270630T120000+01", "UNTIL=20270630T120000+01"),
        ("FREQ=DAILY;BYHOUR=9,24", "BYHOUR=24 in the recurrence rule is not possible: hours are 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=", "BYMINUTE= in the recurrence rule"),
        ("FREQ=DAILY;BYSECOND=1,,2", "BYSECOND= in the recurrence rule"),
        ("FREQ=DAILY;BYMONTH=0", "months are 1 to 12"),
        ("FREQ=DAILY;BYMONTHDAY=32", "BYMONTHDAY=32"),
        ("FREQ=DAILY;BYMONTHDAY=--1", "BYMONTHDAY=--1"),
        ("FREQ=DAILY;BYYEARDAY=0", "BYYEARDAY=0"),
        ("FREQ=DAILY;BYWEEKNO=-54", "BYWEEKNO=-54"),
        ("FREQ=DAILY;BYSETPOS=367", "BYSETPOS=367"),
        ("FREQ=MONTHLY;BYDAY=54MO", "BYDAY=54MO in the recurrence rule is not possible: days are MO,"),
        ("FREQ=MONTHLY;BYDAY=MON", "BYDAY=MON"),
        ("FREQ=MONTHLY;BYDAY=ÄÖ", "BYDAY=ÄÖ"),
        ("FREQ=WEEKLY;WKST=1MO", "WKST=1MO"),
        ("FREQ=YEARLY;RSCALE=HEBREW", "only the calendar GREGORIAN is known here"),
        ("FREQ=YEARLY;SKIP=FORWARD", "only OMIT is known here"),
        ("FREQ=\u{1b}[31m", "FREQ=\\u{1b}[31m"),
    ] {
        let problem = written.parse::<Rule>().expect_err(written).to_string();
        assert!(problem.contains(said), "{written}: {problem}");
    }
    let long = format!("FREQ=DAILY;{}", "X".repeat(MAX_RULE_BYTES));
    assert_eq!(long.parse::<Rule>(), Err(InvalidRule::TooLong(MAX_RULE_BYTES + 11)));
    let many = format!("FREQ=DAILY;BYMONTHDAY={}", "1,".repeat(367));
    assert_eq!(many.parse::<Rule>(), Err(InvalidRule::TooMany("BYMONTHDAY")));
}

#[test]
fn the_months_of_a_rule_are_those_its_starts_can_lie_in() {
    let months = |rule: &str| rule.parse::<Rule>().unwrap().months(date(2026, 12, 15)).iter().collect::<Vec<_>>();
    assert_eq!(months("FREQ=YEARLY"), [12]);
    assert_eq!(months("FREQ=YEARLY;INTERVAL=4;BYMONTH=3,9"), [3, 9]);
    assert_eq!(months("FREQ=MONTHLY;INTERVAL=3"), [3, 6, 9, 12]);
    assert_eq!(months("FREQ=MONTHLY;INTERVAL=24;BYDAY=1MO"), [12]);
    assert_eq!(months("FREQ=MONTHLY;INTERVAL=12;BYMONTH=1"), []);
    assert_eq!(months("FREQ=WEEKLY;BYMONTH=7"), [7]);
    assert_eq!(months("FREQ=YEARLY;BYYEARDAY=1"), (1..=12).collect::<Vec<i8>>());
}
