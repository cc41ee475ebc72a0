//! The date field of the event form: an event's time as text that means the same when it is read.

use domain::EventTime;
use jiff::ToSpan as _;
use jiff::civil::DateTime;

/// Text that means this time.
pub(crate) fn written(time: &EventTime) -> String {
    match time {
        EventTime::Timed(timed) => from_to(timed.start().civil(), timed.end().civil()),
        EventTime::Floating(floating) => from_to(floating.start(), floating.end()),
        EventTime::AllDay(days) => {
            let last = days.end().checked_sub(1.day()).unwrap_or(days.end());
            if last == days.start() { format!("{last} all day") } else { format!("{} to {last} all day", days.start()) }
        }
    }
}

fn from_to(start: DateTime, end: DateTime) -> String {
    let until = if start.date() == end.date() { end.strftime("%H:%M") } else { end.strftime("%Y-%m-%d %H:%M") };
    format!("{} to {until}", start.strftime("%Y-%m-%d %H:%M"))
}

#[cfg(test)]
mod tests {
    use domain::{Error, Timestamp, Zone};

    use super::*;
    use crate::input::Here;

    fn meant(text: &str, now: Timestamp, zone: &Zone) -> Result<EventTime, Error> {
        Here { now, zone: zone.clone() }.read("start", text)?.event_time()
    }

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
}
