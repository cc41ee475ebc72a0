//! Bytes that should be UTF-8, and text that should fit.

use std::borrow::Cow;

/// The text of `bytes`, and whether they were UTF-8. What is not is read as Latin-1, which gives every byte a meaning and is what
/// older programs wrote.
pub(crate) fn decoded(bytes: &[u8]) -> (String, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), true),
        Err(_) => (bytes.iter().copied().map(char::from).collect(), false),
    }
}

/// The file without a byte order mark, as UTF-8 if the mark says that it is UTF-16, and with line feeds where it has only carriage
/// returns, as programs for the first Macintoshes wrote lines.
pub(crate) fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = without_mark(bytes);
    if bytes.contains(&b'\n') || !bytes.contains(&b'\r') {
        return bytes;
    }
    Cow::Owned(bytes.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect())
}

fn without_mark(bytes: &[u8]) -> Cow<'_, [u8]> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest
            .chunks_exact(2)
            .map(|pair| unit([pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0)]));
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        Cow::Owned(text.into_bytes())
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => Cow::Borrowed(bytes),
    }
}

/// A text as it is meant (RFC 5545 §3.3.11), in one line.
pub(crate) fn unescaped(text: &str) -> String {
    let (mut meant, mut characters) = (String::with_capacity(text.len()), text.chars());
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => meant.push(' '),
                Some(escaped) => meant.push(escaped),
                None => {}
            },
            other => meant.push(if other.is_control() { ' ' } else { other }),
        }
    }
    meant.trim().to_owned()
}

/// The beginning of a line, for a message.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let text = decoded(bytes.get(..bytes.len().min(160)).unwrap_or_default()).0;
    let clean: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    if clean.chars().count() > 40 { clean.chars().take(40).chain("…".chars()).collect() } else { clean }
}

/// One line of at most `limit` characters: line breaks and other control characters become blanks. And whether it had to be cut.
pub(crate) fn one_line(text: &str, limit: usize) -> (String, bool) {
    let blank: String = text.replace("\r\n", " ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(blank.trim().to_owned(), limit)
}

/// Lines of at most `limit` characters in all; control characters other than line breaks and tabs become blanks. And whether they
/// had to be cut.
pub(crate) fn lines(text: &str, limit: usize) -> (String, bool) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String =
        text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect();
    cut(clean.trim_end().to_owned(), limit)
}

fn cut(text: String, limit: usize) -> (String, bool) {
    if text.chars().count() <= limit {
        return (text, false);
    }
    (text.chars().take(limit.saturating_sub(1)).chain(std::iter::once('…')).collect(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf_8_are_read_as_latin_1() {
        assert_eq!(decoded(b"caf\xe9"), ("café".to_owned(), false));
        assert_eq!(decoded("café".as_bytes()), ("café".to_owned(), true));
    }

    #[test]
    fn a_text_is_read_as_it_is_meant() {
        assert_eq!(unescaped(" a\\,b\\nc\\\\d\u{10}e\\"), "a,b c\\d e");
    }

    #[test]
    fn marks_at_the_beginning_are_understood() {
        assert_eq!(plain(b"A:1\rB:2\r").as_ref(), b"A:1\nB:2\n");
        assert_eq!(without_mark(b"\xef\xbb\xbfA").as_ref(), b"A");
        assert_eq!(without_mark(b"\xff\xfeA\0\xe9\0").as_ref(), "Aé".as_bytes());
        assert_eq!(without_mark(b"\xfe\xff\0A").as_ref(), b"A");
    }

    #[test]
    fn a_title_is_one_line_that_fits() {
        assert_eq!(one_line(" Lunch\r\nwith\tBob\u{7} ", 20), ("Lunch with Bob".to_owned(), false));
        assert_eq!(one_line("abcdef", 4), ("abc…".to_owned(), true));
        assert_eq!(lines("a\r\nb\u{0}c\n", 10), ("a\nb c".to_owned(), false));
    }
}
