//! Five services in five processes, on a data folder of their own, and terminals in which they are used.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use domain::Service;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use transport::cluster::{DataFolder, programs};

use crate::tmux::{Terminal, Tmux};

/// The moment at which every client is opened: a Wednesday, half past nine in the morning in Berlin.
pub(crate) const NOW: &str = "2027-03-10T09:30:00+01:00";
const ZONE: &str = "Europe/Berlin";

/// The services and the terminals of one test; both end with it.
pub(crate) struct Installation {
    tmux: Tmux,
    supervisor: Child,
    by_hand: RefCell<Vec<Child>>,
    base_port: u16,
    folder: TempDir,
}

/// What becomes of a service that dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// The supervisor starts it again.
    ByItself,
    /// It stays down until [`Installation::starts`].
    Never,
}

impl Installation {
    /// Starts everything and waits until it is ready.
    pub(crate) fn new(restart: Restart) -> Self {
        Self::with(restart, &[])
    }

    /// The same, with more in the environment of everything that runs in a terminal.
    pub(crate) fn with(restart: Restart, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base_port = free_base_port();
        let mut environment = environment(folder.path(), base_port);
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let tmux = Tmux::in_folder(folder.path(), environment);
        let supervisor = supervisor(folder.path(), base_port, restart);
        Self { tmux, supervisor, by_hand: RefCell::default(), base_port, folder }
    }

    /// Opens a terminal with a shell in which `convene` is found.
    pub(crate) fn terminal(&self, name: &str, size: (u16, u16)) -> Terminal<'_> {
        self.tmux.open(name, size)
    }

    /// A path in this test's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `kill -9`.
    pub(crate) fn kills(&self, service: Service) {
        self.signals(service, Signal::KILL);
    }

    /// Lets a service hang: it runs no further, and its connections stay open.
    pub(crate) fn hangs(&self, service: Service) {
        self.signals(service, Signal::STOP);
    }

    /// Lets a service that hung go on.
    pub(crate) fn goes_on(&self, service: Service) {
        self.signals(service, Signal::CONT);
    }

    /// Starts a service that stayed down.
    pub(crate) fn starts(&self, service: Service) {
        let mut command = Command::new(programs::of_this_build().unwrap().join(format!("convene-{service}")));
        command.arg("--data").arg(self.path("data")).args(["--base-port", &self.base_port.to_string()]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.by_hand.borrow_mut().push(child);
    }

    /// The id of a service's process, if it runs.
    pub(crate) fn pid(&self, service: Service) -> Option<u32> {
        DataFolder::at(self.path("data")).running(service).map(|holder| holder.pid)
    }

    fn signals(&self, service: Service, signal: Signal) {
        let pid = self.pid(service).unwrap_or_else(|| panic!("{service} does not run"));
        send(pid, signal);
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        for service in Service::ALL {
            // A process that hangs would hear of nothing.
            if let Some(pid) = self.pid(service) {
                send(pid, Signal::CONT);
            }
        }
        send(self.supervisor.id(), Signal::TERM);
        let _ = self.supervisor.wait();
        for child in self.by_hand.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal to a process.
pub(crate) fn send(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// What the shells and clients in the terminals know.
fn environment(folder: &Path, base_port: u16) -> BTreeMap<String, String> {
    let programs = programs::of_this_build().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let text = |path: PathBuf| path.display().to_string();
    [
        ("PATH", path),
        ("HOME", text(folder.to_owned())),
        ("XDG_CONFIG_HOME", text(folder.join("config"))),
        ("CONVENE_DATA", text(folder.join("data"))),
        ("CONVENE_BASE_PORT", base_port.to_string()),
        ("CONVENE_PROGRAMS", text(programs)),
        ("CONVENE_REHEARSAL", NOW.to_owned()),
        ("CONVENE_REHEARSAL_PANIC", text(folder.join("panic"))),
        ("TZ", ZONE.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Starts the services, and waits for the line that says that they are ready.
fn supervisor(folder: &Path, base_port: u16, restart: Restart) -> Child {
    let mut command = match std::env::var_os("CONVENE_RUN_SH") {
        Some(_) => Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../run.sh")),
        None => {
            let mut command = Command::new(programs::of_this_build().unwrap().join("convene"));
            command.arg("up");
            command
        }
    };
    for name in ["CONVENE_LOG", "CONVENE_SERVER", "CONVENE_PROGRAMS"] {
        command.env_remove(name);
    }
    command.arg("--headless").env("CONVENE_DATA", folder.join("data"));
    command.env("CONVENE_BASE_PORT", base_port.to_string());
    command.env("CONVENE_RESTART", if restart == Restart::ByItself { "1" } else { "0" });
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let errors = child.stderr.take().unwrap();
    if !said.starts_with("ready") {
        BufReader::new(errors).read_to_string(&mut said).unwrap();
        panic!("the services did not become ready ({}): {said}", child.wait().unwrap());
    }
    // What it says of services that die is nobody's concern here, but must be read: a full pipe would stop it.
    std::thread::spawn(move || BufReader::new(errors).lines().for_each(drop));
    child
}

/// Six ports in a row of which the last five are free, and that no other test of this process is given.
pub(crate) fn free_base_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 22_000 + u16::try_from(std::process::id() % 1_000).unwrap() * 10;
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    loop {
        let base = first + NEXT.fetch_add(10, Ordering::Relaxed);
        if (1..=5).all(|number| free(base + number)) {
            return base;
        }
    }
}
