//! A service with one method that takes 5 ms, behind everything that stands before a real one: in a process of its own, on real sockets.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use domain::{Actor, Answer, Authenticate, Context, Credential, Error, Positions, Reply};
use transport::layers::LimitOptions;
use transport::{ListenOptions, Metrics, Ready, Server, ServerOptions, bind, server_stack};

/// How long its work takes.
pub(super) const TAKES: Duration = Duration::from_millis(5);
/// How many calls it works at: with that its capacity is known, 1,600 a second at most.
pub(super) const PLACES: usize = 8;
/// How long a call may wait for a place: as long as the work takes.
pub(super) const MAX_WAIT: Duration = TAKES;

domain::service! {
    /// Works for 5 ms.
    pub trait Working for domain::Service::Events as (WorkingProtocol, WorkingRequest, WorkingResponse, WorkingServer, WorkingClient) {
        /// Does it.
        1: query by Anyone fn work(()) -> ();
    }
}

struct Worker;

#[async_trait]
impl Working for Worker {
    async fn work(&self, _: &Context, (): ()) -> Answer<()> {
        // On a thread: a runtime's clock is too coarse for 5 ms.
        let worked = tokio::task::spawn_blocking(|| std::thread::sleep(TAKES)).await;
        worked.map_err(|_| Error::Deadline { service: domain::Service::Events })?;
        Ok(Reply::new((), Positions::default()))
    }
}

/// Nobody shows anything.
struct Nobody;

#[async_trait]
impl Authenticate for Nobody {
    async fn authenticate(&self, _: &Credential) -> Result<Actor, Error> {
        Ok(Actor::Anonymous)
    }
}

/// Serves until standard input ends; its address is the first line of standard output.
///
/// # Errors
/// If there is no port.
pub(crate) async fn serve() -> Result<()> {
    let metrics = Metrics::new();
    metrics.of_this_process();
    let limit = LimitOptions { max_in_flight: PLACES, max_wait: MAX_WAIT, ..LimitOptions::default() };
    let service = Arc::new(WorkingServer(Arc::new(Worker)));
    let stack = server_stack(service, Arc::new(Nobody), &ServerOptions { limit }, &metrics);
    let server = Server::new(stack, Arc::new(Ready::default), metrics, ListenOptions::default());
    let listener = bind("127.0.0.1:0".parse()?).await?;
    println!("{}", listener.local_addr()?);
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0; 1]));
    tokio::select! {
        () = server.serve(listener) => {}
        read = ended => {
            read?.context("reading standard input")?;
        }
    }
    server.shutdown().await;
    Ok(())
}
