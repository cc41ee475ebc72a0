//! Reading a rule's text: strict about what a rule means, tolerant of how calendars write it (order, case, spaces, empty parts, `+1MO`, leading zeros,
//! experimental `X-` parts). Whatever is refused is named with its value and with what would be right.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};

use crate::{
    rule::{End, Frequency, Ordinal, Rule, Until},
    sets::Signed,
};

/// The longest text that is read as a rule. The longest of 1,832 found in real calendars and test data has 275.
pub const MAX_RULE_BYTES: usize = 2_000;

/// How many values a list may hold (a `BYYEARDAY` that names every day of a leap year).
pub const MAX_VALUES: usize = 366;

/// Why a text is not a recurrence rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    /// Longer than [`MAX_RULE_BYTES`].
    #[error("a recurrence rule has at most {MAX_RULE_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// No `FREQ`.
    #[error("the recurrence rule {0:?} does not say how often: it needs FREQ, for example FREQ=WEEKLY;BYDAY=TU,TH")]
    NoFrequency(String),
    /// Something that is not `NAME=VALUE`, or whose name is none of a rule's.
    #[error(
        "{0:?} is not a part of a recurrence rule: parts are FREQ, UNTIL, COUNT, INTERVAL, BYSECOND, BYMINUTE, BYHOUR, BYDAY, \
         BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYMONTH, BYSETPOS and WKST, each with = and a value, separated by semicolons"
    )]
    NotAPart(String),
    /// A part given more than once, not each time the same.
    #[error("the recurrence rule has {0} twice, with different values: each part may be given once")]
    Twice(&'static str),
    /// Both ways to end.
    #[error("the recurrence rule has both COUNT and UNTIL: a rule ends by one of them")]
    CountAndUntil,
    /// A value that the part cannot have.
    #[error("{part}={value} in the recurrence rule is not possible: {expected}")]
    Value {
        /// The part's name.
        part: &'static str,
        /// The one value of its list that is wrong, shortened if it is long.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A list of more than [`MAX_VALUES`].
    #[error("{0} in the recurrence rule has more than {MAX_VALUES} values")]
    TooMany(&'static str),
}

/// The text without anything that would disturb a message.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut short: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

fn wrong(part: &'static str, value: &str, expected: &'static str) -> InvalidRule {
    InvalidRule::Value { part, value: quoted(value), expected }
}

/// The parts a rule can have, in the order in which they are printed; `RSCALE` and `SKIP` are of RFC 7529.
const PARTS: [&str; 16] = [
    "FREQ",
    "UNTIL",
    "COUNT",
    "INTERVAL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
    "RSCALE",
    "SKIP",
];

/// Reads the value of an `RRULE` property, without the property's name.
impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Rule, InvalidRule> {
        if text.len() > MAX_RULE_BYTES {
            return Err(InvalidRule::TooLong(text.len()));
        }
        let mut rule = Rule::every(std::num::NonZeroU32::MIN, Frequency::Daily);
        let mut given: Vec<(&'static str, &str)> = Vec::new();
        for piece in text.split(';').map(str::trim).filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').ok_or_else(|| InvalidRule::NotAPart(quoted(piece)))?;
            let (name, value) = (name.trim_end().to_ascii_uppercase(), value.trim());
            if name.starts_with("X-") {
                continue;
            }
            let part =
                PARTS.into_iter().find(|part| *part == name).ok_or_else(|| InvalidRule::NotAPart(quoted(piece)))?;
            match given.iter().find(|(before, _)| *before == part) {
                None => given.push((part, value)),
                Some((_, same)) if same.eq_ignore_ascii_case(value) => {}
                Some(_) => return Err(InvalidRule::Twice(part)),
            }
        }
        // Calendars exist that write "no count" as COUNT=-1 beside UNTIL.
        if given.iter().any(|(name, _)| *name == "UNTIL") {
            given.retain(|part| *part != ("COUNT", "-1"));
        }
        for (part, value) in &given {
            rule.take(part, value)?;
        }
        let has = |part: &str| given.iter().any(|(name, _)| *name == part);
        if !has("FREQ") {
            return Err(InvalidRule::NoFrequency(quoted(text)));
        }
        if has("COUNT") && has("UNTIL") {
            return Err(InvalidRule::CountAndUntil);
        }
        Ok(rule)
    }
}

impl Rule {
    fn take(&mut self, part: &'static str, value: &str) -> Result<(), InvalidRule> {
        match part {
            "FREQ" => self.frequency = frequency(value)?,
            "UNTIL" => self.end = End::Until(until(value)?),
            "COUNT" => {
                let count = at_least_one(value)
                    .ok_or_else(|| wrong(part, value, "it is a whole number from 1 to 4294967295"))?;
                self.end = End::Count(count);
            }
            "INTERVAL" => {
                self.interval = at_least_one(value)
                    .ok_or_else(|| wrong(part, value, "it is a whole number from 1 to 4294967295"))?;
            }
            "BYSECOND" => self.seconds = set(part, value, 0..=60, "seconds are 0 to 60")?,
            "BYMINUTE" => self.minutes = set(part, value, 0..=59, "minutes are 0 to 59")?,
            "BYHOUR" => self.hours = set(part, value, 0..=23, "hours are 0 to 23")?,
            "BYMONTH" => self.months = set(part, value, 1..=12, "months are 1 to 12")?,
            "BYMONTHDAY" => {
                self.month_days = signed(part, value, 31, "days of a month are 1 to 31, or -1 to -31 from its end")?
                    .into_iter()
                    .collect();
            }
            "BYWEEKNO" => {
                self.weeks = signed(part, value, 53, "weeks of a year are 1 to 53, or -1 to -53 from its end")?
                    .into_iter()
                    .collect();
            }
            "BYYEARDAY" => {
                self.year_days = signed(part, value, 366, "days of a year are 1 to 366, or -1 to -366 from its end")?;
            }
            "BYSETPOS" => {
                self.positions = signed(part, value, 366, "positions are 1 to 366, or -1 to -366 from the end")?;
            }
            "BYDAY" => self.take_days(value)?,
            "WKST" => {
                self.week_start = weekday(value).ok_or_else(|| wrong(part, value, WEEKDAYS))?;
            }
            "RSCALE" if !value.eq_ignore_ascii_case("GREGORIAN") => {
                return Err(wrong(part, value, "only the calendar GREGORIAN is known here"));
            }
            "SKIP" if !value.eq_ignore_ascii_case("OMIT") => {
                return Err(wrong(part, value, "only OMIT is known here: a date that does not exist is left out"));
            }
            _ => {}
        }
        Ok(())
    }

    fn take_days(&mut self, value: &str) -> Result<(), InvalidRule> {
        const PART: &str = "BYDAY";
        const EXPECTED: &str = "days are MO, TU, WE, TH, FR, SA or SU, with a number of 1 to 53 or -1 to -53 before them if one of the month or year is meant: 2TU, -1FR";
        for item in values(PART, value)? {
            let letters = item.len().saturating_sub(2);
            let (number, day) = item.split_at_checked(letters).ok_or_else(|| wrong(PART, item, EXPECTED))?;
            let weekday = weekday(day).ok_or_else(|| wrong(PART, item, EXPECTED))?;
            if number.is_empty() {
                self.weekdays |= 1 << weekday;
            } else {
                let nth = number_within(number.trim_end(), 53).ok_or_else(|| wrong(PART, item, EXPECTED))?;
                self.ordinals.push(Ordinal { nth, weekday });
            }
        }
        self.ordinals.sort_unstable();
        self.ordinals.dedup();
        Ok(())
    }
}

impl FromIterator<i64> for Signed {
    fn from_iter<I: IntoIterator<Item = i64>>(numbers: I) -> Signed {
        let mut set = Signed::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

const WEEKDAYS: &str = "days are MO, TU, WE, TH, FR, SA or SU";

fn frequency(value: &str) -> Result<Frequency, InvalidRule> {
    const ALL: [Frequency; 7] = [
        Frequency::Yearly,
        Frequency::Monthly,
        Frequency::Weekly,
        Frequency::Daily,
        Frequency::Hourly,
        Frequency::Minutely,
        Frequency::Secondly,
    ];
    ALL.into_iter()
        .find(|frequency| frequency.to_string().eq_ignore_ascii_case(value))
        .ok_or_else(|| wrong("FREQ", value, "it is YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY"))
}

/// `20270630`, `20270630T120000` or `20270630T120000Z`. A leap second is read as the second before it.
fn until(value: &str) -> Result<Until, InvalidRule> {
    read_until(value).ok_or_else(|| {
        wrong("UNTIL", value, "it is a date such as 20270630, or a time such as 20270630T120000 or 20270630T120000Z")
    })
}

fn read_until(value: &str) -> Option<Until> {
    if !value.is_ascii() {
        return None;
    }
    let (date, rest) = value.split_at_checked(8)?;
    let date = Date::new(digits(date.get(..4)?)?, digits(date.get(4..6)?)?, digits(date.get(6..)?)?).ok()?;
    if rest.is_empty() {
        return Some(Until::Date(date));
    }
    let time = rest.strip_prefix(['T', 't'])?;
    let (time, zone) = time.split_at_checked(6)?;
    let second: i8 = digits(time.get(4..)?)?;
    let second = if second == 60 { 59 } else { second };
    let time = Time::new(digits(time.get(..2)?)?, digits(time.get(2..4)?)?, second, 0).ok()?;
    let at = DateTime::from_parts(date, time);
    match zone {
        "" => Some(Until::Civil(at)),
        "Z" | "z" => Some(Until::Utc(at)),
        _ => None,
    }
}

/// A number of nothing but digits: no sign.
fn digits<N: FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn at_least_one(value: &str) -> Option<u32> {
    digits(value).filter(|number| *number >= 1)
}

fn weekday(letters: &str) -> Option<i64> {
    (0..7).find(|weekday| crate::print::weekday_letters(*weekday).eq_ignore_ascii_case(letters))
}

/// A number from 1 or -1 to this limit, with or without a sign.
fn number_within(text: &str, limit: i64) -> Option<i64> {
    let number: i64 = match text.strip_prefix('-') {
        Some(number) => -digits::<i64>(number)?,
        None => digits(text.strip_prefix('+').unwrap_or(text))?,
    };
    (number != 0 && number.abs() <= limit).then_some(number)
}

/// The values of a list: at least one, none of them empty but after a last comma.
fn values<'v>(part: &'static str, value: &'v str) -> Result<Vec<&'v str>, InvalidRule> {
    let items: Vec<&str> = value.trim_end_matches(',').split(',').map(str::trim).collect();
    if items.len() > MAX_VALUES { Err(InvalidRule::TooMany(part)) } else { Ok(items) }
}

fn set(
    part: &'static str,
    value: &str,
    range: std::ops::RangeInclusive<i64>,
    expected: &'static str,
) -> Result<u64, InvalidRule> {
    values(part, value)?.into_iter().try_fold(0, |set, item| {
        let number = digits(item).filter(|number| range.contains(number)).ok_or_else(|| wrong(part, item, expected))?;
        Ok(set | 1 << number)
    })
}

/// Rising and without repetitions.
fn signed(part: &'static str, value: &str, limit: i64, expected: &'static str) -> Result<Vec<i64>, InvalidRule> {
    let mut numbers = values(part, value)?
        .into_iter()
        .map(|item| number_within(item, limit).ok_or_else(|| wrong(part, item, expected)))
        .collect::<Result<Vec<i64>, InvalidRule>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}
