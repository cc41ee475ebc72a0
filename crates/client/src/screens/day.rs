//! A day as a column of hours, and where there is room its events in words beside it.

use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::calendar;
use crate::app::item::Item;
use crate::app::message::Target;
use crate::app::model::Model;
use crate::ui::entry::Entry;
use crate::ui::layout;
use crate::ui::time_grid::TimeGrid;

/// Where the grid is, and where the list.
fn areas(area: Rect) -> (Rect, Option<Rect>) {
    layout::beside(area, 48)
}

/// Draws the selected day.
pub(super) fn draw(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect) {
    let (left, right) = areas(area);
    let entries = entries(model, items);
    frame.render_widget(grid(model, items, &[model.cursor], &entries), left);
    if let Some(right) = right {
        let inner = layout::pane(frame, right, "Events", model.settings.theme, false);
        super::month::day_list(model, items, frame, inner, true);
    }
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, items: &[&Item], area: Rect, position: Position) -> Option<Target> {
    let (left, right) = areas(area);
    let list = right.map(layout::within).filter(|list| list.contains(position));
    match list {
        Some(list) => super::month::row_at(model, items, list, true, position),
        None => grid_target(model, items, &[model.cursor], left, position),
    }
}

/// What is drawn at a position of days as columns of hours.
pub(super) fn grid_target(
    model: &Model,
    items: &[&Item],
    days: &[Date],
    area: Rect,
    position: Position,
) -> Option<Target> {
    let entries = entries(model, items);
    let (day, entry) = grid(model, items, days, &entries).at(area, position)?;
    let on_day =
        || items.iter().enumerate().filter(|(_, item)| item.is_on(day)).position(|(nth, _)| Some(nth) == entry);
    Some(entry.and_then(|_| on_day()).map_or(Target::Day(day), |nth| Target::Item(day, nth)))
}

/// As the grids want them.
pub(super) fn entries<'a>(model: &'a Model, items: &[&'a Item]) -> Vec<Entry<'a>> {
    items.iter().map(|item| calendar::entry(model, item)).collect()
}

/// Days as columns of hours.
pub(super) fn grid<'a>(model: &Model, items: &[&Item], days: &'a [Date], entries: &'a [Entry<'a>]) -> TimeGrid<'a> {
    let on_day = items.iter().enumerate().filter(|(_, item)| item.is_on(model.cursor));
    TimeGrid {
        days,
        selected: model.cursor,
        picked: on_day.map(|(nth, _)| nth).nth(model.item),
        now: model.clock(),
        from_hour: None,
        hours: model.settings.hours,
        theme: model.settings.theme,
        focused: true,
        entries,
    }
}
