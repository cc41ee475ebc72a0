//! The seam below which bytes are kept: everything the crate asks of a store, and nothing else.
//!
//! Two engines stand behind it here: [`sled`] (a folder) behind a journal ([`journaled`]) and [`memory`] (a map, for simulation and tests). The next
//! (redb, or PostgreSQL for many machines) needs this trait and no change elsewhere: one from outside of this crate is
//! opened by [`Database::on_engine`](crate::Database::on_engine), as the benchmark does with SQLite.
//!
//! The writer is the only caller of [`Engine::apply`] and [`Engine::sync`]; readers are kept out while it
//! applies, so an engine needs no snapshots and no transactions of its own, only an atomic batch.

pub(crate) mod encoding;
pub(crate) mod journaled;
pub(crate) mod memory;
pub(crate) mod recent;
pub(crate) mod sled;

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::error::Error;

/// One stored row: its full key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Rows to put (`Some`) and to delete (`None`), by full key.
pub type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A half-open range of full keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key that is in it.
    pub from: Vec<u8>,
    /// The first key beyond it.
    pub to: Vec<u8>,
}

impl KeyRange {
    /// All keys that begin with `prefix`, which is never empty and never all 0xFF (it begins with a table's name).
    pub(crate) fn of_prefix(prefix: &[u8]) -> Self {
        let mut to = prefix.to_vec();
        while let Some(last) = to.pop() {
            if last < u8::MAX {
                to.push(last + 1);
                break;
            }
        }
        KeyRange { from: prefix.to_vec(), to }
    }

    /// All keys there can be: none begins with 0xFF.
    pub(crate) fn everything() -> Self {
        KeyRange { from: Vec::new(), to: vec![u8::MAX] }
    }

    /// Leaves out everything up to and including `key`.
    pub(crate) fn skip_to_after(&mut self, key: &[u8]) {
        if key >= self.from.as_slice() {
            self.from.clear();
            self.from.extend_from_slice(key);
            // The very next key in bytewise order.
            self.from.push(0);
        }
    }

    /// Leaves out `key` and everything beyond it.
    pub(crate) fn stop_before(&mut self, key: &[u8]) {
        if key < self.to.as_slice() {
            self.to.clear();
            self.to.extend_from_slice(key);
        }
    }

    /// Whether no key can be in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.from >= self.to
    }
}

/// Which end of a range comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// A store of rows, sorted bytewise by key.
///
/// What the crate promises stands on what is said here of each method: an engine that takes a method lighter takes a promise
/// away from everyone above it. Errors end the database unless it is said otherwise; [`Error::Engine`] and [`Error::File`] tell
/// what went wrong, [`Error::Damaged`] that what is stored cannot be trusted.
pub trait Engine: Send + Sync {
    /// The value of `key`, as [`Engine::apply`] was last given it. Called from many threads at once.
    ///
    /// # Errors
    /// What the engine reports; whoever asked is told.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// The first `limit` rows of `range` in `direction`; none of an empty range. Called from many threads at once.
    ///
    /// # Errors
    /// As [`Engine::get`].
    fn rows(&self, range: &KeyRange, direction: Direction, limit: usize) -> Result<Vec<Row>, Error>;

    /// Gets ready for [`Engine::apply`], which the same `changes` are given to next: whatever takes long and changes nothing that is read
    /// is done here. Readers go on meanwhile.
    ///
    /// # Errors
    /// As [`Engine::apply`].
    fn prepare(&self, _changes: &Changes) -> Result<(), Error> {
        Ok(())
    }

    /// Makes all of `changes` visible to every reader from here on, and after a crash all or none of them there. Batches
    /// survive in the order in which they were applied: never a later one without those before it. Nothing reads meanwhile.
    ///
    /// # Errors
    /// What the engine reports; the database has then stopped.
    fn apply(&self, changes: &Changes) -> Result<(), Error>;

    /// Everything applied so far survives a power cut once this returns. Readers go on meanwhile.
    ///
    /// # Errors
    /// As [`Engine::apply`].
    fn sync(&self) -> Result<(), Error>;

    /// Whether the engine has fallen behind with what it does after [`Engine::sync`], so that what can wait had better wait, as it changes;
    /// nothing if it never does.
    fn behind(&self) -> Option<watch::Receiver<bool>> {
        None
    }

    /// How many bytes the database takes.
    ///
    /// # Errors
    /// As [`Engine::get`].
    fn size_on_disk(&self) -> Result<u64, Error>;

    /// Whether [`Engine::mark_created`] was called once: such a database that is found empty is damaged, not new.
    fn was_created(&self) -> bool;

    /// Remembers durably that the database's first rows are written. Called on every start, after a sync.
    ///
    /// # Errors
    /// As [`Engine::apply`].
    fn mark_created(&self) -> Result<(), Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_prefix_ends_right_behind_it() {
        assert_eq!(KeyRange::of_prefix(b"ab").to, b"ac");
        assert_eq!(KeyRange::of_prefix(&[b'a', 0xFF, 0xFF]).to, b"b");
    }

    #[test]
    fn bounds_outside_a_range_leave_it_as_it_is() {
        let mut range = KeyRange::of_prefix(b"b");
        range.skip_to_after(b"a");
        range.stop_before(b"d");
        assert_eq!(range, KeyRange::of_prefix(b"b"));
        range.skip_to_after(b"bb");
        assert_eq!(range.from, b"bb\0");
        range.stop_before(b"ba");
        assert!(range.is_empty());
    }
}
