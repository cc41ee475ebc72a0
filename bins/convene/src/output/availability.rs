//! When people are busy, and when all of them are free.

use domain::{Username, Zone};
use jiff::civil::Date;
use serde::Serialize;

use super::Document;
use super::table::Table;
use super::time::instant;
use crate::when::Stretch;

/// When people are busy.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BusyDocument {
    items: Vec<BusyFields>,
    #[serde(skip)]
    days: (Date, Date),
}

#[derive(Clone, Debug, Serialize)]
struct BusyFields {
    username: String,
    start: String,
    end: String,
}

/// When all of some people are free.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FreeDocument {
    items: Vec<FreeFields>,
    #[serde(skip)]
    days: (Date, Date),
    #[serde(skip)]
    people: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct FreeFields {
    start: String,
    end: String,
    /// The day of the week and the length, for people.
    #[serde(skip)]
    told: (String, String),
}

impl BusyDocument {
    /// What is busy in these days (the last inclusive), in this order; `zone` is the reader's.
    pub(crate) fn new(days: (Date, Date), busy: &[(Stretch, Username)], zone: &Zone) -> Self {
        let items = busy.iter().map(|(Stretch { start, end }, username)| BusyFields {
            username: username.to_string(),
            start: instant(*start, zone),
            end: instant(*end, zone),
        });
        Self { items: items.collect(), days }
    }
}

impl FreeDocument {
    /// What is free for all of `people` in these days (the last inclusive); `zone` is the reader's.
    pub(crate) fn new(days: (Date, Date), people: &[Username], free: &[Stretch], zone: &Zone) -> Self {
        let items = free.iter().map(|stretch| FreeFields {
            start: instant(stretch.start, zone),
            end: instant(stretch.end, zone),
            told: (weekday(stretch.start, zone), length(stretch.length())),
        });
        Self { items: items.collect(), days, people: people.iter().map(ToString::to_string).collect() }
    }
}

/// The day of the week in `zone`, shortened.
fn weekday(seconds: i64, zone: &Zone) -> String {
    let shown = jiff::Timestamp::from_second(seconds).map(|at| at.to_zoned(zone.rules()).strftime("%a").to_string());
    shown.unwrap_or_default()
}

/// A length in words: `1h30m`, as `--for` reads it.
fn length(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let part = |number: i64, unit: &str| if number > 0 { format!("{number}{unit}") } else { String::new() };
    part(days, "d") + &part(hours, "h") + &part(minutes, "m")
}

impl Document for BusyDocument {
    fn text(&self) -> String {
        let mut table = Table::new(["START", "END", "USER"]);
        for item in &self.items {
            table.row([&item.start, &item.end, &item.username]);
        }
        let (from, to) = self.days;
        format!("Busy from {from} to {to}\n") + &table.lines("Nobody is busy.")
    }
}

impl Document for FreeDocument {
    fn text(&self) -> String {
        let mut table = Table::new(["DAY", "START", "END", "LENGTH"]);
        for FreeFields { start, end, told: (day, length) } in &self.items {
            table.row([day, start, end, length]);
        }
        let ((from, to), people) = (self.days, self.people.join(", "));
        let nothing = "There is no such time; ask for more days, longer hours or a shorter time.";
        format!("Free for {people} from {from} to {to}\n") + &table.lines(nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_they_are_read() {
        for (seconds, written) in [(5_400, "1h30m"), (900, "15m"), (86_400, "1d"), (93_600, "1d2h"), (7_200, "2h")] {
            assert_eq!(length(seconds), written);
        }
    }
}
