//! Signing in and registering.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::form::{Form, Purpose};
use crate::app::model::Model;
use crate::ui::theme::Role;
use crate::ui::{form, layout, text};

/// Draws the form in the middle.
pub(super) fn draw(model: &Model, shown: &Form, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let inner = layout::over(frame, area, 64, 4 + form::height(shown), &shown.title, theme);
    let (title, other) = match shown.purpose {
        Purpose::Register => ("Welcome to Convene.", "ctrl-r: I have an account already"),
        _ => ("Welcome to Convene.", "ctrl-r: make an account"),
    };
    let width = usize::from(inner.width);
    let head = [title.to_owned(), format!("Services: {}", model.settings.place), other.to_owned()];
    let head: Vec<Line<'static>> =
        head.iter().map(|words| Line::styled(text::cut(words, width), theme.style(Role::Dim))).collect();
    let tall = inner.height >= 10;
    let taken = if tall { 4 } else { 0 };
    if tall {
        layout::lines(frame, inner, head);
    }
    let rest = Rect { y: inner.y + taken, height: inner.height.saturating_sub(taken), ..inner };
    form::draw(model, shown, frame, rest.intersection(inner));
}
