//! What an operator, or a test, may choose.

use std::time::Duration;

/// How the service behaves where there is a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What hashing a password costs. Hashes made at another cost stay valid.
    pub hashing: PasswordCost,
    /// How many registrations one address may make in a minute.
    pub registrations_per_minute: u32,
    /// How many wrong passwords one address may give for one user name in a minute; for all names together, five times as many.
    pub failed_logins_per_minute: u32,
    /// How long a session lasts from its start, or from its last renewal.
    pub session_life: Duration,
    /// How many passwords are hashed at the same time, each on a thread of its own.
    pub max_concurrent_hashes: usize,
    /// Where they are hashed.
    pub hashed_on: HashedOn,
}

/// Where passwords are hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashedOn {
    /// On threads of their own, away from the async ones, which a hash would hold up.
    #[default]
    OwnThreads,
    /// On the thread of the caller: for a simulation, in which everything happens on one.
    CallersThread,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hashing: PasswordCost::default(),
            registrations_per_minute: 20,
            failed_logins_per_minute: 10,
            session_life: Duration::from_secs(30 * 86_400),
            max_concurrent_hashes: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            hashed_on: HashedOn::default(),
        }
    }
}

/// The cost parameters of Argon2id (RFC 9106 §3.1). The default is what OWASP's Password Storage Cheat Sheet recommends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory, in KiB; at least 8 a lane.
    pub memory_kib: u32,
    /// Passes over the memory; at least 1.
    pub passes: u32,
    /// Degree of parallelism; at least 1.
    pub lanes: u32,
}

impl PasswordCost {
    /// The least that Argon2 allows: for tests, where a hash protects nothing.
    #[must_use]
    pub const fn cheapest() -> Self {
        Self { memory_kib: 8, passes: 1, lanes: 1 }
    }
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}
