//! A TLS stream as the rest of the transport has streams.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::{ByteStream, ReadHalf, WriteHalf};

/// A stream through TLS.
pub(super) struct Sealed<S>(pub(super) S);

impl<S: AsyncRead + Unpin> AsyncRead for Sealed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sealed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for Sealed<S> {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let (read, write) = tokio::io::split(self.0);
        (Box::new(read), Box::new(Conceding { inner: write, failed: None }))
    }
}

/// Concedes that a write that failed may have sent its bytes. TLS takes bytes, makes records of them and sends those one by one: when that
/// fails in between, a whole request may have left although the write is an error. Such a write is therefore said to have taken
/// everything, and the next thing that is tried fails: what is told to callers is "outcome unknown", and never a false "not done".
struct Conceding<W> {
    inner: W,
    failed: Option<io::Error>,
}

impl<W> Conceding<W> {
    fn checked(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Conceding<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.checked()?;
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        Poll::Ready(written.or_else(|error| {
            self.failed = Some(error);
            Ok(buf.len())
        }))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.checked()?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.checked()?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// Takes nothing and fails, as TLS does when the socket breaks between two records.
    struct Breaks;

    impl AsyncWrite for Breaks {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_write_that_fails_counts_as_sent_and_what_comes_next_fails() {
        let mut stream = Conceding { inner: Breaks, failed: None };
        assert_eq!(stream.write(b"a request").await.unwrap(), 9);
        assert_eq!(stream.flush().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
}
