//! An answer, and what one must know to trust it.

use serde::{Deserialize, Serialize};

use crate::{Positions, Service};

/// What a service method returns when it succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply<T> {
    /// The answer itself.
    pub value: T,
    /// The log positions that the view behind the answer had seen: its own log's and those it follows. All durable.
    pub seen: Positions,
    /// Services whose changes the view had not yet caught up with, although the caller had seen them.
    pub behind: Vec<Service>,
    /// For commands that give or take rights: whether every follower has passed the change. `true` for everything else.
    pub settled: bool,
}

impl<T> Reply<T> {
    /// An answer whose view had seen `seen` and was not behind.
    pub const fn new(value: T, seen: Positions) -> Self {
        Self { value, seen, behind: Vec::new(), settled: true }
    }

    /// The same reply with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        Reply { value: change(self.value), seen: self.seen, behind: self.behind, settled: self.settled }
    }
}
