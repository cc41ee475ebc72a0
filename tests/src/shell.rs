//! People at a shell: the real program `convene`, given commands as they are typed, with profiles of their own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;
use transport::cluster::programs;

/// The longest that a command may take before the test gives up; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where commands are given: at which services, with which folders.
pub struct Shell {
    program: PathBuf,
    server: String,
    data: PathBuf,
    profiles: tempfile::TempDir,
}

/// What became of a command.
#[derive(Clone, Debug)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// How long it took.
    pub took: Duration,
}

impl Shell {
    /// At the services behind `base_port` of this machine, whose data folder is `data`.
    #[must_use]
    pub fn at(base_port: u16, data: &Path) -> Self {
        Self {
            program: programs::of_this_build().unwrap().join("convene"),
            server: format!("127.0.0.1:{base_port}"),
            data: data.to_owned(),
            profiles: tempfile::tempdir().unwrap(),
        }
    }

    /// The same profiles, at other services.
    #[must_use]
    pub fn elsewhere(self, base_port: u16) -> Self {
        Self { server: format!("127.0.0.1:{base_port}"), ..self }
    }

    /// Gives a command as `profile`, with `input` on standard input.
    pub async fn gives(&self, profile: &str, words: &[impl AsRef<str>], input: &str) -> Said {
        let since = Instant::now();
        let mut command = Command::new(&self.program);
        for name in ["CONVENE_LOG", "CONVENE_SERVER", "CONVENE_BASE_PORT", "XDG_CONFIG_HOME"] {
            command.env_remove(name);
        }
        command.args(["--json", "--server", &self.server, "--profile", profile]).args(words.iter().map(AsRef::as_ref));
        command.env("CONVENE_DATA", &self.data).env("XDG_STATE_HOME", self.profiles.path()).env("TZ", "UTC");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut running = command.spawn().unwrap();
        // Whoever reads no input has gone before it came.
        let _ = running.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let ended = timeout(PATIENCE, running.wait_with_output()).await;
        let output = ended
            .unwrap_or_else(|_| {
                panic!("convene does not end: {:?}", words.iter().map(AsRef::as_ref).collect::<Vec<_>>())
            })
            .unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            took: since.elapsed(),
        }
    }

    /// Lets `profile` be whoever `other` is, in the same session: a second shell of one person.
    pub fn also(&self, profile: &str, other: &str) {
        let file = |name: &str| self.profiles.path().join("convene").join(format!("{name}.json"));
        std::fs::copy(file(other), file(profile)).unwrap();
    }
}

impl Said {
    /// What the one line of the error says under `key`, as text; empty if it says nothing of it.
    #[must_use]
    pub fn error(&self, key: &str) -> String {
        let line = self.err.lines().last().unwrap_or_default();
        let told: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no error of one line: {self:?}"));
        told["error"][key].as_str().unwrap_or_default().to_owned()
    }

    /// The document on standard output.
    #[must_use]
    pub fn document(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no document: {self:?}"))
    }

    /// The services whose latest changes the answer says that it may lack.
    #[must_use]
    pub fn behind(&self) -> Vec<String> {
        let behind = &self.document()["behind"];
        behind.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// Whether it says that not every service has heard of it yet.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.document()["settled"] == false
    }
}
