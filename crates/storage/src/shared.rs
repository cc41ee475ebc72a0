//! What the writer and the readers of one database share: the tables, and how far they are durable.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::backup::Tap;
use crate::engine::{Changes, Engine};
use crate::error::Error;
use crate::log::Head;

/// Shared by the writer thread and all clones of one database.
pub(crate) struct Shared {
    /// Written only while a batch is applied, so that every reader sees whole batches.
    pub(crate) tables: RwLock<Tables>,
    progress: watch::Sender<Progress>,
    /// The position up to which the log is durable. Apart from `progress`, because others watch it.
    pub(crate) durable_position: watch::Sender<u64>,
    pub(crate) counters: Counters,
    /// Who is told of every batch.
    pub(crate) observer: OnceLock<Observer>,
    /// The backups that are being made.
    pub(crate) taps: Mutex<Vec<Weak<Tap>>>,
}

/// A batch that is durable, as whoever watches over the database is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// How many transactions shared its sync, kept or not.
    pub transactions: u64,
    /// How long the sync took.
    pub sync: Duration,
}

pub(crate) type Observer = Box<dyn Fn(Batch) + Send + Sync>;

/// What readers read.
pub(crate) struct Tables {
    /// `None` once the database is closed or has stopped: then the engine's files are given up.
    pub(crate) engine: Option<Arc<dyn Engine>>,
    /// The end of the log as applied.
    pub(crate) head: Head,
    /// How many batches are applied.
    pub(crate) batch: u64,
    /// What the last of them has changed, and where the log ended before it.
    pub(crate) last: (Changes, Head),
}

#[derive(Debug, Clone, Default)]
struct Progress {
    /// How many batches are durable.
    durable: u64,
    /// Why the writer has stopped, if it has. Final.
    stopped: Option<Error>,
    /// The engine is gone, and its files free. Final.
    released: bool,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) queued: AtomicUsize,
    pub(crate) batches: AtomicU64,
    pub(crate) transactions: AtomicU64,
    pub(crate) last_batch: AtomicU64,
}

impl Counters {
    /// Counts a batch of `transactions`.
    pub(crate) fn batch(&self, transactions: u64) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.transactions.fetch_add(transactions, Ordering::Relaxed);
        self.last_batch.store(transactions, Ordering::Relaxed);
    }
}

impl Shared {
    pub(crate) fn new(engine: Option<Arc<dyn Engine>>, head: Head) -> Self {
        Shared {
            tables: RwLock::new(Tables { engine, head, batch: 0, last: (Changes::new(), head) }),
            progress: watch::Sender::new(Progress::default()),
            durable_position: watch::Sender::new(head.position),
            counters: Counters::default(),
            observer: OnceLock::new(),
            taps: Mutex::default(),
        }
    }

    /// Gives a batch to the backups that are being made.
    pub(crate) fn tap(&self, changes: &Changes) {
        self.taps.lock().retain(|tap| {
            tap.upgrade().is_some_and(|tap| {
                tap.take(changes);
                true
            })
        });
    }

    /// Whether the database still answers.
    pub(crate) fn health(&self) -> Result<(), Error> {
        let progress = self.progress.borrow();
        match &progress.stopped {
            Some(error) => Err(error.clone()),
            None if progress.released => Err(Error::Closed),
            None => Ok(()),
        }
    }

    /// Why it does not answer any more.
    pub(crate) fn ended(&self) -> Error {
        self.health().err().unwrap_or(Error::Closed)
    }

    /// Whether `batch` batches are durable.
    pub(crate) fn is_durable(&self, batch: u64) -> bool {
        self.progress.borrow().durable >= batch
    }

    /// Waits until `batch` batches are durable; fails if they never will be.
    pub(crate) async fn durable(&self, batch: u64) -> Result<(), Error> {
        {
            let progress = self.progress.borrow();
            if progress.stopped.is_none() && progress.durable >= batch {
                return Ok(());
            }
        }
        let mut watching = self.progress.subscribe();
        let reached = watching.wait_for(|p| p.stopped.is_some() || p.released || p.durable >= batch).await;
        match reached {
            Ok(progress) if progress.stopped.is_none() && progress.durable >= batch => Ok(()),
            _ => Err(self.ended()),
        }
    }

    /// The batch applied last is durable, and with it the log up to `position`.
    pub(crate) fn publish(&self, batch: u64, position: u64) {
        // The log first: whoever was answered finds what they did in it.
        self.durable_position.send_if_modified(|durable| std::mem::replace(durable, position) != position);
        self.progress.send_modify(|progress| progress.durable = batch);
    }

    /// Nothing is trusted from here on. What is told from then on is damage itself, with what to do about it, or that it has stopped; to
    /// those whose writes had been accepted, the latter in any case.
    pub(crate) fn stop(&self, why: &Error) -> Error {
        let told = match why {
            Error::Stopped { .. } | Error::Damaged { .. } => why.clone(),
            other => Error::Stopped { why: other.to_string() },
        };
        self.progress.send_modify(|progress| {
            progress.stopped.get_or_insert_with(|| told.clone());
        });
        self.wake_those_who_wait_for_records();
        told.for_the_accepted()
    }

    /// Gives the engine up. Returns once its files are free, unless somebody else holds it.
    pub(crate) fn release(&self) {
        let engine = self.tables.write().engine.take();
        drop(engine);
        self.progress.send_modify(|progress| progress.released = true);
        self.wake_those_who_wait_for_records();
    }

    /// None will come any more: whoever looks again is told so.
    fn wake_those_who_wait_for_records(&self) {
        self.durable_position.send_modify(|_| {});
    }

    /// Waits until the engine's files are free.
    pub(crate) async fn released(&self) {
        let mut watching = self.progress.subscribe();
        // The sender is ours, so that it cannot be gone.
        let _ = watching.wait_for(|progress| progress.released).await;
    }
}
