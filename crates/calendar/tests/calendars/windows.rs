//! What is in a calendar, and in which stretch of whose days.

use domain::calendar::{Attendance, Entry};
use domain::invitations::Status;
use domain::sharing::Level;
use domain::{EventId, Series};
use jiff::civil::{Date, date};

use crate::town::{Town, days, ever, timed, title, window, zone};

const DAY: Date = date(2027, 3, 10);

async fn titles(town: &Town, reader: &crate::town::Citizen, window: &domain::time::Window) -> Vec<String> {
    let entries = town.sees(reader, None, window, 2).await.unwrap();
    entries.iter().map(title).collect()
}

#[tokio::test]
async fn a_calendar_holds_what_one_organizes_attends_or_may_attend_and_nothing_unanswered_or_declined() {
    let mut town = Town::new().await;
    let [alice, bob] = ["alice", "bob"].map(|name| town.citizen(name));
    let hour = |hour: i8| timed(DAY.at(hour, 0, 0, 0), DAY.at(hour + 1, 0, 0, 0), "Europe/Berlin");
    town.makes(&bob, "organized", hour(8));
    for (at, status) in [(9, Status::Going), (10, Status::Maybe), (11, Status::Pending), (12, Status::Declined)] {
        let event = town.makes(&alice, &format!("{status:?}"), hour(at));
        town.answer(event, &[&bob], Some(status));
    }
    town.catches_up().await;
    let expected = [("organized", Attendance::Organizing), ("Going", Attendance::Going), ("Maybe", Attendance::Maybe)];
    assert_eq!(town.own(&bob).await, expected.map(|(title, attendance)| (title.to_owned(), attendance)));
}

#[tokio::test]
async fn an_answer_may_change_and_an_invitation_be_taken_back() {
    let mut town = Town::new().await;
    let [alice, bob] = ["alice", "bob"].map(|name| town.citizen(name));
    let event = town.makes(&alice, "tea", days(DAY, DAY));
    for (status, expected) in [
        (Some(Status::Going), Some(Attendance::Going)),
        (Some(Status::Maybe), Some(Attendance::Maybe)),
        (Some(Status::Declined), None),
        (Some(Status::Going), Some(Attendance::Going)),
        (None, None),
    ] {
        town.answer(event, &[&bob], status);
        town.catches_up().await;
        let shown: Vec<_> = town.own(&bob).await.into_iter().map(|(_, attendance)| attendance).collect();
        assert_eq!(shown, expected.into_iter().collect::<Vec<_>>(), "{status:?}");
    }
}

#[tokio::test]
async fn an_edit_is_seen_in_every_calendar_and_a_cancelled_event_leaves_all_of_them() {
    let mut town = Town::new().await;
    let [alice, bob] = ["alice", "bob"].map(|name| town.citizen(name));
    let event = town.makes(&alice, "tea", days(DAY, DAY));
    town.answer(event, &[&bob], Some(Status::Going));
    let (here, there) = (window(DAY, DAY, "UTC"), window(date(2027, 4, 1), date(2027, 4, 1), "UTC"));
    town.catches_up().await;
    assert_eq!(titles(&town, &bob, &here).await, ["tea"]);
    town.edits(event, |facts| {
        facts.title = "coffee".parse().unwrap();
        facts.series = Series::once(days(date(2027, 4, 1), date(2027, 4, 2)));
    });
    town.catches_up().await;
    for who in [&alice, &bob] {
        assert_eq!(titles(&town, who, &here).await, Vec::<String>::new());
        assert_eq!(titles(&town, who, &there).await, ["coffee"]);
    }
    town.edits(event, |facts| facts.cancelled = true);
    town.catches_up().await;
    for who in [&alice, &bob] {
        assert_eq!(titles(&town, who, &ever()).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn days_are_the_readers_days_and_an_event_is_in_all_that_it_overlaps() {
    let mut town = Town::new().await;
    let alice = town.citizen("alice");
    // 23:30 in New York is 04:30 of the next day in Berlin.
    town.makes(&alice, "late", timed(DAY.at(23, 30, 0, 0), date(2027, 3, 11).at(0, 30, 0, 0), "America/New_York"));
    town.makes(&alice, "whole day", days(DAY, DAY));
    town.makes(&alice, "trip", timed(date(2027, 3, 8).at(18, 0, 0, 0), DAY.at(7, 0, 0, 0), "Europe/Berlin"));
    town.catches_up().await;
    let on = async |day: Date, zone: &str| titles(&town, &alice, &window(day, day, zone)).await;
    assert_eq!(on(DAY, "America/New_York").await, ["trip", "whole day", "late"]);
    assert_eq!(on(DAY, "Europe/Berlin").await, ["trip", "whole day"]);
    assert_eq!(on(date(2027, 3, 11), "Europe/Berlin").await, ["late"]);
    assert_eq!(on(date(2027, 3, 9), "Europe/Berlin").await, ["trip"], "its second day");
    assert_eq!(on(date(2027, 3, 12), "Europe/Berlin").await, Vec::<String>::new());
    let both_ends = window(date(2027, 3, 9), date(2027, 3, 11), "Europe/Berlin");
    assert_eq!(titles(&town, &alice, &both_ends).await, ["trip", "whole day", "late"]);
}

#[tokio::test]
async fn pages_show_everything_once_in_the_order_of_the_readers_zone() {
    let mut town = Town::new().await;
    let alice = town.citizen("alice");
    let mut made: Vec<EventId> = Vec::new();
    for number in 0..60_i8 {
        let day = date(2027, 3, 1 + number % 15);
        made.push(match number % 3 {
            0 => town.makes(&alice, "day", days(day, day)),
            1 => town.makes(&alice, "hour", timed(day.at(0, 0, 0, 0), day.at(9, 0, 0, 0), "Pacific/Auckland")),
            _ => town.makes(&alice, "hours", timed(day.at(5, 0, 0, 0), day.at(9, 0, 0, 0), "America/St_Johns")),
        });
    }
    town.catches_up().await;
    for (limit, reader) in [(1, "Europe/Berlin"), (7, "Pacific/Auckland"), (200, "UTC")] {
        let window = window(date(2027, 2, 1), date(2027, 4, 1), reader);
        let entries = town.sees(&alice, None, &window, limit).await.unwrap();
        let place = |entry: &Entry| match entry {
            Entry::Event { event, time, .. } => (window.reader_start(&time.extent()), *event),
            Entry::Busy { .. } => panic!("one's own calendar has titles"),
        };
        let places: Vec<_> = entries.iter().map(place).collect();
        assert!(places.is_sorted(), "{reader}");
        let mut shown: Vec<_> = places.into_iter().map(|(_, event)| event).collect();
        shown.sort_unstable();
        assert_eq!(shown, made, "{reader}");
    }
}

#[tokio::test]
async fn busy_times_are_merged_and_end_with_the_window_and_days_last_from_midnight_to_midnight() {
    let mut town = Town::new().await;
    let [alice, bob] = ["alice", "bob"].map(|name| town.citizen(name));
    // On that day clocks in Berlin go forward.
    let short = date(2027, 3, 28);
    let hours = |day: Date, from: i8, to: i8| timed(day.at(from, 0, 0, 0), day.at(to, 0, 0, 0), "Europe/Berlin");
    town.makes(&alice, "one", hours(DAY, 9, 11));
    town.makes(&alice, "overlaps", hours(DAY, 10, 12));
    town.makes(&alice, "within", hours(DAY, 10, 11));
    town.makes(&alice, "touches", hours(DAY, 12, 13));
    town.makes(&alice, "apart", hours(DAY, 15, 16));
    town.makes(&alice, "whole day", days(short, short));
    town.makes(&alice, "trip", timed(date(2027, 3, 1).at(8, 0, 0, 0), date(2027, 3, 3).at(8, 0, 0, 0), "UTC"));
    let cancelled = town.makes(&alice, "cancelled", hours(DAY, 18, 20));
    town.edits(cancelled, |facts| facts.cancelled = true);
    town.shares(&alice, &bob, Level::Busy);
    town.catches_up().await;
    let at = |day: Date, hour: i8| {
        day.at(hour, 0, 0, 0).to_zoned(zone("Europe/Berlin").rules()).unwrap().timestamp().as_second()
    };
    let busy = |start, end| Entry::Busy { start, end };
    for limit in [1, 2, 50] {
        let month = window(date(2027, 3, 2), date(2027, 3, 31), "Europe/Berlin");
        let entries = town.sees(&bob, Some(&alice), &month, limit).await.unwrap();
        let expected = [
            busy(at(date(2027, 3, 2), 0), at(date(2027, 3, 3), 9)),
            busy(at(DAY, 9), at(DAY, 13)),
            busy(at(DAY, 15), at(DAY, 16)),
            busy(at(short, 0), at(short, 0) + 23 * 3_600),
        ];
        assert_eq!(entries, expected);
    }
    let open = domain::time::Window::new(Some(DAY), None, zone("UTC")).unwrap();
    let entries = town.sees(&bob, Some(&alice), &open, 50).await.unwrap();
    assert_eq!(entries.len(), 3, "an open end is no end");
}
