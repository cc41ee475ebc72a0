//! The IANA zone whose clocks go as a definition says.

use domain::Zone;
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

use super::Definition;

/// Where several zones agree, the first of these is meant: the large ones of their kind.
const WELL_KNOWN: [&str; 24] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "Europe/Moscow",
    "Europe/Istanbul",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Sao_Paulo",
    "America/Toronto",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Dubai",
    "Asia/Jerusalem",
    "Australia/Sydney",
    "Australia/Brisbane",
    "Pacific/Auckland",
    "Africa/Johannesburg",
    "Africa/Lagos",
];

/// How many years from the one before are compared.
const YEARS: i16 = 4;

/// The zone that has the same offsets and changes them at the same instants from the year before `year` on.
pub(super) fn zone_like(definition: &Definition, year: i16) -> Option<Zone> {
    let year = year.clamp(1902, 9_000);
    let (from, to) = (date(year.saturating_sub(1), 1, 1), date(year.saturating_sub(1).saturating_add(YEARS), 1, 1));
    let (from, to) = (from.at(0, 0, 0, 0), to.at(0, 0, 0, 0));
    let begins = definition.offset_at(from);
    let changes = definition.changes(from, to);
    let like = |name: &str, within: u64| {
        let found = jiff::tz::db().get(name).ok().and_then(|rules| behaves(&rules, from, to));
        found.is_some_and(|(offset, zone)| offset == begins && are_like(&zone, &changes, within))
    };
    // Of zones that agree the well-known ones, then the first by name, those of a place before those that are only an offset.
    let mut others: Vec<String> =
        jiff::tz::db().available().map(|name| name.to_string()).filter(|name| name.contains('/')).collect();
    others.sort_unstable_by_key(|name| (name.starts_with("Etc/"), name.clone()));
    let mut names = WELL_KNOWN.into_iter().chain(others.iter().map(String::as_str));
    let found = names.clone().find(|name| like(name, 0)).or_else(|| names.find(|name| like(name, A_DAY)));
    found.and_then(|name| name.parse().ok())
}

/// Older programs say two o'clock where the clocks change at three: on the same day is near enough, if no zone agrees better.
const A_DAY: u64 = 86_400;

fn are_like(one: &[(i64, i32)], other: &[(i64, i32)], within: u64) -> bool {
    let near = |(one, other): (&(i64, i32), &(i64, i32))| one.1 == other.1 && one.0.abs_diff(other.0) <= within;
    one.len() == other.len() && one.iter().zip(other).all(near)
}

/// The offset with which a zone begins, and its changes as [`Definition::changes`] has them.
fn behaves(rules: &TimeZone, from: DateTime, to: DateTime) -> Option<(i32, Vec<(i64, i32)>)> {
    let start = rules.to_ambiguous_timestamp(from).compatible().ok()?;
    let end = rules.to_ambiguous_timestamp(to).compatible().ok()?;
    let begins = rules.to_offset(start).seconds();
    let mut offset = begins;
    let following = rules.following(start).take_while(|change| change.timestamp() < end);
    let changes = following.map(|change| (change.timestamp().as_second(), change.offset().seconds()));
    Some((begins, changes.filter(|(_, to)| std::mem::replace(&mut offset, *to) != *to).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Component;
    use crate::split::Split;

    fn definition(parts: &str) -> Definition {
        let text = format!("BEGIN:VTIMEZONE\nTZID:Ours\n{parts}END:VTIMEZONE\n");
        let split = Split::of(text.as_bytes()).unwrap();
        Definition::of(&Component::read(text.as_bytes(), &split.pieces[0]).unwrap()).unwrap()
    }

    const CENTRAL_EUROPE: &str = "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\n\
        TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n";

    #[test]
    fn a_definition_of_a_known_zone_is_that_zone() {
        assert_eq!(zone_like(&definition(CENTRAL_EUROPE), 2027).unwrap().name(), "Europe/Berlin");
        let sloppy = CENTRAL_EUROPE.replace("16010101T030000", "16010101T020000");
        assert_eq!(zone_like(&definition(&sloppy), 2027).unwrap().name(), "Europe/Berlin");
        let india = "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\n";
        assert_eq!(zone_like(&definition(india), 2027).unwrap().name(), "Asia/Kolkata");
    }

    #[test]
    fn a_definition_of_nowhere_keeps_its_own_offsets() {
        let nowhere =
            definition("BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0123\nTZOFFSETTO:+0123\nEND:STANDARD\n");
        assert_eq!(zone_like(&nowhere, 2027), None);
        assert_eq!(nowhere.offset_at(date(2027, 3, 10).at(9, 0, 0, 0)), 4_980);
    }

    #[test]
    fn offsets_change_when_the_definition_says() {
        let europe = definition(CENTRAL_EUROPE);
        assert_eq!(europe.offset_at(date(2027, 3, 28).at(1, 59, 59, 0)), 3_600);
        assert_eq!(europe.offset_at(date(2027, 3, 28).at(2, 0, 0, 0)), 7_200);
        assert_eq!(europe.offset_at(date(2027, 10, 31).at(3, 0, 0, 0)), 3_600);
    }
}
