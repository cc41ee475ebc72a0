//! The change logs by which services learn of each other's rows.
//!
//! Every service appends what changed to a log, in the same transaction as the change itself, and serves it to those that refer
//! to its rows. Delivery is at least once and in order; a follower commits the effect together with its [`LogCursor`], so the
//! effect happens exactly once.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Epoch, Positions};

/// A record of one of the five logs.
pub trait Change: Serialize + DeserializeOwned + Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The version of its encoding; raised whenever the bytes change.
    const VERSION: u8;

    /// What records were in the version before this one; the type itself in the first version.
    type Before: DeserializeOwned + Into<Self>;

    /// The name of a row that the log's owner has and its followers keep something of; it never changes.
    type Row: Serialize + DeserializeOwned + Clone + std::fmt::Debug + PartialEq + Eq + Send + Sync + 'static;

    /// The rows that this record says are there.
    fn rows(&self) -> Vec<Self::Row>;

    /// The record that takes a row away.
    fn removal(row: &Self::Row) -> Self;

    /// Whether a row is more than a passing one: nobody is sorry for a session. Of the others only a few go
    /// without an operator's word when their owner has lost them.
    fn is_lasting(_row: &Self::Row) -> bool {
        true
    }
}

/// A digest chained over all records up to a position, so that two histories cannot be confused.
pub type Digest = [u8; 16];

/// How far a follower has come in one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCursor {
    /// The history it follows; `None` before the first answer.
    pub epoch: Option<Epoch>,
    /// The last record applied; 0 before the first.
    pub position: u64,
    /// The digest of the log up to there.
    #[serde(with = "crate::octets")]
    pub digest: Digest,
}

impl LogCursor {
    /// Before the first record of a history not yet known.
    pub const START: Self = Self { epoch: None, position: 0, digest: [0; 16] };
}

/// Asks for what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadChanges {
    /// Where the follower is. All that it has applied is durable there.
    pub after: LogCursor,
    /// How many records at most; a service may give fewer.
    pub limit: u32,
    /// How long to wait for a change when there is none yet, in milliseconds.
    pub wait_ms: u32,
    /// What the follower was last told of how far the service itself has followed others; news of that ends the wait too.
    pub followed: Positions,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Changes<C> {
    /// The records after the cursor, in order; none if nothing changed while waiting.
    Records {
        /// The log's history.
        epoch: Epoch,
        /// The records.
        records: Vec<Record<C>>,
        /// The last durable position of the log at the time of the answer.
        watermark: u64,
        /// How far the service itself had applied the logs that it follows, before it read these records.
        followed: Positions,
    },
    /// The cursor does not belong to this log's history: a database was restored, copied back or emptied.
    Diverged {
        /// The log's present history.
        epoch: Epoch,
        /// Its last durable position.
        watermark: u64,
    },
}

/// One record of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record<C> {
    /// Its position, from 1.
    pub position: u64,
    /// The digest of the log up to and with it.
    #[serde(with = "crate::octets")]
    pub digest: Digest,
    /// What changed.
    pub change: C,
}
