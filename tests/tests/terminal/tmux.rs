//! A terminal that can be looked at: a tmux server on a private socket, and panes in it with a shell each.
//!
//! Nothing here sleeps for a time in which something should have happened: [`Terminal::until`] looks again and again until a
//! condition holds, and says what it saw when it gives up.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a condition may take to hold. Nothing that works comes near it, on however slow a machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a screen.
const BETWEEN_LOOKS: Duration = Duration::from_millis(15);
/// What the shell in every terminal says when it waits for a command.
pub(crate) const PROMPT: &str = "shell$";

const CONFIGURATION: &str = "\
set -g status off
set -g default-terminal tmux-256color
set -g escape-time 0
set -g remain-on-exit on
";

/// A server of its own; it ends, with all that runs in it, when dropped.
pub(crate) struct Tmux {
    socket: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Tmux {
    /// A server whose socket lies in `folder`. What runs in it sees of the environment only `environment`.
    pub(crate) fn in_folder(folder: &Path, mut environment: BTreeMap<String, String>) -> Self {
        fs::write(folder.join("tmux.conf"), CONFIGURATION).unwrap();
        let path = std::env::var("PATH").unwrap();
        for (name, value) in [("PATH", path.as_str()), ("LC_ALL", "C.UTF-8"), ("TERM", "xterm-256color")] {
            environment.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        Self { socket: folder.join("tmux"), environment }
    }

    /// Opens a terminal of this size with a shell in it.
    pub(crate) fn open(&self, name: &str, (width, height): (u16, u16)) -> Terminal<'_> {
        let (width, height) = (width.to_string(), height.to_string());
        let prompt = format!("PS1={PROMPT} ");
        let shell = ["env", &prompt, "HISTFILE=", "bash", "--norc", "--noprofile", "-i"];
        let session = ["new-session", "-d", "-s", name, "-x", &width, "-y", &height];
        self.run(&[&session[..], &shell[..]].concat());
        let terminal = Terminal { tmux: self, name: name.to_owned() };
        terminal.shows(PROMPT);
        terminal
    }

    /// Runs a command of tmux; what it printed.
    fn run(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.env_clear().envs(&self.environment).arg("-u").arg("-S").arg(&self.socket);
        command.arg("-f").arg(self.socket.with_file_name("tmux.conf")).args(words).stdin(Stdio::null());
        let output = command.output().unwrap_or_else(|error| panic!("tmux is needed for this suite: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).arg("kill-server").stdout(Stdio::null()).stderr(Stdio::null());
        // It may have ended already, with its last shell.
        let _ = command.status();
    }
}

/// One terminal.
pub(crate) struct Terminal<'a> {
    tmux: &'a Tmux,
    name: String,
}

impl Terminal<'_> {
    /// Presses a key by tmux's name for it: `Enter`, `Tab`, `Escape`, `C-s`.
    pub(crate) fn key(&self, name: &str) {
        self.tmux.run(&["send-keys", "-t", &self.name, name]);
    }

    /// Types text as it stands.
    pub(crate) fn types(&self, text: &str) {
        self.tmux.run(&["send-keys", "-t", &self.name, "-l", "--", text]);
    }

    /// What is on the screen, as text.
    pub(crate) fn screen(&self) -> String {
        self.tmux.run(&["capture-pane", "-p", "-t", &self.name])
    }

    /// What is on the screen, with the sequences that give it its looks.
    pub(crate) fn styled(&self) -> String {
        self.tmux.run(&["capture-pane", "-p", "-e", "-t", &self.name])
    }

    /// What tmux knows of this terminal: `alternate_on`, `cursor_flag`, `pane_pid`.
    pub(crate) fn knows(&self, variable: &str) -> String {
        let format = format!("#{{{variable}}}");
        self.tmux.run(&["display-message", "-p", "-t", &self.name, &format]).trim().to_owned()
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, (width, height): (u16, u16)) {
        self.tmux.run(&["resize-window", "-t", &self.name, "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// Writes everything that a program sends to this terminal from now on to a file, too.
    pub(crate) fn records_to(&self, file: &Path) {
        self.tmux.run(&["pipe-pane", "-t", &self.name, &format!("exec cat > {}", file.display())]);
    }

    /// Looks until the screen satisfies `condition`, and gives it.
    pub(crate) fn until(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        let since = Instant::now();
        loop {
            let screen = self.screen();
            if condition(&screen) {
                return screen;
            }
            assert!(since.elapsed() < PATIENCE, "{}: {what}: not within {PATIENCE:?}:\n{screen}", self.name);
            std::thread::park_timeout(BETWEEN_LOOKS);
        }
    }

    /// Looks until the screen shows `text`, and gives it.
    pub(crate) fn shows(&self, text: &str) -> String {
        self.until(&format!("{text:?} is shown"), |screen| screen.contains(text))
    }

    /// Looks until the screen does not show `text`, and gives it.
    pub(crate) fn shows_no_longer(&self, text: &str) -> String {
        self.until(&format!("{text:?} is gone"), |screen| !screen.contains(text))
    }
}
