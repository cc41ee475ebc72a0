//! The engine in memory, for simulations and tests: as strict as a disk, and as treacherous on demand.
//!
//! A [`MemoryDisk`] outlives the databases opened on it, one at a time. It can lose what was not synced (a power
//! cut), hold syncs back, and fail them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::{Changes, Direction, Engine, KeyRange, Row};
use crate::error::Error;

/// What stands for the folder in messages.
const NAME: &str = "memory";

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Default)]
pub struct MemoryDisk {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Signalled when syncs may go on, or the power is cut.
    resumed: Condvar,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What stood, at the last sync, where something has changed since.
    before: Changes,
    /// The database that is open on it, if any; a power cut closes it by force.
    open: Option<u64>,
    /// How often it was opened.
    openings: u64,
    syncs: u64,
    held: bool,
    failure: Option<String>,
    lies: bool,
}

impl State {
    fn lose_unsynced(&mut self) {
        for (key, value) in std::mem::take(&mut self.before) {
            match value {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
    }
}

impl MemoryDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts the power: whatever was not synced is gone, and a database still open on the disk fails from here on.
    /// The disk can be opened again at once.
    pub fn lose_unsynced(&self) {
        let mut state = self.shared.state.lock();
        state.lose_unsynced();
        state.open = None;
        state.held = false;
        state.failure = None;
        self.shared.resumed.notify_all();
    }

    /// Another disk with what is durable on this one: as if its folder had been copied.
    #[must_use]
    pub fn copy(&self) -> Self {
        let state = self.shared.state.lock();
        let mut copied = State { rows: state.rows.clone(), before: state.before.clone(), ..State::default() };
        copied.lose_unsynced();
        let shared = Shared { state: Mutex::new(copied), resumed: Condvar::new() };
        MemoryDisk { shared: Arc::new(shared) }
    }

    /// Takes everything off it.
    pub(crate) fn erase(&self) {
        let mut state = self.shared.state.lock();
        state.rows.clear();
        state.before.clear();
    }

    /// Kills whoever has a database open on the disk, which fails from here on: what was written stays, synced or not, since the
    /// machine lives on. The disk can be opened again at once.
    pub fn kill(&self) {
        let mut state = self.shared.state.lock();
        state.open = None;
        state.held = false;
        state.failure = None;
        self.shared.resumed.notify_all();
    }

    /// Makes every sync from here on claim that it succeeded, without making anything durable: a disk that lies.
    pub fn lie_about_syncs(&self) {
        self.shared.state.lock().lies = true;
    }

    /// Makes every sync wait until [`MemoryDisk::resume_syncs`].
    pub fn hold_syncs(&self) {
        self.shared.state.lock().held = true;
    }

    /// Lets syncs go on.
    pub fn resume_syncs(&self) {
        self.shared.state.lock().held = false;
        self.shared.resumed.notify_all();
    }

    /// Makes every sync fail, saying `why`, until the power is cut.
    pub fn fail_syncs(&self, why: &str) {
        self.shared.state.lock().failure = Some(why.to_owned());
    }

    /// How many syncs have succeeded.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.shared.state.lock().syncs
    }
}

impl std::fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryDisk")
    }
}

/// A database's hold on a [`MemoryDisk`].
pub(crate) struct MemoryEngine {
    disk: MemoryDisk,
    opening: u64,
}

impl MemoryEngine {
    /// Opens the disk, unless it is open already.
    pub(crate) fn open(disk: &MemoryDisk) -> Result<Self, Error> {
        let mut state = disk.shared.state.lock();
        if state.open.is_some() {
            return Err(Error::InUse { path: PathBuf::from(NAME) });
        }
        state.openings += 1;
        let opening = state.openings;
        state.open = Some(opening);
        drop(state);
        Ok(MemoryEngine { disk: disk.clone(), opening })
    }

    fn state(&self) -> Result<parking_lot::MutexGuard<'_, State>, Error> {
        let state = self.disk.shared.state.lock();
        self.check(&state)?;
        Ok(state)
    }

    fn check(&self, state: &State) -> Result<(), Error> {
        if state.open == Some(self.opening) {
            Ok(())
        } else {
            Err(Error::Engine { why: "the memory disk's power was cut".to_owned() })
        }
    }
}

impl Drop for MemoryEngine {
    fn drop(&mut self) {
        let mut state = self.disk.shared.state.lock();
        if state.open == Some(self.opening) {
            state.open = None;
        }
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.state()?.rows.get(key).cloned())
    }

    fn rows(&self, range: &KeyRange, direction: Direction, limit: usize) -> Result<Vec<Row>, Error> {
        let state = self.state()?;
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let bounds = (Bound::Included(range.from.as_slice()), Bound::Excluded(range.to.as_slice()));
        let found = state.rows.range::<[u8], _>(bounds).map(|(key, value)| (key.clone(), value.clone()));
        Ok(match direction {
            Direction::Ascending => found.take(limit).collect(),
            Direction::Descending => found.rev().take(limit).collect(),
        })
    }

    fn apply(&self, changes: &Changes) -> Result<(), Error> {
        let mut state = self.state()?;
        for (key, value) in changes {
            let before = match value {
                Some(value) => state.rows.insert(key.clone(), value.clone()),
                None => state.rows.remove(key),
            };
            state.before.entry(key.clone()).or_insert(before);
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        let mut state = self.disk.shared.state.lock();
        while state.held {
            self.disk.shared.resumed.wait(&mut state);
        }
        self.check(&state)?;
        if let Some(why) = &state.failure {
            return Err(Error::Engine { why: why.clone() });
        }
        if !state.lies {
            state.before.clear();
        }
        state.syncs += 1;
        Ok(())
    }

    fn size_on_disk(&self) -> Result<u64, Error> {
        let bytes: usize = self.state()?.rows.iter().map(|(key, value)| key.len() + value.len()).sum();
        Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    fn was_created(&self) -> bool {
        false
    }

    fn mark_created(&self) -> Result<(), Error> {
        Ok(())
    }
}
