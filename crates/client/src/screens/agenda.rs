//! The coming days, one under the other; where there is room, the selected event beside them.

use jiff::ToSpan as _;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::calendar;
use crate::app::item::Item;
use crate::app::model::{AGENDA_DAYS, Model};
use crate::hours::Hours;
use crate::ui::list::{self, Hold, Row};
use crate::ui::theme::Role;
use crate::ui::{layout, text};

/// Draws the agenda.
pub(super) fn draw(model: &Model, items: &[Item], frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let (left, right) = layout::beside(area, 44);
    let mut rows = Vec::new();
    let mut selected = None;
    let mut count = 0;
    for nth in 0..AGENDA_DAYS {
        let Ok(day) = model.agenda_from.checked_add(nth.days()) else { break };
        let on_day: Vec<&Item> = items.iter().filter(|item| item.is_on(day)).collect();
        if on_day.is_empty() {
            continue;
        }
        let today = if day == model.today() { " · today" } else { "" };
        rows.push(Row::Heading(format!("{}{today}", day.strftime("%A %-d %B"))));
        for (nth, item) in on_day.into_iter().enumerate() {
            if day == model.cursor && nth == model.item {
                selected = Some(count);
            }
            count += 1;
            rows.push(calendar::row(model, item, day));
        }
    }
    if rows.is_empty() {
        let known = model.calendar_queries().iter().all(|query| model.entries(query).is_some());
        let said = if known { "nothing in these days · n makes an event · p shows public ones" } else { "" };
        layout::lines(frame, left, [Line::styled(text::cut(said, left.width.into()), theme.style(Role::Dim))]);
    } else {
        list::draw(frame, left, &rows, selected, Hold::Focused, theme);
    }
    if let Some(right) = right {
        let inner = layout::pane(frame, right, "Selected", theme, false);
        let item = items.iter().filter(|item| item.is_on(model.cursor)).nth(model.item);
        let lines = item.map(|item| details(item, model.settings.hours, inner.width.into())).unwrap_or_default();
        layout::lines(frame, inner, lines.into_iter().map(Line::raw));
    }
}

fn details(item: &Item, hours: Hours, width: usize) -> Vec<String> {
    let mut lines = text::wrap(&item.title, width);
    let written = |at: jiff::civil::DateTime| {
        let day = at.strftime("%a %-d %b %Y");
        if item.all_day { day.to_string() } else { format!("{day} {}", hours.write(at.time())) }
    };
    let until = if item.all_day { item.last_day().to_datetime(jiff::civil::Time::midnight()) } else { item.end };
    lines.push(String::new());
    lines.push(text::cut(&format!("from  {}", written(item.start)), width));
    lines.push(text::cut(&format!("to    {}", written(until)), width));
    if !item.location.is_empty() {
        lines.extend(text::wrap(&format!("at {}", item.location), width));
    }
    lines
}
