//! All forms of those who are signed in: events, invitees, shares.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::form::{Form, Purpose};
use crate::app::model::Model;
use crate::ui::{form, layout};

/// Columns of the pane.
const WIDTH: u16 = 90;

/// Draws the form.
pub(super) fn draw(model: &Model, shown: &Form, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let title = match shown.sent {
        Some(_) if matches!(shown.purpose, Purpose::ImportCalendar) => format!("{} – reading", shown.title),
        Some(_) => format!("{} – saving", shown.title),
        None => shown.title.clone(),
    };
    let inner = layout::over(frame, area, WIDTH, form::height(shown), &title, theme);
    form::draw(model, shown, frame, inner);
}

/// Where the form is drawn.
pub(super) fn form_area(shown: &Form, area: Rect) -> Rect {
    layout::within(layout::middle(area, WIDTH, form::height(shown)))
}
