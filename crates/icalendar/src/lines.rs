//! Content lines (RFC 5545 §3.1): finding them in bytes, unfolding them, and folding them again.
//!
//! What stands in a line is the business of others; here a line is a range of bytes, a number, and a name before the first
//! `:` or `;`.

use std::ops::Range;

/// One content line of a file, with the lines that continue it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawLine {
    /// The number of its first line in the file, from 1.
    pub(crate) number: usize,
    /// Its bytes in the file, line ends included.
    pub(crate) range: Range<usize>,
}

/// The content lines of `bytes`, in order.
pub(crate) struct RawLines<'a> {
    bytes: &'a [u8],
    position: usize,
    number: usize,
}

impl<'a> RawLines<'a> {
    /// From the first line of `bytes`, which is line `number` of its file.
    pub(crate) const fn new(bytes: &'a [u8], number: usize) -> Self {
        Self { bytes, position: 0, number }
    }

    /// Where the physical line that begins at `from` is over: behind its line feed, or at the end.
    fn end_of_line(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.bytes.len(), |at| from.saturating_add(at).saturating_add(1))
    }
}

impl Iterator for RawLines<'_> {
    type Item = RawLine;

    fn next(&mut self) -> Option<RawLine> {
        if self.position >= self.bytes.len() {
            return None;
        }
        let (start, number) = (self.position, self.number);
        let mut end = self.end_of_line(start);
        self.number = self.number.saturating_add(1);
        while matches!(self.bytes.get(end), Some(b' ' | b'\t')) {
            end = self.end_of_line(end);
            self.number = self.number.saturating_add(1);
        }
        self.position = end;
        Some(RawLine { number, range: start..end })
    }
}

/// The line without its line ends and the one blank that begins each continuation. Bytes, not text: lines are folded within
/// characters, too.
pub(crate) fn unfold(raw: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(raw.len());
    for (index, line) in raw.split(|byte| *byte == b'\n').enumerate() {
        let line = if index == 0 { line } else { line.get(1..).unwrap_or_default() };
        let end = line.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last.saturating_add(1));
        unfolded.extend_from_slice(line.get(..end).unwrap_or_default());
    }
    unfolded
}

/// What stands before the first `:` or `;` of a raw line, if the line has one of them, as long as it is a name at all.
pub(crate) fn name_of(raw: &[u8]) -> Option<&str> {
    let end = raw.iter().position(|byte| matches!(byte, b':' | b';'))?;
    let name = raw.get(..end)?;
    let is_name = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if is_name { std::str::from_utf8(name).ok() } else { None }
}

/// Octets that a line has at most, without its line end (RFC 5545 §3.1).
const OCTETS: usize = 75;

/// Appends `line` to `out`, folded at 75 octets, never within a character, and its line end. Control characters other than the
/// tab, which no line may hold (RFC 5545 §3.1), become blanks.
pub(crate) fn fold_into(out: &mut Vec<u8>, line: &str) {
    let mut width: usize = 0;
    for character in line.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }) {
        let mut buffer = [0; 4];
        let encoded = character.encode_utf8(&mut buffer).as_bytes();
        if width.saturating_add(encoded.len()) > OCTETS {
            out.extend_from_slice(b"\r\n ");
            width = 1;
        }
        out.extend_from_slice(encoded);
        width = width.saturating_add(encoded.len());
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_and_what_continues_it_are_one_line_with_the_number_of_the_first() {
        let bytes = b"A:1\r\n 2\r\n\t3\nB:4\n";
        let lines: Vec<_> = RawLines::new(bytes, 1).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(unfold(&bytes[lines[0].range.clone()]), b"A:123");
        assert_eq!((lines[1].number, &bytes[lines[1].range.clone()]), (4, b"B:4\n".as_slice()));
    }

    #[test]
    fn a_character_that_was_folded_in_its_middle_is_whole_again() {
        assert_eq!(unfold(b"SUMMARY:caf\xc3\r\n \xa9\r\n"), "SUMMARY:café".as_bytes());
    }

    #[test]
    fn a_name_ends_at_its_parameters() {
        assert_eq!(name_of(b"DTSTART;TZID=X:2027"), Some("DTSTART"));
        assert_eq!(name_of(b"no name: at all"), None);
        assert_eq!(name_of(b"nothing"), None);
    }

    proptest! {
        #[test]
        fn folded_lines_fit_and_unfold_to_what_they_were(line in "[ -~äß€😀\t]{0,400}") {
            let mut out = Vec::new();
            fold_into(&mut out, &line);
            prop_assert!(out.split(|byte| *byte == b'\n').all(|part| part.len() <= 76));
            prop_assert_eq!(unfold(&out), line.into_bytes());
        }

        #[test]
        fn lines_leave_no_byte_out(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), Just(b'\r'), any::<u8>()], 0..300)) {
            let mut position = 0;
            for line in RawLines::new(&bytes, 1) {
                prop_assert_eq!(line.range.start, position);
                position = line.range.end;
            }
            prop_assert_eq!(position, bytes.len());
        }
    }
}
