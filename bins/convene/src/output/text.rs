//! Others' words on one's own terminal: nothing in them may move the cursor, change colours or reverse the line.

/// The text with everything that a terminal would act upon, or that turns the direction of writing, made visible.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// Like [`plain`], but line breaks stay, each line indented by `indent`.
pub(super) fn indented(text: &str, indent: &str) -> String {
    text.lines().fold(String::new(), |mut lines, line| {
        lines.push_str(format!("{indent}{}", plain(&line.replace('\t', "    "))).trim_end());
        lines.push('\n');
        lines
    })
}

fn is_harmful(c: char) -> bool {
    // Control characters; line and paragraph separators; the bidirectional overrides and isolates (UAX #9 §2).
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_upon_gets_through() {
        assert_eq!(plain("a\u{1b}[31mb\u{9b}c\nd\u{202e}e"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(plain("会議 🎉 é"), "会議 🎉 é");
    }

    #[test]
    fn a_text_of_several_lines_keeps_them() {
        assert_eq!(indented("one\n\n\ttwo\r\n", "  "), "  one\n\n      two\n");
    }
}
