//! Signing in and registering.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::form::{Form, Purpose};
use crate::app::model::Model;
use crate::ui::theme::Role;
use crate::ui::{form, layout, text};

/// Columns of the pane.
const WIDTH: u16 = 64;

/// Its rows.
fn height(shown: &Form, welcome: &[(String, Role)]) -> u16 {
    form::height(shown).saturating_add(u16::try_from(welcome.len() + 1).unwrap_or(0))
}

/// Where the form is drawn, below what is said first.
pub(super) fn form_area(model: &Model, shown: &Form, area: Rect) -> Rect {
    let welcome = welcome(model, shown);
    below(layout::within(layout::middle(area, WIDTH, height(shown, &welcome))), welcome.len())
}

fn below(inner: Rect, lines: usize) -> Rect {
    // In a low terminal the fields are what counts.
    let taken = if inner.height >= 12 { u16::try_from(lines + 1).unwrap_or(0) } else { 0 };
    Rect { y: inner.y.saturating_add(taken), height: inner.height.saturating_sub(taken), ..inner }.intersection(inner)
}

/// Draws the form in the middle.
pub(super) fn draw(model: &Model, shown: &Form, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let welcome = welcome(model, shown);
    let inner = layout::over(frame, area, WIDTH, height(shown, &welcome), &shown.title, theme);
    let rest = below(inner, welcome.len());
    if rest.y > inner.y {
        let width = usize::from(inner.width);
        let said = welcome.iter().map(|(words, role)| Line::styled(text::cut(words, width), theme.style(*role)));
        layout::lines(frame, inner, said.collect::<Vec<_>>());
    }
    form::draw(model, shown, frame, rest);
}

/// What someone should know who has never been here, or has.
fn welcome(model: &Model, shown: &Form) -> Vec<(String, Role)> {
    let never = model.kept.sequence == 0;
    let registering = matches!(shown.purpose, Purpose::Register);
    let first = match (never, registering) {
        (true, _) => "Welcome to Convene: your calendar, and others’, in a terminal.",
        (false, true) => "Another account.",
        (false, false) => "Welcome back to Convene.",
    };
    let then = match (never, registering) {
        (_, true) => "Others will invite you by your name. Enter makes the account.",
        (true, false) => "New here? ctrl-r makes an account. Otherwise sign in:",
        (false, false) => "Your name, Tab, your password, Enter.",
    };
    let other = if registering { "ctrl-r: I have an account already" } else { "ctrl-r: make an account" };
    vec![
        (first.to_owned(), Role::Accent),
        (then.to_owned(), Role::Text),
        (format!("{other} · ctrl-p: commands · ctrl-c: leave"), Role::Dim),
        (format!("Services: {}", model.settings.place), Role::Dim),
    ]
}
