//! PostgreSQL doing the same transaction: a private cluster, and `pgbench` with scripts of ours.
//!
//! The cluster lies on the same disk as our databases, listens on a socket in a folder of its own and ends with the benchmark. It
//! refuses to run as root, so root runs it as whoever owns nothing. Every setting that durability stands on is as it comes (`fsync`,
//! `full_page_writes`, `synchronous_commit`); the tuned one has more memory and rarer checkpoints, and may wait a little for others to
//! share a sync. What is asked is in the scripts beside this file; each client answers an invitation of their own.

mod log;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::figures::Contender;
use crate::wire::Plan;
use crate::wire::load::{Measured, figures};

const SCHEMA: &str = include_str!("schema.sql");
/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
const DATABASE: &str = "postgres";
const OWNER: &str = "convene";
/// As whom root lets it run: nobody, who owns nothing.
const NOBODY: u32 = 65_534;
const STARTING: Duration = Duration::from_secs(30);

/// The programs of an installed PostgreSQL.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    /// Its version, as it tells it.
    pub(super) version: String,
    programs: PathBuf,
}

/// The newest that is installed with all that is needed here.
pub(super) fn installed() -> Option<Installed> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = versions.chain(std::env::split_paths(&path)).filter_map(|programs| {
        let all = ["initdb", "postgres", "pg_ctl", "psql", "pgbench"];
        let version = all.iter().all(|name| programs.join(name).is_file()).then(|| version(&programs))??;
        Some(Installed { version, programs })
    });
    let number = |version: &str| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    found.max_by_key(|installed| number(&installed.version))
}

fn version(programs: &Path) -> Option<String> {
    let told = Command::new(programs.join("postgres")).arg("--version").output().ok()?;
    // "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    told.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(str::to_owned)
}

/// How a cluster is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    /// As it comes.
    Default,
    /// For this work, on a machine like this, as its manual advises; as durable.
    Tuned,
}

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Statement by statement.
    Statements,
    /// In one call of a function.
    Function,
}

impl Settings {
    /// How a cluster of these settings is asked.
    pub(super) const fn shapes(self) -> &'static [Shape] {
        match self {
            Self::Default => &[Shape::Statements],
            Self::Tuned => &[Shape::Statements, Shape::Function],
        }
    }

    /// Which contender that is.
    pub(super) const fn doing(self, shape: Shape) -> Contender {
        match (self, shape) {
            (Self::Default, _) => Contender::Postgres,
            (Self::Tuned, Shape::Statements) => Contender::PostgresTuned,
            (Self::Tuned, Shape::Function) => Contender::PostgresFunction,
        }
    }

    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Default => &[],
            Self::Tuned => &[
                "shared_buffers=1GB",
                "wal_buffers=64MB",
                "max_wal_size=8GB",
                "checkpoint_timeout=30min",
                "wal_compression=on",
                "commit_delay=100",
                "commit_siblings=8",
                "jit=off",
            ],
        }
    }
}

impl Shape {
    const fn script(self) -> &'static str {
        match self {
            Self::Statements => include_str!("statements.sql"),
            Self::Function => include_str!("function.sql"),
        }
    }
}

/// A cluster that runs.
pub(super) struct Server {
    installed: Installed,
    process: Child,
    /// On the disk that is measured.
    data: TempDir,
    /// Of the socket, whose path must be short; also of scripts and logs.
    work: TempDir,
}

impl Server {
    /// Makes a cluster below `data`, starts it, and makes so many people in it, each with an invitation.
    ///
    /// # Errors
    /// If any of that is refused, with what the program said.
    pub(super) fn start(installed: &Installed, settings: Settings, data: &Path, people: usize) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("convene-benches-postgres-").tempdir_in(data)?;
        let work = tempfile::tempdir()?;
        for folder in [data.path(), work.path()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
            if is_root() {
                chown(folder, Some(NOBODY), Some(NOBODY))?;
            }
        }
        let cluster = data.path().join("cluster");
        let mut initdb = command(installed, "initdb");
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--username", OWNER, "--pgdata"]).arg(&cluster);
        said(&mut initdb).context("making a cluster")?;
        let mut postgres = command(installed, "postgres");
        postgres.arg("-D").arg(&cluster).arg("-k").arg(work.path());
        for setting in ["listen_addresses=", "max_connections=300"].iter().chain(settings.words()) {
            postgres.args(["-c", setting]);
        }
        let told = fs::File::create(work.path().join("server.log"))?;
        let process = postgres.stdin(Stdio::null()).stdout(told.try_clone()?).stderr(told).spawn()?;
        let mut server = Self { installed: installed.clone(), process, data, work };
        server.until_ready()?;
        let people = format!("people={people}");
        server.psql(&["--quiet", "--set", "ON_ERROR_STOP=1", "--set", &people], SCHEMA).context("making the tables")?;
        Ok(server)
    }

    fn until_ready(&mut self) -> Result<()> {
        let until = Instant::now() + STARTING;
        while let Err(error) = self.psql(&["--quiet"], "SELECT 1") {
            let log = || fs::read_to_string(self.work.path().join("server.log")).unwrap_or_default();
            if let Some(status) = self.process.try_wait()? {
                bail!("the server has ended ({status}): {}", log());
            }
            if Instant::now() >= until {
                return Err(error).with_context(|| format!("the server does not answer: {}", log()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// What `psql` prints for `script`.
    fn psql(&self, arguments: &[&str], script: &str) -> Result<String> {
        let path = self.work.path().join("script.sql");
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        let mut psql = command(&self.installed, "psql");
        psql.arg("--host").arg(self.work.path()).args(["--username", OWNER, "--no-psqlrc", "--tuples-only"]);
        said(psql.args(arguments).arg("--file").arg(&path).arg(DATABASE))
    }

    /// How many bytes of its log were ever written.
    fn logged(&self) -> Result<f64> {
        let told = self.psql(&["--no-align"], "SELECT pg_current_wal_insert_lsn() - '0/0'")?;
        told.trim().parse().with_context(|| format!("the position of the log: {told:?}"))
    }

    /// Measures so many clients; also how many bytes of the log each command made.
    ///
    /// # Errors
    /// If `pgbench` reports anything but success.
    pub(super) fn measure(&mut self, shape: Shape, clients: usize, plan: &Plan) -> Result<(Measured, f64)> {
        let script = self.work.path().join("pgbench.sql");
        fs::write(&script, shape.script())?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o644))?;
        // Keys grow with the time, over all runs.
        let number = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros();
        let seconds = (plan.warm_up + plan.seconds).as_secs_f64().ceil();
        let threads = clients.min(std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
        let before = self.logged()?;
        let mut pgbench = command(&self.installed, "pgbench");
        pgbench.current_dir(self.work.path()).arg("--host").arg(self.work.path()).args(["--username", OWNER]);
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--log", "--log-prefix=transactions"]);
        pgbench.arg(format!("--client={clients}")).arg(format!("--jobs={threads}")).arg(format!("--time={seconds}"));
        pgbench.arg(format!("--define=number={number}")).arg("--file").arg(&script).arg(DATABASE);
        said(&mut pgbench)?;
        let logged = self.logged()? - before;
        let transactions = log::taken_from(self.work.path(), "transactions")?;
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        let bytes_a_command = logged / transactions.len().max(1) as f64;
        let measured = figures(log::within(&transactions, plan), plan.seconds);
        let measured = measured
            .context("not one command was carried out in the time of the measurement: give it more (--seconds)")?;
        Ok((measured, bytes_a_command))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = command(&self.installed, "pg_ctl");
        stop.args(["stop", "--silent", "--wait", "--mode=immediate", "--pgdata"]).arg(self.data.path().join("cluster"));
        if let Err(error) = said(&mut stop) {
            eprintln!("convene-benches: PostgreSQL was not stopped in good order: {error:#}");
            let _ = self.process.kill();
        }
        // Whatever became of it is of no interest any more.
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    // The folder of a process belongs to whoever runs it.
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A program of PostgreSQL, run as somebody that it lets run it.
fn command(installed: &Installed, program: &str) -> Command {
    let mut command = Command::new(installed.programs.join(program));
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    // What the user has set for their own databases is not meant.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    command.current_dir("/");
    command
}

/// What `command` prints.
fn said(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| program.clone())?;
    if !output.status.success() {
        bail!("{program}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_answers_invitations_in_both_shapes() {
        // Where PostgreSQL is not installed there is nothing to test, as there is nothing to measure.
        let Some(installed) = installed() else { return };
        let data = tempfile::tempdir().unwrap();
        fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut server = Server::start(&installed, Settings::Tuned, data.path(), 4).unwrap();
        let plan = Plan { seconds: Duration::from_secs(1), warm_up: Duration::ZERO, rounds: 1 };
        for shape in Settings::Tuned.shapes() {
            let (measured, bytes) = server.measure(*shape, 4, &plan).unwrap();
            assert!(measured.per_second > 0.0 && bytes > 100.0, "{measured:?}, {bytes} bytes a command");
        }
        let counted = "SELECT sum(going + maybe + pending + declined), sum(going + declined) FROM counts";
        let counted = server.psql(&["--no-align"], counted).unwrap();
        assert_eq!(counted.trim(), "4|4", "each has answered, and is counted once");
        let commands = server.psql(&["--no-align"], "SELECT count(*) FROM commands").unwrap();
        let changes = server.psql(&["--no-align"], "SELECT count(*) FROM changes").unwrap();
        assert!(commands == changes && commands.trim() != "0", "{commands} commands, {changes} changes");
    }
}
