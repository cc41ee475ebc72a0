//! A list with one selected row, scrolled so that it is seen.
//!
//! A list is drawn from the rows near its selected one, so a frame costs what is on the screen, however long the list is.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::layout;
use super::text;
use super::theme::{Role, Theme, glyph};

/// A row: something to be read, or an item that can be selected.
pub(crate) enum Row {
    Heading(String),
    Note(String),
    Item(Vec<(String, Role)>),
}

impl Row {
    pub(crate) fn item<const N: usize>(parts: [(String, Role); N]) -> Self {
        Self::Item(parts.into())
    }

    /// An item that is not at hand yet.
    pub(crate) fn awaited() -> Self {
        Self::item([(glyph::CUT.to_owned(), Role::Dim)])
    }
}

/// How the selected row is marked: only one list or grid of a screen has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Keys move it.
    Focused,
    /// It is what was chosen there; keys move something else.
    Selected,
}

/// The items of a list of `count` that may be seen in `height` lines while `selected` is: what rows are made for.
pub(crate) fn near(selected: usize, count: usize, height: u16) -> Range<usize> {
    let height = usize::from(height);
    let selected = selected.min(count.saturating_sub(1));
    selected.saturating_sub(height)..(selected + height + 1).min(count)
}

/// Rows, and where they belong in their list.
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    /// The number of the first item among the rows.
    pub(crate) first: usize,
    /// The number of the selected item.
    pub(crate) selected: Option<usize>,
}

impl Rows {
    /// A list that is not long: all of it.
    pub(crate) fn all(rows: Vec<Row>, selected: usize) -> Self {
        Self { rows, first: 0, selected: Some(selected) }
    }

    /// Which of the rows is the selected one, and which is the first that is drawn.
    fn scrolled(&self, height: u16) -> (Option<usize>, usize) {
        let height = usize::from(height);
        let at = self.selected.and_then(|selected| {
            let items = self.rows.iter().enumerate().filter(|(_, row)| matches!(row, Row::Item(_)));
            items.map(|(at, _)| at).nth(selected.checked_sub(self.first)?)
        });
        // The selected row stays in the upper two thirds, so that what comes next is seen.
        let first = at.map_or(0, |at| at.saturating_sub(height * 2 / 3));
        (at, first.min(self.rows.len().saturating_sub(height)))
    }

    /// Draws them.
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, hold: Hold, theme: Theme) {
        let (at, first) = self.scrolled(area.height);
        let width = usize::from(area.width);
        let drawn = self.rows.iter().enumerate().skip(first).map(|(nth, row)| match row {
            Row::Heading(words) => Line::styled(text::fit(words, width), theme.style(Role::Accent)),
            Row::Note(words) => Line::styled(text::cut(&format!("  {words}"), width), theme.style(Role::Dim)),
            Row::Item(parts) => item(parts, (at == Some(nth)).then_some(hold), width, theme),
        });
        layout::lines(frame, area, drawn);
    }

    /// The number of the item drawn at a position, when they are drawn into `area`.
    pub(crate) fn item_at(&self, area: Rect, position: Position) -> Option<usize> {
        if !area.contains(position) {
            return None;
        }
        let (_, first) = self.scrolled(area.height);
        let at = first + usize::from(position.y - area.y);
        if !matches!(self.rows.get(at), Some(Row::Item(_))) {
            return None;
        }
        let before = self.rows.iter().take(at).filter(|row| matches!(row, Row::Item(_))).count();
        Some(self.first + before)
    }
}

fn item(parts: &[(String, Role)], hold: Option<Hold>, width: usize, theme: Theme) -> Line<'static> {
    let mut room = width.saturating_sub(2);
    let (mark, look) = match hold {
        Some(Hold::Focused) => (layout::mark(true, theme), Some(theme.style(Role::Focus))),
        Some(Hold::Selected) => (
            Span::styled(format!("{} ", glyph::SELECTED), theme.style(Role::Accent)),
            Some(theme.style(Role::Selected)),
        ),
        None => (layout::mark(false, theme), None),
    };
    let mut spans = vec![mark];
    for (words, role) in parts {
        let words = text::cut(words, room);
        room = room.saturating_sub(text::width(&words));
        let Some(look) = look else {
            // What is underlined or crossed out is the words, not the room behind them.
            let end = words.trim_end().len();
            let (shown, behind) = words.split_at(end);
            spans.extend([Span::styled(shown.to_owned(), theme.style(*role)), Span::raw(behind.to_owned())]);
            continue;
        };
        spans.push(Span::styled(words, look));
    }
    if let Some(look) = look {
        spans.push(Span::styled(" ".repeat(room), look));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_made_of_a_long_list_and_the_selected_one_is_among_them() {
        for selected in [0, 1, 50, 99_998, 99_999] {
            let near = near(selected, 100_000, 20);
            assert!(near.contains(&selected) && near.len() <= 41, "{near:?}");
        }
        assert_eq!(near(7, 0, 20), 0..0);
    }

    #[test]
    fn the_item_under_a_position_is_the_one_drawn_there() {
        let row = |n: usize| Row::item([(n.to_string(), Role::Text)]);
        let rows = [Row::Heading("head".to_owned())].into_iter().chain((40..80).map(row)).collect();
        let rows = Rows { rows, first: 40, selected: Some(60) };
        let area = Rect::new(2, 3, 20, 10);
        let (at, first) = rows.scrolled(10);
        let selected_at = u16::try_from(at.unwrap() - first).unwrap();
        assert_eq!(rows.item_at(area, Position::new(5, 3 + selected_at)), Some(60));
        assert_eq!(rows.item_at(area, Position::new(5, 3 + selected_at + 1)), Some(61));
        assert_eq!(rows.item_at(area, Position::new(1, 5)), None);
    }
}
