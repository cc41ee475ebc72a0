//! The mouse, if it is the client's.

use crossterm::event::KeyCode;
use domain::calendar::Attendance;
use domain::invitations::Status;
use jiff::civil::date;
use ratatui::layout::{Position, Rect};

use super::rig::{Rig, entry, invitation};
use crate::app::message::{Msg, Target};
use crate::ui::theme::glyph;

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (60, 15)];

impl Rig {
    /// Clicks on the first place where the screen shows `text`.
    pub(super) fn clicks(&mut self, text: &str, (width, height): (u16, u16)) {
        let buffer = self.buffer(width, height);
        let row = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<Vec<_>>();
        let found = (0..height).find_map(|y| {
            let row = row(y);
            (0..row.len()).find(|x| row[*x..].concat().starts_with(text)).map(|x| (u16::try_from(x).unwrap(), y))
        });
        let (x, y) = found.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{}", self.screen(width, height)));
        let area = Rect::new(0, 0, width, height);
        if let Some(target) = crate::screens::target(&self.model, area, Position::new(x, y)) {
            self.tell(Msg::Pointed(target));
        }
    }
}

fn busy() -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[
        entry(1, "Standup", 10, 9, Attendance::Organizing),
        entry(2, "Review", 10, 11, Attendance::Going),
        entry(3, "Lunch", 12, 12, Attendance::Maybe),
    ]);
    rig.has_inbox(vec![invitation(5, "Party", Status::Pending), invitation(6, "Retro", Status::Going)]);
    rig
}

#[test]
fn a_click_selects_a_row() {
    for size in SIZES {
        let mut rig = busy();
        rig.command("invitations");
        rig.clicks("Retro", size);
        assert_eq!(rig.model.in_list().unwrap().selected, 1);
    }
}

#[test]
fn a_click_selects_a_day_of_the_month_and_an_event_of_the_day() {
    for size in SIZES {
        let mut rig = busy();
        rig.clicks("19", size);
        assert_eq!(rig.model.cursor, date(2027, 3, 19));
    }
    // In sixty columns there is room for the first of them only.
    for size in [(120, 40), (80, 24)] {
        let mut rig = busy();
        rig.clicks("11:00–11:45", size);
        assert_eq!((rig.model.cursor, rig.model.item), (date(2027, 3, 10), 1));
    }
}

#[test]
fn a_click_selects_an_event_among_the_hours_and_in_the_agenda() {
    for words in ["week", "day"] {
        let mut rig = busy();
        rig.command(words);
        rig.clicks("●", (120, 40));
        assert_eq!((rig.model.cursor, rig.model.item), (date(2027, 3, 10), 1), "{words}");
    }
    let mut rig = busy();
    rig.command("agenda");
    rig.has_entries(&[
        entry(1, "Standup", 10, 9, Attendance::Organizing),
        entry(2, "Review", 12, 11, Attendance::Going),
    ]);
    rig.clicks("Review", (80, 24));
    assert_eq!((rig.model.cursor, rig.model.item), (date(2027, 3, 12), 0));
}

#[test]
fn a_click_selects_a_field_and_chooses_a_command() {
    for size in SIZES {
        let mut rig = busy();
        rig.command("new event");
        rig.clicks("Location", size);
        assert_eq!(rig.model.form().unwrap().focused().unwrap().name, "location");
        let mut rig = Rig::signed_out();
        rig.clicks("Password", size);
        assert_eq!(rig.model.form().unwrap().focused().unwrap().name, "password");
    }
    let mut rig = busy();
    rig.types(":public");
    rig.clicks("public events", (80, 24));
    assert!(rig.screen(80, 24).contains("Public events from today"));
}

#[test]
fn the_wheel_scrolls_what_has_the_keys() {
    let mut rig = busy();
    rig.tell(Msg::Wheel { down: true });
    assert_eq!(rig.model.cursor, date(2027, 3, 17));
    rig.command("invitations");
    rig.tell(Msg::Wheel { down: true });
    assert_eq!(rig.model.in_list().unwrap().selected, 1);
    rig.key(KeyCode::Char('?'));
    let before = rig.screen(80, 24);
    rig.tell(Msg::Wheel { down: true });
    assert_ne!(rig.screen(80, 24), before);
}

#[test]
fn the_marker_of_the_focus_is_on_what_a_click_there_would_select() {
    for words in ["month", "week", "day", "agenda", "invitations"] {
        let mut rig = busy();
        rig.command(words);
        if words == "agenda" {
            rig.has_entries(&[entry(1, "Standup", 10, 9, Attendance::Organizing)]);
        }
        for (width, height) in SIZES {
            let buffer = rig.buffer(width, height);
            let positions = (0..height).flat_map(|y| (0..width).map(move |x| Position::new(x, y)));
            let focus: Vec<Position> = positions.filter(|at| buffer[*at].symbol() == glyph::FOCUS).collect();
            assert_eq!(focus.len(), 1, "{words} {width}x{height}");
            let target = crate::screens::target(&rig.model, Rect::new(0, 0, width, height), focus[0]);
            let expected = match words {
                "month" => Target::Day(rig.model.cursor),
                "invitations" => Target::Row(0),
                _ => Target::Item(rig.model.cursor, rig.model.item),
            };
            assert_eq!(target, Some(expected), "{words} {width}x{height}");
        }
    }
}

#[test]
fn no_position_of_any_size_is_too_much() {
    let mut rigs = vec![busy(), Rig::signed_out()];
    for words in ["week", "day", "agenda", "invitations", "people", "services", "new event"] {
        let mut rig = busy();
        rig.command(words);
        rigs.push(rig);
    }
    for rig in rigs {
        for (width, height) in [(1, 1), (10, 3), (40, 8), (60, 15), (120, 40)] {
            for y in (0..height).step_by(3) {
                for x in (0..width).step_by(7) {
                    crate::screens::target(&rig.model, Rect::new(0, 0, width, height), Position::new(x, y));
                }
            }
        }
    }
}
