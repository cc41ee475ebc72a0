//! Importing a calendar file: the form, how far it is, what becomes of it, and what goes on meanwhile.

use std::path::Path;
use std::time::Duration;

use crossterm::event::KeyCode;
use domain::calendar::Attendance;
use domain::events::Imported;
use domain::{Error, Service, Zone};
use icalendar::{Note, Skipped};
use transport::cluster::{Cluster, LinkedOptions};

use super::rig::{Rig, entry, id};
use super::seat::Seat;
use crate::app::ask::{Call, Command, Done, Query};
use crate::app::effect::{Effect, RequestId, Sent};
use crate::app::import::Folder;
use crate::app::message::{Msg, Opened};
use crate::importing::{Broken, NotRead, Origin, Piece, Wanted};

const PATH: &str = "~/Downloads/team.ics";
const READ: &str = "/home/alice/Downloads/team.ics";

impl Rig {
    /// Takes the number of the file that is to be opened, and whether it is only looked at.
    fn opens(&mut self) -> (RequestId, bool) {
        let found = self.files.iter().position(|file| matches!(file, Effect::Open { .. }));
        match self.files.remove(found.unwrap_or_else(|| panic!("nothing is opened; but {:?}", self.files))) {
            Effect::Open { reading, wanted } => (reading, wanted.only_look),
            other => panic!("{other:?}"),
        }
    }

    /// The file is there, and so long.
    fn is_opened(&mut self, total: Result<usize, NotRead>) -> RequestId {
        let (reading, _) = self.opens();
        self.tell(Msg::Opened { reading, opened: Opened { path: READ.into(), total } });
        reading
    }

    /// Whether the next piece of the file is asked for; it is not asked for again before it is there.
    fn reads_on(&mut self, reading: RequestId) -> bool {
        let before = self.files.len();
        self.files.retain(|file| !matches!(file, Effect::ReadOn(of) if *of == reading));
        let asked = before - self.files.len();
        assert!(asked <= 1, "asked for {asked} times");
        asked == 1
    }

    /// Whether the file is let go.
    fn lets_go(&self, reading: RequestId) -> bool {
        self.files.iter().any(|file| matches!(file, Effect::Close(of) if *of == reading))
    }

    /// The next piece is an event, in this line; the command that it becomes.
    fn comes_to(&mut self, reading: RequestId, line: usize) -> Sent {
        assert!(self.reads_on(reading), "the next piece is not asked for: {}", self.screen(80, 24));
        let piece = Piece { skipped: Vec::new(), event: Some(Box::new(wanted(line))), done: line };
        self.tell(Msg::Read { reading, piece: Ok(piece) });
        self.sent()
    }

    /// It was imported.
    fn imports(&mut self, reading: RequestId, line: usize, imported: Imported) {
        let sent = self.comes_to(reading, line);
        self.done(&sent, Done::Imported(imported));
    }

    /// The file is at its end; so much of it gave no event.
    fn comes_to_the_end(&mut self, reading: RequestId, skipped: Vec<Skipped>) {
        assert!(self.reads_on(reading), "the next piece is not asked for: {}", self.screen(80, 24));
        self.tell(Msg::Read { reading, piece: Ok(Piece { skipped, event: None, done: 100 }) });
    }
}

fn wanted(line: usize) -> Wanted {
    let text = format!("BEGIN:VEVENT\nUID:{line}@a\nDTSTART:20270312T090000Z\nSUMMARY:Standup\nEND:VEVENT\n");
    let event = icalendar::read(text.as_bytes(), &Zone::utc()).unwrap().events.remove(0);
    let notes = if line == 20 {
        vec![Note { line: 23, text: "the zone \"Mars/Olympus\" is not known; it was read as UTC".to_owned() }]
    } else {
        Vec::new()
    };
    let origin = Origin { uid: format!("{line}@a"), line, notes };
    Wanted { request: event.into_import(false).unwrap(), origin }
}

fn skipped(line: usize, reason: &str) -> Skipped {
    Skipped { uid: Some(format!("{line}@a")), line, reason: reason.to_owned() }
}

/// Alice has typed which file, and saved.
fn asked_for(only_look: bool) -> Rig {
    let mut rig = Rig::signed_in();
    rig.has_entries(&[entry(1, "Planning", 10, 9, Attendance::Organizing)]);
    rig.command("import calendar");
    rig.types(PATH);
    if only_look {
        rig.key(KeyCode::Tab);
        rig.types("y");
    }
    rig.ctrl('s');
    rig
}

/// Its file is there, and the first event of it was imported.
fn begun() -> (Rig, RequestId) {
    let mut rig = asked_for(false);
    let reading = rig.is_opened(Ok(100));
    rig.imports(reading, 5, Imported::New(id(7)));
    (rig, reading)
}

fn away() -> Error {
    Error::unavailable(Service::Events, "it is away")
}

/// A task of a few words, and one of many.
fn two_tasks() -> Vec<Skipped> {
    vec![
        skipped(44, "it is a task (VTODO), not an event (VEVENT)"),
        skipped(12, "its times make no sense: DTEND:20270101T000000Z is before DTSTART:20270312T090000Z, 会議 🎉"),
    ]
}

/// What one may see of an import.
pub(super) fn looks() -> Vec<(&'static str, Rig)> {
    let mut form = Rig::signed_in();
    form.command("import calendar");
    form.types("~/Down");
    form.tell(Msg::Looked(Folder {
        path: "~/".to_owned(),
        names: vec!["Documents/".to_owned(), "Downloads/".to_owned()],
    }));
    let mut refused = asked_for(false);
    refused.is_opened(Err(NotRead::Io(std::io::ErrorKind::NotFound.into())));
    let (mut report, reading) = begun();
    report.imports(reading, 20, Imported::Updated(id(8)));
    report.imports(reading, 30, Imported::Older(id(9)));
    report.comes_to_the_end(reading, two_tasks());
    let mut look = asked_for(true);
    let reading = look.is_opened(Ok(100));
    look.imports(reading, 5, Imported::New(id(7)));
    look.comes_to_the_end(reading, two_tasks());
    let (mut trouble, reading) = begun();
    trouble.imports(reading, 30, Imported::Older(id(9)));
    let sent = trouble.comes_to(reading, 35);
    trouble.answer(&sent, Err(away()));
    let (mut stopped, reading) = begun();
    stopped.imports(reading, 30, Imported::Older(id(9)));
    stopped.types("x");
    vec![
        ("import_form", form),
        ("import_refused", refused),
        ("import_report", report),
        ("import_look", look),
        ("import_trouble", trouble),
        ("import_stopped", stopped),
    ]
}

#[test]
fn the_events_of_a_file_are_given_one_by_one_and_the_report_accounts_for_all_of_it() {
    let (mut rig, reading) = begun();
    let screen = rig.screen(80, 24);
    assert!(screen.contains("so far: 1 imported, 0 updated, 0 unchanged, 0 skipped"), "{screen}");
    assert!(screen.contains("░   5 %") && screen.contains("x stops it"), "{screen}");
    rig.imports(reading, 20, Imported::Updated(id(8)));
    rig.imports(reading, 30, Imported::Unchanged(id(9)));
    let sent = rig.comes_to(reading, 40);
    rig.answer(&sent, Err(Error::invalid("title", "x", "it is too long")));
    rig.imports(reading, 50, Imported::CalledOff);
    rig.comes_to_the_end(reading, two_tasks());
    assert!(rig.lets_go(reading));
    let screen = rig.screen(120, 40);
    assert!(screen.contains("Done: 1 imported, 1 updated, 1 unchanged, 4 skipped"), "{screen}");
    let lines: Vec<usize> = ["line 12", "line 40", "line 44", "line 50", "line 23"]
        .iter()
        .map(|line| screen.lines().position(|row| row.contains(line)).unwrap_or_else(|| panic!("{line}: {screen}")))
        .collect();
    assert!(lines.is_sorted(), "{screen}");
    assert!(screen.contains("it is called off") && screen.contains("it is too long"), "{screen}");
    assert!(screen.contains("Mars/Olympus"), "{screen}");
}

#[test]
fn what_was_imported_is_asked_for_when_the_calendar_is_looked_at_again() {
    let (mut rig, reading) = begun();
    rig.comes_to_the_end(reading, Vec::new());
    rig.calls.clear();
    rig.key(KeyCode::Esc);
    rig.has_entries(&[entry(7, "Standup", 12, 9, Attendance::Organizing)]);
    assert!(rig.screen(80, 24).contains("Standup"));
}

#[test]
fn a_long_report_scrolls_and_tells_the_selected_line_in_full() {
    let (mut rig, reading) = begun();
    let many = (1..=500).map(|line| skipped(line, &format!("reason {line} {}", "which is long ".repeat(8)))).collect();
    rig.comes_to_the_end(reading, many);
    for size in [(80, 24), (120, 40)] {
        rig.key(KeyCode::Char('g'));
        assert!(rig.screen(size.0, size.1).contains("UID 1@a"), "{}", rig.screen(size.0, size.1));
        rig.key(KeyCode::Char('G'));
        let screen = rig.screen(size.0, size.1);
        assert!(screen.contains("▸ line 500") && screen.contains("UID 500@a"), "{screen}");
        assert!(!screen.contains("reason 1 "), "{screen}");
    }
    rig.key(KeyCode::PageUp);
    assert!(!rig.screen(80, 24).contains("▸ line 500"));
}

#[test]
fn without_a_path_nothing_is_opened_and_a_zone_that_there_is_not_is_told_beside_its_field() {
    let mut rig = Rig::signed_in();
    rig.command("import calendar");
    rig.ctrl('s');
    let screen = rig.screen(80, 24);
    assert!(screen.contains("it is empty; type the path of a calendar file (.ics)"), "{screen}");
    rig.types(PATH);
    rig.key(KeyCode::Tab);
    rig.key(KeyCode::Tab);
    rig.ctrl('u');
    rig.types("Mars/Olympus");
    rig.ctrl('s');
    assert!(rig.screen(80, 24).contains("“Mars/Olympus”"), "{}", rig.screen(80, 24));
    assert!(!rig.files.iter().any(|file| matches!(file, Effect::Open { .. })));
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_its_path_with_what_to_do_and_the_form_stays() {
    let refused = || icalendar::read(b"<html>", &Zone::utc()).unwrap_err();
    let io = |kind: std::io::ErrorKind| NotRead::Io(kind.into());
    for (why, said) in [
        (io(std::io::ErrorKind::NotFound), "is not there; type the path of a file that is"),
        (io(std::io::ErrorKind::IsADirectory), "is a folder; type the path of a file in it"),
        (io(std::io::ErrorKind::PermissionDenied), "is not yours to read; let its owner change that"),
        (
            NotRead::Refused(refused()),
            "it begins with \"<html>\" instead of BEGIN:VCALENDAR; type the path of a calendar",
        ),
    ] {
        let mut rig = asked_for(false);
        assert!(rig.screen(80, 24).contains("Import a calendar file – reading"), "{}", rig.screen(80, 24));
        rig.is_opened(Err(why));
        let screen = rig.screen(120, 40);
        let told = screen.lines().skip_while(|line| !line.contains(PATH)).skip(1);
        let told: Vec<&str> = told.map(|line| line.trim_matches(|c: char| c == '│' || c == ' ')).take(3).collect();
        let told = told.join(" ");
        assert!(told.contains(READ) && told.contains(said), "{said}: {screen}");
        // What is right then is imported.
        rig.ctrl('s');
        let reading = rig.is_opened(Ok(10));
        assert!(rig.reads_on(reading) && rig.model.form().is_none());
    }
}

#[test]
fn a_service_that_is_away_is_waited_for_and_the_same_event_is_given_again_under_its_key() {
    let (mut rig, reading) = begun();
    let sent = rig.comes_to(reading, 30);
    rig.answer(&sent, Err(away()));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("events is unavailable: it is away"), "{screen}");
    assert!(screen.contains("so far: 1 imported") && screen.contains("x stops it"), "{screen}");
    assert!(!rig.reads_on(reading));
    for _ in 0..3 {
        rig.pass(Duration::from_secs(2));
        let again = rig.sent();
        assert_eq!((again.identity, &again.call), (sent.identity, &sent.call));
        rig.answer(&again, Err(away()));
    }
    rig.pass(Duration::from_secs(2));
    let again = rig.sent();
    rig.done(&again, Done::Imported(Imported::New(id(8))));
    rig.comes_to_the_end(reading, Vec::new());
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Done: 2 imported, 0 updated, 0 unchanged, 0 skipped"), "{screen}");
    assert!(!screen.contains("unavailable"), "{screen}");
}

#[test]
fn an_event_whose_outcome_is_not_known_is_asked_for_under_its_key_however_long_it_takes() {
    let (mut rig, reading) = begun();
    let sent = rig.comes_to(reading, 30);
    rig.answer(&sent, Err(Error::Deadline { service: Service::Events }));
    assert!(rig.screen(80, 24).contains("events does not answer"), "{}", rig.screen(80, 24));
    for _ in 0..10 {
        rig.pass(Duration::from_secs(31));
        let again = rig.sent();
        assert_eq!((again.identity, &again.call), (sent.identity, &sent.call));
        rig.answer(&again, Err(Error::Deadline { service: Service::Events }));
    }
    rig.pass(Duration::from_secs(31));
    let again = rig.sent();
    rig.done(&again, Done::Imported(Imported::New(id(8))));
    assert!(rig.reads_on(reading));
    assert!(!rig.screen(80, 24).contains("does not answer"));
}

#[test]
fn an_import_that_is_stopped_says_what_was_imported_and_goes_on_from_there() {
    let (mut rig, reading) = begun();
    let sent = rig.comes_to(reading, 30);
    rig.types("x");
    assert!(rig.lets_go(reading));
    // What was on its way is counted when it is answered.
    rig.done(&sent, Done::Imported(Imported::New(id(8))));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Stopped: you stopped it") && screen.contains("until then: 2 imported"), "{screen}");
    assert!(screen.contains("Enter imports the file again") && !rig.reads_on(reading), "{screen}");
    rig.key(KeyCode::Enter);
    let reading = rig.is_opened(Ok(100));
    rig.imports(reading, 5, Imported::Unchanged(id(7)));
    assert!(rig.screen(80, 24).contains("so far: 0 imported, 0 updated, 1 unchanged"), "{}", rig.screen(80, 24));
}

#[test]
fn an_import_that_is_stopped_while_its_service_is_away_gives_nothing_again() {
    for (error, said) in [
        (away(), "Stopped: you stopped it "),
        (Error::Deadline { service: Service::Events }, "whether the event of line 30 was imported is not known"),
    ] {
        let (mut rig, reading) = begun();
        let sent = rig.comes_to(reading, 30);
        rig.answer(&sent, Err(error));
        rig.types("x");
        let screen = rig.screen(120, 24).replace('│', " ");
        assert!(screen.contains(said) && screen.contains("until then: 1 imported"), "{screen}");
        rig.pass(Duration::from_secs(60));
        assert!(!rig.calls.iter().any(|sent| matches!(sent.call, Call::Do(_))), "{:?}", rig.calls);
    }
}

#[test]
fn what_is_wrong_with_all_events_stops_the_import_and_says_at_which_line() {
    let (mut rig, reading) = begun();
    let sent = rig.comes_to(reading, 30);
    rig.answer(&sent, Err(Error::forbidden("you may import nothing")));
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Stopped: at the event of line 30: you may import nothing"), "{screen}");
    assert!(screen.contains("until then: 1 imported") && rig.lets_go(reading), "{screen}");
    let (mut rig, reading) = begun();
    assert!(rig.reads_on(reading));
    rig.tell(Msg::Read { reading, piece: Err(Broken) });
    assert!(rig.screen(120, 24).contains("Stopped: the file was not read to its end"), "{}", rig.screen(120, 24));
}

#[test]
fn an_import_goes_on_while_one_looks_at_something_else_and_says_when_it_is_done() {
    let (mut rig, reading) = begun();
    rig.key(KeyCode::Esc);
    let screen = rig.screen(80, 24);
    assert!(screen.contains("March 2027") && screen.contains("importing team.ics: 5 %"), "{screen}");
    rig.imports(reading, 30, Imported::New(id(8)));
    // The word that begins an import shows the one that is under way.
    rig.types("I");
    assert!(rig.screen(80, 24).contains("so far: 2 imported"), "{}", rig.screen(80, 24));
    rig.key(KeyCode::Esc);
    rig.comes_to_the_end(reading, two_tasks());
    let screen = rig.screen(120, 24);
    let said = "team.ics: 2 imported, 0 updated, 0 unchanged, 2 skipped · see “import report”";
    assert!(screen.contains(said) && screen.contains("March 2027"), "{screen}");
    rig.command("import report");
    assert!(rig.screen(80, 24).contains("Done: 2 imported"), "{}", rig.screen(80, 24));
}

#[test]
fn a_form_that_was_left_while_its_file_is_opened_does_not_stop_the_import() {
    let mut rig = asked_for(false);
    rig.key(KeyCode::Esc);
    let reading = rig.is_opened(Ok(100));
    assert!(rig.reads_on(reading) && rig.screen(80, 24).contains("importing team.ics"), "{}", rig.screen(80, 24));
    let mut rig = asked_for(false);
    rig.key(KeyCode::Esc);
    rig.is_opened(Err(NotRead::Io(std::io::ErrorKind::NotFound.into())));
    let screen = rig.screen(120, 24);
    assert!(screen.contains(&format!("the import of team.ics was stopped: {READ} is not there")), "{screen}");
}

#[test]
fn whoever_only_looks_changes_nothing_and_may_import_then() {
    let mut rig = asked_for(true);
    let (reading, only_look) = rig.opens();
    assert!(only_look);
    rig.tell(Msg::Opened { reading, opened: Opened { path: READ.into(), total: Ok(100) } });
    rig.imports(reading, 5, Imported::New(id(7)));
    assert!(rig.screen(80, 24).contains("only looking, nothing is done; so far: 1 imported"), "{}", rig.screen(80, 24));
    rig.comes_to_the_end(reading, Vec::new());
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Nothing was done. It would be: 1 imported"), "{screen}");
    assert!(screen.contains("Enter imports it"), "{screen}");
    rig.key(KeyCode::Enter);
    assert!(rig.screen(80, 24).contains("reading the file"), "{}", rig.screen(80, 24));
    assert!(!rig.opens().1);
}

#[test]
fn nothing_of_an_import_is_kept_for_the_next_run_and_leaving_in_its_middle_is_asked_about() {
    let (mut rig, reading) = begun();
    let sent = rig.comes_to(reading, 30);
    assert!(matches!(&sent.call, Call::Do(Command::Import(_))));
    assert_eq!(rig.model.kept.unconfirmed, []);
    rig.command("quit");
    let screen = rig.screen(80, 24);
    assert!(screen.contains("Leave while team.ics is being imported?") && !rig.has_quit, "{screen}");
    rig.types("n");
    rig.done(&sent, Done::Imported(Imported::New(id(8))));
    assert!(rig.reads_on(reading));
    rig.command("quit");
    rig.types("y");
    assert!(rig.has_quit);
}

#[test]
fn a_session_that_ends_stops_the_import_and_says_so_and_nobody_else_sees_its_report() {
    let (mut rig, reading) = begun();
    let sent = rig.comes_to(reading, 30);
    rig.answer(&sent, Err(Error::unauthenticated("this session has ended; sign in again")));
    let screen = rig.screen(120, 40);
    assert!(
        screen.contains("sign in again; the import of team.ics ") && screen.contains("import it again to go on"),
        "{screen}"
    );
    assert!(rig.lets_go(reading) && rig.model.import.is_none());
    let (mut rig, reading) = begun();
    rig.command("sign out");
    let sent = rig.sent();
    rig.done(&sent, Done::SignedOut);
    let screen = rig.screen(120, 40);
    assert!(screen.contains("signed out; the import of team.ics has stopped"), "{screen}");
    assert!(rig.lets_go(reading) && rig.model.import.is_none());
}

#[test]
fn a_path_is_completed_to_what_is_in_its_folder() {
    let mut rig = Rig::signed_in();
    rig.command("import calendar");
    let looks = |rig: &mut Rig| match rig.files.pop() {
        Some(Effect::Look(path)) => path,
        other => panic!("{other:?}"),
    };
    assert_eq!(looks(&mut rig), "");
    rig.types("~/D");
    assert_eq!(looks(&mut rig), "~/");
    let names = ["Documents/", "Downloads/", "team.ics"].map(str::to_owned).to_vec();
    // What was asked before is of no interest any more.
    rig.tell(Msg::Looked(Folder { path: String::new(), names: vec!["Dull.ics".to_owned()] }));
    rig.tell(Msg::Looked(Folder { path: "~/".to_owned(), names }));
    assert!(rig.screen(80, 24).contains("ctrl-e: Documents/ · Downloads/"), "{}", rig.screen(80, 24));
    rig.types("ow");
    rig.ctrl('e');
    assert_eq!(looks(&mut rig), "~/Downloads/");
    assert_eq!(rig.model.form().unwrap().field("file").unwrap().value(), "~/Downloads/");
    assert!(rig.files.is_empty(), "each folder is looked into once: {:?}", rig.files);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_this_machine_is_looked_at_and_imported_and_is_in_the_calendar_then() {
    let cluster = Cluster::linked(LinkedOptions::for_tests()).await.unwrap();
    let mut alice = Seat::at(cluster.clients());
    alice.registers("alice").await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../icalendar/tests/calendars/outlook.ics");
    let path = file.to_str().unwrap();
    alice.command("import calendar");
    alice.types(path);
    alice.tab();
    alice.types("y");
    alice.save();
    alice.sees("Nothing was done. It would be: 2 imported, 0 updated, 0 unchanged, 0 skipped").await;
    alice.key_enter();
    alice.sees("Done: 2 imported, 0 updated, 0 unchanged, 0 skipped").await;
    alice.command("import calendar");
    alice.types(path);
    alice.save();
    alice.sees("Done: 0 imported, 0 updated, 2 unchanged, 0 skipped").await;
    alice.command("import calendar");
    alice.types(&path.replace("outlook.ics", "nothing.ics"));
    alice.save();
    alice.sees("there; type the path of a file that is").await;
    cluster.shutdown(Duration::from_secs(5)).await;
}

/// Of everything on the screen, only this was asked of the calendar.
#[test]
fn the_calendar_is_not_asked_for_after_each_event_but_when_the_last_is_done() {
    let (mut rig, reading) = begun();
    rig.key(KeyCode::Esc);
    rig.calls.clear();
    for line in [10, 20, 30] {
        rig.imports(reading, line, Imported::New(id(8)));
    }
    let asked = |rig: &Rig| {
        let entries = |sent: &&Sent| matches!(&sent.call, Call::Ask(Query::Entries { .. }));
        rig.calls.iter().filter(entries).count()
    };
    assert_eq!(asked(&rig), 0);
    rig.comes_to_the_end(reading, Vec::new());
    assert_eq!(asked(&rig), 1);
}
