//! Streams of bytes, whatever they are made of: a socket, or a pipe in memory. Everything above knows only these.

use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

/// Where bytes come from.
pub type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;

/// Where bytes go to.
pub type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;

/// A stream in both directions.
pub type BoxStream = Box<dyn ByteStream>;

/// A stream in both directions that can be taken apart, so that reading and writing need no common lock.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Its two directions.
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf);
}

impl ByteStream for TcpStream {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let (read, write) = self.into_split();
        (Box::new(read), Box::new(write))
    }
}

impl ByteStream for DuplexStream {
    fn halves(self: Box<Self>) -> (ReadHalf, WriteHalf) {
        let (read, write) = tokio::io::split(*self);
        (Box::new(read), Box::new(write))
    }
}

/// A way to a service: makes streams to it.
#[async_trait]
pub trait Connect: Send + Sync + 'static {
    /// Makes one stream. Whoever calls bounds the time.
    ///
    /// # Errors
    /// Whatever the operating system says.
    async fn connect(&self) -> io::Result<BoxStream>;

    /// Where it leads, for messages: `127.0.0.1:7402`.
    fn target(&self) -> &str;
}

/// The way to a service over TCP.
#[derive(Clone, Debug)]
pub struct Tcp {
    address: String,
}

impl Tcp {
    /// To `HOST:PORT`. The name is looked up anew for each connection.
    pub fn to(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }
}

#[async_trait]
impl Connect for Tcp {
    async fn connect(&self) -> io::Result<BoxStream> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }

    fn target(&self) -> &str {
        &self.address
    }
}
