//! What lies in a data folder besides the databases, and who may use it at a time.
//!
//! `lock` keeps two ways of running apart: each service's process holds it shared, a client that runs everything inside itself holds it
//! alone, so that neither finds a database half open. (That two processes of one service do not meet is the business of the database's
//! own lock.) `run/<service>.pid` says which process a service is; `log/<service>.log` has what it said.
//!
//! A pid alone proves nothing, since pids are used again. A process counts as ours if it runs the program that it should, *and* has
//! a file of this folder open.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::Service;

use super::Failed;

/// How long a folder that is in use is waited for: a command line, or a service that is shutting down, ends within that.
pub const PATIENCE: Duration = Duration::from_secs(5);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// A data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder(PathBuf);

/// The right to use a data folder, until it is dropped.
#[derive(Debug)]
pub struct FolderLock(#[allow(dead_code, reason = "the lock is given up when the file is closed")] File);

/// With whom a data folder is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// With nobody: every service runs in this process, or none does.
    Alone,
    /// With the processes of the other services.
    WithServices,
}

/// A process that uses a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// The name of its program.
    pub program: String,
}

/// The name of the program of a service.
#[must_use]
pub const fn program_of(service: Service) -> &'static str {
    match service {
        Service::Auth => "convene-auth",
        Service::Events => "convene-events",
        Service::Invitations => "convene-invitations",
        Service::Calendar => "convene-calendar",
        Service::Sharing => "convene-sharing",
    }
}

impl DataFolder {
    /// The folder at `path`, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it, should it not exist, and makes sure that it can be written.
    ///
    /// # Errors
    /// What the system refuses, naming the folder.
    pub fn prepare(&self) -> Result<(), Failed> {
        for folder in [self.0.clone(), self.0.join("run"), self.0.join("log")] {
            make(&folder).map_err(|error| unwritable(&folder, &error))?;
            let probe = folder.join(format!(".writable.{}", std::process::id()));
            let written = File::create(&probe).map_err(|error| unwritable(&folder, &error));
            let _ = fs::remove_file(&probe);
            written?;
        }
        Ok(())
    }

    /// Where the database of `service` lies.
    #[must_use]
    pub fn database(&self, service: Service) -> PathBuf {
        self.0.join(service.name())
    }

    /// Where a supervised `service` writes its log.
    #[must_use]
    pub fn log(&self, service: Service) -> PathBuf {
        self.0.join("log").join(format!("{service}.log"))
    }

    /// A file in `run`.
    #[must_use]
    pub fn run_file(&self, name: &str) -> PathBuf {
        self.0.join("run").join(name)
    }

    fn lock_path(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// Takes the folder, waiting up to `patience` for whoever has it. Blocks.
    ///
    /// # Errors
    /// Who has it, by program and process; or what the system refuses.
    pub fn lock(&self, sharing: Sharing, patience: Duration) -> Result<FolderLock, Failed> {
        make(&self.0).map_err(|error| unwritable(&self.0, &error))?;
        let path = self.lock_path();
        let open = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(|error| unwritable(&path, &error))?;
        let until = Instant::now() + patience;
        loop {
            let attempt = match sharing {
                Sharing::Alone => file.try_lock(),
                Sharing::WithServices => file.try_lock_shared(),
            };
            match attempt {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(BETWEEN_ATTEMPTS),
                Err(TryLockError::WouldBlock) => return Err(self.in_use()),
                Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
            }
        }
        if sharing == Sharing::Alone {
            let line = format!("{} {}\n", std::process::id(), own_program());
            let noted = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(line.as_bytes()));
            noted.map_err(|error| unwritable(&path, &error))?;
        }
        Ok(FolderLock(file))
    }

    fn in_use(&self) -> Failed {
        let holders: Vec<String> =
            self.holders().iter().map(|holder| format!("{} (process {})", holder.program, holder.pid)).collect();
        let who = if holders.is_empty() { "another process".to_owned() } else { holders.join(", ") };
        Failed(format!("the data folder {} is in use by {who}: stop it, or choose another folder", self.0.display()))
    }

    /// The processes that use the folder, as far as they are known by name.
    #[must_use]
    pub fn holders(&self) -> Vec<Holder> {
        let services = Service::ALL.into_iter().filter_map(|service| self.running(service));
        let alone = || {
            let text = fs::read_to_string(self.lock_path()).ok()?;
            let (pid, program) = text.trim().split_once(' ')?;
            let holder = Holder { pid: pid.parse().ok()?, program: program.to_owned() };
            self.is_ours(&holder).then_some(holder)
        };
        services.chain(alone()).collect()
    }

    /// The process of `service`, if it runs.
    #[must_use]
    pub fn running(&self, service: Service) -> Option<Holder> {
        self.named_in(&format!("{service}.pid"), program_of(service))
    }

    /// The process whose id the file `name` in `run` holds, if it runs `program` on this folder.
    #[must_use]
    pub fn named_in(&self, name: &str, program: &str) -> Option<Holder> {
        let mut text = String::new();
        File::open(self.run_file(name)).ok()?.take(32).read_to_string(&mut text).ok()?;
        let holder = Holder { pid: text.trim().parse().ok()?, program: program.to_owned() };
        self.is_ours(&holder).then_some(holder)
    }

    /// Whether the process runs the program that is said, and has a file of this folder open.
    #[must_use]
    pub fn is_ours(&self, holder: &Holder) -> bool {
        let Some(program) = program_run_by(holder.pid) else { return false };
        let Ok(folder) = fs::canonicalize(&self.0) else { return false };
        let opened = || {
            let links = fs::read_dir(format!("/proc/{}/fd", holder.pid)).ok()?;
            let mut targets = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
            Some(targets.any(|target| target.starts_with(&folder)))
        };
        program == holder.program && opened() == Some(true)
    }

    /// Notes the id of this process as that of `service`.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn note_process(&self, service: Service) -> Result<PidFile, Failed> {
        let path = self.run_file(&format!("{service}.pid"));
        let new = self.run_file(&format!("{service}.pid.new"));
        let write = || {
            make(&self.0)?;
            make(&self.0.join("run"))?;
            fs::write(&new, format!("{}\n", std::process::id()))?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| unwritable(&path, &error))?;
        Ok(PidFile(path))
    }
}

/// The note of a process's id, removed when it is dropped.
#[derive(Debug)]
pub struct PidFile(PathBuf);

impl Drop for PidFile {
    fn drop(&mut self) {
        // Another process may have taken its place in the meantime.
        if fs::read_to_string(&self.0).is_ok_and(|text| text.trim() == std::process::id().to_string()) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// The name of the program that a process runs, if there is such a process and it may be asked.
#[must_use]
pub fn program_run_by(pid: u32) -> Option<String> {
    let program = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let name = program.file_name()?.to_string_lossy().into_owned();
    // A program that was built anew while it ran.
    Some(name.strip_suffix(" (deleted)").map_or(name.clone(), str::to_owned))
}

/// What followed `option` on the command line of a process.
#[must_use]
pub fn argument_of(pid: u32, option: &str) -> Option<String> {
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let mut words = arguments.split(|byte| *byte == 0).skip_while(|word| *word != option.as_bytes());
    Some(String::from_utf8_lossy(words.nth(1)?).into_owned())
}

/// Makes a folder that only its owner can look into, since private events and what proves who one is lie there; one that exists is
/// left as it is.
fn make(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => made,
    }
}

/// The process that is the parent of `pid` now.
#[must_use]
pub fn parent_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn own_program() -> String {
    program_run_by(std::process::id()).unwrap_or_else(|| "convene".to_owned())
}

fn unwritable(path: &Path, error: &io::Error) -> Failed {
    Failed(format!("cannot use {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_alone_in_a_folder_keeps_everyone_out_and_is_named() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path());
        let alone = folder.lock(Sharing::Alone, Duration::ZERO).unwrap();
        for sharing in [Sharing::Alone, Sharing::WithServices] {
            let refused = folder.lock(sharing, Duration::ZERO).unwrap_err().to_string();
            assert!(refused.contains(&format!("(process {})", std::process::id())), "{refused}");
            assert!(refused.contains(&own_program()), "{refused}");
        }
        drop(alone);
        folder.lock(Sharing::Alone, Duration::ZERO).unwrap();
    }

    #[test]
    fn services_share_a_folder_and_keep_out_who_wants_it_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path());
        let first = folder.lock(Sharing::WithServices, Duration::ZERO).unwrap();
        let second = folder.lock(Sharing::WithServices, Duration::ZERO).unwrap();
        assert!(folder.lock(Sharing::Alone, Duration::ZERO).is_err());
        drop((first, second));
        folder.lock(Sharing::Alone, Duration::ZERO).unwrap();
    }

    #[test]
    fn a_folder_that_is_given_up_soon_is_waited_for() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path());
        let held = folder.lock(Sharing::WithServices, Duration::ZERO).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| folder.lock(Sharing::Alone, PATIENCE));
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_stale_pid_file_names_nobody_even_if_its_process_id_is_in_use() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path());
        folder.prepare().unwrap();
        for stale in ["1", "999999999", "", "no number", &std::process::id().to_string()] {
            fs::write(folder.run_file("auth.pid"), stale).unwrap();
            assert_eq!(folder.running(Service::Auth), None, "{stale}");
        }
    }

    #[test]
    fn a_noted_process_is_found_and_its_note_goes_with_it() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path());
        let note = folder.note_process(Service::Auth).unwrap();
        let _lock = folder.lock(Sharing::WithServices, Duration::ZERO).unwrap();
        let found = folder.named_in("auth.pid", &own_program());
        assert_eq!(found, Some(Holder { pid: std::process::id(), program: own_program() }));
        assert_eq!(folder.running(Service::Auth), None, "this is not the program of auth");
        drop(note);
        assert!(!folder.run_file("auth.pid").exists());
    }

    #[test]
    fn nobody_else_can_look_into_a_folder_that_is_made_and_one_that_exists_is_left_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let temporary = tempfile::tempdir().unwrap();
        let made = DataFolder::at(temporary.path().join("a/data"));
        made.prepare().unwrap();
        for path in [made.path().to_owned(), made.run_file(""), made.path().join("log")] {
            assert_eq!(mode(&path), 0o700, "{}", path.display());
        }
        let other = temporary.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
        DataFolder::at(&other).prepare().unwrap();
        assert_eq!(mode(&other), 0o755);
    }

    #[test]
    fn an_unwritable_folder_is_named() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("taken");
        fs::write(&file, "").unwrap();
        let refused = DataFolder::at(file.join("data")).prepare().unwrap_err().to_string();
        assert!(refused.contains("taken"), "{refused}");
    }
}
