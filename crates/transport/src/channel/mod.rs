//! The client's end: a [`Stub`] whose service is at the other end of a few connections.
//!
//! A [`Channel`] connects when it is first needed and again when a connection was lost, and is honest about what became of a call: as
//! long as not one byte of it was handed to the stream, its failure is `unavailable`, certainly not executed; after that it is
//! `deadline`, outcome unknown. It ends calls at their deadlines, but does not retry and counts nothing: that is the layers' business.

mod connection;
mod connections;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Protocol, Stub};

use crate::frame::{MAX_FRAME, PROTOCOL_VERSION};
use crate::stream::{Connect, Tcp};
use crate::tls::Tls;
use connection::NotSent;
use connections::Connections;

/// How a channel behaves.
#[derive(Clone, Debug)]
pub struct ChannelOptions {
    /// How many connections calls are spread over, from 1. A call takes the one for whose answers the fewest wait; further ones are made when
    /// they are first needed.
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
    connections: Arc<Connections>,
    protocol: PhantomData<fn() -> P>,
}

impl<P: Protocol> Channel<P> {
    /// A channel to `HOST:PORT`. Nothing is connected yet.
    pub fn to(address: impl Into<String>, options: ChannelOptions) -> Self {
        Self::over(Tcp::to(address, P::SERVICE, options.tls.clone()), options)
    }

    /// A channel over streams that `connector` makes.
    pub fn over(connector: impl Connect, options: ChannelOptions) -> Self {
        let connections = Connections::new(P::SERVICE, Arc::new(connector), options);
        Self { connections: Arc::new(connections), protocol: PhantomData }
    }

    /// Where it leads.
    #[must_use]
    pub fn target(&self) -> &str {
        self.connections.target()
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Channel<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let unavailable = |reason: String| Error::unavailable(P::SERVICE, reason);
        let mut gone = None;
        // A connection may go away between finding it and using it. Not a byte was sent then, so another one may be used.
        for _ in 0..2 {
            let taken = self.connections.take(gone, context.deadline).await.map_err(unavailable)?;
            match taken.connection.call::<P>(context, &request).await {
                Ok(answer) => return answer,
                Err(NotSent::ConnectionGone) => gone = Some(taken.place()),
                Err(NotSent::NoPlace) => return Err(unavailable("all places for calls are taken".to_owned())),
                Err(NotSent::Refused(error)) => return Err(error),
            }
        }
        Err(unavailable(format!("the connection to {} is lost", self.target())))
    }

    fn ends_in_time(&self) -> bool {
        true
    }
}
