//! What a phrase means for someone at some moment in some zone.

use domain::time::Moment;
use domain::{Error, Timestamp, Zone};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::AmbiguousOffset;

use super::length::Length;
use super::phrase::{self, ALREADY, Day, Phrase, Refusal, Side, Which};
use super::when::{Note, Span, When, day};
use super::word::{Clock, Half, Unit};

/// Whose now, and whose zone, words such as "tomorrow" and times without a zone are of.
#[derive(Clone, Debug)]
pub struct Here {
    /// The machine's clock.
    pub now: Timestamp,
    /// The zone that is meant where the text names none.
    pub zone: Zone,
}

/// What every error about words that were not understood ends with.
pub(crate) const EXAMPLES: &str =
    "\"tomorrow 9am\", \"fri 14:00 1h30\", \"in 2 weeks\", \"dec 24 all day\" or \"2026-12-01 18:00\"";

impl Here {
    /// What `text` means, all of it.
    ///
    /// # Errors
    /// Invalid input naming `field`, the words that were not understood, and examples of what is; also if the zone's clocks
    /// skip the time, or the end is not after the start.
    pub fn read(&self, field: &str, text: &str) -> Result<When, Error> {
        let mut reading = Reading::new(self, field, text);
        let phrase = phrase::read(text).map_err(|refusal| reading.error(refusal))?;
        reading.zone = phrase.zone.clone().unwrap_or_else(|| self.zone.clone());
        reading.all(phrase)
    }

    /// `start` with the end that `text` gives it: a time, a date, both, or a length. A time without a day is on the day of the
    /// start, or on the day after if it would not be later. A date is the last day.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_end(&self, field: &str, text: &str, start: &When) -> Result<When, Error> {
        let mut reading = Reading::new(self, field, text);
        reading.zone = start.zone.clone();
        reading.notes = start.notes.clone();
        let mut phrase = phrase::read(text).map_err(|refusal| reading.error(refusal))?;
        if phrase.zone.is_some_and(|zone| zone != start.zone) {
            return Err(reading.wrong(format!("the event is in the zone {}", start.zone)));
        }
        let mut end = match phrase.end.take() {
            Some(_) if !phrase.start.is_empty() => {
                return Err(reading.wrong("it says two times, but asked is only the end"));
            }
            Some(end) => Some(end),
            None if phrase.start.is_empty() => None,
            None => Some(phrase.start),
        };
        if let Some(end) = &mut end {
            reading.settle_end(start_as_written(&start.span), end)?;
        }
        if end.is_none() && phrase.length.is_none() {
            return Err(reading.wrong("it says no end"));
        }
        let span = reading.with_end(start.span, end, phrase.length)?;
        Ok(When { span, said_all_day: start.said_all_day || phrase.all_day, zone: reading.zone, notes: reading.notes })
    }
}

/// The start of a span that has already been understood, for a number in the end that depends on it.
fn start_as_written(span: &Span) -> Side {
    match span {
        Span::Timed { start, .. } => {
            let time = start.civil().time();
            let clock =
                Clock { hour: time.hour(), minute: time.minute(), second: time.second(), half: None, midnight: false };
            Side { day: Some(Day::Date(start.civil().date())), clock: Some(clock), ..Side::default() }
        }
        Span::Days { first, .. } => Side { day: Some(Day::Date(*first)), ..Side::default() },
    }
}

/// One text on its way to its meaning.
struct Reading<'a> {
    here: &'a Here,
    field: &'a str,
    text: &'a str,
    zone: Zone,
    notes: Vec<Note>,
}

impl<'a> Reading<'a> {
    fn new(here: &'a Here, field: &'a str, text: &'a str) -> Self {
        Self { here, field, text: text.trim(), zone: here.zone.clone(), notes: Vec::new() }
    }

    fn error(&self, refusal: Refusal) -> Error {
        let words = if refusal.words.is_empty() { self.text.to_owned() } else { refusal.words };
        // What is said twice is understood: no example says what to do about it.
        if refusal.reason.contains(ALREADY) {
            return Error::invalid(self.field, words, format!("{}; leave out one of them", refusal.reason));
        }
        Error::invalid(self.field, words, format!("{}; write for example {EXAMPLES}", refusal.reason))
    }

    fn wrong(&self, reason: impl Into<String>) -> Error {
        self.error(Refusal::new("", reason))
    }

    /// What the clocks of the zone show now.
    fn now(&self) -> DateTime {
        let instant =
            jiff::Timestamp::from_microsecond(self.here.now.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        instant.to_zoned(self.zone.rules()).datetime()
    }

    fn all(mut self, phrase: Phrase) -> Result<When, Error> {
        let Phrase { mut start, mut end, length, all_day, zone: _ } = phrase;
        if end.is_some() && length.is_some() {
            return Err(self.wrong("it says both an end and a length"));
        }
        if let Some(end) = &mut end {
            self.settle_start(&mut start, end)?;
            self.settle_end(start.clone(), end)?;
        }
        self.settle_alone(&mut start)?;
        let begun = self.begin(&start)?;
        if all_day && matches!(begun, Span::Timed { .. }) {
            return Err(self.wrong("it says both a time and all day"));
        }
        let span = if end.is_some() || length.is_some() { self.with_end(begun, end, length)? } else { begun };
        self.note_the_past(&span);
        Ok(When { span, zone: self.zone, said_all_day: all_day, notes: self.notes })
    }

    fn note_the_past(&mut self, span: &Span) {
        let past = match span {
            Span::Timed { start, .. } => start.instant(&self.zone).saturating_add(60) <= self.here.now.as_seconds(),
            Span::Days { first, end } => {
                let today = self.now().date();
                end.map_or(*first < today, |end| end <= today)
            }
        };
        if past {
            self.notes.push(Note::Past);
        }
    }

    /// A bare number in the start takes its meaning from the end: `2-4pm`, `24-26 dec`.
    fn settle_start(&self, start: &mut Side, end: &Side) -> Result<(), Error> {
        let Some(number) = start.bare else { return Ok(()) };
        match (end.clock, end.day.as_ref()) {
            (Some(Clock { half: Some(half), .. }), _) if start.clock.is_none() => {
                let same = self.hour(number, Some(half))?;
                let before = end.clock.is_some_and(|end| same.time().0 < end.time().0);
                start.clock = Some(if before { same } else { self.hour(number, Some(other(half)))? });
            }
            (None, Some(Day::EachYear { month, .. })) if start.day.is_none() => {
                start.day = Some(Day::EachYear { day: self.day_number(number)?, month: *month });
            }
            (None, Some(Day::Date(date))) if start.day.is_none() => {
                start.day = Some(Day::Date(self.same_month(*date, number)?));
            }
            _ => return Ok(()),
        }
        start.bare = None;
        Ok(())
    }

    /// A bare number in the end takes its meaning from the start: `9:30-11`, `2pm-4`, `dec 24-26`.
    fn settle_end(&self, start: Side, end: &mut Side) -> Result<(), Error> {
        let Some(number) = end.bare else { return Ok(()) };
        match (start.clock, start.day) {
            (Some(clock), _) if end.clock.is_none() => {
                let from = clock.time().0;
                end.clock = Some(match clock.half {
                    Some(half) => {
                        let same = self.hour(number, Some(half))?;
                        if same.time().0 > from { same } else { self.hour(number, Some(other(half)))? }
                    }
                    None => {
                        let hour = self.hour(number, None)?;
                        let (until, next_day) = hour.time();
                        if number <= 12 && until <= from && !next_day && end.day.is_none() {
                            return Err(self.unclear(number));
                        }
                        hour
                    }
                });
            }
            (None, Some(Day::EachYear { month, .. })) if end.day.is_none() => {
                end.day = Some(Day::EachYear { day: self.day_number(number)?, month });
            }
            (None, Some(Day::Date(date))) if end.day.is_none() => {
                end.day = Some(Day::Date(self.same_month(date, number)?));
            }
            _ => return Err(self.unclear(number)),
        }
        end.bare = None;
        Ok(())
    }

    /// A bare number that nothing explains is an hour if it can be no other; of the hours up to twelve there are two.
    fn settle_alone(&self, side: &mut Side) -> Result<(), Error> {
        match side.bare.take() {
            None => Ok(()),
            Some(number @ 13..=23) if side.clock.is_none() => {
                side.clock = Some(self.hour(number, None)?);
                Ok(())
            }
            Some(number) => Err(self.unclear(number)),
        }
    }

    fn unclear(&self, number: i64) -> Error {
        let words = number.to_string();
        let reason = match number {
            1..=12 => format!("in the morning or the evening? Write {number}am, {number}pm or {number}:00"),
            _ => "a number needs a unit or a month".to_owned(),
        };
        self.error(Refusal::new(words, reason))
    }

    fn hour(&self, number: i64, half: Option<Half>) -> Result<Clock, Error> {
        Clock::hour(number, half).map_err(|reason| self.error(Refusal::new(number.to_string(), reason)))
    }

    fn day_number(&self, number: i64) -> Result<i8, Error> {
        i8::try_from(number).map_err(|_| self.unclear(number))
    }

    fn same_month(&self, date: Date, number: i64) -> Result<Date, Error> {
        let day = self.day_number(number)?;
        date.with()
            .day(day)
            .build()
            .map_err(|_| self.error(Refusal::new(number.to_string(), "that month has no such day")))
    }

    fn begin(&mut self, side: &Side) -> Result<Span, Error> {
        let now = self.now();
        if let Some(moment) = self.exact(side)? {
            return Ok(Span::Timed { start: moment, end: None });
        }
        let date = self.date(side, now.date(), true)?;
        let Some(clock) = side.clock else {
            let Some(first) = date else { return Err(self.wrong("it says no date and no time")) };
            self.in_range(first)?;
            return Ok(Span::Days { first, end: None });
        };
        let (time, next_day) = clock.time();
        if next_day {
            return Err(self.error(Refusal::new("24:00", "that begins the day after; write 00:00 and that day")));
        }
        let date = match date {
            Some(date) => date,
            None if now.date().to_datetime(time) > now => now.date(),
            None => self.plus(now.date(), 1, Unit::Day)?,
        };
        if clock.midnight {
            self.notes.push(Note::MidnightBegins(date));
        }
        Ok(Span::Timed { start: self.moment(date.to_datetime(time))?, end: None })
    }

    fn with_end(&mut self, begun: Span, end: Option<Side>, length: Option<Length>) -> Result<Span, Error> {
        match (begun, end, length) {
            (_, Some(_), Some(_)) => Err(self.wrong("it says both an end and a length")),
            (begun, None, None) => Ok(begun),
            (Span::Timed { start, .. }, None, Some(length)) => {
                let end = self.after(start, length)?;
                self.timed(start, end)
            }
            (Span::Timed { start, .. }, Some(side), None) => {
                let end = self.moment_of_end(start, &side)?;
                self.timed(start, end)
            }
            (Span::Days { .. }, None, Some(length)) if length.minutes > 0 => {
                Err(self.wrong("a length in hours needs a time to start at"))
            }
            (Span::Days { first, .. }, None, Some(length)) => {
                Ok(Span::Days { first, end: Some(self.plus(first, length.days, Unit::Day)?) })
            }
            (Span::Days { first, .. }, Some(side), None) => {
                if side.clock.is_some() || matches!(side.day, Some(Day::FromNow(_) | Day::Instant(..))) {
                    return Err(self.wrong("it says when it ends, but no time at which it starts"));
                }
                let last = self.date(&side, first, false)?.ok_or_else(|| self.wrong("it says no end"))?;
                if last < first {
                    return Err(self.wrong(format!("the end, {}, is before the start, {}", day(last), day(first))));
                }
                Ok(Span::Days { first, end: Some(self.plus(last, 1, Unit::Day)?) })
            }
        }
    }

    fn timed(&self, start: Moment, end: Moment) -> Result<Span, Error> {
        if end.instant(&self.zone) > start.instant(&self.zone) {
            return Ok(Span::Timed { start, end: Some(end) });
        }
        Err(self.wrong(format!("the end, {}, must be after the start, {}", end.civil(), start.civil())))
    }

    fn after(&mut self, start: Moment, length: Length) -> Result<Moment, Error> {
        let mut moment = start;
        if length.days > 0 {
            let date = self.plus(start.civil().date(), length.days, Unit::Day)?;
            moment = self.moment(date.to_datetime(start.civil().time()))?;
        }
        let instant = moment.instant(&self.zone).saturating_add(length.minutes.saturating_mul(60));
        self.at(instant)
    }

    fn moment_of_end(&mut self, start: Moment, side: &Side) -> Result<Moment, Error> {
        if let Some(moment) = self.exact(side)? {
            return Ok(moment);
        }
        let begun = start.civil();
        let day = self.date(side, begun.date(), false)?;
        let Some(clock) = side.clock else { return Err(self.wrong("at what time does it end?")) };
        let (time, next_day) = clock.time();
        let mut date = day.unwrap_or(begun.date());
        if let (true, Some(day)) = (clock.midnight, day) {
            self.notes.push(Note::MidnightBegins(day));
        }
        if next_day || (day.is_none() && time <= begun.time()) {
            date = self.plus(date, 1, Unit::Day)?;
        }
        self.moment(date.to_datetime(time))
    }

    /// The moment of a side that says one by itself: `in 90 min`, `2027-03-10T09:00+01:00`.
    fn exact(&mut self, side: &Side) -> Result<Option<Moment>, Error> {
        let moment = match &side.day {
            Some(Day::FromNow(minutes)) => {
                let minute = self.here.now.as_seconds().div_euclid(60) * 60;
                self.at(minute.saturating_add(minutes.saturating_mul(60)))?
            }
            Some(Day::Instant(civil, None)) => self.moment(*civil)?,
            Some(Day::Instant(civil, Some(offset))) => {
                let instant = offset.to_timestamp(*civil).map_err(|_| self.out_of_range())?;
                self.at(instant.as_second())?
            }
            _ => return Ok(None),
        };
        if side.clock.is_some() {
            return Err(self.wrong("it says two times"));
        }
        if let Some((weekday, _)) = side.weekday {
            self.check_weekday(moment.civil().date(), weekday)?;
        }
        Ok(Some(moment))
    }

    /// The day that a side says, if it says one; of those that come again, the first from `from` on.
    fn date(&mut self, side: &Side, from: Date, later_today: bool) -> Result<Option<Date>, Error> {
        let today = self.now().date();
        let date = match &side.day {
            None => {
                let Some((weekday, which)) = side.weekday else { return Ok(None) };
                return self.weekday(weekday, which, from, side.clock.filter(|_| later_today)).map(Some);
            }
            Some(Day::NextWeek) => {
                let same_day = self.plus(today, 7, Unit::Day)?;
                return match side.weekday {
                    Some((weekday, _)) => self.in_week_of(same_day, weekday).map(Some),
                    None => Ok(Some(same_day)),
                };
            }
            Some(Day::Date(date)) => *date,
            Some(Day::EachYear { day, month }) => (0..=8)
                .filter_map(|years| Date::new(from.year().checked_add(years)?, *month, *day).ok())
                .find(|date| *date >= from)
                .ok_or_else(|| self.wrong("the calendar has no such day"))?,
            Some(Day::EachMonth(number)) => {
                let day = self.day_number(*number)?;
                (0..=12)
                    .filter_map(|months| {
                        self.plus(from.first_of_month(), months, Unit::Month).ok()?.with().day(day).build().ok()
                    })
                    .find(|date| *date >= from)
                    .ok_or_else(|| self.out_of_range())?
            }
            Some(Day::FromToday(number, unit)) => self.plus(today, *number, *unit)?,
            Some(Day::FromNow(_) | Day::Instant(..)) => return Ok(None),
        };
        if let Some((weekday, _)) = side.weekday {
            self.check_weekday(date, weekday)?;
        }
        Ok(Some(date))
    }

    fn weekday(&mut self, weekday: Weekday, which: Which, from: Date, clock: Option<Clock>) -> Result<Date, Error> {
        let now = self.now();
        let coming = self.plus(from, i64::from(from.weekday().until(weekday)), Unit::Day)?;
        match which {
            Which::This => Ok(coming),
            Which::Coming => {
                let passed = clock.is_some_and(|clock| coming.to_datetime(clock.time().0) <= now);
                if passed { self.plus(coming, 7, Unit::Day) } else { Ok(coming) }
            }
            Which::Next => {
                let next_week = self.plus(now.date(), 7, Unit::Day)?;
                let next = self.in_week_of(next_week, weekday)?;
                if coming != next && coming != now.date() {
                    self.notes.push(Note::ComingIs(coming));
                }
                Ok(next)
            }
        }
    }

    fn in_week_of(&self, date: Date, weekday: Weekday) -> Result<Date, Error> {
        let days = i64::from(weekday.to_monday_zero_offset()) - i64::from(date.weekday().to_monday_zero_offset());
        self.plus(date, days, Unit::Day)
    }

    fn check_weekday(&self, date: Date, weekday: Weekday) -> Result<(), Error> {
        if date.weekday() == weekday {
            return Ok(());
        }
        Err(self.wrong(format!("the weekday does not fit, that day is {}", day(date))))
    }

    /// `civil` in the zone: refused if its clocks skip it, noted if they show it twice.
    fn moment(&mut self, civil: DateTime) -> Result<Moment, Error> {
        let moment = Moment::in_zone(self.field, civil, &self.zone)?;
        if let AmbiguousOffset::Fold { before, after } = self.zone.rules().to_ambiguous_timestamp(civil).offset() {
            self.notes.push(Note::Repeated { civil, first: before, second: after });
        }
        Ok(moment)
    }

    fn at(&self, instant: i64) -> Result<Moment, Error> {
        let instant = jiff::Timestamp::from_second(instant).map_err(|_| self.out_of_range())?;
        Moment::at(self.field, instant, &self.zone)
    }

    fn plus(&self, date: Date, number: i64, unit: Unit) -> Result<Date, Error> {
        let span = jiff::Span::new();
        let span = match unit {
            Unit::Year => span.try_years(number),
            Unit::Month => span.try_months(number),
            Unit::Week => span.try_weeks(number),
            Unit::Day | Unit::Hour | Unit::Minute => span.try_days(number),
        };
        let date = span.and_then(|span| date.checked_add(span)).map_err(|_| self.out_of_range())?;
        self.in_range(date)?;
        Ok(date)
    }

    fn in_range(&self, date: Date) -> Result<(), Error> {
        if (1..=9_990).contains(&date.year()) { Ok(()) } else { Err(self.out_of_range()) }
    }

    fn out_of_range(&self) -> Error {
        self.wrong("events lie in the years 1 to 9990")
    }
}

const fn other(half: Half) -> Half {
    match half {
        Half::Am => Half::Pm,
        Half::Pm => Half::Am,
    }
}
