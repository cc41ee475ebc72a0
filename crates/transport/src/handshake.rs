//! How a plain HTTP/1.1 connection becomes a stream of frames, and how the two ends find out whether they fit.
//!
//! `GET /rpc` with `Upgrade: convene-rpc`, and on both sides the headers `convene-service` and `convene-protocol`. A wrong port or
//! another version is thereby refused by name before a single frame is sent. There is no other encoding to fall back on: one
//! path, which every test takes. (A proxy in between must forward `Upgrade`.)

use bytes::Bytes;
use domain::Service;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderValue, UPGRADE};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;

use crate::stream::BoxStream;

/// The path of the upgrade.
pub const PATH: &str = "/rpc";

/// The name of what is upgraded to.
pub const UPGRADE_TO: &str = "convene-rpc";

/// The header that says which protocol version the sender speaks.
pub const PROTOCOL_HEADER: &str = "convene-protocol";

/// The header that names the service that the sender is, or wants.
pub const SERVICE_HEADER: &str = "convene-service";

/// The most bytes of a refusal's reason that are read.
const REASON: usize = 1_024;

/// The headers by which either side says what it is or wants.
pub(crate) fn introduce(headers: &mut HeaderMap, service: Service, version: u16) {
    headers.insert(PROTOCOL_HEADER, HeaderValue::from(version));
    headers.insert(SERVICE_HEADER, HeaderValue::from_static(service.name()));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(UPGRADE_TO));
}

/// What the other side's headers say.
#[derive(Debug)]
pub(crate) struct Introduction {
    pub(crate) service: Option<String>,
    pub(crate) version: Option<u16>,
    pub(crate) upgrade: bool,
}

impl Introduction {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            service: text(SERVICE_HEADER).map(|name| name.chars().take(40).collect()),
            version: text(PROTOCOL_HEADER).and_then(|number| number.parse().ok()),
            upgrade: text(UPGRADE.as_str()).is_some_and(|name| name.eq_ignore_ascii_case(UPGRADE_TO)),
        }
    }
}

/// Why two versions do not fit, and what to do about it.
pub(crate) fn versions_differ(service: Service, server: u16, client: u16) -> String {
    let remedy = if server < client { format!("upgrade {service}") } else { "upgrade this client".to_owned() };
    format!("{service} speaks protocol {server}, this client {client}: {remedy}")
}

/// Why two ends do not fit.
#[derive(Debug)]
pub(crate) enum Refused {
    /// In words for people.
    Told(String),
    /// The connection failed, in a way that its maker may be able to explain.
    Failed(hyper::Error),
}

impl Refused {
    /// In words for people.
    pub(crate) fn told(
        self,
        target: &str,
        explain: impl FnOnce(&(dyn std::error::Error + 'static)) -> Option<String>,
    ) -> String {
        match self {
            Self::Told(why) => why,
            Self::Failed(error) => match explain(&error) {
                Some(why) => format!("no connection to {target}: {why}"),
                None => format!("{target} does not answer as a Convene service: {error}"),
            },
        }
    }
}

impl From<hyper::Error> for Refused {
    fn from(error: hyper::Error) -> Self {
        Self::Failed(error)
    }
}

/// The client's side: asks `stream` for an upgrade, and gives the stream back with what came after it.
///
/// # Errors
/// Why these two do not fit.
pub(crate) async fn upgrade(
    stream: BoxStream,
    service: Service,
    version: u16,
    target: &str,
) -> Result<(BoxStream, Bytes), Refused> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection.with_upgrades()));

    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = hyper::Uri::from_static(PATH);
    if let Ok(host) = HeaderValue::from_str(target) {
        request.headers_mut().insert(HOST, host);
    }
    introduce(request.headers_mut(), service, version);

    let response = sender.send_request(request).await?;
    let server = Introduction::read(response.headers());
    let told = |why: String| Err(Refused::Told(why));
    match (server.service, server.version) {
        (Some(name), _) if name != service.name() => return told(format!("{target} is {name}, not {service}")),
        (Some(_), Some(theirs)) if theirs != version => return told(versions_differ(service, theirs, version)),
        (Some(_), Some(_)) => {}
        _ => return told(format!("{target} is no Convene service (it answered {})", response.status())),
    }
    if response.status() != StatusCode::SWITCHING_PROTOCOLS || !server.upgrade {
        let status = response.status();
        let why = reason(response.into_body()).await;
        return told(format!("{target} refused the connection ({status}){why}"));
    }
    let upgraded = hyper::upgrade::on(response).await?;
    let parts = upgraded
        .downcast::<TokioIo<BoxStream>>()
        .map_err(|_| Refused::Told("the stream is of another kind".to_owned()))?;
    Ok((parts.io.into_inner(), parts.read_buf))
}

/// The line of text with which a service says why it refuses, as far as there is one.
async fn reason(body: Incoming) -> String {
    let Ok(body) = Limited::new(body, REASON).collect().await else { return String::new() };
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_side_is_told_to_upgrade() {
        assert_eq!(versions_differ(Service::Events, 3, 4), "events speaks protocol 3, this client 4: upgrade events");
        assert_eq!(
            versions_differ(Service::Events, 4, 3),
            "events speaks protocol 4, this client 3: upgrade this client"
        );
    }
}
