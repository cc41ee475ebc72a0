//! The date field of the event form: from text to an event's time, and back to text that means the same.

use domain::time::Moment;
use domain::{Error, EventTime, Timestamp, Zone};
use jiff::ToSpan as _;

use crate::input::{Here, Span};

/// Without an end, a timed event takes one hour and a whole-day one its day, as on the command line.
pub(crate) fn meant(text: &str, now: Timestamp, zone: &Zone) -> Result<EventTime, Error> {
    if text.is_empty() {
        return Err(Error::invalid("start", "", "it is empty; write for example: tomorrow 9am 1h30"));
    }
    let when = Here { now, zone: zone.clone() }.read("start", text)?;
    match when.span {
        Span::Timed { start, end } => {
            let end = match end {
                Some(end) => end,
                None => an_hour_after(start, &when.zone)?,
            };
            EventTime::timed(start, end, when.zone)
        }
        Span::Days { first, end } => {
            let end = match end {
                Some(end) => end,
                None => first.tomorrow().map_err(|_| Error::invalid("start", text, "it is the last day there is"))?,
            };
            EventTime::all_day(first, end)
        }
    }
}

fn an_hour_after(start: Moment, zone: &Zone) -> Result<Moment, Error> {
    let instant = jiff::Timestamp::from_second(start.instant(zone) + 3_600).unwrap_or_default();
    Moment::at("end", instant, zone)
}

/// Text that means this time.
pub(crate) fn written(time: &EventTime) -> String {
    match time {
        EventTime::Timed(timed) => {
            let (start, end) = (timed.start().civil(), timed.end().civil());
            let until = if start.date() == end.date() { end.strftime("%H:%M") } else { end.strftime("%Y-%m-%d %H:%M") };
            format!("{} to {until}", start.strftime("%Y-%m-%d %H:%M"))
        }
        EventTime::AllDay(days) => {
            let last = days.end().checked_sub(1.day()).unwrap_or(days.end());
            if last == days.start() { format!("{last} all day") } else { format!("{} to {last} all day", days.start()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_written_for_editing_means_the_same_when_read() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        for text in
            ["2026-12-01 18:00 1h30m", "2026-12-01 22:00 to 2026-12-02 03:00", "2026-12-24", "2026-12-24 to 2026-12-26"]
        {
            let time = meant(text, now, &zone).unwrap();
            assert_eq!(meant(&written(&time), now, &zone).unwrap(), time, "{text} as {}", written(&time));
        }
    }

    #[test]
    fn a_word_that_is_not_understood_is_an_error_of_the_field() {
        let error = meant("tomorrow 9am perhaps", Timestamp::from_micros(0), &Zone::utc()).unwrap_err();
        assert_eq!(error.field(), Some("start"));
        assert!(error.to_string().contains("perhaps"), "{error}");
    }
}
