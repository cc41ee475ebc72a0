//! Where the frames of a connection go, and what of the last batch has not gone there yet.
//!
//! The writer's task and whoever flushes write through the same sink, one at a time. Only the writer waits for a stream that takes nothing
//! at the moment; while it does, nobody else asks the stream, which would wake them and not the writer.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::AsyncWrite as _;

use crate::stream::WriteHalf;

/// A buffer that has grown above this is not kept.
const KEPT: usize = 256 * 1024;

#[derive(Default)]
pub(super) struct Sink {
    /// Nothing before the writer has begun and after it has ended.
    half: Option<WriteHalf>,
    batch: Vec<u8>,
    /// How much of the batch the stream has taken.
    written: usize,
    writer_waits: bool,
    failed: Option<io::Error>,
}

impl Sink {
    /// The writer has begun.
    pub(super) fn open(&mut self, half: WriteHalf) {
        self.half = Some(half);
    }

    /// The writer has ended: the stream is closed in this direction.
    pub(super) fn close(&mut self) {
        self.half = None;
    }

    /// Where the next batch is to be put, once the last one has gone.
    pub(super) fn empty_batch(&mut self) -> Option<&mut Vec<u8>> {
        self.batch.is_empty().then_some(&mut self.batch)
    }

    /// How many bytes of the batch have not gone yet.
    pub(super) const fn left(&self) -> usize {
        self.batch.len() - self.written
    }

    /// Whether whoever is not the writer may write.
    pub(super) const fn may_be_flushed(&self) -> bool {
        self.half.is_some() && !self.writer_waits && self.failed.is_none()
    }

    /// Writes the batch as far as the stream takes it at once; whether that was all of it. What fails is kept for the writer.
    pub(super) fn write_at_once(&mut self, handed: &AtomicU64) -> bool {
        match self.poll(&mut Context::from_waker(Waker::noop()), handed) {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(error)) => {
                self.failed = Some(error);
                false
            }
            Poll::Pending => false,
        }
    }

    /// Writes the batch, for the writer.
    pub(super) fn poll_write(&mut self, task: &mut Context<'_>, handed: &AtomicU64) -> Poll<io::Result<()>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        let polled = self.poll(task, handed);
        self.writer_waits = polled.is_pending();
        polled
    }

    /// Closes the stream in this direction, telling the peer.
    pub(super) fn poll_shutdown(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer_waits = true;
        self.half.as_mut().map_or(Poll::Ready(Ok(())), |half| Pin::new(half).poll_shutdown(task))
    }

    /// Gives the stream the batch, counting in `handed` the bytes that it has taken.
    fn poll(&mut self, task: &mut Context<'_>, handed: &AtomicU64) -> Poll<io::Result<()>> {
        let Some(half) = &mut self.half else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        while let Some(rest) = self.batch.get(self.written..).filter(|rest| !rest.is_empty()) {
            let count = ready!(Pin::new(&mut *half).poll_write(task, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            handed.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::Release);
            self.written += count;
        }
        ready!(Pin::new(half).poll_flush(task))?;
        self.batch.clear();
        self.batch.shrink_to(KEPT);
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}
