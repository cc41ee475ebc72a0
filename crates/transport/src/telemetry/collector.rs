//! The way to a collector: one plain HTTP/1.1 exchange after the other, on the thread of the OpenTelemetry SDK that sends batches, and on a
//! small runtime of its own, so that it also works while the program's own runtime is ending.

use std::io;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::HOST;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::cluster::Failed;

/// How long one exchange may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// A collector says little.
const LONGEST_ANSWER: usize = 64 * 1_024;

/// See the module.
#[derive(Debug)]
pub(super) struct Plain(Mutex<Runtime>);

impl Plain {
    pub(super) fn new() -> Result<Self, Failed> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self(Mutex::new(runtime.map_err(|error| Failed(format!("cannot export traces: {error}")))?)))
    }
}

#[async_trait]
impl HttpClient for Plain {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.0.lock().block_on(async {
            let late = |_| HttpError::from(io::Error::from(io::ErrorKind::TimedOut));
            timeout(PATIENCE, exchange(request)).await.map_err(late)?
        })
    }
}

async fn exchange(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let address = request.uri();
    if address.scheme_str() != Some("http") {
        return Err(format!("{address} is not reached: only plain http:// is spoken to a collector").into());
    }
    let host = address.host().ok_or("the collector's address has no host")?.to_owned();
    let port = address.port_u16().unwrap_or(80);
    let (mut head, body) = request.into_parts();
    head.headers.insert(HOST, format!("{host}:{port}").parse()?);
    head.uri = head.uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;

    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with this exchange; what it may have to say is said by the exchange.
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let (head, body) = sender.send_request(Request::from_parts(head, Full::new(body))).await?.into_parts();
    let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}
