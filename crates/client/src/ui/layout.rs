//! How a screen is divided: always the same header, body, line for news, and footer.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear};

use super::text;
use super::theme::{Role, Theme, glyph};

/// The least size that there is a layout for.
pub(crate) const LEAST: (u16, u16) = (40, 8);
/// From here on there is room for a second pane beside the first.
pub(crate) const WIDE: u16 = 100;

/// The four parts of every screen.
pub(crate) struct Parts {
    pub(crate) header: Rect,
    pub(crate) body: Rect,
    pub(crate) news: Rect,
    pub(crate) footer: Rect,
}

/// Divides the whole terminal.
pub(crate) fn parts(area: Rect) -> Parts {
    let one = Constraint::Length(1);
    let [header, body, news, footer] = Layout::vertical([one, Constraint::Min(1), one, one]).areas(area);
    Parts { header, body, news, footer }
}

/// Left and right, if there is room for both; otherwise all of it and nothing.
pub(crate) fn beside(area: Rect, right: u16) -> (Rect, Option<Rect>) {
    if area.width < WIDE {
        return (area, None);
    }
    let [left, right] = Layout::horizontal([Constraint::Min(1), Constraint::Length(right)]).areas(area);
    (left, Some(right))
}

/// Draws a frame with a title, and gives what is within. The glyph of the focus is the business of what is drawn inside.
pub(crate) fn pane(frame: &mut Frame<'_>, area: Rect, title: &str, theme: Theme, focused: bool) -> Rect {
    let role = if focused { Role::FocusedBorder } else { Role::Border };
    let room = usize::from(area.width.saturating_sub(4));
    let title = text::cut(title, room);
    let mut block = Block::bordered().border_style(theme.style(role));
    if !title.is_empty() {
        block = block.title(Span::styled(format!(" {title} "), theme.style(Role::Accent)));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// Draws a line with a title, and gives what is below: for what has a frame of its own, or needs none.
pub(crate) fn headed(frame: &mut Frame<'_>, area: Rect, title: &str, theme: Theme) -> Rect {
    let mut rows = area.rows();
    let Some(row) = rows.next() else { return area };
    let width = usize::from(row.width);
    let title = text::cut(title, width.saturating_sub(4));
    let rest = width.saturating_sub(text::width(&title) + 3);
    let line = Line::from(vec![
        Span::styled("─ ", theme.style(Role::FocusedBorder)),
        Span::styled(format!("{title} "), theme.style(Role::Accent)),
        Span::styled("─".repeat(rest), theme.style(Role::FocusedBorder)),
    ]);
    frame.render_widget(line, row);
    below(area)
}

/// All but the first line.
pub(crate) fn below(area: Rect) -> Rect {
    Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area }.intersection(area)
}

/// What is within a pane's frame.
pub(crate) fn within(pane: Rect) -> Rect {
    Block::bordered().inner(pane)
}

/// A place in the middle.
pub(crate) fn middle(area: Rect, width: u16, height: u16) -> Rect {
    area.centered(Constraint::Length(width.min(area.width)), Constraint::Length(height.min(area.height)))
}

/// A pane in the middle, over whatever is there.
pub(crate) fn over(frame: &mut Frame<'_>, area: Rect, width: u16, height: u16, title: &str, theme: Theme) -> Rect {
    let area = middle(area, width, height);
    frame.render_widget(Clear, area);
    // A wide character half under the pane would push the frame aside.
    let beside = area.x.checked_sub(1).map(|x| Rect { x, width: 1, ..area });
    for position in beside.iter().flat_map(|column| column.positions()) {
        if let Some(cell) = frame.buffer_mut().cell_mut(position)
            && text::width(cell.symbol()) > 1
        {
            cell.set_symbol(" ");
        }
    }
    pane(frame, area, title, theme, true)
}

/// Draws lines from the top, as many as there is room for.
pub(crate) fn lines(frame: &mut Frame<'_>, area: Rect, lines: impl IntoIterator<Item = Line<'static>>) {
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// The two cells before a row: the focus, or nothing.
pub(crate) fn mark(focused: bool, theme: Theme) -> Span<'static> {
    if focused { Span::styled(format!("{} ", glyph::FOCUS), theme.style(Role::Accent)) } else { Span::raw("  ") }
}
