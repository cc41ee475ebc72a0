//! Who sees my calendar, and whose I see.

use domain::sharing::{Level, Share};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::ask::Query;
use crate::app::model::Model;
use crate::ui::list::{self, Hold, Row};
use crate::ui::theme::Role;
use crate::ui::{layout, status, text};

/// Draws both lists as one.
pub(super) fn draw(model: &Model, selected: usize, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let inner = layout::pane(frame, area, "People", theme, true);
    let (inner, _) = status::with_trouble(model, &Query::Shares, frame, inner, theme);
    let Some(shares) = model.shares() else { return };
    let mut rows = vec![Row::Heading("See my calendar".to_owned())];
    let row = |share: &Share| {
        let level = match share.level {
            Level::Details => "details",
            Level::Busy => "busy times only",
        };
        Row::item([(text::fit(share.username.as_str(), 20), Role::Text), (format!(" {level}"), Role::Dim)])
    };
    rows.extend(shares.shared_with.iter().map(row));
    if shares.shared_with.is_empty() {
        rows.push(Row::Note("nobody · s shares my calendar".to_owned()));
    }
    rows.push(Row::Note(String::new()));
    rows.push(Row::Heading("Let me see theirs".to_owned()));
    rows.extend(shares.shared_with_me.iter().map(row));
    if shares.shared_with_me.is_empty() {
        rows.push(Row::Note("nobody yet".to_owned()));
    }
    if rows.iter().any(|row| matches!(row, Row::Item(_))) || inner.height > 0 {
        list::draw(frame, inner, &rows, Some(selected), Hold::Focused, theme);
    } else {
        layout::lines(frame, inner, [Line::default()]);
    }
}
