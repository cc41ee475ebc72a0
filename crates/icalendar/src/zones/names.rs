//! Zones by what they are called.

use calcard::common::timezone::Tz;
use domain::Zone;

use crate::component::Component;

/// The zone that a `TZID` names by itself.
pub(crate) fn by_name(name: &str) -> Option<Zone> {
    let name = name.trim().trim_matches('"').trim();
    if let Ok(zone) = name.parse() {
        return Some(zone);
    }
    let known = name.parse::<Tz>().ok().and_then(|zone| in_our_database(&zone));
    known.or_else(|| behind_prefixes(name))
}

/// The zone that a definition says it is: `X-LIC-LOCATION` of libical, and what calcard knows beside it.
pub(super) fn by_properties(definition: &Component) -> Option<Zone> {
    let location = definition.own_lines("X-LIC-LOCATION").next().and_then(|line| line.value()).and_then(by_name);
    location.or_else(|| definition.understood().timezone().and_then(|(_, zone)| in_our_database(&zone)))
}

fn in_our_database(zone: &Tz) -> Option<Zone> {
    match zone {
        Tz::Tz(_) => zone.name()?.parse().ok(),
        Tz::Fixed(_) | Tz::Floating => None,
    }
}

/// `/example.org/20050126_1/Europe/Berlin`: the longest end that is a name.
fn behind_prefixes(name: &str) -> Option<Zone> {
    let ends = name.match_indices('/').filter_map(|(at, _)| name.get(at.saturating_add(1)..));
    ends.take(8).filter(|end| end.contains('/') || end.eq_ignore_ascii_case("UTC")).find_map(|end| end.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_prefixes_and_names_of_windows_are_known() {
        for (name, zone) in [
            ("Europe/Berlin", "Europe/Berlin"),
            (" \"europe/berlin\" ", "Europe/Berlin"),
            ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
            ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
            ("/mozilla.org/20050126_1/Europe/Berlin", "Europe/Berlin"),
            ("/citadel.org/20210210_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("Eastern Standard Time", "America/New_York"),
            ("Tokyo Standard Time", "Asia/Tokyo"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(by_name(name).map(|zone| zone.name().to_owned()).as_deref(), Some(zone), "{name}");
        }
        assert_eq!(by_name("Customized Time Zone"), None);
        assert_eq!(by_name("1"), None);
    }
}
