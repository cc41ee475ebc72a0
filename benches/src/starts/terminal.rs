//! The program in a pseudo-terminal: started, looked at until it shows what is waited for, and left by its own key.
//!
//! Like any terminal this one says at once where the cursor is when it is asked; otherwise it only listens.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use domain::Service;
use pty_process::Size;
use pty_process::blocking::{Command as InTerminal, Pty, open};
use transport::cluster::Addresses;

/// The terminal's columns and rows.
pub(super) const SIZE: (u16, u16) = (120, 40);
/// The last word of a frame, in its right lower corner.
const LAST_WORD: &str = "quit";
/// How long the program may send nothing while something is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// What programs may ask their terminal (ECMA-48 §8.3.35, DSR), and what it answers (§8.3.14, CPR).
const WHERE_IS_THE_CURSOR: &[u8] = b"\x1b[6n";
const IN_THE_CORNER: &[u8] = b"\x1b[1;1R";
/// What the client is left with.
const LEAVE: &[u8] = b"q";

/// `convene`, where it finds the services and keeps its profiles.
pub(super) struct Program {
    path: PathBuf,
    environment: [(&'static str, String); 6],
}

impl Program {
    /// The program at `path`, for services at `addresses`, with everything that it keeps below `folder`.
    ///
    /// # Errors
    /// If the services do not listen in a row.
    pub(super) fn at(path: PathBuf, addresses: &Addresses, folder: &Path) -> Result<Self> {
        let first = addresses.of(Service::Auth).and_then(|address| address.rsplit_once(':'));
        let (_, port) = first.context("auth has no address")?;
        let base_port = port.parse::<u16>()?.checked_sub(u16::from(Service::Auth.number())).context("a port")?;
        let below = |name: &str| folder.join(name).display().to_string();
        let environment = [
            ("CONVENE_BASE_PORT", base_port.to_string()),
            ("CONVENE_DATA", below("none")),
            ("HOME", below("home")),
            ("TERM", "xterm-256color".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("TZ", "UTC".to_owned()),
        ];
        Ok(Self { path, environment })
    }

    /// Signs in, so that the profile of that name has a session.
    ///
    /// # Errors
    /// If the program says anything but yes.
    pub(super) async fn signs_in(&self, name: &'static str, password: &'static str) -> Result<()> {
        let mut command = Command::new(&self.path);
        command.env_clear().envs(self.environment.clone()).args(["--profile", name, "login", name, "--password-stdin"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let said = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn()?;
            if let Some(mut input) = child.stdin.take() {
                writeln!(input, "{password}")?;
            }
            child.wait_with_output()
        });
        let said = said.await??;
        ensure!(said.status.success(), "signing in: {}", String::from_utf8_lossy(&said.stderr).trim());
        Ok(())
    }

    /// Starts the program so that it says its version; how long until it has ended.
    ///
    /// # Errors
    /// If it cannot be started, or says something else.
    pub(super) fn says_its_version(&self) -> Result<Duration> {
        let begun = Instant::now();
        let mut running = Running::start(self.in_terminal().arg("--version"))?;
        let ended = running.ends()?;
        ensure!(running.shows("convene"), "it said: {}", running.said());
        Ok(ended.duration_since(begun))
    }

    /// Opens the client of the profile `name`; how long until its first frame was there, and until a frame showed `word`.
    ///
    /// # Errors
    /// If it does not show that, or ends before.
    pub(super) fn opens(&self, name: &str, word: &str) -> Result<(Duration, Duration)> {
        let begun = Instant::now();
        let mut running = Running::start(self.in_terminal().args(["--profile", name]))?;
        let frame = running.until(LAST_WORD)?;
        let month = running.until(word)?;
        (&*running.terminal).write_all(LEAVE)?;
        running.ends()?;
        Ok((frame.duration_since(begun), month.duration_since(begun)))
    }

    fn in_terminal(&self) -> InTerminal {
        InTerminal::new(&self.path).env_clear().envs(self.environment.clone())
    }
}

/// A program in a terminal of its own. It ends, at the latest, when this is dropped.
struct Running {
    terminal: Arc<Pty>,
    process: Child,
    /// What it sends, as it comes; the end of this is the program's.
    pieces: Receiver<(Instant, Vec<u8>)>,
    sent: Vec<u8>,
}

impl Running {
    fn start(command: InTerminal) -> Result<Self> {
        let (terminal, pts) = open()?;
        let (columns, rows) = SIZE;
        terminal.resize(Size::new(rows, columns))?;
        let terminal = Arc::new(terminal);
        let (tell, pieces) = channel();
        let process = command.spawn(pts)?;
        let reads = Arc::clone(&terminal);
        std::thread::spawn(move || {
            let (mut piece, mut last) = ([0; 16_384], Vec::new());
            // When its program has ended a terminal gives an error (EIO) and no end.
            while let Ok(read @ 1..) = (&*reads).read(&mut piece) {
                let (came, piece) = (Instant::now(), piece.get(..read).unwrap_or_default());
                last.extend_from_slice(piece);
                if holds(&last, WHERE_IS_THE_CURSOR) {
                    last.clear();
                    if (&*reads).write_all(IN_THE_CORNER).is_err() {
                        return;
                    }
                }
                last.drain(..last.len().saturating_sub(WHERE_IS_THE_CURSOR.len()));
                if tell.send((came, piece.to_vec())).is_err() {
                    return;
                }
            }
        });
        Ok(Self { terminal, process, pieces, sent: Vec::new() })
    }

    fn shows(&self, word: &str) -> bool {
        holds(&self.sent, word.as_bytes())
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.sent).escape_debug().to_string()
    }

    /// When `word` was there.
    fn until(&mut self, word: &str) -> Result<Instant> {
        let mut at = Instant::now();
        while !self.shows(word) {
            let Ok((came, piece)) = self.pieces.recv_timeout(PATIENCE) else {
                bail!("it does not show {word}: {}", self.said());
            };
            self.sent.extend_from_slice(&piece);
            at = came;
        }
        Ok(at)
    }

    /// When the program had ended, in good order.
    fn ends(&mut self) -> Result<Instant> {
        loop {
            match self.pieces.recv_timeout(PATIENCE) {
                Ok((_, piece)) => self.sent.extend_from_slice(&piece),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => bail!("it does not end: {}", self.said()),
            }
        }
        let ended = self.process.wait()?;
        let at = Instant::now();
        ensure!(ended.success(), "it ended with {ended}: {}", self.said());
        Ok(at)
    }
}

fn holds(sent: &[u8], word: &[u8]) -> bool {
    sent.windows(word.len()).any(|bytes| bytes == word)
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and that is well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Running {
        Running::start(InTerminal::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn a_program_has_a_terminal_of_the_size_and_is_seen_to_end() {
        let mut running = shell("stty size; echo said; read line; echo $line");
        let before = Instant::now();
        assert!(running.until("40 120").unwrap() <= running.until("said").unwrap());
        (&*running.terminal).write_all(b"heard\n").unwrap();
        assert!(running.ends().unwrap() > before);
        assert!(running.shows("heard"), "{}", running.said());
    }

    #[test]
    fn the_terminal_says_where_the_cursor_is() {
        let mut running = shell("stty raw -echo; printf '\\033[6n'; dd bs=1 count=6 2>/dev/null | od -c");
        running.ends().unwrap();
        assert!(running.said().contains("033   [   1   ;   1   R"), "{}", running.said());
    }

    #[test]
    fn a_program_that_fails_or_never_says_the_word_is_told_of() {
        assert!(shell("echo wrong; exit 3").ends().unwrap_err().to_string().contains("exit status: 3: wrong"));
        assert!(shell("echo something").until("else").unwrap_err().to_string().contains("something"));
    }
}
