//! What `run.sh` relies on: all services are started or none, watched over, and stopped, whatever happens in between.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use domain::Service;
use rustix::process::{Pid, Signal, kill_process};
use transport::cluster::{DataFolder, program_run_by, programs};

const PATIENCE: Duration = Duration::from_secs(60);

/// An installation that is run for a test.
struct Installation {
    data: tempfile::TempDir,
    base_port: u16,
}

impl Installation {
    fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap(), base_port: free_base_port() }
    }

    fn convene(&self, words: &[&str]) -> Command {
        let programs = programs::of_this_build().unwrap();
        let mut command = Command::new(programs.join("convene"));
        for name in ["CONVENE_LOG", "CONVENE_RESTART", "CONVENE_SERVER"] {
            command.env_remove(name);
        }
        command.args(words).env("CONVENE_DATA", self.data.path()).env("CONVENE_BASE_PORT", self.base_port.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn folder(&self) -> DataFolder {
        DataFolder::at(self.data.path())
    }

    /// Starts everything and waits for the `ready` line, the first of standard output.
    fn up(&self, words: &[&str], environment: &[(&str, &str)]) -> Up {
        let mut command = self.convene(&["up", "--headless"]);
        let mut child = command.args(words).envs(environment.iter().copied()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        output.read_line(&mut ready).unwrap();
        let mut up = Up { child, output };
        if !ready.starts_with("ready") {
            let mut said = String::new();
            up.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("{ready}{said}");
        }
        assert!(ready.contains(&format!("auth=127.0.0.1:{}", self.base_port + 1)), "{ready}");
        up
    }

    fn run(&self, words: &[&str]) -> Output {
        self.convene(words).output().unwrap()
    }

    fn pid(&self, service: Service) -> Option<u32> {
        self.folder().running(service).map(|holder| holder.pid)
    }

    /// Each service's state, as `ps` prints it.
    fn states(&self) -> Vec<String> {
        let output = self.run(&["ps"]);
        assert!(output.status.success());
        let lines = String::from_utf8(output.stdout).unwrap();
        let word = |line: &str, place| line.split_whitespace().nth(place).unwrap().to_owned();
        lines.lines().map(|line| format!("{} {}", word(line, 0), word(line, 1))).collect()
    }
}

/// A supervisor that runs; killed at the end if it still does.
struct Up {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Up {
    fn signal(&self, signal: Signal) {
        kill(self.child.id(), signal);
    }

    fn ends(&mut self) -> ExitStatus {
        until("the supervisor ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// Waits for a condition.
fn until<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    std::iter::repeat_with(condition)
        .inspect(|_| {
            assert!(since.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
            std::thread::yield_now();
        })
        .flatten()
        .next()
        .unwrap()
}

/// Six ports in a row of which the last five are free, and that no other test of this process is given.
fn free_base_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 1_000).unwrap() * 10;
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    loop {
        let base = first + NEXT.fetch_add(10, Ordering::Relaxed);
        if (1..=5).all(|number| free(base + number)) {
            return base;
        }
    }
}

fn nothing_is_left(installation: &Installation) {
    for service in Service::ALL {
        assert_eq!(installation.pid(service), None, "{service}");
        let note = installation.folder().run_file(&format!("{service}.pid"));
        assert!(!note.exists(), "{}", note.display());
    }
}

#[test]
fn all_services_are_up_after_the_ready_line_and_down_after_sigterm_or_ctrl_c() {
    let installation = Installation::new();
    for signal in [Signal::TERM, Signal::INT] {
        let mut up = installation.up(&[], &[]);
        assert_eq!(installation.states(), ["auth up", "events up", "invitations up", "calendar up", "sharing up"]);
        for service in Service::ALL {
            assert!(installation.folder().log(service).exists());
            assert!(installation.folder().database(service).is_dir());
        }
        up.signal(signal);
        assert_eq!(up.ends().code(), Some(0));
        let mut rest = String::new();
        up.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        nothing_is_left(&installation);
        assert!(installation.states().iter().all(|state| state.ends_with("down")));
    }
}

#[test]
fn stopping_from_outside_ends_the_supervisor_and_names_every_service() {
    let installation = Installation::new();
    let mut up = installation.up(&[], &[]);
    let output = installation.run(&["down"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().filter(|line| line.ends_with(" stopped")).count(), 5, "{said}");
    assert_eq!(up.ends().code(), Some(0));
    nothing_is_left(&installation);
    let said = String::from_utf8(installation.run(&["down"]).stdout).unwrap();
    assert_eq!(said.lines().filter(|line| line.ends_with("was not running")).count(), 5, "{said}");
}

#[test]
fn a_service_that_dies_is_reported_and_started_again() {
    let installation = Installation::new();
    let mut up = installation.up(&[], &[]);
    let killed = installation.pid(Service::Events).unwrap();
    kill(killed, Signal::KILL);
    until("events is back", || installation.pid(Service::Events).filter(|pid| *pid != killed));
    until("events is up", || installation.states().contains(&"events up".to_owned()).then_some(()));
    up.signal(Signal::TERM);
    assert_eq!(up.ends().code(), Some(0));
    let mut said = String::new();
    up.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains(&format!("events (process {killed}) has died")), "{said}");
}

#[test]
fn a_service_that_dies_stays_down_if_so_wanted_and_the_others_go_on() {
    let installation = Installation::new();
    let mut up = installation.up(&[], &[("CONVENE_RESTART", "0")]);
    kill(installation.pid(Service::Events).unwrap(), Signal::KILL);
    let mut said = BufReader::new(up.child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("events stays down")));
    assert_eq!(installation.states(), ["auth up", "events down", "invitations up", "calendar up", "sharing up"]);
}

#[test]
fn a_service_whose_database_is_damaged_stays_down_and_what_to_do_is_said() {
    let installation = Installation::new();
    let mut up = installation.up(&[], &[]);
    let rows = installation.folder().database(Service::Events).join("db");
    let length = std::fs::metadata(&rows).unwrap().len();
    std::fs::write(&rows, vec![0x5A; usize::try_from(length).unwrap()]).unwrap();
    kill(installation.pid(Service::Events).unwrap(), Signal::KILL);
    let mut said = BufReader::new(up.child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let told = said.find(|line| line.contains("stays down")).unwrap();
    assert!(told.contains("the database in") && told.contains("is damaged"), "{told}");
    assert!(told.contains("`convene-events restore DIR --force`") && told.contains("./run.sh stop"), "{told}");
    up.signal(Signal::TERM);
    assert_eq!(up.ends().code(), Some(0));
    assert!(!said.any(|line| line.contains("started again")), "it is not tried again");

    // Nor is anything started on it; and of the log only what is new is shown.
    let output = installation.run(&["up", "--headless"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && said.contains("is damaged"), "{said}");
    assert!(!said.contains("serving"), "{said}");
}

#[test]
fn after_the_supervisor_was_killed_its_services_end_and_it_can_be_started_again() {
    let installation = Installation::new();
    let up = installation.up(&[], &[]);
    let pids: Vec<u32> = Service::ALL.into_iter().filter_map(|service| installation.pid(service)).collect();
    assert_eq!(pids.len(), 5);
    up.signal(Signal::KILL);
    drop(up);
    let mut again = installation.up(&[], &[]);
    let serving = |pid: &u32| program_run_by(*pid).is_some_and(|program| program.starts_with("convene-"));
    assert!(!pids.iter().any(serving), "left over");
    again.signal(Signal::TERM);
    assert_eq!(again.ends().code(), Some(0));
}

#[test]
fn a_service_left_over_that_hangs_is_killed_before_the_next_start() {
    let installation = Installation::new();
    let up = installation.up(&[], &[]);
    let hung = installation.pid(Service::Calendar).unwrap();
    kill(hung, Signal::STOP);
    up.signal(Signal::KILL);
    drop(up);
    let mut again = installation.up(&[], &[]);
    assert_ne!(installation.pid(Service::Calendar), Some(hung));
    again.signal(Signal::TERM);
    assert_eq!(again.ends().code(), Some(0));
}

#[test]
fn what_is_in_the_way_is_named_and_nothing_is_started() {
    let installation = Installation::new();
    let refusal = |installation: &Installation| {
        let output = installation.run(&["up", "--headless"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
        nothing_is_left(installation);
        String::from_utf8(output.stderr).unwrap()
    };
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, installation.base_port + 4)).unwrap();
    let said = refusal(&installation);
    assert!(said.contains(&format!("port {}", installation.base_port + 4)) && said.contains("calendar"), "{said}");
    drop(taken);

    let database = installation.folder().database(Service::Sharing);
    let open = storage_lock(&database);
    let said = refusal(&installation);
    assert!(said.contains(&database.display().to_string()) && said.contains("in use"), "{said}");
    drop(open);

    let up = installation.up(&[], &[]);
    let output = installation.run(&["up", "--headless"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("already run by") && said.contains(&up.child.id().to_string()), "{said}");
    assert!(installation.states().iter().all(|state| state.ends_with("up")), "the first is not disturbed");

    let mut second = Command::new(programs::of_this_build().unwrap().join("convene-auth"));
    second.args(["--base-port", &free_base_port().to_string(), "--data"]).arg(installation.data.path());
    let output = second.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let first = installation.pid(Service::Auth).unwrap();
    assert!(said.contains(&format!("in use by convene-auth (process {first})")), "{said}");
}

/// Holds a database as another program would.
fn storage_lock(database: &Path) -> std::fs::File {
    std::fs::create_dir_all(database).unwrap();
    let lock = std::fs::File::create(database.join("lock")).unwrap();
    lock.try_lock().unwrap();
    lock
}
