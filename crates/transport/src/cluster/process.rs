//! A service's process: started with a pipe on its standard input, so that it ends when whoever started it does, however that happens.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use domain::Service;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};

use super::ready::ready;
use super::{Addresses, DataFolder, Failed, program_of};
use crate::Tls;

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// How much of a log's end is shown when its service did not start.
const LAST_LINES: usize = 10;
const LAST_BYTES: u64 = 8_192;

/// A log of more bytes than this is put aside when its service starts, in the place of the one that was put aside before.
const LARGE_LOG: u64 = 16 << 20;

/// How the processes of an installation are started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The folder with the five programs.
    pub programs: PathBuf,
    /// The data folder.
    pub data: DataFolder,
    /// Where each service is to listen.
    pub addresses: Addresses,
    /// Where TLS is spoken, and who asks whether they are ready. The services find their certificates in the same folder.
    pub tls: Tls,
    /// Further arguments for single services.
    pub arguments: BTreeMap<Service, Vec<String>>,
    /// Further environment variables for all.
    pub environment: BTreeMap<String, String>,
}

/// A service's running process. Dropping it ends the process, gracefully, and does not wait for that.
#[derive(Debug)]
pub struct ServiceProcess {
    service: Service,
    child: Child,
    pid: u32,
    /// Where in its log what it says begins, in bytes.
    log_from: u64,
    /// Its standard input; when that ends, it ends.
    _input: Option<ChildStdin>,
}

impl Launch {
    /// Starts `service`; it is not ready yet.
    ///
    /// # Errors
    /// If its program cannot be started, or its log not be written.
    pub fn start(&self, service: Service) -> Result<ServiceProcess, Failed> {
        let program = self.programs.join(program_of(service));
        let log_path = self.data.log(service);
        if std::fs::metadata(&log_path).is_ok_and(|log| log.len() > LARGE_LOG) {
            // Should it fail, the log merely grows on.
            let _ = std::fs::rename(&log_path, log_path.with_extension("log.1"));
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(&log_path)
            .map_err(|error| Failed(format!("cannot write {}: {error}", log_path.display())))?;
        let second =
            log.try_clone().map_err(|error| Failed(format!("cannot write {}: {error}", log_path.display())))?;
        let log_from = log.metadata().map_or(0, |log| log.len());
        let mut command = Command::new(&program);
        command.arg("--data").arg(self.data.path()).arg("--with-parent").arg(std::process::id().to_string());
        for (other, address) in self.addresses.iter() {
            if other == service {
                command.arg("--listen").arg(address);
            } else {
                command.arg("--peer").arg(format!("{other}={address}"));
            }
        }
        if let Some(identity) = &self.tls.identity {
            command.arg("--certs").arg(identity.folder());
        }
        if self.tls.everywhere {
            command.arg("--require-tls");
        }
        command.args(self.arguments.get(&service).into_iter().flatten()).envs(&self.environment);
        // A group of its own: ctrl-C in the terminal is for whoever started it, who then ends it in good order.
        command.stdin(Stdio::piped()).stdout(second).stderr(log).process_group(0);
        let mut child =
            command.spawn().map_err(|error| Failed(format!("cannot start {}: {error}", program.display())))?;
        let pid = child.id().ok_or_else(|| Failed(format!("{service} ended at once")))?;
        // Taken out, because waiting for a child closes the input that it still has.
        let input = child.stdin.take();
        Ok(ServiceProcess { service, child, pid, log_from, _input: input })
    }

    /// Where `service` listens.
    ///
    /// # Errors
    /// If nowhere.
    pub fn address(&self, service: Service) -> Result<&str, Failed> {
        self.addresses.of(service).ok_or_else(|| Failed(format!("{service} has no address")))
    }

    /// Waits until a process that was started is ready.
    ///
    /// # Errors
    /// If it ends, or is not ready within `within`: with the last lines of its log.
    pub async fn until_ready(&self, process: &mut ServiceProcess, within: Duration) -> Result<(), Failed> {
        let address = self.address(process.service)?;
        let until = Instant::now() + within;
        loop {
            if let Some(status) = process.ended() {
                let why = format!("{} has ended ({status}) instead of starting", process.service);
                return Err(Failed(self.with_last_words(process, &why)));
            }
            let why = match ready(process.service, address, &self.tls).await {
                Ok(()) => return Ok(()),
                Err(why) => why,
            };
            if Instant::now() >= until {
                let why = format!("{} was not ready within {} s: {why}", process.service, within.as_secs());
                return Err(Failed(self.with_last_words(process, &why)));
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }

    /// The last line that a process wrote to its log, if it wrote any.
    #[must_use]
    pub fn last_word(&self, process: &ServiceProcess) -> Option<String> {
        let lines = last_lines(&self.data.log(process.service), process.log_from)?;
        lines.lines().last().map(str::to_owned)
    }

    fn with_last_words(&self, process: &ServiceProcess, why: &str) -> String {
        let path = self.data.log(process.service);
        let lines = last_lines(&path, process.log_from).unwrap_or_default();
        if lines.is_empty() { why.to_owned() } else { format!("{why}; the end of {}:\n{lines}", path.display()) }
    }
}

/// The last lines of a file, of those behind its first `from` bytes.
fn last_lines(path: &Path, from: u64) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(LAST_BYTES).max(from))).ok()?;
    let mut bytes = Vec::new();
    file.take(LAST_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Some(lines.iter().skip(lines.len().saturating_sub(LAST_LINES)).copied().collect::<Vec<_>>().join("\n"))
}

impl ServiceProcess {
    /// Which service it is.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// Its process id.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If the system has lost it.
    pub async fn wait(&mut self) -> Result<ExitStatus, Failed> {
        self.child.wait().await.map_err(|error| Failed(format!("{} is lost: {error}", self.service)))
    }

    /// Sends it a signal, unless it has ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.ended().is_none()
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            // It may end at this moment; then there is nobody to be told.
            let _ = kill_process(pid, signal);
        }
    }

    /// Ends it in good order; if that takes longer than `within`, at once.
    ///
    /// # Errors
    /// If the system has lost it.
    pub async fn stop(&mut self, within: Duration) -> Result<ExitStatus, Failed> {
        self.signal(Signal::TERM);
        match timeout(within, self.wait()).await {
            Ok(ended) => ended,
            Err(_) => self.kill().await,
        }
    }

    /// Ends it at once, whatever it is doing.
    ///
    /// # Errors
    /// If the system has lost it.
    pub async fn kill(&mut self) -> Result<ExitStatus, Failed> {
        self.signal(Signal::KILL);
        self.wait().await
    }
}
