//! Plain hyper, HTTP/1.1 and HTTP/2: the credential and the identity are the body of a POST, and the answer is the body of its response.
//!
//! As it comes, but for what would stand in its way: no delay of small packets, and as many streams on an HTTP/2 connection as calls. On an
//! HTTP/1.1 connection one call is under way at a time; the others wait for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::header::HOST;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use super::call::{self, CREDENTIAL, Id, id_of};
use super::load::Caller;

/// More than are ever under way.
const STREAMS: u32 = 1_024;

/// Which HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// Serves on `listener`.
///
/// # Errors
/// If no connection can be accepted.
pub(super) async fn serve(version: Version, listener: TcpListener, work: Duration) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let stream = TokioIo::new(stream);
        let shower = service_fn(move |request| show(request, work));
        // A connection that fails fails its caller, who says so.
        match version {
            Version::One => {
                let connection = hyper::server::conn::http1::Builder::new().serve_connection(stream, shower);
                tokio::spawn(async move { drop(connection.await) });
            }
            Version::Two => {
                let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let connection = builder.max_concurrent_streams(STREAMS).serve_connection(stream, shower);
                tokio::spawn(async move { drop(connection.await) });
            }
        }
    }
}

async fn show(request: Request<Incoming>, work: Duration) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut response = Response::new(Full::default());
    match body.get(CREDENTIAL..).map(Id::try_from) {
        Some(Ok(id)) => *response.body_mut() = Full::new(call::answer(id, work)),
        _ => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    Ok(response)
}

#[derive(Clone)]
enum Connection {
    One(Arc<Mutex<http1::SendRequest<Full<Bytes>>>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// Somebody who calls.
pub(super) struct Asking {
    connection: Connection,
    host: String,
    credential: Bytes,
    id: Id,
}

impl Caller for Asking {
    async fn call(&mut self) -> Result<()> {
        let mut body = Vec::with_capacity(CREDENTIAL + self.id.len());
        body.extend_from_slice(&self.credential);
        body.extend_from_slice(&self.id);
        let request = Request::builder().method(Method::POST);
        let body = Full::new(Bytes::from(body));
        let text = match &mut self.connection {
            Connection::One(connection) => {
                let request = request.uri("/show").header(HOST, self.host.as_str()).body(body)?;
                let mut connection = connection.lock().await;
                connection.ready().await?;
                text_of(connection.send_request(request).await?).await?
            }
            Connection::Two(connection) => {
                let request = request.uri("http://localhost/show").body(body)?;
                connection.ready().await?;
                text_of(connection.send_request(request).await?).await?
            }
        };
        call::expect(&text, self.id)
    }
}

async fn text_of(response: Response<Incoming>) -> Result<Bytes> {
    ensure!(response.status() == StatusCode::OK, "the answer is {}", response.status());
    Ok(response.into_body().collect().await?.to_bytes())
}

/// So many callers of the service at `address`, over so many connections.
///
/// # Errors
/// If there is no connection.
pub(super) async fn callers(
    version: Version,
    address: &str,
    in_flight: usize,
    connections: usize,
) -> Result<Vec<Asking>> {
    let mut made = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let stream = TokioIo::new(stream);
        made.push(match version {
            Version::One => {
                let (sender, connection) = http1::handshake(stream).await?;
                tokio::spawn(connection);
                Connection::One(Arc::new(Mutex::new(sender)))
            }
            Version::Two => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
                tokio::spawn(connection);
                Connection::Two(sender)
            }
        });
    }
    let callers = made.into_iter().cycle().take(in_flight).enumerate();
    let asking = |(number, connection)| Asking {
        connection,
        host: address.to_owned(),
        credential: call::credential(),
        id: id_of(number),
    };
    Ok(callers.map(asking).collect())
}
