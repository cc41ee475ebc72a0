//! The client's end: a [`Stub`] whose service is at the other end of a few connections.
//!
//! A [`Channel`] connects when it is first needed and again when a connection was lost, and is honest about what became of a call: as
//! long as not one byte of it was handed to the stream, its failure is `unavailable`, certainly not executed; after that it is
//! `deadline`, outcome unknown. It does not retry, counts nothing, and waits for an answer as long as its caller does: that is the
//! layers' business.

mod connection;

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use domain::{Answer, Context, Error, Protocol, Stub};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::frame::{MAX_FRAME, PROTOCOL_VERSION};
use crate::handshake;
use crate::stream::{Connect, Tcp};
use crate::tls::Tls;
use connection::{Connection, NotSent};

/// How a channel behaves.
#[derive(Clone, Debug)]
pub struct ChannelOptions {
    /// How many connections calls are spread over, from 1.
    pub connections: usize,
    /// How long one attempt to connect may take, handshake included; never longer than the call that needs it.
    pub connect_timeout: Duration,
    /// How many calls may be under way on one connection; the next ones wait for a place, within their deadline.
    pub max_in_flight: usize,
    /// The largest frame, in bytes.
    pub max_frame: usize,
    /// After how long a silence the peer is asked whether it is there; after twice that the connection counts as lost.
    pub ping_after: Duration,
    /// Where TLS is spoken, and as whom.
    pub tls: Tls,
    /// The protocol version to claim. Anything but the default is for tests.
    pub protocol_version: u16,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        Self {
            connections: 1,
            connect_timeout: Duration::from_secs(1),
            max_in_flight: 1_024,
            max_frame: MAX_FRAME,
            ping_after: Duration::from_secs(15),
            tls: Tls::default(),
            protocol_version: PROTOCOL_VERSION,
        }
    }
}

/// A service at the other end of a stream of bytes.
pub struct Channel<P> {
    connector: Arc<dyn Connect>,
    slots: Box<[Slot]>,
    next: AtomicUsize,
    options: ChannelOptions,
    protocol: PhantomData<fn() -> P>,
}

/// The place of one connection.
#[derive(Default)]
struct Slot {
    current: ArcSwapOption<Connection>,
    /// Held while connecting, so that a thousand calls make one connection.
    connecting: tokio::sync::Mutex<()>,
    /// How many attempts have failed, and how the last one did: those who waited for it share its failure.
    failures: AtomicU64,
    last_failure: Mutex<String>,
}

impl<P: Protocol> Channel<P> {
    /// A channel to `HOST:PORT`. Nothing is connected yet.
    pub fn to(address: impl Into<String>, options: ChannelOptions) -> Self {
        Self::over(Tcp::to(address, P::SERVICE, options.tls.clone()), options)
    }

    /// A channel over streams that `connector` makes.
    pub fn over(connector: impl Connect, options: ChannelOptions) -> Self {
        let slots = (0..options.connections.max(1)).map(|_| Slot::default()).collect();
        Self { connector: Arc::new(connector), slots, next: AtomicUsize::new(0), options, protocol: PhantomData }
    }

    /// Where it leads.
    #[must_use]
    pub fn target(&self) -> &str {
        self.connector.target()
    }

    fn unavailable(reason: impl Into<String>) -> Error {
        Error::unavailable(P::SERVICE, reason)
    }

    /// A connection that takes calls.
    async fn connection(&self, deadline: Instant) -> Result<Arc<Connection>, Error> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len().max(1);
        let Some(slot) = self.slots.get(turn) else { return Err(Self::unavailable("the channel has no connections")) };
        if let Some(connection) = slot.usable() {
            return Ok(connection);
        }
        let failures_before = slot.failures.load(Ordering::Acquire);
        let Ok(_connecting) = timeout_at(deadline, slot.connecting.lock()).await else {
            return Err(Self::unavailable(format!("no connection to {} in time", self.target())));
        };
        if let Some(connection) = slot.usable() {
            return Ok(connection);
        }
        if slot.failures.load(Ordering::Acquire) != failures_before {
            return Err(Self::unavailable(slot.last_failure.lock().clone()));
        }
        match self.connect(deadline).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                slot.current.store(Some(Arc::clone(&connection)));
                Ok(connection)
            }
            Err(reason) => {
                slot.last_failure.lock().clone_from(&reason);
                slot.failures.fetch_add(1, Ordering::Release);
                Err(Self::unavailable(reason))
            }
        }
    }

    async fn connect(&self, deadline: Instant) -> Result<Connection, String> {
        let target = self.target();
        let until = deadline.min(Instant::now() + self.options.connect_timeout);
        let attempt = async {
            let stream =
                self.connector.connect().await.map_err(|error| format!("cannot connect to {target}: {error}"))?;
            let upgraded = handshake::upgrade(stream, P::SERVICE, self.options.protocol_version, target).await;
            upgraded.map_err(|refused| refused.told(target, |error| self.connector.explain(error)))
        };
        let (stream, already_read) =
            timeout_at(until, attempt).await.map_err(|_| format!("no connection to {target} in time"))??;
        Ok(Connection::start(P::SERVICE, stream, &already_read, &self.options))
    }
}

impl Slot {
    fn usable(&self) -> Option<Arc<Connection>> {
        let current = self.current.load();
        current.as_ref().filter(|connection| connection.takes_calls()).map(Arc::clone)
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Channel<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        // A connection may go away between finding it and using it. Not a byte was sent then, so another one may be used.
        for _ in 0..2 {
            let connection = self.connection(context.deadline).await?;
            match connection.call::<P>(context, &request).await {
                Ok(answer) => return answer,
                Err(NotSent::ConnectionGone) => {}
                Err(NotSent::NoPlace) => return Err(Self::unavailable("all places for calls are taken")),
                Err(NotSent::Refused(error)) => return Err(error),
            }
        }
        Err(Self::unavailable(format!("the connection to {} is lost", self.target())))
    }
}
