//! Reading: a state of the database that stays as it is while it is looked at.
//!
//! The last batch may be applied and not yet durable. A view knows what it has changed, and notes whether anything of it was seen:
//! only then must what was read wait for it ([`Database::read`](crate::Database::read)).

use std::cell::Cell;

use crate::engine::{Changes, Engine};
use crate::log::{Epoch, Head};
use crate::merge::{Layers, Unsettled};
use crate::reader::{Reader, Source};

/// The state of the database between two batches. Everything seen of it is made durable before what was read from
/// it is returned.
pub struct View<'a> {
    engine: &'a dyn Engine,
    head: Head,
    /// The end of the log as it is durable.
    durable: Head,
    /// The last batch, while it is not durable.
    unsettled: Option<Unsettled<'a>>,
}

impl<'a> View<'a> {
    /// Of what is behind `engine`, with a log that ends with `head`; `unsettled` is the last batch, while it is not durable, and where
    /// the log ended before it.
    pub(crate) fn new(engine: &'a dyn Engine, head: Head, unsettled: Option<(&'a Changes, Head)>) -> Self {
        let durable = unsettled.map_or(head, |(_, before)| before);
        let unsettled = unsettled.map(|(changes, _)| Unsettled { changes, seen: Cell::new(false) });
        Self { engine, head, durable, unsettled }
    }

    /// The engine itself; whatever is read from it counts as seen.
    pub(crate) fn engine(&self) -> &'a dyn Engine {
        self.see_all();
        self.engine
    }

    /// Whether anything was seen of the last batch while it is not durable.
    pub(crate) fn has_seen_unsettled(&self) -> bool {
        self.unsettled.as_ref().is_some_and(|unsettled| unsettled.seen.get())
    }

    /// The history and the position in its log of the earliest state that shows everything as it was read so far: that of this view, or
    /// the one before the last batch if nothing of that was seen. Asking for it sees nothing.
    #[must_use]
    pub fn as_of(&self) -> (Epoch, u64) {
        let head = if self.has_seen_unsettled() { self.head } else { self.durable };
        (head.epoch, head.position)
    }

    fn see_all(&self) {
        if let Some(unsettled) = &self.unsettled {
            unsettled.seen.set(true);
        }
    }
}

impl Source for View<'_> {
    fn layers(&self) -> Layers<'_> {
        Layers { engine: self.engine, pending: [None, None], unsettled: self.unsettled.as_ref() }
    }

    fn head(&self) -> Head {
        if self.head != self.durable {
            self.see_all();
        }
        self.head
    }
}

impl Reader for View<'_> {}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("position", &self.head.position).finish_non_exhaustive()
    }
}
