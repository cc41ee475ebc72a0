//! The month, and beside or below it the selected day.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::Line;

use super::calendar;
use crate::app::item::Item;
use crate::app::message::Target;
use crate::app::model::Model;
use crate::ui::entry::Entry;
use crate::ui::list::{self, Hold, Rows};
use crate::ui::month_grid::MonthGrid;
use crate::ui::theme::Role;
use crate::ui::{layout, text};

/// Where the grid is, where the line above the list if there is one, and where the list.
struct Areas {
    grid: Rect,
    title: Option<Rect>,
    list: Rect,
}

fn areas(area: Rect) -> Areas {
    let (left, right) = layout::beside(area, 35);
    if let Some(right) = right {
        return Areas { grid: left, title: None, list: right };
    }
    let rows = (area.height / 4).clamp(3, 6);
    let [grid, list] = Layout::vertical([Constraint::Min(1), Constraint::Length(rows)]).areas(area);
    Areas { grid, title: list.rows().next(), list: layout::below(list) }
}

/// Draws the month.
pub(super) fn draw(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let Areas { grid, title, list } = areas(area);
    let list = match title {
        None => layout::pane(frame, list, &day_title(model), theme, false),
        Some(row) => {
            let title = text::fill(&format!("─ {} ", day_title(model)), row.width.into(), '─');
            frame.render_widget(Line::styled(title, theme.style(Role::Border)), row);
            list
        }
    };
    let entries = super::day::entries(model, items);
    frame.render_widget(month(model, &entries), grid);
    day_list(model, items, frame, list, title.is_none());
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, items: &[&Item], area: Rect, position: Position) -> Option<Target> {
    let Areas { grid, title, list } = areas(area);
    let list = if title.is_none() { layout::within(list) } else { list };
    if list.contains(position) {
        return row_at(model, items, list, title.is_none(), position);
    }
    let entries = super::day::entries(model, items);
    month(model, &entries).day_at(grid, position).map(Target::Day)
}

fn month<'a>(model: &Model, entries: &'a [Entry<'a>]) -> MonthGrid<'a> {
    MonthGrid {
        month: model.cursor,
        selected: model.cursor,
        today: model.today(),
        first_weekday: model.settings.first_weekday,
        hours: model.settings.hours,
        theme: model.settings.theme,
        focused: true,
        entries,
    }
}

fn day_title(model: &Model) -> String {
    model.cursor.strftime("%a %-d %b %Y").to_string()
}

/// What is on the selected day, near the selected item; `tall` where there is more height than width.
fn day_rows(model: &Model, items: &[&Item], height: u16, tall: bool) -> Rows {
    let day = model.cursor;
    let on_day: Vec<&&Item> = items.iter().filter(|item| item.is_on(day)).collect();
    let near = list::near(model.item, on_day.len(), height);
    let shown = on_day.iter().take(near.end).skip(near.start);
    let rows = if tall {
        shown.flat_map(|item| calendar::tall_row(model, item, day)).collect()
    } else {
        shown.map(|item| calendar::row(model, item, day)).collect()
    };
    Rows { rows, first: near.start, selected: Some(model.item) }
}

/// The item of the selected day that is drawn at a position of its list.
pub(super) fn row_at(model: &Model, items: &[&Item], area: Rect, tall: bool, position: Position) -> Option<Target> {
    let nth = day_rows(model, items, area.height, tall).item_at(area, position)?;
    Some(Target::Item(model.cursor, nth))
}

/// Draws what is on the selected day.
pub(super) fn day_list(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect, tall: bool) {
    let theme = model.settings.theme;
    let rows = day_rows(model, items, area.height, tall);
    if !rows.rows.is_empty() {
        return rows.draw(frame, area, Hold::Selected, theme);
    }
    if model.calendar_is_known() {
        let said = next_keys(model, items).into_iter().flat_map(|said| text::wrap(said, area.width.into()));
        layout::lines(frame, area, said.map(|line| Line::styled(line, theme.style(Role::Dim))));
    }
}

/// What may be done on a day without anything; more of it for one whose calendar has nothing at all.
fn next_keys(model: &Model, items: &[&Item]) -> Vec<&'static str> {
    // What n makes is mine, and not to be seen in another's calendar.
    if model.whose.is_some() && !model.overlaid {
        return vec!["nothing on this day"];
    }
    let mut said = vec!["nothing on this day · n makes an event"];
    if items.is_empty() && model.whose.is_none() {
        said.extend([
            "p public events · i invitations",
            "P people · s shares my calendar",
            ": all commands · ? all keys",
        ]);
    }
    said
}
