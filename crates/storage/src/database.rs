//! The database as its service sees it.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::backup::{self, Backup};
use crate::engine::journaled::Journaled;
use crate::engine::memory::{MemoryDisk, MemoryEngine};
use crate::engine::recent::Recent;
use crate::engine::{Direction, Engine};
use crate::error::Error;
use crate::layout::{log_key, log_position, log_range};
use crate::log::{Digest, Epoch, Head, Record, split_record};
use crate::reader::Source as _;
use crate::scrub;
use crate::shared::{Batch, Shared};
use crate::startup;
use crate::transaction::Transaction;
use crate::value::{Value, decode_value};
use crate::view::View;
use crate::volume::Volume;
use crate::writer::{Closure, Job, Writer};

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How much memory the engine may use as a cache, in bytes.
    pub cache_bytes: u64,
    /// The format version of the service's data: a database that a newer one has opened is refused.
    pub schema: u32,
    /// Whose database it is; that of another service is refused.
    pub service: &'static str,
    /// How many transactions may wait; beyond that writes are refused as [`Error::Busy`]. At least one.
    pub max_queue: usize,
    /// How many bytes are to stay free on the disk: with less, writes are refused as [`Error::DiskFull`] and reads go on.
    pub keep_free: u64,
    /// A database of at most so many bytes is read through before it opens, a larger one while it is used: damage is found by that.
    pub read_first: u64,
}

impl Options {
    /// The usual options for a service's database: 64 MiB of cache, 4096 waiting transactions, 32 MiB of the disk left free,
    /// up to 128 MiB read before it opens.
    #[must_use]
    pub const fn new(service: &'static str, schema: u32) -> Self {
        Options { cache_bytes: 64 << 20, schema, service, max_queue: 4096, keep_free: 32 << 20, read_first: 128 << 20 }
    }
}

/// Figures for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// Transactions that are waiting now.
    pub queued: usize,
    /// Batches completed since the database was opened.
    pub batches: u64,
    /// Transactions completed in them, kept or not.
    pub transactions: u64,
    /// The number of transactions in the last batch.
    pub last_batch: u64,
    /// The mean number of transactions in a batch; 0 before the first.
    pub mean_batch: f64,
    /// How many bytes the database takes; 0 once it is closed.
    pub size_on_disk: u64,
}

/// Where transactions wait for the writer.
type Queue = mpsc::Sender<Box<dyn Job>>;

/// An open database. Clones are the same one; when the last is dropped, what was accepted is finished and the
/// database closes.
#[derive(Clone)]
pub struct Database {
    pub(crate) shared: Arc<Shared>,
    /// Emptied by closing; dropped with the last clone. Either ends the writer once it has worked the queue off.
    queue: Arc<Mutex<Option<Queue>>>,
    /// The disk that it is on; none in memory.
    volume: Option<Arc<Volume>>,
}

impl Database {
    /// Opens the database in `folder`, or creates it. Blocks, for as long as recovery takes.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process has it, [`Error::TooNew`] if a newer release has written it,
    /// [`Error::OtherService`] if it is not this service's, [`Error::Damaged`] if it cannot be read, [`Error::File`]
    /// for what the system refuses.
    pub fn open(folder: &Path, options: Options) -> Result<Self, Error> {
        Self::on_engine(Journaled::open(folder, options.cache_bytes)?, folder, options)
    }

    /// Opens the database behind `engine`, which has its files in `folder`, or creates it: for an engine that is not of this
    /// crate. Everything above it is as with [`Database::open`]. Blocks.
    ///
    /// # Errors
    /// As [`Database::open`], and whatever the engine reports.
    pub fn on_engine(engine: impl Engine + 'static, folder: &Path, options: Options) -> Result<Self, Error> {
        let database = Self::start(Arc::new(engine), folder, options)?;
        Ok(Self { volume: Some(Arc::new(Volume::of(folder, options.keep_free))), ..database })
    }

    /// Makes the database of a backup in `folder`, which must be empty or not exist. It gets a new [`Epoch`], so that those who
    /// followed what came after the backup notice. Blocks. After an error the folder holds nothing of use.
    ///
    /// # Errors
    /// As [`examine_backup`](crate::examine_backup) and [`Database::open`].
    pub fn restore(folder: &Path, options: Options, backup: impl Read) -> Result<(), Error> {
        let engine = Journaled::open(folder, options.cache_bytes)?;
        backup::restore(&engine, backup, options.service, options.schema)
    }

    /// Makes the database of a backup on `disk`, in place of what is there.
    ///
    /// # Errors
    /// As [`Database::restore`].
    pub fn restore_on_memory_disk(disk: &MemoryDisk, options: Options, backup: impl Read) -> Result<(), Error> {
        let engine = MemoryEngine::open(disk)?;
        disk.erase();
        backup::restore(&engine, backup, options.service, options.schema)
    }

    /// Begins a backup of all that is in it, while it goes on.
    ///
    /// # Errors
    /// [`Error::Closed`] or [`Error::Stopped`], and whatever the engine reports.
    pub fn backup(&self) -> Result<Backup, Error> {
        Backup::of(self)
    }

    /// A new database in memory, gone when it is closed. Should the system have no randomness or no thread left for
    /// it, it is one that has stopped.
    #[must_use]
    pub fn in_memory(options: Options) -> Self {
        Self::on_memory_disk(&MemoryDisk::new(), options).unwrap_or_else(|error| {
            let shared = Arc::new(Shared::new(None, Head::start(Epoch([0; 16]))));
            shared.stop(&error);
            shared.release();
            Database { shared, queue: Arc::new(Mutex::new(None)), volume: None }
        })
    }

    /// Opens the database on `disk`, or creates it.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn on_memory_disk(disk: &MemoryDisk, options: Options) -> Result<Self, Error> {
        let engine = MemoryEngine::open(disk)?;
        Self::start(Arc::new(engine), Path::new("memory"), options)
    }

    /// Opens the database on `disk`, or creates it, for a simulation: nothing happens on another thread. Its writer is the
    /// future, to be polled for as long as the database is used; dropped, it is as if the process had died. `syncing` is awaited
    /// while a batch is applied and not yet durable. `tell_early` plants a bug: readers are not made to wait for that.
    ///
    /// # Errors
    /// As [`Database::open`].
    #[cfg(feature = "simulation")]
    pub fn simulated<S, F>(
        disk: &MemoryDisk,
        options: Options,
        syncing: S,
        tell_early: bool,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<S, F>), Error>
    where
        S: FnMut() -> F + Send,
        F: Future<Output = ()> + Send,
    {
        let engine = Arc::new(MemoryEngine::open(disk)?);
        let (database, writer) = Self::prepare(engine, Path::new("memory"), options)?;
        Ok((database, writer.work_in_time(syncing, tell_early)))
    }

    pub(crate) fn start(engine: Arc<dyn Engine>, path: &Path, options: Options) -> Result<Self, Error> {
        let (database, writer) = Self::prepare(Arc::clone(&engine), path, options)?;
        if !scrub::read_if_small(engine.as_ref(), options.read_first)? {
            scrub::read_in_background(&database.shared, options.service)?;
        }
        // The writer has its own.
        drop(engine);
        std::thread::Builder::new()
            .name(format!("{}-writer", options.service))
            .spawn(move || writer.work())
            .map_err(|error| Error::Engine { why: format!("no thread for the writer: {error}") })?;
        Ok(database)
    }

    fn prepare(engine: Arc<dyn Engine>, path: &Path, options: Options) -> Result<(Self, Writer), Error> {
        let head = startup::open(engine.as_ref(), path, options.service, options.schema)?;
        let engine: Arc<dyn Engine> = Arc::new(Recent::over(engine));
        let shared = Arc::new(Shared::new(Some(Arc::clone(&engine)), head));
        let (sender, queue) = mpsc::channel(options.max_queue.max(1));
        let writer = Writer::new(Arc::clone(&shared), engine, queue, head);
        Ok((Database { shared, queue: Arc::new(Mutex::new(Some(sender))), volume: None }, writer))
    }

    /// Runs `f` as one transaction and returns its result once everything it changed, and everything it may have seen,
    /// is durable. `Err` discards what it changed; so does a panic, which becomes [`Error::Panicked`].
    ///
    /// `f` runs on the writer's thread: it must not wait for anything. Once this future has been polled the transaction
    /// runs even if the future is dropped.
    ///
    /// # Errors
    /// What `f` returns; [`Error::Busy`], [`Error::DiskFull`] or [`Error::Closed`] with nothing done; [`Error::Stopped`] with
    /// the outcome unknown if it had been accepted.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.transact(f, false).await
    }

    /// The same for work that nobody waits for as for an answer, in pieces: transactions given to [`Database::write`] go first. Only
    /// after a batch of theirs it is the turn of one of these.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub async fn write_giving_way<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.transact(f, true).await
    }

    async fn transact<T, E, F>(&self, f: F, gives_way: bool) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.volume.as_ref().map_or(Ok(()), |volume| volume.has_room())?;
        let (job, answer) = Closure::new(f, gives_way);
        self.enqueue(Box::new(job))?;
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(E::from(self.shared.ended().for_the_accepted())),
        }
    }

    fn enqueue(&self, job: Box<dyn Job>) -> Result<(), Error> {
        self.shared.health()?;
        let queue = self.queue.lock();
        let Some(sender) = queue.as_ref() else { return Err(Error::Closed) };
        let queued = &self.shared.counters.queued;
        // Counted before it is sent, so that the writer never counts below zero.
        let waiting = queued.fetch_add(1, Ordering::Relaxed);
        sender.try_send(job).map_err(|refused| {
            queued.fetch_sub(1, Ordering::Relaxed);
            match refused {
                mpsc::error::TrySendError::Full(_) => Error::Busy { waiting },
                mpsc::error::TrySendError::Closed(_) => self.shared.ended(),
            }
        })
    }

    /// Runs `f` on a consistent view, at once and on this thread, and returns its result (`Ok` or `Err`) once
    /// everything the view showed is durable.
    ///
    /// Batches are applied only when no view is open: `f` must not wait for anything.
    ///
    /// # Errors
    /// What `f` returns; [`Error::Closed`] or [`Error::Stopped`].
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&View<'_>) -> Result<T, E>,
        E: From<Error>,
    {
        let (result, batch) = self.look(f)?;
        self.shared.durable(batch).await?;
        result
    }

    /// Runs `f` on a view; also returns how many batches must be durable before anybody is told what it returned.
    pub(crate) fn look<T, E>(&self, f: impl FnOnce(&View<'_>) -> Result<T, E>) -> Result<(Result<T, E>, u64), Error> {
        let tables = self.shared.tables.read();
        self.shared.health()?;
        let Some(engine) = tables.engine.as_deref() else { return Err(self.shared.ended()) };
        let (changes, before) = &tables.last;
        let unsettled = (!self.shared.is_durable(tables.batch)).then_some((changes, *before));
        let view = View::new(engine, tables.head, unsettled);
        let result = f(&view);
        // The one before was durable before this one was begun.
        let batch = if view.has_seen_unsettled() { tables.batch } else { tables.batch.saturating_sub(1) };
        Ok((result, batch))
    }

    /// The identity of the database's history, minted when it was created or restored.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.shared.tables.read().head.epoch
    }

    /// The position of the last record of the change log that is durable; 0 for an empty log.
    #[must_use]
    pub fn durable_position(&self) -> u64 {
        *self.shared.durable_position.borrow()
    }

    /// [`Database::durable_position`] as it moves; watchers are also woken, once, when the database closes or stops.
    #[must_use]
    pub fn watch_durable(&self) -> watch::Receiver<u64> {
        self.shared.durable_position.subscribe()
    }

    /// The durable records of the change log behind position `after`, in order: at most `limit`, and no more than
    /// `max_bytes` of them, but always one if there is one.
    ///
    /// # Errors
    /// [`Error::UnknownVersion`] or [`Error::Decode`] for records that are no `C`; [`Error::Closed`] or
    /// [`Error::Stopped`].
    pub async fn changes<C: Value>(&self, after: u64, limit: usize, max_bytes: usize) -> Result<Vec<Record<C>>, Error> {
        let durable = self.durable_position();
        if after >= durable {
            return self.shared.health().map(|()| Vec::new());
        }
        let read = self.look(|view| {
            let mut records = Vec::new();
            let mut bytes = 0;
            let mut rows = view.layers().rows(log_range(after, durable), Direction::Ascending, limit);
            while records.len() < limit {
                let Some((key, stored)) = rows.next()? else { break };
                bytes += stored.len();
                if bytes > max_bytes && !records.is_empty() {
                    break;
                }
                records.push(read_record(&key, &stored)?);
            }
            Ok(records)
        });
        // Durable already, all of it: there is nothing to wait for.
        read?.0
    }

    /// The digest of the durable log up to and including `position`; `None` beyond its end.
    ///
    /// # Errors
    /// [`Error::Closed`] or [`Error::Stopped`], and whatever the engine reports.
    pub async fn digest_at(&self, position: u64) -> Result<Option<Digest>, Error> {
        if position == 0 {
            return self.shared.health().map(|()| Some(Digest::default()));
        }
        if position > self.durable_position() {
            return self.shared.health().map(|()| None);
        }
        let read = self.look(|view| {
            let stored = view.layers().get(&log_key(position))?;
            stored.map(|stored| split_record(&stored).map(|(digest, _)| digest)).transpose()
        });
        read?.0
    }

    /// `Err` once the database has stopped or is closed: why.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Damaged`] if what stopped it is that it was found to be damaged, or [`Error::Closed`].
    pub fn health(&self) -> Result<(), Error> {
        self.shared.health()
    }

    /// Tells `observer` of every batch that has become durable, on the writer's thread: it must not wait for anything. There is one
    /// observer; a second one is told nothing.
    pub fn observe(&self, observer: impl Fn(Batch) + Send + Sync + 'static) {
        let _ = self.shared.observer.set(Box::new(observer));
    }

    /// Figures for metrics.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counters = &self.shared.counters;
        let batches = counters.batches.load(Ordering::Relaxed);
        let transactions = counters.transactions.load(Ordering::Relaxed);
        let tables = self.shared.tables.read();
        Stats {
            queued: counters.queued.load(Ordering::Relaxed),
            batches,
            transactions,
            last_batch: counters.last_batch.load(Ordering::Relaxed),
            mean_batch: mean(transactions, batches),
            size_on_disk: tables.engine.as_ref().and_then(|engine| engine.size_on_disk().ok()).unwrap_or(0),
        }
    }

    /// Finishes what was accepted, refuses everything after, and returns once the folder can be opened again.
    pub async fn close(&self) {
        self.queue.lock().take();
        self.shared.released().await;
    }
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people; beyond 2^53 batches it is rounded")]
fn mean(sum: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum as f64 / count as f64 }
}

fn read_record<C: Value>(key: &[u8], stored: &[u8]) -> Result<Record<C>, Error> {
    let (digest, record) = split_record(stored)?;
    let position = log_position(key).unwrap_or_default();
    let change = decode_value(record).map_err(|error| error.about(|| format!("the log record {position}")))?;
    Ok(Record { position, digest, change })
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}
