//! People who plan together, each at a terminal of their own: everything of the mission, by keys.

use crate::SIZES;
use crate::installation::{Installation, Restart};
use crate::person::Person;

#[test]
fn two_people_meet_share_and_join_in_a_terminal_of_80x24() {
    two_people_meet_share_and_join(SIZES[0]);
}

#[test]
fn two_people_meet_share_and_join_in_a_terminal_of_120x40() {
    two_people_meet_share_and_join(SIZES[1]);
}

fn two_people_meet_share_and_join(size: (u16, u16)) {
    let installation = Installation::new(Restart::ByItself);
    let bob = Person::registered(&installation, "bob", size);
    let alice = Person::registered(&installation, "alice", size);

    // Alice makes an event. The date is echoed in full, the name completed.
    alice.says("new event");
    alice.terminal.shows("┌ New event");
    alice.fills(&["Standup", "tomorrow 9am 45m"]);
    alice.terminal.shows("= Thu 11 Mar 2027 09:00–09:45 Europe/Berlin");
    alice.fills(&["", "", "", "", "", "bo"]);
    alice.terminal.shows("ctrl-e");
    alice.terminal.key("C-e");
    alice.terminal.until("the name is completed", |screen| {
        screen.lines().any(|line| line.contains("Invite") && line.contains("bob") && !line.contains("carol"))
    });
    alice.saves();
    alice.terminal.shows("made “Standup”");
    alice.terminal.shows("1 pending");

    // Bob presses nothing, and hears of it.
    bob.terminal.shows("alice invites you to Standup");
    bob.terminal.shows("1 to answer");

    // Bob may come, and sees it in his month.
    bob.says("invitations");
    bob.terminal.shows("○ pending");
    bob.says("maybe");
    bob.terminal.shows("◐ maybe");
    bob.says("month");
    bob.terminal.shows("Month · my calendar · March 2027");
    bob.terminal.key("l");
    bob.terminal.shows("◐ Standup");

    // Alice presses nothing, and hears of it.
    alice.terminal.shows("bob may come to Standup");
    alice.terminal.shows("1 maybe");

    // Alice lets Bob see her calendar; Bob opens it, and it is not the other way round.
    alice.says("share calendar");
    alice.terminal.shows("┌ Share my calendar");
    alice.fills(&["bob"]);
    alice.saves();
    alice.terminal.shows("bob sees your calendar");
    bob.says("open calendar");
    bob.terminal.shows("┌ Open a calendar");
    bob.fills(&["alice"]);
    bob.saves();
    bob.terminal.shows("alice’s calendar");
    bob.terminal.shows("Standup");
    alice.says("open calendar");
    alice.terminal.shows("┌ Open a calendar");
    alice.fills(&["bob"]);
    alice.saves();
    alice.terminal.shows("bob’s calendar");
    alice.terminal.until("alice is refused", |screen| screen.contains("share") && !screen.contains("◐ Standup"));
    alice.says("my calendar");
    alice.terminal.shows("my calendar");

    // A public event is found by a part of its text, and joined.
    alice.makes("Open day 会議 🎉", "fri 14:00 1h30", true, "");
    bob.says("public events");
    bob.terminal.shows("Open day 会議 🎉");
    bob.terminal.key("/");
    bob.terminal.shows("Enter filter");
    bob.terminal.types("nobody plans this");
    bob.terminal.key("Enter");
    bob.terminal.shows("nothing has “nobody plans this”");
    bob.terminal.key("/");
    bob.terminal.shows("Enter filter");
    bob.terminal.key("C-u");
    bob.terminal.types("会議");
    bob.terminal.key("Enter");
    bob.terminal.shows("Open day 会議 🎉");
    bob.says("attend");
    bob.terminal.shows("you come to Open day 会議 🎉");
    bob.says("my calendar");
    bob.says("agenda");
    bob.terminal.shows("● Open day 会議 🎉");
    alice.terminal.shows("1 going");
}
