//! What calendars mean, property by property, and what of it goes out again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use domain::events::Exception;
use domain::time::{FOREVER, civil_seconds};
use domain::{EventTime, Timestamp, Zone};
use icalendar::{Class, Event, Reading};
use jiff::civil::{DateTime, date};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn read(name: &str) -> Reading {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calendars").join(name);
    icalendar::read(&std::fs::read(path).unwrap(), &zone("Europe/Berlin")).unwrap()
}

/// One event with these lines, at nine in Berlin for an hour unless they say otherwise.
fn event(lines: &str) -> Event {
    let time = if lines.contains("DTSTART") {
        ""
    } else {
        "DTSTART;TZID=Europe/Berlin:20270310T090000\nDTEND;TZID=Europe/Berlin:20270310T100000\n"
    };
    let reading =
        icalendar::read(format!("BEGIN:VEVENT\nUID:1\n{time}{lines}\nEND:VEVENT\n").as_bytes(), &Zone::utc()).unwrap();
    assert_eq!(reading.skipped, [], "{lines}");
    reading.events.into_iter().next().unwrap()
}

fn reason(lines: &str) -> String {
    let text = format!("BEGIN:VEVENT\nUID:1\nDTSTART:20270310T090000Z\n{lines}\nEND:VEVENT\n");
    icalendar::read(text.as_bytes(), &Zone::utc()).unwrap().skipped.remove(0).reason
}

fn ends(event: &Event) -> (DateTime, DateTime) {
    match &event.series.first {
        EventTime::Timed(timed) => (timed.start().civil(), timed.end().civil()),
        EventTime::AllDay(days) => (days.start().at(0, 0, 0, 0), days.end().at(0, 0, 0, 0)),
        EventTime::Floating(floating) => (floating.start(), floating.end()),
    }
}

fn written(event: &Event) -> String {
    String::from_utf8(icalendar::write([event], NOW)).unwrap().replace("\r\n ", "")
}

#[test]
fn a_meeting_from_outlook_is_in_its_zone_with_its_exceptions() {
    let reading = read("outlook.ics");
    let meeting = &reading.events[0];
    assert_eq!(meeting.title.as_str(), "Team meeting");
    assert_eq!(meeting.description.as_str(), "Agenda:\n1. Round, 2. Plans");
    assert_eq!(meeting.series.first.zone().unwrap().name(), "Europe/Berlin");
    assert_eq!((meeting.class, meeting.sequence, meeting.alarms.minutes()), (Some(Class::Private), 4, &[15][..]));
    let at = |month, day| civil_seconds(date(2027, month, day).at(9, 0, 0, 0));
    assert_eq!(meeting.exceptions.keys().copied().collect::<Vec<_>>(), [at(3, 15), at(3, 29), at(4, 5)]);
    let Exception::Changed(moved) = &meeting.exceptions[&at(3, 15)] else { panic!("it takes place") };
    assert_eq!(moved.title.as_ref().unwrap().as_str(), "Team meeting, moved");
    assert_eq!(moved.location, None, "it is where the others are");
    // The last instance is on the day that UNTIL names in UTC.
    assert_eq!(meeting.series.occurrences(0, None).last().unwrap().start, at(10, 25));
}

#[test]
fn ends_are_said_in_three_ways_and_need_not_be_said() {
    let nine = date(2027, 3, 10).at(9, 0, 0, 0);
    for (lines, end) in [
        ("DTSTART:20270310T090000Z\nDURATION:P1DT2H", date(2027, 3, 11).at(11, 0, 0, 0)),
        ("DTSTART:20270310T090000\nDURATION:PT90M", date(2027, 3, 10).at(10, 30, 0, 0)),
        ("DTSTART:20270310T090000Z\nDTEND;TZID=Europe/Berlin:20270310T110000", date(2027, 3, 10).at(10, 0, 0, 0)),
        ("DTSTART:20270310T090000Z", date(2027, 3, 10).at(9, 1, 0, 0)),
    ] {
        assert_eq!(ends(&event(lines)), (nine, end), "{lines}");
    }
    let day = |lines: &str| ends(&event(lines)).1.date();
    assert_eq!(day("DTSTART;VALUE=DATE:20270310"), date(2027, 3, 11));
    assert_eq!(day("DTSTART;VALUE=DATE:20270310\nDTEND;VALUE=DATE:20270310"), date(2027, 3, 11));
    assert_eq!(day("DTSTART;VALUE=DATE:20270310\nDURATION:P2W"), date(2027, 3, 24));
}

#[test]
fn days_are_days_by_the_clock_and_hours_are_exact_when_clocks_change() {
    let lasting =
        |duration| ends(&event(&format!("DTSTART;TZID=Europe/Berlin:20270327T120000\nDURATION:{duration}"))).1;
    assert_eq!(lasting("P1D"), date(2027, 3, 28).at(12, 0, 0, 0));
    assert_eq!(lasting("PT24H"), date(2027, 3, 28).at(13, 0, 0, 0));
}

#[test]
fn floating_times_float_and_times_in_utc_are_in_utc() {
    assert!(matches!(event("DTSTART:20270310T090000").series.first, EventTime::Floating(_)));
    assert_eq!(event("DTSTART:20270310T090000Z").series.first.zone(), Some(&Zone::utc()));
}

#[test]
fn dates_of_instances_are_read_by_the_clock_of_the_event() {
    let series = event(
        "RRULE:FREQ=DAILY;COUNT=9\nEXDATE:20270311T080000Z\nEXDATE;VALUE=DATE:20270312\nRDATE;TZID=America/New_York:20270320T090000",
    );
    let starts: Vec<_> = series.exceptions.keys().copied().collect();
    let at = |day, hour| civil_seconds(date(2027, 3, day).at(hour, 0, 0, 0));
    assert_eq!(starts, [at(11, 9), at(12, 9), at(20, 14)]);
}

#[test]
fn what_says_nothing_is_passed_over_and_what_cannot_be_kept_is_a_reason() {
    assert!(!event("RRULE:\nEXDATE:").series.recurs());
    assert!(!event("RRULE:FREQ=DAILY;UNTIL=20270101T000000Z").series.recurs(), "it ends before it begins");
    assert_eq!(event("RRULE:FREQ=WEEKLY").series.hull().end, FOREVER);
    assert!(reason("RRULE:FREQ=MINUTELY").contains("hour"));
    assert!(reason("RRULE:FREQ=DAILY\nEXRULE:FREQ=DAILY;INTERVAL=2").contains("EXRULE"));
    assert!(reason("DTEND:tomorrow").contains("DTEND:tomorrow"));
}

#[test]
fn a_change_of_one_and_all_that_follow_is_one_of_each_where_they_have_an_end() {
    let reading = read("instances.ics");
    let standup = &reading.events[0];
    let titles = standup.exceptions.values().map(|exception| match exception {
        Exception::Removed => "(none)",
        Exception::Changed(change) => change.title.as_ref().unwrap().as_str(),
    });
    let titles = titles.collect::<Vec<_>>();
    assert_eq!(titles.len(), 7, "{:?} {:?} {:?}", standup.exceptions, standup.series, reading.skipped);
    assert_eq!(titles.iter().filter(|title| **title == "Standup, on Tuesdays now").count(), 6);
    assert_eq!(titles[2], "(none)", "a change of a single instance counts more");
    let endless = "DTSTART:20270310T090000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:20270312T090000Z\nDTSTART:20270312T100000Z";
    let text = format!("BEGIN:VEVENT\nUID:1\n{endless}\nEND:VEVENT\n");
    let reading = icalendar::read(text.as_bytes(), &Zone::utc()).unwrap();
    assert!(reading.skipped[0].reason.contains("THISANDFUTURE"), "{:?}", reading.skipped);
}

#[test]
fn every_component_of_a_broken_calendar_has_a_reason_with_its_line() {
    let reading = read("broken.ics");
    let lines: Vec<_> = reading.skipped.iter().map(|skipped| skipped.line).collect();
    assert_eq!(lines, [4, 8, 14, 20, 23, 27]);
    assert_eq!(reading.events.iter().map(|event| event.title.as_str()).collect::<Vec<_>>(), ["F, newer", "Untitled"]);
    let text = |event: &Event| event.notes.iter().map(|note| note.text.clone()).collect::<Vec<_>>().join("; ");
    assert!(text(&reading.events[1]).contains("Mars/Phobos"), "{}", text(&reading.events[1]));
}

#[test]
fn single_instances_of_an_event_that_cannot_be_kept_are_accounted_for_too() {
    let instance = "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20270312T090000Z\nDTSTART:20270312T100000Z\nEND:VEVENT\n";
    let text = format!("BEGIN:VEVENT\nUID:1\nDTSTART:20270310T090000Z\nRRULE:FREQ=SOMETIMES\nEND:VEVENT\n{instance}");
    let reading = icalendar::read(text.as_bytes(), &Zone::utc()).unwrap();
    let lines: Vec<_> = reading.skipped.iter().map(|skipped| skipped.line).collect();
    assert_eq!((lines.as_slice(), reading.events.len()), (&[4, 6][..], 0));
    assert!(reading.skipped[1].reason.contains("because of line 4"), "{:?}", reading.skipped);
}

#[test]
fn what_was_taken_for_an_unknown_zone_is_the_same_when_it_is_read_again() {
    let text = "BEGIN:VEVENT\nUID:1\nDTSTART:20270310T090000Z\nDTEND;TZID=Mars/Phobos:20270310T120000\nSEQUENCE:3\nEND:VEVENT\n";
    let reading = icalendar::read(text.as_bytes(), &zone("America/New_York")).unwrap();
    assert_eq!(ends(&reading.events[0]).1, date(2027, 3, 10).at(17, 0, 0, 0));
    let text = written(&reading.events[0]);
    assert!(text.contains("\r\nDTEND;TZID=America/New_York:20270310T120000\r\n"), "{text}");
    assert!(text.contains("\r\nSEQUENCE:3\r\n"), "nothing was changed: {text}");
}

#[test]
fn single_instances_alone_are_the_same_event_in_whichever_order_they_stand() {
    let early = "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20270315T080000Z\nDTSTART:20270310T090000Z\nEND:VEVENT\n";
    // A day alone: the hour is that of the other.
    let late = "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;VALUE=DATE:20270413\nDTSTART:20270414T080000Z\nEND:VEVENT\n";
    let starts = |text: String| -> Vec<i64> {
        icalendar::read(text.as_bytes(), &Zone::utc()).unwrap().events[0].exceptions.keys().copied().collect()
    };
    let at = |month, day, hour| civil_seconds(date(2027, month, day).at(hour, 0, 0, 0));
    assert_eq!(starts(format!("{early}{late}")), [at(3, 15, 8), at(4, 13, 9)]);
    assert_eq!(starts(format!("{late}{early}")), [at(3, 15, 8), at(4, 13, 9)]);
}

#[test]
fn what_is_no_content_line_says_nothing() {
    let event = event("DTSTART:20270310T090000Z\nDTEND=TZID=UTC:20270310T100000\nSUMMARY:A");
    assert_eq!(ends(&event).1, date(2027, 3, 10).at(9, 1, 0, 0));
    assert!(!written(&event).contains("DTEND="));
}

#[test]
fn a_text_that_is_too_long_is_cut_and_that_is_said() {
    let event = event(&format!("SUMMARY:{}\nLOCATION:a\\nb", "x".repeat(300)));
    assert_eq!(event.title.as_str().chars().count(), 200);
    assert_eq!(event.location.as_str(), "a b");
    assert!(event.notes[0].text.contains("SUMMARY was cut"), "{:?}", event.notes);
    assert!(written(&event).contains(&"x".repeat(300)), "what was not changed goes out whole");
}

#[test]
fn what_was_not_changed_goes_out_as_it_came_in_and_zones_by_their_names() {
    let reading = read("outlook.ics");
    let text = String::from_utf8(icalendar::write(&reading.events, NOW)).unwrap().replace("\r\n ", "");
    for line in [
        "DTSTART;TZID=Europe/Berlin:20270308T090000",
        "ATTENDEE;CN=\"Bob; the builder\";RSVP=TRUE:mailto:bob@example.org",
        "RECURRENCE-ID;TZID=Europe/Berlin:20270315T090000",
        "TZID:America/New_York",
        "SEQUENCE:3",
        "LAST-MODIFIED:20270102T080000Z",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}");
    }
    assert!(!text.contains("W. Europe Standard Time"));
}

#[test]
fn a_title_that_was_changed_goes_out_changed_with_the_next_number() {
    let mut meeting = read("outlook.ics").events.remove(0);
    meeting.title = "Crew".parse().unwrap();
    let text = written(&meeting);
    assert!(
        text.contains("\r\nSUMMARY:Crew\r\n") && text.contains("\r\nSUMMARY;LANGUAGE=en:Team meeting\\, moved\r\n"),
        "{text}"
    );
    assert!(text.contains("\r\nSEQUENCE:5\r\n") && text.contains("\r\nCATEGORIES:Team,Weekly\r\n"), "{text}");
}

#[test]
fn alarms_that_convene_has_are_replaced_and_all_others_stay() {
    let mut birthday = read("google.ics").events.remove(1);
    assert_eq!(birthday.alarms.minutes(), [900]);
    birthday.alarms = vec![10, 0].try_into().unwrap();
    let text = written(&birthday);
    let triggers: Vec<_> = text.lines().filter(|line| line.starts_with("TRIGGER")).collect();
    assert_eq!(triggers, ["TRIGGER;RELATED=END:PT0S", "TRIGGER:-PT10M", "TRIGGER:PT0S"]);
}

#[test]
fn an_event_of_convene_goes_out_with_all_that_a_calendar_must_say() {
    let mut own = event(
        "SUMMARY:Lunch\\, mostly\nRRULE:FREQ=WEEKLY;UNTIL=20270401T070000Z\nEXDATE;TZID=Europe/Berlin:20270317T090000",
    );
    own.original.clear();
    let text = written(&own);
    for line in [
        "UID:1",
        "DTSTAMP:20270115T080000Z",
        "DTSTART;TZID=Europe/Berlin:20270310T090000",
        "DTEND;TZID=Europe/Berlin:20270310T100000",
        "SUMMARY:Lunch\\, mostly",
        "EXDATE;TZID=Europe/Berlin:20270317T090000",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} in {text}");
    }
    assert!(text.contains("UNTIL=20270401T070000Z"), "{text}");
    assert!(
        text.contains("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"),
        "the zone goes on behind the years used: {text}"
    );
}
