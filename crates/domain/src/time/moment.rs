//! A civil time in a zone, with the one bit that a civil time lacks.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

use super::{Zone, check_year, civil_from_seconds, civil_seconds, whole_seconds};
use crate::Error;

/// What the clock on the wall shows, to the second. Where clocks go back and show a time twice, `later` says which of the
/// two is meant (the *fold* of PEP 495); RFC 5545 §3.3.5 means the first when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Moment {
    civil: DateTime,
    later: bool,
}

impl Moment {
    /// The civil time `civil` in `zone`.
    ///
    /// # Errors
    /// Invalid input naming `field` if the zone's clocks skip that time, with the first time after the gap, or if the
    /// year lies outside the years that Convene keeps.
    pub fn in_zone(field: &str, civil: DateTime, zone: &Zone) -> Result<Self, Error> {
        check_year(field, civil.date())?;
        let moment = Self { civil: whole_seconds(civil), later: false };
        match zone.rules().to_ambiguous_timestamp(moment.civil).offset() {
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => Ok(moment),
            AmbiguousOffset::Gap { .. } => {
                let after = zone
                    .rules()
                    .to_ambiguous_timestamp(moment.civil)
                    .later()
                    .map(|instant| instant.to_zoned(zone.rules()).datetime())
                    .map_or_else(|_| String::new(), |after| format!("; that hour later is {after}"));
                Err(Error::invalid(
                    field,
                    civil.to_string(),
                    format!("clocks in {zone} go forward over that time, so it does not exist there{after}"),
                ))
            }
        }
    }

    /// What the clocks of `zone` show at `instant`.
    ///
    /// # Errors
    /// Invalid input naming `field` if the year lies outside the years that Convene keeps.
    pub fn at(field: &str, instant: jiff::Timestamp, zone: &Zone) -> Result<Self, Error> {
        let civil = whole_seconds(instant.to_zoned(zone.rules()).datetime());
        check_year(field, civil.date())?;
        let first = Self { civil, later: false };
        let later = first.instant(zone) < instant.as_second();
        Ok(Self { civil, later })
    }

    /// What the clock shows.
    #[must_use]
    pub const fn civil(self) -> DateTime {
        self.civil
    }

    /// Seconds since 1970-01-01T00:00:00Z, by the zone's rules as they are known now. A time that new rules skip is
    /// moved behind the gap, as RFC 5545 §3.3.5 reads such a time.
    #[must_use]
    pub fn instant(self, zone: &Zone) -> i64 {
        self.resolve(&zone.rules())
    }

    fn resolve(self, rules: &TimeZone) -> i64 {
        let ambiguous = rules.to_ambiguous_timestamp(self.civil);
        let resolved = match ambiguous.offset() {
            AmbiguousOffset::Fold { .. } if self.later => ambiguous.later(),
            AmbiguousOffset::Fold { .. } => ambiguous.earlier(),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => ambiguous.compatible(),
        };
        resolved.map_or_else(|_| civil_seconds(self.civil), jiff::Timestamp::as_second)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    seconds: i64,
    later: bool,
}

impl From<Moment> for Stored {
    fn from(moment: Moment) -> Self {
        Self { seconds: civil_seconds(moment.civil), later: moment.later }
    }
}

impl TryFrom<Stored> for Moment {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let civil = civil_from_seconds(stored.seconds)?;
        check_year("time", civil.date())?;
        Ok(Self { civil, later: stored.later })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn berlin() -> Zone {
        "Europe/Berlin".parse().unwrap()
    }

    #[test]
    fn a_time_that_clocks_skip_is_refused_and_the_next_one_named() {
        let skipped = date(2027, 3, 28).at(2, 30, 0, 0);
        let error = Moment::in_zone("start", skipped, &berlin()).unwrap_err();
        assert_eq!(error.field(), Some("start"));
        assert!(error.to_string().contains("2027-03-28T03:30:00"), "{error}");
    }

    #[test]
    fn a_time_that_clocks_show_twice_means_the_first_unless_an_instant_says_otherwise() {
        let twice = date(2027, 10, 31).at(2, 30, 0, 0);
        let first = Moment::in_zone("start", twice, &berlin()).unwrap();
        let later = jiff::Timestamp::from_second(first.instant(&berlin()) + 3_600).unwrap();
        let second = Moment::at("start", later, &berlin()).unwrap();
        assert_eq!(second.civil(), first.civil());
        assert_eq!(second.instant(&berlin()) - first.instant(&berlin()), 3_600);
    }
}
