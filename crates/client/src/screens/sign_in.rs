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

/// Rows within the pane from which on there is room for all that is said first.
const ALL_SAID: u16 = 12;
/// From here on there is room for a line of it: in a low terminal the fields are what counts.
const ONE_SAID: u16 = 6;

fn below(inner: Rect, lines: usize) -> Rect {
    let taken = match inner.height {
        ALL_SAID.. => u16::try_from(lines + 1).unwrap_or(0),
        ONE_SAID.. => 1,
        _ => 0,
    };
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
        let said = if inner.height < ALL_SAID { vec![in_short(shown)] } else { welcome };
        let said = said.iter().map(|(words, role)| Line::styled(text::cut(words, width), theme.style(*role)));
        layout::lines(frame, inner, said.collect::<Vec<_>>());
    }
    form::draw(model, shown, frame, rest);
}

/// How to come to the other form.
fn in_short(shown: &Form) -> (String, Role) {
    let said = match shown.purpose {
        Purpose::Register => "Here before? ctrl-r signs in.",
        _ => "New here? ctrl-r makes an account.",
    };
    (said.to_owned(), Role::Dim)
}

/// What someone should know who has never been here, or has.
fn welcome(model: &Model, shown: &Form) -> Vec<(String, Role)> {
    // Who was ever signed in has seen something of the services; a sign-in that failed was shown nothing.
    let never = model.kept.seen.is_empty();
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
