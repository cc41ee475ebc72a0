//! The writer: one thread that gives many transactions one sync. (In a simulation it is a future instead, which does the same.)
//!
//! It takes whatever closures are waiting, runs each on an overlay over the tables and over what the ones before
//! it changed, applies all that returned `Ok` as one batch, syncs, and only then answers, also those that
//! returned `Err`, because they too may have seen what was not yet durable. While it syncs, the next closures
//! gather.
//!
//! Some transactions give way ([`Database::write_giving_way`](crate::Database::write_giving_way)): they wait until no other is waiting, and
//! make a batch of their own, so that a command never waits for the changes of more than one such batch. They are not put off for ever:
//! after a batch of others it is their turn, or after a few while the engine is behind with what it does later
//! ([`Engine::behind`](crate::engine::Engine::behind)): its time is then for commands.
//!
//! A failed apply or sync ends the database: what is on the disk then is not known, so nothing more is answered
//! from it, and reopening reads what there is.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot, watch};

use crate::engine::{Changes, Engine};
use crate::error::{Error, panic_message};
use crate::log::Head;
use crate::shared::{Batch, Shared};
use crate::transaction::Transaction;

/// The most transactions in one batch: beyond it waiting costs more than syncs save.
const MAX_BATCH: usize = 256;
/// No further transaction joins a batch that changes this many rows.
const MAX_ROWS: usize = 4096;
/// The same of a batch of transactions that give way, for which others wait.
const MAX_ROWS_GIVING_WAY: usize = 256;
/// So many batches of others go first while the engine is behind.
const FIRST_WHILE_BEHIND: u32 = 16;

/// A transaction that waits for the writer.
pub(crate) trait Job: Send {
    /// Whether others go first.
    fn gives_way(&self) -> bool;

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
    gives_way: bool,
}

impl<F, T, E> Closure<F, T, E> {
    /// The job, and where its answer arrives.
    pub(crate) fn new(closure: F, gives_way: bool) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (caller, answer) = oneshot::channel();
        (Closure { closure: Some(closure), result: None, caller, gives_way }, answer)
    }
}

impl<F, T, E> Job for Closure<F, T, E>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn gives_way(&self) -> bool {
        self.gives_way
    }

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

/// The state of the writer.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) queue: mpsc::Receiver<Box<dyn Job>>,
    pub(crate) head: Head,
    /// Those taken from the queue that give way.
    giving_way: VecDeque<Box<dyn Job>>,
    /// How many batches of others there were since the last of theirs.
    others_went_first: u32,
    /// Whether the engine has fallen behind, as it changes; nothing if it never does.
    behind: Option<watch::Receiver<bool>>,
}

/// The transactions of one batch, and what those among them that are kept have changed.
struct Gathered {
    jobs: Vec<Box<dyn Job>>,
    changes: Changes,
    head: Head,
}

fn number_of(jobs: &[Box<dyn Job>]) -> u64 {
    u64::try_from(jobs.len()).unwrap_or(u64::MAX)
}

impl Writer {
    /// On `engine`, whose log ends with `head`.
    pub(crate) fn new(
        shared: Arc<Shared>,
        engine: Arc<dyn Engine>,
        queue: mpsc::Receiver<Box<dyn Job>>,
        head: Head,
    ) -> Self {
        let behind = engine.behind();
        Writer { shared, engine, queue, head, giving_way: VecDeque::new(), others_went_first: 0, behind }
    }

    /// Works, on this thread, until the queue is closed and empty, or a failure; then gives the engine up.
    pub(crate) fn work(mut self) {
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let waiting = tokio::runtime::Builder::new_current_thread()
                .build()
                .map_err(|error| Error::Engine { why: format!("nothing to wait with: {error}") })
                .map_err(|error| self.shared.stop(&error))?;
            loop {
                let first = waiting.block_on(self.next());
                if first.is_none() && self.giving_way.is_empty() {
                    return Ok(());
                }
                let Gathered { jobs, changes, head } = self.gather(first);
                let transactions = number_of(&jobs);
                let outcome = if changes.is_empty() { Ok(()) } else { self.commit(changes, head, transactions) };
                self.answer(jobs, &outcome)?;
            }
        }));
        let worked = worked.unwrap_or_else(|panic| {
            let message = panic_message(panic.as_ref());
            Err(self.shared.stop(&Error::Panicked { message }))
        });
        self.end(worked);
    }

    /// The same as a future, for simulations: `syncing` is awaited while a batch is applied and not yet durable. With
    /// `tell_early` (a planted bug) readers are not made to wait for that.
    #[cfg(feature = "simulation")]
    pub(crate) async fn work_in_time<F: Future<Output = ()>>(
        mut self,
        mut syncing: impl FnMut() -> F,
        tell_early: bool,
    ) {
        let mut worked = Ok(());
        while worked.is_ok() {
            let first = self.next().await;
            if first.is_none() && self.giving_way.is_empty() {
                break;
            }
            let Gathered { jobs, changes, head } = self.gather(first);
            let applied = if changes.is_empty() { Ok(None) } else { self.apply(changes, head).map(Some) };
            let outcome = match applied {
                Ok(None) => Ok(()),
                Ok(Some(batch)) => {
                    if tell_early {
                        self.shared.publish(batch, head.position);
                    }
                    syncing().await;
                    self.sync(batch, head, number_of(&jobs))
                }
                Err(stopped) => Err(stopped),
            };
            worked = self.answer(jobs, &outcome);
        }
        self.end(worked);
    }

    /// Waits until there is something to do: the job that has come, or none if it is the turn of those that give way or none will come.
    async fn next(&mut self) -> Option<Box<dyn Job>> {
        if self.giving_way.is_empty() {
            return self.queue.recv().await;
        }
        if !self.is_behind() {
            return None;
        }
        let Some(behind) = &mut self.behind else { return None };
        tokio::select! {
            biased;
            // An engine that is gone is not behind.
            _ = behind.wait_for(|behind| !behind) => None,
            job = self.queue.recv() => job,
        }
    }

    /// Whether those that give way go on giving way, though no other is waiting.
    fn is_behind(&self) -> bool {
        self.behind.as_ref().is_some_and(|behind| *behind.borrow()) && self.others_went_first < FIRST_WHILE_BEHIND
    }

    fn end(self, worked: Result<(), Error>) {
        let Writer { shared, engine, mut queue, mut giving_way, .. } = self;
        if let Err(stopped) = worked {
            tracing::error!(error = %stopped, "the database's writer has stopped");
            while let Some(job) = giving_way.pop_front().or_else(|| queue.try_recv().ok()) {
                shared.counters.queued.fetch_sub(1, Ordering::Relaxed);
                job.answer(Err(stopped.clone()));
            }
        }
        drop(queue);
        drop(engine);
        shared.release();
    }

    /// Runs `first`, if there is one, and whatever else is waiting: of those that give way, and of the others, one or the other.
    fn gather(&mut self, first: Option<Box<dyn Job>>) -> Gathered {
        let mut batch = Gathered { jobs: Vec::new(), changes: Changes::new(), head: self.head };
        // Nobody may have anything to do: those that give way have come, and go on giving way.
        let may_go = !self.is_behind();
        let is_their_turn = first.is_none() && may_go && self.others_went_first > 0 && !self.giving_way.is_empty();
        let mut next = if is_their_turn { None } else { first.or_else(|| self.queue.try_recv().ok()) };
        while let Some(job) = next.take() {
            if job.gives_way() {
                self.giving_way.push_back(job);
            } else {
                self.run(job, &mut batch);
            }
            if batch.jobs.len() < MAX_BATCH && batch.changes.len() < MAX_ROWS {
                next = self.queue.try_recv().ok();
            }
        }
        if batch.jobs.is_empty() && (may_go || self.queue.is_closed()) {
            self.others_went_first = 0;
            while batch.changes.len() < MAX_ROWS_GIVING_WAY
                && let Some(job) = self.giving_way.pop_front()
            {
                self.run(job, &mut batch);
            }
        } else if !batch.jobs.is_empty() {
            self.others_went_first = self.others_went_first.saturating_add(1);
        }
        batch
    }

    /// Runs `job` on what those before it in `batch` have changed.
    fn run(&self, mut job: Box<dyn Job>, batch: &mut Gathered) {
        self.shared.counters.queued.fetch_sub(1, Ordering::Relaxed);
        let mut transaction = Transaction::new(self.engine.as_ref(), &batch.changes, batch.head);
        if job.run(&mut transaction) {
            let (own, head) = transaction.into_changes();
            batch.changes.extend(own);
            batch.head = head;
        }
        batch.jobs.push(job);
    }

    fn answer(&self, jobs: Vec<Box<dyn Job>>, outcome: &Result<(), Error>) -> Result<(), Error> {
        if !jobs.is_empty() {
            self.shared.counters.batch(number_of(&jobs));
        }
        for job in jobs {
            job.answer(outcome.clone());
        }
        outcome.clone()
    }

    /// Applies and syncs `changes`, of so many transactions. On failure the database has stopped.
    fn commit(&mut self, changes: Changes, head: Head, transactions: u64) -> Result<(), Error> {
        let batch = self.apply(changes, head)?;
        self.sync(batch, head, transactions)
    }

    /// Shows `changes` to readers, who wait until they are durable; the number of batches that there then are.
    fn apply(&mut self, changes: Changes, head: Head) -> Result<u64, Error> {
        self.guarded(|writer| {
            writer.engine.prepare(&changes)?;
            let mut tables = writer.shared.tables.write();
            writer.shared.tap(&changes);
            writer.engine.apply(&changes)?;
            tables.last = (changes, tables.head);
            tables.head = head;
            tables.batch += 1;
            Ok(tables.batch)
        })
    }

    /// Makes durable what is applied, and says so.
    fn sync(&mut self, batch: u64, head: Head, transactions: u64) -> Result<(), Error> {
        let begun = Instant::now();
        self.guarded(|writer| writer.engine.sync())?;
        let sync = begun.elapsed();
        self.head = head;
        self.shared.publish(batch, head.position);
        // Readers have no more use for it, and it can be large.
        let last = std::mem::take(&mut self.shared.tables.write().last.0);
        drop(last);
        if let Some(observer) = self.shared.observer.get() {
            observer(Batch { transactions, sync });
        }
        Ok(())
    }

    /// Does what must not fail: if it does, or panics, the database has stopped.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let done = catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|panic| {
            let message = panic_message(panic.as_ref());
            Err(Error::Panicked { message })
        });
        done.map_err(|error| self.shared.stop(&error))
    }
}

#[cfg(test)]
mod tests;
