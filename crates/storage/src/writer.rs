//! The writer: one thread that gives many transactions one sync.
//!
//! It takes whatever closures are waiting, runs each on an overlay over the tables and over what the ones before
//! it changed, applies all that returned `Ok` as one batch, syncs, and only then answers, also those that
//! returned `Err`, because they too may have seen what was not yet durable. While it syncs, the next closures
//! gather.
//!
//! A failed apply or sync ends the database: what is on the disk then is not known, so nothing more is answered
//! from it, and reopening reads what there is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::engine::{Changes, Engine};
use crate::error::{Error, panic_message};
use crate::log::Head;
use crate::shared::{Batch, Shared};
use crate::transaction::Transaction;

/// The most transactions in one batch: beyond it waiting costs more than syncs save.
const MAX_BATCH: usize = 256;
/// No further transaction joins a batch that changes this many rows.
const MAX_ROWS: usize = 4096;

/// A transaction that waits for the writer.
pub(crate) trait Job: Send {
    /// Runs the closure; true if its changes are to be kept. Does not panic.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool;

    /// Answers the caller: with the closure's result, or with why its outcome is unknown.
    fn answer(self: Box<Self>, outcome: Result<(), Error>);
}

/// The job of a closure.
pub(crate) struct Closure<F, T, E> {
    closure: Option<F>,
    result: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Closure<F, T, E> {
    /// The job, and where its answer arrives.
    pub(crate) fn new(closure: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (caller, answer) = oneshot::channel();
        (Closure { closure: Some(closure), result: None, caller }, answer)
    }
}

impl<F, T, E> Job for Closure<F, T, E>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool {
        let Some(closure) = self.closure.take() else { return false };
        // The overlay of a closure that panicked is discarded, so nothing half-done is seen again.
        let result = catch_unwind(AssertUnwindSafe(|| closure(transaction)));
        let result = result.unwrap_or_else(|panic| {
            let message = panic_message(panic.as_ref());
            Err(E::from(Error::Panicked { message }))
        });
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, outcome: Result<(), Error>) {
        let answer = match (outcome, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(E::from(Error::Closed)),
            (Err(error), _) => Err(E::from(error)),
        };
        // A caller that no longer waits has lost only the answer.
        let _ = self.caller.send(answer);
    }
}

/// The state of the writer thread.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) queue: Receiver<Box<dyn Job>>,
    pub(crate) head: Head,
}

impl Writer {
    /// Works until the queue is closed and empty, or a failure; then gives the engine up.
    pub(crate) fn work(mut self) {
        let worked = catch_unwind(AssertUnwindSafe(|| self.batches()));
        let failure = match worked {
            Ok(Ok(())) => None,
            Ok(Err(stopped)) => Some(stopped),
            Err(panic) => Some(self.shared.stop(&Error::Panicked { message: panic_message(panic.as_ref()) })),
        };
        let Writer { shared, engine, queue, .. } = self;
        if let Some(stopped) = failure {
            tracing::error!(error = %stopped, "the database's writer has stopped");
            for job in queue.try_iter() {
                shared.counters.queued.fetch_sub(1, Ordering::Relaxed);
                job.answer(Err(stopped.clone()));
            }
        }
        drop(queue);
        drop(engine);
        shared.release();
    }

    fn batches(&mut self) -> Result<(), Error> {
        while let Ok(first) = self.queue.recv() {
            self.batch(first)?;
        }
        Ok(())
    }

    /// One batch: `first` and whatever else is waiting.
    fn batch(&mut self, first: Box<dyn Job>) -> Result<(), Error> {
        let mut changes = Changes::new();
        let mut head = self.head;
        let mut jobs = Vec::new();
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            self.shared.counters.queued.fetch_sub(1, Ordering::Relaxed);
            let mut transaction = Transaction::new(self.engine.as_ref(), &changes, head, self.shared.epoch);
            if job.run(&mut transaction) {
                let (own, own_head) = transaction.into_changes();
                changes.extend(own);
                head = own_head;
            }
            jobs.push(job);
            if jobs.len() < MAX_BATCH && changes.len() < MAX_ROWS {
                next = self.queue.try_recv().ok();
            }
        }
        let transactions = u64::try_from(jobs.len()).unwrap_or(u64::MAX);
        let outcome = if changes.is_empty() { Ok(()) } else { self.commit(changes, head, transactions) };
        self.shared.counters.batch(transactions);
        for job in jobs {
            job.answer(outcome.clone());
        }
        outcome
    }

    /// Applies and syncs `changes`, of so many transactions. On failure the database has stopped.
    fn commit(&mut self, changes: Changes, head: Head, transactions: u64) -> Result<(), Error> {
        let committed = catch_unwind(AssertUnwindSafe(|| {
            let batch = {
                let mut tables = self.shared.tables.write();
                self.engine.apply(changes)?;
                tables.head = head;
                tables.batch += 1;
                tables.batch
            };
            let begun = Instant::now();
            self.engine.sync()?;
            Ok((batch, begun.elapsed()))
        }));
        let committed = committed.unwrap_or_else(|panic| {
            let message = panic_message(panic.as_ref());
            Err(Error::Panicked { message })
        });
        match committed {
            Ok((batch, sync)) => {
                self.head = head;
                self.shared.publish(batch, head.position);
                if let Some(observer) = self.shared.observer.get() {
                    observer(Batch { transactions, sync });
                }
                Ok(())
            }
            Err(error) => Err(self.shared.stop(&error)),
        }
    }
}
