//! A day as a column of hours, and where there is room its events in words beside it.

use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::calendar;
use crate::app::item::Item;
use crate::app::model::Model;
use crate::ui::entry::Entry;
use crate::ui::layout;
use crate::ui::time_grid::TimeGrid;

/// Draws the selected day.
pub(super) fn draw(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect) {
    let (left, right) = layout::beside(area, 48);
    grid(model, items, &[model.cursor], frame, left);
    if let Some(right) = right {
        let inner = layout::pane(frame, right, "Events", model.settings.theme, false);
        super::month::day_list(model, items, frame, inner, true);
    }
}

/// Draws days as columns of hours.
pub(super) fn grid(model: &Model, items: &[&Item], days: &[Date], frame: &mut Frame<'_>, area: Rect) {
    let entries: Vec<Entry<'_>> = items.iter().map(|item| calendar::entry(item)).collect();
    let on_day = items.iter().enumerate().filter(|(_, item)| item.is_on(model.cursor));
    let picked = on_day.map(|(nth, _)| nth).nth(model.item);
    let grid = TimeGrid {
        days,
        selected: model.cursor,
        picked,
        now: model.clock(),
        from_hour: None,
        hours: model.settings.hours,
        theme: model.settings.theme,
        focused: true,
        entries: &entries,
    };
    frame.render_widget(grid, area);
}
