//! What can happen to the client, and the moment at which it happens.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use domain::{Error, IdempotencyKey, Reply, Timestamp};
use jiff::civil::Date;
use tokio::time::Instant;

use super::ask::Outcome;
use super::effect::RequestId;
use super::import::Folder;
use crate::importing::{Broken, NotRead, Piece};

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
    /// The terminal has so many columns and rows.
    Resized(u16, u16),
    /// Something drawn was clicked on.
    Pointed(Target),
    /// The mouse's wheel was turned a notch, down or up.
    Wheel { down: bool },
    /// Time went by.
    Tick,
    /// A call was answered.
    Answer { request: RequestId, answer: Box<Result<Reply<Outcome>, Error>> },
    /// A file that was to be opened is, or not.
    Opened { reading: RequestId, opened: Opened },
    /// A piece of it was read.
    Read { reading: RequestId, piece: Result<Piece, Broken> },
    /// This is in a folder.
    Looked(Folder),
    /// The session could not be kept.
    NotKept(String),
}

/// What came of opening a file.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Its path, from the root.
    pub(crate) path: PathBuf,
    /// How much there is to understand, in bytes; or why it was not read.
    pub(crate) total: Result<usize, NotRead>,
}

/// Something drawn, as far as a click on it means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A row of the list on the screen.
    Row(usize),
    /// A day of the calendar.
    Day(Date),
    /// One of a day's items.
    Item(Date, usize),
    /// A field of the form.
    Field(usize),
    /// A command of the palette.
    Command(usize),
}
