//! The three forms of a time (RFC 5545 §3.3.4, §3.3.5), and what they are by the clock of an event.

use calcard::common::PartialDateTime;
use calcard::icalendar::ICalendarDuration;
use domain::time::Moment;
use domain::{EventTime, Zone};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// A date or a time, as a property has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// A day.
    Date(Date),
    /// A time by whichever clock is near.
    Floating(DateTime),
    /// A time by the clock of a zone.
    In(DateTime, Zone),
    /// A time in UTC.
    At(Timestamp),
}

/// By which clock an event goes: that of its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Whole days.
    Days,
    /// Any clock.
    Floating,
    /// The clock of a zone.
    Zone(Zone),
}

/// The civil time that is written, whatever its zone; `None` if there is none such.
pub(crate) fn civil_of(written: &PartialDateTime) -> Option<DateTime> {
    let part = |part: Option<u8>| i8::try_from(part.unwrap_or(0)).ok();
    // A leap second (RFC 5545 §3.3.12) is taken for the second before it.
    let time =
        jiff::civil::Time::new(part(written.hour)?, part(written.minute)?, part(written.second)?.min(59), 0).ok()?;
    Some(date_of(written)?.to_datetime(time))
}

/// The day that is written.
pub(crate) fn date_of(written: &PartialDateTime) -> Option<Date> {
    let (year, month, day) =
        (i16::try_from(written.year?).ok()?, i8::try_from(written.month?).ok()?, i8::try_from(written.day?).ok()?);
    Date::new(year, month, day).ok()
}

/// The instant at which the clocks of `zone` show `civil`; a time that they skip is read with the offset before the gap (§3.3.5).
pub(crate) fn instant_in(civil: DateTime, zone: &Zone) -> Option<Timestamp> {
    zone.rules().to_ambiguous_timestamp(civil).compatible().ok()
}

impl When {
    /// By which clock an event goes that begins then.
    pub(crate) fn frame(&self) -> Frame {
        match self {
            Self::Date(_) => Frame::Days,
            Self::Floating(_) => Frame::Floating,
            Self::In(_, zone) => Frame::Zone(zone.clone()),
            Self::At(_) => Frame::Zone(Zone::utc()),
        }
    }

    /// What is written, whatever the zone.
    pub(crate) fn written(&self) -> DateTime {
        match self {
            Self::Date(date) => date.to_datetime(jiff::civil::Time::midnight()),
            Self::Floating(civil) | Self::In(civil, _) => *civil,
            Self::At(instant) => instant.to_zoned(TimeZone::UTC).datetime(),
        }
    }

    /// What the clock of an event shows then. A date alone, among times, means the hour at which the event begins.
    pub(crate) fn civil_in(&self, frame: &Frame, begins: DateTime) -> Option<DateTime> {
        match (frame, self) {
            (Frame::Days, _) => Some(self.written().date().to_datetime(jiff::civil::Time::midnight())),
            (_, Self::Date(date)) => Some(date.to_datetime(begins.time())),
            (Frame::Floating, _) | (Frame::Zone(_), Self::Floating(_)) => Some(self.written()),
            (Frame::Zone(zone), Self::In(civil, own)) if zone == own => Some(*civil),
            (Frame::Zone(zone), _) => Some(self.instant(zone)?.to_zoned(zone.rules()).datetime()),
        }
    }

    /// The instant, by the clock of `near` where no other is named.
    fn instant(&self, near: &Zone) -> Option<Timestamp> {
        match self {
            Self::Date(_) | Self::Floating(_) => instant_in(self.written(), near),
            Self::In(civil, zone) => instant_in(*civil, zone),
            Self::At(instant) => Some(*instant),
        }
    }
}

/// What the clock shows when an event is over; of whole days the midnight after the last.
pub(crate) fn civil_end(time: &EventTime) -> DateTime {
    match time {
        EventTime::Timed(timed) => timed.end().civil(),
        EventTime::AllDay(days) => days.end().to_datetime(jiff::civil::Time::midnight()),
        EventTime::Floating(floating) => floating.end(),
    }
}

/// What an event's end is said by.
#[derive(Clone, Debug)]
pub(crate) enum Ends {
    /// `DTEND`
    At(When),
    /// `DURATION`
    After(ICalendarDuration),
    /// Neither: a day of a date, and nothing of a time (§3.6.1).
    Unsaid,
}

/// How an event's time came out, and what had to be done to it.
pub(crate) struct Placed {
    /// The time.
    pub(crate) time: EventTime,
    /// What is not as it stands in the file.
    pub(crate) note: Option<&'static str>,
}

const NO_LENGTH: &str = "it takes no time, which Convene does not have; it is shown as one minute";
const BACKWARDS: &str = "it ends before it begins; it is shown as one minute";
const SKIPPED: &str = "its clocks skip the time at which it begins; it begins that much later";

/// From `start` to where `ends` says.
///
/// # Errors
/// Why Convene has no such time.
pub(crate) fn placed(start: &When, ends: &Ends) -> Result<Placed, String> {
    let outside = || format!("its time, {}, lies outside the years 1 to 9990", start.written());
    match start.frame() {
        Frame::Days => {
            let first = start.written().date();
            let after = match ends {
                Ends::At(end) => end.written().date(),
                Ends::After(duration) => first.checked_add(days_of(duration)).map_err(|_| outside())?,
                Ends::Unsaid => first,
            };
            let end = if after > first { after } else { first.tomorrow().map_err(|_| outside())? };
            EventTime::all_day(first, end).map(|time| Placed { time, note: None }).map_err(|_| outside())
        }
        Frame::Floating => {
            let begins = start.written();
            let after = match ends {
                Ends::At(end) => end.civil_in(&Frame::Floating, jiff::civil::DateTime::MIN).unwrap_or(begins),
                Ends::After(duration) => begins
                    .checked_add(days_of_timed(duration))
                    .and_then(|end| end.checked_add(rest_of(duration)))
                    .map_err(|_| outside())?,
                Ends::Unsaid => begins,
            };
            let note = short(after.cmp(&begins));
            let minute = begins.checked_add(SignedDuration::from_mins(1)).map_err(|_| outside())?;
            let end = if note.is_some() { minute } else { after };
            EventTime::floating(begins, end).map(|time| Placed { time, note }).map_err(|_| outside())
        }
        Frame::Zone(zone) => timed(start, ends, &zone).ok_or_else(outside),
    }
}

fn timed(start: &When, ends: &Ends, zone: &Zone) -> Option<Placed> {
    let begins = start.instant(zone)?;
    let moment = |field, instant| Moment::at(field, instant, zone).ok();
    let after = match ends {
        Ends::At(end) => end.instant(zone)?,
        // Days are days by the clock, hours are exact (§3.3.6).
        Ends::After(duration) => {
            let day = begins.to_zoned(zone.rules()).checked_add(days_of_timed(duration)).ok()?;
            day.timestamp().checked_add(rest_of(duration)).ok()?
        }
        Ends::Unsaid => begins,
    };
    let shown = begins.to_zoned(zone.rules()).datetime();
    let skipped = matches!(start, When::In(civil, _) if *civil != shown).then_some(SKIPPED);
    let note = short(after.cmp(&begins));
    let end = if note.is_some() { begins.checked_add(SignedDuration::from_mins(1)).ok()? } else { after };
    let time = EventTime::timed(moment("start", begins)?, moment("end", end)?, zone.clone()).ok()?;
    Some(Placed { time, note: skipped.or(note) })
}

const fn short(end_to_start: std::cmp::Ordering) -> Option<&'static str> {
    match end_to_start {
        std::cmp::Ordering::Less => Some(BACKWARDS),
        std::cmp::Ordering::Equal => Some(NO_LENGTH),
        std::cmp::Ordering::Greater => None,
    }
}

/// Whole days of a duration, a part of a day counted as one.
fn days_of(duration: &ICalendarDuration) -> Span {
    let days = i64::from(duration.weeks).saturating_mul(7).saturating_add(i64::from(duration.days));
    let more = i64::from(rest_of(duration).as_secs() > 0);
    Span::new().try_days(if duration.neg { 0 } else { days.saturating_add(more) }).unwrap_or_default()
}

fn days_of_timed(duration: &ICalendarDuration) -> Span {
    let days = i64::from(duration.weeks).saturating_mul(7).saturating_add(i64::from(duration.days));
    Span::new().try_days(signed(duration, days)).unwrap_or_default()
}

fn rest_of(duration: &ICalendarDuration) -> SignedDuration {
    let hours = i64::from(duration.hours).saturating_mul(3_600);
    let minutes = i64::from(duration.minutes).saturating_mul(60);
    SignedDuration::from_secs(signed(
        duration,
        hours.saturating_add(minutes).saturating_add(i64::from(duration.seconds)),
    ))
}

const fn signed(duration: &ICalendarDuration, number: i64) -> i64 {
    if duration.neg { number.saturating_neg() } else { number }
}
