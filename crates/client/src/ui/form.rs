//! A form: labels, what was typed, and beside each field what is wrong with it or what it means.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::layout;
use super::text;
use super::theme::{Role, Theme};
use crate::app::form::{Field, Form, Kind, said};
use crate::app::item;
use crate::app::model::Model;

const LABEL: usize = 10;

/// Rows, the frame included, in which a form has room to breathe: beside each field for what it means or what is wrong with it.
pub(crate) fn height(form: &Form) -> u16 {
    u16::try_from(form.fields.len()).unwrap_or(u16::MAX / 4).saturating_mul(3).saturating_add(4)
}

/// Draws a form into `area`.
pub(crate) fn draw(model: &Model, form: &Form, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let width = usize::from(area.width);
    let mut drawn: Vec<Line<'static>> = Vec::new();
    let mut cursor = None;
    let mut focus_ends = 0;
    for (nth, field) in form.fields.iter().enumerate() {
        let focused = nth == form.focus;
        let room = width.saturating_sub(LABEL + 4);
        let (line, column) = field_line(field, focused, room, theme);
        if focused {
            cursor = Some((drawn.len(), LABEL + 3 + column));
        }
        drawn.push(line);
        for (words, role) in beside(model, form, field, focused) {
            for words in text::wrap(&words, room).into_iter().take(2) {
                let line = format!("{}{words}", " ".repeat(LABEL + 3));
                drawn.push(Line::styled(text::cut(&line, width), theme.style(role)));
            }
        }
        if focused {
            focus_ends = drawn.len();
        }
        if usize::from(area.height) > form.fields.len() * 3 {
            drawn.push(Line::default());
        }
    }
    if let Some(error) = &form.error {
        drawn.extend(text::wrap(error, width).into_iter().map(|words| Line::styled(words, theme.style(Role::Error))));
        focus_ends = focus_ends.max(if form.sent.is_none() { drawn.len() } else { 0 });
    }
    let skipped = focus_ends.saturating_sub(usize::from(area.height));
    layout::lines(frame, area, drawn.into_iter().skip(skipped));
    if let (Some((row, column)), None) = (cursor, &model.layer)
        && let (Some(row), Ok(column)) = (row.checked_sub(skipped), u16::try_from(column))
        && let Ok(row) = u16::try_from(row)
        && row < area.height
        && column < area.width
    {
        frame.set_cursor_position(Position::new(area.x + column, area.y + row));
    }
}

/// The field's line, and the column of the cursor within what is typed.
fn field_line(field: &Field, focused: bool, room: usize, theme: Theme) -> (Line<'static>, usize) {
    let label = Span::styled(
        format!("{} ", text::fit(field.label, LABEL)),
        theme.style(if focused { Role::Accent } else { Role::Dim }),
    );
    let shown = match field.kind {
        Kind::Secret => "•".repeat(field.value().chars().count()),
        Kind::Choice(_) => format!("‹ {} ›", field.value()),
        _ => field.value().to_owned(),
    };
    let before: String = shown.chars().take(field.input.cursor()).collect();
    let room = room.max(1);
    // What is typed scrolls so that the cursor is seen.
    let mut start = 0;
    while text::width(before.get(start..).unwrap_or_default()) + 1 > room {
        start += before.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    let column = text::width(before.get(start..).unwrap_or_default());
    let (shown, role) = match (shown.is_empty(), field.error.is_some(), focused) {
        (true, _, _) => (text::cut(&format!("({})", field.example), room), Role::Dim),
        (false, true, _) => (text::cut(shown.get(start..).unwrap_or_default(), room), Role::Error),
        (false, false, _) => (text::cut(shown.get(start..).unwrap_or_default(), room), Role::Text),
    };
    let line = Line::from(vec![layout::mark(focused, theme), label, Span::styled(shown, theme.style(role))]);
    (line, column)
}

/// What stands below a field: its error, what its date means, or names that begin so.
fn beside(model: &Model, form: &Form, field: &Field, focused: bool) -> Vec<(String, Role)> {
    if let Some(error) = &field.error {
        return vec![(error.clone(), Role::Error)];
    }
    match field.kind {
        Kind::When if !field.value().trim().is_empty() => match form.time(model.now, &model.settings.zone) {
            Ok(time) => vec![(format!("= {}", item::in_full(&time, model.settings.hours)), Role::Success)],
            Err(_) if focused => {
                vec![("not a date yet, e.g. tomorrow 9am 1h30 · fri 14:00 · 2026-12-01".to_owned(), Role::Dim)]
            }
            Err(error) => vec![(said(&error), Role::Warning)],
        },
        Kind::User | Kind::Users if focused => {
            let names = form.names_wanted().map(|prefix| model.names(&prefix).to_vec()).unwrap_or_default();
            let names: Vec<String> = names.iter().take(6).map(ToString::to_string).collect();
            if names.is_empty() { Vec::new() } else { vec![(names.join(" · "), Role::Dim)] }
        }
        Kind::Choice(_) if focused => vec![("Space changes it".to_owned(), Role::Dim)],
        _ => Vec::new(),
    }
}
