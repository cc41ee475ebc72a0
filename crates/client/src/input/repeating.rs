//! How an event comes again and when it reminds, in words: as its page says it, and as text in a form that means the same when read.

use domain::events::Alarms;
use domain::time::{Rules, civil_from_seconds};
use domain::{Error, EventTime, Series};
use jiff::civil::DateTime;
use recurrence::Rule;

use super::Length;

/// Instances that are named where a rule is typed.
const NAMED: usize = 3;
const MINUTES_A_DAY: u32 = 24 * 60;

/// What a text says of an event that begins at `first`: words, or rules in the notation of RFC 5545; nothing for once.
///
/// # Errors
/// Invalid input naming `repeat`.
pub fn rules(text: &str, first: DateTime) -> Result<Rules, Error> {
    if text.trim().is_empty() {
        return Ok(Rules::default());
    }
    let read = |text: &str| {
        Rule::from_phrase(text, first).map_err(|why| Error::invalid("repeat", text.trim(), why.to_string()))
    };
    // What events of other calendars may have: several rules, which have no words together.
    let several = text.to_lowercase().matches("freq=").count() > 1;
    let found = if several { text.split_whitespace().map(read).collect() } else { read(text).map(|rule| vec![rule]) };
    Rules::new(found?).map_err(|error| match error {
        Error::InvalidInput { value, reason, .. } => Error::invalid("repeat", value, reason),
        other => other,
    })
}

/// Text that means these rules: words if they are read as the same, else the rules themselves.
#[must_use]
pub fn written(rules: &Rules, first: DateTime) -> String {
    match rules.as_slice() {
        [rule] => {
            let words = rule.describe(first);
            let same = Rule::from_phrase(&words, first).is_ok_and(|read| read == *rule);
            if same { words } else { rule.to_string() }
        }
        rules => rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}

/// How an event comes again; `None` if it does not.
#[must_use]
pub fn in_words(series: &Series) -> Option<String> {
    let first = series.first.civil_start();
    let rules: Vec<String> = series.rules().as_slice().iter().map(|rule| rule.describe(first)).collect();
    series.recurs().then(|| if rules.is_empty() { "on single days".to_owned() } else { rules.join("; ") })
}

/// The days of the instances that follow the first: `then Thu 18 Mar, Tue 30 Mar, …`; the years of those of another year.
#[must_use]
pub fn then(time: &EventTime, rules: &Rules) -> Option<String> {
    let series = Series::new(time.clone(), rules).ok()?;
    let first = time.civil_start();
    let mut following =
        series.occurrences(time.extent().start, None).filter_map(|one| civil_from_seconds(one.start).ok());
    let mut days: Vec<String> = Vec::new();
    for civil in following.by_ref().filter(|civil| *civil > first).take(NAMED) {
        let year = if civil.year() == first.year() { "" } else { " %Y" };
        days.push(civil.strftime(&format!("%a %-d %b{year}")).to_string());
    }
    match (days.is_empty(), following.next()) {
        (true, _) => None,
        (false, more) => Some(format!("then {}{}", days.join(", "), if more.is_some() { ", …" } else { "" })),
    }
}

/// What a text says of reminding: lengths of time before the start, with commas between them.
///
/// # Errors
/// Invalid input naming `remind`.
pub fn alarms(text: &str) -> Result<Alarms, Error> {
    let minutes = text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| {
        if matches!(word, "0" | "0m") {
            return Ok(0);
        }
        let wrong = || Error::invalid("remind", word, "write how long before the start: 10m, 1h or 1d");
        let before = Length::read("remind", word).map_err(|_| wrong())?;
        let minutes = before.days.saturating_mul(i64::from(MINUTES_A_DAY)).saturating_add(before.minutes);
        u32::try_from(minutes).map_err(|_| wrong())
    });
    minutes.collect::<Result<Vec<u32>, Error>>()?.try_into()
}

/// Text that means these alarms: `1d, 10m`.
#[must_use]
pub fn written_alarms(alarms: &Alarms) -> String {
    alarms.minutes().iter().map(|minutes| length(*minutes)).collect::<Vec<_>>().join(", ")
}

/// The same to be read: `1d and 10m before`; `None` if there are none.
#[must_use]
pub fn reminds(alarms: &Alarms) -> Option<String> {
    let before: Vec<String> = alarms.minutes().iter().filter(|minutes| **minutes > 0).map(|m| length(*m)).collect();
    let mut said: Vec<String> =
        (!before.is_empty()).then(|| format!("{} before", listed(&before))).into_iter().collect();
    said.extend(alarms.minutes().contains(&0).then(|| "at the start".to_owned()));
    (!said.is_empty()).then(|| listed(&said))
}

fn listed(words: &[String]) -> String {
    match words {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        words => words.concat(),
    }
}

/// Minutes in the largest unit that fits.
fn length(minutes: u32) -> String {
    match minutes {
        0 => "0m".to_owned(),
        days if days % MINUTES_A_DAY == 0 => format!("{}d", days / MINUTES_A_DAY),
        hours if hours % 60 == 0 => format!("{}h", hours / 60),
        minutes => format!("{minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn first() -> DateTime {
        date(2027, 3, 16).at(9, 0, 0, 0)
    }

    #[test]
    fn rules_written_for_editing_mean_the_same_when_read() {
        let texts = [
            "every weekday",
            "every 2 weeks on tue,thu until 2027-06-30",
            "every month on the last friday",
            "every year on 15 march",
            "daily 10 times",
            "FREQ=MONTHLY;BYMONTHDAY=-1;BYSETPOS=1",
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
            "FREQ=WEEKLY;BYDAY=TU FREQ=MONTHLY;BYMONTHDAY=1",
            "",
        ];
        for text in texts {
            let read = rules(text, first()).unwrap();
            assert_eq!(
                rules(&written(&read, first()), first()).unwrap(),
                read,
                "{text} as {}",
                written(&read, first())
            );
        }
    }

    #[test]
    fn what_is_no_rule_names_the_field_and_the_word() {
        let error = rules("every blue moon", first()).unwrap_err();
        assert_eq!(error.field(), Some("repeat"));
        assert!(error.to_string().contains("blue"), "{error}");
        assert_eq!(rules("FREQ=MINUTELY", first()).unwrap_err().field(), Some("repeat"));
    }

    #[test]
    fn the_next_days_are_named() {
        let zone = domain::Zone::utc();
        let at =
            |hour| domain::time::Moment::in_zone("start", first().with().hour(hour).build().unwrap(), &zone).unwrap();
        let time = EventTime::timed(at(9), at(10), zone.clone()).unwrap();
        let said = |text: &str| then(&time, &rules(text, first()).unwrap());
        assert_eq!(said("every week on tue,thu").unwrap(), "then Thu 18 Mar, Tue 23 Mar, Thu 25 Mar, …");
        assert_eq!(said("yearly 2 times").unwrap(), "then Thu 16 Mar 2028");
        assert_eq!(said("daily once"), None);
    }

    #[test]
    fn alarms_written_for_editing_mean_the_same_when_read() {
        for (text, again) in [("10m", "10m"), ("1h30m, 1d", "1d, 90m"), ("0, 2h", "2h, 0m"), ("1w", "7d"), ("", "")] {
            let read = alarms(text).unwrap();
            assert_eq!(written_alarms(&read), again);
            assert_eq!(alarms(again).unwrap(), read);
        }
        assert_eq!(reminds(&alarms("10m, 1d, 0").unwrap()).unwrap(), "1d and 10m before and at the start");
        assert_eq!(reminds(&Alarms::default()), None);
        for wrong in ["soon", "10m, later", "29d"] {
            assert_eq!(alarms(wrong).unwrap_err().field(), Some("remind"), "{wrong}");
        }
    }
}
