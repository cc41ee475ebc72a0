//! Where everything lies in the one sorted space of keys.
//!
//! | full key                          | row                                                              |
//! |-----------------------------------|------------------------------------------------------------------|
//! | `0x00 b`                          | the engine's own (the number of the last batch)                  |
//! | `0x00 j`                          | the engine's own (what the records of its journal are known by)  |
//! | `0x00 i`                          | the database's identity                                          |
//! | `0x00 l` position, 8 bytes        | a change-log record: digest, then the change                     |
//! | `0x00 c` source                   | the cursor of a followed log                                     |
//! | table name `0x00` key             | a row of that table                                              |
//!
//! A name holds no `0x00` and is ended by one, so no table lies within another.

use serde::Serialize;

use crate::engine::KeyRange;
use crate::error::Error;
use crate::key::{MAX_KEY, append_key};

/// The engine's own row.
pub(crate) const ENGINE: &[u8] = b"\0b";
/// What the records of the engine's journal are known by.
pub(crate) const JOURNAL: &[u8] = b"\0j";
/// The identity of the database.
pub(crate) const IDENTITY: &[u8] = b"\0i";
const LOG: &[u8] = b"\0l";
const CURSOR: &[u8] = b"\0c";

/// The full key of the log record at `position`.
pub(crate) fn log_key(position: u64) -> Vec<u8> {
    [LOG, &position.to_be_bytes()].concat()
}

/// The position that [`log_key`] made `key` of.
pub(crate) fn log_position(key: &[u8]) -> Option<u64> {
    key.strip_prefix(LOG)?.try_into().ok().map(u64::from_be_bytes)
}

/// The log records with positions beyond `after`, up to and including `last`.
pub(crate) fn log_range(after: u64, last: u64) -> KeyRange {
    let mut range = KeyRange::of_prefix(LOG);
    range.skip_to_after(&log_key(after));
    if let Some(beyond) = last.checked_add(1) {
        range.stop_before(&log_key(beyond));
    }
    range
}

/// The full key of the cursor of the log called `source`.
pub(crate) fn cursor_key(source: &str) -> Result<Vec<u8>, Error> {
    within_limit("cursors", CURSOR.len(), [CURSOR, source.as_bytes()].concat())
}

/// What all full keys of the table called `name` begin with.
pub(crate) fn table_prefix(name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len() + 64);
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    bytes
}

/// The full key of `key` in the table called `name`; also what all full keys beginning with the elements `key` begin with.
pub(crate) fn table_key<K: Serialize + ?Sized>(name: &str, key: &K) -> Result<Vec<u8>, Error> {
    let mut bytes = table_prefix(name);
    append_key(&mut bytes, key).map_err(|error| error.about(|| format!("table {name}")))?;
    within_limit(name, name.len() + 1, bytes)
}

fn within_limit(table: &str, prefix: usize, key: Vec<u8>) -> Result<Vec<u8>, Error> {
    let size = key.len() - prefix;
    if size > MAX_KEY {
        return Err(Error::KeyTooLarge { table: table.to_owned(), size, limit: MAX_KEY });
    }
    Ok(key)
}
