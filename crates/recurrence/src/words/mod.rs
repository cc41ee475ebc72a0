//! Rules in English words: `every 2 weeks on tue,thu until 2027-06-30`. What [`Rule::describe`] writes, [`Rule::from_phrase`] reads.
//!
//! Words say what people repeat; what they have no good words for (`BYHOUR`, `BYWEEKNO`, …) stays in the notation of RFC 5545.

mod date;
mod describe;
mod phrase;

pub use phrase::{InvalidPhrase, MAX_PHRASE_BYTES};

#[cfg(doc)]
use crate::Rule;
use crate::rule::Frequency;

/// Monday to Friday, as bits.
const WORKING_DAYS: u64 = 0b001_1111;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const UNITS: [(&str, Frequency); 7] = [
    ("year", Frequency::Yearly),
    ("month", Frequency::Monthly),
    ("week", Frequency::Weekly),
    ("day", Frequency::Daily),
    ("hour", Frequency::Hourly),
    ("minute", Frequency::Minutely),
    ("second", Frequency::Secondly),
];

/// Which of these names a word is, in lower case, written out or shortened to three letters or more: `tue`, `tues`, `tuesday`.
fn named(names: &[&str], word: &str) -> Option<i64> {
    let place = names.iter().position(|name| {
        word.len() >= 3 && name.get(..word.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(word))
    })?;
    i64::try_from(place).ok()
}

/// The first three letters of the name at this place.
fn short(names: &[&'static str], place: i64) -> &'static str {
    usize::try_from(place).ok().and_then(|place| names.get(place)).and_then(|name| name.get(..3)).unwrap_or_default()
}
