//! A calendar file, at the keys: found, looked at, imported, its report, and a service that is killed in the middle.

use std::fmt::Write as _;
use std::fs;

use domain::Service;

use crate::SIZES;
use crate::installation::{Installation, Restart};
use crate::person::Person;

/// So many events, from the 11th of March 2027 on one an hour; and a task behind them.
fn calendar(events: usize) -> String {
    let mut file = "BEGIN:VCALENDAR\r\n".to_owned();
    for nth in 0..events {
        let (day, hour) = (11 + nth / 24 % 20, nth % 24);
        write!(
            file,
            "BEGIN:VEVENT\r\nUID:{nth}@a\r\nDTSTART:202703{day:02}T{hour:02}0000Z\r\nSUMMARY:Watch {nth}\r\nEND:VEVENT\r\n"
        )
        .unwrap();
    }
    file.push_str("BEGIN:VTODO\r\nUID:t\r\nSUMMARY:Paint\r\nEND:VTODO\r\nEND:VCALENDAR\r\n");
    file
}

#[test]
fn a_file_is_found_looked_at_and_imported_at_80x24() {
    a_file_is_found_looked_at_and_imported(SIZES[0]);
}

#[test]
fn a_file_is_found_looked_at_and_imported_at_120x40() {
    a_file_is_found_looked_at_and_imported(SIZES[1]);
}

fn a_file_is_found_looked_at_and_imported(size: (u16, u16)) {
    let installation = Installation::new(Restart::ByItself);
    fs::create_dir(installation.path("calendars")).unwrap();
    fs::write(installation.path("calendars/watches.ics"), calendar(30)).unwrap();
    let alice = Person::registered(&installation, "alice", size);

    // What is not there is said, with its path; the way to what is there is proposed.
    alice.terminal.key("I");
    alice.terminal.shows("┌ Import a calendar file");
    alice.terminal.types("~/nothing.ics");
    alice.saves();
    alice.terminal.until("it is said that the file is not there", |screen| {
        let said = screen.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        said.contains("nothing.ics is not there; type the path of a file that is")
    });
    alice.terminal.key("C-u");
    alice.terminal.types("~/cal");
    alice.terminal.shows("ctrl-e: calendars/");
    alice.terminal.key("C-e");
    alice.terminal.shows("ctrl-e: watches.ics");
    alice.terminal.key("C-e");
    alice.terminal.shows("~/calendars/watches.ics");

    // A look changes nothing.
    alice.fills(&["", "y"]);
    alice.terminal.shows("‹ yes ›");
    alice.saves();
    alice.terminal.shows("Nothing was done. It would be: 30 imported, 0 updated, 0 unchanged, 1 skipped");
    alice.terminal.key("Enter");
    alice.terminal.shows("Done: 30 imported, 0 updated, 0 unchanged, 1 skipped");
    alice.terminal.shows("▸ line 152     it is a task (VTODO), not an event (VEVENT)");
    alice.goes_back_to("Month · my calendar · March 2027");
    alice.terminal.key("l");
    alice.terminal.shows("Watch 0");

    alice.says("import report");
    alice.terminal.shows("Done: 30 imported");
}

#[test]
fn a_service_that_is_killed_in_the_middle_of_an_import_is_waited_for_and_nothing_is_lost_or_made_twice() {
    let installation = Installation::new(Restart::Never);
    fs::write(installation.path("watches.ics"), calendar(250)).unwrap();
    let alice = Person::registered(&installation, "alice", SIZES[1]);
    alice.says("import calendar");
    alice.terminal.shows("┌ Import a calendar file");
    alice.fills(&["~/watches.ics"]);
    alice.saves();
    alice.terminal.until("some events are imported, and not all", |screen| {
        screen.contains("so far: ") && !screen.contains("so far: 0 imported")
    });
    installation.kills(Service::Events);
    let away = |screen: &str| screen.contains("events is unavailable") || screen.contains("events does not answer");
    let screen = alice.terminal.until("it is said that events is away", away);
    assert!(screen.contains("x stops it") && screen.contains("so far: "), "{screen}");
    // Everything else can be used meanwhile.
    alice.says("people");
    alice.terminal.shows("See my calendar");
    alice.terminal.shows("; it waits: events ");
    installation.starts(Service::Events);
    alice.says("import report");
    alice.terminal.shows("Done: 250 imported, 0 updated, 0 unchanged, 1 skipped");
}
