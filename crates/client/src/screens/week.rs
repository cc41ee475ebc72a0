//! A week as columns of hours.

use jiff::ToSpan as _;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::day;
use crate::app::item::Item;
use crate::app::message::Target;
use crate::app::model::Model;
use crate::ui::layout;

/// Where the grid is, and where the list.
fn areas(area: Rect) -> (Rect, Option<Rect>) {
    layout::beside(area, 36)
}

fn days(model: &Model) -> Vec<Date> {
    let start = model.week_start(model.cursor);
    (0..7).filter_map(|nth| start.checked_add(nth.days()).ok()).collect()
}

/// Draws the week of the selected day, and where there is room its events in words.
pub(super) fn draw(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect) {
    let (left, right) = areas(area);
    let (days, entries) = (days(model), day::entries(model, items));
    frame.render_widget(day::grid(model, items, &days, &entries), left);
    if let Some(right) = right {
        let title = model.cursor.strftime("%a %-d %b %Y").to_string();
        let inner = layout::pane(frame, right, &title, model.settings.theme, false);
        super::month::day_list(model, items, frame, inner, true);
    }
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, items: &[&Item], area: Rect, position: Position) -> Option<Target> {
    let (left, right) = areas(area);
    let list = right.map(layout::within).filter(|list| list.contains(position));
    match list {
        Some(list) => super::month::row_at(model, items, list, true, position),
        None => day::grid_target(model, items, &days(model), left, position),
    }
}
