//! Ten looks that tell a beautiful client from a toy, each a test that fails when the look is broken. (7 and 10 are looked at in a
//! real terminal, too, by the suite that drives the client in tmux.)

use std::time::Duration;

use crossterm::event::KeyCode;
use domain::calendar::Attendance;
use domain::invitations::Status;
use domain::sharing::Shares;
use domain::{Error, Page, Service, Zone};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::looks::{SIZES, busy, screens};
use super::rig::{Rig, entry, event, found_entries, id, invitation, participants};
use crate::app::ask::{Found, Outcome, Query};
use crate::app::keymap;
use crate::app::message::Msg;
use crate::headless::text;
use crate::ui::theme::glyph;

/// The columns of a row in which lines stand that go up or down.
fn borders(buffer: &Buffer, y: u16) -> Vec<u16> {
    (0..buffer.area.width).filter(|x| "│┌┐└┘├┤┬┴┼".contains(buffer[(*x, y)].symbol())).collect()
}

/// The lines of a screen.
fn lines(rig: &Rig, width: u16, height: u16) -> Vec<String> {
    rig.screen(width, height).lines().map(str::to_owned).collect()
}

const WIDE: &str = "会議🎉 Quetzalcoatlus 発売記念 Archaeopteryx";
/// As wide as that, cell by cell, and cut at the same places.
const NARROW: &str = "xxxxxx Quetzalcoatlus xxxxxxxx Archaeopteryx";

/// Every place that shows titles, with this one.
fn titled(title: &str) -> Vec<(&'static str, Rig)> {
    let with = |words: &str| {
        let mut rig = Rig::signed_in();
        let mine = |day, hour| entry(1, title, day, hour, Attendance::Organizing);
        rig.has_entries(&[mine(10, 9), mine(10, 13), mine(13, 9), mine(14, 20)]);
        rig.has_inbox(vec![invitation(5, title, Status::Pending), invitation(6, title, Status::Going)]);
        rig.command(words);
        rig
    };
    let mut agenda = with("agenda");
    agenda.has_entries(&[entry(1, title, 10, 9, Attendance::Going), entry(2, title, 11, 9, Attendance::Maybe)]);
    let mut page = with("participants");
    page.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(event(1, title, "alice"))));
    let mut public = with("public events");
    let listed = Page { items: vec![event(8, title, "carol"), event(9, title, "alice")], next: None };
    public.finds(|query| matches!(query, Query::Public { .. }), Found::Public(listed));
    let mut form = with("new event");
    form.types(title);
    let mut question = with("month");
    question.command("cancel event");
    let mut listed = vec![
        ("month", with("month")),
        ("week", with("week")),
        ("day", with("day")),
        ("agenda", agenda),
        ("event", page),
        ("invitations", with("invitations")),
        ("public events", public),
        ("form", form),
        ("question", question),
    ];
    for words in ["invitations", "agenda", "week", "day"] {
        let mut palette = with(words);
        palette.types(":");
        let mut help = with(words);
        help.types("?");
        listed.extend([("palette", palette), ("help", help)]);
    }
    listed
}

#[test]
fn look_1_wide_characters_move_no_border_and_no_word_is_cut_without_a_mark() {
    // A pane over the others begins in the middle of a character, or beside it.
    let both = ["", "x"].map(|front| (titled(&format!("{front}{WIDE}")), titled(&format!("{front}{NARROW}"))));
    for ((name, wide), (_, narrow)) in both.into_iter().flat_map(|(wide, narrow)| wide.into_iter().zip(narrow)) {
        let layered = wide.model.layer.is_some();
        for (width, height) in SIZES {
            let (wide, narrow) = (wide.buffer(width, height), narrow.buffer(width, height));
            for y in 0..height {
                let (found, wanted) = (borders(&wide, y), borders(&narrow, y));
                assert_eq!(found, wanted, "{name} {width}x{height} row {y}: {}", text(&wide));
            }
            // What lies under a pane is covered, not cut.
            if layered {
                continue;
            }
            let screen = text(&wide);
            for word in ["Quetzalcoatlus", "Archaeopteryx"] {
                for cut in 4..word.len() {
                    let (front, next) = (word.get(..cut).unwrap(), word.get(cut..=cut).unwrap());
                    let behind = screen.split(front).skip(1).filter_map(|rest| rest.chars().next());
                    for character in behind {
                        let whole = next.starts_with(character);
                        assert!(whole || character == '…', "{name} {width}x{height}: {front}{character}\n{screen}");
                    }
                }
            }
        }
    }
}

#[test]
fn look_2_exactly_one_focus_marker_is_seen_in_a_plain_capture_and_without_colours() {
    for (name, rig) in screens() {
        for (width, height) in SIZES {
            let buffer = rig.buffer(width, height);
            let focused: Vec<_> = buffer.area.positions().filter(|at| buffer[*at].symbol() == glyph::FOCUS).collect();
            // A help has nothing to choose from, and a list that is not known yet neither.
            let wanted = usize::from(!matches!(name, "help"));
            let screen = rig.screen(width, height);
            assert_eq!(focused.len(), wanted, "{name} {width}x{height}:\n{screen}");
            for at in focused {
                let next = &buffer[(at.x + 2, at.y)];
                let strong = Modifier::BOLD | Modifier::REVERSED;
                assert!(buffer[at].modifier.intersects(strong), "{name}: the marker is as weak as the rest");
                assert!(next.modifier.intersects(strong), "{name}: what it marks is as weak as the rest\n{screen}");
                assert_eq!((next.fg, next.bg), (Color::Reset, Color::Reset));
            }
        }
    }
}

#[test]
fn look_3_the_footer_has_whole_keys_that_work_now_and_the_help_has_the_same() {
    for (name, mut rig) in screens() {
        for width in 40..=130 {
            let footer = lines(&rig, width, 24).pop().unwrap();
            let items: Vec<&str> = footer.split("  ").map(str::trim).filter(|item| !item.is_empty()).collect();
            assert!(!items.is_empty(), "{name} {width}: nothing");
            let keyed = keymap::keyed(&rig.model, keymap::place(&rig.model));
            for item in &items {
                let found = keyed.iter().find_map(|(binding, keys)| {
                    let key = keys.iter().find(|key| format!("{} {}", key.written(), binding.words) == *item)?;
                    Some((binding.action, *key))
                });
                let (action, key) = found.unwrap_or_else(|| panic!("{name} {width}: {item:?} is no key: {footer}"));
                assert_eq!(keymap::action(&rig.model, key.pressed()), Some(action), "{name}: {item}");
            }
        }
        // As much as there is room for.
        let narrow = lines(&rig, 60, 24).pop().unwrap();
        let wide = lines(&rig, 130, 24).pop().unwrap();
        assert!(narrow.split("  ").all(|item| wide.contains(item.trim())), "{name}:\n{narrow}\n{wide}");
        if rig.model.layer.is_some() || rig.model.form().is_some() {
            continue;
        }
        rig.key(KeyCode::Char('?'));
        let help = rig.screen(130, 60);
        for item in wide.split("  ").map(str::trim).filter(|item| !item.is_empty()) {
            let (key, words) = item.split_once(' ').unwrap();
            let explained = help.lines().flat_map(|line| line.split('│')).any(|line| {
                let mut line = line.split_whitespace();
                line.any(|word| word == key) && line.collect::<Vec<_>>().join(" ").contains(words)
            });
            assert!(explained, "{name}: {item} is not in the help:\n{help}");
        }
    }
}

#[test]
fn look_4_a_large_terminal_tells_more_than_a_small_one() {
    let more = [
        ("month", "@ Room 1"),
        ("week", "@ Room 1"),
        ("day", "@ Room 1"),
        ("agenda", "to    Wed 10 Mar 2027 09:45"),
        ("invitations", "┌ Selected"),
        ("public_events", "What it is about"),
    ];
    for (name, rig) in screens() {
        let (large, small) = (rig.screen(120, 40), rig.screen(80, 24));
        for (_, told) in more.iter().filter(|(of, _)| *of == name) {
            assert!(large.contains(told), "{name} at 120x40 does not tell {told:?}:\n{large}");
            // The month of the small one tells the selected event's place below the grid.
            assert!(!small.contains(told) || name == "month", "{name} at 80x24:\n{small}");
        }
        if matches!(name, "month" | "week" | "day" | "agenda" | "event" | "invitations" | "public_events") {
            // Two panes stand beside each other, which the small one has not.
            let beside = |screen: &str| {
                screen.lines().any(|line| line.contains("┐┌") || line.contains(" ┌ ") || line.contains("│┌"))
            };
            assert!(beside(&large), "{name}:\n{large}");
            assert!(!beside(&small), "{name}:\n{small}");
        }
    }
    let hours = |screen: &str| screen.lines().filter(|line| line.contains(":00 │")).count();
    let mut week = busy();
    week.command("week");
    // Each hour has two rows, so that half an hour is seen.
    let rows = |screen: &str| screen.lines().filter(|line| line.contains("│")).count();
    let large = week.screen(120, 40);
    assert!(rows(&large) > 2 * hours(&large), "{large}");
}

#[test]
fn look_5_date_range_zone_account_and_today_are_always_seen() {
    for (name, rig) in screens() {
        for (width, height) in SIZES {
            let header = lines(&rig, width, height).remove(0);
            assert!(header.contains("10 Mar") && header.contains("UTC"), "{name} {width}: {header}");
            let account = if name == "sign_in" { "not signed in" } else { "alice" };
            assert!(header.contains(account), "{name} {width}: {header}");
            let range = match name {
                "month" | "loading" | "empty" | "failed" | "palette" | "question" => "March 2027",
                "week" => "8 Mar – 14 Mar 2027",
                "day" => "Wed 10 Mar 2027",
                "agenda" => "from 10 Mar 2027",
                _ => continue,
            };
            assert!(header.starts_with(range), "{name} {width}: {header}");
        }
    }
}

#[test]
fn look_5_holds_for_the_longest_zone_and_the_longest_name() {
    let mut rig = busy();
    rig.model.settings.zone = "America/Argentina/ComodRivadavia".parse::<Zone>().unwrap();
    rig.model.kept.session.as_mut().unwrap().user.username = "abcdefghijklmnopqrstuvwxyz-01234".parse().unwrap();
    for (width, height) in SIZES {
        let header = lines(&rig, width, height).remove(0);
        assert!(crate::ui::text::width(&header) <= usize::from(width), "{width}: {header}");
        for part in ["March 2027", "10 Mar", "Com", "abcde"] {
            assert!(header.contains(part), "{width} without {part:?}: {header}");
        }
    }
}

#[test]
fn look_6_keys_act_before_a_slow_answer_and_nothing_jumps_when_it_comes() {
    for (width, height) in SIZES {
        let mut rig = Rig::signed_in();
        rig.has_inbox(Vec::new());
        let slow = rig.asked(|query| matches!(query, Query::Entries { .. }));
        rig.types("l");
        assert!(rig.screen(width, height).contains("▸11"), "{width}x{height}: the key has no effect yet");
        rig.types("h");
        rig.pass(Duration::from_secs(3));
        let before = rig.buffer(width, height);
        let found = found_entries(&[entry(1, "Standup", 12, 9, Attendance::Going)]);
        rig.answer(&slow, Ok(Outcome::Found(found)));
        let after = rig.buffer(width, height);
        assert!(text(&after) != text(&before));
        // The two lines at the bottom tell what is waited for and which keys there are.
        for y in 0..height - 2 {
            for x in 0..width {
                let (was, is) = (before[(x, y)].symbol(), after[(x, y)].symbol());
                assert!(was == " " || was == is, "{width}x{height}: {was:?} at {x},{y} became {is:?}");
            }
        }
        // Asked for again, what is known stays as it is until the answer comes.
        let calm = rig.buffer(width, height);
        rig.tells(Service::Calendar, 9);
        rig.pass(Duration::from_secs(3));
        let waiting = rig.buffer(width, height);
        for y in 0..height - 2 {
            for x in 0..width {
                assert_eq!(calm[(x, y)], waiting[(x, y)], "{width}x{height} at {x},{y}");
            }
        }
        assert!(rig.screen(width, height).contains("waiting for calendar"), "{}", rig.screen(width, height));
    }
}

#[test]
fn look_7_a_service_that_is_away_is_missed_in_its_own_pane_only_and_recovers_by_itself() {
    let mut rig = busy();
    rig.command("participants");
    rig.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(event(1, "Standup", "alice"))));
    let people = participants(&[("bob", Status::Going)]);
    rig.finds(|query| matches!(query, Query::Participants { .. }), Found::Participants(people));
    rig.pass(Duration::from_secs(5));
    rig.loses(Service::Invitations, Error::unavailable(Service::Invitations, "nobody listens"));
    for (width, height) in SIZES {
        let screen = rig.screen(width, height);
        let complaints: Vec<&str> = screen.lines().filter(|line| line.contains("invitations is down")).collect();
        assert_eq!(complaints.len(), 1, "{screen}");
        assert!(complaints[0].contains("this is 5 s old") && complaints[0].contains("r retries"), "{screen}");
        // What the other service told is there as before, and what this one told is still to be read.
        assert!(screen.contains("What it is about") || height < 20, "{screen}");
        assert!(screen.contains("● bob"), "{screen}");
    }
    // At 120x40 the complaint stands in the right pane.
    let screen = rig.screen(120, 40);
    let line = screen.lines().find(|line| line.contains("is down")).unwrap();
    let at = line.chars().take_while(|c| *c != 'i').count();
    assert!(at > 58, "{screen}");
    rig.command("month");
    assert!(!rig.screen(120, 40).contains("is down"));
    rig.command("participants");
    rig.pass(Duration::from_secs(10));
    rig.tells(Service::Invitations, 2);
    let again = participants(&[("bob", Status::Going), ("carol", Status::Maybe)]);
    rig.finds(|query| matches!(query, Query::Participants { .. }), Found::Participants(again));
    let screen = rig.screen(80, 24);
    assert!(!screen.contains("is down") && screen.contains("carol"), "{screen}");
}

#[test]
fn look_8_a_wrong_field_is_told_beside_it_and_the_rest_is_kept() {
    for (width, height) in SIZES {
        let mut rig = busy();
        rig.command("new event");
        for text in ["Planning", "someday"] {
            rig.types(text);
            rig.key(KeyCode::Tab);
        }
        rig.key(KeyCode::Tab);
        rig.types("Room 7");
        rig.ctrl('s');
        let screen = lines(&rig, width, height);
        let at = |text: &str| screen.iter().position(|line| line.contains(text));
        let told = at("“someday”").unwrap_or_else(|| panic!("{width}x{height}: {}", screen.join("\n")));
        assert_eq!(at("▸ When"), Some(told - 1), "{}", screen.join("\n"));
        for kept in ["Planning", "someday", "Room 7"] {
            assert!(at(kept).is_some(), "{kept} is gone: {}", screen.join("\n"));
        }
        rig.ctrl('u');
        rig.types("fri 14:00 1h30");
        let screen = rig.screen(width, height);
        assert!(screen.contains("= Fri 12 Mar 2027 14:00–15:30 UTC") && !screen.contains("“someday”"), "{screen}");

        let mut rig = Rig::signed_out();
        rig.types("alice");
        rig.key(KeyCode::Tab);
        rig.types("hunter2 hunter2");
        assert!(!rig.screen(width, height).contains("hunter2"), "{}", rig.screen(width, height));
        assert!(rig.screen(width, height).contains("•••••"));
    }
}

#[test]
fn look_9_an_empty_screen_names_a_key_that_works() {
    let empty = |words: &str| {
        let mut rig = Rig::signed_in();
        rig.has_entries(&[]);
        rig.has_inbox(Vec::new());
        rig.command(words);
        rig
    };
    let mut agenda = empty("agenda");
    agenda.has_entries(&[]);
    let mut public = empty("public events");
    public.finds(|query| matches!(query, Query::Public { .. }), Found::Public(Page { items: vec![], next: None }));
    let mut people = empty("people");
    let nobody = Shares { shared_with: vec![], shared_with_me: vec![] };
    people.finds(|query| *query == Query::Shares, Found::Shares(nobody));
    let mut page = busy();
    page.command("participants");
    page.finds(|query| *query == Query::Event(id(1)), Found::Event(Box::new(event(1, "Standup", "alice"))));
    page.finds(|query| matches!(query, Query::Participants { .. }), Found::Participants(participants(&[])));
    for (name, rig) in [
        ("month", empty("month")),
        ("agenda", agenda),
        ("invitations", empty("invitations")),
        ("public events", public),
        ("people", people),
        ("participants", page),
    ] {
        for (width, height) in SIZES {
            let screen = rig.screen(width, height);
            // Without the header and the titles, in which parts are set apart by the same dot.
            let body = screen.lines().skip(1).filter(|line| !line.starts_with(['─', '┌']));
            let hint = body.flat_map(|line| line.split(" · ").skip(1)).find_map(|hint| hint.split_once(' '));
            let (key, _) = hint.unwrap_or_else(|| panic!("{name} {width}x{height} names no key:\n{screen}"));
            let keyed = keymap::keyed(&rig.model, keymap::place(&rig.model));
            let works = keyed.iter().any(|(_, keys)| keys.iter().any(|of| of.written() == key));
            assert!(works, "{name}: {key} does nothing here:\n{screen}");
        }
    }
}

#[test]
fn look_9_what_is_said_in_passing_covers_nothing_and_goes() {
    for (width, height) in SIZES {
        let mut rig = busy();
        let before = rig.buffer(width, height);
        let long = "a very long message ".repeat(20);
        rig.model.toast(long, crate::app::model::Tone::Good);
        let with = rig.buffer(width, height);
        for y in (0..height).filter(|y| *y != height - 2) {
            for x in 0..width {
                assert_eq!(before[(x, y)], with[(x, y)], "{width}x{height}: covered at {x},{y}");
            }
        }
        assert!(lines(&rig, width, height)[usize::from(height) - 2].contains("a very long message"));
        rig.pass(Duration::from_secs(10));
        assert!(!rig.screen(width, height).contains("a very long message"));
    }
}

#[test]
fn look_10_the_selection_outlives_every_size() {
    for word in ["month", "week", "day", "agenda", "invitations"] {
        let mut rig = Rig::signed_in();
        let entries =
            vec![entry(1, "Standup", 10, 9, Attendance::Organizing), entry(2, "Lunch", 10, 12, Attendance::Organizing)];
        rig.has_entries(&entries);
        rig.has_inbox(vec![invitation(5, "Standup", Status::Pending), invitation(6, "Lunch", Status::Pending)]);
        rig.command(word);
        if word == "agenda" {
            rig.has_entries(&entries);
        }
        rig.key(if matches!(word, "agenda" | "invitations") { KeyCode::Down } else { KeyCode::Tab });
        let large = rig.screen(120, 40);
        let selected = |screen: &str| {
            screen.lines().any(|line| line.split(['▸', '›']).skip(1).any(|marked| marked.contains("Lunch")))
        };
        for size in [(120, 40), (80, 24), (60, 15), (39, 7), (60, 15), (80, 24), (120, 40)] {
            rig.tell(Msg::Redraw);
            let screen = rig.screen(size.0, size.1);
            match size {
                (39, 7) => assert_eq!(screen.trim_end(), "Convene needs 40x8"),
                _ => assert!(selected(&screen), "{word} {size:?}:\n{screen}"),
            }
        }
        assert_eq!(rig.screen(120, 40), large);
    }
}
