//! When people are busy and when they are free, from what the calendar service shows of each. (It is noon in Berlin on 2027-03-09.)

use domain::calendar::{Attendance, CalendarPage, CalendarRequest, CalendarResponse, Entry};
use domain::events::Alarms;
use domain::{Error, EventTime, Instance, PageCursor, Service};
use jiff::civil::date;

use super::script::{Desk, EVENT, hours, json};

fn event(time: EventTime, attendance: Attendance) -> Entry {
    Entry::Event {
        event: EVENT.parse().unwrap(),
        instance: Instance::Series,
        title: "Planning".parse().unwrap(),
        time,
        location: "".parse().unwrap(),
        alarms: Alarms::default(),
        attendance,
    }
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn busy(start: &str, end: &str) -> Entry {
    Entry::Busy { start: at(start), end: at(end) }
}

/// The next answer of the calendar service.
fn shows(desk: &Desk, owner: &str, items: Vec<Entry>, next: Option<u8>) {
    let next = next.map(|at| PageCursor::from_bytes(&[at]));
    desk.calendar.answers(Ok(CalendarResponse::entries(CalendarPage { owner: owner.parse().unwrap(), items, next })));
}

/// Whose calendars were asked for, one's own as nobody's, and behind which cursor.
fn asked(desk: &Desk) -> Vec<(Option<String>, Option<String>)> {
    let calls = desk.calendar.calls().into_iter();
    calls
        .map(|(_, request)| match request {
            CalendarRequest::entries(request) => {
                (request.of.map(String::from), request.page.after.map(|after| after.to_string()))
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

fn items(printed: &crate::output::Printed) -> Vec<String> {
    let items = json(printed)["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| {
            let word = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", word("username"), word("start"), word("end")).trim().to_owned()
        })
        .collect()
}

#[tokio::test]
async fn what_is_busy_is_merged_for_each_person_and_ordered_by_start_and_user() {
    let desk = Desk::of_alice().await;
    shows(&desk, "bob", vec![busy("2027-03-10T08:00:00Z", "2027-03-10T09:00:00Z")], Some(1));
    shows(&desk, "bob", vec![busy("2027-03-10T09:00:00Z", "2027-03-10T09:30:00Z")], None);
    let all_day = EventTime::all_day(date(2027, 3, 11), date(2027, 3, 12)).unwrap();
    let mine = vec![
        event(hours(9, 10), Attendance::Organizing),
        event(hours(9, 11), Attendance::Maybe),
        event(hours(11, 12), Attendance::Going),
        event(all_day, Attendance::Going),
    ];
    shows(&desk, "alice", mine, None);
    let printed = desk.gives(&["freebusy", "bob", "alice", "bob"]).await.unwrap();
    assert_eq!(
        items(&printed),
        [
            "alice 2027-03-10T09:00:00+01:00 2027-03-10T12:00:00+01:00",
            "bob 2027-03-10T09:00:00+01:00 2027-03-10T10:30:00+01:00",
            "alice 2027-03-11T00:00:00+01:00 2027-03-12T00:00:00+01:00",
        ]
    );
    let [bob, alice] = [Some("bob".to_owned()), None];
    assert_eq!(asked(&desk), [(bob.clone(), None), (bob, Some("01".to_owned())), (alice, None)]);
    assert!(printed.text.contains("2027-03-10T09:00:00+01:00  2027-03-10T10:30:00+01:00  bob"), "{}", printed.text);
}

#[tokio::test]
async fn what_is_busy_ends_with_the_days_asked_for() {
    let desk = Desk::of_alice().await;
    let trip = EventTime::all_day(date(2027, 3, 1), date(2027, 4, 1)).unwrap();
    shows(&desk, "alice", vec![event(trip, Attendance::Organizing)], None);
    let printed = desk.gives(&["freebusy", "alice", "--from", "2027-03-28", "--to", "2027-03-28"]).await.unwrap();
    assert_eq!(items(&printed), ["alice 2027-03-28T00:00:00+01:00 2027-03-29T00:00:00+02:00"]);
}

#[tokio::test]
async fn a_calendar_that_is_not_shared_is_named_and_nothing_is_shown_of_the_others() {
    for line in [&["freebusy", "bob", "carol"][..], &["find-time", "bob", "carol", "--for", "1h"]] {
        let desk = Desk::of_alice().await;
        if line[0] == "find-time" {
            shows(&desk, "alice", Vec::new(), None);
        }
        shows(&desk, "bob", Vec::new(), None);
        desk.calendar.answers(Err(Error::forbidden("carol does not share their calendar with you")));
        let failure = desk.gives(line).await.unwrap_err();
        assert_eq!(failure.exit(), 4);
        assert!(failure.message().contains("carol"), "{failure:?}");
    }
}

#[tokio::test]
async fn all_are_free_where_none_of_them_nor_oneself_is_busy_within_the_hours_of_the_days_asked_for() {
    let desk = Desk::of_alice().await;
    shows(
        &desk,
        "alice",
        vec![event(hours(9, 10), Attendance::Organizing), event(hours(13, 14), Attendance::Maybe)],
        None,
    );
    shows(&desk, "bob", vec![busy("2027-03-10T10:30:00Z", "2027-03-10T11:30:00Z")], None);
    let line = [
        "find-time",
        "bob",
        "alice",
        "--for",
        "1h",
        "--between",
        "9:00-17:00",
        "--on",
        "tue,wed",
        "--to",
        "2027-03-11",
    ];
    let printed = desk.gives(&line).await.unwrap();
    assert_eq!(
        items(&printed),
        [
            "2027-03-09T12:00:00+01:00 2027-03-09T17:00:00+01:00",
            "2027-03-10T10:00:00+01:00 2027-03-10T11:30:00+01:00",
            "2027-03-10T14:00:00+01:00 2027-03-10T17:00:00+01:00",
        ],
        "half an hour at 12:30 is too short, 2027-03-11 a Thursday, and before noon of the 9th is past"
    );
    assert!(printed.text.starts_with("Free for alice, bob from 2027-03-09 to 2027-03-11\n"), "{}", printed.text);
    assert!(
        printed.text.contains("Wed  2027-03-10T10:00:00+01:00  2027-03-10T11:30:00+01:00  1h30m"),
        "{}",
        printed.text
    );
    assert_eq!(asked(&desk), [(None, None), (Some("bob".to_owned()), None)]);
}

#[tokio::test]
async fn only_so_many_times_are_told_and_the_first_begins_at_a_full_minute() {
    let mut desk = Desk::of_alice().await;
    desk.here.now = desk.here.now.plus(std::time::Duration::from_millis(500));
    shows(&desk, "alice", Vec::new(), None);
    shows(&desk, "bob", Vec::new(), None);
    let printed = desk.gives(&["find-time", "bob", "--for", "1h", "--between", "9-17", "--limit", "2"]).await.unwrap();
    assert_eq!(
        items(&printed),
        ["2027-03-09T12:01:00+01:00 2027-03-09T17:00:00+01:00", "2027-03-10T09:00:00+01:00 2027-03-10T17:00:00+01:00",]
    );
}

#[tokio::test]
async fn without_hours_a_time_may_reach_over_midnight_and_the_change_of_clocks() {
    let desk = Desk::of_alice().await;
    shows(&desk, "alice", Vec::new(), None);
    shows(&desk, "bob", vec![busy("2027-03-28T20:00:00Z", "2027-03-28T22:00:00Z")], None);
    let line = ["find-time", "bob", "--for", "1d", "--from", "2027-03-27", "--to", "2027-03-28"];
    let printed = desk.gives(&line).await.unwrap();
    assert_eq!(items(&printed), ["2027-03-27T00:00:00+01:00 2027-03-28T22:00:00+02:00"]);
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_refused_before_anything_is_asked() {
    let desk = Desk::of_alice().await;
    let many: Vec<String> = (0..51).map(|number| format!("user{number}")).collect();
    let many: Vec<&str> = std::iter::once("freebusy").chain(many.iter().map(String::as_str)).collect();
    for (line, field) in [
        (&["find-time", "bob", "--for", "soon"][..], "for"),
        (&["find-time", "bob", "--for", "1h", "--between", "22:00-6:00"], "between"),
        (&["find-time", "bob", "--for", "1h", "--on", "mon,holiday"], "on"),
        (&["find-time", "bob", "--for", "1h", "--limit", "0"], "limit"),
        (&["find-time", "bob", "--for", "1h", "--limit", "201"], "limit"),
        (&["freebusy", "bob", "--from", "2027-03-10", "--to", "2027-03-09"], "to"),
        (&["freebusy", "bob", "--from", "2027-01-01", "--to", "2028-01-02"], "to"),
        (&["freebusy", "Bob Smith"], "user"),
        (&many, "user"),
    ] {
        let failure = desk.gives(line).await.unwrap_err();
        let told: serde_json::Value = serde_json::from_str(&failure.json()).unwrap();
        assert_eq!((failure.exit(), &told["error"]["field"]), (2, &field.into()), "{line:?}");
    }
    assert!(desk.calendar.calls().is_empty());
}

#[tokio::test]
async fn a_calendar_of_which_only_a_part_can_be_read_gives_no_free_times_at_all() {
    let desk = Desk::of_alice().await;
    shows(&desk, "alice", Vec::new(), Some(1));
    desk.calendar.answers(Err(Error::unavailable(Service::Calendar, "connection refused")));
    let failure = desk.gives(&["find-time", "bob", "--for", "1h"]).await.unwrap_err();
    assert_eq!((failure.exit(), failure.service()), (7, Some(Service::Calendar)));

    let desk = Desk::of_alice().await;
    for _ in 0..100 {
        shows(&desk, "alice", Vec::new(), Some(1));
    }
    let failure = desk.gives(&["find-time", "bob", "--for", "1h"]).await.unwrap_err();
    assert_eq!(failure.exit(), 2);
    assert!(failure.message().contains("ask for fewer at once"), "{failure:?}");
}
