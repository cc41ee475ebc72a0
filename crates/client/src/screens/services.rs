//! How the five services are.

use domain::Service;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::app::message::Target;
use crate::app::model::Model;
use crate::ui::list::{Hold, Row, Rows};
use crate::ui::theme::Role;
use crate::ui::{layout, status, text};

/// Draws one row a service.
pub(super) fn draw(model: &Model, selected: usize, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let title = format!("Services · {}", model.settings.place);
    let inner = layout::pane(frame, area, &title, theme, true);
    let rows: Vec<Row> = Service::ALL.into_iter().map(|service| row(model, service)).collect();
    Rows::all(rows, selected).draw(frame, inner, Hold::Focused, theme);
}

/// What is drawn at a position.
pub(super) fn target(area: Rect, position: Position) -> Option<Target> {
    let inner = layout::within(area);
    let row = usize::from(position.y.checked_sub(inner.y)?);
    (inner.contains(position) && row < Service::ALL.len()).then_some(Target::Row(row))
}

fn row(model: &Model, service: Service) -> Row {
    let (state, role, more) = match (status::unwell(model, service), model.health(service)) {
        (Some(words), _) => ("down", Role::Error, words),
        (None, None) => ("asking", Role::Dim, String::new()),
        (None, Some(health)) if !health.stopped.is_empty() => ("stopped", Role::Error, health.stopped.join("; ")),
        (None, Some(health)) if health.behind.is_empty() => {
            ("up", Role::Success, format!("version {}", health.version))
        }
        (None, Some(health)) => {
            let behind: Vec<&str> = health.behind.iter().map(|service| service.name()).collect();
            ("up", Role::Warning, format!("waits for news of {}", behind.join(", ")))
        }
    };
    Row::item([(text::fit(service.name(), 13), Role::Text), (text::fit(state, 9), role), (more, Role::Dim)])
}
