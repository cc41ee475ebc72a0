//! Frames: what the upgraded stream is made of.
//!
//! ```text
//! length u32 LE │ kind u8 │ id u64 LE │ payload
//! ```
//!
//! `length` counts what follows it. The payload of a request is a [`RequestHeader`] and the method's argument; of a reply a
//! [`ReplyHeader`] and the method's result; of an error a [`domain::Error`]; of a go-away the reason; the others have none. The
//! protocol's version is exchanged once, in the upgrade (see `handshake`), and not repeated in each frame.

mod reader;

use std::borrow::Cow;

use domain::{Context, Credential, Error, IdempotencyKey, Positions, Service, Trace};
use serde::{Deserialize, Serialize};

pub use reader::frames_of;
pub(crate) use reader::{Arrival, FrameReader};

/// The version of everything on the wire: frames, headers and the encoding of values. Raised whenever bytes change.
pub const PROTOCOL_VERSION: u16 = 2;

/// The largest frame, in bytes after its length, unless configured otherwise.
pub const MAX_FRAME: usize = 4 << 20;

/// The bytes before a frame's kind.
pub(crate) const LENGTH_BYTES: usize = 4;

/// The bytes of a frame's kind and id, which `length` counts.
pub(crate) const HEAD_BYTES: usize = 9;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// A call.
    Request = 1,
    /// Its answer.
    Reply = 2,
    /// Its refusal or failure.
    Error = 3,
    /// The caller wants no answer any more. It gets one all the same, which frees the call's place.
    Cancel = 4,
    /// The server takes no further calls on this connection.
    GoAway = 5,
    /// Are you there?
    Ping = 6,
    /// Yes.
    Pong = 7,
}

impl FrameKind {
    /// The kind of this number.
    #[must_use]
    pub const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Request),
            2 => Some(Self::Reply),
            3 => Some(Self::Error),
            4 => Some(Self::Cancel),
            5 => Some(Self::GoAway),
            6 => Some(Self::Ping),
            7 => Some(Self::Pong),
            _ => None,
        }
    }
}

/// What travels before a method's argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestHeader<'a> {
    /// The method's number.
    pub method: u16,
    /// How long the answer is of use, in milliseconds from now: a duration, because clocks differ.
    pub deadline_ms: u32,
    /// Who asks.
    pub credential: Cow<'a, Credential>,
    /// The command's identity.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The command's number in its session.
    pub sequence: Option<u64>,
    /// What the caller has seen.
    pub seen: Cow<'a, Positions>,
    /// The trace and the caller's span.
    pub trace: Trace,
}

impl<'a> RequestHeader<'a> {
    /// The header of a call under `context`.
    #[must_use]
    pub fn new(method: u16, context: &'a Context) -> Self {
        let left = context.remaining();
        // Rounded up: the callee must not give up before the caller does.
        let deadline_ms = u32::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u32::MAX);
        Self {
            method,
            deadline_ms,
            credential: Cow::Borrowed(&context.credential),
            idempotency_key: context.idempotency_key,
            sequence: context.sequence,
            seen: Cow::Borrowed(&context.seen),
            trace: context.trace,
        }
    }
}

/// What travels before a method's result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyHeader<'a> {
    /// What the view behind the answer had seen.
    pub seen: Cow<'a, Positions>,
    /// Whom it had not yet caught up with.
    pub behind: Cow<'a, [Service]>,
    /// Whether the followers have passed the change.
    pub settled: bool,
}

/// Appends a frame to `out`. The caller has seen to it that it is not too large (see [`check_size`]).
pub(crate) fn append(out: &mut Vec<u8>, kind: FrameKind, id: u64, payload: &[u8]) {
    out.reserve(LENGTH_BYTES + HEAD_BYTES + payload.len());
    let begins = begin(out, kind, id);
    out.extend_from_slice(payload);
    end(out, begins);
}

/// Begins a frame at the end of `out`: its payload is to follow there, and then its [`end`], which is told where it began.
pub(crate) fn begin(out: &mut Vec<u8>, kind: FrameKind, id: u64) -> usize {
    let begins = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    out.push(kind as u8);
    out.extend_from_slice(&id.to_le_bytes());
    begins
}

/// Ends the frame that began there, and gives the length of its payload.
pub(crate) fn end(out: &mut [u8], begins: usize) -> usize {
    let length = out.len().saturating_sub(begins + LENGTH_BYTES);
    if let Some(place) = out.get_mut(begins..begins + LENGTH_BYTES) {
        place.copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }
    length.saturating_sub(HEAD_BYTES)
}

/// Refuses a payload of so many bytes, whose frame the peer would refuse.
pub(crate) fn check_size(payload: usize, max_frame: usize) -> Result<(), Error> {
    let length = HEAD_BYTES + payload;
    if length <= max_frame && u32::try_from(length).is_ok() { Ok(()) } else { Err(too_large(length, max_frame)) }
}

/// The refusal of a frame of `length` bytes.
pub(crate) fn too_large(length: usize, max_frame: usize) -> Error {
    Error::invalid("message", "", format!("has {length} bytes, and at most {max_frame} are accepted"))
}
