//! Rules of recurrence, in the notation of RFC 5545 and in words, from any first instance.

use domain::time::{Moment, Rules, civil_seconds};
use domain::{EventTime, Series, Zone};
use jiff::ToSpan as _;
use jiff::civil::{DateTime, date};
use recurrence::{Rule, Until};

/// The most starts that are looked at.
const MOST: usize = 200;

/// The first four bytes say when the first instance is (minutes since 1970, some two centuries of them in turn), the rest is the text.
pub(crate) fn rules(data: &[u8]) {
    let [a, b, c, d, text @ ..] = data else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let minutes = i64::from(u32::from_le_bytes([*a, *b, *c, *d]) % 105_000_000);
    let first = date(1970, 1, 1).at(0, 0, 0, 0).checked_add(minutes.minutes()).unwrap();
    if let Ok(rule) = text.parse::<Rule>() {
        assert_eq!(rule.to_string().parse::<Rule>().as_ref(), Ok(&rule));
        expansion(&rule, first);
    }
    if let Ok(rule) = Rule::from_phrase(text, first) {
        in_words(&rule, first);
    }
    if let Ok(rules) = Rules::parse(text) {
        series(&rules, first);
    }
}

/// Starts rise, lie where the rule says that they can lie, and are the same from wherever one looks.
fn expansion(rule: &Rule, first: DateTime) {
    let end = first.checked_add(5.years()).unwrap();
    let walked: Vec<DateTime> = rule.starts(first, first).before(end).take(MOST).collect();
    assert!(walked.is_sorted_by(|a, b| a < b), "{walked:?}");
    for start in &walked {
        assert!(*start >= first && *start < end);
        assert!(rule.months(first.date()).contains(start.month()), "{start}");
        match rule.until() {
            None => {}
            Some(Until::Date(last)) => assert!(start.date() <= last),
            Some(Until::Civil(last) | Until::Utc(last)) => assert!(*start <= last),
        }
    }
    let middle = walked.len() / 2;
    if let Some(from) = walked.get(middle) {
        assert!(rule.has_start(first, *from));
        assert!(rule.starts(first, *from).before(end).take(MOST - middle).eq(walked[middle..].iter().copied()));
    }
    // A month a lifetime later.
    let later = first.checked_add(80.years()).unwrap();
    let month = later.checked_add(1.month()).unwrap();
    let far: Vec<DateTime> = rule.starts(first, later).before(month).take(MOST).collect();
    assert!(far.iter().all(|start| *start >= later && *start < month), "{far:?}");
}

/// What was read from words has words again, which mean the same.
fn in_words(rule: &Rule, first: DateTime) {
    let words = rule.describe(first);
    let ends_before = match rule.until() {
        Some(Until::Date(last)) => last < first.date(),
        Some(Until::Civil(last) | Until::Utc(last)) => last.date() < first.date(),
        None => false,
    };
    // An end before the first start has no words.
    if ends_before {
        return;
    }
    let again = Rule::from_phrase(&words, first).unwrap_or_else(|why| panic!("{words}: {why}"));
    assert_eq!(again.describe(first), words);
    let end = first.checked_add(5.years()).unwrap();
    let starts = |rule: &Rule| rule.starts(first, first).before(end).take(MOST).collect::<Vec<_>>();
    assert_eq!(starts(&again), starts(rule), "{words}");
    assert_eq!(again.count(), rule.count());
}

/// An event of an hour: cut in two, it has what it had.
fn series(rules: &Rules, first: DateTime) {
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    let Ok(start) = Moment::in_zone("start", first, &zone) else { return };
    let hour = jiff::Timestamp::from_second(start.instant(&zone) + 3_600).unwrap();
    let end = Moment::at("end", hour, &zone).unwrap();
    let Ok(time) = EventTime::timed(start, end, zone.clone()) else { return };
    let Ok(series) = Series::new(time, rules) else { return };
    let to = civil_seconds(first.checked_add(3.years()).unwrap());
    let starts = |series: &Series| series.occurrences(i64::MIN, Some(to)).map(|one| one.start).take(MOST).collect();
    let all: Vec<i64> = starts(&series);
    assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    for start in all.iter().rev().take(2) {
        assert_eq!(series.occurrence(*start).map(|one| one.start), Some(*start));
    }
    if let Some(at) = all.get(all.len() / 2)
        && let Some(before) = series.before(*at)
    {
        let rest = Series::new(series.time_at(*at).unwrap(), &series.rules_from(*at)).unwrap();
        let parts: Vec<i64> = starts(&before).into_iter().chain(starts(&rest)).take(MOST).collect();
        assert_eq!(parts, all);
    }
}
