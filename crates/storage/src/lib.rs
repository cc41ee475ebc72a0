//! The database of one service: typed tables, consistent reads, durable writes and a change log.
//!
//! A service declares its [`Table`]s as constants, reads them in [`Database::read`] and changes them in
//! [`Database::write`]; what it tells other services it [`announces`](Transaction::announce) inside the same
//! transaction, so that a change and its announcement are one atomic write.
//!
//! Three promises hold for every caller, and each has its tests:
//!
//! - An acknowledged write survives `kill -9` and power loss, and no answer of any kind (a read, a refused
//!   write) leaves before everything it saw is durable.
//! - A transaction's rows and its change-log records are applied together or not at all.
//! - Every stored value carries its format version: older ones are upgraded when read, newer ones refused.
//!
//! How it works: one writer thread a database drains the waiting closures, runs each on an overlay over the
//! tables, applies all that succeeded as one batch, syncs it, and only then answers ([`mod@writer`]). Readers
//! exclude nothing but the moment of applying. The bytes live behind one small seam ([`Engine`]) with two
//! implementations: sled in a folder behind a journal, and a map in memory that can lose what was not synced.
//!
//! The crate knows nothing of calendars: it depends on no other crate of the workspace.

mod background;
mod backup;
mod codec;
mod database;
mod engine;
mod error;
mod key;
mod layout;
mod log;
mod merge;
mod reader;
mod scrub;
mod shared;
mod spans;
mod startup;
mod table;
mod transaction;
mod value;
mod view;
mod volume;
mod writer;

pub use backup::{Backup, BackupHeader, examine_backup};
pub use codec::{DECODE_LIMIT, decode, encode};
pub use database::{Database, Options, Stats};
pub use engine::memory::MemoryDisk;
#[cfg(feature = "bare")]
pub use engine::sled::Bare;
pub use engine::sled::{Hold, panics_are_told};
pub use engine::{Changes, Direction, Engine, KeyRange, Row};
pub use error::Error;
pub use key::{Key, MAX_KEY, decode_key, encode_key};
pub use log::{Cursor, Digest, Epoch, Record};
pub use reader::Reader;
pub use shared::Batch;
pub use spans::{Span, Spans};
pub use table::Table;
pub use transaction::Transaction;
pub use value::{MAX_VALUE, Value, decode_before, decode_value, encode_value};
pub use view::View;
