//! The local authority: a key that signs the certificates of one installation and nothing else.

use std::net::IpAddr;

use domain::Timestamp;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use time::OffsetDateTime;

use crate::folder::{PUBLIC, SECRET, read, replace};
use crate::{Error, Folder, Holder};

/// An authority, with its private key. Its key is shown nowhere.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// A certificate and its private key, as PEM.
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its key: for nobody's eyes but its holder's.
    pub key: String,
}

impl Authority {
    /// A new one, good in this span of time.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn create(from: Timestamp, until: Timestamp) -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let mut params = params(&name_of(&key), from, until)?;
        // It issues certificates of holders and no further authorities.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(|error| failed(&error))?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// The authority in `folder`; `None` if its certificate or its key is not there.
    ///
    /// # Errors
    /// If a file cannot be read, or is not what it should be.
    pub fn load(folder: &Folder) -> Result<Option<Self>, Error> {
        let (Some(certificate), Some(key)) = (read(&folder.authority())?, read(&folder.authority_key())?) else {
            return Ok(None);
        };
        let wrong = |what: &str| Error(format!("{}: {what}; restore it from a backup", folder.path().display()));
        let key = KeyPair::from_pem(&key).map_err(|_| wrong("authority.key holds no private key"))?;
        let issuer = Issuer::from_ca_cert_pem(&certificate, key)
            .map_err(|_| wrong("authority.crt is no certificate of an authority"))?;
        Ok(Some(Self { issuer, certificate }))
    }

    /// Keeps it in `folder`.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn save(&self, folder: &Folder) -> Result<(), Error> {
        replace(&folder.authority_key(), &self.issuer.key().serialize_pem(), SECRET)?;
        replace(&folder.authority(), &self.certificate, PUBLIC)
    }

    /// Its certificate, as PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Makes a certificate for `holder`, good in this span of time; a service's is also good for these hosts.
    ///
    /// # Errors
    /// For what is no host's name, and if the system has no randomness.
    pub fn issue(&self, holder: &Holder, hosts: &[String], from: Timestamp, until: Timestamp) -> Result<Issued, Error> {
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let mut params = params(&holder.to_string(), from, until)?;
        params.subject_alt_names = vec![san(&holder.identity())?];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        if let Holder::Service(_) = holder {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
            for host in hosts {
                params.subject_alt_names.push(san_of_host(host)?);
            }
        }
        let certificate = params.signed_by(&key, &self.issuer).map_err(|error| failed(&error))?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// What the authority of this key calls itself: something of its own, so that two authorities are told apart by their names already.
fn name_of(key: &KeyPair) -> String {
    let point = key.public_key_raw();
    let end = point.get(point.len().saturating_sub(4)..).unwrap_or_default();
    end.iter().fold("authority ".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

fn params(name: &str, from: Timestamp, until: Timestamp) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (moment(from)?, moment(until)?);
    Ok(params)
}

fn moment(at: Timestamp) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp(at.as_seconds())
        .map_err(|_| Error("a certificate cannot be good for that long: give fewer days".to_owned()))
}

/// The name of a host as certificates have it. A name that says whose a certificate is would make its holder somebody else as well.
pub(crate) fn san_of_host(host: &str) -> Result<SanType, Error> {
    if Holder::is_identity(host) {
        return Err(Error(format!(
            "{host:?} cannot be a host: by names in convene.internal certificates say which service they are; give the address or \
             another name at which the services are reached, as in 192.0.2.7 or calendar.example.org"
        )));
    }
    san(host)
}

/// A name as certificates have it.
fn san(host: &str) -> Result<SanType, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let wrong =
        || Error(format!("{host:?} is no host's name or address; give one as in 192.0.2.7 or calendar.example.org"));
    let is_label = |label: &str| {
        let fits = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        fits && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if host.len() > 253 || !host.split('.').all(is_label) {
        return Err(wrong());
    }
    Ia5String::try_from(host).map(SanType::DnsName).map_err(|_| wrong())
}

fn failed(error: &rcgen::Error) -> Error {
    Error(format!("a certificate could not be made: {error}"))
}
