//! A terminal whose owner wants no colours.

use std::fs;

use crate::SIZES;
use crate::installation::{Installation, Restart};
use crate::person::Person;

#[test]
fn under_no_color_no_colour_is_sent_and_the_focus_is_seen_in_plain_text() {
    let installation = Installation::with(Restart::ByItself, &[("NO_COLOR", "1")]);
    for (name, size) in [("alice", SIZES[0]), ("bob", SIZES[1])] {
        let recording = installation.path(name);
        let person = Person::sits_down(&installation, name, size);
        person.terminal.records_to(&recording);
        person.registers();
        person.makes("Standup", "tomorrow 9am 45m", false, "");
        for (word, shows) in [
            ("month", "Month · my calendar"),
            ("week", "Week · my calendar"),
            ("day", "Day · my calendar"),
            ("agenda", "Agenda · my calendar"),
            ("invitations", "┌ Invitations"),
            ("people", "┌ People"),
            ("services", "┌ Services"),
            ("new event", "┌ New event"),
        ] {
            person.says(word);
            // An empty list has no row that could be marked; and one that has not come yet has none either.
            let marks = usize::from(!matches!(word, "invitations" | "people"));
            person.terminal.until(&format!("{shows:?} is shown with {marks} focus"), |screen| {
                screen.contains(shows) && screen.matches('▸').count() == marks
            });
            if word != "new event" {
                continue;
            }
            person.terminal.key("Escape");
            person.terminal.shows_no_longer("┌ New event");
        }
        let month = person.terminal.styled();
        assert!(month.contains("\u{1b}["), "without colours there is still reverse and bold");
        let sent = fs::read(&recording).unwrap();
        assert!(sent.len() > 1_000);
        assert_eq!(colours(&String::from_utf8_lossy(&sent)), Vec::<String>::new());
    }
}

/// The sequences in `text` that choose a colour (ECMA-48 §8.3.117, SGR); going back to the terminal's own is none.
fn colours(text: &str) -> Vec<String> {
    let sequences = text.split("\u{1b}[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    let is_colour = |parameter: &str| matches!(parameter.parse(), Ok(30..=38 | 40..=48 | 90..=97 | 100..=107));
    sequences.filter(|sequence| sequence.split(';').any(is_colour)).collect()
}

#[test]
fn a_colour_is_recognized_where_there_is_one() {
    assert_eq!(colours("\u{1b}[1;36mx\u{1b}[39;49m\u{1b}[7m\u{1b}[0m\u{1b}[48;5;3my"), ["1;36", "48;5;3"]);
}
