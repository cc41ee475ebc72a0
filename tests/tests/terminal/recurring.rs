//! An event that comes again, at the keys: made, one instance moved, one cancelled with all that follow.

use crate::SIZES;
use crate::installation::{Installation, Restart};
use crate::person::Person;

#[test]
fn a_weekly_event_is_made_one_of_it_moved_and_the_rest_cancelled_at_80x24() {
    a_weekly_event_is_made_one_of_it_moved_and_the_rest_cancelled(SIZES[0]);
}

#[test]
fn a_weekly_event_is_made_one_of_it_moved_and_the_rest_cancelled_at_120x40() {
    a_weekly_event_is_made_one_of_it_moved_and_the_rest_cancelled(SIZES[1]);
}

fn a_weekly_event_is_made_one_of_it_moved_and_the_rest_cancelled(size: (u16, u16)) {
    let installation = Installation::new(Restart::ByItself);
    let alice = Person::registered(&installation, "alice", size);

    // What is understood of the words is said before anything is saved.
    alice.says("new event");
    alice.terminal.shows("┌ New event");
    alice.fills(&["Standup", "tomorrow 9am 45m", "", "", "", "", "", "", "every week until 2027-04-30"]);
    alice.terminal.shows("= every week on Thu until 30 Apr 2027");
    alice.terminal.shows("then Thu 18 Mar, Thu 25 Mar, Thu 1 Apr, …");
    alice.fills(&["", "1d, 10m"]);
    alice.terminal.shows("= 1d and 10m before");
    alice.saves();
    alice.terminal.shows("made “Standup”");
    alice.terminal.shows("repeats   ↻ every week on Thu until 30 Apr");
    alice.terminal.shows("reminds   1d and 10m before");

    // What overlaps it is made all the same, and said.
    alice.makes("Review", "fri 9:15 30m", false, "");
    alice.terminal.shows_no_longer("it overlaps");
    alice.makes("Interview", "2027-03-18 9:15 30m", false, "");
    alice.terminal.shows("it overlaps “Standup” 09:00–09:45");

    // One instance opens as itself, and is moved alone.
    alice.says("month");
    alice.terminal.shows("Month · my calendar · March 2027");
    alice.terminal.key("j");
    alice.terminal.key("l");
    alice.terminal.shows("09:00–09:45 ◆ Standup ↻");
    alice.terminal.key("Enter");
    alice.terminal.shows("when      Thu 18 Mar 2027 09:00–09:45");
    alice.terminal.shows("this      is one of them");
    alice.says("edit event");
    alice.terminal.shows("┌ Which?");
    alice.terminal.key("1");
    alice.terminal.shows("┌ Edit “Standup” on Thu 18 Mar");
    alice.terminal.key("Tab");
    alice.terminal.key("C-u");
    alice.fills(&["2027-03-19 10:00 45m"]);
    alice.terminal.shows("= Fri 19 Mar 2027 10:00–10:45");
    alice.saves();
    alice.terminal.shows("changed “Standup” on Thu 18 Mar");
    alice.terminal.shows("moved from Thu 18 Mar 2027");

    // Another is cancelled with all that follow: what is left is the first, and the one that was moved.
    alice.says("month");
    alice.terminal.shows("Month · my calendar · March 2027");
    alice.terminal.key("l");
    alice.terminal.shows("10:00–10:45 ◆ Standup ↻");
    alice.terminal.key("j");
    alice.terminal.key("h");
    alice.terminal.shows("09:00–09:45 ◆ Standup ↻");
    alice.says("cancel event");
    alice.terminal.shows("┌ Which?");
    alice.terminal.key("Down");
    alice.terminal.shows("▸ 2  this one and all that follow");
    alice.terminal.key("Enter");
    alice.terminal.shows("┌ Sure?");
    alice.terminal.key("y");
    alice.terminal.shows("cancelled “Standup” from Thu 25 Mar on");
    alice.terminal.until("the two that are left are seen, and no other", |screen| {
        screen
            .lines()
            .filter(|line| !line.contains("cancelled"))
            .map(|line| line.matches("Standup").count())
            .sum::<usize>()
            == 2
    });
}
