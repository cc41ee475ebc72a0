//! The program itself, with all services inside it: passwords on standard input, exit codes, what is on which stream, what is kept
//! where.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const PASSWORD: &str = "correct horse battery";

/// A machine with a data folder and a state folder of its own.
struct Machine(tempfile::TempDir);

/// What a command came to.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn state(&self) -> std::path::PathBuf {
        self.0.path().join("state/convene")
    }

    fn gives(&self, line: &[&str], input: &str) -> Done {
        let mut program = Command::new(env!("CARGO_BIN_EXE_convene"))
            .args(line)
            .arg("--in-process")
            .env("CONVENE_DATA", self.0.path().join("data"))
            .env("XDG_STATE_HOME", self.0.path().join("state"))
            .env("CONVENE_SERVER", "nonsense")
            .env("TZ", "Europe/Berlin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that reads nothing may be gone before this is written.
        let _ = program.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = program.wait_with_output().unwrap();
        Done {
            code: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    /// The document of a command that succeeds.
    fn json(&self, line: &[&str]) -> Value {
        let done = self.gives(&[line, &["--json"]].concat(), "");
        assert_eq!(done.code, 0, "{line:?}: {}", done.err);
        serde_json::from_str(&done.out).unwrap()
    }

    /// What a command, given until the calendar is quick enough to say it, says on standard error and in JSON of what overlaps.
    fn overlaps(&self, line: &[&str]) -> (String, Value) {
        let told = || Some(self.gives(line, "").err).filter(|told| !told.contains("not known"));
        let conflicts = || Some(self.json(line)["conflicts"].take()).filter(|conflicts| !conflicts.is_null());
        let told = (0..20).find_map(|_| told()).unwrap();
        (told, (0..20).find_map(|_| conflicts()).unwrap())
    }

    fn registers(&self, name: &str) -> Done {
        let line = ["register", name, "--password-stdin", "--profile", name, "--json"];
        self.gives(&line, &format!("{PASSWORD}\n"))
    }
}

impl Done {
    /// The error that is the last line of standard error.
    fn error(&self) -> Value {
        let line = self.err.lines().last().unwrap();
        serde_json::from_str::<Value>(line).unwrap()["error"].clone()
    }
}

#[test]
fn people_meet_and_what_one_does_is_there_for_the_other() {
    let machine = Machine::new();
    for name in ["alice", "bob"] {
        let done = machine.registers(name);
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(serde_json::from_str::<Value>(&done.out).unwrap()["user"]["username"], name);
    }
    let create = [
        "event",
        "create",
        "--profile",
        "alice",
        "--title",
        "会議 🎉",
        "--start",
        "2027-03-10T09:00",
        "--invite",
        "bob",
    ];
    let event = machine.json(&create);
    assert_eq!(event["start"], "2027-03-10T09:00:00+01:00");
    let id = event["id"].as_str().unwrap();
    let inbox = machine.json(&["--profile", "bob", "invitations"]);
    assert_eq!(inbox["items"][0]["event"]["id"], id);
    assert_eq!(machine.json(&["respond", id, "maybe", "--profile", "bob"])["status"], "maybe");
    let days = ["--from", "2027-03-10", "--to", "2027-03-10"];
    let calendar = machine.json(&[&["calendar", "--profile", "bob"][..], &days].concat());
    assert_eq!((&calendar["items"][0]["status"], &calendar["owner"]), (&"maybe".into(), &"bob".into()));
    let forbidden = machine.gives(&["calendar", "--of", "alice", "--profile", "bob", "--json"], "");
    assert_eq!((forbidden.code, &forbidden.error()["code"]), (4, &"forbidden".into()));
    machine.json(&["share", "bob", "--busy-only", "--profile", "alice"]);
    let busy = machine.json(&[&["calendar", "--of", "alice", "--profile", "bob"][..], &days].concat());
    assert_eq!((&busy["items"][0]["status"], &busy["items"][0]["title"]), (&"busy".into(), &Value::Null));
    let moved = machine.json(&["event", "edit", id, "--start", "2027-03-11T10:00", "--profile", "alice"]);
    assert_eq!((&moved["end"], &moved["version"]), (&"2027-03-11T11:00:00+01:00".into(), &2.into()));
    let stranger =
        machine.gives(&["event", "show", "0198c0de-7000-7abc-8def-0123456789ab", "--profile", "bob", "--json"], "");
    assert_eq!((stranger.code, &stranger.error()["field"]), (5, &"event".into()));
    assert_eq!(machine.json(&["uninvite", id, "bob", "--profile", "alice"])["items"][0]["status"], "maybe");
    let check = machine.json(&["check"]);
    assert_eq!(check["dangling"], serde_json::json!([]));
    assert!(check["references"].as_u64().unwrap() > 0);
    let services = machine.json(&["status"])["services"].clone();
    assert_eq!((services.as_array().unwrap().len(), &services[4]["address"]), (5, &"in-process".into()));
}

#[test]
fn accounts_come_and_go_and_no_password_is_kept() {
    let machine = Machine::new();
    assert_eq!(machine.registers("alice").code, 0);
    let taken = machine.registers("alice");
    assert_eq!((taken.code, &taken.error()["field"]), (6, &"user".into()));
    let short = machine.gives(&["register", "bob", "--password-stdin", "--json"], "short\n");
    assert_eq!(
        (short.code, &short.error()["code"], &short.error()["field"]),
        (2, &"invalid_input".into(), &"password".into())
    );
    assert!(!short.err.contains("short\""));
    let wrong = machine.gives(&["login", "alice", "--password-stdin", "--json"], "not her password\n");
    assert_eq!(wrong.code, 3);
    let profile = ["--profile", "alice"];
    let passwd = |input: &str| machine.gives(&[&["passwd", "--password-stdin"][..], &profile].concat(), input);
    assert_ne!(passwd("not her password\nanother password\n").code, 0);
    assert_eq!(machine.json(&[&["whoami"][..], &profile].concat())["user"]["username"], "alice");
    assert_eq!(passwd(&format!("{PASSWORD}\nanother password\n")).code, 0);
    assert_eq!(machine.gives(&["login", "alice", "--password-stdin", "--profile", "b"], "another password\n").code, 0);
    assert_all_are_secret_and_hold_none_of(&machine.state(), &[PASSWORD, "another password", "not her password"]);
    let unsure = machine.gives(&[&["account", "delete", "--json"][..], &profile].concat(), "");
    assert_eq!((unsure.code, unsure.out.as_str()), (2, ""));
    assert!(unsure.error()["message"].as_str().unwrap().contains("--yes"));
    machine.json(&[&["account", "delete", "--yes"][..], &profile].concat());
    assert_eq!(machine.gives(&[&["whoami"][..], &profile].concat(), "").code, 3);
    assert_eq!(machine.gives(&["event", "list", "--profile", "b", "--json"], "").code, 3);
    assert_eq!(machine.registers("alice").code, 6, "a name is never issued again");
}

fn assert_all_are_secret_and_hold_none_of(folder: &Path, secrets: &[&str]) {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{entry:?}");
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        files += 1;
    }
    assert!(files > 0);
}

#[test]
fn without_a_command_there_is_no_client_yet_and_the_first_steps_are_shown() {
    let machine = Machine::new();
    let done = machine.gives(&[], "");
    assert_eq!((done.code, done.out.as_str()), (2, ""));
    assert!(done.err.contains("convene register"), "{}", done.err);
    let done = machine.gives(&["--json"], "");
    assert_eq!((done.code, &done.error()["code"]), (2, &"usage".into()));
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let program = Command::new(env!("CARGO_BIN_EXE_convene"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut program = program;
    drop(program.stdout.take());
    let done = program.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stderr.is_empty());
}

#[test]
fn people_see_when_others_are_busy_find_a_time_and_are_told_what_overlaps() {
    let machine = Machine::new();
    for name in ["alice", "bob", "carol"] {
        assert_eq!(machine.registers(name).code, 0);
    }
    let create = |who: &str, title: &str, start: &str, more: &[&str]| {
        let line = ["event", "create", "--profile", who, "--title", title, "--start", start];
        let event = machine.json(&[&line[..], more].concat());
        event["id"].as_str().unwrap().to_owned()
    };
    // The clocks go forward on Sunday the 28th.
    create("bob", "Standup", "2027-03-26T09:00", &["--for", "30m", "--repeat", "every day", "--remind", "10m"]);
    create("bob", "Call", "2027-03-28T09:30", &["--for", "1h"]);
    let lunch = create("carol", "Lunch", "2027-03-28T12:00", &["--invite", "alice,bob"]);
    create("alice", "Dentist", "2027-03-28T12:30", &["--for", "2h"]);
    machine.json(&["share", "alice", "--busy-only", "--profile", "bob"]);
    machine.json(&["share", "alice", "--profile", "carol"]);
    machine.json(&["share", "carol", "--profile", "bob"]);

    let sunday = ["--from", "2027-03-28", "--to", "2027-03-28"];
    let busy = |who: &str, of: &str| machine.json(&[&["freebusy", of, "--profile", who][..], &sunday].concat());
    let expected = serde_json::json!({"items": [
        {"username": "bob", "start": "2027-03-28T09:00:00+02:00", "end": "2027-03-28T10:30:00+02:00"},
    ]});
    assert_eq!(
        (busy("alice", "bob"), busy("carol", "bob")),
        (expected.clone(), expected),
        "details or busy times alone"
    );
    let unshared = machine.gives(&["freebusy", "alice", "--profile", "bob", "--json"], "");
    assert_eq!((unshared.code, &unshared.error()["code"]), (4, &"forbidden".into()));

    let line = ["find-time", "bob", "carol", "--for", "1h", "--between", "2:30-17:00", "--profile", "alice"];
    let free = machine.json(&[&line[..], &sunday].concat());
    let expected = serde_json::json!({"items": [
        {"start": "2027-03-28T03:00:00+02:00", "end": "2027-03-28T09:00:00+02:00"},
        {"start": "2027-03-28T10:30:00+02:00", "end": "2027-03-28T12:00:00+02:00"},
        {"start": "2027-03-28T14:30:00+02:00", "end": "2027-03-28T17:00:00+02:00"},
    ]});
    assert_eq!(free, expected);

    let accept = |who: &str| machine.overlaps(&["respond", &lunch, "accept", "--profile", who]);
    let (told, conflicts) = accept("alice");
    assert_eq!((&conflicts[0]["title"], conflicts.as_array().unwrap().len()), (&"Dentist".into(), 1));
    assert!(told.contains("overlaps with Dentist in your calendar, 2027-03-28T12:30:00+02:00"), "{told}");
    assert_eq!(accept("bob"), (String::new(), serde_json::json!([])));
    let moved = ["event", "edit", &lunch, "--start", "2027-03-28T09:15", "--profile", "carol"];
    assert_eq!(machine.overlaps(&moved).1, serde_json::json!([]), "carol's own calendar has nothing else");
}

#[test]
fn reminders_are_listed_and_who_follows_them_ends_when_nobody_listens() {
    let machine = Machine::new();
    assert_eq!(machine.registers("alice").code, 0);
    let start = ["event", "create", "--title", "Tea", "--start", "tomorrow 9:00", "--profile", "alice"];
    let tea = machine.json(&[&start[..], &["--remind", "10m,1h"]].concat());
    let listed = machine.json(&["remind", "--within", "2d", "--profile", "alice"])["items"].clone();
    let minutes: Vec<u64> = listed.as_array().unwrap().iter().map(|item| item["minutes"].as_u64().unwrap()).collect();
    assert_eq!((minutes, &listed[0]["start"]), (vec![60, 10], &tea["start"]));

    let mut program = Command::new(env!("CARGO_BIN_EXE_convene"))
        .args(["remind", "--follow", "--in-process", "--profile", "alice"])
        .env("CONVENE_DATA", machine.0.path().join("data"))
        .env("XDG_STATE_HOME", machine.0.path().join("state"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(program.stdout.take());
    let done = program.wait_with_output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
}
