//! Streams of bytes, whatever they are made of: a socket, or a pipe in memory. Everything above knows only these.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use async_trait::async_trait;
use domain::Service;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

use crate::tls::{self, Tls};

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

/// Lets all tasks run that are ready now, before this one goes on. Unlike tokio's `yield_now` it does not ask the system first whether
/// anything else has happened.
pub(crate) async fn step_aside() {
    let mut aside = false;
    poll_fn(|task| {
        if std::mem::replace(&mut aside, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
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

    /// What an error that came up while talking over its streams means, where it knows more than the error says.
    fn explain(&self, error: &(dyn std::error::Error + 'static)) -> Option<String> {
        let _ = error;
        None
    }
}

/// The way to a service over TCP, and where that leaves the machine, or everywhere if so wanted, over TLS.
#[derive(Clone, Debug)]
pub struct Tcp {
    address: String,
    service: Service,
    tls: Tls,
}

impl Tcp {
    /// To `service` at `HOST:PORT`. The name is looked up anew for each connection.
    pub fn to(address: impl Into<String>, service: Service, tls: Tls) -> Self {
        Self { address: address.into(), service, tls }
    }
}

#[async_trait]
impl Connect for Tcp {
    async fn connect(&self) -> io::Result<BoxStream> {
        let identity = self.tls.is_needed(&self.address).then(|| self.tls.identity.clone());
        if let Some(None) = identity {
            return Err(io::Error::other("it is not on loopback, so it needs TLS, and there are no certificates here"));
        }
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        match identity.flatten() {
            None => Ok(Box::new(stream)),
            Some(identity) => tls::connect(&identity, self.service, &self.address, stream).await,
        }
    }

    fn target(&self) -> &str {
        &self.address
    }

    fn explain(&self, error: &(dyn std::error::Error + 'static)) -> Option<String> {
        tls::of_error(error, self.tls.identity.as_deref()?, &self.address)
    }
}
