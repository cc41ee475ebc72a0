//! How the command line reaches the services: over the network, or all of them inside this process.
//!
//! This is the only file that knows the transport. The commands see [`Clients`] and ask for nothing else.

use std::path::PathBuf;
use std::time::Duration;

use certs::Folder;
use domain::{Credential, Service, Timestamp};
use transport::cluster::{Addresses, BASE_PORT, Cluster};
use transport::tls::Identity;
use transport::{ClientOptions, Tls};

pub(crate) use transport::cluster::Clients;

use crate::arguments::Options;
use crate::failure::Failure;

/// Where the services are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Each in its own process, at its number after the base port.
    At {
        /// The host's name or address, without brackets.
        host: String,
        /// The base port.
        base_port: u16,
    },
    /// All in this process, on the data folder.
    InProcess,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At { host, base_port } if host.contains(':') => write!(f, "[{host}]:{base_port}"),
            Self::At { host, base_port } => write!(f, "{host}:{base_port}"),
            Self::InProcess => f.write_str("in process"),
        }
    }
}

/// A way to the services, open as long as this is kept.
pub(crate) struct Reach {
    clients: Clients,
    addresses: Addresses,
    cluster: Option<Cluster>,
}

/// How long services in this process may take to end. What was acknowledged is safe without it.
const FOR_ENDING: Duration = Duration::from_secs(3);
/// The highest from which all services' numbers still lead to a port.
const HIGHEST_BASE_PORT: u16 = u16::MAX - 5;

impl Place {
    /// What `--in-process`, `--server` and the environment say, the first of these that says anything. Should nothing say where the
    /// services are, they are on this machine, at the base port at which they would be started from the same environment.
    ///
    /// # Errors
    /// Usage for what is no `HOST:BASE_PORT`.
    pub(crate) fn chosen(
        in_process: bool,
        server: Option<&str>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        if in_process {
            return Ok(Self::InProcess);
        }
        let said = |name: &str| environment(name).filter(|text| !text.is_empty());
        if let Some(text) = server {
            return Self::parse(text, "--server");
        }
        if let Some(text) = said("CONVENE_SERVER") {
            return Self::parse(&text, "CONVENE_SERVER");
        }
        let base_port = said("CONVENE_BASE_PORT").unwrap_or_else(|| BASE_PORT.to_string());
        Self::parse(&format!("127.0.0.1:{base_port}"), "CONVENE_BASE_PORT")
    }

    fn parse(text: &str, origin: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::Usage {
            message: format!("{origin} {text:?}: {why}; give HOST:BASE_PORT, as in 127.0.0.1:{BASE_PORT}"),
            field: Some("server"),
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong("the base port is missing"))?;
        let host = match host.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']').ok_or_else(|| wrong("the bracket is not closed"))?,
            None if host.contains(':') => return Err(wrong("an IPv6 address stands in brackets")),
            None => host,
        };
        if host.is_empty() || host.chars().any(|c| c.is_whitespace() || c == '/') {
            return Err(wrong("the host is missing or no host"));
        }
        match port.parse::<u16>() {
            Ok(base_port) if base_port <= HIGHEST_BASE_PORT => Ok(Self::At { host: host.to_owned(), base_port }),
            _ => Err(wrong(&format!("the base port is a number up to {HIGHEST_BASE_PORT}"))),
        }
    }
}

impl Reach {
    /// Opens a way to the services at `place`, with TLS where `tls` says so. Elsewhere, nothing is connected before it is needed; in this process, the services
    /// have caught up with each other when this returns.
    ///
    /// # Errors
    /// Here, for services in this process that cannot be started on the data folder: it names who uses it, or what is wrong with it.
    pub(crate) async fn open(place: &Place, tls: Tls) -> Result<Self, Failure> {
        let cluster = match place {
            Place::At { host, base_port } => {
                let addresses = Addresses::after(host, *base_port);
                Cluster::connected_through(addresses, tls, &ClientOptions::default())
            }
            Place::InProcess => {
                Cluster::in_process(&data_folder()).await.map_err(|error| Failure::Here(error.to_string()))?
            }
        };
        Ok(Self { clients: cluster.clients().clone(), addresses: cluster.addresses().clone(), cluster: Some(cluster) })
    }

    /// The services.
    pub(crate) const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Where a service is, for people.
    pub(crate) fn address(&self, service: Service) -> String {
        self.addresses.of(service).unwrap_or("in-process").to_owned()
    }

    /// The operator's credential, from the key in the data folder.
    ///
    /// # Errors
    /// Here, when there is no key that can be read.
    pub(crate) fn operator(&self, now: Timestamp) -> Result<Credential, Failure> {
        let data = data_folder();
        let key = chassis::OperatorKey::load(&data).map_err(|error| {
            Failure::Here(format!(
                "the operator's key cannot be read: {error}; set CONVENE_DATA to the services' data folder"
            ))
        })?;
        Ok(key.operator_credential(now)?)
    }

    /// A way that is there already.
    #[cfg(test)]
    pub(crate) fn with(clients: Clients) -> Self {
        Self { clients, addresses: Addresses::default(), cluster: None }
    }

    /// Closes the way: services in this process end.
    pub(crate) async fn close(self) {
        if let Some(cluster) = self.cluster {
            cluster.shutdown(FOR_ENDING).await;
        }
    }
}

/// The data folder: `$CONVENE_DATA`, or else `./data`.
pub(crate) fn data_folder() -> PathBuf {
    std::env::var_os("CONVENE_DATA")
        .filter(|path| !path.is_empty())
        .map_or_else(|| PathBuf::from("data"), PathBuf::from)
}

/// Where TLS is spoken, and with which certificate.
pub(crate) fn tls(options: &Options) -> Tls {
    let said = |name: &str| std::env::var(name).unwrap_or_default();
    let everywhere = options.require_tls || is_yes(&said("CONVENE_REQUIRE_TLS"));
    Tls { identity: Some(Identity::of_caller(Folder::at(certificates(options)))), everywhere }
}

/// Whether an environment variable says yes, as those of the services' programs are read.
fn is_yes(text: &str) -> bool {
    !matches!(text.to_ascii_lowercase().as_str(), "" | "n" | "no" | "f" | "false" | "off" | "0")
}

/// The folder with the certificates of whoever calls: what is said, or else those of the services on this machine, or else one's own.
fn certificates(options: &Options) -> PathBuf {
    use etcetera::BaseStrategy as _;
    let of_services = own_certificates(options);
    if options.certs.is_some() || std::env::var_os("CONVENE_CERTS").is_some_and(|path| !path.is_empty()) {
        return of_services;
    }
    let own = etcetera::base_strategy::Xdg::new().map(|base| base.config_dir().join("convene/certs"));
    own.ok().filter(|own| own.exists() && !of_services.exists()).unwrap_or(of_services)
}

/// The folder with the certificates of the services: what is said, or else `certs` in the data folder.
pub(crate) fn own_certificates(options: &Options) -> PathBuf {
    let said = || std::env::var_os("CONVENE_CERTS").filter(|path| !path.is_empty()).map(PathBuf::from);
    options.certs.clone().or_else(said).unwrap_or_else(|| data_folder().join("certs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, base_port: u16) -> Place {
        Place::At { host: host.to_owned(), base_port }
    }

    #[test]
    fn in_process_wins_over_the_option_and_the_option_over_the_environment() {
        let chosen = |in_process, server, environment: &[(&str, &str)]| {
            let said =
                |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, text)| (*text).to_owned());
            Place::chosen(in_process, server, said)
        };
        let both = [("CONVENE_SERVER", "b:2"), ("CONVENE_BASE_PORT", "8400")];
        assert_eq!(chosen(true, Some("nonsense"), &[("CONVENE_SERVER", "nonsense")]), Ok(Place::InProcess));
        assert_eq!(chosen(false, Some("a:1"), &both), Ok(at("a", 1)));
        assert_eq!(chosen(false, None, &both), Ok(at("b", 2)));
        assert_eq!(chosen(false, None, &[("CONVENE_SERVER", ""), both[1]]), Ok(at("127.0.0.1", 8_400)));
        assert_eq!(chosen(false, None, &[]), Ok(at("127.0.0.1", 7_400)));
        assert_eq!(chosen(false, None, &[("CONVENE_BASE_PORT", "x")]).unwrap_err().exit(), 2);
    }

    #[test]
    fn the_variable_that_asks_for_tls_is_read_as_by_the_services() {
        for yes in ["1", "true", "yes", "on", "always"] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "0", "false", "No", "OFF"] {
            assert!(!is_yes(no), "{no}");
        }
    }

    #[tokio::test]
    async fn each_service_is_at_its_number_after_the_base_port() {
        for (text, address) in [("127.0.0.1:7400", "127.0.0.1:7405"), ("[::1]:7400", "[::1]:7405")] {
            let place = Place::chosen(false, Some(text), |_| None).unwrap();
            assert_eq!(Reach::open(&place, Tls::default()).await.unwrap().address(Service::Sharing), address);
        }
    }

    #[test]
    fn what_is_no_host_and_base_port_is_refused_with_an_example() {
        for bad in
            ["", "localhost", "localhost:", ":7400", "localhost:seven", "::1:7400", "[::1:7400", "h:65535", "a b:1"]
        {
            let failure = Place::chosen(false, Some(bad), |_| None).unwrap_err();
            assert_eq!(failure.exit(), 2, "{bad}");
            assert!(failure.message().contains("127.0.0.1:7400"), "{bad}");
        }
    }
}
