//! Rows that were lately asked for, kept above an engine: most of what is read is read again soon, and need not be looked up in an engine's
//! pages then.
//!
//! Because the writer is the only one who changes rows, what is kept is always what the engine would say: [`Engine::apply`] changes
//! it, too. Nobody reads, and so nobody begins to keep a row, while it does: no view stays open meanwhile.
//!
//! What is kept is bounded. There are two generations: what is asked for goes into the younger one; when that is full, it becomes the
//! older one, and what nobody asked for since is forgotten. That there is no such row is kept as well, but not past the moment in
//! which there is: rows that are written once and never read (the log, commands) do not drive out what is.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Changes, Direction, Engine, KeyRange, Row};
use crate::error::Error;

/// How many bytes one generation of one shard may take: 8 MiB for two generations of all.
const GENERATION_BYTES: usize = 256 << 10;
/// So many parts are locked each by itself.
const SHARDS: usize = 16;
/// What an entry takes besides key and value, about.
const ENTRY_BYTES: usize = 96;

type Rows = HashMap<Vec<u8>, Option<Vec<u8>>, RandomState>;

/// An engine, and rows of it.
pub(crate) struct Recent {
    engine: Arc<dyn Engine>,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

struct Shard {
    young: Rows,
    old: Rows,
    /// How many bytes the younger generation takes,
    bytes: usize,
    /// and how many make it the older one.
    most: usize,
}

impl Shard {
    /// What is known of `key`.
    fn get(&mut self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        if let Some(known) = self.young.get(key) {
            return Some(known.clone());
        }
        let (key, known) = self.old.remove_entry(key)?;
        self.keep(key, known.clone());
        Some(known)
    }

    fn keep(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.bytes += ENTRY_BYTES + key.len() + size_of(&value);
        self.young.insert(key, value);
        self.turn_over();
    }

    /// Begins a new generation if the younger one is full.
    fn turn_over(&mut self) {
        if self.bytes > self.most {
            self.bytes = 0;
            self.old = std::mem::take(&mut self.young);
        }
    }

    /// Takes a change over, wherever the row is kept.
    fn change(&mut self, key: &[u8], change: Option<&Vec<u8>>) {
        if let Some(last) = self.young.get_mut(key) {
            self.bytes = self.bytes.saturating_sub(size_of(last));
            *last = change.cloned();
            self.bytes += size_of(last);
        }
        // Seldom in both: if two have asked for it at the same time.
        match self.old.get_mut(key) {
            // The older generation's bytes are not counted any more: nothing there may grow.
            Some(last) if change.map_or(0, Vec::len) > size_of(last) => drop(self.old.remove(key)),
            Some(last) => *last = change.cloned(),
            None => {}
        }
        self.turn_over();
    }

    /// Forgets the row, which was not there and now is.
    fn forget(&mut self, key: &[u8]) {
        self.young.remove(key);
        self.old.remove(key);
    }

    fn is_kept_as_missing(&self, key: &[u8]) -> bool {
        self.young.get(key).or_else(|| self.old.get(key)).is_some_and(Option::is_none)
    }
}

fn size_of(value: &Option<Vec<u8>>) -> usize {
    value.as_ref().map_or(0, Vec::len)
}

impl Recent {
    /// Nothing of `engine` yet.
    pub(crate) fn over(engine: Arc<dyn Engine>) -> Self {
        Self::of_generations(engine, GENERATION_BYTES)
    }

    fn of_generations(engine: Arc<dyn Engine>, most: usize) -> Self {
        let shard = || Mutex::new(Shard { young: Rows::default(), old: Rows::default(), bytes: 0, most });
        Self { engine, hasher: RandomState::new(), shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }

    fn shard(&self, key: &[u8]) -> Option<&Mutex<Shard>> {
        let hash = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default();
        self.shards.get(hash)
    }
}

impl Engine for Recent {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(shard) = self.shard(key) else { return self.engine.get(key) };
        if let Some(known) = shard.lock().get(key) {
            return Ok(known);
        }
        let value = self.engine.get(key)?;
        shard.lock().keep(key.to_vec(), value.clone());
        Ok(value)
    }

    fn rows(&self, range: &KeyRange, direction: Direction, limit: usize) -> Result<Vec<Row>, Error> {
        self.engine.rows(range, direction, limit)
    }

    fn prepare(&self, changes: &Changes) -> Result<(), Error> {
        self.engine.prepare(changes)
    }

    fn apply(&self, changes: &Changes) -> Result<(), Error> {
        self.engine.apply(changes)?;
        for (key, change) in changes {
            let Some(shard) = self.shard(key) else { continue };
            let mut shard = shard.lock();
            if change.is_some() && shard.is_kept_as_missing(key) {
                shard.forget(key);
            } else {
                shard.change(key, change.as_ref());
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        self.engine.sync()
    }

    fn behind(&self) -> Option<watch::Receiver<bool>> {
        self.engine.behind()
    }

    fn size_on_disk(&self) -> Result<u64, Error> {
        self.engine.size_on_disk()
    }

    fn was_created(&self) -> bool {
        self.engine.was_created()
    }

    fn mark_created(&self) -> Result<(), Error> {
        self.engine.mark_created()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::memory::{MemoryDisk, MemoryEngine};

    fn recent(most: usize) -> Recent {
        Recent::of_generations(Arc::new(MemoryEngine::open(&MemoryDisk::new()).unwrap()), most)
    }

    fn kept(recent: &Recent) -> usize {
        recent.shards.iter().map(|shard| shard.lock()).map(|shard| shard.young.len() + shard.old.len()).sum()
    }

    proptest! {
        #[test]
        fn whatever_is_kept_and_forgotten_a_row_is_what_was_last_applied(
            steps in proptest::collection::vec((0..40_u8, proptest::option::of(0..200_usize), any::<bool>()), 1..400),
            most in 0..2_000_usize,
        ) {
            let (recent, mut rows) = (recent(most), BTreeMap::new());
            for (key, change, asks) in steps {
                let key = vec![key; 8];
                if asks {
                    prop_assert_eq!(recent.get(&key).unwrap(), rows.get(&key).cloned());
                    continue;
                }
                let change = change.map(|length| vec![7; length]);
                recent.apply(&Changes::from([(key.clone(), change.clone())])).unwrap();
                match change {
                    Some(value) => rows.insert(key, value),
                    None => rows.remove(&key),
                };
            }
            for key in (0..40_u8).map(|key| vec![key; 8]) {
                prop_assert_eq!(recent.get(&key).unwrap(), rows.get(&key).cloned());
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_asked_for_often_stays() {
        let recent = recent(10 * (ENTRY_BYTES + 8));
        for key in 0..10_000_u64 {
            recent.get(&key.to_be_bytes()).unwrap();
            recent.get(&7_u64.to_be_bytes()).unwrap();
        }
        assert!(kept(&recent) <= 2 * 11 * SHARDS, "{}", kept(&recent));
        let often = recent.shard(&7_u64.to_be_bytes()).unwrap();
        assert!(often.lock().get(&7_u64.to_be_bytes()).is_some());
    }

    #[test]
    fn rows_that_grow_while_they_are_kept_stay_within_the_bound() {
        const LONGEST: usize = 8 << 10;
        let recent = recent(GENERATION_BYTES);
        let put = |key: u64, length| {
            recent.apply(&Changes::from([(key.to_be_bytes().to_vec(), Some(vec![7; length]))])).unwrap();
        };
        for length in [1, LONGEST] {
            for key in 0..20_000 {
                put(key, length);
                recent.get(&key.to_be_bytes()).unwrap();
            }
        }
        for key in 0..20_000 {
            put(key, 1);
            recent.get(&key.to_be_bytes()).unwrap();
        }
        (0..20_000).for_each(|key| put(key, LONGEST));
        let bytes = |rows: &Rows| rows.iter().map(|(key, value)| key.len() + size_of(value)).sum::<usize>();
        for shard in &recent.shards {
            let shard = shard.lock();
            let is = (bytes(&shard.young), bytes(&shard.old));
            assert!(is.0.max(is.1) <= GENERATION_BYTES + 2 * LONGEST, "{is:?}");
        }
    }

    #[test]
    fn rows_that_are_looked_for_once_and_then_written_are_not_kept() {
        let recent = recent(GENERATION_BYTES);
        for key in 0..1_000_u64 {
            assert_eq!(recent.get(&key.to_be_bytes()).unwrap(), None);
            recent.apply(&Changes::from([(key.to_be_bytes().to_vec(), Some(vec![1]))])).unwrap();
        }
        assert_eq!(kept(&recent), 0);
    }
}
