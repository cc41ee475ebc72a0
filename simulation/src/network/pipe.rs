//! One direction of a connection: bytes that were sent and have not been read, each with the moment of its arrival.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, Waker};

use bytes::{Buf as _, Bytes};
use parking_lot::Mutex;
use tokio::io::ReadBuf;
use tokio::time::Instant;

use super::{Network, Node};

/// How many bytes may be under way.
const CAPACITY: usize = 64 * 1_024;

pub(super) struct Pipe {
    network: Network,
    connection: u64,
    from: Node,
    to: Node,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    under_way: VecDeque<(Instant, Item)>,
    bytes: usize,
    last_arrival: Option<Instant>,
    /// What is sent is lost, and nobody says so.
    into_the_void: bool,
    /// The reader's end is closed, and the sender knows.
    refused: bool,
    /// Nothing more is read here: the machine is dead.
    deaf: bool,
    reader: Option<Waker>,
    sender: Option<Waker>,
}

enum Item {
    Bytes(Bytes),
    End,
    Reset,
}

/// What a reader has to wait for.
pub(super) enum Read {
    Done(io::Result<()>),
    Until(Instant),
    ForNews,
}

impl Pipe {
    pub(super) fn new(network: Network, connection: u64, from: Node, to: Node) -> Self {
        Self { network, connection, from, to, state: Mutex::default() }
    }

    pub(super) fn wake(&self) {
        let mut state = self.state.lock();
        let (reader, sender) = (state.reader.take(), state.sender.take());
        drop(state);
        reader.into_iter().chain(sender).for_each(Waker::wake);
    }

    /// The connection is broken; the reader is told after what is under way, or instead of it.
    pub(super) fn reset(&self, deliver: bool) {
        let now = Instant::now();
        let mut state = self.state.lock();
        if !deliver {
            state.under_way.clear();
            state.bytes = 0;
        }
        let at = state.last_arrival.filter(|_| deliver).map_or(now, |last| last.max(now));
        state.under_way.push_back((at, Item::Reset));
        state.refused = true;
        drop(state);
        self.wake();
    }

    /// The sender's machine has died: it sends nothing more, and the reader hears of it or does not.
    pub(super) fn sender_died(&self, told: bool) {
        if told {
            let delay = self.network.delay();
            let mut state = self.state.lock();
            let at = state.last_arrival.unwrap_or_else(Instant::now).max(Instant::now()) + delay;
            state.under_way.push_back((at, Item::Reset));
            state.into_the_void = true;
            drop(state);
            self.wake();
        } else {
            self.state.lock().into_the_void = true;
        }
    }

    /// The reader's machine has died: what arrives there is lost, and the sender hears of it or does not.
    pub(super) fn reader_died(&self, told: bool) {
        let mut state = self.state.lock();
        state.deaf = true;
        state.under_way.clear();
        state.bytes = 0;
        if told {
            state.refused = true;
        } else {
            state.into_the_void = true;
        }
        drop(state);
        self.wake();
    }

    /// The reader wants no more.
    pub(super) fn reader_left(&self) {
        let mut state = self.state.lock();
        state.refused = true;
        drop(state);
        self.wake();
    }

    /// The sender has sent all that it wanted.
    pub(super) fn end(&self) {
        let delay = self.network.delay();
        let mut state = self.state.lock();
        if state.into_the_void {
            return;
        }
        let now = Instant::now();
        let at = state.last_arrival.unwrap_or(now).max(now + delay);
        state.last_arrival = Some(at);
        state.under_way.push_back((at, Item::End));
        drop(state);
        self.wake();
    }

    pub(super) fn write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let (delay, taken) = (self.network.delay(), self.network.taken_at_once(bytes.len()));
        let mut state = self.state.lock();
        if state.into_the_void {
            return Poll::Ready(Ok(bytes.len()));
        }
        if state.refused {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if state.bytes >= CAPACITY {
            state.sender = Some(context.waker().clone());
            return Poll::Pending;
        }
        let taken = taken.min(CAPACITY - state.bytes);
        let sent = Bytes::copy_from_slice(bytes.get(..taken).unwrap_or_default());
        self.network.0.trace.bytes(self.connection, &sent);
        let now = Instant::now();
        let at = state.last_arrival.unwrap_or(now).max(now + delay);
        state.last_arrival = Some(at);
        state.bytes += sent.len();
        state.under_way.push_back((at, Item::Bytes(sent)));
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(taken))
    }

    pub(super) fn read(&self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Read {
        let blocked = self.network.is_blocked(self.from, self.to);
        let mut state = self.state.lock();
        state.reader = Some(context.waker().clone());
        if blocked || state.deaf {
            return Read::ForNews;
        }
        let now = Instant::now();
        match state.under_way.front_mut() {
            None => Read::ForNews,
            Some((at, _)) if *at > now => Read::Until(*at),
            Some((_, Item::End)) => Read::Done(Ok(())),
            Some((_, Item::Reset)) => Read::Done(Err(io::ErrorKind::ConnectionReset.into())),
            Some((_, Item::Bytes(bytes))) => {
                let count = bytes.len().min(buffer.remaining());
                buffer.put_slice(bytes.get(..count).unwrap_or_default());
                bytes.advance(count);
                if bytes.is_empty() {
                    state.under_way.pop_front();
                }
                state.bytes -= count;
                let sender = state.sender.take();
                drop(state);
                sender.into_iter().for_each(Waker::wake);
                Read::Done(Ok(()))
            }
        }
    }
}
