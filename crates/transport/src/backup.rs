//! A backup on its way from a running service to whoever keeps it.
//!
//! `GET /backup` with `Upgrade: convene-backup` and the operator's token becomes a stream of bytes in one direction: that of
//! [`storage::Backup`]. Should anything go wrong in between the stream ends too early, and a backup tells by itself that its end is
//! missing; so nothing else is said on it. Neither end waits for ever for the other: a process that is stopped (or hangs) has sockets that
//! stay open.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{Credential, Error, Service, ServiceToken};
use http_body_util::Empty;
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderValue, UPGRADE};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use storage::Backup;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::outbox::patience_for;
use crate::stream::{BoxStream, Connect};

/// The path of the upgrade.
pub const PATH: &str = "/backup";
/// The name of what is upgraded to.
const UPGRADE_TO: &str = "convene-backup";
const BEARER: &str = "Bearer ";

/// How long a service may take to be reached and to begin.
pub const ANSWERING: Duration = Duration::from_secs(5);
/// How long nothing may come once it has begun.
pub const SILENCE: Duration = Duration::from_secs(30);
/// How much of a stream is taken at once, in bytes.
const PIECE: usize = 64 * 1_024;

/// Begins a backup for whoever shows the operator's token.
pub type Backups = Arc<dyn Fn(&ServiceToken) -> Result<Backup, Error> + Send + Sync>;

/// The token that a request for a backup shows, if it is one.
pub(crate) fn asked_by(headers: &HeaderMap) -> Option<ServiceToken> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if !text(UPGRADE)?.eq_ignore_ascii_case(UPGRADE_TO) {
        return None;
    }
    text(AUTHORIZATION)?.strip_prefix(BEARER).map(|token| ServiceToken(token.to_owned()))
}

/// Says that a backup follows.
pub(crate) fn promise(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(UPGRADE_TO));
}

/// Sends all of it, unless the other end does not take it: a backup that is being made keeps copies of what is written meanwhile.
pub(crate) async fn send(service: Service, mut backup: Backup, mut stream: impl AsyncWrite + Unpin) {
    let mut bytes = 0;
    let sent = async {
        while let Some(piece) = backup.next().await.map_err(|error| error.to_string())? {
            bytes += piece.len();
            in_time(patience_for(piece.len()), stream.write_all(&piece)).await?;
        }
        in_time(patience_for(0), stream.shutdown()).await
    };
    match sent.await {
        Ok(()) => tracing::info!(%service, bytes, "a backup was made"),
        Err(error) => tracing::warn!(%service, %error, "a backup was given up"),
    }
}

/// One write.
async fn in_time(limit: Duration, writing: impl Future<Output = io::Result<()>>) -> Result<(), String> {
    let written = timeout(limit, writing).await;
    let written = written.map_err(|_| format!("whoever asked for it took nothing for {} s", limit.as_secs()))?;
    written.map_err(|error| error.to_string())
}

/// Has the service at the other end of `way` make a backup, and gives it to `put` piece by piece. Whether all of it came,
/// [`storage::examine_backup`] tells.
///
/// # Errors
/// Why there is none, in words: the service's own; that it does not answer within [`ANSWERING`] or falls silent for [`SILENCE`]; or
/// what `put` reports.
pub async fn fetch(
    way: &dyn Connect,
    service: Service,
    operator: &Credential,
    mut put: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), String> {
    let asked = timeout(ANSWERING, ask(way, service, operator)).await;
    let mut stream = asked.map_err(|_| {
        format!(
            "{service} runs, and does not answer at {} within {} s: it may hang, and then must be stopped; a service that is stopped \
             is backed up from its folder",
            way.target(),
            ANSWERING.as_secs()
        )
    })??;
    let failed = |error: io::Error| format!("the backup of {service} failed: {error}");
    let mut piece = vec![0; PIECE];
    loop {
        let read = timeout(SILENCE, stream.read(&mut piece)).await;
        let silent = |_| format!("the backup of {service} failed: nothing came for {} s", SILENCE.as_secs());
        match read.map_err(silent)?.map_err(failed)? {
            0 => return Ok(()),
            length => put(piece.get(..length).unwrap_or_default()).map_err(failed)?,
        }
    }
}

/// Asks for a backup; gives the stream of it. Whoever calls bounds the time.
async fn ask(
    way: &dyn Connect,
    service: Service,
    operator: &Credential,
) -> Result<impl AsyncRead + Send + Unpin + use<>, String> {
    let target = way.target();
    let no_answer = |error: &dyn std::fmt::Display| format!("{service} does not answer at {target}: {error}");
    let stream = way.connect().await.map_err(|error| no_answer(&error))?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| no_answer(&error))?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection.with_upgrades()));
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = hyper::Uri::from_static(PATH);
    promise(request.headers_mut());
    if let Ok(host) = HeaderValue::from_str(target) {
        request.headers_mut().insert(HOST, host);
    }
    if let Credential::Service(token) = operator
        && let Ok(mut shown) = HeaderValue::from_str(&format!("{BEARER}{}", token.0))
    {
        shown.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, shown);
    }
    let response = sender.send_request(request).await.map_err(|error| no_answer(&error))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = response.status();
        let body =
            http_body_util::BodyExt::collect(response.into_body()).await.map(http_body_util::Collected::to_bytes);
        let why = body.map(|body| String::from_utf8_lossy(&body).trim().to_owned()).unwrap_or_default();
        return Err(if why.is_empty() { format!("{service} answered {status}") } else { why });
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(|error| no_answer(&error))?;
    let parts = upgraded.downcast::<TokioIo<BoxStream>>().map_err(|_| "the stream is of another kind".to_owned())?;
    Ok(std::io::Cursor::new(parts.read_buf).chain(parts.io.into_inner()))
}
