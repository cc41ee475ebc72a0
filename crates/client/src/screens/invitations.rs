//! The invitations that I have received, and what I answered.

use domain::Ordinal;
use domain::events::Person;
use domain::invitations::{Invitation, Status};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::app::ask::Query;
use crate::app::item;
use crate::app::message::Target;
use crate::app::model::{InList, Model};
use crate::app::rows::word_of;
use crate::ui::list::{self, Hold, Row, Rows};
use crate::ui::theme::{Role, glyph};
use crate::ui::{layout, status, text};

/// Where the list is, and where the selected event.
fn areas(area: Rect) -> (Rect, Option<Rect>) {
    layout::beside(area, 44)
}

/// Draws the inbox.
pub(super) fn draw(model: &Model, at: &InList, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let list = Query::Inbox { page: 0 };
    let to_answer = model.to_answer().unwrap_or_else(|| "0 to answer".to_owned());
    let title = super::titled(&format!("Invitations · {to_answer}"), &at.filter);
    let (left, right) = areas(area);
    let inner = layout::pane(frame, left, &title, theme, true);
    let (inner, old) = status::with_trouble(model, &model.troubled(&list), frame, inner, theme);
    if model.rows_of(&list) == 0 {
        let said = "no invitations · p shows public events, n makes one";
        let said = text::cut(&super::nothing(model, &list, &at.filter, said), inner.width.into());
        layout::lines(frame, inner, [Line::styled(said, theme.style(Role::Dim))]);
    } else {
        rows(model, at, inner.height).draw(frame, inner, Hold::Focused, theme);
    }
    status::grey(frame, inner, theme, old);
    if let Some(right) = right {
        let inner = layout::pane(frame, right, "Selected", theme, false);
        let width = usize::from(inner.width);
        let selected = model.row::<Invitation>(&list, at.selected);
        let lines = selected.map(|invitation| details(model, invitation, width)).unwrap_or_default();
        layout::lines(frame, inner, lines.into_iter().map(Line::raw));
        status::grey(frame, inner, theme, old);
    }
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, at: &InList, area: Rect, position: Position) -> Option<Target> {
    let (left, _) = areas(area);
    let list = Query::Inbox { page: 0 };
    let inner = status::below_trouble(model, &model.troubled(&list), layout::within(left));
    rows(model, at, inner.height).item_at(inner, position).map(Target::Row)
}

fn rows(model: &Model, at: &InList, height: u16) -> Rows {
    let list = Query::Inbox { page: 0 };
    let near = list::near(at.selected, model.rows_of(&list), height);
    let at_hand = model.rows::<Invitation>(&list, near.clone());
    let rows = at_hand.into_iter().map(|invitation| invitation.map_or_else(Row::awaited, |one| row(model, one)));
    let more = super::more(model, &list).filter(|_| near.end == model.rows_of(&list));
    Rows { rows: rows.chain(more).collect(), first: near.start, selected: Some(at.selected) }
}

fn row(model: &Model, invitation: &Invitation) -> Row {
    let event = &invitation.event;
    let status = model.status(event.id, domain::Instance::Series, Some(invitation.status)).unwrap_or(invitation.status);
    let unconfirmed = if model.is_unconfirmed(event.id, domain::Instance::Series) { " (unconfirmed)" } else { "" };
    let role = role_of(status);
    Row::item([
        (format!("{} {} ", sign_of(status), text::fit(word_of(status), 8)), role),
        (text::fit(&item::in_short(&event.series.first, &model.settings.zone, model.settings.hours), 23), Role::Dim),
        (format!("{}{unconfirmed}", event.title), Role::Text),
        (super::event::mark_of_many(&event.series), Role::Dim),
        (format!(" · {}{}", inviter(invitation), in_line(invitation, status)), Role::Dim),
    ])
}

/// Where someone stands who waits for a place.
fn in_line(invitation: &Invitation, status: Status) -> String {
    let position = invitation.position.filter(|_| status == Status::Waiting);
    position.map(|position| format!(" · {} in line", Ordinal(position))).unwrap_or_default()
}

fn inviter(invitation: &Invitation) -> String {
    match &invitation.inviter {
        Some(Person::Named(name)) => format!("from {name}"),
        Some(Person::Deleted) => "from a deleted user".to_owned(),
        None => "joined".to_owned(),
    }
}

fn details(model: &Model, invitation: &Invitation, width: usize) -> Vec<String> {
    let event = &invitation.event;
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
    lines
}

/// The glyph of an answer.
pub(super) const fn sign_of(status: Status) -> &'static str {
    match status {
        Status::Going => glyph::GOING,
        Status::Maybe => glyph::MAYBE,
        Status::Pending => glyph::PENDING,
        Status::Declined => glyph::DECLINED,
        Status::Waiting => glyph::WAITING,
    }
}

/// Its look.
pub(super) const fn role_of(status: Status) -> Role {
    match status {
        Status::Going => Role::Going,
        Status::Maybe => Role::Maybe,
        Status::Pending => Role::Pending,
        Status::Declined => Role::Declined,
        Status::Waiting => Role::Waiting,
    }
}
