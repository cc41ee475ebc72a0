//! The place in this process where a linked service stands: its callers keep the place, the service comes and goes.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use domain::{Answer, Context, Error, Peer, Protocol, Stub};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::server::Server;
use crate::stream::{BoxStream, Connect};

/// How many bytes a pipe holds.
const PIPE: usize = 64 * 1_024;

/// The place of one service.
pub(super) struct Place<P: Protocol> {
    current: ArcSwapOption<Standing<P>>,
    hung: watch::Sender<bool>,
}

/// A service that stands in its place.
pub(super) struct Standing<P: Protocol> {
    /// The service with its layers.
    stub: Arc<dyn Stub<P>>,
    /// Who serves it over pipes, if anyone does.
    server: Option<Server<P>>,
    calls: TaskTracker,
    killed: CancellationToken,
}

impl<P: Protocol> Standing<P> {
    pub(super) fn new(stub: Arc<dyn Stub<P>>, server: Option<Server<P>>) -> Self {
        Self { stub, server, calls: TaskTracker::new(), killed: CancellationToken::new() }
    }

    /// Waits for the calls under way.
    pub(super) async fn finish(&self) {
        if let Some(server) = &self.server {
            server.shutdown().await;
        }
        self.calls.close();
        self.calls.wait().await;
    }

    /// Ends the calls under way, whatever has become of them. Those over pipes end with the server, when this is dropped.
    pub(super) fn kill(&self) {
        self.killed.cancel();
    }
}

impl<P: Protocol> Default for Place<P> {
    fn default() -> Self {
        Self { current: ArcSwapOption::empty(), hung: watch::Sender::new(false) }
    }
}

impl<P: Protocol> Place<P> {
    /// Puts a service there.
    pub(super) fn put(&self, standing: Standing<P>) {
        self.current.store(Some(Arc::new(standing)));
    }

    /// Takes it away: who calls now is told so.
    pub(super) fn take(&self) -> Option<Arc<Standing<P>>> {
        self.current.swap(None)
    }

    /// Makes calls wait, as those of a process that hangs, until they may go on.
    pub(super) fn hang(&self, hung: bool) {
        self.hung.send_replace(hung);
    }

    /// What stands before a service so that it can hang.
    pub(super) fn gate(&self, inner: Arc<dyn Stub<P>>) -> Arc<dyn Stub<P>> {
        Arc::new(Gate { hung: self.hung.subscribe(), inner })
    }
}

/// The way to the service in its place, without a byte.
#[async_trait]
impl<P: Protocol> Stub<P> for Place<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let Some(standing) = self.current.load_full() else {
            return Err(Error::unavailable(P::SERVICE, "it is not running"));
        };
        let _under_way = standing.calls.token();
        tokio::select! {
            answer = standing.stub.call(context, request) => answer,
            () = standing.killed.cancelled() => Err(Error::Deadline { service: P::SERVICE }),
        }
    }
}

/// The way to the service in its place over pipes in memory: every byte is written and read.
pub(super) struct Piped<P: Protocol>(pub(super) Arc<Place<P>>);

#[async_trait]
impl<P: Protocol> Connect for Piped<P> {
    async fn connect(&self) -> io::Result<BoxStream> {
        let standing = self.0.current.load_full();
        let Some(server) = standing.as_ref().and_then(|standing| standing.server.as_ref()) else {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "it is not running"));
        };
        let (near, far) = tokio::io::duplex(PIPE);
        server.accept(Box::new(far), Peer::Linked);
        Ok(Box::new(near))
    }

    fn target(&self) -> &str {
        P::SERVICE.name()
    }
}

/// Lets calls through unless the service hangs.
struct Gate<P: Protocol> {
    hung: watch::Receiver<bool>,
    inner: Arc<dyn Stub<P>>,
}

#[async_trait]
impl<P: Protocol> Stub<P> for Gate<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        // An error means that the place is gone, and then nothing hangs any more.
        let _ = self.hung.clone().wait_for(|hung| !hung).await;
        self.inner.call(context, request).await
    }
}
