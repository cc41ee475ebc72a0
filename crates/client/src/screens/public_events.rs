//! Events that everyone may see and join.

use domain::SearchText;
use domain::events::Event;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::invitations::{role_of, sign_of};
use crate::app::ask::{Found, Query};
use crate::app::item;
use crate::app::model::Model;
use crate::ui::list::{self, Hold, Row};
use crate::ui::theme::{Role, glyph};
use crate::ui::{layout, status, text};

/// Draws the list.
pub(super) fn draw(model: &Model, search: &Option<SearchText>, selected: usize, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let title = match search {
        Some(text) => format!("Public events from today · with “{text}”"),
        None => "Public events from today".to_owned(),
    };
    let query = model.public_query(search);
    let (left, right) = layout::beside(area, 44);
    let inner = layout::pane(frame, left, &title, theme, true);
    let (inner, troubled) = status::with_trouble(model, &query, frame, inner, theme);
    let events = model.public(search);
    if events.is_empty() {
        let known = model.remote(&query).is_some_and(|remote| remote.data().is_some());
        let said = match (known && !troubled, search) {
            (true, Some(_)) => "nothing found · / searches for something else",
            (true, None) => "no public events · n makes one",
            (false, _) => "",
        };
        layout::lines(frame, inner, [Line::styled(text::cut(said, inner.width.into()), theme.style(Role::Dim))]);
    } else {
        let mut rows: Vec<Row> = events.iter().map(|event| row(model, event)).collect();
        if more(model, &query) {
            rows.push(Row::Heading("and more: / finds them".to_owned()));
        }
        list::draw(frame, inner, &rows, Some(selected), Hold::Focused, theme);
    }
    if let Some(right) = right {
        let inner = layout::pane(frame, right, "Selected", theme, false);
        let width = usize::from(inner.width);
        let lines = events.get(selected).map(|event| details(model, event, width)).unwrap_or_default();
        layout::lines(frame, inner, lines.into_iter().map(Line::raw));
    }
}

fn more(model: &Model, query: &Query) -> bool {
    matches!(model.remote(query).and_then(|remote| remote.data()), Some(Found::Public(listed)) if listed.more)
}

fn row(model: &Model, event: &Event) -> Row {
    let (_, known) = model.my_answer(event.id);
    let status = model.status(event.id, known);
    let organizing = matches!(&event.organizer, domain::events::Person::Named(name) if Some(name) == model.me());
    let (sign, role) = match (organizing, status) {
        (true, _) => (glyph::ORGANIZING, Role::Organizing),
        (false, Some(status)) => (sign_of(status), role_of(status)),
        (false, None) => (" ", Role::Text),
    };
    Row::item([
        (format!("{sign} "), role),
        (text::fit(&item::in_short(&event.series.first, &model.settings.zone, model.settings.hours), 23), Role::Dim),
        (event.title.to_string(), Role::Text),
        (format!(" · {}", super::event::organizer(model, &event.organizer)), Role::Dim),
    ])
}

fn details(model: &Model, event: &Event, width: usize) -> Vec<String> {
    let mut lines = text::wrap(event.title.as_str(), width);
    lines.push(String::new());
    lines.extend(text::wrap(&item::in_full(&event.series.first, model.settings.hours), width));
    if !event.location.as_str().is_empty() {
        lines.extend(text::wrap(&format!("at {}", event.location), width));
    }
    lines.extend(text::wrap(&format!("by {}", super::event::organizer(model, &event.organizer)), width));
    if !event.description.as_str().is_empty() {
        lines.push(String::new());
        lines.extend(text::wrap(event.description.as_str(), width));
    }
    lines
}
