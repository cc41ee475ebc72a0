//! tonic: gRPC over HTTP/2 with prost, its code made from a `.proto` file as usual.
//!
//! As it comes, but for what would stand in its way: no delay of small packets, and as many streams on a connection as calls.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use super::call::{self, Id, id_of};
use super::load::Caller;
use made::showing_client::ShowingClient;
use made::showing_server::{Showing, ShowingServer};
use made::{Asked, Shown};

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    clippy::missing_const_for_fn,
    reason = "made by tonic from its definition"
)]
mod made {
    tonic::include_proto!("showing");
}

/// More than are ever under way.
const STREAMS: u32 = 1_024;

struct Shower {
    work: Duration,
}

#[tonic::async_trait]
impl Showing for Shower {
    async fn show(&self, request: Request<Asked>) -> Result<Response<Shown>, Status> {
        let id = Id::try_from(request.get_ref().id.as_ref()).map_err(|_| Status::invalid_argument("no id"))?;
        Ok(Response::new(Shown { text: call::answer(id, self.work) }))
    }
}

/// Serves on `listener`.
///
/// # Errors
/// What tonic reports.
pub(super) async fn serve(listener: TcpListener, work: Duration) -> Result<()> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let mut server = Server::builder().max_concurrent_streams(STREAMS);
    server.add_service(ShowingServer::new(Shower { work })).serve_with_incoming(incoming).await?;
    Ok(())
}

/// Somebody who calls.
pub(super) struct Asking {
    client: ShowingClient<Channel>,
    credential: Bytes,
    id: Id,
}

impl Caller for Asking {
    async fn call(&mut self) -> Result<()> {
        let asked = Asked { credential: self.credential.clone(), id: Bytes::copy_from_slice(&self.id) };
        let shown = self.client.show(asked).await?;
        call::expect(&shown.get_ref().text, self.id)
    }
}

/// So many callers of the service at `address`, over so many connections.
///
/// # Errors
/// If there is no connection.
pub(super) async fn callers(address: &str, in_flight: usize, connections: usize) -> Result<Vec<Asking>> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        let channel = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true).connect().await?;
        clients.push(ShowingClient::new(channel));
    }
    let callers = clients.into_iter().cycle().take(in_flight).enumerate();
    Ok(callers.map(|(number, client)| Asking { client, credential: call::credential(), id: id_of(number) }).collect())
}
