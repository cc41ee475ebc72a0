//! How far the import of a calendar file is, and what became of the file.

use icalendar::{Note, Skipped};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::Line;

use crate::app::import::{Import, Stage};
use crate::app::keymap::Action;
use crate::app::message::Target;
use crate::app::model::{InList, Model};
use crate::ui::list::{Hold, Row, Rows, near};
use crate::ui::theme::{Role, glyph};
use crate::ui::{layout, status, text};

/// Columns in which the selected line is told in full beside the list, where there is room for both.
const BESIDE: u16 = 44;
/// Rows of the same below the list, its title included, and from how many rows on there is room for it.
const BELOW: (u16, u16) = (4, 10);
/// Columns of a line's number in the file.
const NUMBER: usize = 13;

/// A line of the report.
enum Told<'a> {
    Skipped(&'a Skipped),
    Noted(&'a Note),
}

/// Where the parts of the screen are.
struct Parts {
    head: Vec<(String, Role)>,
    list: Rect,
    selected: Option<Rect>,
}

/// Draws it.
pub(super) fn draw(model: &Model, list: &InList, frame: &mut Frame<'_>, area: Rect) {
    let Some(import) = &model.import else { return };
    let theme = model.settings.theme;
    let title = format!("Import · {}", import.wanted.file);
    let inner = layout::pane(frame, area, &title, theme, true);
    let parts = parts(model, import, inner);
    let head = parts.head.into_iter().map(|(words, role)| Line::styled(words, theme.style(role)));
    layout::lines(frame, inner, head);
    rows(import, list, parts.list.height).draw(frame, parts.list, Hold::Focused, theme);
    if let (Some(area), Some(told)) = (parts.selected, told(import, list.selected)) {
        let within = layout::headed(frame, area, "Selected", theme);
        let said = in_full(&told).into_iter().flat_map(|words| text::wrap(&words, within.width.into())).map(Line::raw);
        layout::lines(frame, within, said);
    }
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, list: &InList, area: Rect, position: Position) -> Option<Target> {
    let import = model.import.as_ref()?;
    let area = parts(model, import, layout::within(area)).list;
    rows(import, list, area.height).item_at(area, position).map(Target::Row)
}

fn parts(model: &Model, import: &Import, inner: Rect) -> Parts {
    let head = head(model, import, inner.width.into());
    let taken = u16::try_from(head.len() + 1).unwrap_or(u16::MAX).min(inner.height);
    let rest = Rect { y: inner.y + taken, height: inner.height - taken, ..inner };
    let told = import.rows() > 0;
    let parts = |layout: Layout| {
        let [list, selected] = layout.areas(rest);
        (list, Some(selected))
    };
    let (list, selected) = if told && inner.width >= layout::WIDE {
        parts(Layout::horizontal([Constraint::Min(0), Constraint::Length(BESIDE)]).spacing(1))
    } else if told && rest.height >= BELOW.1 {
        parts(Layout::vertical([Constraint::Min(0), Constraint::Length(BELOW.0)]))
    } else {
        (rest, None)
    };
    Parts { head, list, selected }
}

/// How far it is, in lines of at most `width` cells.
fn head(model: &Model, import: &Import, width: usize) -> Vec<(String, Role)> {
    let counts = import.report.counts();
    let key = |action| status::key_of(model, action).unwrap_or_default();
    let mut said: Vec<(String, Role)> = Vec::new();
    match &import.stage {
        Stage::Opening => said.push(("reading the file …".to_owned(), Role::Dim)),
        Stage::Running => {
            let doing = if import.wanted.only_look { "only looking, nothing is done; so far" } else { "so far" };
            said.push((format!("{doing}: {counts}"), Role::Text));
            match &import.trouble {
                Some(error) => {
                    let why = status::why(error);
                    let back = error.service().map_or("that works".to_owned(), |service| format!("{service} answers"));
                    let tried = format!("what is imported stays, and it goes on by itself as soon as {back}");
                    said.push((format!("{why}; {tried} · {} stops it", key(Action::StopImport)), Role::Error));
                }
                None => {
                    let stops = format!("it goes on whatever else you do here · {} stops it", key(Action::StopImport));
                    said.push((stops, Role::Dim));
                }
            }
        }
        Stage::Ended if import.wanted.only_look => {
            said.push((format!("Nothing was done. It would be: {counts}"), Role::Text));
            said.push((format!("{} imports it", key(Action::ImportIt)), Role::Dim));
        }
        Stage::Ended => said.push((format!("Done: {counts}"), Role::Success)),
        Stage::Stopped(why) => {
            said.push((format!("Stopped: {why}"), Role::Error));
            said.push((format!("until then: {counts}"), Role::Text));
            let again = "imports the file again: what is imported stays, and nothing is made twice";
            said.push((format!("{} {again}", key(Action::ImportIt)), Role::Dim));
        }
    }
    let bar = matches!(import.stage, Stage::Running).then(|| (bar(import.percent(), width), Role::Accent));
    let wrapped =
        said.into_iter().flat_map(|(words, role)| text::wrap(&words, width).into_iter().map(move |line| (line, role)));
    bar.into_iter().chain(wrapped).collect()
}

/// How much of the file is understood.
fn bar(percent: usize, width: usize) -> String {
    let room = width.saturating_sub(6).min(60);
    let filled = room * percent / 100;
    format!("{}{} {percent:>3} %", glyph::DONE.repeat(filled), glyph::AHEAD.repeat(room - filled))
}

fn told(import: &Import, nth: usize) -> Option<Told<'_>> {
    let (skipped, notes) = (&import.report.skipped, &import.report.notes);
    let noted = || notes.get(nth.checked_sub(skipped.len())?).map(Told::Noted);
    skipped.get(nth).map(Told::Skipped).or_else(noted)
}

/// The lines of the report near the selected one.
fn rows(import: &Import, list: &InList, height: u16) -> Rows {
    let (skipped, notes) = (import.report.skipped.len(), import.report.notes.len());
    let near = near(list.selected, skipped + notes, height);
    let mut rows = Vec::new();
    for nth in near.clone() {
        if nth == 0 && skipped > 0 {
            rows.push(Row::Heading(format!("Skipped: {skipped}")));
        }
        if nth == skipped {
            rows.push(Row::Heading(format!("Not taken as it stands in the file: {notes}")));
        }
        let (line, said) = match told(import, nth) {
            Some(Told::Skipped(one)) => (one.line, one.reason.clone()),
            Some(Told::Noted(note)) => (note.line, note.text.clone()),
            None => continue,
        };
        rows.push(Row::item([(text::fit(&format!("line {line}"), NUMBER), Role::Dim), (said, Role::Text)]));
    }
    Rows { rows, first: near.start, selected: Some(list.selected) }
}

/// A line of the report with all that is known.
fn in_full(told: &Told<'_>) -> Vec<String> {
    match told {
        Told::Skipped(Skipped { uid, line, reason }) => {
            let uid = uid.as_ref().map(|uid| format!("UID {uid}"));
            std::iter::once(format!("line {line}: {reason}")).chain(uid).collect()
        }
        Told::Noted(Note { line, text }) => vec![format!("line {line}: {text}")],
    }
}
