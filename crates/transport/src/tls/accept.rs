//! The server's side: nobody gets through without a certificate of the installation.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use certs::Holder;
use domain::Service;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connect::is_of;
use super::stream::Sealed;
use super::{Identity, words};
use crate::stream::BoxStream;

/// The first byte of every TLS connection (RFC 8446 §5.1: a record of the handshake).
const HANDSHAKE: u8 = 22;

/// How long, and with how many bytes more, someone who was refused may take to read why.
const LAST_WORDS: (Duration, u64) = (Duration::from_secs(1), 64 * 1024);

/// Who came.
pub(crate) enum Accepted {
    /// Someone with a certificate.
    Sealed {
        /// What they say from here on.
        stream: BoxStream,
        /// Whether the certificate is a service's or the operator's.
        serves: bool,
    },
    /// Someone who does not speak TLS. Nothing was read.
    Open(TcpStream),
}

/// Speaks TLS with whoever connected. Whoever calls bounds the time.
///
/// # Errors
/// Why they were refused, for the log.
pub(crate) async fn accept(identity: &Arc<Identity>, stream: TcpStream) -> Result<Accepted, String> {
    let config = identity.server()?;
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(0) => return Err("it said nothing".to_owned()),
        Ok(_) if first != [HANDSHAKE] => return Ok(Accepted::Open(stream)),
        Ok(_) => {}
        Err(error) => return Err(error.to_string()),
    }
    match TlsAcceptor::from(config).accept(stream).into_fallible().await {
        Ok(stream) => {
            let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let serves = Service::ALL.into_iter().map(Holder::Service).chain([Holder::Operator]);
            let serves = serves.into_iter().any(|holder| is_of(certificates, &holder));
            Ok(Accepted::Sealed { stream: Box::new(Sealed(stream)), serves })
        }
        Err((error, stream)) => {
            part(stream).await;
            Err(words::of_refusal(&error))
        }
    }
}

/// Closes a connection so that the alert that was sent last is read. Were it closed while bytes of the peer are still on their way, they
/// would meet a reset, which overtakes what was sent before it.
async fn part(mut stream: TcpStream) {
    let reading = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LAST_WORDS.1), &mut tokio::io::sink()).await
    };
    let _: Result<io::Result<u64>, _> = timeout(LAST_WORDS.0, reading).await;
}
