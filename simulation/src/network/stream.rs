//! The two ends of a connection, as the transport has streams.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep_until};
use transport::stream::{ByteStream, ReadHalf, WriteHalf};

use super::Connection;
use super::pipe::{Pipe, Read};

/// One end.
pub(super) struct SimulatedStream {
    read: Reading,
    write: Writing,
}

struct Reading {
    pipe: Arc<Pipe>,
    /// Until the next bytes are here.
    until: Option<Pin<Box<Sleep>>>,
    /// Kept by both ends: it is forgotten when both are.
    _connection: Arc<Connection>,
}

struct Writing {
    pipe: Arc<Pipe>,
    ended: bool,
    _connection: Arc<Connection>,
}

impl SimulatedStream {
    pub(super) fn near_end(connection: &Arc<Connection>) -> Self {
        Self::over(connection, &connection.back, &connection.there)
    }

    pub(super) fn far_end(connection: &Arc<Connection>) -> Self {
        Self::over(connection, &connection.there, &connection.back)
    }

    fn over(connection: &Arc<Connection>, incoming: &Arc<Pipe>, outgoing: &Arc<Pipe>) -> Self {
        Self {
            read: Reading { pipe: Arc::clone(incoming), until: None, _connection: Arc::clone(connection) },
            write: Writing { pipe: Arc::clone(outgoing), ended: false, _connection: Arc::clone(connection) },
        }
    }
}

impl AsyncRead for Reading {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match self.pipe.read(context, buffer) {
                Read::Done(result) => return Poll::Ready(result),
                Read::ForNews => return Poll::Pending,
                Read::Until(at) => {
                    let until = self.until.get_or_insert_with(|| Box::pin(sleep_until(at)));
                    if until.deadline() != at {
                        until.as_mut().reset(at);
                    }
                    match until.as_mut().poll(context) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(()) => self.until = None,
                    }
                }
            }
        }
    }
}

impl AsyncWrite for Writing {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.pipe.write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ended {
            self.ended = true;
            self.pipe.end();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.pipe.reader_left();
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.ended {
            self.pipe.end();
        }
    }
}

impl AsyncRead for SimulatedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(context, buffer)
    }
}

impl AsyncWrite for SimulatedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_shutdown(context)
    }
}

impl ByteStream for SimulatedStream {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        (Box::new(self.read), Box::new(self.write))
    }
}
