//! The caller's side: TLS to a service, which is the one that was meant or is not talked to.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use certs::Holder;
use domain::Service;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::stream::Sealed;
use super::{Identity, host_of, words};
use crate::stream::BoxStream;

/// Speaks TLS over `stream` to `service`, which was asked for as `target`. Whoever calls bounds the time.
///
/// # Errors
/// In words for people: what is wrong with which certificate, and what to do.
pub(crate) async fn connect(
    identity: &Arc<Identity>,
    service: Service,
    target: &str,
    stream: TcpStream,
) -> io::Result<BoxStream> {
    // The unspecified address, as one to call, is this machine, by whatever name (a service that listens everywhere so calls itself).
    let host = Some(host_of(target)).filter(|host| !is_unspecified(host)).unwrap_or("localhost");
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| io::Error::other(format!("{host:?} is no host's name that a certificate could have")))?;
    let config = identity.client().map_err(io::Error::other)?;
    let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
        let told = words::of_error(&error, identity, target).or_else(|| {
            let closed = matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset);
            closed
                .then(|| "it closed the connection instead of speaking TLS; it may be none of ours, or busy".to_owned())
        });
        told.map_or(error, io::Error::other)
    })?;
    let certificates = stream.get_ref().1.peer_certificates();
    if !certificates.is_some_and(|certificates| is_of(certificates, &Holder::Service(service))) {
        return Err(io::Error::other(format!(
            "its certificate is not that of {service}: this may be another service's port"
        )));
    }
    Ok(Box::new(Sealed(stream)))
}

fn is_unspecified(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified())
}

/// Whether the first of these certificates, which were found to be genuine, names `holder`.
pub(super) fn is_of(certificates: &[CertificateDer<'_>], holder: &Holder) -> bool {
    let named = || {
        let own = ParsedCertificate::try_from(certificates.first()?).ok()?;
        let name = ServerName::try_from(holder.identity()).ok()?;
        Some(verify_server_name(&own, &name).is_ok())
    };
    named().unwrap_or(false)
}
