//! Reading: a state of the database that stays as it is while it is looked at.

use crate::engine::Engine;
use crate::log::Head;
use crate::merge::Layers;
use crate::reader::{Reader, Source};

/// The state of the database between two batches. Everything it shows is made durable before what was read from
/// it is returned.
pub struct View<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) head: Head,
}

impl Source for View<'_> {
    fn layers(&self) -> Layers<'_> {
        Layers { engine: self.engine, pending: [None, None] }
    }

    fn head(&self) -> Head {
        self.head
    }
}

impl Reader for View<'_> {}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("position", &self.head.position).finish_non_exhaustive()
    }
}
