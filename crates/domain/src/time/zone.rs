//! A time zone by its IANA name.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The name of a zone that the bundled IANA database knows, in the database's own spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(String);

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The machine's zone; UTC where the machine does not say or names none.
    #[must_use]
    pub fn of_this_machine() -> Self {
        TimeZone::system().iana_name().and_then(|name| name.parse().ok()).unwrap_or_else(Self::utc)
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The rules behind the name. UTC should the name have vanished, which the constructors rule out.
    #[must_use]
    pub fn rules(&self) -> TimeZone {
        jiff::tz::db().get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl FromStr for Zone {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("zone", text, "zones have IANA names such as Europe/Berlin or UTC");
        if text.len() > 64 {
            return Err(wrong());
        }
        let rules = jiff::tz::db().get(text).map_err(|_| wrong())?;
        let name = rules.iana_name().ok_or_else(wrong)?;
        if name.starts_with("Etc/Unknown") { Err(wrong()) } else { Ok(Self(name.to_owned())) }
    }
}

impl TryFrom<String> for Zone {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_in_any_case_and_kept_in_the_databases_spelling() {
        assert_eq!("europe/berlin".parse::<Zone>().unwrap().name(), "Europe/Berlin");
        assert_eq!("UTC".parse::<Zone>().unwrap(), Zone::utc());
    }

    #[test]
    fn an_unknown_zone_is_refused_with_its_name() {
        for bad in ["Mars/Phobos", "", "+02:00", "Europe/", &"x".repeat(1000)] {
            assert_eq!(bad.parse::<Zone>().unwrap_err().field(), Some("zone"), "{bad}");
        }
    }
}
