//! From what people write about time to what an event keeps of it.
//!
//! [`point`], [`duration`] and [`hours`] read single words; here they become the time of a new event, a change of an existing one's, or the
//! days of a list. What a time means where clocks jump is decided by `domain`. [`stretch`] is the arithmetic of what is free.

mod duration;
mod hours;
mod point;
mod stretch;

use domain::time::{AllDay, Moment, Timed, Window};
use domain::{Error, EventTime, Timestamp, Zone};
use jiff::civil::Date;

pub(crate) use duration::Duration;
pub(crate) use hours::{Hours, Weekdays};
pub(crate) use point::Point;
pub(crate) use stretch::{Stretch, left, merged};

/// The moment at which a command is given, and where: what words such as `today` are read by.
#[derive(Clone, Debug)]
pub(crate) struct Here {
    /// When the command was given.
    pub(crate) now: Timestamp,
    /// The machine's zone: the reader's.
    pub(crate) zone: Zone,
}

/// What was said about an event's time. All of it is optional but a new event's start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    /// `--start`.
    pub(crate) start: Option<&'a str>,
    /// `--end`.
    pub(crate) end: Option<&'a str>,
    /// `--for`.
    pub(crate) lasting: Option<&'a str>,
    /// `--all-day`.
    pub(crate) all_day: bool,
    /// `--zone`.
    pub(crate) zone: Option<&'a str>,
}

/// How long an event lasts when nothing is said.
const AN_HOUR: Duration = Duration { days: 0, seconds: 3_600 };
/// How long an all-day event lasts when nothing is said.
const A_DAY: Duration = Duration { days: 1, seconds: 0 };

impl Said<'_> {
    /// Whether anything was said.
    pub(crate) const fn anything(&self) -> bool {
        self.start.is_some() || self.end.is_some() || self.lasting.is_some() || self.all_day || self.zone.is_some()
    }

    /// The time of a new event.
    ///
    /// # Errors
    /// Invalid input naming `start`, `end`, `for` or `zone`.
    pub(crate) fn time_of_new(&self, here: &Here) -> Result<EventTime, Error> {
        let zone = self.zone_or(&here.zone)?;
        let start = self.point("start", self.start, here, &zone)?;
        let start = start.ok_or_else(|| Error::invalid("start", "", "say when it begins"))?;
        let end = self.point("end", self.end, here, &zone)?;
        let lasting = self.lasting.map(Duration::parse).transpose()?;
        if self.all_day { days(start, end, lasting.unwrap_or(A_DAY)) } else { timed(start, end, lasting, zone) }
    }

    /// The time of an event that had `old`. Only the start given: as long as before. Only the end or the length: the same
    /// start. Only a zone: the same civil times there.
    ///
    /// # Errors
    /// As [`time_of_new`](Self::time_of_new).
    pub(crate) fn time_of_edited(&self, old: &EventTime, here: &Here) -> Result<EventTime, Error> {
        let zone = self.zone_or(old.zone().unwrap_or(&here.zone))?;
        let start = self.point("start", self.start, here, &zone)?;
        let end = self.point("end", self.end, here, &zone)?;
        let lasting = self.lasting.map(Duration::parse).transpose()?;
        match old {
            EventTime::Timed(old) if !self.all_day => edit_timed(old, start, end, lasting, zone),
            EventTime::Timed(old) => edit_days(&whole_days_of(old)?, start, end, lasting),
            EventTime::Floating(old) if !self.all_day && self.zone.is_none() => {
                // In no zone before, in none after: its times are read as those of a zone without jumps.
                let (start, end) = (moment(old.start())?, moment(old.end())?);
                let EventTime::Timed(old) = EventTime::timed(start, end, Zone::utc())? else {
                    return Err(out_of_years("start", &old.start()));
                };
                let start = self.point("start", self.start, here, &Zone::utc())?;
                let end = self.point("end", self.end, here, &Zone::utc())?;
                match edit_timed(&old, start, end, lasting, Zone::utc())? {
                    EventTime::Timed(new) => EventTime::floating(new.start().civil(), new.end().civil()),
                    other => Ok(other),
                }
            }
            EventTime::Floating(old) => {
                let zoned = EventTime::timed(
                    Moment::in_zone("start", old.start(), &zone)?,
                    Moment::in_zone("end", old.end(), &zone)?,
                    zone,
                )?;
                self.time_of_edited(&zoned, here)
            }
            EventTime::AllDay(old) => match start {
                Some(start @ (Point::Civil(_) | Point::Instant(_))) if !self.all_day => {
                    timed(start, end, lasting, zone)
                }
                _ => edit_days(old, start, end, lasting),
            },
        }
    }

    fn zone_or(&self, otherwise: &Zone) -> Result<Zone, Error> {
        self.zone.map_or_else(|| Ok(otherwise.clone()), str::parse)
    }

    fn point(&self, field: &str, said: Option<&str>, here: &Here, zone: &Zone) -> Result<Option<Point>, Error> {
        said.map(|text| Point::parse(field, text, here.now, zone)).transpose()
    }
}

/// The days of a list, in the reader's zone: from `from` (or `otherwise_from`) to `to`, both inclusive.
///
/// # Errors
/// Invalid input naming `from` or `to`.
pub(crate) fn day(field: &str, said: Option<&str>, here: &Here) -> Result<Option<Date>, Error> {
    said.map(|text| Point::parse(field, text, here.now, &here.zone)?.day(field, "only whole days can be asked for"))
        .transpose()
}

/// The day that is today for the reader.
///
/// # Errors
/// Invalid input naming `from` if the machine's clock is outside the years that Convene keeps.
pub(crate) fn today(here: &Here) -> Result<Date, Error> {
    Window::today(here.now, &here.zone)
        .ok_or_else(|| Error::invalid("from", "today", "the machine's clock is far off; set it"))
}

fn timed(start: Point, end: Option<Point>, lasting: Option<Duration>, zone: Zone) -> Result<EventTime, Error> {
    let start = start.moment("start", &zone)?;
    let end = match end {
        Some(end) => end.moment("end", &zone)?,
        None => after(start, lasting.unwrap_or(AN_HOUR), &zone)?,
    };
    EventTime::timed(start, end, zone)
}

fn edit_timed(
    old: &Timed,
    start: Option<Point>,
    end: Option<Point>,
    lasting: Option<Duration>,
    zone: Zone,
) -> Result<EventTime, Error> {
    let moved = start.is_some();
    let start = match start {
        Some(start) => start.moment("start", &zone)?,
        None => kept("start", old.start(), old.zone(), &zone)?,
    };
    let end = match (end, lasting) {
        (Some(end), _) => end.moment("end", &zone)?,
        (None, Some(lasting)) => after(start, lasting, &zone)?,
        (None, None) if moved => {
            let length = old.end().instant(old.zone()).saturating_sub(old.start().instant(old.zone()));
            let end = start.instant(&zone).saturating_add(length);
            Moment::at("end", instant("end", end)?, &zone)?
        }
        (None, None) => kept("end", old.end(), old.zone(), &zone)?,
    };
    EventTime::timed(start, end, zone)
}

/// The same civil time in another zone; in the same zone, the same moment.
fn kept(field: &str, moment: Moment, from: &Zone, to: &Zone) -> Result<Moment, Error> {
    if from == to { Ok(moment) } else { Moment::in_zone(field, moment.civil(), to) }
}

fn edit_days(
    old: &AllDay,
    start: Option<Point>,
    end: Option<Point>,
    lasting: Option<Duration>,
) -> Result<EventTime, Error> {
    let length = u32::try_from(old.start().duration_until(old.end()).as_hours() / 24).unwrap_or(1);
    match (start, end, lasting) {
        (None, None, None) => EventTime::all_day(old.start(), old.end()),
        (start, None, None) => {
            days(start.unwrap_or(Point::Date(old.start())), None, Duration { days: length, seconds: 0 })
        }
        (start, end, lasting) => days(start.unwrap_or(Point::Date(old.start())), end, lasting.unwrap_or(A_DAY)),
    }
}

/// The days that a timed event touches.
fn whole_days_of(old: &Timed) -> Result<AllDay, Error> {
    let (start, end) = (old.start().civil().date(), old.end().civil());
    let end = if end.time() == jiff::civil::Time::midnight() && end.date() > start {
        end.date()
    } else {
        end.date().max(start).tomorrow().map_err(|_| out_of_years("end", &end))?
    };
    match EventTime::all_day(start, end)? {
        EventTime::AllDay(days) => Ok(days),
        EventTime::Timed(_) | EventTime::Floating(_) => Err(out_of_years("end", &end)),
    }
}

fn days(start: Point, end: Option<Point>, lasting: Duration) -> Result<EventTime, Error> {
    const WHY: &str = "an all-day event has days and no times";
    let start = start.day("start", WHY)?;
    let end = match end {
        Some(end) => end.day("end", WHY)?,
        None if lasting.seconds != 0 => {
            return Err(Error::invalid(
                "for",
                format!("{}s", lasting.seconds),
                "an all-day event lasts whole days, as in 2d",
            ));
        }
        None => start.checked_add(lasting.span()).map_err(|_| out_of_years("end", &start))?,
    };
    EventTime::all_day(start, end)
}

fn moment(civil: jiff::civil::DateTime) -> Result<Moment, Error> {
    Moment::in_zone("start", civil, &Zone::utc())
}

fn after(start: Moment, lasting: Duration, zone: &Zone) -> Result<Moment, Error> {
    let end = instant("start", start.instant(zone))?
        .to_zoned(zone.rules())
        .checked_add(lasting.span())
        .map_err(|_| out_of_years("end", &start.civil()))?;
    Moment::at("end", end.timestamp(), zone)
}

fn instant(field: &str, seconds: i64) -> Result<jiff::Timestamp, Error> {
    jiff::Timestamp::from_second(seconds).map_err(|_| out_of_years(field, &seconds))
}

fn out_of_years(field: &str, value: &dyn std::fmt::Display) -> Error {
    Error::invalid(field, value.to_string(), "events lie in the years 1 to 9990")
}

#[cfg(test)]
mod tests;
