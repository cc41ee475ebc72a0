//! What was understood, and how it is said back.

use std::fmt;

use domain::time::Moment;
use domain::{Error, EventTime, Zone};
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use crate::hours::Hours;

/// What was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// From when to when.
    pub span: Span,
    /// The zone of the times: the one named in the text, or else the reader's.
    pub zone: Zone,
    /// "All day" was written out. Without it a [`Span::Days`] is merely what a date without a time comes to.
    pub said_all_day: bool,
    /// What the reader should be told beside the echo.
    pub notes: Vec<Note>,
}

/// A stretch of time, its end perhaps left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// From a moment on.
    Timed {
        /// When it begins.
        start: Moment,
        /// When it is over, later than the start.
        end: Option<Moment>,
    },
    /// From a day on.
    Days {
        /// The first day.
        first: Date,
        /// The day after the last, as [`EventTime::all_day`] has it.
        end: Option<Date>,
    },
}

/// What the reader should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Clocks show this time twice on that day, and the first is meant; the offsets from UTC tell them apart.
    Repeated {
        /// The time.
        civil: DateTime,
        /// The offset of the one that is meant.
        first: Offset,
        /// The offset of the other.
        second: Offset,
    },
    /// It is over, or has begun.
    Past,
    /// "Next" stood before a weekday whose coming one, which some would mean, is on this date.
    ComingIs(Date),
    /// "Midnight" is the first moment of this day.
    MidnightBegins(Date),
}

impl When {
    /// In full, with the zone: `Sat 13 March 2027 14:00–15:30 Europe/Berlin`, `Thu 24 December 2026, all day`. Reading it gives
    /// the same again, but for the second of two times of which clocks show each twice.
    #[must_use]
    pub fn echo(&self, hours: Hours) -> String {
        match self.span {
            Span::Timed { start, end } => {
                let (start, end) = (start.civil(), end.map(Moment::civil));
                let from = format!("{} {}", day(start.date()), hours.write(start.time()));
                let to = match end {
                    None => String::new(),
                    Some(end) if end.date() == start.date() && end > start => format!("–{}", hours.write(end.time())),
                    Some(end) => format!(" – {} {}", day(end.date()), hours.write(end.time())),
                };
                format!("{from}{to} {}", self.zone)
            }
            Span::Days { first, end } => {
                let last = end.and_then(|end| end.yesterday().ok()).filter(|last| *last > first);
                let to = last.map(|last| format!(" – {}", day(last))).unwrap_or_default();
                format!("{}{to}, all day", day(first))
            }
        }
    }

    /// The time of an event: an hour or a day where no end was given.
    ///
    /// # Errors
    /// Invalid input if the end lies outside the years that Convene keeps.
    pub fn event_time(&self) -> Result<EventTime, Error> {
        match self.span {
            Span::Timed { start, end } => {
                let hour_later = || {
                    let instant = start.instant(&self.zone).saturating_add(3_600);
                    let beyond =
                        |_| Error::invalid("end", start.civil().to_string(), "events lie in the years 1 to 9990");
                    Moment::at("end", jiff::Timestamp::from_second(instant).map_err(beyond)?, &self.zone)
                };
                EventTime::timed(start, end.map_or_else(hour_later, Ok)?, self.zone.clone())
            }
            Span::Days { first, end } => {
                EventTime::all_day(first, end.unwrap_or_else(|| first.tomorrow().unwrap_or(first)))
            }
        }
    }
}

impl Note {
    /// As a sentence, its times written with `hours`.
    #[must_use]
    pub fn sentence(&self, hours: Hours) -> String {
        match self {
            Self::Repeated { civil, first, second } => {
                let time = hours.write(civil.time());
                format!(
                    "Clocks show {time} twice that day; the first is meant ({first}). For the second write {}{second}.",
                    civil.strftime("%Y-%m-%dT%H:%M"),
                )
            }
            Self::Past => "That is in the past.".to_owned(),
            Self::ComingIs(date) => format!("That is in next week; the coming one is {}.", day(*date)),
            Self::MidnightBegins(date) => format!("Midnight begins the day: the first moment of {}.", day(*date)),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(Hours::TwentyFour))
    }
}

/// `Sat 13 March 2027`.
pub(super) fn day(date: Date) -> String {
    date.strftime("%a %-d %B %Y").to_string()
}
