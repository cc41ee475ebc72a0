//! What people may write, what it means, and what they are told otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use jiff::civil::{DateTime, date};
use recurrence::{InvalidPhrase, Rule};

/// A Tuesday.
fn first() -> DateTime {
    date(2026, 12, 15).at(9, 30, 0, 0)
}

/// The phrase, its rule, and the words for that rule.
const PHRASES: [(&str, &str, &str); 45] = [
    ("every day", "FREQ=DAILY", "every day"),
    ("daily", "FREQ=DAILY", "every day"),
    ("Every Other Day", "FREQ=DAILY;INTERVAL=2", "every 2 days"),
    ("weekly", "FREQ=WEEKLY", "every week on Tue"),
    ("every second week", "FREQ=WEEKLY;INTERVAL=2", "every 2 weeks on Tue"),
    ("fortnightly", "FREQ=WEEKLY;INTERVAL=2", "every 2 weeks on Tue"),
    ("monthly", "FREQ=MONTHLY", "every month on the 15th"),
    ("quarterly", "FREQ=MONTHLY;INTERVAL=3", "every 3 months on the 15th"),
    ("yearly", "FREQ=YEARLY", "every year on 15 Dec"),
    ("annually", "FREQ=YEARLY", "every year on 15 Dec"),
    ("hourly", "FREQ=HOURLY", "every hour"),
    ("every 6 hours", "FREQ=HOURLY;INTERVAL=6", "every 6 hours"),
    ("every second", "FREQ=SECONDLY", "every second"),
    ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
    ("every weekday in dec", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYMONTH=12", "every weekday in Dec"),
    ("every tuesday", "FREQ=WEEKLY;BYDAY=TU", "every week on Tue"),
    ("every mon, wed and fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "every week on Mon, Wed and Fri"),
    ("weekly on mondays and thursdays", "FREQ=WEEKLY;BYDAY=MO,TH", "every week on Mon and Thu"),
    (
        "every 2 weeks on tue,thu until 2027-06-30",
        "FREQ=WEEKLY;UNTIL=20270630;INTERVAL=2;BYDAY=TU,TH",
        "every 2 weeks on Tue and Thu until 30 Jun 2027",
    ),
    (
        "every 2 weeks on mon, sun with weeks from sunday",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
        "every 2 weeks on Mon and Sun with weeks from Sun",
    ),
    ("every day until 30 jun 2027", "FREQ=DAILY;UNTIL=20270630", "every day until 30 Jun 2027"),
    ("every day until june 30th, 2027", "FREQ=DAILY;UNTIL=20270630", "every day until 30 Jun 2027"),
    ("every day until 30 jun", "FREQ=DAILY;UNTIL=20270630", "every day until 30 Jun 2027"),
    ("every day until 24 dec", "FREQ=DAILY;UNTIL=20261224", "every day until 24 Dec 2026"),
    ("every day until 29 feb", "FREQ=DAILY;UNTIL=20280229", "every day until 29 Feb 2028"),
    ("every day until 2027-06-30 at 09:30", "FREQ=DAILY;UNTIL=20270630T093000", "every day until 30 Jun 2027"),
    ("every day until 2027-06-30 at 09:29", "FREQ=DAILY;UNTIL=20270630T092900", "every day until 30 Jun 2027 at 09:29"),
    (
        "every day until 2027-06-30 12:00 utc",
        "FREQ=DAILY;UNTIL=20270630T120000Z",
        "every day until 30 Jun 2027 at 12:00 UTC",
    ),
    ("daily 10 times", "FREQ=DAILY;COUNT=10", "every day, 10 times"),
    ("daily for 10 times", "FREQ=DAILY;COUNT=10", "every day, 10 times"),
    ("every week once", "FREQ=WEEKLY;COUNT=1", "every week on Tue, once"),
    ("every month on the 15th", "FREQ=MONTHLY;BYMONTHDAY=15", "every month on the 15th"),
    ("every month on 1 and 15", "FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on the 1st and 15th"),
    ("every month on the 1st and last day", "FREQ=MONTHLY;BYMONTHDAY=1,-1", "every month on the 1st and last day"),
    ("every month on the 2nd last day", "FREQ=MONTHLY;BYMONTHDAY=-2", "every month on the 2nd last day"),
    ("every month on the last friday", "FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Fri"),
    (
        "every month on the 1st and 3rd mon 5 times",
        "FREQ=MONTHLY;COUNT=5;BYDAY=1MO,3MO",
        "every month on the 1st and 3rd Mon, 5 times",
    ),
    ("every 3 months on the first monday", "FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO", "every 3 months on the 1st Mon"),
    (
        "every month on the 1st tue and last thu",
        "FREQ=MONTHLY;BYDAY=-1TH,1TU",
        "every month on the last Thu and 1st Tue",
    ),
    (
        "every month on the last weekday",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "every month on the last weekday",
    ),
    ("every year on 15 march", "FREQ=YEARLY;BYMONTHDAY=15;BYMONTH=3", "every year on 15 Mar"),
    ("every year on march 15 3 times", "FREQ=YEARLY;COUNT=3;BYMONTHDAY=15;BYMONTH=3", "every year on 15 Mar, 3 times"),
    ("every year on the last monday of may", "FREQ=YEARLY;BYDAY=-1MO;BYMONTH=5", "every year on the last Mon of May"),
    ("every 2 years in mar and sep", "FREQ=YEARLY;INTERVAL=2;BYMONTH=3,9", "every 2 years on the 15th of Mar and Sep"),
    ("freq=weekly;byday=tu", "FREQ=WEEKLY;BYDAY=TU", "every week on Tue"),
];

#[test]
fn phrases_are_understood_and_said_again() {
    for (phrase, rule, words) in PHRASES {
        let read = Rule::from_phrase(phrase, first()).unwrap_or_else(|problem| panic!("{phrase}: {problem}"));
        assert_eq!(read.to_string(), rule, "{phrase}");
        assert_eq!(read.describe(first()), words, "{phrase}");
        let again = Rule::from_phrase(words, first()).unwrap_or_else(|problem| panic!("{words}: {problem}"));
        let starts = |rule: &Rule| rule.starts(first(), first()).take(50).collect::<Vec<_>>();
        assert_eq!(starts(&again), starts(&read), "{words}");
    }
}

#[test]
fn a_rule_without_good_words_is_said_in_the_notation_of_the_standard() {
    for rule in [
        "FREQ=DAILY;BYHOUR=9,17",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=MONTHLY;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1",
        "FREQ=YEARLY;BYMONTHDAY=1",
    ] {
        assert_eq!(rule.parse::<Rule>().unwrap().describe(first()), rule);
    }
    let outlook: Rule = "FREQ=YEARLY;BYDAY=MO;BYMONTH=5;BYSETPOS=-1".parse().unwrap();
    assert_eq!(outlook.describe(first()), "every year on the last Mon of May");
}

#[test]
fn whoever_is_not_understood_learns_which_word_and_what_could_be_written() {
    for (phrase, said) in [
        ("", "how often is not said"),
        ("sometimes", "\"sometimes\" was not understood: a repetition begins with"),
        ("every", "after \"every\" something is missing"),
        ("every 0 days", "\"0\" was not understood: after \"every\" stands a number"),
        ("every banana", "\"banana\" was not understood"),
        ("every 2 weekdays", "\"weekdays\" was not understood"),
        ("every 2nd tuesday", "\"2nd\" was not understood: with an ordinal right after \"every\" it is not clear"),
        ("every second tuesday", "\"second\" was not understood: with an ordinal"),
        ("every 15th of the month", "\"15th\" was not understood: with an ordinal"),
        ("every week on", "after \"on\" something is missing"),
        ("every week on blue", "\"blue\" was not understood"),
        ("every week until", "after \"until\" something is missing: a date such as"),
        ("every week until friday", "after \"friday\" something is missing"),
        ("every week until next friday", "\"next\" was not understood: a date such as"),
        ("every week until 2027-02-29", "\"2027-02-29\""),
        ("every week until 30 feb 2027", "\"30\" was not understood: the month does not have this day"),
        ("every week until 2026-12-14", "it would end on 2026-12-14, before its first start on 2026-12-15"),
        ("every week 10", "after \"10\" something is missing: \"times\""),
        ("every week 10 times until 2027-06-30", "\"until\" was not understood: the phrase could end before it"),
        ("every week on the last friday", "days that are counted within the month need"),
        ("every month on the 1st and on fri", "cannot be mixed"),
        ("every month on friday", "which of these weekdays is not said"),
        ("every year on the last monday", "which month of the year is not said"),
        ("every month on the 6th monday", "at most five of a weekday"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24 in the recurrence rule is not possible: hours are 0 to 23"),
    ] {
        let problem = Rule::from_phrase(phrase, first()).expect_err(phrase).to_string();
        assert!(problem.contains(said), "{phrase}: {problem}");
    }
    let long = "every day ".repeat(60);
    assert_eq!(Rule::from_phrase(&long, first()), Err(InvalidPhrase::TooLong(600)));
}
