//! The shared output buffer of one connection, and the task that empties it.
//!
//! Whoever has a frame appends it here; the writer takes all that has gathered and hands it to the stream at once, so that many
//! frames share one write. Frames are encoded before the lock is taken (a large one must not hold up the others) and copied under
//! it. The outbox also knows how many bytes the stream has really taken, which is what tells "certainly not executed" from
//! "outcome unknown" when a connection is lost.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use crate::frame::{self, FrameKind};
use crate::stream::WriteHalf;

/// Above this many waiting bytes, whoever can wait does (see [`Outbox::room`]).
const HIGH_WATER: usize = 1 << 20;

/// A buffer that has grown above this is not kept.
const KEPT: usize = 256 * 1024;

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
    work: Notify,
    room: Notify,
    handed: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Bytes ever appended.
    appended: u64,
    /// Whether the writer has been told that something waits.
    told: bool,
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
    fn append(&mut self, kind: FrameKind, id: u64, payload: &[u8]) -> Result<u64, Closed> {
        if self.ending != Ending::No {
            return Err(Closed);
        }
        let begins = self.appended;
        let before = self.waiting.len();
        frame::append(&mut self.waiting, kind, id, payload);
        self.appended += u64::try_from(self.waiting.len() - before).unwrap_or_default();
        Ok(begins)
    }

    /// Whether the writer is still to be told that something waits.
    fn tell(&mut self) -> bool {
        !self.waiting.is_empty() && !std::mem::replace(&mut self.told, true)
    }
}

impl Outbox {
    /// Appends a frame and gives the place in the stream where it begins. `in_company`: other calls are under way.
    pub(crate) fn push(&self, kind: FrameKind, id: u64, payload: &[u8], in_company: bool) -> Result<u64, Closed> {
        let (begins, tell) = {
            let mut state = self.state.lock();
            let begins = state.append(kind, id, payload)?;
            state.in_company = in_company;
            (begins, state.tell())
        };
        if tell {
            self.work.notify_one();
        }
        Ok(begins)
    }

    /// Appends a frame of several that are ready together. It may not be written before they are [released](Self::release).
    pub(crate) fn gather(&self, kind: FrameKind, id: u64, payload: &[u8]) -> Result<u64, Closed> {
        self.state.lock().append(kind, id, payload)
    }

    /// Has what was gathered written, without waiting for more.
    pub(crate) fn release(&self) {
        let tell = {
            let mut state = self.state.lock();
            state.in_company = false;
            state.tell()
        };
        if tell {
            self.work.notify_one();
        }
    }

    /// Whether not too much is waiting already.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.state.lock();
        state.waiting.len() < HIGH_WATER || state.ending != Ending::No
    }

    /// Waits until not too much is waiting already.
    pub(crate) async fn room(&self) {
        loop {
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
        drop(state);
        self.work.notify_one();
        self.room.notify_waiters();
    }

    /// The writer: runs until the outbox ends or the stream fails.
    pub(crate) async fn write_to(&self, mut sink: WriteHalf) -> io::Result<()> {
        let mut batch = Vec::new();
        loop {
            let in_company = loop {
                {
                    let state = self.state.lock();
                    match state.ending {
                        Ending::Now => return Ok(()),
                        _ if !state.waiting.is_empty() => break state.in_company,
                        Ending::WhenWritten => break false,
                        Ending::No => {}
                    }
                }
                self.work.notified().await;
            };
            // A writer that was just woken runs next and would write one frame at a time. When other calls are under way their frames
            // are about to come: let them. A lone caller does not wait.
            if in_company {
                tokio::task::yield_now().await;
            }
            {
                let mut state = self.state.lock();
                std::mem::swap(&mut state.waiting, &mut batch);
                state.told = false;
            }
            self.room.notify_waiters();
            if batch.is_empty() {
                sink.shutdown().await?;
                return Ok(());
            }
            tokio::time::timeout(patience_for(batch.len()), self.hand_over(&mut sink, &batch))
                .await
                .map_err(|_| slow())??;
            batch.clear();
            if batch.capacity() > KEPT {
                batch = Vec::new();
            }
        }
    }

    /// Gives the stream all of these bytes, counting those that it has taken.
    async fn hand_over(&self, sink: &mut WriteHalf, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            let count = sink.write(rest).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.handed.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Release);
            rest = rest.get(count..).unwrap_or_default();
        }
        sink.flush().await
    }
}

fn slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer takes no bytes, or hardly any")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn finishing_writes_what_waits_and_then_closes_the_stream() {
        let outbox = Arc::new(Outbox::default());
        outbox.push(FrameKind::Ping, 1, b"", false).unwrap();
        outbox.push(FrameKind::Ping, 2, b"", true).unwrap();
        outbox.finish();
        assert!(outbox.push(FrameKind::Ping, 3, b"", false).is_err());
        let (near, mut far) = tokio::io::duplex(1024);
        outbox.write_to(Box::new(near)).await.unwrap();
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes.len(), 26);
        assert_eq!(outbox.handed(), 26);
    }

    #[tokio::test]
    async fn what_the_stream_never_took_is_known_not_to_have_been_handed_over() {
        let outbox = Arc::new(Outbox::default());
        let (near, mut far) = tokio::io::duplex(13);
        let first = outbox.push(FrameKind::Ping, 1, b"", false).unwrap();
        outbox.push(FrameKind::Ping, 2, b"", false).unwrap();
        let third = outbox.push(FrameKind::Ping, 3, b"", false).unwrap();
        let writer = tokio::spawn({
            let outbox = Arc::clone(&outbox);
            async move { outbox.write_to(Box::new(near)).await }
        });
        let mut bytes = [0; 1];
        // The pipe holds one frame: once a byte of it was read, the first has been handed over and one byte of the second may be.
        far.read_exact(&mut bytes).await.unwrap();
        drop(far);
        assert!(writer.await.unwrap().is_err());
        assert!(first < outbox.handed());
        assert!(third >= outbox.handed());
    }

    #[tokio::test]
    async fn what_was_gathered_is_written_once_it_is_released() {
        let outbox = Arc::new(Outbox::default());
        let (near, mut far) = tokio::io::duplex(1024);
        let writer = tokio::spawn({
            let outbox = Arc::clone(&outbox);
            async move { outbox.write_to(Box::new(near)).await }
        });
        let mut bytes = [0; 26];
        for _ in 0..3 {
            outbox.gather(FrameKind::Ping, 1, b"").unwrap();
            tokio::task::yield_now().await;
            outbox.gather(FrameKind::Ping, 2, b"").unwrap();
            outbox.release();
            outbox.release();
            tokio::time::timeout(Duration::from_secs(10), far.read_exact(&mut bytes)).await.expect("not told").unwrap();
        }
        outbox.finish();
        writer.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_full_outbox_has_room_again_once_it_is_written() {
        let outbox = Arc::new(Outbox::default());
        outbox.push(FrameKind::Reply, 1, &vec![0; HIGH_WATER], false).unwrap();
        let waiting = tokio::spawn({
            let outbox = Arc::clone(&outbox);
            async move { outbox.room().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        let writer = tokio::spawn({
            let outbox = Arc::clone(&outbox);
            async move { outbox.write_to(Box::new(tokio::io::sink())).await }
        });
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("nobody told it of the room").unwrap();
        outbox.finish();
        writer.await.unwrap().unwrap();
    }
}
