//! The names of the five services: one list, from which ports, folders, programs and messages take theirs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// One of the five services. The discriminant is its number on the wire and its offset from the base port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[repr(u8)]
pub enum Service {
    /// Users, passwords, sessions and signing keys.
    Auth = 1,
    /// Events and who is invited to each.
    Events = 2,
    /// Invitations received, their answers, participation in public events.
    Invitations = 3,
    /// One calendar a user.
    Calendar = 4,
    /// Who lets whom see their calendar.
    Sharing = 5,
}

impl Service {
    /// All five, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Auth, Self::Events, Self::Invitations, Self::Calendar, Self::Sharing];

    /// The lower-case name, as in folders, program names and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Events => "events",
            Self::Invitations => "invitations",
            Self::Calendar => "calendar",
            Self::Sharing => "sharing",
        }
    }

    /// The service's number: its place on the wire and its distance from the base port.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whose change logs this service follows.
    #[must_use]
    pub const fn follows(self) -> &'static [Self] {
        match self {
            Self::Auth => &[],
            Self::Events | Self::Sharing => &[Self::Auth],
            Self::Invitations => &[Self::Auth, Self::Events],
            Self::Calendar => &[Self::Auth, Self::Events, Self::Invitations, Self::Sharing],
        }
    }

    /// Who follows this service's change log.
    pub fn followers(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |other| other.follows().contains(&self))
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Service> for u8 {
    fn from(service: Service) -> Self {
        service.number()
    }
}

impl TryFrom<u8> for Service {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|service| service.number() == number)
            .ok_or_else(|| Error::invalid("service", number.to_string(), "services have the numbers 1 to 5"))
    }
}

impl FromStr for Service {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|service| service.name() == text).ok_or_else(|| {
            Error::invalid("service", text, "the services are auth, events, invitations, calendar and sharing")
        })
    }
}
