//! Everything can be read, found and left: by keys that the screen names, at every size.

use crossterm::event::KeyCode;
use domain::Zone;
use domain::calendar::Attendance;
use domain::invitations::Status;
use domain::sharing::{Level, Share, Shares};
use jiff::civil::date;

use super::rig::{Rig, entry, event, found_entries, id, invitation, participants};
use crate::app::ask::{Found, Query};
use crate::app::message::Msg;
use crate::app::model::{Screen, View};

/// The line at the bottom.
fn footer(rig: &Rig, width: u16, height: u16) -> String {
    rig.screen(width, height).lines().last().unwrap_or_default().to_owned()
}

fn on_the_page(description: &str, (width, height): (u16, u16)) -> Rig {
    let mut rig = Rig::signed_in();
    rig.tell(Msg::Resized(width, height));
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("participants");
    let mut standup = event(1, "Standup", "alice");
    standup.description = description.parse().unwrap();
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(standup)));
    let people = participants(&[("bob", Status::Going), ("carol", Status::Pending)]);
    rig.finds(|query| matches!(query, Query::Participants { .. }), Found::Participants(people));
    rig
}

fn in_bobs_calendar() -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[]);
    rig.command("open calendar");
    rig.types("bob");
    rig.ctrl('s');
    rig.has_entries(&[]);
    rig
}

#[test]
fn a_long_description_is_read_to_its_end_and_says_that_it_goes_on() {
    let lines: Vec<String> = (1..=12).map(|nth| format!("line {nth} of it")).collect();
    for size in [(80, 24), (60, 15), (40, 10)] {
        let mut rig = on_the_page(&lines.join("\n"), size);
        let mut seen = String::new();
        let mut pages = 0;
        loop {
            let screen = rig.screen(size.0, size.1);
            seen.push_str(&screen);
            if !screen.contains("… PageDown") {
                break;
            }
            pages += 1;
            assert!(pages < 40, "{screen}");
            rig.key(KeyCode::PageDown);
        }
        for wanted in lines.iter().map(String::as_str).chain(["Room 1", "organizer", "those invited"]) {
            assert!(seen.contains(wanted), "{size:?}: {wanted}\n{seen}");
        }
        // Further than to the end there is nothing to come back from.
        let end = rig.screen(size.0, size.1);
        rig.key(KeyCode::PageDown);
        assert_eq!(rig.screen(size.0, size.1), end);
        (0..pages).for_each(|_| rig.key(KeyCode::PageUp));
        assert!(rig.screen(size.0, size.1).contains("│Standup"), "{}", rig.screen(size.0, size.1));
    }
}

#[test]
fn where_all_that_is_said_of_an_event_is_seen_the_page_keys_move_among_its_participants() {
    let mut rig = on_the_page("short", (120, 40));
    rig.key(KeyCode::PageDown);
    assert_eq!(rig.model.selected_participant().unwrap().username.as_str(), "carol");
}

#[test]
fn another_calendar_is_left_by_the_keys_that_lead_back_and_the_footer_names_what_it_is_for() {
    for key in [KeyCode::Esc, KeyCode::Char('q')] {
        let mut rig = in_bobs_calendar();
        assert!(rig.screen(80, 24).contains("bob’s calendar"), "{}", rig.screen(80, 24));
        let footer = footer(&rig, 80, 24);
        for item in ["O my calendar", "b both calendars", "Esc back"] {
            assert!(footer.contains(item), "{item}: {footer}");
        }
        rig.key(key);
        assert!(rig.screen(80, 24).contains("Month · my calendar") && !rig.has_quit, "{}", rig.screen(80, 24));
    }
}

#[test]
fn an_empty_day_of_another_calendar_does_not_say_that_an_event_can_be_made_in_it() {
    for view in ["month", "agenda"] {
        let mut rig = in_bobs_calendar();
        rig.command(view);
        if view == "agenda" {
            rig.has_entries(&[]);
        }
        let screen = rig.screen(120, 40);
        assert!(screen.contains("nothing ") && !screen.contains("n makes"), "{screen}");
    }
}

#[test]
fn the_footer_names_what_its_screen_is_for_before_what_can_be_done_elsewhere() {
    let mut rig = Rig::signed_in();
    let share = |name: &str, level| Share { username: name.parse().unwrap(), level };
    let shares = Shares { shared_with: vec![share("bob", Level::Busy)], shared_with_me: Vec::new() };
    rig.finds(|query| *query == Query::Shares, Found::Shares(shares));
    rig.has_inbox(vec![invitation(5, "Retro", Status::Pending)]);
    rig.command("people");
    let people = footer(&rig, 80, 24);
    for item in ["s share calendar", "X stop sharing", "o open calendar"] {
        assert!(people.contains(item), "{item}: {people}");
    }
    assert!(!footer(&rig, 130, 24).contains("P people"));
    rig.command("invitations");
    let invitations = footer(&rig, 80, 24);
    for item in ["a accept", "m maybe", "d decline", "/ filter"] {
        assert!(invitations.contains(item), "{item}: {invitations}");
    }
    assert!(!footer(&rig, 130, 24).contains("i invitations"));
    let page = footer(&on_the_page("", (80, 24)), 80, 24);
    for item in ["e edit event", "v invite", "D uninvite", "x cancel event"] {
        assert!(page.contains(item), "{item}: {page}");
    }
}

#[test]
fn where_it_is_narrow_a_form_still_says_how_it_is_saved_and_left() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    let footer = footer(&rig, 40, 10);
    assert!(footer.contains("ctrl-s save") && footer.contains("Esc leave"), "{footer}");
}

#[test]
fn the_key_of_the_list_where_one_is_keeps_what_is_selected_and_filtered_there() {
    let mut rig = Rig::signed_in();
    rig.has_inbox(vec![invitation(5, "Retro", Status::Pending), invitation(6, "Party", Status::Going)]);
    rig.command("invitations");
    rig.types("/party");
    rig.key(KeyCode::Enter);
    rig.types("i");
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Party") && !screen.contains("Retro"), "{screen}");
}

#[test]
fn what_the_question_marks_is_what_enter_does_and_it_is_whole_at_every_width() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Plan");
    rig.key(KeyCode::Esc);
    let screen = rig.screen(40, 10);
    assert!(screen.contains("▸ n no"), "{screen}");
    let words: Vec<&str> = screen.lines().flat_map(|line| line.split('│')).flat_map(str::split_whitespace).collect();
    assert!(words.join(" ").contains("Leave this form? What was typed is lost."), "{screen}");
    rig.key(KeyCode::Enter);
    assert!(rig.model.layer.is_none() && rig.screen(80, 24).contains("Plan"), "{}", rig.screen(80, 24));
}

#[test]
fn what_was_chosen_over_a_form_is_done_once_it_may_be_left() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Plan");
    rig.command("week");
    assert!(rig.screen(80, 24).contains("Leave this form?"));
    rig.types("n");
    assert!(rig.model.form().is_some() && rig.model.view == View::Month);
    rig.command("week");
    rig.types("y");
    assert!(rig.model.form().is_none() && rig.model.view == View::Week, "{}", rig.screen(80, 24));
}

#[test]
fn what_is_pasted_into_the_palette_is_chosen_like_what_is_typed() {
    let mut rig = Rig::signed_in();
    rig.types(":");
    for _ in 0..3 {
        rig.key(KeyCode::Down);
    }
    rig.tell(Msg::Paste("week".to_owned()));
    assert!(rig.screen(80, 24).contains("▸ week"), "{}", rig.screen(80, 24));
    rig.key(KeyCode::Enter);
    assert_eq!(rig.model.view, View::Week);
}

#[test]
fn how_to_come_to_the_other_form_is_said_in_a_low_terminal_too() {
    let mut rig = Rig::signed_out();
    let screen = rig.screen(60, 15);
    assert!(screen.contains("New here? ctrl-r makes an account."), "{screen}");
    rig.ctrl('r');
    let screen = rig.screen(60, 15);
    assert!(screen.contains("Register") && screen.contains("ctrl-r signs in."), "{screen}");
}

#[test]
fn a_date_typed_after_the_one_that_stands_there_is_told_which_one_that_is_and_how_to_clear_it() {
    let mut rig = Rig::signed_in();
    rig.model.settings.zone = "Europe/Berlin".parse::<Zone>().unwrap();
    rig.types("l");
    rig.command("new event");
    rig.types("Planning");
    rig.key(KeyCode::Tab);
    rig.types("tomorrow 8am");
    let said = "another date is already given, 2027-03-11";
    for _ in 0..2 {
        let screen = rig.screen(80, 24);
        assert!(screen.contains(said) && screen.contains("ctrl-u clears"), "{screen}");
        assert!(!screen.contains("fri 14:00") && !screen.contains("for example"), "{screen}");
        rig.ctrl('s');
    }
    rig.ctrl('u');
    rig.types("tomorrow 8am");
    assert!(rig.screen(80, 24).contains("= Thu 11 Mar 2027 08:00"), "{}", rig.screen(80, 24));
}

#[test]
fn the_agenda_gives_the_day_back_that_had_nothing_unless_one_has_moved_in_it() {
    let open = Query::Entries { of: None, from: date(2027, 3, 10), to: None, page: 0 };
    for moves in [false, true] {
        let mut rig = Rig::signed_in();
        rig.has_entries(&[]);
        (0..5).for_each(|_| rig.types("l"));
        rig.types("4");
        let entries = [entry(1, "Standup", 11, 9, Attendance::Going), entry(2, "Retro", 12, 9, Attendance::Going)];
        rig.finds(|query| *query == open, found_entries(&entries));
        assert_eq!(rig.model.cursor, date(2027, 3, 12));
        if moves {
            rig.types("kj");
        }
        rig.types("1");
        assert_eq!(rig.model.cursor.day(), if moves { 12 } else { 15 });
        assert!(matches!(rig.model.screen(), Screen::Calendar));
    }
}
