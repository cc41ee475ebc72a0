//! The terminal client of a supervisor that was started on a terminal: a process of its own, so that whatever happens to either, the
//! other can still put things in order.

use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::{Child, Command};
use transport::Tls;
use transport::cluster::{DataFolder, Failed};

use super::say_aside;

/// Whether there is a terminal for the client to be on.
pub(super) fn has_a_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Opens the client on the services at `host` behind `base_port`; returns when it is left. Dropping the future ends the client.
pub(super) async fn until_left(host: IpAddr, base_port: u16, tls: &Tls) -> Result<(), Failed> {
    let failed = |error: std::io::Error| Failed(format!("the terminal client cannot be opened: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    let server = SocketAddr::new(host, base_port).to_string();
    command.args(["--server", &server]).stdin(Stdio::inherit()).env_remove("CONVENE_SERVER");
    if let Some(identity) = &tls.identity {
        command.arg("--certs").arg(identity.folder());
    }
    if tls.everywhere {
        command.arg("--require-tls");
    }
    let mut guest = Guest(command.spawn().map_err(failed)?);
    let status = guest.0.wait().await.map_err(failed)?;
    if status.success() { Ok(()) } else { Err(Failed(format!("the terminal client ended with {status}"))) }
}

/// Waits until someone who was told something has read it.
pub(super) async fn until_read() {
    let waiting = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    // Whatever came, it came after the text was there to be read.
    let _ = waiting.await;
}

/// Told to end when nobody waits for it any more, so that it leaves the terminal as it found it.
struct Guest(Child);

impl Drop for Guest {
    fn drop(&mut self) {
        let pid = self.0.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }
}

/// Where the supervisor says what happens to its services: aside, or in its log while the client has the terminal.
#[derive(Clone, Debug)]
pub(super) enum Reports {
    Aside,
    Log(PathBuf),
}

impl Reports {
    pub(super) fn of(folder: &DataFolder, client: bool) -> Self {
        if client { Self::Log(folder.path().join("log/supervisor.log")) } else { Self::Aside }
    }

    pub(super) fn say(&self, line: &str) {
        let written = match self {
            Self::Aside => {
                say_aside(line);
                return;
            }
            Self::Log(path) => std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .and_then(|mut log| writeln!(log, "{} {line}", jiff::Timestamp::now())),
        };
        // There is nobody left to whom it could be said.
        let _ = written;
    }
}
