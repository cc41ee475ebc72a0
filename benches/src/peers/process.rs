//! A server in a process of its own: this program, started anew.

use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;

use super::figures::{Peer, Sample};
use super::load::{self, Lasting};
use super::{SERVE, http, ours, raw, tarpc, tonic};

/// How many threads of a runtime work, on both sides.
const WORKERS: usize = 2;

/// Whose server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// Convene's.
    Ours,
    /// Another.
    Theirs(Peer),
}

/// The runtime of both sides.
pub(super) fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?)
}

/// Serves until standard input ends; the first line of standard output is the address and, if callers must show one, the token.
///
/// # Errors
/// What the server reports.
pub(crate) fn serve(server: Server, work: Duration) -> Result<()> {
    runtime()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        if server != Server::Ours {
            println!("{address}");
        }
        let serving = async {
            match server {
                Server::Ours => ours::serve(listener, work, |token| println!("{address} {token}")).await,
                Server::Theirs(Peer::Tonic) => tonic::serve(listener, work).await,
                Server::Theirs(Peer::Tarpc) => tarpc::serve(listener, work).await,
                Server::Theirs(Peer::Http1) => http::serve(http::Version::One, listener, work).await,
                Server::Theirs(Peer::Http2) => http::serve(http::Version::Two, listener, work).await,
                Server::Theirs(Peer::Raw) => raw::serve(listener, work).await,
            }
        };
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0; 1]));
        tokio::select! {
            served = serving => served,
            read = ended => read?.map(drop).context("reading standard input"),
        }
    })
}

/// A server that runs. It ends with this.
pub(super) struct Running {
    server: Server,
    address: String,
    /// What callers show, if it is looked at.
    token: String,
    _process: Child,
}

impl Running {
    /// Starts one whose handler works so long.
    ///
    /// # Errors
    /// If it does not start.
    pub(super) async fn start(server: Server, work: Duration) -> Result<Self> {
        let name = match server {
            Server::Ours => "ours".to_owned(),
            Server::Theirs(peer) => serde_json::to_string(&peer)?.replace('"', ""),
        };
        let program = std::env::current_exe().context("which program this is")?;
        let mut process = Command::new(program)
            .args([SERVE, &name, &work.as_micros().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting a server")?;
        let output = process.stdout.take().context("the server says nothing")?;
        let line = BufReader::new(output).lines().next_line().await?.context("the server has ended")?;
        let (address, token) = line.split_once(' ').unwrap_or((&line, ""));
        Ok(Self { server, address: address.to_owned(), token: token.to_owned(), _process: process })
    }

    /// How long the token is that callers show.
    pub(super) fn credential_bytes(&self) -> usize {
        self.token.len()
    }

    /// Calls it over connections of its own for so long.
    ///
    /// # Errors
    /// The first failure.
    pub(super) async fn measure(&self, in_flight: usize, connections: usize, lasting: Lasting) -> Result<Sample> {
        let address = &self.address;
        match self.server {
            Server::Ours => load::closed(ours::callers(address, &self.token, in_flight, connections), lasting).await,
            Server::Theirs(Peer::Tonic) => {
                load::closed(tonic::callers(address, in_flight, connections).await?, lasting).await
            }
            Server::Theirs(Peer::Tarpc) => {
                load::closed(tarpc::callers(address, in_flight, connections).await?, lasting).await
            }
            Server::Theirs(Peer::Http1) => {
                load::closed(http::callers(http::Version::One, address, in_flight, connections).await?, lasting).await
            }
            Server::Theirs(Peer::Http2) => {
                load::closed(http::callers(http::Version::Two, address, in_flight, connections).await?, lasting).await
            }
            Server::Theirs(Peer::Raw) => raw::load(address, in_flight, connections, lasting).await,
        }
    }
}
