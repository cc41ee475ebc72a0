//! The month, and beside or below it the selected day.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::calendar;
use crate::app::item::Item;
use crate::app::model::Model;
use crate::ui::entry::Entry;
use crate::ui::list::{Hold, Row, Rows};
use crate::ui::month_grid::MonthGrid;
use crate::ui::theme::Role;
use crate::ui::{layout, text};

/// Draws the month.
pub(super) fn draw(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let (left, right) = layout::beside(area, 35);
    let (grid, day, tall) = match right {
        Some(right) => {
            let inner = layout::pane(frame, right, &day_title(model), theme, false);
            (left, inner, true)
        }
        None => {
            let list = (area.height / 4).clamp(3, 6);
            let [grid, list] = Layout::vertical([Constraint::Min(1), Constraint::Length(list)]).areas(area);
            let mut rows = list.rows();
            if let Some(row) = rows.next() {
                let title = text::fill(&format!("─ {} ", day_title(model)), row.width.into(), '─');
                frame.render_widget(Line::styled(title, theme.style(Role::Border)), row);
            }
            (grid, Rect { y: list.y + 1, height: list.height - 1, ..list }, false)
        }
    };
    let entries: Vec<Entry<'_>> = items.iter().map(|item| calendar::entry(item)).collect();
    let month = MonthGrid {
        month: model.cursor,
        selected: model.cursor,
        today: model.today(),
        first_weekday: model.settings.first_weekday,
        hours: model.settings.hours,
        theme,
        focused: true,
        entries: &entries,
    };
    frame.render_widget(month, grid);
    day_list(model, items, frame, day, tall);
}

fn day_title(model: &Model) -> String {
    model.cursor.strftime("%a %-d %b %Y").to_string()
}

/// What is on the selected day; `tall` where there is more height than width.
pub(super) fn day_list(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect, tall: bool) {
    let day = model.cursor;
    let on_day = items.iter().filter(|item| item.is_on(day));
    let rows: Vec<Row> = if tall {
        on_day.flat_map(|item| calendar::tall_row(model, item, day)).collect()
    } else {
        on_day.map(|item| calendar::row(model, item, day)).collect()
    };
    if rows.is_empty() {
        let known = model.calendar_is_known();
        let said = if known { "nothing on this day · n makes an event" } else { "" };
        let style = model.settings.theme.style(Role::Dim);
        let said = text::wrap(said, area.width.into());
        layout::lines(frame, area, said.into_iter().map(|line| Line::styled(line, style)));
        return;
    }
    Rows::all(rows, model.item).draw(frame, area, Hold::Selected, model.settings.theme);
}
