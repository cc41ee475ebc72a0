//! From words to a rule.

use std::num::NonZeroU32;

use jiff::civil::{Date, DateTime};

use super::{MONTHS, UNITS, WEEKDAYS, WORKING_DAYS, date, named};
use crate::{
    parse::InvalidRule,
    rule::{End, Frequency, Ordinal, Rule, Until},
};

/// The longest phrase that is read.
pub const MAX_PHRASE_BYTES: usize = 500;

/// Why words are not understood as a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhrase {
    /// There are none.
    #[error("how often is not said: write for example {EXAMPLES}")]
    Empty,
    /// More than [`MAX_PHRASE_BYTES`].
    #[error("words for a repetition have at most {MAX_PHRASE_BYTES} bytes, these have {0}")]
    TooLong(usize),
    /// A word that means nothing where it stands.
    #[error("{word:?} was not understood: {expected}; write for example {EXAMPLES}")]
    Word {
        /// The word.
        word: String,
        /// What could stand there.
        expected: &'static str,
    },
    /// The words end where one more is needed.
    #[error("after {after:?} something is missing: {expected}; write for example {EXAMPLES}")]
    Missing {
        /// The last word.
        after: String,
        /// What could follow.
        expected: &'static str,
    },
    /// Words that are understood one by one, but not together.
    #[error("{0}")]
    Together(&'static str),
    /// An end before the first start.
    #[error("it would end on {until}, before its first start on {first}: choose a later end")]
    EndsBeforeItBegins {
        /// The last day.
        until: Date,
        /// The day of the first start.
        first: Date,
    },
    /// The text is an RFC 5545 rule, which is not right.
    #[error(transparent)]
    Rule(#[from] InvalidRule),
}

/// What the messages show.
const EXAMPLES: &str = "\"every weekday\", \"every 2 weeks on tue,thu until 2027-06-30\", \"every month on the last friday\", \
                        \"every year on 15 march\" or \"daily 10 times\"";

/// Words that make a phrase read well and mean nothing.
const FILLERS: [&str; 3] = ["the", "at", "for"];

impl Rule {
    /// Reads words such as `every weekday`, `every 2 weeks on tue,thu until 2027-06-30`, `every month on the last friday 10 times`,
    /// `every year on 15 march`; and the notation of RFC 5545, if `FREQ=` is in the text. Case, commas and fillers (`the`, `and`) do not matter.
    ///
    /// `first` is the first start: an end must not lie before it, and a date without a year is the next one after it.
    ///
    /// # Errors
    /// [`InvalidPhrase`] names the word that was not understood and gives examples.
    pub fn from_phrase(text: &str, first: DateTime) -> Result<Rule, InvalidPhrase> {
        if text.len() > MAX_PHRASE_BYTES {
            return Err(InvalidPhrase::TooLong(text.len()));
        }
        let lower = text.to_lowercase();
        if lower.contains("freq=") {
            return Ok(text.trim().parse()?);
        }
        let mut words = Words::of(&lower);
        let mut rule = how_often(&mut words)?;
        while let Some(word) = words.take() {
            match word {
                "on" | "in" => on(&mut rule, &mut words)?,
                "with" => rule.week_start = weeks_from(&mut words)?,
                _ if rule.end != End::Never => return Err(unknown(word, "the phrase could end before it")),
                "until" => rule = rule.with_end(End::Until(until(&mut words, first)?)),
                "once" => rule = rule.with_end(End::Count(1)),
                _ => {
                    const EXPECTED: &str =
                        "\"on\" with days, \"until\" with a date or a number with \"times\" could follow";
                    let count =
                        date::number(word).filter(|count| *count >= 1).ok_or_else(|| unknown(word, EXPECTED))?;
                    words.expect("\"times\" follows the number of times", |word| {
                        matches!(word, "times" | "time").then_some(())
                    })?;
                    rule = rule.with_end(End::Count(count));
                }
            }
        }
        Ok(rule)
    }
}

fn unknown(word: &str, expected: &'static str) -> InvalidPhrase {
    InvalidPhrase::Word { word: word.chars().take(40).collect(), expected }
}

struct Words<'t> {
    words: Vec<&'t str>,
    /// Places of words that a comma or "and" keeps apart from the one before: "the 2nd last" is one day, "the 2nd and last" are two.
    apart: Vec<usize>,
    next: usize,
}

impl<'t> Words<'t> {
    fn of(text: &'t str) -> Words<'t> {
        let mut read = Words { words: Vec::new(), apart: Vec::new(), next: 0 };
        for (place, clause) in text.split(',').enumerate() {
            let mut apart = place > 0;
            for word in clause.split_whitespace().filter(|word| !FILLERS.contains(word)) {
                if word == "and" {
                    apart = true;
                    continue;
                }
                if std::mem::take(&mut apart) {
                    read.apart.push(read.words.len());
                }
                read.words.push(word);
            }
        }
        read
    }

    fn peek(&self) -> Option<&'t str> {
        self.words.get(self.next).copied()
    }

    /// The word after the next one.
    fn following(&self) -> Option<&'t str> {
        self.words.get(self.next + 1).copied()
    }

    fn take(&mut self) -> Option<&'t str> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    /// The next word if it is something.
    fn take_if<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let read = self.peek().and_then(read)?;
        self.next += 1;
        Some(read)
    }

    /// The next word, which has to be something.
    fn expect<T>(&mut self, expected: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, InvalidPhrase> {
        match self.take() {
            Some(word) => read(word).ok_or_else(|| unknown(word, expected)),
            None => Err(self.missing(expected)),
        }
    }

    fn missing(&self, expected: &'static str) -> InvalidPhrase {
        let after = self.words.last().map(|word| word.chars().take(40).collect()).unwrap_or_default();
        InvalidPhrase::Missing { after, expected }
    }
}

fn how_often(words: &mut Words<'_>) -> Result<Rule, InvalidPhrase> {
    const EXPECTED: &str = "a repetition begins with \"every\", \"daily\", \"weekly\", \"monthly\" or \"yearly\"";
    let every = |interval: u32, frequency| Rule::every(NonZeroU32::new(interval).unwrap_or(NonZeroU32::MIN), frequency);
    Ok(match words.take().ok_or(InvalidPhrase::Empty)? {
        "hourly" => every(1, Frequency::Hourly),
        "daily" => every(1, Frequency::Daily),
        "weekly" => every(1, Frequency::Weekly),
        "fortnightly" => every(2, Frequency::Weekly),
        "monthly" => every(1, Frequency::Monthly),
        "quarterly" => every(3, Frequency::Monthly),
        "yearly" | "annually" => every(1, Frequency::Yearly),
        "every" | "each" => return after_every(words),
        other => return Err(unknown(other, EXPECTED)),
    })
}

fn after_every(words: &mut Words<'_>) -> Result<Rule, InvalidPhrase> {
    const EXPECTED: &str = "after \"every\" stands a number, \"other\", \"day\", \"weekday\", \"week\", \"month\", \"year\" or the name of a weekday";
    let mut rule = Rule::every(NonZeroU32::MIN, Frequency::Weekly);
    if words.take_if(|word| matches!(word, "weekday" | "weekdays").then_some(())).is_some() {
        rule.weekdays = WORKING_DAYS;
        return Ok(rule);
    }
    while let Some(weekday) = words.take_if(weekday) {
        rule.weekdays |= 1 << weekday;
    }
    if rule.weekdays != 0 {
        return Ok(rule);
    }
    // `every second week` counts weeks; what `every second tue` counts, nobody knows.
    let counts_a_unit = words.following().is_some_and(|word| unit(word).is_some());
    let interval = words.take_if(|word| match word {
        "other" => NonZeroU32::new(2),
        _ if counts_a_unit => ordinal(word).and_then(|number| u32::try_from(number).ok()).and_then(NonZeroU32::new),
        _ => None,
    });
    let interval = interval.or_else(|| words.take_if(date::number));
    let ambiguous = words.peek().filter(|word| {
        ordinal(word).is_some() && (unit(word).is_none() || words.following().and_then(weekday).is_some())
    });
    if let Some(word) = ambiguous {
        const EXPECTED: &str = "with an ordinal right after \"every\" it is not clear what is counted: write \"every 2 weeks on tue\" or \"every month on the 2nd tue\"";
        return Err(unknown(word, EXPECTED));
    }
    let frequency = words.expect(EXPECTED, unit)?;
    Ok(Rule::every(interval.unwrap_or(NonZeroU32::MIN), frequency))
}

fn unit(word: &str) -> Option<Frequency> {
    let singular = word.strip_suffix('s').unwrap_or(word);
    UNITS.into_iter().find_map(|(name, frequency)| (name == singular).then_some(frequency))
}

/// `tue`, `tuesday`, `tuesdays`
fn weekday(word: &str) -> Option<i64> {
    named(&WEEKDAYS, word).or_else(|| named(&WEEKDAYS, word.strip_suffix('s')?))
}

/// `1`, `1st`, `last`: -1 is the last one.
fn ordinal(word: &str) -> Option<i64> {
    const WRITTEN_OUT: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    if word == "last" {
        return Some(-1);
    }
    if let Some(place) = WRITTEN_OUT.iter().position(|name| *name == word) {
        return i64::try_from(place + 1).ok();
    }
    let digits = ["st", "nd", "rd", "th"].into_iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word);
    date::number(digits).filter(|number| (1..=31).contains(number))
}

/// The days after `on`, the months after `in`: `tue thu`, `15th`, `last friday`, `1st 3rd monday`, `last day`, `15 march`, `last monday may`.
fn on(rule: &mut Rule, words: &mut Words<'_>) -> Result<(), InvalidPhrase> {
    const EXPECTED: &str =
        "days (\"tue\", \"the 15th\", \"the last friday\", \"the last day\") or months follow \"on\" and \"in\"";
    let begin = words.next;
    // Numbers that wait for what they count.
    let mut counts: Vec<i64> = Vec::new();
    // Whether a weekday has used them, so that the next number is a new one.
    let mut used = false;
    let mut days_of_month: Vec<i64> = Vec::new();
    while let Some(word) = words.peek() {
        if date::number::<u32>(word).is_some() && matches!(words.following(), Some("times" | "time")) {
            break;
        }
        if let Some(number) = ordinal(word) {
            words.next += 1;
            if std::mem::take(&mut used) {
                counts.clear();
            }
            // `2nd last` counts from the end.
            let from_end = number > 0
                && !words.apart.contains(&words.next)
                && words.take_if(|word| (word == "last").then_some(())).is_some();
            counts.push(if from_end { -number } else { number });
        } else if let Some(weekday) = weekday(word) {
            words.next += 1;
            if counts.is_empty() {
                rule.weekdays |= 1 << weekday;
            } else {
                used = true;
                rule.ordinals.extend(counts.iter().map(|nth| Ordinal { nth: *nth, weekday }));
            }
        } else if matches!(word, "weekday" | "weekdays") {
            words.next += 1;
            rule.weekdays |= WORKING_DAYS;
            rule.positions.append(&mut counts);
        } else if matches!(word, "day" | "days") && !counts.is_empty() && !used {
            words.next += 1;
            days_of_month.append(&mut counts);
        } else if word == "of" && words.next > begin {
            words.next += 1;
        } else if let Some(month) = named(&MONTHS, word) {
            words.next += 1;
            rule.months |= 1 << (month + 1);
        } else {
            break;
        }
    }
    if words.next == begin {
        return Err(match words.peek() {
            Some(word) => unknown(word, EXPECTED),
            None => words.missing(EXPECTED),
        });
    }
    if !used {
        days_of_month.append(&mut counts);
    }
    days_of_month.into_iter().for_each(|day| rule.month_days.insert(day));
    rule.ordinals.sort_unstable();
    rule.ordinals.dedup();
    rule.positions.sort_unstable();
    rule.positions.dedup();
    together(rule)
}

/// Refuses what the parts of a rule would mean otherwise than the words say.
fn together(rule: &Rule) -> Result<(), InvalidPhrase> {
    let weekdays = rule.weekdays != 0 || !rule.ordinals.is_empty();
    let counted = !rule.ordinals.is_empty() || !rule.positions.is_empty();
    let problem = if weekdays && !rule.month_days.is_empty() {
        "weekdays and days of the month cannot be mixed: make two repetitions of it"
    } else if rule.weekdays != 0 && !rule.ordinals.is_empty()
        || rule.weekdays != 0 && rule.weekdays != WORKING_DAYS && counted
    {
        "weekdays with and without a number cannot be mixed: make two repetitions of it"
    } else if rule.frequency > Frequency::Monthly && (counted || !rule.month_days.is_empty()) {
        "days that are counted within the month need \"every month\" or \"every year\": for example \"every month on the last friday\""
    } else if rule.frequency == Frequency::Yearly && rule.months == 0 {
        "which month of the year is not said: for example \"every year on 15 march\" or \"every year on the last monday of may\""
    } else if rule.frequency <= Frequency::Monthly && rule.weekdays != 0 && rule.positions.is_empty() {
        "which of these weekdays is not said: for example \"every month on the last friday\", or \"every week on friday\" for all of them"
    } else if rule.frequency == Frequency::Yearly && !rule.positions.is_empty() && rule.months.count_ones() > 1 {
        "the first or last weekday can be that of one month of the year only"
    } else if rule.ordinals.iter().any(|ordinal| ordinal.nth.abs() > 5) {
        "a month has at most five of a weekday: for example \"every month on the 4th friday\""
    } else {
        return Ok(());
    };
    Err(InvalidPhrase::Together(problem))
}

/// `weeks from sun`
fn weeks_from(words: &mut Words<'_>) -> Result<i64, InvalidPhrase> {
    const EXPECTED: &str = "the first day of the week is said as in \"with weeks from sun\"";
    words.expect(EXPECTED, |word| (word == "weeks").then_some(()))?;
    words.expect(EXPECTED, |word| (word == "from").then_some(()))?;
    words.expect(EXPECTED, weekday)
}

fn until(words: &mut Words<'_>, first: DateTime) -> Result<Until, InvalidPhrase> {
    const EXPECTED: &str = "a date such as 2027-06-30, \"30 jun 2027\" or \"30 jun\" follows \"until\"";
    let date = match words.take_if(date::iso) {
        Some(date) => date,
        None => {
            let one = words.expect(EXPECTED, |word| Some(word.to_owned()))?;
            let (day, month) =
                words.expect(EXPECTED, |other| date::day_and_month(&one, other)).map_err(|problem| match problem {
                    // The first of the two words is more often the wrong one.
                    InvalidPhrase::Word { .. } => unknown(&one, EXPECTED),
                    other => other,
                })?;
            match words.take_if(date::year) {
                Some(year) => Date::new(year, month, day).ok(),
                None => date::next(day, month, first.date()),
            }
            .ok_or_else(|| unknown(&one, "the month does not have this day"))?
        }
    };
    if date < first.date() {
        return Err(InvalidPhrase::EndsBeforeItBegins { until: date, first: first.date() });
    }
    let Some(time) = words.take_if(date::time) else { return Ok(Until::Date(date)) };
    let at = date.to_datetime(time);
    Ok(if words.take_if(|word| (word == "utc").then_some(())).is_some() { Until::Utc(at) } else { Until::Civil(at) })
}
