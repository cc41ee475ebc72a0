//! TLS: what leaves a machine can be neither read nor changed on its way, and both ends know who the other is.
//!
//! Every address that is not loopback takes TLS and nothing else ([`is_loopback`]); on loopback there is none unless it is asked for. It is
//! mutual, for services and for clients alike: whoever has no certificate of the installation's own authority does not get as far as
//! sending a byte of a call. (The alternative, certificates for services and passwords alone for people, would leave sign-in and the
//! parsers of everything before it open to everybody. The price is a folder that each person is given once.) What a certificate allows:
//!
//! * to be called: only a service's, for the host that was asked for, and only as that service;
//! * to call with the credential of a service: only a service's or the operator's;
//! * to call at all: any. Who a person is is told by their session alone, as without TLS.
//!
//! Only TLS 1.3 is spoken, over ring, and no session is resumed: connections are few and long, and a certificate that has expired in the
//! meantime is to be noticed. Files are looked at again for each new connection, so that renewed certificates are taken up without a
//! restart; connections that are open stay as they are. There are no revocation lists: to keep out a certificate before it expires, make
//! a new authority.
//!
//! This folder is the only place that knows rustls. The files are [`certs::Folder`]'s business.

mod accept;
mod connect;
mod identity;
mod stream;
mod words;

use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use accept::{Accepted, accept};
pub(crate) use connect::connect;
pub use identity::Identity;
pub(crate) use words::of_error;

/// Where TLS is spoken, and as whom. By default nowhere, and then only loopback can be reached.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Who we are and whom we believe.
    pub identity: Option<Arc<Identity>>,
    /// Whether it is spoken on loopback too.
    pub everywhere: bool,
}

impl Tls {
    /// Whether the way to `HOST:PORT` takes it.
    #[must_use]
    pub fn is_needed(&self, address: &str) -> bool {
        self.everywhere || !is_loopback(address)
    }
}

/// Whether `HOST:PORT` stays on this machine whatever a resolver says: an address of the loopback networks, or `localhost`
/// (RFC 6761 §6.3).
#[must_use]
pub fn is_loopback(address: &str) -> bool {
    let host = host_of(address);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The host of `HOST:PORT`, without brackets.
pub(crate) fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_surely_stays_on_this_machine_goes_without() {
        for near in
            ["127.0.0.1:7400", "127.9.9.9:1", "[::1]:7400", "localhost:80", "LOCALHOST:1", "[::ffff:127.0.0.1]:1"]
        {
            assert!(is_loopback(near), "{near}");
        }
        for far in [
            "0.0.0.0:7400",
            "[::]:7400",
            "192.168.1.1:1",
            "10.0.0.1:1",
            "[fe80::1]:1",
            "localhost.example.org:1",
            "127.0.0.1.example.org:1",
            "calendar:7400",
            ":7400",
            "",
        ] {
            assert!(!is_loopback(far), "{far}");
        }
        let everywhere = Tls { everywhere: true, ..Tls::default() };
        assert!(everywhere.is_needed("127.0.0.1:1") && !Tls::default().is_needed("127.0.0.1:1"));
    }
}
