//! Going on when the history that was followed is not there any more.
//!
//! A database that was restored from a backup, copied back or emptied tells another history than its followers know. They then
//! read a snapshot of what it holds, row by row, and let go of what it does not hold any more; how, and what is spared, is in
//! `chassis::resync`. Rows travel as records of the log ([`Change`](crate::log::Change)), so that a follower understands both alike.

use serde::{Deserialize, Serialize};

use crate::log::Digest;
use crate::{Epoch, Service};

/// Asks for some of the rows that a log's owner holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSnapshot {
    /// The `next` of the page before.
    pub after: Option<Vec<u8>>,
    /// How many rows at most; a service may give fewer.
    pub limit: u32,
}

/// Some of the rows, in the order of keys that never change. Pages are read one after another while people work: a row that
/// changes in between is told as it was when its page was read, and the log from the first page's position on tells the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot<C> {
    /// The history of the log that goes with these rows.
    pub epoch: Epoch,
    /// The position of that log at which these rows were read.
    pub at: u64,
    /// The digest of the log up to there.
    pub digest: Digest,
    /// The rows, as records that would make them.
    pub rows: Vec<C>,
    /// Where the next page begins.
    pub next: Option<Vec<u8>>,
}

/// The operator's word that rows which their owner does not hold any more may go here too, however many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptLoss {
    /// The owner.
    pub source: Service,
}

/// What the operator's word was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossAccepted {
    /// The owner.
    pub source: Service,
    /// How many rows go.
    pub rows: u64,
}
