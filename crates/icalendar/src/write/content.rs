//! Content lines as text: escaped, and with the zones that they name under their IANA names.

use std::collections::BTreeMap;

/// A property whose value is text (RFC 5545 §3.3.11).
pub(super) fn text(name: &str, value: &str) -> String {
    let mut line = format!("{name}:");
    for character in value.chars() {
        match character {
            '\\' => line.push_str("\\\\"),
            ';' => line.push_str("\\;"),
            ',' => line.push_str("\\,"),
            '\n' => line.push_str("\\n"),
            '\r' => {}
            other => line.push(other),
        }
    }
    line
}

/// The parameters of a line, each with where its value stands in the line.
fn parameters(line: &str) -> Vec<(&str, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let (mut quoted, mut begins) = (false, None);
    for (at, character) in line.char_indices() {
        quoted ^= character == '"';
        if quoted || !matches!(character, ';' | ':') {
            continue;
        }
        if let Some(begin) = begins
            && let Some((name, _)) = line.get(begin..at).and_then(|parameter| parameter.split_once('='))
        {
            found.push((name, begin.saturating_add(name.len()).saturating_add(1)..at));
        }
        begins = Some(at.saturating_add(1));
        if character == ':' {
            break;
        }
    }
    found
}

/// The zone that a line names, if it names one.
pub(super) fn zone_of(line: &str) -> Option<&str> {
    let (_, range) = parameters(line).into_iter().find(|(name, _)| name.eq_ignore_ascii_case("TZID"))?;
    line.get(range).map(|name| name.trim_matches('"').trim())
}

/// The line with its zone under the name that `names` has for it, if it has one. A zone that is named by nothing is none.
pub(super) fn with_zone(line: &str, names: &BTreeMap<String, String>) -> String {
    let zone = parameters(line).into_iter().find(|(name, _)| name.eq_ignore_ascii_case("TZID"));
    let replaced = zone.and_then(|(_, range)| {
        let name = line.get(range.clone())?.trim_matches('"').trim();
        if name.is_empty() {
            return Some(format!(
                "{}{}",
                line.get(..range.start.checked_sub(";TZID=".len())?)?,
                line.get(range.end..)?
            ));
        }
        let new = names.get(name)?;
        Some(format!("{}{new}{}", line.get(..range.start)?, line.get(range.end..)?))
    });
    replaced.unwrap_or_else(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_a_text_is_escaped() {
        assert_eq!(text("SUMMARY", "a,b;c\\d\ne"), "SUMMARY:a\\,b\\;c\\\\d\\ne");
    }

    #[test]
    fn a_zone_is_found_among_the_parameters_and_renamed() {
        let line = "DTSTART;X=\"a;TZID=no:b\";TZID=\"W. Europe Standard Time\":20270310T090000";
        assert_eq!(zone_of(line), Some("W. Europe Standard Time"));
        let names = BTreeMap::from([("W. Europe Standard Time".to_owned(), "Europe/Berlin".to_owned())]);
        assert_eq!(with_zone(line, &names), "DTSTART;X=\"a;TZID=no:b\";TZID=Europe/Berlin:20270310T090000");
        assert_eq!(with_zone("DTSTART;TZID=;X=1:20270310T090000", &names), "DTSTART;X=1:20270310T090000");
        assert_eq!(zone_of("DESCRIPTION:see ;TZID=x:y"), None);
    }
}
