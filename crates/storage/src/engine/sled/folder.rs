//! The folder around sled's files: who has it, which storage format it holds, and that its creation is durable.
//!
//! Two small files of our own lie in it. `lock` is locked while a database is open. `format` is written once the
//! first rows are durable: it names the format before any engine is tried on the folder, and its presence tells
//! a database that lost everything from a new one.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::file_error;
use crate::error::Error;
use crate::startup::FORMAT;

const LOCK_FILE: &str = "lock";
const FORMAT_FILE: &str = "format";
/// How long a locked folder is waited for: a process that was just killed, or a handle that was just dropped,
/// gives its lock up within that.
const PATIENCE: Duration = Duration::from_millis(500);

/// A folder that is ours until it is dropped.
pub(super) struct Folder {
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
    /// The format it had when it was opened; none if it was not created to the end.
    format: Option<u32>,
}

impl Folder {
    /// Makes the folder if need be, locks it and checks its format.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let lock = Self::lock(path)?;
        let format = check_format(path)?;
        Ok(Folder { path: path.to_owned(), _lock: lock, format })
    }

    /// Makes the folder if need be and locks it, whatever is in it.
    pub(super) fn lock(path: &Path) -> Result<File, Error> {
        // What is in it is for the services alone to show.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| file_error("create the folder", path, &error))?;
        let lock_path = path.join(LOCK_FILE);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|error| file_error("open", &lock_path, &error))?;
        let started = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => return Err(Error::InUse { path: path.to_owned() }),
                Err(TryLockError::Error(error)) => return Err(file_error("lock", &lock_path, &error)),
            }
        }
    }

    /// Whether there is nothing in the folder but its lock.
    pub(super) fn is_empty(path: &Path) -> Result<bool, Error> {
        let refused = |error: std::io::Error| file_error("list", path, &error);
        match fs::read_dir(path) {
            Ok(entries) => {
                let mut names = entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(refused));
                names.try_fold(true, |empty, name| Ok(empty && name? == LOCK_FILE))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(error) => Err(refused(error)),
        }
    }

    /// Whether [`Folder::mark_created`] has been called on the folder at `path`.
    pub(super) fn is_created(path: &Path) -> bool {
        path.join(FORMAT_FILE).exists()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether [`Folder::mark_created`] has been called on it, now or by an earlier process.
    pub(super) fn was_created(&self) -> bool {
        self.format.is_some()
    }

    /// Syncs every file and the folder, then writes `format`, once; and once more if it was an older one.
    pub(super) fn mark_created(&self) -> Result<(), Error> {
        if self.format == Some(FORMAT) {
            return Ok(());
        }
        let entries = fs::read_dir(&self.path).map_err(|error| file_error("list", &self.path, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| file_error("list", &self.path, &error))?;
            sync_path(&entry.path())?;
        }
        sync_path(&self.path)?;
        let new = self.path.join("format.new");
        let text = format!("{FORMAT}\n");
        fs::write(&new, text).map_err(|error| file_error("write", &new, &error))?;
        sync_path(&new)?;
        let path = self.path.join(FORMAT_FILE);
        fs::rename(&new, &path).map_err(|error| file_error("write", &path, &error))?;
        sync_path(&self.path)?;
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_path(parent),
            _ => sync_path(Path::new(".")),
        }
    }
}

fn sync_path(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| file_error("sync", path, &error))
}

/// The format in `format`, if there is one; it is one that this release reads.
fn check_format(path: &Path) -> Result<Option<u32>, Error> {
    let file = path.join(FORMAT_FILE);
    let text = match fs::read(&file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error("read", &file, &error)),
    };
    match text.trim().parse::<u32>() {
        Ok(found) if found <= FORMAT => Ok(Some(found)),
        Ok(found) => Err(Error::TooNew { path: path.to_owned(), what: "the storage format", found, supported: FORMAT }),
        Err(_) => {
            let why = format!("its file {FORMAT_FILE} holds {:?}, which is no number", text.trim());
            Err(Error::Damaged { path: path.to_owned(), why })
        }
    }
}
