//! The shared output buffer of one connection, and the task that empties it.
//!
//! Whoever has a frame appends it here, and then all that has gathered is handed to the stream at once, so that many frames share one
//! write. Who writes depends on what else is about to come:
//!
//! * Frames that are known to be the last for the moment are written from where they were made ([`Outbox::flush`]), without waking anybody.
//! * While others are about to be made by those who run next, nobody writes until whoever knows that flushes ([`Outbox::gather`]).
//! * Otherwise the writer's task is told, and lets all run that are ready before it writes. It also writes what a stream did not take at once.
//!
//! Frames are encoded before the lock is taken (a large one must not hold up the others) and copied under it. The outbox also knows how
//! many bytes the stream has really taken, which is what tells "certainly not executed" from "outcome unknown" when a connection is lost.

mod sink;

use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::frame::{self, FrameKind};
use crate::stream::{WriteHalf, step_aside};
use sink::Sink;

/// Above this many waiting bytes, whoever can wait does (see [`Outbox::room`]).
const HIGH_WATER: usize = 1 << 20;

/// A stream that has not taken all that was handed to it after this long, and as long as it would take at [`LEAST_RATE`], is lost. Somebody
/// who reads a byte now and then keeps nothing alive.
const STALLED: Duration = Duration::from_secs(30);

/// The slowest reader that is waited for, in bytes a second.
const LEAST_RATE: usize = 64 * 1024;

/// How long a stream may take for so many bytes before it counts as lost.
pub(crate) fn patience_for(bytes: usize) -> Duration {
    STALLED + Duration::from_secs((bytes / LEAST_RATE).try_into().unwrap_or_default())
}

/// The buffer has been closed: the frame was not taken.
#[derive(Debug)]
pub(crate) struct Closed;

#[derive(Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Locked before the state, where both are.
    sink: Mutex<Sink>,
    work: Notify,
    room: Notify,
    /// Whether too much is waiting; changed under the lock, looked at without.
    full: AtomicBool,
    handed: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Bytes ever appended.
    appended: u64,
    /// Whether the writer has been told that something waits.
    told: bool,
    /// Whether somebody will flush once all have run who are about to make frames.
    gathering: bool,
    /// Whether other calls are under way, so that more frames will come in a moment.
    in_company: bool,
    ending: Ending,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Ending {
    #[default]
    No,
    /// Nothing more is taken; what waits is still written.
    WhenWritten,
    /// Nothing more is written either.
    Now,
}

impl State {
    fn append(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> Result<u64, Closed> {
        if self.ending != Ending::No {
            return Err(Closed);
        }
        let begins = self.appended;
        let before = self.waiting.len();
        put(&mut self.waiting);
        self.appended += u64::try_from(self.waiting.len() - before).unwrap_or_default();
        Ok(begins)
    }

    /// Whether the writer is still to be told that something waits.
    fn tell(&mut self) -> bool {
        !self.gathering && !std::mem::replace(&mut self.told, true)
    }
}

impl Outbox {
    /// Appends a frame and gives the place in the stream where it begins; the writer writes it. `in_company`: other calls are under way,
    /// so that more frames will come in a moment.
    pub(crate) fn push(&self, kind: FrameKind, id: u64, payload: &[u8], in_company: bool) -> Result<u64, Closed> {
        self.append(|waiting| frame::append(waiting, kind, id, payload), |_| in_company, State::tell)
    }

    /// Appends whole frames, which the writer writes.
    pub(crate) fn push_frames(&self, frames: &[u8], in_company: bool) -> Result<(), Closed> {
        self.append(|waiting| waiting.extend_from_slice(frames), |_| in_company, State::tell).map(|_| ())
    }

    /// Appends a frame and gives the place in the stream where it begins. Whoever appends it [flushes](Self::flush) as soon as they can.
    pub(crate) fn leave(&self, kind: FrameKind, id: u64, payload: &[u8]) -> Result<u64, Closed> {
        self.append(|waiting| frame::append(waiting, kind, id, payload), |state| state.in_company, |_| false)
    }

    /// Appends whole frames. Whoever appends them [flushes](Self::flush) as soon as they can.
    pub(crate) fn leave_frames(&self, frames: &[u8]) -> Result<(), Closed> {
        self.append(|waiting| waiting.extend_from_slice(frames), |state| state.in_company, |_| false).map(|_| ())
    }

    fn append(
        &self,
        put: impl FnOnce(&mut Vec<u8>),
        in_company: impl FnOnce(&State) -> bool,
        tell: impl FnOnce(&mut State) -> bool,
    ) -> Result<u64, Closed> {
        let (begins, tell) = {
            let mut state = self.state.lock();
            let begins = state.append(put)?;
            state.in_company = in_company(&state);
            self.note_room(&state);
            (begins, tell(&mut state))
        };
        if tell {
            self.work.notify_one();
        }
        Ok(begins)
    }

    /// From now on nothing is written until somebody flushes: whoever calls this does so as soon as all tasks have run that are ready.
    pub(crate) fn gather(&self) {
        self.state.lock().gathering = true;
    }

    /// Writes what waits from where the caller stands, as far as the stream takes it at once. The rest is left to the writer.
    pub(crate) fn flush(&self) {
        self.state.lock().gathering = false;
        let sink = self.sink.try_lock();
        let written = sink.filter(|sink| sink.may_be_flushed()).is_some_and(|mut sink| {
            // What was left of an earlier batch, and then all that waits. What is appended from now on is others' to see to.
            let rest = sink.left() == 0 || sink.write_at_once(&self.handed);
            rest && (!self.fill(&mut sink) || sink.write_at_once(&self.handed))
        });
        if !written {
            self.work.notify_one();
        }
    }

    /// Makes what waits the next batch, if the last one has gone; whether there is anything to write.
    fn fill(&self, sink: &mut Sink) -> bool {
        if let Some(batch) = sink.empty_batch() {
            let was_full = {
                let mut state = self.state.lock();
                std::mem::swap(&mut state.waiting, batch);
                state.told = false;
                let was_full = !self.has_room();
                self.note_room(&state);
                was_full
            };
            if was_full {
                self.room.notify_waiters();
            }
        }
        sink.left() > 0
    }

    /// Whether not too much is waiting already.
    pub(crate) fn has_room(&self) -> bool {
        !self.full.load(Ordering::Acquire)
    }

    fn note_room(&self, state: &State) {
        self.full.store(state.waiting.len() >= HIGH_WATER && state.ending == Ending::No, Ordering::Release);
    }

    /// Waits until not too much is waiting already.
    pub(crate) async fn room(&self) {
        while !self.has_room() {
            let freed = self.room.notified();
            if self.has_room() {
                return;
            }
            freed.await;
        }
    }

    /// How many bytes the stream has taken. Final once the writer has ended.
    pub(crate) fn handed(&self) -> u64 {
        self.handed.load(Ordering::Acquire)
    }

    /// Takes nothing more; what waits is still written, and the stream then closed.
    pub(crate) fn finish(&self) {
        self.end(Ending::WhenWritten);
    }

    /// Takes nothing more and writes nothing more.
    pub(crate) fn close(&self) {
        self.end(Ending::Now);
    }

    fn end(&self, how: Ending) {
        let mut state = self.state.lock();
        if state.ending != Ending::Now {
            state.ending = how;
        }
        self.note_room(&state);
        drop(state);
        self.work.notify_one();
        self.room.notify_waiters();
    }

    /// The writer: runs until the outbox ends or the stream fails.
    pub(crate) async fn write_to(&self, half: WriteHalf) -> io::Result<()> {
        self.sink.lock().open(half);
        let _closes = Closes(self);
        loop {
            let (ending, in_company) = {
                let state = self.state.lock();
                (state.ending, state.in_company && !state.waiting.is_empty())
            };
            if ending == Ending::Now {
                return Ok(());
            }
            // A writer that was just woken runs next and would write one frame at a time. When other calls are under way their frames
            // are about to come: let them. A lone caller does not wait.
            if in_company {
                step_aside().await;
            }
            while let Some(bytes) = self.to_write() {
                let write = poll_fn(|task| self.sink.lock().poll_write(task, &self.handed));
                tokio::time::timeout(patience_for(bytes), write).await.map_err(|_| slow())??;
            }
            if ending == Ending::WhenWritten {
                return poll_fn(|task| self.sink.lock().poll_shutdown(task)).await;
            }
            self.work.notified().await;
        }
    }

    /// How many bytes are to be written next, if any.
    fn to_write(&self) -> Option<usize> {
        let mut sink = self.sink.lock();
        self.fill(&mut sink).then(|| sink.left())
    }
}

/// Closes the stream when the writer ends, however that comes about.
struct Closes<'o>(&'o Outbox);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.sink.lock().close();
    }
}

fn slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer takes no bytes, or hardly any")
}

#[cfg(test)]
mod tests;
