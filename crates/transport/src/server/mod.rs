//! The server's end: one hyper HTTP/1.1 server a service, on any listener or stream.
//!
//! `GET /rpc` with an upgrade becomes a multiplexed stream of calls (see [`session`]); `/healthz`, `/readyz` and `/metrics` answer plain
//! HTTP. What hyper does not do is done here: upgraded connections are known and drained when the server ends, every connection has a
//! place among a bounded number (see [`places`]), and whoever does not finish their TLS handshake and their plain request within a few
//! seconds is cut off.

mod beginning;
mod http;
mod pace;
mod places;
mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{Peer, Protocol, Service, Stub};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::backup::Backups;
use crate::frame::MAX_FRAME;
use crate::metrics::Metrics;
use crate::stream::BoxStream;
use crate::tls::{self, Accepted, Identity};
use places::{Place, Places, Sparingly};

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

/// The largest request, in bytes, unless configured otherwise: several times what the largest of any service has (an event of a thousand
/// invitees, some 50 KiB).
const MAX_REQUEST: usize = 256 << 10;

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// How many connections with calls at a time; further ones are told that there is no place.
    pub max_connections: usize,
    /// How many calls at a time on one connection; further ones are refused as busy.
    pub max_in_flight: usize,
    /// The largest request, in bytes: it is held in memory while its call waits for a place, whoever sent it.
    pub max_request: usize,
    /// The largest answer, in bytes.
    pub max_frame: usize,
    /// How long the TLS handshake and the plain HTTP exchange may take together, the upgrade included.
    pub handshake_timeout: Duration,
    /// After how long a silence an upgraded connection is closed, even if it waits for an answer: half that time after its last byte a
    /// client is asked whether it is there.
    pub idle_timeout: Duration,
    /// The longest deadline that a caller may set.
    pub max_deadline: Duration,
    /// How long calls under way may take to finish when the server ends.
    pub drain_timeout: Duration,
    /// Who the server is on sockets, which then take TLS and nothing else.
    pub tls: Option<Arc<Identity>>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            max_connections: 1_024,
            max_in_flight: 1_024,
            max_request: MAX_REQUEST,
            max_frame: MAX_FRAME,
            handshake_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(60),
            max_deadline: Duration::from_secs(300),
            drain_timeout: Duration::from_secs(5),
            tls: None,
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
    /// Who makes backups, once the service is there.
    backups: OnceLock<Backups>,
    /// Held by the one that is being made: each keeps copies of what is written meanwhile.
    backing_up: Arc<Semaphore>,
    options: ListenOptions,
    places: Places,
    /// Connections for which there was no place, and those that were refused for their certificates.
    crowded: Sparingly,
    refused: Sparingly,
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
            backups: OnceLock::new(),
            backing_up: Arc::new(Semaphore::new(1)),
            places: Places::new(options.max_connections, connections),
            crowded: Sparingly::default(),
            refused: Sparingly::default(),
            options,
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            closing: closing.clone(),
        });
        Self { shared, _closing: closing.drop_guard() }
    }

    /// From now on backups are made for the operator.
    pub fn makes_backups(&self, backups: Backups) {
        // There is one service; a second would change nothing.
        let _ = self.shared.backups.set(backups);
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
                    self.receive(Arrived::Socket(stream), peer_of(address));
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
        self.receive(Arrived::Stream(stream), peer);
    }

    fn receive(&self, arrived: Arrived, peer: Peer) {
        if self.shared.draining.is_cancelled() {
            return;
        }
        let place = self.shared.places.take();
        if !place.as_ref().is_some_and(Place::takes_calls) {
            self.shared.crowded.say(|unsaid| {
                let most = self.shared.places.most();
                tracing::warn!(service = %P::SERVICE, most, unsaid, "too many connections: one was refused");
            });
        }
        let Some(place) = place else { return };
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            let closing = shared.closing.clone();
            tokio::select! {
                () = converse(shared, arrived, peer, place) => {}
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

/// How a connection came.
enum Arrived {
    /// As a stream, which is taken as it is.
    Stream(BoxStream),
    /// As a socket, over which TLS may have to be spoken.
    Socket(TcpStream),
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// Where it came from.
    pub(crate) peer: Peer,
    /// Whether it may show the credential of a service: with TLS, only if its certificate is a service's or the operator's.
    pub(crate) serves: bool,
}

/// Serves one connection from its first byte on. What comes before the first call takes a bounded time in all: nobody can hold a place
/// by sending slowly.
async fn converse<P: Protocol>(shared: Arc<Shared<P>>, arrived: Arrived, peer: Peer, place: Place) {
    let until = Instant::now() + shared.options.handshake_timeout;
    let (stream, serves): (BoxStream, bool) = match (arrived, &shared.options.tls) {
        (Arrived::Stream(stream), _) => (stream, true),
        (Arrived::Socket(stream), None) => (Box::new(stream), true),
        (Arrived::Socket(stream), Some(identity)) => match timeout_at(until, tls::accept(identity, stream)).await {
            Ok(Ok(Accepted::Sealed { stream, serves })) => (stream, serves),
            Ok(Ok(Accepted::Open(stream))) => {
                let answer = |request| http::speak_tls::<P>(&request);
                return plain_http(Box::new(stream), P::SERVICE, until, answer).await;
            }
            Ok(Err(why)) => {
                shared.refused.say(|unsaid| {
                    tracing::info!(service = %P::SERVICE, ?peer, why, unsaid, "a connection was refused");
                });
                return;
            }
            Err(_) => {
                tracing::debug!(service = %P::SERVICE, "a connection was cut off for its slow handshake");
                return;
            }
        },
    };
    // The place moves on to the session if there is one, and is given back with this connection otherwise.
    let place = Arc::new(parking_lot::Mutex::new(Some(place)));
    let caller = Caller { peer, serves };
    let answer = |request| http::answer(Arc::clone(&shared), request, caller, &place);
    plain_http(stream, P::SERVICE, until, answer).await;
}

/// Serves plain HTTP until the connection ends or is upgraded: one exchange, before `until`.
async fn plain_http(
    stream: BoxStream,
    service: Service,
    until: Instant,
    answer: impl Fn(Request<Incoming>) -> http::Answer,
) {
    let answer = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, std::convert::Infallible>(answer) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(until.saturating_duration_since(Instant::now()))
        .keep_alive(false)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    match timeout_at(until, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%service, %error, "a connection failed"),
        Err(_) => tracing::debug!(%service, "a connection was cut off for being slow"),
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
