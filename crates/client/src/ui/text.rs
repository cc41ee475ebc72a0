//! Text as cells of a screen: how wide it is, cutting, padding and wrapping it.
//!
//! Widths are those that ratatui itself counts with, so a text cut here to ten cells fills ten cells there. Nothing breaks a
//! grapheme: a wide character that would only half fit is left out and its cell filled. Control characters, and the invisible
//! ones that turn the direction of writing around, never get past this room, because titles are written by strangers.

use ratatui::buffer::CellWidth;
use ratatui::text::Span;

use super::theme::glyph;

/// How many cells `text` takes once it is clean.
#[must_use]
pub fn width(text: &str) -> usize {
    let text = clean(text);
    graphemes(&text).map(cells).sum()
}

/// `text` on one line: tabs and line breaks become spaces, other control characters and marks of direction vanish.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|character| match character {
            '\t' | '\n' | '\u{2028}' | '\u{2029}' => Some(' '),
            other if other.is_control() || turns_direction(other) => None,
            other => Some(other),
        })
        .collect()
}

/// The front of `text` that fits into `cells` cells; if something had to go, it ends in `…`.
#[must_use]
pub fn cut(text: &str, cells: usize) -> String {
    let text = clean(text);
    if width_of_clean(&text) <= cells {
        return text;
    }
    // Counted down, because a last character that takes its successor into its grapheme may be wider with the mark than without.
    (0..cells)
        .rev()
        .map(|room| format!("{}{}", front(&text, room).trim_end(), glyph::CUT))
        .find(|short| width_of_clean(short) <= cells)
        .unwrap_or_default()
}

/// [`cut`], then filled with spaces to exactly `cells` cells.
#[must_use]
pub fn fit(text: &str, cells: usize) -> String {
    fill(text, cells, ' ')
}

/// [`cut`], then filled with `filling`, one cell wide, to exactly `cells` cells.
#[must_use]
pub fn fill(text: &str, cells: usize, filling: char) -> String {
    let mut cut = cut(text, cells);
    let missing = cells.saturating_sub(width_of_clean(&cut));
    cut.extend(std::iter::repeat_n(filling, missing));
    cut
}

/// [`fit`], with the spaces in front.
#[must_use]
pub fn fit_right(text: &str, cells: usize) -> String {
    let cut = cut(text, cells);
    let missing = cells.saturating_sub(width_of_clean(&cut));
    let mut fitted = " ".repeat(missing);
    fitted.push_str(&cut);
    fitted
}

/// `text` in lines of at most `cells` cells, broken between words; a word that is wider than a line is broken between
/// graphemes. Line breaks in the text are kept. A grapheme wider than a whole line is left out.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    if cells == 0 {
        return Vec::new();
    }
    text.lines().flat_map(|line| wrap_line(&clean(line), cells)).collect()
}

fn wrap_line(line: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut taken = 0;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let wide = width_of_clean(word);
        let gap = usize::from(taken > 0);
        if taken + gap + wide <= room {
            current.push_str(if gap == 1 { " " } else { "" });
            current.push_str(word);
            taken += gap + wide;
            continue;
        }
        if taken > 0 {
            lines.push(std::mem::take(&mut current));
            taken = 0;
        }
        for grapheme in graphemes(word) {
            let wide = cells(grapheme);
            if wide > room {
                continue;
            }
            if taken + wide > room {
                lines.push(std::mem::take(&mut current));
                taken = 0;
            }
            current.push_str(grapheme);
            taken += wide;
        }
    }
    lines.push(current);
    lines
}

/// The longest front of a clean text that is at most `room` cells wide.
fn front(text: &str, room: usize) -> &str {
    let mut taken = 0;
    let mut end = 0;
    for grapheme in graphemes(text) {
        taken += cells(grapheme);
        if taken > room {
            break;
        }
        end += grapheme.len();
    }
    text.get(..end).unwrap_or_default()
}

fn width_of_clean(text: &str) -> usize {
    graphemes(text).map(cells).sum()
}

/// The graphemes of a clean text, as ratatui draws them: one after another, each into its own cells.
fn graphemes(text: &str) -> impl Iterator<Item = &str> {
    // ratatui keeps its segmentation to itself but for spans, and what counts here is that both agree.
    let span = Span::raw(text);
    let ends: Vec<usize> = span
        .styled_graphemes(ratatui::style::Style::new())
        .scan(0, |end, grapheme| {
            *end += grapheme.symbol.len();
            Some(*end)
        })
        .collect();
    let mut start = 0;
    ends.into_iter().map(move |end| {
        let grapheme = text.get(start..end).unwrap_or_default();
        start = end;
        grapheme
    })
}

fn cells(grapheme: &str) -> usize {
    usize::from(grapheme.cell_width())
}

/// Marks that reorder the text after them, and the byte order mark: they take no room and can only deceive.
const fn turns_direction(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_wide_character_is_never_halved() {
        assert_eq!(cut("会議室", 6), "会議室");
        assert_eq!(cut("会議室", 5), "会議…");
        assert_eq!(cut("会議室", 4), "会…");
        assert_eq!(fit("会議室", 4), "会… ");
        assert_eq!(cut("🎉🎉", 3), "🎉…");
        assert_eq!(cut("🎉", 1), "…");
        assert_eq!(cut("🎉", 0), "");
    }

    #[test]
    fn graphemes_of_many_characters_stay_whole() {
        let family = "👨‍👩‍👧";
        assert_eq!(cut(&format!("{family}{family}"), 3), format!("{family}…"));
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }

    #[test]
    fn control_characters_and_turned_writing_are_taken_out() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}"), "a[31mb");
        assert_eq!(clean("one\ttwo\nthree\r"), "one two three");
        assert_eq!(clean("\u{202e}evil\u{2066}"), "evil");
        assert_eq!(width("\u{202e}ab\u{7}"), 2);
    }

    #[test]
    fn a_cut_leaves_no_space_before_the_dots() {
        assert_eq!(cut("Stand up", 7), "Stand…");
        assert_eq!(fit("Stand up", 7), "Stand… ");
    }

    #[test]
    fn text_is_wrapped_between_words_and_long_words_between_graphemes() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("会議室会議", 5), ["会議", "室会", "議"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
        assert!(wrap("anything", 0).is_empty());
    }

    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z]{1,8}",
            Just("会議".to_owned()),
            Just("🎉".to_owned()),
            Just("👨‍👩‍👧".to_owned()),
            Just("❤\u{fe0f}".to_owned()),
            Just("ｶﾞ".to_owned()),
            Just(" ".to_owned()),
            Just("\n".to_owned()),
            Just("\u{1b}[2J".to_owned()),
            Just("\u{202e}".to_owned()),
            any::<String>(),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_cut_text_never_takes_more_than_its_room_and_is_whole_if_it_fits(text in any_text(), room in 0_usize..30) {
            let cut = cut(&text, room);
            prop_assert!(width(&cut) <= room);
            if width(&text) <= room {
                prop_assert_eq!(cut, clean(&text));
            } else if room > 0 {
                prop_assert!(cut.ends_with('…'));
            }
        }

        #[test]
        fn a_fitted_text_takes_exactly_its_room(text in any_text(), room in 0_usize..30) {
            prop_assert_eq!(width(&fit(&text, room)), room);
            prop_assert_eq!(width(&fit_right(&text, room)), room);
        }

        #[test]
        fn what_is_drawn_ends_where_it_was_reckoned_to_end(text in any_text(), room in 0_u16..30) {
            let fitted = fit(&text, usize::from(room));
            let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 1));
            prop_assert_eq!(buffer.set_stringn(0, 0, fitted, 40, Style::new()), (room, 0));
        }

        #[test]
        fn no_control_character_gets_through(text in any_text(), room in 0_usize..30) {
            for line in wrap(&text, room).into_iter().chain([cut(&text, room), clean(&text)]) {
                prop_assert!(!line.chars().any(|c| c.is_control() || turns_direction(c)));
            }
        }

        #[test]
        fn wrapping_keeps_every_word_character_that_fits_a_line(text in any_text(), room in 2_usize..30) {
            let lines = wrap(&text, room);
            prop_assert!(lines.iter().all(|line| width(line) <= room));
            let dense = |text: &str| clean(text).replace(' ', "");
            let wrapped: String = lines.iter().map(|line| dense(line)).collect();
            if graphemes(&clean(&text)).all(|grapheme| cells(grapheme) <= room) {
                prop_assert_eq!(wrapped, text.lines().map(dense).collect::<String>());
            }
        }
    }
}
