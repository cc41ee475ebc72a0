//! What people say about an event's time, and what becomes of it.

use domain::time::Extent;
use jiff::civil::date;

use super::*;

fn here() -> Here {
    let now: jiff::Timestamp = "2027-03-09T12:00:00Z".parse().unwrap();
    Here { now: Timestamp::from_micros(now.as_microsecond()), zone: "Europe/Berlin".parse().unwrap() }
}

fn new(said: Said<'_>) -> Result<EventTime, Error> {
    said.time_of_new(&here())
}

/// Start and end as civil times, and the zone.
fn shown(time: &EventTime) -> String {
    match time {
        EventTime::Timed(timed) => format!("{} {} {}", timed.start().civil(), timed.end().civil(), timed.zone()),
        EventTime::AllDay(days) => format!("{} {}", days.start(), days.end()),
        EventTime::Floating(floating) => format!("{} {}", floating.start(), floating.end()),
    }
}

fn length(time: &EventTime) -> i64 {
    let Extent { start, end, .. } = time.extent();
    end - start
}

fn at_nine() -> EventTime {
    new(Said { start: Some("2027-03-10T09:00"), lasting: Some("1h30m"), ..Said::default() }).unwrap()
}

fn edited(old: &EventTime, said: Said<'_>) -> Result<EventTime, Error> {
    said.time_of_edited(old, &here())
}

#[test]
fn without_end_and_length_an_event_lasts_an_hour_and_an_all_day_event_a_day() {
    let hour = new(Said { start: Some("2027-03-10T09:00"), ..Said::default() }).unwrap();
    assert_eq!(shown(&hour), "2027-03-10T09:00:00 2027-03-10T10:00:00 Europe/Berlin");
    let day = new(Said { start: Some("2027-03-10"), all_day: true, ..Said::default() }).unwrap();
    assert_eq!(shown(&day), "2027-03-10 2027-03-11");
}

#[test]
fn a_time_without_offset_is_civil_time_in_the_zone_given() {
    let time = new(Said { start: Some("2027-03-10T09:00"), zone: Some("Asia/Tokyo"), ..Said::default() }).unwrap();
    assert_eq!(shown(&time), "2027-03-10T09:00:00 2027-03-10T10:00:00 Asia/Tokyo");
    let time = new(Said { start: Some("2027-03-10T09:00Z"), zone: Some("Asia/Tokyo"), ..Said::default() }).unwrap();
    assert_eq!(shown(&time), "2027-03-10T18:00:00 2027-03-10T19:00:00 Asia/Tokyo");
}

#[test]
fn an_hour_over_the_change_of_clocks_is_an_hour_and_a_day_a_day() {
    let night = new(Said { start: Some("2027-03-28T01:30"), ..Said::default() }).unwrap();
    assert_eq!(
        (shown(&night).as_str(), length(&night)),
        ("2027-03-28T01:30:00 2027-03-28T03:30:00 Europe/Berlin", 3_600)
    );
    let day = new(Said { start: Some("2027-03-27T12:00"), lasting: Some("1d"), ..Said::default() }).unwrap();
    assert_eq!(
        (shown(&day).as_str(), length(&day)),
        ("2027-03-27T12:00:00 2027-03-28T12:00:00 Europe/Berlin", 23 * 3_600)
    );
}

#[test]
fn what_does_not_fit_together_is_refused_with_its_field() {
    let said = |start, end, lasting, all_day| Said { start: Some(start), end, lasting, all_day, zone: None };
    for (said, field) in [
        (said("2027-03-28T02:30", None, None, false), "start"),
        (said("2027-03-10", None, None, false), "start"),
        (said("2027-03-10T09:00", None, None, true), "start"),
        (said("2027-03-10T09:00", Some("2027-03-10T09:00"), None, false), "end"),
        (said("2027-03-10", Some("2027-03-10"), None, true), "end"),
        (said("2027-03-10", None, Some("2h"), true), "for"),
        (said("9990-12-31T23:30", None, None, false), "end"),
    ] {
        assert_eq!(new(said).unwrap_err().field(), Some(field), "{said:?}");
    }
    let zone = Said { start: Some("2027-03-10T09:00"), zone: Some("Mars/Phobos"), ..Said::default() };
    assert_eq!(new(zone).unwrap_err().field(), Some("zone"));
}

#[test]
fn a_new_start_alone_keeps_the_length() {
    let moved = edited(&at_nine(), Said { start: Some("2027-03-28T01:00"), ..Said::default() }).unwrap();
    assert_eq!(
        (shown(&moved).as_str(), length(&moved)),
        ("2027-03-28T01:00:00 2027-03-28T03:30:00 Europe/Berlin", 5_400)
    );
}

#[test]
fn a_new_end_or_length_alone_keeps_the_start() {
    let longer = edited(&at_nine(), Said { end: Some("2027-03-10T12:00"), ..Said::default() }).unwrap();
    assert_eq!(shown(&longer), "2027-03-10T09:00:00 2027-03-10T12:00:00 Europe/Berlin");
    let shorter = edited(&at_nine(), Said { lasting: Some("15m"), ..Said::default() }).unwrap();
    assert_eq!(shown(&shorter), "2027-03-10T09:00:00 2027-03-10T09:15:00 Europe/Berlin");
}

#[test]
fn an_edit_reads_times_in_the_events_zone_and_a_new_zone_keeps_the_civil_times() {
    let tokyo = new(Said { start: Some("2027-03-10T09:00"), zone: Some("Asia/Tokyo"), ..Said::default() }).unwrap();
    let later = edited(&tokyo, Said { start: Some("2027-03-10T10:00"), ..Said::default() }).unwrap();
    assert_eq!(shown(&later), "2027-03-10T10:00:00 2027-03-10T11:00:00 Asia/Tokyo");
    let moved = edited(&tokyo, Said { zone: Some("Europe/Berlin"), ..Said::default() }).unwrap();
    assert_eq!(shown(&moved), "2027-03-10T09:00:00 2027-03-10T10:00:00 Europe/Berlin");
}

#[test]
fn the_second_of_two_equal_clock_times_stays_the_second_when_only_the_end_changes() {
    let start = Some("2027-10-31T02:30+01:00");
    let second = new(Said { start, ..Said::default() }).unwrap();
    let longer = edited(&second, Said { lasting: Some("2h"), ..Said::default() }).unwrap();
    assert_eq!(longer.extent().start, second.extent().start);
}

#[test]
fn all_day_turns_a_timed_event_into_the_days_it_touches() {
    let overnight = Said { start: Some("2027-03-10T22:00"), lasting: Some("4h"), ..Said::default() };
    let converted = edited(&new(overnight).unwrap(), Said { all_day: true, ..Said::default() }).unwrap();
    assert_eq!(converted, EventTime::all_day(date(2027, 3, 10), date(2027, 3, 12)).unwrap());
    let until_midnight = Said { start: Some("2027-03-10T22:00"), lasting: Some("2h"), ..Said::default() };
    let converted = edited(&new(until_midnight).unwrap(), Said { all_day: true, ..Said::default() }).unwrap();
    assert_eq!(shown(&converted), "2027-03-10 2027-03-11");
}

#[test]
fn an_all_day_event_moves_by_days_and_becomes_timed_by_a_time() {
    let two_days = EventTime::all_day(date(2027, 3, 10), date(2027, 3, 12)).unwrap();
    let moved = edited(&two_days, Said { start: Some("2027-04-01"), ..Said::default() }).unwrap();
    assert_eq!(shown(&moved), "2027-04-01 2027-04-03");
    let longer = edited(&two_days, Said { lasting: Some("5d"), ..Said::default() }).unwrap();
    assert_eq!(shown(&longer), "2027-03-10 2027-03-15");
    let timed = edited(&two_days, Said { start: Some("2027-04-01T09:00"), ..Said::default() }).unwrap();
    assert_eq!(shown(&timed), "2027-04-01T09:00:00 2027-04-01T10:00:00 Europe/Berlin");
}

#[test]
fn lists_are_asked_for_by_whole_days() {
    assert_eq!(day("from", Some("today"), &here()), Ok(Some(date(2027, 3, 9))));
    assert_eq!(day("to", Some("2027-02-30"), &here()).unwrap_err().field(), Some("to"));
    assert_eq!(day("to", Some("2027-03-01T09:00"), &here()).unwrap_err().field(), Some("to"));
    assert_eq!(day("to", None, &here()), Ok(None));
}
