//! The engine in a folder: sled 0.34, with the care it needs.
//!
//! What is known of it, and what is done about it here:
//!
//! - `flush()` reaches the operating system but not the disk: after each one the data file is synced through a
//!   second handle, and nothing is acknowledged before.
//! - Pages of more than a quarter of a segment move to files in `blobs/` that are never synced. A page holds up
//!   to some twenty rows of at most [`MAX_VALUE`](crate::MAX_VALUE) + [`MAX_KEY`](crate::MAX_KEY) bytes, so
//!   segments are made large enough that such a page stays inside.
//! - Its transactions run under one process-wide lock and its trees do not share batches: there is one tree, one
//!   writer, and `apply_batch`, which is atomic across a crash.
//! - It takes damage for the end of its log: [`watermark`] notices what it has lost.
//! - It finds some damage only when it reads the place, and panics on some: it is called under [`guard`], and
//!   [`scrub`](crate::scrub) reads everything once.
//! - Its file lock can outlive the `Db` by the moment its threads need: a lock of our own says who has the
//!   folder, and closing waits for the other.
//! - What a killed process left in the system's cache is synced before it is read, so that nothing is served
//!   that a power cut could still take back.
//! - A batch costs it several times what a write to a file costs, and a sync wakes all of its threads: it is not what commands wait
//!   for. They wait for a journal ([`journaled`](super::journaled)), from which rows are taken over here.
//!
//! sled is no longer developed; redb is the likely successor. Nothing outside this file names it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Changes, Direction, Engine, KeyRange, Row};
use crate::error::Error;
use crate::layout::ENGINE;
pub use guard::panics_are_told;

use folder::Folder;
use guard::guarded;
use watermark::Watermark;

mod folder;
mod guard;
mod watermark;

/// Four times the largest page that rows of the largest size can make.
const SEGMENT_BYTES: usize = 1 << 20;
/// The file that sled keeps its rows in.
const DATA_FILE: &str = "db";
/// After so many rows that nobody waits for, whoever waits for the processor has it: a thread that goes on for long is otherwise left there for
/// milliseconds while those run late whom people wait for.
const ROWS_AT_A_STRETCH: usize = 16;
/// How long sled's own lock is waited for, once the folder is ours.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// An open sled database.
pub(crate) struct SledEngine {
    /// `None` only while closing.
    database: Option<sled::Db>,
    /// The second handle, which is synced.
    data: File,
    data_path: PathBuf,
    /// The number of the last batch that it holds whole.
    batch: AtomicU64,
    watermark: Watermark,
    /// The number that the watermark said when it was opened.
    noted: u64,
    /// Last, so that the folder is given up only when everything else is closed.
    folder: Folder,
}

impl SledEngine {
    /// Opens the database in `path`, or makes the folder and an empty database in it.
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<Self, Error> {
        let folder = Folder::open(path)?;
        let data_path = path.join(DATA_FILE);
        match File::options().read(true).write(true).open(&data_path) {
            Ok(data) => data.sync_data().map_err(|error| file_error("sync", &data_path, &error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if folder.was_created() {
                    let why = format!("its file {DATA_FILE} is missing");
                    return Err(Error::Damaged { path: path.to_owned(), why });
                }
            }
            Err(error) => return Err(file_error("open", &data_path, &error)),
        }
        let database = open_database(path, &data_path, cache_bytes)?;
        let data = File::options()
            .read(true)
            .write(true)
            .open(&data_path)
            .map_err(|error| file_error("open", &data_path, &error))?;
        let (watermark, noted) = Watermark::open(path)?;
        let engine = SledEngine {
            database: Some(database),
            data,
            data_path,
            batch: AtomicU64::new(0),
            watermark,
            noted,
            folder,
        };
        let batch = match engine.get(ENGINE)? {
            Some(stored) => {
                let unreadable = |_| engine.damaged("the number of its last batch is unreadable".to_owned());
                u64::from_be_bytes(stored.try_into().map_err(unreadable)?)
            }
            None => 0,
        };
        engine.batch.store(batch, Ordering::Relaxed);
        Ok(engine)
    }

    /// The number of the last batch that it holds whole.
    pub(crate) fn last(&self) -> u64 {
        self.batch.load(Ordering::Relaxed)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Refuses a database that holds less than was durable once.
    pub(crate) fn check_nothing_is_lost(&self) -> Result<(), Error> {
        let (is, was) = (self.last(), self.noted);
        if is < was {
            return Err(self.damaged(format!("the last {} of its {was} writes are lost", was - is)));
        }
        Ok(())
    }

    /// Puts the rows of all batches up to the one numbered `last`, one by one: a crash meanwhile leaves some of them, and the number
    /// of an earlier batch. Readers go on, and so do other threads on the same processor.
    pub(crate) fn take_over<'a>(
        &self,
        rows: impl Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)>,
        last: u64,
    ) -> Result<(), Error> {
        self.writing(|database| {
            for (index, (key, value)) in rows.enumerate() {
                if index % ROWS_AT_A_STRETCH == 0 {
                    std::thread::yield_now();
                }
                match value {
                    Some(value) => database.insert(key, value.as_slice())?,
                    None => database.remove(key)?,
                };
            }
            database.insert(ENGINE, &last.to_be_bytes())
        })?;
        self.batch.store(last, Ordering::Relaxed);
        Ok(())
    }

    /// Notes that all batches up to the one numbered `last` are durable, here or elsewhere.
    pub(crate) fn note(&self, last: u64) -> Result<(), Error> {
        self.watermark.note(last)
    }

    /// Runs `f`, which writes, with the database. A panic inside sled may then come of a disk that took no more: what is on it is read
    /// when the database is opened again.
    fn writing<T>(&self, f: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, Error> {
        self.with(f, |why| Error::Engine { why })
    }

    /// Runs `f`, which reads, with the database; a panic inside sled is damage.
    fn reading<T>(&self, f: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, Error> {
        self.with(f, |why| self.damaged(why))
    }

    fn with<T>(
        &self,
        f: impl FnOnce(&sled::Db) -> sled::Result<T>,
        panicked: impl FnOnce(String) -> Error,
    ) -> Result<T, Error> {
        let Some(database) = &self.database else { return Err(Error::Closed) };
        match guarded(|| f(database)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(sled::Error::Corruption { .. })) => {
                Err(self.damaged("what is read of it is not what was written".to_owned()))
            }
            Ok(Err(error)) => Err(Error::Engine { why: error.to_string() }),
            Err(panic) => Err(panicked(panic)),
        }
    }

    pub(crate) fn damaged(&self, why: String) -> Error {
        Error::Damaged { path: self.folder.path().to_owned(), why }
    }
}

/// The right to a database's folder, without the database in it being opened: it may be damaged.
#[derive(Debug)]
pub struct Hold(#[allow(dead_code, reason = "the lock is given up when the file is closed")] File);

impl Hold {
    /// Takes the folder, which is made if need be.
    ///
    /// # Errors
    /// [`Error::InUse`] if somebody has it, [`Error::File`] for what the system refuses.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        Folder::lock(folder).map(Self)
    }

    /// Whether there is a database in `folder`, or was one that is damaged: it was made to its end.
    #[must_use]
    pub fn is_database(folder: &Path) -> bool {
        Folder::is_created(folder)
    }

    /// Whether there is no database in `folder`, nor anything else.
    ///
    /// # Errors
    /// [`Error::File`] for what the system refuses.
    pub fn is_empty(folder: &Path) -> Result<bool, Error> {
        Folder::is_empty(folder)
    }
}

/// The files of a database, opened by sled and nothing else, until this is dropped.
#[cfg(feature = "bare")]
pub struct Bare(#[allow(dead_code, reason = "it is opened for the sake of it")] sled::Db);

#[cfg(feature = "bare")]
impl Bare {
    /// Opens the database in `folder`: what this takes, nothing that stands above it can undercut. Blocks.
    ///
    /// # Errors
    /// As [`Database::open`](crate::Database::open).
    pub fn open(folder: &Path, cache_bytes: u64) -> Result<Self, Error> {
        open_database(folder, &folder.join(DATA_FILE), cache_bytes).map(Self)
    }
}

fn open_database(path: &Path, data_path: &Path, cache_bytes: u64) -> Result<sled::Db, Error> {
    let config =
        || sled::Config::new().path(path).cache_capacity(cache_bytes).flush_every_ms(None).segment_size(SEGMENT_BYTES);
    wait_for_lock(data_path)?;
    match guarded(|| config().open()) {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(sled::Error::Io(error))) => Err(file_error("open the database in", path, &error)),
        Ok(Err(sled::Error::Corruption { .. })) => {
            Err(Error::Damaged { path: path.to_owned(), why: "its files are not as they were written".to_owned() })
        }
        Ok(Err(error)) => {
            // It blames another version of itself for settings that it cannot read.
            Err(Error::Damaged { path: path.to_owned(), why: format!("it cannot be opened: {error}") })
        }
        Err(panic) => Err(Error::Damaged { path: path.to_owned(), why: panic }),
    }
}

/// Waits until no thread of sled's holds the data file any more. The folder is ours, so it is a matter of moments.
fn wait_for_lock(data_path: &Path) -> Result<(), Error> {
    let Ok(data) = File::options().read(true).write(true).open(data_path) else { return Ok(()) };
    let started = Instant::now();
    loop {
        match data.try_lock() {
            Ok(()) => return Ok(()),
            Err(_) if started.elapsed() < LOCK_PATIENCE => std::thread::sleep(Duration::from_millis(1)),
            Err(error) => return Err(file_error("lock", data_path, &error.into())),
        }
    }
}

pub(crate) fn file_error(doing: &'static str, path: &Path, error: &std::io::Error) -> Error {
    Error::File { doing, path: path.to_owned(), why: error.to_string() }
}

impl Drop for SledEngine {
    fn drop(&mut self) {
        // sled flushes when its last handle goes; whatever happens to it there, the folder must be given up.
        let database = self.database.take();
        if guarded(|| drop(database)).is_err() {
            tracing::error!(path = %self.data_path.display(), "sled panicked while closing");
        }
        if let Err(error) = self.watermark.sync() {
            tracing::warn!(%error, "the note of the last write may be lost");
        }
        if let Err(error) = wait_for_lock(&self.data_path) {
            tracing::warn!(%error, "sled still holds its data file after closing");
        }
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.reading(|database| database.get(key))?.map(|value| value.to_vec()))
    }

    fn rows(&self, range: &KeyRange, direction: Direction, limit: usize) -> Result<Vec<Row>, Error> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        self.reading(|database| {
            let found = database.range(range.from.as_slice()..range.to.as_slice());
            let row = |row: sled::Result<(sled::IVec, sled::IVec)>| row.map(|(k, v)| (k.to_vec(), v.to_vec()));
            match direction {
                Direction::Ascending => found.take(limit).map(row).collect(),
                Direction::Descending => found.rev().take(limit).map(row).collect(),
            }
        })
    }

    fn apply(&self, changes: &Changes) -> Result<(), Error> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        let number = self.batch.load(Ordering::Relaxed) + 1;
        batch.insert(ENGINE, &number.to_be_bytes());
        self.writing(|database| database.apply_batch(batch))?;
        self.batch.store(number, Ordering::Relaxed);
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        self.writing(|database| database.flush())?;
        self.data.sync_data().map_err(|error| file_error("sync", &self.data_path, &error))
    }

    fn size_on_disk(&self) -> Result<u64, Error> {
        let metadata = self.data.metadata().map_err(|error| file_error("examine", &self.data_path, &error))?;
        Ok(metadata.len())
    }

    fn was_created(&self) -> bool {
        self.folder.was_created()
    }

    fn mark_created(&self) -> Result<(), Error> {
        self.watermark.sync()?;
        self.folder.mark_created()
    }
}
