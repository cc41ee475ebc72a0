//! The change log: what a database announces to the services that follow it, with an identity of its own.
//!
//! Positions count from 1 without gaps. Each record carries a digest chained over all records up to it, and the
//! log an epoch minted when the database is created or restored: together they tell a follower whether the
//! history it has applied is still the one it is being served.

use serde::{Deserialize, Serialize};

use crate::engine::{Direction, Engine};
use crate::error::Error;
use crate::layout;
use crate::value::Value;

/// The identity of one history. A restored backup gets another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Epoch(pub [u8; 16]);

impl Epoch {
    /// A random one.
    pub(crate) fn mint() -> Result<Self, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::Engine { why: format!("no randomness for an epoch: {error}") })?;
        Ok(Epoch(bytes))
    }
}

/// A summary of all records up to a position; all zeros for the empty log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The digest after one more record.
    pub(crate) fn then(self, record: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(record);
        let mut digest = [0; 16];
        hasher.finalize_xof().fill(&mut digest);
        Digest(digest)
    }
}

macro_rules! shown_in_hexadecimal {
    ($($name:ident),*) => { $(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )* };
}

shown_in_hexadecimal!(Epoch, Digest);

/// How far a follower has applied another database's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The history that was followed.
    pub epoch: Epoch,
    /// The position of the last record applied; 0 for none.
    pub position: u64,
    /// The digest of that record.
    pub digest: Digest,
}

impl Value for Cursor {}

/// One record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<C> {
    /// Its place, counted from 1.
    pub position: u64,
    /// The digest of the log up to and including it.
    pub digest: Digest,
    /// What was announced.
    pub change: C,
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub(crate) epoch: Epoch,
    pub(crate) position: u64,
    pub(crate) digest: Digest,
}

impl Head {
    /// The end of an empty log.
    pub(crate) const fn start(epoch: Epoch) -> Self {
        Head { epoch, position: 0, digest: Digest([0; 16]) }
    }

    /// The end of the log as stored.
    pub(crate) fn load(engine: &dyn Engine, epoch: Epoch) -> Result<Self, Error> {
        let last = engine.rows(&layout::log_range(0, u64::MAX), Direction::Descending, 1)?;
        let Some((key, stored)) = last.first() else { return Ok(Head::start(epoch)) };
        let (digest, _) = split_record(stored)?;
        let position = layout::log_position(key).ok_or_else(|| broken("its key is no position"))?;
        Ok(Head { epoch, position, digest })
    }

    /// The end of the log once `record` is appended, and the row to store for it.
    pub(crate) fn append(self, record: &[u8]) -> Result<(Self, Vec<u8>), Error> {
        let position = self.position.checked_add(1).ok_or_else(|| broken("all positions are used up"))?;
        let digest = self.digest.then(record);
        Ok((Head { position, digest, ..self }, [digest.0.as_slice(), record].concat()))
    }
}

/// The digest and the record within a stored row of the log.
pub(crate) fn split_record(stored: &[u8]) -> Result<(Digest, &[u8]), Error> {
    let (digest, record) = stored.split_first_chunk::<16>().ok_or_else(|| broken("it is too short"))?;
    Ok((Digest(*digest), record))
}

fn broken(why: &str) -> Error {
    Error::Decode { what: "a record of the change log".to_owned(), why: why.to_owned() }
}
