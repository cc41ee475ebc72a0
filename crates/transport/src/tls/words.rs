//! What went wrong with TLS, in words for people: which certificate, what about it, and what to do.

use std::io;
use std::net::IpAddr;
use std::path::Path;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

use super::{Identity, host_of};

/// What to do where there is no certificate, or not the right one.
pub(super) const HOW_TO_MAKE: &str = "`convene certs make` makes certificates, on the machine of the services; `--host ADDRESS` for another address than loopback, `--client NAME` those that a person takes along";

/// What to do about a certificate that is no longer of use.
pub(super) const HOW_TO_RENEW: &str = "`convene certs renew` makes it anew, on the machine of the services";

/// When, as RFC 3339 in UTC.
pub(super) fn moment(at: UnixTime) -> String {
    let second = i64::try_from(at.as_secs()).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
    second.map_or_else(|| "a day beyond all calendars".to_owned(), |at| at.to_string())
}

/// What rustls says through an error, if it is one of TLS: seen from the side of the caller of `target`.
pub(crate) fn of_error(error: &(dyn std::error::Error + 'static), identity: &Identity, target: &str) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = rustls_error(error) {
            return Some(of_callers(error, identity, target));
        }
        next = error.source();
    }
    None
}

/// rustls's error inside one of I/O.
pub(super) fn rustls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.downcast_ref().or_else(|| inner.and_then(|inner| inner.downcast_ref::<Error>()))
}

fn of_callers(error: &Error, identity: &Identity, target: &str) -> String {
    let (own, authority) = (identity.certificate(), identity.authority());
    let (own, authority) = (own.display(), authority.display());
    match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::ExpiredContext { not_after, .. } => {
                format!("its certificate has expired on {}; {HOW_TO_RENEW}", moment(*not_after))
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                let from = moment(*not_before);
                format!("its certificate is good only from {from} on: compare the clocks of both machines")
            }
            CertificateError::NotValidForNameContext { presented, .. } => not_for(host_of(target), presented),
            CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
                "its certificate was issued by another authority than that of {authority}: this may not be the installation that you \
                 mean; if it is, take its authority.crt, and a certificate that its authority issued"
            ),
            CertificateError::InvalidPurposeContext { .. } => "its certificate is not one of a service".to_owned(),
            other => format!("its certificate is of no use: {other}"),
        },
        Error::AlertReceived(AlertDescription::CertificateExpired) => {
            format!("it refuses our certificate {own}, which has expired; {HOW_TO_RENEW}")
        }
        Error::AlertReceived(AlertDescription::UnknownCA) => {
            format!("it refuses our certificate {own}, which another authority issued; {HOW_TO_MAKE}")
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            format!("it wants a certificate and was shown none; {HOW_TO_MAKE}")
        }
        Error::AlertReceived(alert) => format!("it refuses the connection, or our certificate {own} ({alert:?})"),
        Error::InvalidMessage(_) => {
            "it does not speak TLS there: services on other addresses than loopback do, and with --require-tls on loopback too"
                .to_owned()
        }
        other => format!("TLS failed: {other}"),
    }
}

/// The hosts among `presented`, where names are as rustls quotes them: `DnsName("localhost")`, `IpAddress(0::1)`.
fn hosts(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, inner)| inner);
        let inner = inner.trim_end_matches(')').trim_matches('"');
        inner.parse::<IpAddr>().map_or_else(|_| inner.to_owned(), |address| address.to_string())
    };
    let hosts: Vec<String> = presented.iter().map(bare).filter(|name| !name.ends_with(".convene.internal")).collect();
    if hosts.is_empty() { "no host".to_owned() } else { hosts.join(", ") }
}

/// What is wrong with our own certificate in `file` for a service that listens at `host`.
pub(super) fn own_not_for(file: &Path, host: &str, error: &Error) -> String {
    let file = file.display();
    match error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) => format!(
            "{file} is for {}, and not for {host}: give it that as well with `convene certs make --host {host}`, on the machine of the \
             services",
            hosts(presented)
        ),
        other => format!("{file} is of no use for {host}: {other}"),
    }
}

fn not_for(host: &str, presented: &[String]) -> String {
    let hosts = hosts(presented);
    format!(
        "its certificate is for {hosts}, and not for {host}: call it by a name that it has, or give it this one with \
         `convene certs make --host {host}`, on the machine of the services"
    )
}

/// Why a server refused a connection, for its log.
pub(super) fn of_refusal(error: &io::Error) -> String {
    match rustls_error(error) {
        Some(Error::NoCertificatesPresented) => "it showed no certificate".to_owned(),
        Some(Error::InvalidCertificate(why)) => match why {
            CertificateError::ExpiredContext { not_after, .. } => {
                format!("its certificate has expired on {}", moment(*not_after))
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                format!("its certificate is good only from {} on", moment(*not_before))
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "its certificate was issued by another authority".to_owned()
            }
            other => format!("its certificate is of no use: {other}"),
        },
        Some(Error::AlertReceived(alert)) => format!("it does not want ours ({alert:?})"),
        Some(other) => other.to_string(),
        None => error.to_string(),
    }
}
