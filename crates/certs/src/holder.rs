//! Whose a certificate can be.

use std::fmt;

use domain::Service;

/// What every name of a holder ends with: a domain that no resolver ever leads anywhere (`.internal` is set aside for private use).
const DOMAIN: &str = "convene.internal";

/// Whose a certificate is. It names what its holder may do: only services may be called, and only services and the operator may show
/// a service's token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A service, called and calling.
    Service(Service),
    /// Whoever runs the installation: starts it, watches over it, `convene check`.
    Operator,
    /// A person, or a machine of theirs.
    Client(String),
}

impl Holder {
    /// All who have certificates in an installation from its beginning.
    pub fn of_every_installation() -> impl Iterator<Item = Self> {
        Service::ALL.into_iter().map(Self::Service).chain([Self::Operator])
    }

    /// The name inside the certificate, among its DNS names, that says what its holder is: `events.convene.internal`.
    #[must_use]
    pub fn identity(&self) -> String {
        format!("{}.{DOMAIN}", self.file())
    }

    /// What its files are called, without their ends.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        match self {
            Self::Service(service) => service.name(),
            Self::Operator => "operator",
            Self::Client(_) => "client",
        }
    }

    /// Whether `name` is one that stands for a holder and not for a host.
    pub(crate) fn is_identity(name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        name.strip_suffix(DOMAIN).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(name) => write!(f, "client {name}"),
            Self::Service(_) | Self::Operator => f.write_str(self.file()),
        }
    }
}
