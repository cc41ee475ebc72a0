//! A week as columns of hours.

use jiff::ToSpan as _;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::day;
use crate::app::item::Item;
use crate::app::model::Model;
use crate::ui::layout;

/// Draws the week of the selected day, and where there is room its events in words.
pub(super) fn draw(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect) {
    let start = model.week_start(model.cursor);
    let days: Vec<Date> = (0..7).filter_map(|nth| start.checked_add(nth.days()).ok()).collect();
    let theme = model.settings.theme;
    let (grid, right) = layout::beside(area, 36);
    day::grid(model, items, &days, frame, grid);
    if let Some(right) = right {
        let title = model.cursor.strftime("%a %-d %b %Y").to_string();
        let inner = layout::pane(frame, right, &title, theme, false);
        super::month::day_list(model, items, frame, inner, true);
    }
}
