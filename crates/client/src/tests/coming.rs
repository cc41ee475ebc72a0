//! What my calendar is looked through for: what overlaps what I come to, and what I am to be reminded of.

use std::time::Duration;

use domain::calendar::{Attendance, Entry};
use domain::events::{Alarms, Event};
use domain::invitations::Status;
use domain::time::Rules;
use domain::{Error, Instance, Series, Service};
use jiff::civil::date;

use super::recurring::instance;
use super::rig::{NOON, Rig, at, entry, event, found_entries, id, invitation, timed};
use crate::app::ask::{Call, Done, Found, Query};

fn looked_through(query: &Query) -> bool {
    matches!(query, Query::Stretch { .. })
}

/// The stretch of which I am reminded.
fn coming(query: &Query) -> bool {
    *query == Query::Stretch { from: date(2027, 3, 10), to: date(2027, 4, 8), page: 0 }
}

/// An event of mine from some time of a day in March to some other.
fn mine(number: u8, title: &str, day: i8, from: (i8, i8), to: (i8, i8)) -> Entry {
    let day = date(2027, 3, day);
    Entry::Event {
        event: id(number),
        instance: Instance::Series,
        title: title.parse().unwrap(),
        time: timed(at(day, from.0, from.1), at(day, to.0, to.1)),
        location: "Hall".parse().unwrap(),
        alarms: Alarms::default(),
        attendance: Attendance::Going,
    }
}

fn with_alarms(entry: Entry, minutes: &[u32]) -> Entry {
    match entry {
        Entry::Event { event, instance, title, time, location, attendance, .. } => {
            let alarms = Alarms::try_from(minutes.to_vec()).unwrap();
            Entry::Event { event, instance, title, time, location, alarms, attendance }
        }
        Entry::Busy { .. } => panic!("an event"),
    }
}

/// Alice has accepted “Retro” on 12 March from nine to ten, and its service says so.
fn accepts_retro() -> Rig {
    let mut rig = Rig::signed_in();
    rig.finds(coming, found_entries(&[]));
    rig.has_inbox(vec![invitation(5, "Retro", Status::Pending)]);
    rig.command("invitations");
    rig.types("a");
    let sent = rig.sent();
    rig.done(&sent, Done::Invitation(Box::new(invitation(5, "Retro", Status::Going))));
    rig
}

/// The stretch that is asked for because of what Alice now comes to.
fn of_that_day(query: &Query) -> bool {
    *query == Query::Stretch { from: date(2027, 3, 12), to: date(2027, 3, 12), page: 0 }
}

#[test]
fn what_one_accepts_says_what_it_overlaps_and_is_accepted_all_the_same() {
    let mut rig = accepts_retro();
    assert!(rig.screen(80, 24).contains("✓ you come to Retro"));
    let day = [
        mine(5, "Retro", 12, (9, 0), (10, 0)),
        mine(1, "Standup", 12, (9, 0), (9, 15)),
        mine(2, "Lunch", 12, (10, 0), (11, 0)),
    ];
    rig.finds(of_that_day, found_entries(&day));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("✓ you come to Retro; it overlaps “Standup” 09:00–09:15"), "{screen}");
}

#[test]
fn several_that_it_overlaps_are_counted_and_whole_days_are_none() {
    let mut rig = accepts_retro();
    let holiday = match mine(7, "Holiday", 12, (0, 0), (1, 0)) {
        Entry::Event { event, instance, title, location, alarms, attendance, .. } => {
            let time = domain::EventTime::all_day(date(2027, 3, 12), date(2027, 3, 13)).unwrap();
            Entry::Event { event, instance, title, time, location, alarms, attendance }
        }
        Entry::Busy { .. } => panic!("an event"),
    };
    // My calendar may not have heard of the answer yet.
    let day = [holiday, mine(1, "Standup", 12, (8, 30), (9, 15)), mine(2, "Lunch", 12, (9, 45), (11, 0))];
    rig.finds(of_that_day, found_entries(&day));
    assert!(rig.screen(80, 24).contains("it overlaps “Standup” 08:30–09:15 and 1 more"));
}

#[test]
fn what_overlaps_nothing_or_cannot_be_found_out_says_nothing_more() {
    let mut rig = accepts_retro();
    rig.finds(of_that_day, found_entries(&[mine(2, "Lunch", 12, (10, 0), (11, 0))]));
    assert!(!rig.screen(80, 24).contains("overlaps"));
    let mut rig = accepts_retro();
    rig.fails(of_that_day, Error::unavailable(Service::Calendar, "it is away"));
    rig.pass(Duration::from_secs(3));
    let asked = |sent: &crate::app::effect::Sent| matches!(&sent.call, Call::Ask(query) if of_that_day(query));
    assert!(!rig.calls.iter().any(asked), "it is not asked again and again");
    assert!(rig.screen(80, 24).contains("you come to Retro"));
}

#[test]
fn a_declined_invitation_is_not_looked_at() {
    let mut rig = Rig::signed_in();
    rig.has_inbox(vec![invitation(5, "Retro", Status::Pending)]);
    rig.command("invitations");
    rig.types("d");
    let sent = rig.sent();
    rig.done(&sent, Done::Invitation(Box::new(invitation(5, "Retro", Status::Declined))));
    assert!(rig.model.looking.is_none());
}

#[test]
fn of_what_comes_again_the_first_day_on_which_it_overlaps_is_said() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Standup");
    rig.key(crossterm::event::KeyCode::Tab);
    rig.types("tomorrow 9am 45m");
    rig.ctrl('s');
    let sent = rig.sent();
    let first = timed(at(date(2027, 3, 11), 9, 0), at(date(2027, 3, 11), 9, 45));
    let series = Series::new(first, &Rules::parse("FREQ=DAILY").unwrap()).unwrap();
    rig.done(&sent, Done::Event(Box::new(Event { series, ..event(1, "Standup", "alice") })));
    let stretch = |query: &Query| *query == Query::Stretch { from: date(2027, 3, 11), to: date(2027, 4, 8), page: 0 };
    let organizing = Attendance::Organizing;
    let found = [
        instance(11, organizing),
        instance(12, organizing),
        instance(13, organizing),
        mine(2, "Breakfast", 12, (8, 0), (9, 30)),
        mine(3, "Brunch", 13, (9, 30), (12, 0)),
    ];
    rig.finds(stretch, found_entries(&found));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("made “Standup”; it overlaps “Breakfast” Fri 12 Mar 08:00–09:30 and 1 more"), "{screen}");
}

#[test]
fn one_is_reminded_when_it_is_time_once_and_rung_for() {
    let mut rig = Rig::signed_in();
    // At a quarter past twelve; it is noon.
    rig.finds(coming, found_entries(&[with_alarms(mine(1, "Standup", 10, (12, 15), (12, 30)), &[10, 5])]));
    rig.pass(Duration::from_secs(299));
    assert!(!rig.screen(80, 24).contains("Standup"));
    assert!(rig.model.wake_in().unwrap() <= Duration::from_secs(1), "it wakes when that is due");
    rig.pass(Duration::from_secs(1));
    assert!(rig.screen(80, 24).contains("♪ in 10 minutes: Standup 12:15, Hall"), "{}", rig.screen(80, 24));
    assert_eq!(rig.model.bells, 1);
    rig.pass(Duration::from_secs(10));
    assert!(!rig.screen(80, 24).contains("Standup"), "it goes, and does not come back");
    rig.pass(Duration::from_secs(290));
    assert!(rig.screen(80, 24).contains("in 5 minutes: Standup 12:15"));
    rig.pass(Duration::from_secs(10));
    rig.pass(Duration::from_secs(900));
    assert!(!rig.screen(80, 24).contains("Standup"));
    assert_eq!(rig.model.bells, 2);
}

#[test]
fn what_was_due_before_the_client_began_is_not_caught_up_on_and_what_became_due_while_it_loaded_is() {
    let mut rig = Rig::signed_in();
    rig.pass(Duration::from_secs(2));
    let noon = mine(1, "Noon", 10, (12, 10), (12, 30));
    let just_after = mine(2, "After", 10, (12, 30), (13, 0));
    rig.finds(coming, found_entries(&[with_alarms(noon, &[15, 10]), with_alarms(just_after, &[0])]));
    assert!(!rig.screen(80, 24).contains("Noon"));
    rig.pass(Duration::from_secs(1_798));
    assert!(rig.screen(80, 24).contains("♪ now: After 12:30, Hall"), "{}", rig.screen(80, 24));
}

#[test]
fn what_is_over_by_the_time_one_looks_again_is_not_told_and_what_has_begun_is() {
    let mut rig = Rig::signed_in();
    let over = with_alarms(mine(1, "Over", 10, (12, 15), (12, 30)), &[10]);
    let begun = with_alarms(mine(2, "Begun", 10, (12, 20), (14, 0)), &[10, 5]);
    rig.finds(coming, found_entries(&[over, begun]));
    // The machine slept.
    rig.pass(Duration::from_secs(2_400));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("♪ 20 minutes ago: Begun 12:20, Hall"), "{screen}");
    assert!(!screen.contains("1 more"), "two alarms of one event are one reminder then: {screen}");
}

#[test]
fn every_instance_reminds_by_itself() {
    let mut rig = Rig::signed_in();
    let instances = [instance(11, Attendance::Going), instance(12, Attendance::Maybe)];
    rig.finds(coming, found_entries(&instances));
    // From noon to ten before nine of the next day, and a day more.
    rig.pass(Duration::from_secs((20 * 60 + 50) * 60));
    assert!(rig.screen(80, 24).contains("♪ in 10 minutes: Standup 09:00, Room 1"), "{}", rig.screen(80, 24));
    rig.pass(Duration::from_secs(86_400 - 1));
    assert!(!rig.screen(80, 24).contains("in 10 minutes"));
    // Two midnights have passed, and the stretch has become another each time.
    let next = |query: &Query| *query == Query::Stretch { from: date(2027, 3, 12), to: date(2027, 4, 10), page: 0 };
    rig.finds(next, found_entries(&instances));
    rig.pass(Duration::from_secs(1));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("in 10 minutes: Standup 09:00, Room 1 (maybe)"), "{screen}");
    assert_eq!(rig.model.bells, 2);
}

#[test]
fn a_day_long_event_of_tomorrow_is_reminded_of_with_its_day() {
    let mut rig = Rig::signed_in();
    let time = domain::EventTime::all_day(date(2027, 3, 11), date(2027, 3, 12)).unwrap();
    let found = match with_alarms(entry(3, "Birthday", 11, 0, Attendance::Organizing), &[660]) {
        Entry::Event { event, instance, title, alarms, attendance, .. } => {
            Entry::Event { event, instance, title, time, location: domain::Location::default(), alarms, attendance }
        }
        Entry::Busy { .. } => panic!("an event"),
    };
    rig.finds(coming, found_entries(&[found]));
    rig.pass(Duration::from_secs(3_600));
    assert!(rig.screen(80, 24).contains("♪ in 11 hours: Birthday Thu 11 Mar"), "{}", rig.screen(80, 24));
}

#[test]
fn reminders_come_at_once_and_what_i_did_is_said_after_them() {
    let mut rig = accepts_retro();
    let reminded = with_alarms(mine(1, "Standup", 10, (12, 1), (12, 30)), &[0]);
    rig.finds(of_that_day, found_entries(&[]));
    rig.finds(coming, found_entries(&[reminded]));
    rig.pass(Duration::from_secs(1));
    assert!(rig.screen(80, 24).contains("you come to Retro"));
    rig.command("accept");
    rig.pass(Duration::from_secs(59));
    assert!(rig.screen(80, 24).contains("♪ now: Standup 12:01, Hall"), "{}", rig.screen(80, 24));
}

#[test]
fn nobody_is_reminded_of_anything_before_they_sign_in() {
    let mut rig = Rig::signed_out();
    rig.pass(Duration::from_secs(600));
    assert_eq!(rig.model.reminded.as_micros(), NOON + 600_000_000);
    assert!(!rig.calls.iter().any(|sent| matches!(&sent.call, Call::Ask(query) if looked_through(query))));
}

#[test]
fn a_calendar_of_very_much_is_looked_through_to_its_end() {
    let mut rig = Rig::signed_in();
    let pages = rig.turns_pages(looked_through, |page| {
        let items = super::rig::page_of(page, 100, 250, |n| {
            let one = with_alarms(mine(1, &format!("Event {n}"), 10, (13, 0), (14, 0)), &[55]);
            crate::app::item::Item::of(&one, &domain::Zone::utc(), false)
        });
        Found::Entries(items)
    });
    assert_eq!(pages, [0, 1, 2]);
    assert_eq!(rig.model.entries(&rig.model.coming()).count(), 250);
}
