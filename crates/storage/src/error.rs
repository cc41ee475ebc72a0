//! Everything that can go wrong here, in words for the person who has to act on it.
//!
//! Errors are `Clone`, because one failed sync is the answer to every transaction of its batch.

use std::path::PathBuf;

/// Why the database refused, failed or stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key that has no place in the order of keys (a float, a list, a map), or stored bytes that are no such key.
    #[error("key of {table}: {why}")]
    Key {
        /// The table, or what else was being encoded.
        table: String,
        /// What is wrong with it.
        why: String,
    },
    /// A key too long to store.
    #[error("a key of table {table} is {size} bytes long; at most {limit} are stored: shorten it")]
    KeyTooLarge {
        /// The table.
        table: String,
        /// Its encoded length in bytes.
        size: usize,
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// A value too large to store in one row.
    #[error(
        "a value of {table} is {size} bytes long; at most {limit} are stored in one row: \
         shorten it or split it over several rows"
    )]
    TooLarge {
        /// The table, or "the change log".
        table: String,
        /// Its encoded length in bytes.
        size: usize,
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// A value that bincode cannot write.
    #[error("cannot encode a value: {why}")]
    Encode {
        /// What bincode said.
        why: String,
    },
    /// Bytes that are not the value they should be.
    #[error("cannot decode {what}: {why}")]
    Decode {
        /// What was being decoded, with its table where there is one.
        what: String,
        /// What is wrong with the bytes.
        why: String,
    },
    /// A stored value of a format that this release no longer, or not yet, reads.
    #[error(
        "{what} has format version {found}, but this release reads {supported}: \
         use the release that wrote it, or a newer one"
    )]
    UnknownVersion {
        /// What was being decoded, with its table where there is one.
        what: String,
        /// The version byte of the stored value.
        found: u8,
        /// The newest version known here.
        supported: u8,
    },
    /// An interval that ends before it starts.
    #[error("the interval from {start} to {end} ends before it starts")]
    BackwardSpan {
        /// Its start, in seconds.
        start: i64,
        /// Its end, in seconds.
        end: i64,
    },
    /// The write queue is full; nothing was done.
    #[error("the database is busy ({waiting} writes are waiting): try again in a moment")]
    Busy {
        /// How many writes were waiting.
        waiting: usize,
    },
    /// The disk has less room than is to stay free; nothing was done.
    #[error(
        "the disk that holds {} has only {} MiB left, and {} MiB are to stay free: free some space",
        path.display(), free >> 20, keep_free >> 20
    )]
    DiskFull {
        /// The database's folder.
        path: PathBuf,
        /// What is left, in bytes.
        free: u64,
        /// What is to stay free, in bytes.
        keep_free: u64,
    },
    /// The transaction's closure panicked; nothing of it was kept.
    #[error("a transaction panicked and was discarded: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The writer has stopped for good after a failure; a write that waited may or may not have been kept.
    #[error("the database has stopped ({why}): restart the service, and check its disk")]
    Stopped {
        /// The failure that stopped it.
        why: String,
    },
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
    /// Another process, or another handle of this one, has the database open.
    #[error("{} is in use by another process: stop it, or choose another data folder", path.display())]
    InUse {
        /// The database's folder.
        path: PathBuf,
    },
    /// The files of the database are not what they were when they were written.
    #[error("the database in {} is damaged ({why}): restore it from a backup", path.display())]
    Damaged {
        /// The database's folder.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// A backup that cannot be made, or cannot be used.
    #[error("{why}")]
    Backup {
        /// Why, in words about "it", the backup.
        why: String,
    },
    /// The database was written by a newer release.
    #[error(
        "the database in {} has {what} version {found}, and this release knows versions up to {supported}: \
         upgrade to a newer release", path.display()
    )]
    TooNew {
        /// The database's folder.
        path: PathBuf,
        /// Which of its versions: that of the storage format, or that of the service's data.
        what: &'static str,
        /// The version found.
        found: u32,
        /// The newest version known here.
        supported: u32,
    },
    /// The folder holds the database of another service.
    #[error("the database in {} belongs to {found}, not to {expected}: choose another data folder", path.display())]
    OtherService {
        /// The database's folder.
        path: PathBuf,
        /// The service that created it.
        found: String,
        /// The service that opens it.
        expected: String,
    },
    /// The operating system refused a file operation.
    #[error("cannot {doing} {}: {why}", path.display())]
    File {
        /// What was attempted.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The engine failed to read or write.
    #[error("the storage engine failed: {why}")]
    Engine {
        /// What the engine said.
        why: String,
    },
}

impl Error {
    /// What those are told whose writes had been accepted when the database stopped for this reason: that their outcome is unknown.
    pub(crate) fn for_the_accepted(self) -> Self {
        match self {
            Error::Damaged { .. } => Error::Stopped { why: self.to_string() },
            other => other,
        }
    }

    /// The same error, naming what was being decoded where that was not yet known.
    pub(crate) fn about(self, name: impl FnOnce() -> String) -> Self {
        match self {
            Error::Key { table, why } if table.is_empty() => Error::Key { table: name(), why },
            Error::Decode { what, why } if what.is_empty() => Error::Decode { what: name(), why },
            Error::UnknownVersion { what, found, supported } if what.is_empty() => {
                Error::UnknownVersion { what: name(), found, supported }
            }
            other => other,
        }
    }
}

/// What a caught panic had to say.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
