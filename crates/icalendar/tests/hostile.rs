//! Bytes that nobody meant: reading them never panics, and what was read can be written and read again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use domain::{Timestamp, Zone};
use proptest::prelude::*;

/// Lines that calendars are made of, and such that no calendar has.
const LINES: [&str; 48] = [
    "BEGIN:VCALENDAR",
    "END:VCALENDAR",
    "BEGIN:VEVENT",
    "END:VEVENT",
    "BEGIN:VEVENT",
    "END:VEVENT",
    "BEGIN:VALARM",
    "END:VALARM",
    "BEGIN:VTIMEZONE",
    "END:VTIMEZONE",
    "BEGIN:STANDARD",
    "END:STANDARD",
    "BEGIN:VTODO",
    "END:VTODO",
    "UID:a",
    "UID:b",
    "DTSTART:20270310T090000Z",
    "DTSTART;TZID=Europe/Berlin:20270328T023000",
    "DTSTART;VALUE=DATE:20270310",
    "DTSTART:20270310T090000",
    "DTSTART;TZID=Own:20271031T023000",
    "DTSTART:00000000T999999Z",
    "DTSTART:99991231T235959Z",
    "DTEND:20270310T100000Z",
    "DTEND;VALUE=DATE:20270312",
    "DURATION:PT1H",
    "DURATION:-P99999999999W",
    "DURATION:P1DT25H",
    "RRULE:FREQ=DAILY;COUNT=5",
    "RRULE:FREQ=WEEKLY;UNTIL=20271231T235959Z;BYDAY=MO,TU",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "RRULE:FREQ=HOURLY;INTERVAL=0",
    "EXRULE:FREQ=DAILY;COUNT=2",
    "RDATE:20270401T090000Z,20270402T090000Z",
    "RDATE;VALUE=PERIOD:20270401T090000Z/PT5H",
    "EXDATE:20270311T090000Z",
    "EXDATE;VALUE=DATE:20270312",
    "RECURRENCE-ID:20270312T090000Z",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20270312T090000Z",
    "TZID:Own",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+9999",
    "TRIGGER:-PT15M",
    "STATUS:CANCELLED",
    "SEQUENCE:99999999999",
    "SUMMARY:a\\,b\\nc",
    " folded",
    "ATTENDEE;CN=\"x:mailto:y",
];

fn survives(bytes: &[u8]) {
    let zone = Zone::utc();
    let Ok(reading) = icalendar::read(bytes, &zone) else { return };
    let written = icalendar::write(&reading.events, Timestamp::from_micros(1_800_000_000_000_000));
    let again = icalendar::read(&written, &zone).unwrap();
    let uids = |events: &[icalendar::Event]| {
        events.iter().map(|event| event.uid.clone()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(uids(&again.events), uids(&reading.events), "{}", String::from_utf8_lossy(&written));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives(&bytes);
    }

    #[test]
    fn any_lines_are_read_without_harm(lines in proptest::collection::vec((0..LINES.len(), any::<Option<u8>>()), 0..60)) {
        let mut bytes = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n".to_vec();
        for (line, odd) in lines {
            bytes.extend(LINES[line].bytes().chain(odd.filter(|odd| *odd > 200)));
            bytes.extend(b"\r\n");
        }
        survives(&bytes);
    }

    #[test]
    fn properties_of_one_event_in_any_order_and_number_are_read_without_harm(lines in proptest::collection::vec(14..LINES.len(), 0..20)) {
        let lines: Vec<&str> = lines.into_iter().map(|line| LINES[line]).collect();
        survives(format!("BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20270310T090000Z\r\n{}\r\nEND:VEVENT\r\n", lines.join("\r\n")).as_bytes());
    }
}

#[test]
fn a_calendar_cut_or_flipped_anywhere_is_read_without_harm() {
    let whole = include_bytes!("calendars/outlook.ics");
    for at in 0..whole.len() {
        survives(&whole[..at]);
        let mut flipped = whole.to_vec();
        flipped[at] ^= 1 << (at % 8);
        survives(&flipped);
    }
}
