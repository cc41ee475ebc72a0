//! How the client looks: snapshots of text and style. What every picture must keep to is in [`super::ten_looks`].

use crossterm::event::KeyCode;
use domain::calendar::Attendance;
use domain::invitations::Status;
use domain::sharing::{Level, Share, Shares};
use domain::{Error, Page, Service};

use super::rig::{Rig, entry, event, id, invitation, participants};
use crate::app::ask::{Found, Query};

/// Sizes at which everything must look well.
pub(super) const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (60, 15)];

/// A month with something in it, and an inbox.
pub(super) fn busy() -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[
        entry(1, "Standup", 10, 9, Attendance::Organizing),
        entry(
            2,
            "会議 🎉 with a title that is much longer than there is room for in most places",
            10,
            11,
            Attendance::Going,
        ),
        entry(3, "Lunch", 12, 12, Attendance::Maybe),
    ]);
    rig.has_inbox(vec![invitation(5, "会議 🎉", Status::Pending), invitation(6, "Retro", Status::Going)]);
    rig
}

/// Every screen, each with something on it.
pub(super) fn screens() -> Vec<(&'static str, Rig)> {
    let in_view = |words: &str| {
        let mut rig = busy();
        rig.command(words);
        rig
    };
    let mut agenda = in_view("agenda");
    agenda.has_entries(&[
        entry(1, "Standup", 10, 9, Attendance::Organizing),
        entry(3, "会議 🎉", 12, 12, Attendance::Maybe),
    ]);
    let mut page = in_view("participants");
    page.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(event(1, "Standup", "alice"))));
    let people = participants(&[("bob", Status::Going), ("carol", Status::Pending), ("dave", Status::Declined)]);
    page.finds(|query| *query == Query::Participants { event: id(1), page: 0 }, Found::Participants(people));
    let full = super::places::full_event();
    let mut public = in_view("public events");
    let listed = Page { items: vec![event(8, "Party 🎉", "carol"), event(9, "会議", "alice")], next: None };
    public.finds(|query| matches!(query, Query::Public { .. }), Found::Public(listed));
    let mut people = in_view("people");
    let share = |name: &str, level| Share { username: name.parse().unwrap(), level };
    let shares =
        Shares { shared_with: vec![share("bob", Level::Busy)], shared_with_me: vec![share("carol", Level::Details)] };
    people.finds(|query| *query == Query::Shares, Found::Shares(shares));
    let mut form = in_view("new event");
    form.types("会議");
    form.key(KeyCode::Tab);
    form.types("fri 14:00 1h30");
    let mut wrong = in_view("new event");
    wrong.key(KeyCode::Tab);
    wrong.types("someday");
    wrong.ctrl('s');
    let mut failed = Rig::signed_in();
    failed.fails(|q| matches!(q, Query::Entries { .. }), Error::unavailable(Service::Calendar, "it is away"));
    let mut question = busy();
    question.types("x");
    let mut palette = busy();
    palette.types(":in");
    let mut filter = in_view("invitations");
    filter.types("/ret");
    let mut empty = Rig::signed_in();
    empty.has_entries(&[]);
    let mut screens = vec![
        ("sign_in", Rig::signed_out()),
        ("loading", Rig::signed_in()),
        ("empty", empty),
        ("failed", failed),
        ("month", busy()),
        ("week", in_view("week")),
        ("day", in_view("day")),
        ("agenda", agenda),
        ("event", page),
        ("full_event", full),
        ("invitations", in_view("invitations")),
        ("public_events", public),
        ("people", people),
        ("services", in_view("services")),
        ("form", form),
        ("wrong_form", wrong),
        ("palette", palette),
        ("filter", filter),
        ("help", in_view("help")),
        ("question", question),
    ];
    screens.extend(super::recurring::looks());
    screens.extend(super::importing::looks());
    screens
}

#[test]
fn every_screen_looks_as_it_looked() {
    for (name, rig) in screens() {
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), rig.looks(width, height));
        }
    }
}

#[test]
fn every_screen_can_be_drawn_at_every_size() {
    for (_, rig) in screens() {
        // Every small one, and those around which layouts change.
        for height in [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 20, 23, 24, 25, 40, 45] {
            for width in [1, 2, 3, 5, 8, 13, 21, 34, 39, 40, 41, 59, 60, 61, 79, 80, 81, 100, 120, 130] {
                rig.buffer(width, height);
            }
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_so_in_one_line() {
    assert_eq!(busy().screen(39, 7).trim_end(), "Convene needs 40x8");
}
