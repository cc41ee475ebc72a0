//! What a certificate says, for people: who holds it, for which names, from when until when, and whether an authority issued it.

use std::net::IpAddr;
use std::path::Path;

use domain::Timestamp;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::folder::read;
use crate::{Error, Holder};

/// A certificate that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// Whose it says that it is: `events`, `client alice`.
    pub subject: String,
    names: Vec<String>,
    /// From when on it is good.
    pub not_before: Timestamp,
    /// Until when it is good.
    pub not_after: Timestamp,
}

impl Certificate {
    /// Reads the first certificate of a PEM file; `None` if there is no such file.
    ///
    /// # Errors
    /// If it cannot be read, or holds no certificate; with the file's name.
    pub fn read(path: &Path) -> Result<Option<Self>, Error> {
        let Some(text) = read(path)? else { return Ok(None) };
        let parsed = Self::parse(&text).ok_or_else(|| Error(format!("{} holds no certificate", path.display())))?;
        Ok(Some(parsed))
    }

    fn parse(text: &str) -> Option<Self> {
        let pem = Pem::iter_from_buffer(text.as_bytes()).next()?.ok()?;
        let certificate = pem.parse_x509().ok()?;
        let names = certificate.subject_alternative_name().ok()?.into_iter();
        let names = names.flat_map(|names| &names.value.general_names).filter_map(name).collect();
        let subject = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        let subject = subject.unwrap_or("nobody").to_owned();
        let second = |at: i64| at.checked_mul(1_000_000).map(Timestamp::from_micros);
        let validity = certificate.validity();
        let (not_before, not_after) =
            (second(validity.not_before.timestamp())?, second(validity.not_after.timestamp())?);
        drop(certificate);
        Some(Self { der: pem.contents, subject, names, not_before, not_after })
    }

    /// The hosts for which it is good: names and addresses.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| !Holder::is_identity(name))
    }

    /// Whether `authority` issued it.
    #[must_use]
    pub fn is_issued_by(&self, authority: &Self) -> bool {
        let signed = || {
            let (_, this) = X509Certificate::from_der(&self.der).ok()?;
            let (_, issuer) = X509Certificate::from_der(&authority.der).ok()?;
            Some(this.issuer() == issuer.subject() && this.verify_signature(Some(issuer.public_key())).is_ok())
        };
        signed().unwrap_or(false)
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            four.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}
