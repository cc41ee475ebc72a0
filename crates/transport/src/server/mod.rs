//! The server's end: one hyper HTTP/1.1 server a service, on any listener or stream.
//!
//! `GET /rpc` with an upgrade becomes a multiplexed stream of calls (see [`session`]); `/healthz`, `/readyz` and `/metrics` answer plain
//! HTTP. What hyper does not do is done here: upgraded connections are known and drained when the server ends, every connection has a
//! place among a bounded number, and whoever does not finish their plain request within a few seconds is cut off.

mod http;
mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::{Peer, Protocol, Stub};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::IntGauge;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::frame::MAX_FRAME;
use crate::metrics::Metrics;
use crate::stream::BoxStream;

/// Says how ready a service is.
pub type Readiness = Arc<dyn Fn() -> Ready + Send + Sync>;

/// How ready a service is, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// What it still lacks before it can serve; nothing when it is ready.
    pub lacking: Vec<String>,
    /// What else is worth knowing, and does not keep it from serving.
    pub remarks: Vec<String>,
}

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// How many connections at a time; further ones are closed at once.
    pub max_connections: usize,
    /// How many calls at a time on one connection; further ones are refused as busy.
    pub max_in_flight: usize,
    /// The largest frame, in bytes.
    pub max_frame: usize,
    /// How long a plain HTTP exchange may take, the upgrade included.
    pub handshake_timeout: Duration,
    /// After how long a silence an upgraded connection is closed. Clients ask whether the server is there more often than that.
    pub idle_timeout: Duration,
    /// The longest deadline that a caller may set.
    pub max_deadline: Duration,
    /// How long calls under way may take to finish when the server ends.
    pub drain_timeout: Duration,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            max_connections: 1_024,
            max_in_flight: 1_024,
            max_frame: MAX_FRAME,
            handshake_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(60),
            max_deadline: Duration::from_secs(300),
            drain_timeout: Duration::from_secs(5),
        }
    }
}

/// Serves one service. Dropping it closes its connections at once; [`shutdown`](Self::shutdown) lets calls finish first.
pub struct Server<P: Protocol> {
    shared: Arc<Shared<P>>,
    _closing: DropGuard,
}

pub(crate) struct Shared<P: Protocol> {
    stub: Arc<dyn Stub<P>>,
    readiness: Readiness,
    metrics: Arc<Metrics>,
    options: ListenOptions,
    places: Arc<Semaphore>,
    connections: IntGauge,
    tasks: TaskTracker,
    /// No new connections, no new calls.
    draining: CancellationToken,
    /// Nothing at all any more.
    closing: CancellationToken,
}

impl<P: Protocol> Server<P> {
    /// A server for `stub`, which is the whole stack of layers down to the service.
    pub fn new(stub: Arc<dyn Stub<P>>, readiness: Readiness, metrics: Arc<Metrics>, options: ListenOptions) -> Self {
        let connections = metrics.connections(P::SERVICE);
        let closing = CancellationToken::new();
        let shared = Arc::new(Shared {
            stub,
            readiness,
            metrics,
            places: Arc::new(Semaphore::new(options.max_connections)),
            options,
            connections,
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            closing: closing.clone(),
        });
        Self { shared, _closing: closing.drop_guard() }
    }

    /// Accepts connections until [`shutdown`](Self::shutdown) is called, then closes the listener.
    pub async fn serve(&self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.shared.draining.cancelled() => return,
            };
            match accepted {
                Ok((stream, address)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "a connection was lost while it was accepted");
                        continue;
                    }
                    self.accept(Box::new(stream), peer_of(address));
                }
                Err(error) => {
                    // Most often there are no file descriptors left, until connections end.
                    tracing::warn!(service = %P::SERVICE, %error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Serves one stream, however it came about, in a task of its own.
    pub fn accept(&self, stream: BoxStream, peer: Peer) {
        let Some(place) = Place::take(&self.shared) else {
            tracing::warn!(service = %P::SERVICE, most = self.shared.options.max_connections, "too many connections: one was refused");
            return;
        };
        if self.shared.draining.is_cancelled() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            let closing = shared.closing.clone();
            tokio::select! {
                () = plain_http(shared, stream, peer, place) => {}
                () = closing.cancelled() => {}
            }
        });
    }

    /// Ends: accepts nothing more, tells every client to go elsewhere, lets the calls under way finish within
    /// [`ListenOptions::drain_timeout`], then closes what is left.
    pub async fn shutdown(&self) {
        self.shared.draining.cancel();
        self.shared.tasks.close();
        if timeout(self.shared.options.drain_timeout, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(service = %P::SERVICE, "calls were still under way when the time to finish them was over");
        }
        self.shared.closing.cancel();
        self.shared.tasks.wait().await;
    }
}

/// Serves plain HTTP until the connection ends or is upgraded. One exchange a connection, within a bounded time: nobody can hold a
/// place by sending slowly.
async fn plain_http<P: Protocol>(shared: Arc<Shared<P>>, stream: BoxStream, peer: Peer, place: Place) {
    let handshake_timeout = shared.options.handshake_timeout;
    // The place moves on to the session if there is one, and is given back with this connection otherwise.
    let place = Arc::new(parking_lot::Mutex::new(Some(place)));
    let answer = service_fn(|request| {
        let (shared, place) = (Arc::clone(&shared), Arc::clone(&place));
        async move { Ok::<_, std::convert::Infallible>(http::answer(shared, request, peer, &place)) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(handshake_timeout)
        .keep_alive(false)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    match timeout(handshake_timeout, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(service = %P::SERVICE, %error, "a connection failed"),
        Err(_) => tracing::debug!(service = %P::SERVICE, "a connection was cut off for being slow"),
    }
}

/// A connection's place among those allowed, counted while it is held.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    connections: IntGauge,
}

impl Place {
    fn take<P: Protocol>(shared: &Shared<P>) -> Option<Self> {
        let permit = Arc::clone(&shared.places).try_acquire_owned().ok()?;
        shared.connections.inc();
        Some(Self { _permit: permit, connections: shared.connections.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.dec();
    }
}

fn peer_of(address: SocketAddr) -> Peer {
    Peer::Address(address.ip().to_canonical())
}

/// Binds a listener, with an error that names the address.
///
/// # Errors
/// The system's, with the address and what to do.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            io::ErrorKind::AddrInUse => ": another program uses it; stop it or choose another base port",
            io::ErrorKind::PermissionDenied => {
                ": ports below 1024 need rights that this program does not need otherwise"
            }
            _ => "",
        };
        io::Error::new(error.kind(), format!("cannot listen on {address} ({error}){remedy}"))
    })
}
