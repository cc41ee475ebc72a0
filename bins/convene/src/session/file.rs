//! A profile's files on disk: read whole, replaced whole, locked against other processes.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

/// How often a held lock is tried again.
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// Makes the folder, for its owner only, if it is not there.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The bytes of a file; `None` if there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a file: written aside, synced, renamed, and the folder synced, so that any crash leaves the old or the new one.
/// The caller holds the profile's lock, so nobody else writes aside at the same time.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let written = write_synced(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    if let Err(error) = written {
        // What was written aside is of no use; the error that made it so is the one to report.
        let _ = fs::remove_file(&aside);
        return Err(error);
    }
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // One left behind by a crash may have any mode: begin anew.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A lock between processes, held until dropped (the system takes it back when the process ends, however it ends).
#[derive(Debug)]
pub(crate) struct Turn {
    _file: File,
}

impl Turn {
    /// Takes the lock that the file at `path` stands for, trying until `until`; `None` if others held it all the time.
    pub(super) async fn take(path: &Path, until: Instant) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if Instant::now() < until => tokio::time::sleep(BETWEEN_TRIES).await,
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}
