//! Events that recur, as the client shows them and acts on them; answered by hand.

use crossterm::event::KeyCode;
use domain::calendar::{Attendance, Entry};
use domain::events::{Alarms, CancelEvent, EditEvent, Event};
use domain::invitations::{Invitation, Respond, Response, Status};
use domain::time::{Rules, civil_seconds};
use domain::{Error, Instance, Page, Series};
use jiff::civil::date;

use super::rig::{Rig, at, entry, event, id, invitation, participants, timed};
use crate::app::ask::{Call, Command, Done, Found, Query};

/// The original start of the instance on a day in March at nine.
pub(super) fn start(day: i8) -> i64 {
    civil_seconds(at(date(2027, 3, day), 9, 0))
}

/// An instance of “Standup”, on a day in March at nine, in a calendar.
pub(super) fn instance(day: i8, attendance: Attendance) -> Entry {
    let Entry::Event { event, title, time, location, attendance, .. } = entry(1, "Standup", day, 9, attendance) else {
        panic!("an event")
    };
    let alarms = Alarms::try_from(vec![10]).unwrap();
    Entry::Event { event, instance: Instance::On(start(day)), title, time, location, alarms, attendance }
}

/// “Standup” on working days from 8 March on; as its instance of a day, if one is said.
fn standup(organizer: &str, of: Option<i8>) -> Event {
    let first = timed(at(date(2027, 3, 8), 9, 0), at(date(2027, 3, 8), 9, 45));
    let rules = Rules::parse("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR").unwrap();
    Event {
        series: Series::new(first, &rules).unwrap(),
        occurrence: of.map(|day| timed(at(date(2027, 3, day), 9, 0), at(date(2027, 3, day), 9, 45))),
        alarms: Alarms::try_from(vec![10, 1440]).unwrap(),
        ..event(1, "Standup", organizer)
    }
}

/// A month with “Standup” on three days, the second of which is today and selected.
pub(super) fn month(attendance: Attendance) -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[instance(9, attendance), instance(10, attendance), instance(11, attendance)]);
    rig
}

/// The same, and the page of today's instance.
pub(super) fn page(attendance: Attendance, organizer: &str) -> Rig {
    let mut rig = month(attendance);
    rig.key(KeyCode::Enter);
    rig.finds(of_today, Found::Event(Box::new(standup(organizer, Some(10)))));
    rig
}

fn of_today(query: &Query) -> bool {
    *query == Query::Instance { event: id(1), start: start(10) }
}

fn edit_sent(rig: &mut Rig) -> EditEvent {
    match rig.sent().call {
        Call::Do(Command::Edit(edit)) => *edit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_instance_opens_as_itself_and_says_what_it_is_one_of() {
    let rig = page(Attendance::Organizing, "alice");
    let screen = rig.screen(120, 40);
    for said in [
        "when      Wed 10 Mar 2027 09:00–09:45 UTC",
        "repeats   ↻ every weekday",
        "this      is one of them",
        "reminds   1d and 10m before",
    ] {
        assert!(screen.contains(said), "{said}:\n{screen}");
    }
}

#[test]
fn an_instance_that_was_moved_says_from_where() {
    let mut rig = month(Attendance::Organizing);
    rig.key(KeyCode::Enter);
    let moved = timed(at(date(2027, 3, 12), 15, 0), at(date(2027, 3, 12), 15, 45));
    let found = Event { occurrence: Some(moved), ..standup("alice", None) };
    rig.finds(of_today, Found::Event(Box::new(found)));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("when      Fri 12 Mar 2027 15:00–15:45 UTC"), "{screen}");
    assert!(screen.contains("this      is one of them, moved from Wed 10 Mar 2027 09:00"), "{screen}");
}

#[test]
fn what_comes_again_is_marked_in_every_view_where_there_is_room() {
    for view in ["month", "week", "day"] {
        let mut rig = month(Attendance::Going);
        rig.command(view);
        let screen = rig.screen(120, 40);
        assert!(screen.contains("Standup ↻"), "{view}:\n{screen}");
    }
    let rig = month(Attendance::Going);
    assert!(!rig.screen(60, 15).contains("Standu…"), "a mark takes no room from words");
}

#[test]
fn an_answer_to_an_instance_asks_which_are_meant_and_means_this_one_if_nothing_else_is_said() {
    for (keys, meant) in [
        ("", Instance::On(start(10))),
        ("j", Instance::From(start(10))),
        ("jj", Instance::Series),
        ("jjk", Instance::From(start(10))),
    ] {
        let mut rig = month(Attendance::Going);
        answered(&mut rig, Status::Going);
        rig.types("d");
        let screen = rig.screen(80, 24);
        assert!(screen.contains("▸ 1  this one on Wed 10 Mar"), "{screen}");
        rig.types(keys);
        rig.key(KeyCode::Enter);
        assert_eq!(rig.sent().call, declines(meant));
    }
    for (key, meant) in [("1", Instance::On(start(10))), ("2", Instance::From(start(10))), ("3", Instance::Series)] {
        let mut rig = month(Attendance::Going);
        answered(&mut rig, Status::Going);
        rig.command("decline");
        rig.types(key);
        assert_eq!(rig.sent().call, declines(meant));
    }
}

/// What I answered to all of it becomes known.
fn answered(rig: &mut Rig, status: Status) {
    let mine = Found::MyAnswer(Some(Box::new(invitation(1, "Standup", status))));
    rig.finds(|query| matches!(query, Query::MyAnswer { .. }), mine);
}

fn declines(instance: Instance) -> Call {
    Call::Do(Command::Respond(Respond { event: id(1), instance, response: Response::Decline }))
}

#[test]
fn a_click_says_which_are_meant_too() {
    for size in [(120, 40), (80, 24), (60, 15)] {
        let mut rig = month(Attendance::Going);
        answered(&mut rig, Status::Going);
        rig.types("d");
        rig.clicks("2  this one and all", size);
        assert_eq!(rig.sent().call, declines(Instance::From(start(10))));
    }
}

#[test]
fn the_question_which_are_meant_can_be_left() {
    let mut rig = month(Attendance::Organizing);
    rig.types("x");
    assert!(rig.screen(80, 24).contains("Cancel “Standup” ↻"));
    rig.key(KeyCode::Esc);
    assert!(rig.model.layer.is_none());
    assert!(rig.calls.iter().all(|sent| !matches!(sent.call, Call::Do(_))));
}

#[test]
fn what_does_not_come_again_is_acted_on_at_once() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Going)]);
    answered(&mut rig, Status::Going);
    rig.types("d");
    assert_eq!(rig.sent().call, declines(Instance::Series));
}

#[test]
fn a_declined_instance_leaves_the_calendar_at_once_and_the_others_stay() {
    let mut rig = month(Attendance::Going);
    answered(&mut rig, Status::Going);
    rig.types("d1");
    let screen = rig.screen(120, 40);
    assert_eq!(screen.matches("Standup").count(), 2, "{screen}");
    let sent = rig.sent();
    let mine = Invitation { instance: Instance::On(start(10)), ..invitation(1, "Standup", Status::Declined) };
    rig.done(&sent, Done::Invitation(Box::new(mine)));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("you do not come to Standup on Wed 10 Mar · u undoes it"), "{screen}");
    rig.types("u");
    let undone = Respond { event: id(1), instance: Instance::On(start(10)), response: Response::Accept };
    assert_eq!(rig.sent().call, Call::Do(Command::Respond(undone)));
}

#[test]
fn on_the_page_of_an_instance_its_own_answer_is_shown_and_else_that_to_all_of_it() {
    let mut rig = page(Attendance::Going, "bob");
    answered(&mut rig, Status::Going);
    assert!(rig.screen(120, 40).contains("you       ● going"));
    let apart = participants(&[("alice", Status::Maybe), ("carol", Status::Declined)]);
    rig.finds(|query| matches!(query, Query::Apart { .. }), Found::Participants(apart));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("you       ◐ maybe"), "{screen}");
    assert!(screen.contains("only this ✗ carol"), "{screen}");
}

#[test]
fn cancelling_asks_which_and_then_whether() {
    let mut rig = month(Attendance::Organizing);
    rig.types("x2");
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Cancel “Standup” from Wed 10 Mar on for"), "{screen}");
    rig.types("y");
    let cancel = CancelEvent { event: id(1), instance: Instance::From(start(10)) };
    let sent = rig.sent();
    assert_eq!(sent.call, Call::Do(Command::Cancel(cancel)));
    rig.done(&sent, Done::Event(Box::new(standup("alice", None))));
    assert!(rig.screen(120, 40).contains("cancelled “Standup” from Wed 10 Mar on"));
}

#[test]
fn of_one_instance_title_time_place_and_words_can_be_changed_and_nothing_else() {
    let mut rig = page(Attendance::Organizing, "alice");
    rig.types("e1");
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Edit “Standup” on Wed 10 Mar"), "{screen}");
    assert!(screen.contains("2027-03-10 09:00 to 09:45"), "{screen}");
    for absent in ["Repeat", "Remind", "Public", "Capacity"] {
        assert!(!screen.contains(absent), "{absent}:\n{screen}");
    }
    rig.key(KeyCode::Tab);
    rig.ctrl('u');
    rig.types("2027-03-10 15:00 45m");
    rig.ctrl('s');
    let edit = edit_sent(&mut rig);
    assert_eq!(edit.instance, Instance::On(start(10)));
    assert_eq!(edit.time, Some(timed(at(date(2027, 3, 10), 15, 0), at(date(2027, 3, 10), 15, 45))));
    assert_eq!((edit.title, edit.public, edit.rules, edit.alarms), (None, None, None, None));
}

#[test]
fn an_instance_chosen_in_the_calendar_is_asked_for_before_it_is_edited() {
    let mut rig = month(Attendance::Organizing);
    rig.types("e2");
    rig.finds(of_today, Found::Event(Box::new(standup("alice", Some(10)))));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("Edit “Standup” from Wed 10 Mar on"), "{screen}");
    assert!(screen.contains("Repeat     every weekday"), "{screen}");
    assert!(screen.contains("Remind     1d, 10m"), "{screen}");
    let mut rig = month(Attendance::Organizing);
    rig.types("e3");
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(standup("alice", None))));
    assert!(rig.screen(120, 40).contains("2027-03-08 09:00 to 09:45"), "all of it begins with the first");
}

#[test]
fn a_form_without_a_change_is_none_whatever_is_meant() {
    for key in ["1", "2", "3"] {
        let mut rig = page(Attendance::Organizing, "alice");
        rig.types("e");
        rig.types(key);
        if key == "3" {
            rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(standup("alice", None))));
        }
        rig.ctrl('s');
        assert!(rig.screen(80, 24).contains("nothing was changed"), "{key}:\n{}", rig.screen(80, 24));
    }
}

/// Goes from the first field of the form for a new event to the one that says how it comes again.
fn to_repeat(rig: &mut Rig) {
    (0..8).for_each(|_| rig.key(KeyCode::Tab));
}

#[test]
fn how_an_event_comes_again_and_reminds_is_typed_and_echoed_and_sent() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Standup");
    rig.key(KeyCode::Tab);
    rig.types("2027-03-16 9am 45m");
    (0..7).for_each(|_| rig.key(KeyCode::Tab));
    rig.types("every 2 weeks on tue,thu until 2027-06-30");
    let screen = rig.screen(120, 40);
    assert!(screen.contains("= every 2 weeks on Tue and Thu until 30 Jun 2027"), "{screen}");
    assert!(screen.contains("then Thu 18 Mar, Tue 30 Mar, Thu 1 Apr, …"), "{screen}");
    rig.key(KeyCode::Tab);
    rig.types("10m, 1d");
    assert!(rig.screen(120, 40).contains("= 1d and 10m before"));
    rig.ctrl('s');
    let Call::Do(Command::Create(create)) = rig.sent().call else { panic!("not made") };
    assert_eq!(create.rules.as_slice().len(), 1);
    assert_eq!(create.alarms.minutes(), [1440, 10]);
}

#[test]
fn a_rule_in_its_own_notation_is_read_too() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Rent");
    rig.key(KeyCode::Tab);
    rig.types("2027-03-31 all day");
    (0..7).for_each(|_| rig.key(KeyCode::Tab));
    rig.types("FREQ=MONTHLY;BYMONTHDAY=-1");
    rig.ctrl('s');
    let Call::Do(Command::Create(create)) = rig.sent().call else { panic!("not made") };
    assert_eq!(create.rules, Rules::parse("FREQ=MONTHLY;BYMONTHDAY=-1").unwrap());
}

#[test]
fn what_is_not_understood_is_said_beside_its_field_and_the_rest_is_kept() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Standup");
    rig.key(KeyCode::Tab);
    rig.types("2027-03-16 9am");
    rig.key(KeyCode::BackTab);
    to_repeat(&mut rig);
    rig.types("every blue moon");
    rig.ctrl('s');
    let screen = rig.screen(120, 40);
    assert!(screen.contains("▸ Repeat     every blue moon"), "{screen}");
    assert!(screen.contains("\"blue\" was not understood"), "{screen}");
    assert!(screen.contains("Standup"), "{screen}");
    rig.ctrl('u');
    rig.key(KeyCode::Tab);
    rig.types("soon");
    rig.ctrl('s');
    let screen = rig.screen(120, 40);
    assert!(screen.contains("▸ Remind     soon"), "{screen}");
    assert!(screen.contains("write how long before the start"), "{screen}");
}

#[test]
fn how_all_of_it_comes_again_is_changed_or_ended() {
    for (typed, wanted) in [("every week on mon", "FREQ=WEEKLY;BYDAY=MO"), ("", "")] {
        let mut rig = page(Attendance::Organizing, "alice");
        rig.types("e3");
        rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(standup("alice", None))));
        (0..7).for_each(|_| rig.key(KeyCode::Tab));
        rig.ctrl('u');
        rig.types(typed);
        rig.ctrl('s');
        let edit = edit_sent(&mut rig);
        let rules: Vec<String> = edit.rules.unwrap().into();
        assert_eq!(rules.concat(), wanted);
        assert_eq!((edit.instance, edit.time), (Instance::Series, None));
    }
}

#[test]
fn a_rule_changed_elsewhere_meanwhile_is_shown_where_nothing_was_typed() {
    let mut rig = page(Attendance::Organizing, "alice");
    rig.types("e2");
    let other = Series::new(standup("alice", None).series.first, &Rules::parse("FREQ=DAILY").unwrap()).unwrap();
    let now = Event { series: other, version: 4, ..standup("alice", Some(10)) };
    rig.model.store.get_mut(&Query::Instance { event: id(1), start: start(10) }).unwrap().outdate();
    rig.pass(std::time::Duration::from_secs(1));
    rig.finds(of_today, Found::Event(Box::new(now)));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("Repeat     every day"), "{screen}");
    assert!(screen.contains("changed elsewhere meanwhile"), "{screen}");
}

#[test]
fn a_page_of_an_instance_that_may_be_gone_shows_all_of_the_event_instead() {
    let mut rig = page(Attendance::Organizing, "alice");
    rig.types("x2y");
    let sent = rig.sent();
    rig.done(&sent, Done::Event(Box::new(standup("alice", None))));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("when      Mon 8 Mar 2027 09:00–09:45 UTC"), "{screen}");
    assert!(!screen.contains("is one of them"), "{screen}");
}

#[test]
fn an_instance_cancelled_by_others_is_told_of_with_its_day_and_one_moved_with_its_time() {
    let mut rig = month(Attendance::Going);
    rig.has_inbox(Vec::new());
    let again = |rig: &mut Rig, entries: &[Entry]| {
        for (query, remote) in &mut rig.model.store {
            if matches!(query, Query::Entries { .. }) {
                remote.outdate();
            }
        }
        rig.pass(std::time::Duration::from_secs(1));
        rig.has_entries(entries);
    };
    again(&mut rig, &[instance(9, Attendance::Going), instance(10, Attendance::Going)]);
    let gone = |query: &Query| *query == Query::Instance { event: id(1), start: start(11) };
    rig.finds(gone, Found::Event(Box::new(Event { cancelled: true, ..standup("bob", Some(11)) })));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("bob cancelled Standup on Thu 11 Mar"), "{screen}");
    rig.pass(std::time::Duration::from_secs(9));
    let mut moved = instance(10, Attendance::Going);
    if let Entry::Event { time, .. } = &mut moved {
        *time = timed(at(date(2027, 3, 10), 15, 0), at(date(2027, 3, 10), 15, 45));
    }
    again(&mut rig, &[instance(9, Attendance::Going), moved]);
    let screen = rig.screen(120, 40);
    assert!(screen.contains("Standup was moved to Wed 10 Mar 15:00–15:45"), "{screen}");
}

#[test]
fn what_a_service_refuses_of_the_rules_stands_beside_them() {
    let mut rig = page(Attendance::Organizing, "alice");
    rig.types("e2");
    (0..7).for_each(|_| rig.key(KeyCode::Tab));
    rig.ctrl('u');
    rig.types("every day");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.answer(&sent, Err(Error::invalid("rrule", "FREQ=DAILY", "it is not wanted")));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("▸ Repeat     every day") && screen.contains("it is not wanted"), "{screen}");
}

#[test]
fn an_inbox_in_which_only_the_rules_changed_says_that_and_not_that_it_was_moved() {
    let mut rig = Rig::signed_in();
    let with = |rule: &str| {
        let mut one = invitation(5, "Retro", Status::Going);
        one.event.series = Series::new(one.event.series.first.clone(), &Rules::parse(rule).unwrap()).unwrap();
        one
    };
    rig.has_inbox(vec![with("FREQ=WEEKLY")]);
    rig.command("invitations");
    let screen = rig.screen(120, 40);
    assert!(screen.contains("Retro ↻ · from bob") && screen.contains("↻ every week on Fri"), "{screen}");
    rig.model.store.get_mut(&Query::Inbox { page: 0 }).unwrap().outdate();
    rig.pass(std::time::Duration::from_secs(1));
    rig.finds(
        |query| *query == Query::Inbox { page: 0 },
        Found::Inbox(Page { items: vec![with("FREQ=DAILY")], next: None }),
    );
    assert!(rig.screen(120, 40).contains("bob changed how Retro comes again"));
}

/// How these look: an instance's page, the question which are meant, the form with what it understands.
pub(super) fn looks() -> [(&'static str, Rig); 3] {
    let mut page = page(Attendance::Organizing, "alice");
    let apart = participants(&[("carol", Status::Declined)]);
    page.finds(|query| matches!(query, Query::Apart { .. }), Found::Participants(apart));
    let people = participants(&[("bob", Status::Going), ("carol", Status::Going)]);
    page.finds(|query| matches!(query, Query::Participants { .. }), Found::Participants(people));
    let mut question = month(Attendance::Organizing);
    question.types("x");
    let mut form = Rig::signed_in();
    form.command("new event");
    form.types("Standup");
    form.key(KeyCode::Tab);
    form.types("2027-03-16 9am 45m");
    form.key(KeyCode::BackTab);
    to_repeat(&mut form);
    form.types("every 2 weeks on tue,thu until 2027-06-30");
    form.key(KeyCode::Tab);
    form.types("10m, 1d");
    [("instance", page), ("which", question), ("repeats", form)]
}
