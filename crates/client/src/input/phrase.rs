//! Which words of a date go together: from a text to at most two sides (*from* and *to*), a length and "all day".
//!
//! Every word must find its place; the first that does not is named in the refusal. Nothing here knows what day it is.

use domain::Zone;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::Offset;

use super::length::Length;
use super::word::{self, Clock, Unit, Word};

/// What a text says.
#[derive(Clone, Debug, Default)]
pub(super) struct Phrase {
    pub(super) start: Side,
    /// What is behind "to"; `None` if the word is not there.
    pub(super) end: Option<Side>,
    pub(super) length: Option<Length>,
    pub(super) all_day: bool,
    pub(super) zone: Option<Zone>,
}

/// One end of what is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    pub(super) day: Option<Day>,
    /// Beside a day it is a check; alone it is the day.
    pub(super) weekday: Option<(Weekday, Which)>,
    pub(super) clock: Option<Clock>,
    /// A number that is an hour or a day, as the other side will tell.
    pub(super) bare: Option<i64>,
}

impl Side {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self { day: None, weekday: None, clock: None, bare: None })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Day {
    Date(jiff::civil::Date),
    EachYear {
        day: i8,
        month: i8,
    },
    EachMonth(i64),
    /// So many days, weeks, months or years from today.
    FromToday(i64, Unit),
    /// So many minutes from now: the time is said with it.
    FromNow(i64),
    NextWeek,
    Instant(DateTime, Option<Offset>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// `friday`
    Coming,
    /// `this friday`
    This,
    /// `next friday`
    Next,
}

/// Why a text was not understood: the word or words, and what is the matter with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) words: String,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(words: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { words: words.into(), reason: reason.into() }
    }

    /// As one clause that names the word.
    pub(super) fn alone(&self) -> String {
        if self.words.is_empty() { self.reason.clone() } else { format!("\"{}\": {}", self.words, self.reason) }
    }
}

/// What every refusal says of something that is said twice.
pub(crate) const ALREADY: &str = "already given";
/// Longer texts are not looked at.
const LONGEST: usize = 200;

/// Reads all of `text`.
pub(super) fn read(text: &str) -> Result<Phrase, Refusal> {
    let mut reader = Reader { words: words(text)?, at: 0, phrase: Phrase::default() };
    while let Some((word, said)) = reader.take() {
        reader.place(word, &said)?;
    }
    Ok(reader.phrase)
}

/// Reads `text` as a length and nothing else.
pub(super) fn length(text: &str) -> Result<Length, Refusal> {
    let phrase = read(text)?;
    let Phrase {
        start: Side { day: None, weekday: None, clock: None, bare },
        end: None,
        length,
        all_day: false,
        zone: None,
    } = phrase
    else {
        return Err(Refusal::new("", "a length is numbers with units"));
    };
    match (length, bare) {
        (Some(length), None) => Ok(length),
        (_, Some(number)) => Err(Refusal::new(number.to_string(), "which unit is that in?")),
        (None, None) => Err(Refusal::new("", "it says nothing")),
    }
}

/// The words of a text with what each means. A hyphen inside a word parts it where both halves mean something.
fn words(text: &str) -> Result<Vec<(Word, String)>, Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::new("", format!("it is longer than {LONGEST} bytes")));
    }
    let text = text.replace(['–', '—', '−'], "-").replace(',', " ");
    let mut found = Vec::new();
    for said in text.split_whitespace() {
        let lower = said.to_lowercase();
        match word::read(&lower) {
            Ok(Some(word)) => found.push((word, said.to_owned())),
            whole => match parted(&lower) {
                Some(parts) => found.extend(parts),
                None => return Err(unknown(said, whole.err())),
            },
        }
    }
    Ok(found)
}

fn unknown(said: &str, reason: Option<String>) -> Refusal {
    Refusal::new(said, reason.unwrap_or_else(|| "I do not know that word".to_owned()))
}

fn parted(word: &str) -> Option<Vec<(Word, String)>> {
    word.match_indices('-').find_map(|(at, _)| {
        let (before, after) = (word.get(..at)?, word.get(at + 1..)?);
        let mut parts = Vec::new();
        for half in [before, "-", after] {
            if !half.is_empty() {
                parts.push((word::read(half).ok()??, half.to_owned()));
            }
        }
        Some(parts)
    })
}

struct Reader {
    words: Vec<(Word, String)>,
    at: usize,
    phrase: Phrase,
}

impl Reader {
    fn take(&mut self) -> Option<(Word, String)> {
        let taken = self.words.get(self.at).cloned();
        self.at += usize::from(taken.is_some());
        taken
    }

    fn next(&self) -> Option<&Word> {
        self.words.get(self.at).map(|(word, _)| word)
    }

    fn second(&self) -> Option<&Word> {
        self.words.get(self.at + 1).map(|(word, _)| word)
    }

    fn side(&mut self) -> &mut Side {
        self.phrase.end.as_mut().unwrap_or(&mut self.phrase.start)
    }

    fn place(&mut self, word: Word, said: &str) -> Result<(), Refusal> {
        match word {
            Word::Date(date) => self.day(Day::Date(date), said),
            Word::DayMonth(day, month) => {
                if let Some(&Word::Number(year, 4)) = self.next() {
                    self.at += 1;
                    return self.date(year, i64::from(month), i64::from(day), said);
                }
                self.day(Day::EachYear { day, month }, said)
            }
            Word::Instant(civil, offset) => self.day(Day::Instant(civil, offset), said),
            Word::FromToday(days) => self.day(Day::FromToday(days, Unit::Day), said),
            Word::Now => self.day(Day::FromNow(0), said),
            Word::Clock(clock) => match self.next() {
                Some(&Word::Half(half)) if clock.half.is_none() => {
                    self.at += 1;
                    self.clock(clock.in_half(half).map_err(|reason| Refusal::new(said, reason))?, said)
                }
                _ => self.clock(clock, said),
            },
            Word::Weekday(weekday) => self.weekday(weekday, Which::Coming, said),
            Word::Month(month) => self.month_first(month, said),
            Word::Number(number, digits) => self.number(number, digits, said),
            Word::Ordinal(number) => self.ordinal(number, said),
            Word::Quantities(quantities) => self.length(quantities, said),
            Word::A if matches!(self.next(), Some(Word::Unit(_))) => self.number(1, 1, said),
            Word::Unit(Unit::Day)
                if self.next() == Some(&Word::After) && self.second() == Some(&Word::FromToday(1)) =>
            {
                self.at += 2;
                self.day(Day::FromToday(2, Unit::Day), "day after tomorrow")
            }
            Word::All if self.next() == Some(&Word::Unit(Unit::Day)) => {
                self.at += 1;
                self.all_day(said)
            }
            Word::AllDay => self.all_day(said),
            Word::Zone(zone) => match self.phrase.zone.replace(zone) {
                None => Ok(()),
                Some(other) => Err(Refusal::new(said, format!("another zone is {ALREADY}, {other}"))),
            },
            Word::In => self.distance(said),
            Word::Next | Word::This => self.relative(&word, said),
            Word::To if self.phrase.end.is_none() && self.next().is_some() => {
                self.phrase.end = Some(Side::default());
                Ok(())
            }
            Word::At => self.expect(said, "a time", |next| matches!(next, Word::Clock(_) | Word::Number(..))),
            Word::For => {
                self.expect(said, "a length", |next| matches!(next, Word::Quantities(_) | Word::Number(..) | Word::A))
            }
            Word::From => self.expect(said, "a date or a time", |next| !matches!(next, Word::To | Word::For)),
            Word::Of => self.expect(said, "a month", |next| matches!(next, Word::Month(_))),
            Word::The => self.expect(said, "a day", |next| {
                matches!(next, Word::Ordinal(_) | Word::Number(..) | Word::DayMonth(..) | Word::Unit(Unit::Day))
            }),
            Word::On => self.expect(said, "a date", |next| {
                !matches!(next, Word::Clock(_) | Word::Quantities(_) | Word::To | Word::For | Word::In | Word::At)
            }),
            Word::Half(_) => Err(Refusal::new(said, "it belongs behind an hour, as in 9am")),
            Word::Unit(_) => Err(Refusal::new(said, "how many? Write a number before it")),
            Word::A | Word::After | Word::All | Word::And | Word::To => {
                Err(Refusal::new(said, "it does not fit there"))
            }
        }
    }

    /// A word that only leads to the next one, which must be of its kind.
    fn expect(&self, said: &str, what: &str, fits: impl Fn(&Word) -> bool) -> Result<(), Refusal> {
        if self.next().is_some_and(fits) { Ok(()) } else { Err(Refusal::new(said, format!("{what} should follow it"))) }
    }

    fn day(&mut self, day: Day, said: &str) -> Result<(), Refusal> {
        if self.side().day.is_some() {
            let other = match self.side().day {
                Some(Day::Date(other)) => format!(", {other}"),
                _ => String::new(),
            };
            return Err(Refusal::new(said, format!("another date is {ALREADY}{other}")));
        }
        self.side().day = Some(day);
        Ok(())
    }

    fn date(&mut self, year: i64, month: i64, day: i64, said: &str) -> Result<(), Refusal> {
        let date = word::date(year, month, day).map_err(|reason| Refusal::new(said, reason))?;
        self.day(Day::Date(date), said)
    }

    fn clock(&mut self, clock: Clock, said: &str) -> Result<(), Refusal> {
        match self.side().clock.replace(clock) {
            None => Ok(()),
            Some(_) => Err(Refusal::new(said, format!("another time is {ALREADY}"))),
        }
    }

    fn weekday(&mut self, weekday: Weekday, which: Which, said: &str) -> Result<(), Refusal> {
        match self.side().weekday.replace((weekday, which)) {
            None => Ok(()),
            Some(_) => Err(Refusal::new(said, format!("another weekday is {ALREADY}"))),
        }
    }

    fn all_day(&mut self, said: &str) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.phrase.all_day, true) {
            return Err(Refusal::new(said, "it is said twice"));
        }
        Ok(())
    }

    /// A month: a day must follow, perhaps a year after it.
    fn month_first(&mut self, month: i8, said: &str) -> Result<(), Refusal> {
        let day = match self.next() {
            Some(Word::Number(day, 1 | 2) | Word::Ordinal(day)) => *day,
            _ => return Err(Refusal::new(said, "which day of it? Write the day, as in dec 24")),
        };
        self.at += 1;
        self.day_and_month(day, month, said)
    }

    fn day_and_month(&mut self, day: i64, month: i8, said: &str) -> Result<(), Refusal> {
        if let Some(&Word::Number(year, 4)) = self.next() {
            self.at += 1;
            return self.date(year, i64::from(month), day, said);
        }
        // 2000 had a 29th of February; whether another year has is seen when the year is known.
        let date = word::date(2000, i64::from(month), day).map_err(|reason| Refusal::new(said, reason))?;
        self.day(Day::EachYear { day: date.day(), month }, said)
    }

    /// A day before its month, an hour before its half, a number before its unit; or a number that the other side explains.
    fn number(&mut self, number: i64, digits: usize, said: &str) -> Result<(), Refusal> {
        match self.next().cloned() {
            Some(Word::Half(half)) => {
                self.at += 1;
                let clock = Clock::hour(number, Some(half)).map_err(|reason| Refusal::new(said, reason))?;
                self.clock(clock, said)
            }
            Some(Word::Unit(unit)) => {
                self.at += 1;
                let mut quantities = vec![(number, unit)];
                self.further_quantities(&mut quantities);
                self.length(quantities, said)
            }
            Some(Word::Month(_) | Word::Of) if digits <= 2 => self.ordinal(number, said),
            _ if digits > 2 => {
                Err(Refusal::new(said, "is that a year, an hour or a length? Write 2026-12-01, 14:00 or 90 min"))
            }
            _ if self.side().bare.is_some() => Err(Refusal::new(said, format!("another number is {ALREADY}"))),
            _ => {
                self.side().bare = Some(number);
                Ok(())
            }
        }
    }

    fn ordinal(&mut self, number: i64, said: &str) -> Result<(), Refusal> {
        if self.next() == Some(&Word::Of) && matches!(self.second(), Some(Word::Month(_))) {
            self.at += 1;
        }
        if let Some(&Word::Month(month)) = self.next() {
            self.at += 1;
            return self.day_and_month(number, month, said);
        }
        if !(1..=31).contains(&number) {
            return Err(Refusal::new(said, "no month has that day"));
        }
        self.day(Day::EachMonth(number), said)
    }

    /// The smaller units behind a first one: `1 hour 30 minutes`, `1h 30m`, `1 hour and 30 minutes`.
    fn further_quantities(&mut self, quantities: &mut Vec<(i64, Unit)>) {
        loop {
            let skipped = usize::from(self.next() == Some(&Word::And));
            let (number, unit, taken) = match (self.words.get(self.at + skipped), self.words.get(self.at + skipped + 1))
            {
                (Some((Word::Number(number, _), _)), Some((Word::Unit(unit), _))) => (*number, *unit, 2),
                (Some((Word::Quantities(more), _)), _) if more.len() == 1 => match more.first() {
                    Some((number, unit)) => (*number, *unit, 1),
                    None => return,
                },
                _ => return,
            };
            if quantities.last().is_none_or(|(_, before)| *before <= unit) {
                return;
            }
            quantities.push((number, unit));
            self.at += skipped + taken;
        }
    }

    fn length(&mut self, mut quantities: Vec<(i64, Unit)>, said: &str) -> Result<(), Refusal> {
        self.further_quantities(&mut quantities);
        let length = Length::of(&quantities).map_err(|reason| Refusal::new(said, reason))?;
        match self.phrase.length.replace(length) {
            None => Ok(()),
            Some(_) => Err(Refusal::new(said, format!("another length is {ALREADY}"))),
        }
    }

    /// Behind `in`: one number with one unit, or hours with minutes. A length after it is how long the event takes.
    fn distance(&mut self, said: &str) -> Result<(), Refusal> {
        let quantities = match self.take() {
            Some((Word::Quantities(quantities), _)) => quantities,
            Some((first @ (Word::Number(..) | Word::A), _)) => {
                let Some((Word::Unit(unit), _)) = self.take() else {
                    return Err(Refusal::new(said, "a number with a unit should follow it, as in \"in 2 weeks\""));
                };
                vec![(if let Word::Number(number, _) = first { number } else { 1 }, unit)]
            }
            _ => return Err(Refusal::new(said, "how long? Write \"in 2 weeks\" or \"in 90 min\"")),
        };
        let mut quantities = quantities;
        if let [(_, Unit::Hour)] = quantities.as_slice() {
            self.further_quantities(&mut quantities);
        }
        match quantities.as_slice() {
            [(number, unit)] if *unit >= Unit::Day => self.day(Day::FromToday(*number, *unit), said),
            several if several.iter().all(|(_, unit)| *unit < Unit::Day) => {
                let minutes =
                    several.iter().map(|(number, unit)| if *unit == Unit::Hour { 60 * number } else { *number });
                self.day(Day::FromNow(minutes.sum()), said)
            }
            _ => Err(Refusal::new(said, "give one unit, as in \"in 2 weeks\", or hours and minutes")),
        }
    }

    fn relative(&mut self, word: &Word, said: &str) -> Result<(), Refusal> {
        let which = if *word == Word::Next { Which::Next } else { Which::This };
        match self.take() {
            Some((Word::Weekday(weekday), said)) => self.weekday(weekday, which, &said),
            Some((Word::Unit(Unit::Week), _)) if which == Which::Next => self.day(Day::NextWeek, said),
            Some((Word::Unit(unit @ (Unit::Month | Unit::Year)), _)) if which == Which::Next => {
                self.day(Day::FromToday(1, unit), said)
            }
            _ => Err(Refusal::new(
                said,
                "a weekday, \"week\", \"month\" or \"year\" should follow it, as in next friday",
            )),
        }
    }
}
