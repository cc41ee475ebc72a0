//! A terminal that grows and shrinks while the client is open.

use crate::installation::{Installation, Restart};
use crate::person::Person;

#[test]
fn the_selection_outlives_every_size_and_even_one_that_is_too_small() {
    let installation = Installation::new(Restart::ByItself);
    let alice = Person::registered(&installation, "alice", (120, 40));
    alice.makes("Standup", "tomorrow 9am 45m", false, "");
    alice.makes("Lunch", "tomorrow 12:00 1h", false, "");
    alice.terminal.shows_no_longer("made “");
    for view in ["month", "week", "day", "agenda"] {
        alice.says(view);
        alice.terminal.shows("my calendar");
        alice.terminal.key("t");
        alice.terminal.key("l");
        alice.terminal.shows("11 Mar");
        // The second of the day's events.
        alice.terminal.key(if view == "agenda" { "j" } else { "Tab" });
        let before = alice.terminal.until("Lunch is selected", is_selected);
        for size in [(80, 24), (60, 15), (39, 7), (60, 15), (80, 24)] {
            alice.terminal.resize(size);
            match size {
                (39, 7) => {
                    let screen = alice.terminal.shows("Convene needs 40x8");
                    assert_eq!(screen.trim().lines().count(), 1, "{screen}");
                }
                _ => {
                    alice.terminal.until(&format!("{view} is drawn at {size:?}"), |screen| {
                        let lines = screen.trim_end_matches('\n').lines();
                        lines.clone().count() == usize::from(size.1) && screen.contains("my calendar")
                    });
                }
            }
        }
        alice.terminal.resize((120, 40));
        alice.terminal.until(&format!("the screen is as it was:\n{before}\n"), |screen| screen == before);
        // It is not only drawn: it is what keys act on.
        alice.says("participants");
        alice.terminal.shows("┌ Event");
        alice
            .terminal
            .until("Lunch is open", |screen| screen.lines().nth(2).is_some_and(|line| line.contains("Lunch")));
        alice.terminal.key("Escape");
        alice.terminal.shows("my calendar");
    }
}

/// Whether Lunch has a marker before it.
fn is_selected(screen: &str) -> bool {
    screen.lines().any(|line| {
        let marked = line.find(['▸', '›']).map(|at| &line[at..]);
        marked.is_some_and(|rest| rest.contains("Lunch"))
    })
}
