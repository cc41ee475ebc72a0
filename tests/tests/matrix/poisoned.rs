//! A service whose database has failed in the middle of a write: it trusts nothing any more, says so and ends, and its supervisor starts
//! it again on what is durable.
//!
//! The failure is real: a limit on the size of its files (with SIGXFSZ ignored) lets the next write fail, as a full disk would.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use convene_tests::{Said, Shell};
use domain::Service;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use transport::cluster::{DataFolder, programs};

use super::ports::five_in_a_row;

/// The longest that something may take before the test gives up; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// A supervisor with its five services.
struct Supervised {
    process: Child,
    /// The lines that it says aside.
    said: mpsc::Receiver<String>,
}

impl Supervised {
    /// Started by a shell that ignores SIGXFSZ, as its children then do.
    fn starts(base_port: u16, data: &Path) -> Self {
        let convene = programs::of_this_build().unwrap().join("convene");
        let script = format!("trap '' XFSZ; exec {} up --headless", convene.display());
        let mut command = Command::new("sh");
        command.args(["-c", &script]).env("CONVENE_DATA", data).env("CONVENE_BASE_PORT", base_port.to_string());
        command.env_remove("CONVENE_RESTART").env_remove("CONVENE_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let aside = BufReader::new(process.stderr.take().unwrap());
        let (sender, said) = mpsc::channel();
        std::thread::spawn(move || aside.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        assert!(ready.starts_with("ready"), "{ready}{:?}", said.iter().collect::<Vec<_>>());
        Self { process, said }
    }

    fn says(&self, words: &str) -> String {
        let mut before = Vec::new();
        loop {
            match self.said.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return line,
                Ok(line) => before.push(line),
                Err(_) => panic!("it does not say {words:?}, but {before:?}"),
            }
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
        self.process.wait().unwrap();
    }
}

fn titles(said: &Said) -> Vec<String> {
    let items = said.document()["items"].clone();
    items.as_array().unwrap().iter().map(|event| event["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_service_whose_database_has_failed_says_so_and_is_started_again_on_what_is_durable() {
    let data = tempfile::tempdir().unwrap();
    let (base_port, listeners) = five_in_a_row();
    drop(listeners);
    let supervised = Supervised::starts(base_port, data.path());
    let shell = Shell::at(base_port, data.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let give = |words: &[&str], input: &str| runtime.block_on(shell.gives("alice", words, input));

    let create = |nth: usize| {
        let title = format!("Number {nth}");
        give(&["event", "create", "--title", &title, "--start", "2027-03-10T09:00"], "")
    };
    assert_eq!(give(&["register", "alice", "--password-stdin"], "correct horse battery\n").code, 0);
    assert_eq!(create(0).code, 0);
    // Once all services have heard of everything, the next who writes is the one who is asked to.
    assert_eq!(give(&["check"], "").code, 0);

    let pid = DataFolder::at(data.path()).running(Service::Events).unwrap().pid;
    let pages = Rlimit { current: Some(4_096), maximum: None };
    prlimit(Pid::from_raw(pid.try_into().unwrap()), Resource::Fsize, pages).unwrap();
    // A few more may find their place below the limit.
    let (nth, first) = (1..100).map(|nth| (nth, create(nth))).find(|(_, said)| said.code != 0).unwrap();
    assert_eq!((first.code, first.error("service").as_str()), (9, "events"), "{first:?}");

    let died = supervised.says("has died");
    assert!(died.contains(&format!("events (process {pid}) has died: exit status: 1")), "{died}");
    supervised.says("events is started again");
    let log = std::fs::read_to_string(data.path().join("log/events.log")).unwrap();
    assert!(log.contains("convene-events: the database has stopped ("), "{log}");
    assert!(log.contains("restart the service, and check its disk"), "{log}");

    let mut refused = 0;
    loop {
        let again = create(nth);
        if again.code == 0 {
            break;
        }
        // It is just starting, and what became of the first attempt is still not known.
        assert_eq!((again.code, again.error("service").as_str()), (7, "events"), "{again:?}");
        refused += 1;
        assert!(refused < 600, "events does not come back: {again:?}");
    }
    let mine = give(&["event", "list", "--limit", "200", "--from", "2027-03-01", "--to", "2027-03-31"], "");
    let (mut there, mut made) = (titles(&mine), (0..=nth).map(|nth| format!("Number {nth}")).collect::<Vec<_>>());
    there.sort_unstable();
    made.sort_unstable();
    assert_eq!(there, made);
    let checked = give(&["check"], "");
    assert_eq!((checked.code, &checked.document()["dangling"]), (0, &serde_json::json!([])), "{checked:?}");
}
