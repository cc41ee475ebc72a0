//! Events that everyone may see and join.

use domain::events::Event;
use domain::invitations::Status;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::invitations::{role_of, sign_of};
use crate::app::item;
use crate::app::message::Target;
use crate::app::model::{InList, Model};
use crate::ui::list::{self, Hold, Row, Rows};
use crate::ui::theme::{Role, glyph};
use crate::ui::{layout, status, text};

/// Where the list is, and where the selected event.
fn areas(area: Rect) -> (Rect, Option<Rect>) {
    layout::beside(area, 44)
}

/// Draws the list.
pub(super) fn draw(model: &Model, at: &InList, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let title = super::titled("Public events from today", &at.filter);
    let list = model.public_query(at);
    let (left, right) = areas(area);
    let inner = layout::pane(frame, left, &title, theme, true);
    let (inner, old) = status::with_trouble(model, &model.troubled(&list), frame, inner, theme);
    if model.rows_of(&list) == 0 {
        let said = "no public events · n makes one";
        let said = text::cut(&super::nothing(model, &list, &at.filter, said), inner.width.into());
        layout::lines(frame, inner, [Line::styled(said, theme.style(Role::Dim))]);
    } else {
        rows(model, at, inner.height).draw(frame, inner, Hold::Focused, theme);
    }
    status::grey(frame, inner, theme, old);
    if let Some(right) = right {
        let inner = layout::pane(frame, right, "Selected", theme, false);
        let width = usize::from(inner.width);
        let selected = model.row::<Event>(&list, at.selected);
        let lines = selected.map(|event| details(model, event, width)).unwrap_or_default();
        layout::lines(frame, inner, lines.into_iter().map(Line::raw));
        status::grey(frame, inner, theme, old);
    }
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, at: &InList, area: Rect, position: Position) -> Option<Target> {
    let (left, _) = areas(area);
    let list = model.public_query(at);
    let inner = status::below_trouble(model, &model.troubled(&list), layout::within(left));
    rows(model, at, inner.height).item_at(inner, position).map(Target::Row)
}

fn rows(model: &Model, at: &InList, height: u16) -> Rows {
    let list = model.public_query(at);
    let near = list::near(at.selected, model.rows_of(&list), height);
    let at_hand = model.rows::<Event>(&list, near.clone());
    let mine = model.mine();
    let rows = at_hand.into_iter().map(|event| match event {
        Some(event) => {
            let answered = model.invitation_at_hand(event.id).or_else(|| mine.get(&event.id).copied());
            row(model, event, answered.map(|one| one.status))
        }
        None => Row::awaited(),
    });
    let more = super::more(model, &list).filter(|_| near.end == model.rows_of(&list));
    Rows { rows: rows.chain(more).collect(), first: near.start, selected: Some(at.selected) }
}

fn row(model: &Model, event: &Event, answered: Option<Status>) -> Row {
    let status = model.status(event.id, domain::Instance::Series, answered);
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
        (super::event::mark_of_many(&event.series), Role::Dim),
        (format!(" · {}", super::event::organizer(model, &event.organizer)), Role::Dim),
    ])
}

fn details(model: &Model, event: &Event, width: usize) -> Vec<String> {
    let mut lines = text::wrap(event.title.as_str(), width);
    lines.push(String::new());
    lines.extend(text::wrap(&item::in_full(&event.series.first, model.settings.hours), width));
    if let Some(words) = super::event::repeats(&event.series) {
        lines.extend(text::wrap(&words, width));
    }
    if let Some(here) = super::event::for_me(model, &event.series.first) {
        lines.extend(text::wrap(&format!("for you {here}"), width));
    }
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
