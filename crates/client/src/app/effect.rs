//! What the client wants done in the world: the only way out of [`update`](super::update).

use std::time::Duration;

use domain::{Credential, IdempotencyKey, PageCursor, Positions, Zone};

use super::ask::Call;
use super::import::ToImport;
use crate::session::Kept;

/// The number of a call; an answer to one that is no longer current is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestId(pub(crate) u64);

/// A wish.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Call a service.
    Call(Box<Sent>),
    /// Keep this between runs.
    Keep(Box<Kept>),
    /// Open a calendar file.
    Open { reading: RequestId, wanted: ToImport },
    /// Read the next piece of it.
    ReadOn(RequestId),
    /// Let it go.
    Close(RequestId),
    /// Say what is in a folder.
    Look(String),
    /// Leave.
    Quit,
}

/// A call on its way, with all that it needs.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) request: RequestId,
    pub(crate) call: Call,
    /// Where the page asked for begins; `None` for the first, and for what comes whole.
    pub(crate) after: Option<PageCursor>,
    /// Within this it is answered, or the outcome is unknown.
    pub(crate) timeout: Duration,
    /// The command's identity and number; `None` for queries.
    pub(crate) identity: Option<(IdempotencyKey, u64)>,
    pub(crate) credential: Credential,
    pub(crate) seen: Positions,
    /// The reader's zone, in which days begin.
    pub(crate) zone: Zone,
}
