//! What forms show while they are filled in.

use crossterm::event::KeyCode;
use domain::auth::ChangePassword;
use domain::calendar::Attendance;
use domain::{Error, EventTime, Username, Zone};

use super::rig::{Rig, entry, event, id};
use crate::app::ask::{Call, Command, Done, Found, Query, Secret};
use crate::app::message::Msg;

/// A new event's form, with the date field filled in and focused, read in Berlin.
fn dated(when: &str) -> Rig {
    let mut rig = Rig::signed_in();
    rig.model.settings.zone = "Europe/Berlin".parse::<Zone>().unwrap();
    rig.command("new event");
    rig.types("Planning");
    rig.key(KeyCode::Tab);
    rig.types(when);
    rig
}

/// The form of a new event, focused on its description.
fn describing() -> Rig {
    let mut rig = dated("tomorrow 9am");
    for _ in 0..3 {
        rig.key(KeyCode::Tab);
    }
    rig
}

fn created(rig: &mut Rig) -> domain::events::CreateEvent {
    rig.ctrl('s');
    let sent = rig.sent();
    match sent.call {
        Call::Do(Command::Create(request)) => *request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_description_has_lines_and_tab_leaves_it() {
    let mut rig = describing();
    rig.types("First");
    rig.key(KeyCode::Enter);
    rig.types("second: 会議 🎉");
    let screen = rig.screen(80, 24);
    assert!(screen.contains("First") && screen.contains("second: 会議 🎉"), "{screen}");
    rig.key(KeyCode::Tab);
    rig.types("y");
    let request = created(&mut rig);
    assert_eq!(request.description.as_str(), "First\nsecond: 会議 🎉");
    assert!(request.public);
}

#[test]
fn arrows_move_in_a_description_and_leave_it_at_its_edges() {
    let mut rig = describing();
    rig.types("one");
    rig.key(KeyCode::Enter);
    rig.types("two");
    rig.screen(80, 24);
    rig.key(KeyCode::Up);
    rig.types("!");
    rig.key(KeyCode::Down);
    rig.key(KeyCode::Down);
    assert_eq!(rig.model.form().unwrap().focused().unwrap().name, "public");
    rig.key(KeyCode::Up);
    rig.key(KeyCode::Up);
    rig.key(KeyCode::Up);
    assert_eq!(rig.model.form().unwrap().focused().unwrap().name, "location");
    assert_eq!(created(&mut rig).description.as_str(), "one!\ntwo");
}

#[test]
fn a_pasted_description_keeps_its_lines_and_a_pasted_title_has_one() {
    let mut rig = describing();
    rig.tell(Msg::Paste("one\r\ntwo\u{1b}[31m\n".to_owned()));
    assert_eq!(rig.model.form().unwrap().focused().unwrap().text(), "one\ntwo[31m\n");
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.tell(Msg::Paste("Plan\nning".to_owned()));
    assert_eq!(rig.model.form().unwrap().focused().unwrap().value(), "Plan ning");
}

#[test]
fn an_edited_event_shows_its_lines_and_only_what_was_changed_is_sent() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("edit event");
    let mut standup = event(1, "Standup", "alice");
    standup.description = "one\ntwo".parse().unwrap();
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(standup)));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("one") && screen.contains("two"), "{screen}");
    rig.types("!");
    rig.ctrl('s');
    let sent = rig.sent();
    let Call::Do(Command::Edit(request)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!(request.title.as_ref().map(domain::EventTitle::as_str), Some("Standup!"));
    assert_eq!((&request.description, &request.location, &request.time), (&None, &None, &None));
}

#[test]
fn an_event_that_is_changed_elsewhere_while_it_is_edited_is_followed_and_nothing_typed_is_lost() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("edit event");
    let standup = event(1, "Standup", "alice");
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(standup.clone())));
    rig.types(" of ours");
    rig.ctrl('s');
    let sent = rig.sent();
    let (mut moved, version) = (standup.clone(), standup.version + 1);
    (moved.version, moved.title, moved.location) = (version, "Stand-up".parse().unwrap(), "Roof".parse().unwrap());
    let refused = Error::Conflict {
        field: "event".to_owned(),
        reason: "it was changed meanwhile".to_owned(),
        current_version: Some(version),
    };
    rig.answer(&sent, Err(refused));
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(moved)));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Standup of ours") && screen.contains("elsewhere it became “Stand-up”"), "{screen}");
    assert!(screen.contains("Roof") && screen.contains("look it over, and save again"), "{screen}");
    rig.ctrl('s');
    let sent = rig.sent();
    let Call::Do(Command::Edit(request)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!((request.if_version, &request.location), (Some(version), &None));
    assert_eq!(request.title.as_ref().unwrap().as_str(), "Standup of ours");
}

#[test]
fn a_date_is_echoed_in_full_with_its_zone() {
    let screen = dated("tomorrow 9am 1h30").screen(80, 24);
    assert!(screen.contains("= Thu 11 Mar 2027 09:00–10:30 Europe/Berlin"), "{screen}");
    assert!(!screen.contains('!'), "{screen}");
}

#[test]
fn a_date_in_the_past_is_flagged_beside_its_echo() {
    let screen = dated("2020-01-01 9:00").screen(80, 24);
    assert!(screen.contains("= Wed 1 Jan 2020 09:00–10:00 Europe/Berlin"), "{screen}");
    assert!(screen.contains("! That is in the past."), "{screen}");
}

#[test]
fn a_time_that_clocks_show_twice_is_flagged_and_the_other_can_be_meant() {
    let mut rig = dated("2027-10-31 2:30 1h");
    let screen = rig.screen(80, 24);
    assert!(
        screen.contains("= Sun 31 Oct 2027 02:30") && screen.contains("! Clocks show 02:30 twice that day"),
        "{screen}"
    );
    let first = created(&mut rig).time;
    let second = created(&mut dated("2027-10-31T02:30+01:00 1h")).time;
    let start = |time: &EventTime| match time {
        EventTime::Timed(timed) => timed.start().instant(timed.zone()),
        EventTime::AllDay(_) | EventTime::Floating(_) => panic!("a time was given"),
    };
    assert_eq!(start(&second) - start(&first), 3_600);
}

#[test]
fn a_time_that_clocks_skip_is_refused_while_it_is_typed() {
    let mut rig = dated("2027-03-28 2:30");
    assert!(rig.screen(80, 24).contains("go forward over"), "{}", rig.screen(80, 24));
    rig.ctrl('s');
    assert!(rig.screen(80, 24).contains("Planning") && rig.screen(80, 24).contains("go forward over"));
    assert!(!rig.calls.iter().any(|sent| matches!(sent.call, Call::Do(_))));
}

#[test]
fn an_error_stands_beside_its_field_with_an_example_and_the_rest_is_kept() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.key(KeyCode::Tab);
    rig.types("tomorrow 9am");
    rig.ctrl('s');
    let screen = rig.screen(80, 24);
    assert!(screen.contains("for example: Planning") && screen.contains("tomorrow 9am"), "{screen}");
    assert_eq!(rig.model.form().unwrap().focused().unwrap().name, "title");
    rig.types("Planning");
    for _ in 0..6 {
        rig.key(KeyCode::Tab);
    }
    rig.types("bob, Not-A-Name");
    rig.ctrl('s');
    let screen = rig.screen(80, 24);
    assert!(screen.contains("“Not-A-Name”") && screen.contains("for example: bob, carol"), "{screen}");
    assert!(screen.contains("Planning") && screen.contains("tomorrow 9am"), "{screen}");
}

#[test]
fn a_name_is_completed_among_several() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("invite");
    rig.types("carol, bo");
    let bob: Username = "bob".parse().unwrap();
    rig.finds(|query| *query == Query::Names("bo".to_owned()), Found::Names(vec![bob.clone()]));
    assert!(rig.screen(80, 24).contains("ctrl-e: bob"), "{}", rig.screen(80, 24));
    rig.ctrl('e');
    rig.ctrl('s');
    let sent = rig.sent();
    let Call::Do(Command::Invite(invite)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!(invite.invitees, ["carol".parse().unwrap(), bob]);
}

#[test]
fn the_password_is_changed_and_shown_nowhere() {
    let mut rig = Rig::signed_in();
    rig.command("change password");
    rig.types("the old password");
    rig.key(KeyCode::Tab);
    rig.types("the new password");
    rig.key(KeyCode::Tab);
    rig.types("the new passwort");
    rig.ctrl('s');
    assert!(rig.screen(80, 24).contains("it differs from the new password"), "{}", rig.screen(80, 24));
    rig.key(KeyCode::Backspace);
    rig.types("d");
    let screen = rig.screen(80, 24);
    assert!(!screen.contains("the new") && !screen.contains("the old"), "{screen}");
    rig.ctrl('s');
    let sent = rig.sent();
    let Call::Do(Command::ChangePassword(Secret(ChangePassword { .. }))) = &sent.call else { panic!("{sent:?}") };
    assert!(!format!("{:?}", sent.call).contains("the new password"));
    rig.answer(&sent, Err(Error::forbidden("the current password is wrong")));
    assert!(rig.screen(80, 24).contains("the current password is wrong"), "{}", rig.screen(80, 24));
    rig.ctrl('s');
    let sent = rig.sent();
    rig.done(&sent, Done::PasswordChanged);
    assert!(rig.model.form().is_none());
    assert!(rig.screen(80, 24).contains("the password is changed; your other sessions have ended"));
}

#[test]
fn an_account_is_deleted_only_when_its_name_is_typed() {
    let mut rig = Rig::signed_in();
    rig.command("delete account");
    assert!(rig.screen(80, 24).contains("This cannot be undone"), "{}", rig.screen(80, 24));
    rig.types("alic");
    rig.key(KeyCode::Enter);
    assert!(rig.screen(80, 24).contains("type alice to delete the account alice"), "{}", rig.screen(80, 24));
    rig.types("e");
    rig.key(KeyCode::Enter);
    let sent = rig.sent();
    assert!(matches!(sent.call, Call::Do(Command::DeleteAccount)));
    rig.done(&sent, Done::AccountDeleted);
    assert!(rig.model.kept.session.is_none());
    let screen = rig.screen(80, 24);
    assert!(screen.contains("the account alice is deleted") && screen.contains("Sign in"), "{screen}");
}
