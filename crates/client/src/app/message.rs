//! What can happen to the client, and the moment at which it happens.

use crossterm::event::KeyEvent;
use domain::{Error, IdempotencyKey, Reply, Timestamp};
use tokio::time::Instant;

use super::ask::Outcome;
use super::effect::RequestId;

/// The moment of a message: handed in, so that [`update`](super::update) reads no clock and draws no random number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// For measuring.
    pub(crate) instant: Instant,
    /// For dates.
    pub(crate) wall: Timestamp,
    /// The identity of the command that this message may send; a message sends at most one new command.
    pub(crate) key: IdempotencyKey,
}

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Msg {
    /// The client has started.
    Started,
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size, or the focus: draw anew.
    Redraw,
    /// Time went by.
    Tick,
    /// A call was answered.
    Answer { request: RequestId, answer: Result<Reply<Outcome>, Error> },
    /// The session could not be kept.
    NotKept(String),
}
