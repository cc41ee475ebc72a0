//! Every fixed word of the palette does its thing, so that scripts may drive the client by them.

use crate::SIZES;
use crate::installation::{Installation, Restart};
use crate::person::{PASSWORD, Person};

#[test]
fn every_word_of_the_palette_does_what_it_says_at_80x24() {
    every_word_of_the_palette_does_what_it_says(SIZES[0]);
}

#[test]
fn every_word_of_the_palette_does_what_it_says_at_120x40() {
    every_word_of_the_palette_does_what_it_says(SIZES[1]);
}

fn every_word_of_the_palette_does_what_it_says(size: (u16, u16)) {
    let installation = Installation::new(Restart::ByItself);
    let bob = Person::registered(&installation, "bob", size);
    let alice = Person::sits_down(&installation, "alice", size);
    accounts(&alice);
    views(&alice);
    plans(&alice);
    answers(&alice, &bob);
    calendars(&alice, &bob);
    alice.says("services");
    alice.terminal.shows("Services · 127.0.0.1");
    alice.says("help");
    alice.terminal.shows("┌ Help");
    alice.goes_back_to("Services · 127.0.0.1");
    alice.says("sign out");
    alice.terminal.shows("┌ Sign in");
    alice.in_form("quit");
    alice.terminal.shows(crate::tmux::PROMPT);
    assert_eq!(alice.terminal.knows("alternate_on"), "0");
}

/// `register`, `sign in`, `sign out`.
fn accounts(alice: &Person<'_>) {
    alice.in_form("register");
    alice.terminal.shows("┌ Register");
    alice.in_form("sign in");
    alice.terminal.shows("┌ Sign in");
    alice.registers();
    alice.says("sign out");
    alice.terminal.shows("┌ Sign in");
    alice.in_form("sign in");
    alice.terminal.shows("┌ Sign in");
    alice.fills(&["alice", PASSWORD]);
    alice.saves();
    alice.terminal.shows("my calendar");
}

/// `month`, `week`, `day`, `agenda`, `today`, and each again where one is already.
fn views(alice: &Person<'_>) {
    for (word, shows) in [("week", "Week · "), ("day", "Day · "), ("agenda", "Agenda · "), ("month", "Month · ")] {
        for _ in 0..2 {
            alice.says(word);
            alice.terminal.shows(&format!("{shows}my calendar"));
        }
    }
    alice.terminal.key("]");
    alice.terminal.shows("April 2027");
    alice.says("today");
    alice.terminal.shows("Month · my calendar · March 2027");
    alice.terminal.shows("Wed 10 Mar 2027");
}

/// `new event`, `invite`, `edit event`, `cancel event`.
fn plans(alice: &Person<'_>) {
    alice.makes("Standup", "tomorrow 9am 45m", false, "");
    alice.says("invite");
    alice.terminal.shows("┌ Invite to “Standup”");
    alice.fills(&["bob"]);
    alice.saves();
    alice.terminal.shows("1 pending");
    alice.says("edit event");
    alice.terminal.shows("┌ Edit “Standup”");
    alice.terminal.key("C-u");
    alice.fills(&["Stand-up"]);
    alice.saves();
    alice.terminal.shows("changed “Stand-up”");
    alice.makes("Not to be", "tomorrow noon", false, "bob");
    alice.says("cancel event");
    alice.terminal.shows("Cancel “Not to be”");
    alice.terminal.key("y");
    alice.terminal.shows("cancelled “Not to be”");
}

/// `invitations`, `accept`, `maybe`, `decline`, `participants`, `public events`, `attend`.
fn answers(alice: &Person<'_>, bob: &Person<'_>) {
    bob.says("invitations");
    bob.terminal.shows("Stand-up");
    bob.terminal.until("the event that was cancelled is gone, or said to be cancelled", |screen| {
        screen.lines().all(|line| !line.contains("Not to be") || line.contains("cancelled"))
    });
    // The newest stands first.
    bob.terminal.key("G");
    for (word, sign) in [("accept", "● going"), ("maybe", "◐ maybe"), ("decline", "✗ declined"), ("accept", "● going")]
    {
        bob.says(word);
        bob.terminal.shows(sign);
    }
    alice.says("month");
    alice.terminal.shows("Month · my calendar");
    alice.terminal.key("t");
    alice.terminal.key("l");
    alice.terminal.shows("Stand-up");
    alice.says("participants");
    alice.terminal.shows("1 going");
    alice.makes("Open day", "fri 14:00", true, "");
    bob.says("public events");
    bob.terminal.shows("Open day");
    bob.says("attend");
    bob.terminal.shows("you come to Open day");
}

/// `people`, `share calendar`, `stop sharing`, `open calendar`, `import calendar`.
fn calendars(alice: &Person<'_>, bob: &Person<'_>) {
    alice.says("share calendar");
    alice.terminal.shows("┌ Share my calendar");
    alice.fills(&["bob"]);
    alice.saves();
    alice.terminal.shows("bob sees your calendar");
    alice.says("people");
    alice.terminal.shows("See my calendar");
    alice.terminal.until("bob is among them", |screen| {
        screen.lines().any(|line| line.contains("bob") && line.contains("details"))
    });
    bob.says("open calendar");
    bob.terminal.shows("┌ Open a calendar");
    bob.fills(&["alice"]);
    bob.saves();
    bob.terminal.shows("alice’s calendar");
    alice.says("stop sharing");
    alice.terminal.shows("┌ Stop sharing my calendar");
    alice.saves();
    alice.terminal.shows("bob no longer sees your calendar");
    alice.terminal.shows("nobody · s shares my calendar");
    alice.says("import calendar");
    alice.terminal.shows("┌ Import a calendar file");
    alice.goes_back_to("nobody · s shares my calendar");
    // What Bob may no longer see goes without a key.
    bob.terminal.shows_no_longer("Stand-up");
}
