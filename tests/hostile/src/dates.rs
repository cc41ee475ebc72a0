//! Dates, times and lengths as people write them, at any moment in zones with every kind of clock change.

use client::hours::Hours;
use client::input::{Here, Length};
use domain::{Timestamp, Zone};

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/St_Johns",
];

/// The first byte says the zone, the next five the moment (seconds since 1970), the rest is the text: a start, and behind a line break an end.
pub(crate) fn dates(data: &[u8]) {
    let [zone, a, b, c, d, e, text @ ..] = data else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let seconds = i64::from_le_bytes([*a, *b, *c, *d, *e, 0, 0, 0]);
    // From 1970 to some 8,700 years later.
    let now = Timestamp::from_micros(seconds.min(253_000_000_000) * 1_000_000);
    let zone: Zone = ZONES[usize::from(*zone) % ZONES.len()].parse().unwrap();
    let here = Here { now, zone };
    let (start, end) = text.split_once('\n').unwrap_or((text, ""));
    let _ = Length::read("for", start);
    let Ok(when) = here.read("start", start) else { return };
    for hours in [Hours::Twelve, Hours::TwentyFour] {
        assert!(!when.echo(hours).is_empty());
    }
    // Whatever the form shows as understood can be saved, or is refused with a reason; it never breaks.
    let _ = when.event_time();
    if let Ok(ending) = here.read_end("end", end, &when) {
        assert!(!ending.echo(Hours::TwentyFour).is_empty());
        let _ = ending.event_time();
    }
}
