//! Who we are and whom we believe: read from the files of a folder, and again when they have changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use certs::{Folder, Holder};
use domain::Service;
use parking_lot::Mutex;
use rustls::client::{Resumption, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{CertificateError, ClientConfig, RootCertStore, ServerConfig};

use super::host_of;
use super::words::{HOW_TO_MAKE, HOW_TO_RENEW, moment, own_not_for};

/// What is spoken inside: the HTTP/1.1 that is then upgraded.
const PROTOCOL: &[u8] = b"http/1.1";

/// A certificate with its key, and the authority that is believed. Shows neither.
pub struct Identity {
    folder: Folder,
    service: Option<Service>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    configs: Option<Configs>,
    /// How the files were when they were last read.
    stamps: Vec<Stamp>,
}

/// What rustls needs, on either side.
#[derive(Clone)]
struct Configs {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

/// What tells that a file was replaced.
type Stamp = Option<(SystemTime, u64)>;

/// The files of an identity.
struct Files {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.certificate().display())
    }
}

impl Identity {
    /// That of `service`, from its files in `folder`. Nothing is read yet.
    #[must_use]
    pub fn of_service(folder: Folder, service: Service) -> Arc<Self> {
        Arc::new(Self { folder, service: Some(service), held: Mutex::default() })
    }

    /// That of whoever calls services: the operator's if `folder` has one, and otherwise that of a client. Nothing is read yet.
    #[must_use]
    pub fn of_caller(folder: Folder) -> Arc<Self> {
        Arc::new(Self { folder, service: None, held: Mutex::default() })
    }

    /// Makes sure that the files are there and of use.
    ///
    /// # Errors
    /// Which file is missing, expired or otherwise of no use, and what to do.
    pub fn check(&self) -> Result<(), String> {
        self.configs().map(drop)
    }

    /// Makes sure that our certificate is good for the host of `HOST:PORT`, as it has to be for those who call us there.
    ///
    /// # Errors
    /// For which hosts it is good instead, and what to do; that it cannot be read.
    pub fn check_host(&self, address: &str) -> Result<(), String> {
        let (files, host) = (self.files(), host_of(address));
        let chain = files.read(&files.certificate)?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("{host:?} is no host's name that a certificate could have"))?;
        let own = chain
            .first()
            .ok_or_else(|| format!("{} holds no certificate; {HOW_TO_MAKE}", files.certificate.display()))?;
        let judged = ParsedCertificate::try_from(own).and_then(|own| verify_server_name(&own, &name));
        judged.map_err(|error| own_not_for(&files.certificate, host, &error))
    }

    /// The folder with the files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where our certificate lies, for messages.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.files().certificate
    }

    /// Where the authority's certificate lies, for messages.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.authority()
    }

    pub(super) fn client(&self) -> Result<Arc<ClientConfig>, String> {
        self.configs().map(|configs| configs.client)
    }

    pub(super) fn server(&self) -> Result<Arc<ServerConfig>, String> {
        self.configs().map(|configs| configs.server)
    }

    fn files(&self) -> Files {
        let authority = self.folder.authority();
        let pair = |certificate, key| Files { authority: authority.clone(), certificate, key };
        let of = |holder: &Holder| pair(self.folder.certificate(holder), self.folder.key(holder));
        match self.service {
            Some(service) => of(&Holder::Service(service)),
            None if self.folder.certificate(&Holder::Operator).exists() => of(&Holder::Operator),
            None => pair(self.folder.path().join("client.crt"), self.folder.path().join("client.key")),
        }
    }

    /// As the files are now. While they are being replaced, or if they were replaced by something of no use, as they were before.
    fn configs(&self) -> Result<Configs, String> {
        let files = self.files();
        let stamps: Vec<Stamp> = [&files.authority, &files.certificate, &files.key].map(|file| stamp(file)).into();
        let mut held = self.held.lock();
        if let Some(configs) = &held.configs
            && held.stamps == stamps
        {
            return Ok(configs.clone());
        }
        match (files.load(), &held.configs) {
            (Ok(configs), _) => {
                held.configs = Some(configs.clone());
                held.stamps = stamps;
                Ok(configs)
            }
            (Err(why), Some(before)) => {
                tracing::warn!(why, "the certificates were changed and cannot be used; those from before stay in use");
                let before = before.clone();
                held.stamps = stamps;
                Ok(before)
            }
            (Err(why), None) => Err(why),
        }
    }
}

fn stamp(file: &Path) -> Stamp {
    let found = fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl Files {
    fn load(&self) -> Result<Configs, String> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in self.read(&self.authority)? {
            let file = self.authority.display();
            roots.add(certificate).map_err(|_| format!("{file} is no certificate of an authority; {HOW_TO_MAKE}"))?;
        }
        let roots = Arc::new(roots);
        let chain = self.read(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| self.unread(&self.key, &error))?;
        self.judge(&provider, &roots, &chain)?;

        let odd = |error: rustls::Error| {
            let (certificate, key) = (self.certificate.display(), self.key.display());
            format!("{certificate} and {key} do not belong together ({error}); {HOW_TO_RENEW}")
        };
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
            .build()
            .map_err(|error| format!("{} cannot be used: {error}", self.authority.display()))?;
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(odd)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain.clone(), key.clone_key())
            .map_err(odd)?;
        server.alpn_protocols = vec![PROTOCOL.to_vec()];
        server.send_tls13_tickets = 0;
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(odd)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(odd)?;
        client.alpn_protocols = vec![PROTOCOL.to_vec()];
        client.resumption = Resumption::disabled();
        Ok(Configs { client: Arc::new(client), server: Arc::new(server) })
    }

    /// Judges our own certificate as a peer would, to say here what is wrong with it.
    fn judge(
        &self,
        provider: &Arc<CryptoProvider>,
        roots: &Arc<RootCertStore>,
        chain: &[CertificateDer<'_>],
    ) -> Result<(), String> {
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider));
        let verifier =
            verifier.build().map_err(|error| format!("{} is of no use: {error}", self.authority.display()))?;
        let Some((own, others)) = chain.split_first() else {
            return Err(format!("{} holds no certificate; {HOW_TO_MAKE}", self.certificate.display()));
        };
        let Err(error) = verifier.verify_client_cert(own, others, UnixTime::now()) else { return Ok(()) };
        let (file, authority) = (self.certificate.display(), self.authority.display());
        Err(match error {
            rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
                format!("{file} has expired on {}; {HOW_TO_RENEW}", moment(not_after))
            }
            rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
                format!("{file} is good only from {} on: compare this machine's clock", moment(not_before))
            }
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
                format!("{file} was not issued by the authority of {authority}; {HOW_TO_MAKE}")
            }
            other => format!("{file} is of no use ({other}); {HOW_TO_RENEW}"),
        })
    }

    fn read(&self, file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
        CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| self.unread(file, &error))
    }

    fn unread(&self, file: &Path, error: &pem::Error) -> String {
        let name = file.display();
        match error {
            pem::Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
                format!("there is no {name}; {HOW_TO_MAKE}")
            }
            pem::Error::Io(error) => format!("{name} cannot be read: {error}"),
            _ => format!("{name} holds nothing that can be used; {HOW_TO_MAKE}"),
        }
    }
}
