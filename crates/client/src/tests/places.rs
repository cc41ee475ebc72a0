//! Events with few places: the form, how full an event is, where one stands in line, and that one hears of it when a place is free.

use std::time::Duration;

use crossterm::event::KeyCode;
use domain::Page;
use domain::calendar::Attendance;
use domain::events::{Capacity, Event};
use domain::invitations::{Invitation, Status};
use transport::cluster::{Cluster, LinkedOptions};

use super::rig::{Rig, entry, event, id, invitation, participants};
use super::seat::Seat;
use crate::app::ask::{Call, Command, Found, Query};

fn places(number: u32) -> Option<Capacity> {
    Some(Capacity::try_from(number).unwrap())
}

/// Someone who waits.
fn in_line(number: u8, title: &str, position: u64) -> Invitation {
    Invitation { position: Some(position), ..invitation(number, title, Status::Waiting) }
}

/// The page of an event that is full, for someone who waits.
pub(super) fn full_event() -> Rig {
    let people =
        [("carol", Status::Going), ("dave", Status::Waiting), ("alice", Status::Waiting), ("erin", Status::Maybe)];
    page_of(1, &people, Some(in_line(5, "Retro", 2)))
}

/// The page of an event with these places, and with these people.
fn page_of(capacity: u32, people: &[(&str, Status)], mine: Option<Invitation>) -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(5, "Retro", 10, 9, Attendance::Maybe)]);
    rig.command("participants");
    let shown = Event { capacity: places(capacity), ..event(5, "Retro", "bob") };
    rig.finds(|query| *query == Query::Event(id(5)), Found::Event(Box::new(shown)));
    let people = participants(people);
    rig.finds(|query| *query == Query::Participants { event: id(5), page: 0 }, Found::Participants(people));
    rig.finds(|query| matches!(query, Query::MyAnswer { .. }), Found::MyAnswer(mine.map(Box::new)));
    rig
}

#[test]
fn the_page_of_an_event_says_how_many_places_are_taken() {
    let screen = page_of(3, &[("carol", Status::Going), ("dave", Status::Maybe)], None).screen(120, 40);
    assert!(screen.contains("1 of 3 places taken"), "{screen}");
    let screen = page_of(1, &[("carol", Status::Going)], None).screen(120, 40);
    assert!(screen.contains("full: 1 of 1 places taken"), "{screen}");
    let unlimited = event(5, "Retro", "bob");
    assert_eq!(unlimited.capacity, None);
}

#[test]
fn the_page_of_a_full_event_shows_the_line_and_where_i_stand_with_a_glyph_and_a_word() {
    let rig = full_event();
    let screen = rig.screen(120, 40);
    for words in [
        "full, 2 waiting; you are 2nd in line",
        "1 going · 2 waiting",
        "◌ 1st  dave",
        "◌ 2nd  alice (you)",
        "◌ waiting",
    ] {
        assert!(screen.contains(words), "{words}\n{screen}");
    }
    let narrow = rig.screen(60, 15);
    assert!(narrow.contains("1 going · 2 waiting"), "{narrow}");
}

#[test]
fn my_invitations_show_where_i_stand_and_whoever_waits_is_not_asked_to_accept_again() {
    let mut rig = Rig::signed_in();
    rig.command("invitations");
    let listed = Page { items: vec![in_line(5, "Retro", 3)], next: None };
    rig.finds(|query| matches!(query, Query::Inbox { .. }), Found::Inbox(listed));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("◌ waiting") && screen.contains("from bob · 3rd in line"), "{screen}");
    let pick = rig.model.pick().unwrap();
    assert!(!pick.may_answer(Status::Going) && pick.may_answer(Status::Maybe) && pick.may_answer(Status::Declined));
}

#[test]
fn a_form_takes_a_capacity_and_says_what_one_is() {
    let mut rig = Rig::signed_in();
    rig.command("new event");
    rig.types("Course");
    rig.key(KeyCode::Tab);
    rig.types("tomorrow 9am");
    for _ in 0..6 {
        rig.key(KeyCode::Tab);
    }
    assert_eq!(rig.model.form().unwrap().focused().unwrap().name, "capacity");
    for wrong in ["0", "few", "1000001"] {
        rig.types(wrong);
        rig.ctrl('s');
        let screen = rig.screen(120, 40);
        assert!(screen.contains(&format!("“{wrong}”: write a number from 1 to 1000000")), "{screen}");
        rig.ctrl('u');
    }
    rig.types("12");
    rig.ctrl('s');
    let sent = rig.sent();
    let Call::Do(Command::Create(request)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!(request.capacity, places(12));
}

#[test]
fn an_edited_event_shows_its_capacity_and_an_emptied_field_takes_it_away() {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
    rig.command("edit event");
    let standup = Event { capacity: places(12), ..event(1, "Standup", "alice") };
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(standup)));
    for _ in 0..6 {
        rig.key(KeyCode::Tab);
    }
    assert_eq!(rig.model.form().unwrap().focused().unwrap().value(), "12");
    rig.ctrl('u');
    rig.ctrl('s');
    let sent = rig.sent();
    let Call::Do(Command::Edit(request)) = &sent.call else { panic!("{sent:?}") };
    assert_eq!((request.capacity, &request.title), (Some(None), &None));
}

/// Everything in this process: what is typed, said and told when there are fewer places than people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_place_becomes_free_whoever_gets_it_hears_of_it_whether_invited_or_not() {
    let cluster = Cluster::linked(LinkedOptions::for_tests()).await.unwrap();
    let mut seats = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        let mut seat = Seat::at(cluster.clients());
        seat.registers(name).await;
        seats.push(seat);
    }
    let [mut alice, mut bob, mut carol, mut dave] = seats.try_into().ok().unwrap();
    alice.command("new event");
    alice.types("Course");
    alice.tab();
    alice.types("tomorrow 9am 45m");
    for _ in 0..4 {
        alice.tab();
    }
    alice.types("y");
    alice.tab();
    alice.types("dave");
    alice.tab();
    alice.types("1");
    alice.save();
    alice.sees("0 of 1 places taken").await;
    bob.command("public events");
    bob.sees("Course").await;
    bob.command("attend");
    bob.sees("you come to Course").await;
    carol.command("public events");
    carol.sees("Course").await;
    carol.command("attend");
    carol.sees("full: you are 1st in line for Course").await;
    dave.command("invitations");
    dave.sees("○ pending").await;
    dave.command("accept");
    dave.sees("full: you are 2nd in line for Course").await;
    dave.sees("2nd in line").await;
    alice.sees("dave waits for a place at Course").await;
    alice.sees("full, 2 waiting").await;
    carol.command("agenda");
    bob.command("decline");
    carol.sees("a place became free: you are going to Course").await;
    carol.sees("● Course").await;
    dave.sees("1st in line").await;
    alice.sees("carol is coming to Course").await;
    carol.command("decline");
    dave.sees("a place became free: you are going to Course").await;
    dave.sees("● going").await;
    cluster.shutdown(Duration::from_secs(5)).await;
}
