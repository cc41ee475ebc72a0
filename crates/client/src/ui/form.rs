//! A form: labels, what was typed, and beside each field what is wrong with it or what it means.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::layout;
use super::text;
use super::theme::{Role, Theme};
use crate::app::form::{Field, Form, Kind, said};
use crate::app::item;
use crate::app::model::Model;
use crate::input::repeating;
use crate::input::{ALREADY, EXAMPLES};

const LABEL: usize = 10;
/// Cells before what is typed: the mark of the focus, the label, a space.
const BEFORE: usize = LABEL + 3;
/// Most rows of a field of several lines, and how many where there is room to breathe.
const ROWS: usize = 8;
const SPACIOUS: usize = 5;

/// A row of the form.
enum Drawn {
    Line(Line<'static>),
    /// A row of a field of several lines: its label, and its cells.
    Cells(Line<'static>, Buffer, u16),
}

/// Rows, and where things are among them.
struct Rows {
    rows: Vec<Drawn>,
    /// The first row of each field.
    fields: Vec<usize>,
    /// Row and column of the cursor.
    cursor: Option<(usize, usize)>,
    /// Rows that are scrolled past.
    skipped: usize,
}

/// Rows, the frame included, in which a form has room to breathe: beside each field for what it means or what is wrong with it.
pub(crate) fn height(form: &Form) -> u16 {
    let lines = form.fields.iter().filter(|field| field.kind == Kind::Lines).count();
    let note = if form.note.is_empty() { 0 } else { 4 };
    u16::try_from(form.fields.len() * 3 + lines * (SPACIOUS - 1) + note + 4).unwrap_or(u16::MAX)
}

/// Draws a form into `area`.
pub(crate) fn draw(model: &Model, form: &Form, frame: &mut Frame<'_>, area: Rect) {
    let Rows { rows, cursor, skipped, .. } = rows(model, form, area);
    for (drawn, row) in rows.into_iter().skip(skipped).zip(area.rows()) {
        match drawn {
            Drawn::Line(line) => frame.render_widget(line, row),
            Drawn::Cells(label, cells, nth) => {
                frame.render_widget(label, row);
                let before = u16::try_from(BEFORE).unwrap_or(row.width).min(row.width);
                for x in 0..cells.area.width.min(row.width - before) {
                    let to = Position::new(row.x + before + x, row.y);
                    if let (Some(from), Some(to)) = (cells.cell((x, nth)), frame.buffer_mut().cell_mut(to)) {
                        to.clone_from(from);
                    }
                }
            }
        }
    }
    if let (Some((row, column)), None) = (cursor, &model.layer)
        && let (Some(row), Ok(column)) = (row.checked_sub(skipped), u16::try_from(column))
        && let Ok(row) = u16::try_from(row)
        && row < area.height
        && column < area.width
    {
        frame.set_cursor_position(Position::new(area.x + column, area.y + row));
    }
}

/// The number of the field that is drawn at a position, when the form is drawn into `area`.
pub(crate) fn field_at(model: &Model, form: &Form, area: Rect, position: Position) -> Option<usize> {
    if !area.contains(position) {
        return None;
    }
    let Rows { rows, fields, skipped, .. } = rows(model, form, area);
    let row = skipped + usize::from(position.y - area.y);
    (row < rows.len()).then(|| fields.iter().rposition(|first| *first <= row)).flatten()
}

fn rows(model: &Model, form: &Form, area: Rect) -> Rows {
    let theme = model.settings.theme;
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let room = width.saturating_sub(BEFORE + 1);
    // Of many fields, not all have something beside them at once.
    let spacious = height + 4 >= usize::from(self::height(form));
    let (mut rows, mut fields): (Vec<Drawn>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut cursor, mut focus_ends) = (None, 0);
    // What is understood of how it comes again stands below that, and below when it reminds.
    let again = if form.field("repeat").is_some() { 3 } else { 0 };
    if !form.note.is_empty() {
        let note = text::wrap(&form.note, width).into_iter();
        rows.extend(note.map(|words| Drawn::Line(Line::styled(words, theme.style(Role::Dim)))));
        rows.push(Drawn::Line(Line::default()));
    }
    for (nth, field) in form.fields.iter().enumerate() {
        let focused = nth == form.focus;
        fields.push(rows.len());
        let at = if field.kind == Kind::Lines {
            // As many rows as the others leave, so that nothing moves while it is typed in.
            let count =
                if spacious { SPACIOUS } else { height.saturating_sub(form.fields.len() + 2 + again).clamp(1, ROWS) };
            lines_field(field, focused, room, count, theme, &mut rows)
        } else {
            let (line, column) = field_line(field, focused, room, theme);
            rows.push(Drawn::Line(line));
            (0, column)
        };
        if let (true, Some(first)) = (focused, fields.last()) {
            cursor = Some((first + at.0, BEFORE + at.1));
        }
        for (words, role) in beside(model, form, field, focused) {
            for words in text::wrap(&words, room).into_iter().take(3) {
                let line = format!("{}{words}", " ".repeat(BEFORE));
                rows.push(Drawn::Line(Line::styled(text::cut(&line, width), theme.style(role))));
            }
        }
        if focused {
            focus_ends = rows.len();
        }
        if spacious {
            rows.push(Drawn::Line(Line::default()));
        }
    }
    if let Some(error) = &form.error {
        let lines = text::wrap(error, width).into_iter();
        rows.extend(lines.map(|words| Drawn::Line(Line::styled(words, theme.style(Role::Error)))));
        focus_ends = focus_ends.max(if form.sent.is_none() { rows.len() } else { 0 });
    }
    Rows { rows, fields, cursor, skipped: focus_ends.saturating_sub(height) }
}

fn label(field: &Field, focused: bool, theme: Theme) -> Vec<Span<'static>> {
    let role = if focused { Role::Accent } else { Role::Dim };
    let label = format!("{} ", text::fit(field.label, LABEL));
    vec![layout::mark(focused, theme), Span::styled(label, theme.style(role))]
}

/// The rows of a field of several lines, and the place of the cursor among them.
fn lines_field(
    field: &Field,
    focused: bool,
    room: usize,
    count: usize,
    theme: Theme,
    rows: &mut Vec<Drawn>,
) -> (usize, usize) {
    let area = Rect::new(0, 0, u16::try_from(room.max(1)).unwrap_or(1), u16::try_from(count).unwrap_or(1));
    let mut cells = Buffer::empty(area);
    (&field.lines).render(area, &mut cells);
    if field.is_empty() {
        let example = text::cut(&format!("({})", field.example), room);
        cells.set_string(0, 0, example, theme.style(Role::Dim));
    } else if field.error.is_some() {
        cells.set_style(area, theme.style(Role::Error));
    }
    for nth in 0..area.height {
        let label = if nth == 0 { Line::from(label(field, focused, theme)) } else { Line::default() };
        rows.push(Drawn::Cells(label, cells.clone(), nth));
    }
    let (at, (scrolled, _)) = (field.lines.screen_cursor(), field.lines.scroll_offset());
    (at.row.saturating_sub(usize::from(scrolled)).min(count.saturating_sub(1)), at.col)
}

/// The field's line, and the column of the cursor within what is typed.
fn field_line(field: &Field, focused: bool, room: usize, theme: Theme) -> (Line<'static>, usize) {
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
    let mut line = label(field, focused, theme);
    line.push(Span::styled(shown, theme.style(role)));
    (Line::from(line), column)
}

/// What stands below a field: its error, what its date means, or names that begin so.
fn beside(model: &Model, form: &Form, field: &Field, focused: bool) -> Vec<(String, Role)> {
    if let Some(error) = &field.error {
        return vec![(with_advice(error, field), Role::Error)];
    }
    match field.kind {
        Kind::When if !field.is_empty() => meaning(model, form, focused),
        Kind::Repeat if !field.is_empty() => repetition(model, form, focused),
        Kind::Remind if !field.is_empty() => vec![reminding(form, focused)],
        Kind::User | Kind::Users if focused => {
            let names = form.names_wanted().map(|prefix| model.names(&prefix).to_vec()).unwrap_or_default();
            let names: Vec<String> = names.iter().take(6).map(ToString::to_string).collect();
            if names.is_empty() { Vec::new() } else { vec![(format!("ctrl-e: {}", names.join(" · ")), Role::Dim)] }
        }
        Kind::Path if focused => {
            let paths = model.paths().into_iter().take(6).collect::<Vec<_>>();
            if paths.is_empty() { Vec::new() } else { vec![(format!("ctrl-e: {}", paths.join(" · ")), Role::Dim)] }
        }
        Kind::Choice(_) if focused => vec![("Space changes it".to_owned(), Role::Dim)],
        _ => Vec::new(),
    }
}

/// An error, and what would be right if it does not say so itself, or the key that makes room for it.
fn with_advice(error: &str, field: &Field) -> String {
    if error.contains(ALREADY) {
        return format!("{error} · ctrl-u clears the line");
    }
    let says = ["example", "e.g.", "such as", "choose", "no such", "type ", "elsewhere"]
        .iter()
        .any(|word| error.contains(word));
    if says || field.kind == Kind::Secret || field.example.is_empty() {
        return error.to_owned();
    }
    format!("{error}; for example: {}", field.example)
}

/// What is understood of how it comes again, and the days that follow.
fn repetition(model: &Model, form: &Form, focused: bool) -> Vec<(String, Role)> {
    let (now, zone) = (model.now, &model.settings.zone);
    match (form.time(now, zone), form.rules(now, zone)) {
        (Ok(time), Ok(rules)) => {
            let words: Vec<String> = rules.as_slice().iter().map(|rule| rule.describe(time.civil_start())).collect();
            let understood = (format!("= {}", words.join("; ")), Role::Success);
            let then = repeating::then(&time, &rules).map(|then| (format!("  {then}"), Role::Dim));
            std::iter::once(understood).chain(then).collect()
        }
        (Err(_), _) => vec![("its days are said once the date is right".to_owned(), Role::Dim)],
        // Half typed it is no error yet.
        (_, Err(_)) if focused => {
            let said = "not understood yet, e.g. every weekday · every 2 weeks on tue,thu until 2027-06-30";
            vec![(said.to_owned(), Role::Dim)]
        }
        (_, Err(error)) => vec![(said(&error), Role::Warning)],
    }
}

/// What is understood of when it reminds.
fn reminding(form: &Form, focused: bool) -> (String, Role) {
    match form.alarms() {
        Ok(alarms) => (format!("= {}", repeating::reminds(&alarms).unwrap_or_default()), Role::Success),
        Err(_) if focused => ("not understood yet, e.g. 10m · 1h · 1d, 10m".to_owned(), Role::Dim),
        Err(error) => (said(&error), Role::Warning),
    }
}

/// What the date means, in full and with its zone, and what should be known of it: that it is over, that clocks show it twice.
fn meaning(model: &Model, form: &Form, focused: bool) -> Vec<(String, Role)> {
    let hours = model.settings.hours;
    let when = form.when(model.now, &model.settings.zone);
    match when.and_then(|when| Ok((when.event_time()?, when.notes))) {
        Ok((time, notes)) => {
            let echo = (format!("= {}", item::in_full(&time, hours)), Role::Success);
            let notes = notes.into_iter().map(|note| (format!("! {}", note.sentence(hours)), Role::Warning));
            std::iter::once(echo).chain(notes).collect()
        }
        // A date half typed is no error yet; one that there is not is.
        Err(error) if focused && error.to_string().contains(EXAMPLES) => {
            vec![("not a date yet, e.g. tomorrow 9am 1h30 · fri 14:00 · 2026-12-01".to_owned(), Role::Dim)]
        }
        Err(error) if error.to_string().contains(ALREADY) => {
            vec![(format!("{} · ctrl-u clears the line", said(&error)), Role::Warning)]
        }
        Err(error) => vec![(said(&error), Role::Warning)],
    }
}
