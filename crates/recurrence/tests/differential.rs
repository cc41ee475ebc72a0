//! Every distinct rule of three collections of real calendars, expanded here and by python-dateutil.
//! `differential/collect.py` made the table and says what stands in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use jiff::{
    SignedDuration,
    civil::{Date, DateTime},
};
use recurrence::{End, Rule, Until};

const TABLE: &str = include_str!("differential/expected.tsv");

/// Rules that dateutil expands otherwise than RFC 5545 says.
const DIFFERENT: [&str; 3] = [
    // §3.3.10: "The BYDAY rule part specifies a COMMA-separated list of days of the week […] Each BYDAY value can also be
    // preceded by a positive (+n) or negative (-n) integer": each value adds its days to the list. dateutil takes only days that are
    // at once among the plain values and among the counted ones, which here gives nothing at all. ical.js 2.2.1 gives the same
    // starts as we do (its first twenty are in `a_list_of_days_holds_plain_and_counted_ones`).
    "FREQ=MONTHLY;BYDAY=2MO,TU,-3SU,1MO,-2TH,-1SA;RSCALE=GREGORIAN;SKIP=OMIT",
    "RSCALE=GREGORIAN;SKIP=OMIT;FREQ=MONTHLY;BYDAY=+2MO,TU,-3SU,+1MO,-2TH,-1SA",
    // §3.3.10: `"COUNT" "=" 1*DIGIT` has no sign. Some calendars write COUNT=-1 beside UNTIL for "no count"; dateutil counts to it and gives
    // nothing. recurring-ical-events 3.8.2 drops it (its issue 128) and gives the same seven starts as we do.
    "FREQ=WEEKLY;UNTIL=20240331;COUNT=-1;INTERVAL=4;BYDAY=MO",
];

/// Texts that dateutil expands and we refuse, because the grammar of RFC 5545 §3.3.10 does not have them; the first two are random
/// bytes of a fuzzer.
const REFUSED: [&str; 3] = [
    // monthnum = 1*2DIGIT       ;1 to 12
    "FREQ=WEEKLY;BYSECOND=0;BYHOUR=0;BYMONTH=0;WKST=WE",
    // ordmoday = 1*2DIGIT       ;1 to 31
    "FREQ=YEARLY;UNTIL=18640509;BYSECOND=0;BYMINUTE=0,0;BYHOUR=0;BYDAY=SU;BYMONTHDAY=0;BYYEARDAY=0,0;BYWEEKNO=0,0;BYMONTH=0,0;WKST=TU",
    // "The UNTIL or COUNT rule parts are OPTIONAL, but they MUST NOT occur in the same 'recur'."
    "FREQ=WEEKLY;UNTIL=20240331;COUNT=1;INTERVAL=4;BYDAY=MO",
];

fn civil(text: &str) -> DateTime {
    match text.len() {
        8 => Date::strptime("%Y%m%d", text).unwrap().into(),
        _ => DateTime::strptime("%Y%m%dT%H%M%S", text).unwrap(),
    }
}

/// A moment as the table writes it.
fn written(at: DateTime) -> String {
    let midnight = at == DateTime::from(at.date());
    at.strftime(if midnight { "%Y%m%d" } else { "%Y%m%dT%H%M%S" }).to_string()
}

/// A list of starts as the table writes it.
fn shortened(starts: &[DateTime]) -> String {
    let Some(first) = starts.first() else { return "none".to_owned() };
    let mut runs: Vec<(SignedDuration, usize)> = Vec::new();
    for pair in starts.windows(2) {
        let distance = pair[1].duration_since(pair[0]);
        match runs.last_mut() {
            Some((same, times)) if *same == distance => *times += 1,
            _ => runs.push((distance, 1)),
        }
    }
    let mut text = written(*first);
    for (distance, times) in runs {
        let seconds = distance.as_secs();
        text += &if seconds % 86_400 == 0 { format!(" {}", seconds / 86_400) } else { format!(" {seconds}s") };
        if times > 1 {
            text += &format!("*{times}");
        }
    }
    text
}

/// What we would have written in this column.
fn ours(rule: &Rule, first: DateTime, column: &str) -> String {
    let (name, expected) = column.split_once('=').unwrap();
    let ended = |most: usize| -> Vec<DateTime> {
        let count = rule.count().map_or(most, |count| most.min(count as usize));
        rule.starts(first, first).take(count).collect()
    };
    match name {
        "near" => format!("near={}", shortened(&ended(50))),
        "far" => {
            let from = expected.split_once(' ').unwrap().0;
            let endless = rule.clone().with_end(End::Never);
            format!("far={from} {}", shortened(&endless.starts(first, civil(from)).take(16).collect::<Vec<_>>()))
        }
        "end" => {
            let all = ended(20_001);
            format!("end={} {}", all.len(), all.last().map_or("none".to_owned(), |last| written(*last)))
        }
        other => panic!("no column {other}"),
    }
}

#[test]
fn every_rule_of_the_collections_expands_as_dateutil_expands_it() {
    let (mut compared, mut refused, mut different) = (0, BTreeSet::new(), BTreeSet::new());
    let mut unexpected = String::new();
    for line in TABLE.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [first, text, until, expected @ ..] = columns.as_slice() else { panic!("{line}") };
        match (text.parse::<Rule>(), expected[0] == "refused") {
            (Err(_), true) => {}
            (Err(problem), false) => {
                refused.insert(*text);
                if !REFUSED.contains(text) {
                    unexpected += &format!("{text}\n    we refuse it: {problem}\n");
                }
            }
            (Ok(_), true) => unexpected += &format!("{text}\n    dateutil refuses it: {}\n", expected[1]),
            (Ok(rule), false) => {
                compared += 1;
                assert_eq!(rule.to_string().parse(), Ok(rule.clone()), "{text} is printed as it is");
                let rule = if *until == "-" { rule } else { rule.with_end(End::Until(Until::Civil(civil(until)))) };
                for column in expected {
                    let ours = ours(&rule, civil(first), column);
                    if ours != *column {
                        different.insert(*text);
                        if !DIFFERENT.contains(text) {
                            unexpected += &format!("{text} from {first}\n    dateutil {column}\n    ours     {ours}\n");
                        }
                    }
                }
            }
        }
    }
    assert!(unexpected.is_empty(), "{unexpected}");
    assert_eq!(different, BTreeSet::from(DIFFERENT), "what is listed as different is");
    assert_eq!(refused, BTreeSet::from(REFUSED), "what is listed as refused is");
    assert!(compared > 2_900, "only {compared} rules were compared");
    assert!(DIFFERENT.len() + REFUSED.len() <= 10);
}

#[test]
fn a_list_of_days_holds_plain_and_counted_ones() {
    let rule: Rule = "FREQ=MONTHLY;BYDAY=2MO,TU,-3SU,1MO,-2TH,-1SA".parse().unwrap();
    let first = civil("19970902T090000");
    let ical_js = "19970902T090000 6 1 5 2*2 5 4 3 6 1 5 1*2 7 2*2 3 6 1";
    assert_eq!(shortened(&rule.starts(first, first).take(20).collect::<Vec<_>>()), ical_js);
}
