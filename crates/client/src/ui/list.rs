//! A list with one selected row, scrolled so that it is seen.

use ratatui::Frame;
use ratatui::layout::Rect;
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
}

/// How the selected row is marked: only one list or grid of a screen has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Keys move it.
    Focused,
    /// It is what was chosen there; keys move something else.
    Selected,
}

/// Draws rows; `selected` counts items only.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, rows: &[Row], selected: Option<usize>, hold: Hold, theme: Theme) {
    let height = usize::from(area.height);
    let at = selected.and_then(|selected| {
        let items = rows.iter().enumerate().filter(|(_, row)| matches!(row, Row::Item(_)));
        items.map(|(at, _)| at).nth(selected)
    });
    // The selected row stays in the middle third, so that what comes next is seen.
    let first = at.map_or(0, |at| at.saturating_sub(height * 2 / 3)).min(rows.len().saturating_sub(height));
    let width = usize::from(area.width);
    let drawn = rows.iter().enumerate().skip(first).map(|(nth, row)| match row {
        Row::Heading(words) => Line::styled(text::fit(words, width), theme.style(Role::Accent)),
        Row::Note(words) => Line::styled(text::cut(&format!("  {words}"), width), theme.style(Role::Dim)),
        Row::Item(parts) => item(parts, (at == Some(nth)).then_some(hold), width, theme),
    });
    layout::lines(frame, area, drawn);
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
        spans.push(Span::styled(words, look.unwrap_or_else(|| theme.style(*role))));
    }
    if let Some(look) = look {
        spans.push(Span::styled(" ".repeat(room), look));
    }
    Line::from(spans)
}
