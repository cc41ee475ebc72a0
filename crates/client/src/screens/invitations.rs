//! The invitations that I have received, and what I answered.

use domain::events::Person;
use domain::invitations::{Invitation, Status};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::ask::Query;
use crate::app::item;
use crate::app::model::Model;
use crate::ui::list::{self, Hold, Row};
use crate::ui::theme::{Role, glyph};
use crate::ui::{layout, status, text};

/// Draws the inbox.
pub(super) fn draw(model: &Model, selected: usize, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let title = format!("Invitations · {} to answer", model.pending_invitations());
    let (left, right) = layout::beside(area, 44);
    let inner = layout::pane(frame, left, &title, theme, true);
    let (inner, troubled) = status::with_trouble(model, &Query::Inbox, frame, inner, theme);
    let inbox = model.inbox();
    if inbox.is_empty() {
        let known = model.remote(&Query::Inbox).is_some_and(|remote| remote.data().is_some());
        let said = if known && !troubled { "no invitations · p shows public events, n makes one" } else { "" };
        layout::lines(frame, inner, [Line::styled(text::cut(said, inner.width.into()), theme.style(Role::Dim))]);
    } else {
        let rows: Vec<Row> = inbox.iter().map(|invitation| row(model, invitation)).collect();
        list::draw(frame, inner, &rows, Some(selected), Hold::Focused, theme);
    }
    if let Some(right) = right {
        let inner = layout::pane(frame, right, "Selected", theme, false);
        let width = usize::from(inner.width);
        let lines = inbox.get(selected).map(|invitation| details(model, invitation, width)).unwrap_or_default();
        layout::lines(frame, inner, lines.into_iter().map(Line::raw));
    }
}

fn row(model: &Model, invitation: &Invitation) -> Row {
    let event = &invitation.event;
    let status = model.status(event.id, Some(invitation.status)).unwrap_or(invitation.status);
    let unconfirmed = if model.is_unconfirmed(event.id) { " (unconfirmed)" } else { "" };
    let role = role_of(status);
    Row::item([
        (format!("{} {} ", sign_of(status), text::fit(word_of(status), 8)), role),
        (text::fit(&item::in_short(&event.series.first, &model.settings.zone, model.settings.hours), 23), Role::Dim),
        (format!("{}{unconfirmed}", event.title), Role::Text),
        (format!(" · {}", inviter(invitation)), Role::Dim),
    ])
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
    }
}

/// Its word, as everywhere.
pub(super) const fn word_of(status: Status) -> &'static str {
    match status {
        Status::Going => "going",
        Status::Maybe => "maybe",
        Status::Pending => "pending",
        Status::Declined => "declined",
    }
}

/// Its look.
pub(super) const fn role_of(status: Status) -> Role {
    match status {
        Status::Going => Role::Going,
        Status::Maybe => Role::Maybe,
        Status::Pending => Role::Pending,
        Status::Declined => Role::Declined,
    }
}
