//! The components of a file (RFC 5545 §3.6): where each begins and ends, which are whole, and which are not.
//!
//! Only `BEGIN`, `END`, `METHOD` and `UID` are looked at, and nothing is copied, so that a file costs a few words for each
//! component. What is not closed, is nested too deep or is too long is reported here and harms no other component.

use std::ops::Range;

use crate::lines::{RawLines, name_of, unfold};
use crate::{MAX_COMPONENT, MAX_COMPONENTS, MAX_DEPTH, Refused, Skipped, text};

/// A whole component that stands directly in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its name, in capitals.
    pub(crate) name: String,
    /// Its bytes, from `BEGIN` to behind the line end of `END`.
    pub(crate) range: Range<usize>,
    /// The line of its `BEGIN`.
    pub(crate) line: usize,
    /// Which of the file's calendars it stands in.
    pub(crate) calendar: usize,
    /// Its `UID`.
    pub(crate) uid: Option<String>,
}

/// A file's components.
#[derive(Debug, Default)]
pub(crate) struct Split {
    /// The whole ones, in order.
    pub(crate) pieces: Vec<Piece>,
    /// The others, in order.
    pub(crate) broken: Vec<Skipped>,
    /// The `METHOD` (RFC 5546) of each calendar, in capitals.
    pub(crate) methods: Vec<Option<String>>,
}

/// Components that stand in a calendar and never in another component: where one begins, what came before is over.
const OF_A_CALENDAR: [&str; 7] =
    ["VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY"];

const EMPTY: &str = "the file is empty; an iCalendar file begins with BEGIN:VCALENDAR";

impl Split {
    /// Of the file `bytes`.
    ///
    /// # Errors
    /// If that is no iCalendar at all, or holds more components than are taken at once.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, Refused> {
        let mut splitting = Splitting::default();
        let mut first = None;
        let mut begun = false;
        for line in RawLines::new(bytes, 1) {
            let raw = bytes.get(line.range.clone()).unwrap_or_default();
            if first.is_none() && raw.iter().any(|byte| !byte.is_ascii_whitespace()) {
                first = Some((line.number, text::excerpt(raw)));
            }
            match name_of(raw).map(str::to_ascii_uppercase).as_deref() {
                Some("BEGIN") => {
                    begun = true;
                    splitting.begin(value_of(raw), line.number, line.range.start);
                    splitting.check_count()?;
                }
                Some("END") => splitting.end(&value_of(raw), line.number, line.range.end),
                Some("UID") => splitting.uid(raw),
                Some("METHOD") => splitting.method(raw),
                _ => {}
            }
        }
        splitting.finish();
        match first {
            None => Err(Refused { line: 1, reason: EMPTY.to_owned() }),
            Some((line, excerpt)) if !begun => {
                let reason =
                    format!("this is no iCalendar file: it begins with {excerpt:?} instead of BEGIN:VCALENDAR");
                Err(Refused { line, reason })
            }
            Some((line, _)) if splitting.only_cards => {
                let reason = "this is an address book (VCARD), not a calendar".to_owned();
                Err(Refused { line, reason })
            }
            Some(_) => Ok(splitting.split),
        }
    }
}

/// The value of a `BEGIN` or `END`, in capitals.
fn value_of(raw: &[u8]) -> String {
    let unfolded = unfold(raw);
    let at = unfolded.iter().position(|byte| *byte == b':').map_or(unfolded.len(), |at| at.saturating_add(1));
    let value = String::from_utf8_lossy(unfolded.get(at..).unwrap_or_default()).trim().to_ascii_uppercase();
    value.chars().take(64).collect()
}

#[derive(Default)]
struct Splitting {
    split: Split,
    /// The calendar that is open, by the line of its `BEGIN`.
    calendar: Option<usize>,
    /// The component of that calendar that is open, outermost first, each with its line.
    open: Vec<(String, usize)>,
    /// Where the outermost began.
    start: usize,
    uid: Option<String>,
    too_deep: bool,
    only_cards: bool,
    count: usize,
}

impl Splitting {
    fn begin(&mut self, name: String, line: usize, start: usize) {
        self.count = self.count.saturating_add(1);
        self.only_cards = name == "VCARD" && (self.only_cards || self.count == 1);
        if OF_A_CALENDAR.contains(&name.as_str()) {
            self.give_up(&format!("BEGIN:{name} in line {line}"));
        }
        if name == "VCALENDAR" {
            self.calendar = Some(line);
            self.split.methods.push(None);
            return;
        }
        if self.open.is_empty() {
            (self.start, self.uid, self.too_deep) = (start, None, false);
        }
        if self.open.len() < MAX_DEPTH {
            self.open.push((name, line));
        } else {
            self.too_deep = true;
        }
    }

    fn end(&mut self, name: &str, line: usize, end: usize) {
        if name == "VCALENDAR" {
            self.give_up(&format!("END:VCALENDAR in line {line}"));
            self.calendar = None;
            return;
        }
        let Some((innermost, _)) = self.open.last() else { return };
        if self.too_deep && innermost != name {
            return;
        }
        if innermost != name {
            // An END that closes something further out: what stands within is not whole. One that closes nothing is passed over.
            if self.open.iter().any(|(open, _)| open == name) {
                self.give_up(&format!("END:{name} in line {line}"));
            }
            return;
        }
        let Some((name, line)) = self.open.pop() else { return };
        if !self.open.is_empty() {
            return;
        }
        let (range, uid) = (self.start..end, self.uid.take());
        if self.too_deep {
            let reason = format!("{name} holds components nested deeper than {MAX_DEPTH}");
            self.split.broken.push(Skipped { uid, line, reason });
        } else if range.len() > MAX_COMPONENT {
            let reason = format!("{name} has {} bytes; at most {MAX_COMPONENT} are read", range.len());
            self.split.broken.push(Skipped { uid, line, reason });
        } else {
            let calendar = self.calendar_index();
            self.split.pieces.push(Piece { name, range, line, calendar, uid });
        }
    }

    /// Components outside of a calendar belong to one that says nothing.
    fn calendar_index(&mut self) -> usize {
        if self.split.methods.is_empty() {
            self.split.methods.push(None);
        }
        self.split.methods.len().saturating_sub(1)
    }

    fn uid(&mut self, raw: &[u8]) {
        if self.open.len() == 1 && self.uid.is_none() && raw.len() <= 4_096 {
            let line = text::decoded(&unfold(raw)).0;
            self.uid = crate::component::value_of(&line).map(text::unescaped).filter(|uid| !uid.is_empty());
        }
    }

    fn method(&mut self, raw: &[u8]) {
        if self.open.is_empty()
            && self.calendar.is_some()
            && let Some(method) = self.split.methods.last_mut()
        {
            *method = Some(value_of(raw));
        }
    }

    /// What is open is not whole, because of `cause`.
    fn give_up(&mut self, cause: &str) {
        let (Some((outermost, line)), Some((innermost, inner))) = (self.open.first(), self.open.last()) else { return };
        let reason = if self.open.len() == 1 {
            format!("{outermost} has no END before {cause}")
        } else {
            format!("{innermost} of line {inner} has no END before {cause}")
        };
        self.split.broken.push(Skipped { uid: self.uid.take(), line: *line, reason });
        self.open.clear();
    }

    fn finish(&mut self) {
        self.give_up("the end of the file");
    }

    fn check_count(&self) -> Result<(), Refused> {
        if self.count <= MAX_COMPONENTS {
            return Ok(());
        }
        let reason = format!("the file holds more than {MAX_COMPONENTS} components; split it into smaller ones");
        Err(Refused { line: self.open.last().map_or(1, |(_, line)| *line), reason })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Split {
        Split::of(text.as_bytes()).unwrap()
    }

    fn names(split: &Split) -> Vec<(&str, usize)> {
        split.pieces.iter().map(|piece| (piece.name.as_str(), piece.line)).collect()
    }

    #[test]
    fn components_are_found_with_their_lines_and_their_calendar() {
        let split = split(
            "BEGIN:VCALENDAR\r\nMETHOD:cancel\r\nBEGIN:VEVENT\r\nUID:a\r\nBEGIN:VALARM\r\nUID:no\r\nEND:VALARM\r\nEND:VEVENT\r\n\
             END:VCALENDAR\r\nBEGIN:VCALENDAR\nBEGIN:vtodo\nEND:VTODO\nEND:VCALENDAR\n",
        );
        assert_eq!(names(&split), [("VEVENT", 3), ("VTODO", 11)]);
        assert_eq!(split.pieces[0].uid.as_deref(), Some("a"));
        assert_eq!(split.methods, [Some("CANCEL".to_owned()), None]);
        assert_eq!((split.pieces[0].calendar, split.pieces[1].calendar), (0, 1));
    }

    #[test]
    fn a_component_without_its_end_is_reported_and_the_next_one_is_whole() {
        let split = split(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nBEGIN:VALARM\nBEGIN:VEVENT\nUID:b\nEND:VEVENT\nBEGIN:VEVENT\nUID:c\nEND:VCALENDAR\n",
        );
        assert_eq!(names(&split), [("VEVENT", 5)]);
        let broken: Vec<_> = split.broken.iter().map(|b| (b.uid.as_deref(), b.line, b.reason.as_str())).collect();
        assert_eq!(
            broken,
            [
                (Some("a"), 2, "VALARM of line 4 has no END before BEGIN:VEVENT in line 5"),
                (Some("c"), 8, "VEVENT has no END before END:VCALENDAR in line 10"),
            ]
        );
    }

    #[test]
    fn what_is_no_calendar_is_refused_with_its_first_line() {
        let refused = Split::of(b"\n\n<html>\n").unwrap_err();
        assert_eq!(refused.line, 3);
        assert!(refused.reason.contains("<html>"), "{refused}");
        assert!(Split::of(b"").unwrap_err().reason.contains("empty"));
        assert!(Split::of(b"BEGIN:VCARD\nEND:VCARD\n").unwrap_err().reason.contains("address book"));
    }

    #[test]
    fn components_nested_without_end_are_passed_over_as_one() {
        let deep = format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}{}END:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n",
            "BEGIN:X\n".repeat(1_000),
            "END:X\n".repeat(1_000)
        );
        let split = split(&deep);
        assert_eq!(names(&split), [("VEVENT", 2_004)]);
        assert!(split.broken[0].reason.contains("nested deeper"), "{:?}", split.broken);
    }

    #[test]
    fn more_components_than_are_taken_at_once_are_refused() {
        let many = "BEGIN:VEVENT\nEND:VEVENT\n".repeat(MAX_COMPONENTS + 1);
        assert!(Split::of(many.as_bytes()).unwrap_err().reason.contains("split it"));
    }

    proptest! {
        #[test]
        fn any_order_of_begins_and_ends_is_split_without_harm(words in proptest::collection::vec(0..8_usize, 0..60)) {
            const LINES: [&str; 8] = ["BEGIN:VCALENDAR\n", "END:VCALENDAR\n", "BEGIN:VEVENT\n", "END:VEVENT\n", "BEGIN:VALARM\n",
                "END:VALARM\n", "UID:x\n", " folded\n"];
            let text: String = words.iter().map(|word| LINES[*word]).collect();
            if let Ok(split) = Split::of(text.as_bytes()) {
                let begun = words.iter().enumerate().filter(|(at, word)| **word == 2 && words.get(at + 1) != Some(&7)).count();
                let events = split.pieces.iter().filter(|piece| piece.name == "VEVENT").count();
                prop_assert!(events <= begun);
            }
        }
    }
}
