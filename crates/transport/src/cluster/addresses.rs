//! Where the five services listen.

use std::collections::BTreeMap;
use std::fmt;

use domain::Service;

/// The base port unless told otherwise.
pub const BASE_PORT: u16 = 7_400;

/// The address of each service, as `HOST:PORT`; none for those that are linked into this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(BTreeMap<Service, String>);

impl Addresses {
    /// All five on `host`, each at its number after `base_port`.
    #[must_use]
    pub fn after(host: &str, base_port: u16) -> Self {
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let at = |service: Service| {
            let port = base_port.saturating_add(u16::from(service.number()));
            (service, format!("{host}:{port}"))
        };
        Self(Service::ALL.into_iter().map(at).collect())
    }

    /// The same, but with `service` at `address`.
    #[must_use]
    pub fn with(mut self, service: Service, address: impl Into<String>) -> Self {
        self.0.insert(service, address.into());
        self
    }

    /// Where `service` listens, if it does.
    #[must_use]
    pub fn of(&self, service: Service) -> Option<&str> {
        self.0.get(&service).map(String::as_str)
    }

    /// All of them, in the order of the services.
    pub fn iter(&self) -> impl Iterator<Item = (Service, &str)> {
        self.0.iter().map(|(&service, address)| (service, address.as_str()))
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("in this process");
        }
        for (place, (service, address)) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{service}={address}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_listens_at_its_number_after_the_base_port() {
        let addresses = Addresses::after("127.0.0.1", BASE_PORT).with(Service::Sharing, "127.0.0.1:9");
        assert_eq!(
            addresses.to_string(),
            "auth=127.0.0.1:7401 events=127.0.0.1:7402 invitations=127.0.0.1:7403 calendar=127.0.0.1:7404 sharing=127.0.0.1:9"
        );
        assert_eq!(Addresses::after("::1", 7_400).of(Service::Auth), Some("[::1]:7401"));
        assert_eq!(Addresses::default().to_string(), "in this process");
    }
}
