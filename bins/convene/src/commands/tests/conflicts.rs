//! What is said of one's own calendar when something is accepted, made or moved. (It is noon in Berlin on 2027-03-09.)

use std::time::Duration;

use domain::calendar::{Attendance, CalendarPage, CalendarRequest, CalendarResponse, Entry};
use domain::events::{Alarms, Event, EventsResponse};
use domain::invitations::{EventSummary, Invitation, InvitationsResponse, Status};
use domain::time::{Rules, civil_seconds};
use domain::{Error, EventTime, Instance, Positions, Reply, Series, Service, Zone};
use jiff::civil::{DateTime, date};
use serde_json::Value;
use tokio::time::Instant;

use super::script::{Desk, EVENT, event_at, hours, json};

const OTHER: &str = "0198c0de-7000-7abc-8def-0123456789ac";

fn entry(event: &str, instance: Instance, time: EventTime) -> Entry {
    let title = if event == EVENT { "Planning" } else { "Dentist" };
    Entry::Event {
        event: event.parse().unwrap(),
        instance,
        title: title.parse().unwrap(),
        time,
        location: "".parse().unwrap(),
        alarms: Alarms::default(),
        attendance: Attendance::Going,
    }
}

/// From one hour to another in Berlin.
fn on(day: DateTime, length: i64) -> EventTime {
    let zone: Zone = "Europe/Berlin".parse().unwrap();
    let moment = |civil| domain::time::Moment::in_zone("start", civil, &zone).unwrap();
    EventTime::timed(moment(day), moment(day.saturating_add(jiff::Span::new().minutes(length))), zone.clone()).unwrap()
}

fn daily() -> Series {
    Series::new(on(date(2027, 3, 1).at(9, 0, 0, 0), 60), &Rules::parse("FREQ=DAILY").unwrap()).unwrap()
}

fn shows(desk: &Desk, items: Vec<Entry>) {
    desk.calendar.answers(Ok(page(items)));
}

fn page(items: Vec<Entry>) -> CalendarResponse {
    CalendarResponse::entries(CalendarPage { owner: "alice".parse().unwrap(), items, next: None })
}

fn answered(event: Event, status: Status) -> Invitation {
    let Event { id, title, location, series, public, organizer, cancelled, .. } = event;
    Invitation {
        event: EventSummary { id, title, location, series, public, organizer, cancelled },
        instance: Instance::Series,
        invitee: "alice".parse().unwrap(),
        inviter: None,
        status,
        position: (status == Status::Waiting).then_some(3),
    }
}

/// Alice's answer to an invitation to this.
async fn accepts(desk: &Desk, series: Series, status: Status) -> Value {
    let event = Event { series, ..event_at(hours(9, 10), 1) };
    desk.invitations.answers(Ok(InvitationsResponse::respond(answered(event, status))));
    let printed = desk.gives(&["respond", EVENT, "accept"]).await.unwrap();
    assert_eq!(printed.exit, 0);
    json(&printed)["conflicts"].clone()
}

fn starts(conflicts: &Value) -> Vec<String> {
    conflicts.as_array().unwrap().iter().map(|one| one["start"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn accepting_says_what_else_is_then_and_not_what_only_touches_it_or_is_the_event_itself() {
    let desk = Desk::of_alice().await;
    let items = vec![
        entry(OTHER, Instance::Series, hours(8, 9)),
        entry(EVENT, Instance::Series, hours(9, 10)),
        entry(
            OTHER,
            Instance::On(civil_seconds(date(2027, 3, 10).at(7, 0, 0, 0))),
            on(date(2027, 3, 10).at(9, 30, 0, 0), 60),
        ),
        entry(OTHER, Instance::Series, hours(10, 11)),
    ];
    shows(&desk, items);
    let conflicts = accepts(&desk, Series::once(hours(9, 10)), Status::Going).await;
    let expected = serde_json::json!([{
        "event": OTHER, "instance": "2027-03-10T07:00:00+01:00", "title": "Dentist",
        "start": "2027-03-10T09:30:00+01:00", "end": "2027-03-10T10:30:00+01:00",
    }]);
    assert_eq!(conflicts, expected);
    let Some((_, CalendarRequest::entries(request))) = desk.calendar.calls().pop() else { panic!() };
    assert_eq!(
        (request.of, request.window.from(), request.window.to()),
        (None, Some(date(2027, 3, 10)), Some(date(2027, 3, 10)))
    );
}

#[tokio::test]
async fn a_free_calendar_is_an_empty_list_and_one_that_is_away_or_behind_is_null() {
    let desk = Desk::of_alice().await;
    shows(&desk, vec![entry(EVENT, Instance::Series, hours(9, 10))]);
    assert_eq!(accepts(&desk, Series::once(hours(9, 10)), Status::Going).await, serde_json::json!([]));
    desk.calendar.answers(Err(Error::unavailable(Service::Calendar, "connection refused")));
    assert_eq!(accepts(&desk, Series::once(hours(9, 10)), Status::Going).await, Value::Null);
    desk.calendar.answers(Err(Error::unauthenticated("the session has ended")));
    assert_eq!(accepts(&desk, Series::once(hours(9, 10)), Status::Going).await, Value::Null);
    assert!(desk.profile.read().unwrap().session.is_some(), "what is asked in passing ends no session");

    let behind = |items| Ok(Reply { behind: vec![Service::Events], ..Reply::new(page(items), Positions::default()) });
    desk.calendar.replies(behind(Vec::new()));
    assert_eq!(accepts(&desk, Series::once(hours(9, 10)), Status::Going).await, Value::Null);
    desk.calendar.replies(behind(vec![entry(OTHER, Instance::Series, hours(9, 10))]));
    assert_eq!(starts(&accepts(&desk, Series::once(hours(9, 10)), Status::Going).await), ["2027-03-10T09:00:00+01:00"]);
}

#[tokio::test]
async fn who_declines_may_come_or_changes_no_time_is_told_nothing_and_the_calendar_is_not_asked() {
    let desk = Desk::of_alice().await;
    for answer in ["decline", "maybe"] {
        let invitation = answered(event_at(hours(9, 10), 1), Status::Maybe);
        desk.invitations.answers(Ok(InvitationsResponse::respond(invitation)));
        let printed = desk.gives(&["respond", EVENT, answer]).await.unwrap();
        assert!(json(&printed).get("conflicts").is_none());
    }
    desk.events.answers(Ok(EventsResponse::edit(event_at(hours(9, 10), 2))));
    let printed = desk.gives(&["event", "edit", EVENT, "--title", "Review"]).await.unwrap();
    assert!(json(&printed).get("conflicts").is_none());
    assert!(desk.calendar.calls().is_empty());
}

#[tokio::test]
async fn making_moving_and_joining_an_event_say_what_it_overlaps_with() {
    let desk = Desk::of_alice().await;
    let dentist = || vec![entry(OTHER, Instance::Series, hours(9, 11))];
    shows(&desk, dentist());
    desk.events.answers(Ok(EventsResponse::create(event_at(hours(10, 12), 1))));
    let made = desk.gives(&["event", "create", "--title", "Planning", "--start", "2027-03-10T10:00"]).await.unwrap();
    shows(&desk, dentist());
    desk.events.answers(Ok(EventsResponse::show(event_at(hours(14, 16), 1))));
    desk.events.answers(Ok(EventsResponse::edit(event_at(hours(10, 12), 2))));
    let moved = desk.gives(&["event", "edit", EVENT, "--start", "2027-03-10T10:00"]).await.unwrap();
    shows(&desk, dentist());
    desk.invitations.answers(Ok(InvitationsResponse::attend(answered(event_at(hours(10, 12), 1), Status::Going))));
    let joined = desk.gives(&["attend", EVENT]).await.unwrap();
    for printed in [made, moved, joined] {
        assert_eq!(starts(&json(&printed)["conflicts"]), ["2027-03-10T09:00:00+01:00"], "{}", printed.json);
        assert!(printed.notes.overlaps.is_some() && printed.notes.behind.is_empty());
    }
}

#[tokio::test]
async fn of_what_recurs_the_instances_are_compared_as_they_are_within_31_days_from_now() {
    let desk = Desk::of_alice().await;
    // That of the 11th was moved to the afternoon.
    let nine = |day| date(2027, 3, day).at(9, 0, 0, 0);
    let instance = |day| Instance::On(civil_seconds(nine(day)));
    let items = vec![
        entry(EVENT, instance(10), on(nine(10), 60)),
        entry(OTHER, Instance::Series, on(nine(11), 60)),
        entry(EVENT, instance(11), on(date(2027, 3, 11).at(15, 0, 0, 0), 60)),
        entry(OTHER, Instance::Series, on(date(2027, 3, 11).at(15, 30, 0, 0), 60)),
        entry(OTHER, Instance::Series, on(date(2027, 3, 11).at(17, 0, 0, 0), 60)),
    ];
    shows(&desk, items);
    assert_eq!(starts(&accepts(&desk, daily(), Status::Going).await), ["2027-03-11T15:30:00+01:00"]);
    let Some((_, CalendarRequest::entries(request))) = desk.calendar.calls().pop() else { panic!() };
    assert_eq!((request.window.from(), request.window.to()), (Some(date(2027, 3, 9)), Some(date(2027, 4, 9))));
}

#[tokio::test]
async fn who_waits_for_a_place_is_told_what_the_rules_say_since_their_calendar_does_not_have_it_yet() {
    let desk = Desk::of_alice().await;
    let at = |day, hour| on(date(2027, 3, day).at(hour, 30, 0, 0), 60);
    // Two of these are in the morning, one of them before now.
    let items = vec![
        entry(OTHER, Instance::Series, at(9, 9)),
        entry(OTHER, Instance::Series, at(20, 9)),
        entry(OTHER, Instance::Series, at(20, 12)),
    ];
    shows(&desk, items);
    assert_eq!(starts(&accepts(&desk, daily(), Status::Waiting).await), ["2027-03-20T09:30:00+01:00"]);
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_hangs_holds_nobody_up() {
    let desk = Desk::of_alice().await;
    desk.calendar.hangs();
    let begun = Instant::now();
    assert_eq!(accepts(&desk, Series::once(hours(9, 10)), Status::Going).await, Value::Null);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
