//! What comes, one day under the other; where there is room, the selected event beside it.

use jiff::civil::{Date, DateTime};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::calendar;
use crate::app::item::Item;
use crate::app::message::Target;
use crate::app::model::{AgendaPlace, Model};
use crate::hours::Hours;
use crate::ui::list::{Hold, Row, Rows};
use crate::ui::theme::{Role, glyph};
use crate::ui::{layout, text};

/// Where the list is, and where the selected event.
fn areas(area: Rect) -> (Rect, Option<Rect>) {
    layout::beside(area, 44)
}

/// Draws the agenda.
pub(super) fn draw(model: &Model, items: &[&Item], frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let (left, right) = areas(area);
    let (rows, _) = rows(model, items, left.height);
    if rows.rows.is_empty() {
        let said = text::wrap(&nothing(model), left.width.into());
        layout::lines(frame, left, said.into_iter().map(|line| Line::styled(line, theme.style(Role::Dim))));
    } else {
        rows.draw(frame, left, Hold::Focused, theme);
    }
    if let Some(right) = right {
        let inner = layout::pane(frame, right, "Selected", theme, false);
        let item = items.iter().filter(|item| item.is_on(model.cursor)).nth(model.item);
        let lines = item.map(|item| details(item, model.settings.hours, inner.width.into())).unwrap_or_default();
        layout::lines(frame, inner, lines.into_iter().map(Line::raw));
    }
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, items: &[&Item], area: Rect, position: Position) -> Option<Target> {
    let (left, _) = areas(area);
    let (rows, places) = rows(model, items, left.height);
    let (day, nth) = *places.get(rows.item_at(left, position)?)?;
    Some(Target::Item(day, nth))
}

/// The rows around the selected one, and the place of each item: days are walked from it in both directions, as far as the
/// screen reaches.
fn rows(model: &Model, items: &[&Item], height: u16) -> (Rows, Vec<AgendaPlace>) {
    let height = usize::from(height);
    let here = items.iter().filter(|item| item.is_on(model.cursor)).count();
    let mut days: Vec<Date> = Vec::new();
    let count = |day: Date| items.iter().filter(|item| item.is_on(day)).count();
    let (mut day, mut above) = (model.cursor, 0);
    while let Some(before) = model.agenda_day_before(items, day).filter(|_| above <= height) {
        above += count(before) + 1;
        days.push(before);
        day = before;
    }
    days.reverse();
    let (mut day, mut below) = (model.cursor, 0);
    if here > 0 {
        days.push(model.cursor);
        below = (here + 1).saturating_sub(model.item);
    }
    while let Some(after) = Model::agenda_day_after(items, day).filter(|_| below <= height) {
        below += count(after) + 1;
        days.push(after);
        day = after;
    }
    let (mut rows, mut places, mut selected) = (Vec::new(), Vec::new(), None);
    for day in days {
        let today = if day == model.today() { " · today" } else { "" };
        let year = if day.year() == model.today().year() { "" } else { " %Y" };
        rows.push(Row::Heading(format!("{}{today}", day.strftime(&format!("%A %-d %B{year}")))));
        // Of a day with very much on it, only what is near the selected one.
        let near = if day == model.cursor { model.item.saturating_sub(height) } else { 0 };
        for (nth, item) in items.iter().filter(|item| item.is_on(day)).enumerate().skip(near).take(2 * height + 2) {
            if (day, nth) == (model.cursor, model.item) {
                selected = Some(places.len());
            }
            places.push((day, nth));
            rows.push(calendar::row(model, item, day));
        }
    }
    if model.agenda_goes_on() && !rows.is_empty() {
        rows.push(Row::Note(goes_on(model)));
    }
    (Rows { rows, first: 0, selected }, places)
}

fn goes_on(model: &Model) -> String {
    if model.calendar_filter().is_empty() {
        "…".to_owned()
    } else {
        format!("… {} looked through", model.agenda_looked_through())
    }
}

fn nothing(model: &Model) -> String {
    let filter = model.calendar_filter();
    if model.agenda_goes_on() {
        return if filter.is_empty() { String::new() } else { goes_on(model) };
    }
    if !filter.is_empty() {
        return format!("nothing from here on has “{}” in it · Esc shows everything", filter.typed());
    }
    let day = model.agenda_from.strftime("%-d %b %Y");
    match model.whose {
        None => format!("nothing from {day} on · n makes an event · p shows public ones · [ looks further back"),
        Some(_) => format!("nothing from {day} on · [ looks further back"),
    }
}

fn details(item: &Item, hours: Hours, width: usize) -> Vec<String> {
    let mut lines = text::wrap(&item.title, width);
    let written = |at: DateTime| {
        let day = at.strftime("%a %-d %b %Y");
        if item.all_day { day.to_string() } else { format!("{day} {}", hours.write(at.time())) }
    };
    let until = if item.all_day { item.last_day().to_datetime(jiff::civil::Time::midnight()) } else { item.end };
    lines.push(String::new());
    lines.push(text::cut(&format!("from  {}", written(item.start)), width));
    lines.push(text::cut(&format!("to    {}", written(until)), width));
    if item.recurs() {
        lines.push(text::cut(&format!("{} one of many", glyph::REPEATS), width));
    }
    if !item.location.is_empty() {
        lines.extend(text::wrap(&format!("at {}", item.location), width));
    }
    lines
}
