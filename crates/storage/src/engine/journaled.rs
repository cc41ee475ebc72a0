//! Sled behind a write-ahead log: a batch is durable with one write and one sync of a journal ([`journal`]), and goes to sled later, with many
//! others, where what was written several times is written once.
//!
//! What is in the journal and not yet in sled is also in memory, in *memtables*: one for the segment of the journal that is being written,
//! which takes what is applied, and one, unchanging, for each segment that is full. Readers look there first, the newest first, and
//! then in sled. A thread of its own, the *checkpointer*, takes the full ones over into sled, syncs sled, and only then gives up their
//! memtables, and their segments to be written over.
//!
//! - **Nothing acknowledged is lost.** A batch is in the journal, durably, before anybody is told of it; it stays there until it is in sled,
//!   durably. Sled knows the number of the last batch that it holds whole; opening applies to it whatever the journal has beyond that.
//! - **Whole batches.** Sled holds part of a batch only while the journal still has all of it, and readers see the memtable in front of it.
//! - **Bounded.** There are as many memtables as segments. If sled is slower than whoever writes, the writer waits for a segment
//!   ([`Engine::prepare`]), and before that those who give way do ([`Engine::behind`]).
//! - A batch that no segment has room for goes to sled alone, in one atomic write, once everything before it is there.
//!
//! Memtables and checkpoints: P. O'Neil et al., "The log-structured merge-tree", 1996; redo from a log after a crash: C. Mohan et al.,
//! "ARIES", 1992, of which nothing else is needed here: what is not committed is never written anywhere.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex, RwLock};
use tokio::sync::watch;

use super::sled::SledEngine;
use super::{Changes, Direction, Engine, KeyRange, Row};
use crate::background;
use crate::error::{Error, panic_message};
use crate::layout::JOURNAL;
use crate::merge::Rows;
use journal::{Journal, SEGMENT_BYTES, SEGMENTS, Salt};

mod journal;
#[cfg(test)]
mod tests;

/// So many full segments are a reason for those who give way to wait.
const BEHIND: usize = SEGMENTS / 2;

/// An open database: sled, and the journal in front of it.
pub(crate) struct Journaled {
    tables: Arc<Tables>,
    /// Used by the writer alone.
    writing: Mutex<Writing>,
    checkpointer: Option<JoinHandle<()>>,
}

/// What the writer writes with.
struct Writing {
    /// `None` until the database has a salt: its first batch brings one, by the other way.
    journal: Option<Journal>,
    segment_bytes: usize,
    /// The number of the last batch that is applied.
    last: u64,
    prepared: Option<Prepared>,
    /// A batch has gone to sled alone, and is not synced yet.
    is_direct: bool,
}

/// A batch that is about to be applied.
enum Prepared {
    /// To the memtable. It is in the journal already, not yet durable.
    Journaled(Changes),
    /// To sled, with the salt if it is the first.
    Direct(Option<Salt>),
}

/// Shared with the checkpointer.
struct Tables {
    sled: SledEngine,
    memtables: RwLock<Memtables>,
    checkpoints: Mutex<Checkpoints>,
    /// Told when that changes.
    changed: Condvar,
    behind: watch::Sender<bool>,
}

#[derive(Default)]
struct Memtables {
    active: Changes,
    /// The oldest first.
    full: VecDeque<Full>,
}

/// The memtable of a full segment, and the number of its last batch.
#[derive(Clone)]
struct Full {
    changes: Arc<Changes>,
    last: u64,
}

#[derive(Default)]
struct Checkpoints {
    /// How many full memtables there are.
    waiting: usize,
    closing: bool,
    failed: Option<Error>,
    /// Tests let full memtables wait.
    #[cfg(test)]
    held: bool,
}

impl Checkpoints {
    fn has_work(&self) -> bool {
        #[cfg(test)]
        if self.held && !self.closing {
            return false;
        }
        self.waiting > 0
    }
}

impl Memtables {
    /// All of them, the newest first.
    fn layers(&self) -> impl Iterator<Item = &Changes> {
        std::iter::once(&self.active).chain(self.full.iter().rev().map(|full| &*full.changes))
    }
}

impl Journaled {
    /// Opens the database in `path`, or makes the folder and an empty database in it. What the journal has is in sled afterwards.
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<Self, Error> {
        Self::with_segments_of(SEGMENT_BYTES, path, cache_bytes)
    }

    fn with_segments_of(segment_bytes: usize, path: &Path, cache_bytes: u64) -> Result<Self, Error> {
        let sled = SledEngine::open(path, cache_bytes)?;
        let salt = match sled.get(JOURNAL)? {
            Some(stored) => {
                let unreadable = || sled.damaged("what its journal is known by is unreadable".to_owned());
                Some(Salt::read(&stored).ok_or_else(unreadable)?)
            }
            None => None,
        };
        if let Some(salt) = salt {
            let (changes, last) = Journal::recovered(path, salt, sled.last())?;
            if last > sled.last() {
                let rows = changes.len();
                sled.take_over(changes.iter(), last)?;
                sled.sync()?;
                tracing::info!(path = %path.display(), rows, "took over what the journal had");
            }
        }
        sled.check_nothing_is_lost()?;
        let writing = Writing {
            journal: salt.map(|salt| Journal::empty(path, salt, segment_bytes)),
            segment_bytes,
            last: sled.last(),
            prepared: None,
            is_direct: false,
        };
        let tables = Arc::new(Tables {
            sled,
            memtables: RwLock::default(),
            checkpoints: Mutex::default(),
            changed: Condvar::new(),
            behind: watch::Sender::new(false),
        });
        let checkpointed = Arc::clone(&tables);
        let checkpointer = background::spawn("checkpointer", move || checkpointed.checkpoint())?;
        Ok(Self { tables, writing: Mutex::new(writing), checkpointer: Some(checkpointer) })
    }

    /// Makes the active memtable a full one, to be taken over. All of it must be durable.
    fn turn(&self, last: u64) {
        {
            let mut memtables = self.tables.memtables.write();
            let changes = Arc::new(std::mem::take(&mut memtables.active));
            memtables.full.push_back(Full { changes, last });
        }
        let mut checkpoints = self.tables.checkpoints.lock();
        checkpoints.waiting += 1;
        self.tables.tell(&checkpoints);
    }

    /// Begins the next segment, as soon as there is one.
    fn turn_over(&self, journal: &mut Journal, last: u64) -> Result<(), Error> {
        // Sled must never be ahead of the journal.
        journal.sync()?;
        self.tables.wait_for(SEGMENTS - 2)?;
        self.turn(last);
        journal.turn();
        Ok(())
    }

    /// Waits until everything is in sled, and nothing in the segment that comes next.
    fn drain(&self, journal: &mut Journal, last: u64) -> Result<(), Error> {
        if !journal.is_at_its_beginning() {
            self.turn_over(journal, last)?;
        }
        self.tables.wait_for(0)
    }
}

impl Writing {
    /// Sees to it that `changes` can be applied at once.
    fn prepare(&mut self, engine: &Journaled, changes: &Changes) -> Result<(), Error> {
        engine.tables.has_not_failed()?;
        let Some(journal) = &mut self.journal else {
            self.prepared = Some(Prepared::Direct(Some(Salt::mint()?)));
            return Ok(());
        };
        let length = Journal::length_of(changes);
        self.prepared = Some(if !journal.can_hold(length) {
            engine.drain(journal, self.last)?;
            Prepared::Direct(None)
        } else {
            if !journal.has_room_for(length) {
                engine.turn_over(journal, self.last)?;
            }
            journal.append(self.last + 1, changes);
            Prepared::Journaled(changes.clone())
        });
        Ok(())
    }
}

impl Tables {
    fn tell(&self, checkpoints: &Checkpoints) {
        let is_behind = checkpoints.waiting >= BEHIND && checkpoints.failed.is_none();
        self.behind.send_if_modified(|behind| std::mem::replace(behind, is_behind) != is_behind);
        self.changed.notify_all();
    }

    fn fail(&self, error: &Error) {
        let mut checkpoints = self.checkpoints.lock();
        checkpoints.failed.get_or_insert_with(|| error.clone());
        self.tell(&checkpoints);
    }

    fn has_not_failed(&self) -> Result<(), Error> {
        self.checkpoints.lock().failed.clone().map_or(Ok(()), Err)
    }

    /// Waits until no more than `most` full memtables are left.
    fn wait_for(&self, most: usize) -> Result<(), Error> {
        let mut checkpoints = self.checkpoints.lock();
        while checkpoints.waiting > most && checkpoints.failed.is_none() {
            self.changed.wait(&mut checkpoints);
        }
        checkpoints.failed.clone().map_or(Ok(()), Err)
    }

    /// Takes full memtables over into sled, on this thread, until the database closes.
    fn checkpoint(&self) {
        while self.waits_for_one() {
            let full: Vec<Full> = self.memtables.read().full.iter().cloned().collect();
            let done = catch_unwind(AssertUnwindSafe(|| self.take_over(&full)));
            let done = done.unwrap_or_else(|panic| Err(Error::Panicked { message: panic_message(panic.as_ref()) }));
            drop(full);
            // It is large; nobody waits for it any more.
            let given_up = done.is_ok().then(|| self.memtables.write().full.pop_front());
            let mut checkpoints = self.checkpoints.lock();
            match done {
                Ok(()) => checkpoints.waiting = checkpoints.waiting.saturating_sub(1),
                // Readers still have the memtables, and the next start the journal.
                Err(error) => {
                    tracing::error!(%error, "what is in the journal cannot be taken over");
                    checkpoints.failed.get_or_insert(error);
                }
            }
            self.tell(&checkpoints);
            drop(checkpoints);
            drop(given_up);
        }
    }

    /// Waits for a full memtable; `false` if none is to be taken over any more.
    fn waits_for_one(&self) -> bool {
        let mut checkpoints = self.checkpoints.lock();
        while !checkpoints.has_work() && !checkpoints.closing {
            self.changed.wait(&mut checkpoints);
        }
        checkpoints.has_work() && checkpoints.failed.is_none()
    }

    /// Puts the rows of the oldest of `full` into sled, durably. All of them are durable in the journal: what a later one has changed again
    /// need not be written twice.
    fn take_over(&self, full: &[Full]) -> Result<(), Error> {
        let Some((oldest, later)) = full.split_first() else { return Ok(()) };
        let is_last = |key: &Vec<u8>| !later.iter().any(|later| later.changes.contains_key(key));
        self.sled.take_over(oldest.changes.iter().filter(|(key, _)| is_last(key)), oldest.last)?;
        self.sled.sync()
    }
}

impl Engine for Journaled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        {
            let memtables = self.tables.memtables.read();
            if let Some(change) = memtables.layers().find_map(|changes| changes.get(key)) {
                return Ok(change.clone());
            }
        }
        // What leaves a memtable after that is in sled.
        self.tables.sled.get(key)
    }

    fn rows(&self, range: &KeyRange, direction: Direction, limit: usize) -> Result<Vec<Row>, Error> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let memtables = self.tables.memtables.read();
        let mut rows = Rows::over(&self.tables.sled, memtables.layers(), range.clone(), direction, limit);
        if !rows.has_pending() {
            return self.tables.sled.rows(range, direction, limit);
        }
        let mut found = Vec::with_capacity(limit.min(64));
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            found.push(row);
        }
        Ok(found)
    }

    fn prepare(&self, changes: &Changes) -> Result<(), Error> {
        self.writing.lock().prepare(self, changes)
    }

    fn apply(&self, changes: &Changes) -> Result<(), Error> {
        let mut writing = self.writing.lock();
        if writing.prepared.is_none() {
            writing.prepare(self, changes)?;
        }
        match writing.prepared.take() {
            Some(Prepared::Direct(Some(salt))) => {
                let mut changes = changes.clone();
                changes.insert(JOURNAL.to_vec(), Some(salt.as_bytes().to_vec()));
                self.tables.sled.apply(&changes)?;
                writing.journal = Some(Journal::empty(self.tables.sled.path(), salt, writing.segment_bytes));
                writing.is_direct = true;
            }
            Some(Prepared::Direct(None)) => {
                self.tables.sled.apply(changes)?;
                writing.is_direct = true;
            }
            Some(Prepared::Journaled(mut changes)) => self.tables.memtables.write().active.append(&mut changes),
            None => {}
        }
        writing.last += 1;
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        let mut writing = self.writing.lock();
        if writing.is_direct {
            self.tables.sled.sync()?;
            writing.is_direct = false;
        }
        if let Some(journal) = &mut writing.journal
            && let Err(error) = journal.sync()
        {
            // What a failed sync has left on the disk is not known: nothing more is written or taken over.
            self.tables.fail(&error);
            return Err(error);
        }
        self.tables.sled.note(writing.last)
    }

    fn behind(&self) -> Option<watch::Receiver<bool>> {
        Some(self.tables.behind.subscribe())
    }

    fn size_on_disk(&self) -> Result<u64, Error> {
        Ok(self.tables.sled.size_on_disk()? + Journal::size_on_disk(self.tables.sled.path()))
    }

    fn was_created(&self) -> bool {
        self.tables.sled.was_created()
    }

    fn mark_created(&self) -> Result<(), Error> {
        self.tables.sled.mark_created()
    }
}

impl Drop for Journaled {
    /// Leaves everything in sled, unless that fails: then it is in the journal, and the next start tries again.
    fn drop(&mut self) {
        let writing = self.writing.get_mut();
        if let Some(journal) = &mut writing.journal
            && self.tables.has_not_failed().is_ok()
            && !self.tables.memtables.read().active.is_empty()
        {
            match journal.sync() {
                Ok(()) => {
                    let last = writing.last;
                    self.turn(last);
                }
                Err(error) => tracing::error!(%error, "what was not acknowledged may be lost"),
            }
        }
        self.tables.checkpoints.lock().closing = true;
        self.tables.changed.notify_all();
        if let Some(checkpointer) = self.checkpointer.take()
            && checkpointer.join().is_err()
        {
            tracing::error!("the thread of the checkpoints panicked");
        }
    }
}
