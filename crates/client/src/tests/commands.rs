//! What keys, palette words and forms do.

use crossterm::event::KeyCode;
use domain::calendar::Attendance;
use domain::invitations::Status;
use domain::{Error, EventTime};

use super::rig::{Rig, entry, event, id, invitation};
use crate::app::ask::{Call, Command, Done, Found, Query};
use crate::app::keymap::{self, BINDINGS, Place};

#[test]
fn the_palette_has_every_fixed_word() {
    let fixed = [
        "register",
        "sign in",
        "sign out",
        "new event",
        "edit event",
        "cancel event",
        "invite",
        "accept",
        "decline",
        "maybe",
        "attend",
        "participants",
        "month",
        "week",
        "day",
        "agenda",
        "today",
        "invitations",
        "public events",
        "people",
        "share calendar",
        "stop sharing",
        "open calendar",
        "import calendar",
        "services",
        "help",
        "quit",
    ];
    for words in fixed {
        assert!(BINDINGS.iter().any(|binding| binding.in_palette && binding.words == words), "{words}");
    }
}

#[test]
fn a_word_typed_in_full_is_chosen_even_if_it_begins_another() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("invite");
    assert!(rig.screen(80, 24).contains("Invite to “Standup”"));
}

#[test]
fn what_the_footer_lists_works_and_the_palette_lists_only_what_can_be_done() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[]);
    for (binding, keys) in keymap::keyed(&rig.model, Place::Browse) {
        for key in keys {
            assert_eq!(keymap::action(&rig.model, key.pressed()), Some(binding.action), "{}", binding.words);
        }
    }
    let words: Vec<&str> = keymap::palette(&rig.model).iter().map(|binding| binding.words).collect();
    assert!(!words.contains(&"accept") && !words.contains(&"edit event") && !words.contains(&"register"));
    assert!(words.contains(&"new event") && words.contains(&"week"));
}

#[test]
fn a_wrong_password_is_said_beside_nothing_secret_and_the_name_is_kept() {
    let mut rig = Rig::signed_out();
    rig.types("alice");
    rig.key(KeyCode::Tab);
    rig.types("a wrong password");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.answer(&sent, Err(Error::unauthenticated("user name or password is wrong")));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("user name or password is wrong") && screen.contains("alice"), "{screen}");
    assert!(!screen.contains("a wrong password"));
    assert!(!format!("{:?}", sent.call).contains("a wrong password"));
}

#[test]
fn a_short_password_is_refused_beside_its_field_before_anything_is_sent() {
    let mut rig = Rig::signed_out();
    rig.command("register");
    rig.types("alice");
    rig.key(KeyCode::Enter);
    rig.types("short");
    rig.key(KeyCode::Enter);
    assert!(rig.screen(80, 24).contains("10"), "{}", rig.screen(80, 24));
    assert!(!rig.calls.iter().any(|sent| matches!(sent.call, Call::Do(_))));
}

#[test]
fn a_new_event_is_made_from_a_form_that_echoes_the_date() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Planning");
    rig.key(KeyCode::Tab);
    rig.types("tomorrow 9am 1h30");
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Thu 11 Mar 2027 09:00–10:30 UTC"), "{screen}");
    rig.ctrl('s');
    let sent = rig.sent();
    let Call::Do(Command::Create(request)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!(request.title.as_str(), "Planning");
    assert!(matches!(request.time, EventTime::Timed(_)));
    rig.done(&sent, Done::Event(Box::new(event(7, "Planning", "alice"))));
    assert!(rig.screen(80, 24).contains("made “Planning”"));
    assert!(rig.model.form().is_none());
}

#[test]
fn a_wrong_field_is_named_and_the_rest_is_kept() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Planning");
    rig.key(KeyCode::Tab);
    rig.types("someday");
    rig.ctrl('s');
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Planning") && screen.contains("“someday”"), "{screen}");
    assert!(!rig.calls.iter().any(|sent| matches!(sent.call, Call::Do(_))));
}

#[test]
fn an_error_of_a_service_stands_beside_the_field_that_it_names() {
    let mut rig = Rig::signed_in();
    rig.command("share calendar");
    rig.types("nobody");
    rig.ctrl('s');
    let sent = rig.sent();
    rig.answer(&sent, Err(Error::not_found("user", "nobody")));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("no such user: nobody"), "{screen}");
}

#[test]
fn leaving_a_form_in_which_something_was_typed_is_confirmed() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.key(KeyCode::Esc);
    assert!(rig.model.form().is_none());
    rig.command("new event");
    rig.types("Plan");
    rig.key(KeyCode::Esc);
    assert!(rig.screen(80, 24).contains("Leave this form?"));
    rig.types("n");
    assert!(rig.screen(80, 24).contains("Plan"));
    rig.key(KeyCode::Esc);
    rig.types("y");
    assert!(rig.model.form().is_none());
}

#[test]
fn an_event_can_be_edited_from_the_calendar_as_soon_as_it_is_known() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("edit event");
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(event(1, "Standup", "alice"))));
    rig.ctrl('u');
    rig.types("Stand-up");
    rig.ctrl('s');
    let sent = rig.sent();
    let Call::Do(Command::Edit(request)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!(request.title.as_ref().map(domain::EventTitle::as_str), Some("Stand-up"));
    assert_eq!((request.if_version, &request.time, &request.description), (Some(3), &None, &None));
}

#[test]
fn cancelling_an_event_is_asked_about_first() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("cancel event");
    assert!(rig.screen(80, 24).contains("Cancel “Standup”"));
    rig.types("n");
    assert!(!rig.calls.iter().any(|sent| matches!(sent.call, Call::Do(_))));
    rig.command("cancel event");
    rig.types("y");
    assert!(matches!(rig.sent().call, Call::Do(Command::Cancel(_))));
}

#[test]
fn a_decline_can_be_undone_while_its_toast_lives() {
    let mut rig = Rig::signed_in();
    rig.has_inbox(vec![invitation(1, "Standup", Status::Going)]);
    rig.command("invitations");
    rig.command("decline");
    let sent = rig.sent();
    rig.done(&sent, Done::Invitation(Box::new(invitation(1, "Standup", Status::Declined))));
    assert!(rig.screen(80, 24).contains("u undoes it"));
    rig.types("u");
    assert!(rig.screen(80, 24).contains("● going"));
    rig.sent();
}

#[test]
fn quitting_quits_from_anywhere_by_word_and_by_key() {
    let mut rig = Rig::signed_in();
    rig.command("quit");
    assert!(rig.has_quit);
    let mut rig = Rig::signed_out();
    rig.ctrl('c');
    assert!(rig.has_quit);
}

#[test]
fn the_selection_survives_changes_of_size() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 12, 9, Attendance::Going)]);
    rig.types("ll");
    for (width, height) in [(120, 40), (80, 24), (60, 15), (39, 7), (120, 40)] {
        rig.tell(crate::app::message::Msg::Redraw);
        rig.screen(width, height);
    }
    assert!(rig.screen(120, 40).contains("Fri 12 Mar 2027"));
}

#[test]
fn a_key_from_the_configuration_works_in_place_of_the_own_one_and_the_footer_shows_it() {
    let mut rig = Rig::signed_in();
    let config = crate::config::Config::parse("[keys]\n\"new event\" = \"c\"", &keymap::configurable()).unwrap();
    rig.model.settings.keys = config.keys;
    assert!(rig.screen(80, 24).contains("c new event"));
    rig.types("n");
    assert!(rig.model.form().is_none());
    rig.types("c");
    assert!(rig.model.form().is_some());
}

#[test]
fn a_public_event_that_was_joined_is_known_as_such_and_can_be_left() {
    let mut rig = Rig::signed_in();
    rig.command("public events");
    let mut party = event(8, "Party", "carol");
    party.public = true;
    let listed = domain::Page { items: vec![party], next: None };
    rig.finds(|query| matches!(query, Query::Public { .. }), Found::Public(listed));
    rig.finds(|query| matches!(query, Query::MyAnswer { .. }), Found::MyAnswer(None));
    rig.command("attend");
    let sent = rig.sent();
    assert!(matches!(sent.call, Call::Do(Command::Attend(_))));
    let mut joined = invitation(8, "Party", Status::Going);
    joined.inviter = None;
    joined.event.public = true;
    rig.done(&sent, Done::Invitation(Box::new(joined)));
    assert!(rig.screen(80, 24).contains("● Fri 12 Mar"), "{}", rig.screen(80, 24));
    rig.command("decline");
    assert!(matches!(rig.sent().call, Call::Do(Command::Unattend(_))));
}

#[test]
fn a_colon_opens_the_palette_where_a_name_is_typed_and_is_text_in_titles_and_passwords() {
    let mut rig = Rig::signed_out();
    rig.types(":register");
    rig.key(KeyCode::Enter);
    assert!(rig.screen(80, 24).contains("┌ Register"), "{}", rig.screen(80, 24));
    rig.key(KeyCode::Tab);
    rig.types(":x");
    assert!(rig.model.layer.is_none());
    let mut rig = Rig::signed_in();
    rig.types("nRetro: what next");
    assert!(rig.screen(80, 24).contains("Retro: what next"));
}

#[test]
fn the_word_of_the_view_that_is_open_already_leads_nowhere_else() {
    let mut rig = Rig::signed_in();
    rig.command("day");
    rig.types("l");
    let day = rig.model.cursor;
    rig.command("day");
    assert_eq!(rig.model.cursor, day);
}
