//! tarpc: bincode over length-delimited TCP.
//!
//! As it comes, but for what would stand in its way: no delay of small packets, room for as many calls as are under way, and bytes that are
//! copied as bytes.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use futures::StreamExt as _;
use tarpc::client::Config as ClientConfig;
use tarpc::context::{self, Context};
use tarpc::serde_transport::{self, Transport};
use tarpc::server::{BaseChannel, Channel as _, Config};
use tarpc::tokio_serde::formats::Bincode;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::call::{self, Id, id_of};
use super::load::Caller;

/// More than are ever under way.
const ROOM: usize = 1_024;

#[tarpc::service]
trait Showing {
    /// Shows 200 bytes.
    async fn show(credential: Bytes, id: Id) -> Bytes;
}

#[derive(Clone)]
struct Shower {
    work: Duration,
}

impl Showing for Shower {
    async fn show(self, _: Context, _: Bytes, id: Id) -> Bytes {
        call::answer(id, self.work)
    }
}

fn framed<I, O>(stream: TcpStream) -> Result<Transport<TcpStream, I, O, Bincode<I, O>>>
where
    I: for<'de> serde::Deserialize<'de>,
    O: serde::Serialize,
{
    stream.set_nodelay(true)?;
    Ok(serde_transport::new(Framed::new(stream, LengthDelimitedCodec::new()), Bincode::default()))
}

/// Serves on `listener`.
///
/// # Errors
/// If no connection can be accepted.
pub(super) async fn serve(listener: TcpListener, work: Duration) -> Result<()> {
    loop {
        let transport = framed(listener.accept().await?.0)?;
        let channel = BaseChannel::new(Config { pending_response_buffer: ROOM }, transport);
        tokio::spawn(channel.execute(Shower { work }.serve()).for_each(|call| async {
            tokio::spawn(call);
        }));
    }
}

/// Somebody who calls.
pub(super) struct Asking {
    client: ShowingClient,
    credential: Bytes,
    id: Id,
}

impl Caller for Asking {
    async fn call(&mut self) -> Result<()> {
        let text = self.client.show(context::current(), self.credential.clone(), self.id).await?;
        call::expect(&text, self.id)
    }
}

/// So many callers of the service at `address`, over so many connections.
///
/// # Errors
/// If there is no connection.
pub(super) async fn callers(address: &str, in_flight: usize, connections: usize) -> Result<Vec<Asking>> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        let mut config = ClientConfig::default();
        (config.max_in_flight_requests, config.pending_request_buffer) = (ROOM, ROOM);
        clients.push(ShowingClient::new(config, framed(TcpStream::connect(address).await?)?).spawn());
    }
    let callers = clients.into_iter().cycle().take(in_flight).enumerate();
    Ok(callers.map(|(number, client)| Asking { client, credential: call::credential(), id: id_of(number) }).collect())
}
