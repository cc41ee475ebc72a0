//! How the services are.

use domain::Service;
use serde::Serialize;

use super::Document;
use super::table::Table;

/// All five services.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusDocument {
    /// In the order of their numbers.
    pub(crate) services: Vec<ServiceDocument>,
}

/// One service.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ServiceDocument {
    name: &'static str,
    state: ServiceState,
    address: String,
    version: Option<String>,
    behind: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stopped: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Whether a service answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ServiceState {
    /// It answers.
    Up,
    /// Its program runs, and says that it does not answer yet.
    Starting,
    /// It does not answer: it is not there, or it hangs.
    Down,
}

impl ServiceDocument {
    /// A service that answers. `stopped` tells why a follower of it has stopped, if one has.
    pub(crate) fn up(
        service: Service,
        address: String,
        version: String,
        behind: &[Service],
        stopped: Vec<String>,
    ) -> Self {
        let behind = behind.iter().map(|other| other.name()).collect();
        let (name, state) = (service.name(), ServiceState::Up);
        Self { name, state, address, version: Some(version), behind, stopped, reason: None }
    }

    /// A service that does not answer, or not yet.
    pub(crate) fn silent(service: Service, address: String, state: ServiceState, reason: String) -> Self {
        let (name, behind, stopped) = (service.name(), Vec::new(), Vec::new());
        Self { name, state, address, version: None, behind, stopped, reason: Some(reason) }
    }
}

impl Document for StatusDocument {
    fn text(&self) -> String {
        let mut table = Table::new(["SERVICE", "STATE", "ADDRESS", "VERSION", ""]);
        for service in &self.services {
            let state = match service.state {
                ServiceState::Up => "up",
                ServiceState::Starting => "starting",
                ServiceState::Down => "down",
            };
            let mut remarks: Vec<String> = service.reason.iter().chain(&service.stopped).cloned().collect();
            if !service.behind.is_empty() {
                remarks.insert(0, format!("behind {}", service.behind.join(", ")));
            }
            let version = service.version.as_deref().unwrap_or_default();
            table.row([service.name, state, &service.address, version, &remarks.join("; ")]);
        }
        table.lines("")
    }
}
