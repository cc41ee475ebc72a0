//! What is always visible, but for the [keys](super::footer): where and when one is, as whom, what was just said.

use std::time::Duration;

use domain::{Error, Service};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::text::{Line, Span};

use super::text;
use super::theme::{Role, Theme, glyph};
use crate::app::ask::{Command, Query};
use crate::app::keymap;
use crate::app::model::{Model, Screen, Sending, Tone, View};
use crate::app::remote::{SLOW, may_pass};

/// Draws the line at the top.
pub(crate) fn header(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let width = usize::from(area.width);
    let left = format!("{} ", place_and_range(model));
    let today = model.today().strftime("%a %-d %b %Y").to_string();
    let mut right: Vec<(String, Role)> = Vec::new();
    let to_answer = model.to_answer();
    let pending = to_answer.is_some();
    // What may be old is not called out.
    let role = if model.trouble(&Query::Inbox { page: 0 }).is_some() { Role::Dim } else { Role::Pending };
    right.extend(to_answer.map(|words| (words, role)));
    right.push((format!("today {today}"), Role::Today));
    right.push((model.settings.zone.name().to_owned(), Role::Text));
    right.push((model.me().map_or("not signed in".to_owned(), ToString::to_string), Role::Accent));
    if width >= 90 {
        right.push((model.settings.place.clone(), Role::Dim));
    }
    // Three cells between two, and one to what stands at the left.
    let wide = |parts: &[(String, Role)]| {
        parts.iter().map(|(words, _)| text::width(words) + 3).sum::<usize>().saturating_sub(2)
    };
    let too_wide = |right: &[(String, Role)]| text::width(&left) + wide(right) > width;
    if too_wide(&right) && pending {
        right.remove(0);
    }
    // First what can be said shorter, then what can be cut: of all four something is always there.
    if too_wide(&right) {
        say(&mut right, Role::Today, model.today().strftime("%-d %b").to_string());
    }
    if too_wide(&right) {
        let zone = model.settings.zone.name();
        say(&mut right, Role::Text, zone.rsplit('/').next().unwrap_or(zone).replace('_', " "));
    }
    for role in [Role::Accent, Role::Text] {
        if too_wide(&right)
            && let Some((words, _)) = right.iter().find(|(_, of)| *of == role)
        {
            let beyond = (text::width(&left) + wide(&right)).saturating_sub(width);
            let shorter = text::cut(words, text::width(words).saturating_sub(beyond).max(LEAST));
            say(&mut right, role, shorter);
        }
    }
    let room = width.saturating_sub(wide(&right));
    let mut spans = vec![Span::styled(text::fit(&left, room), theme.style(Role::Accent))];
    for (nth, (words, role)) in right.iter().enumerate() {
        spans.push(Span::styled(if nth == 0 { " " } else { " · " }, theme.style(Role::Dim)));
        spans.push(Span::styled(words.clone(), theme.style(*role)));
    }
    frame.render_widget(Line::from(spans), area);
}

/// Cells that are left of a name that is too long for a narrow terminal.
const LEAST: usize = 6;

/// Says one of the header's parts in other words.
fn say(parts: &mut [(String, Role)], role: Role, words: String) {
    if let Some(part) = parts.iter_mut().find(|(_, of)| *of == role) {
        part.0 = words;
    }
}

fn place_and_range(model: &Model) -> String {
    match model.screen() {
        Screen::Calendar => range(model),
        Screen::Event(page) => {
            model.instance(page.event, page.instance).map_or("Event".to_owned(), |event| event.title.to_string())
        }
        Screen::Form(form) => form.title.clone(),
        Screen::Invitations(_) => "Invitations".to_owned(),
        Screen::Public(_) => "Public events".to_owned(),
        Screen::People(_) => "People".to_owned(),
        Screen::Services(_) => "Services".to_owned(),
        Screen::Import(_) => "Import".to_owned(),
    }
}

/// The days that the calendar shows.
pub(crate) fn range(model: &Model) -> String {
    use jiff::ToSpan as _;
    let cursor = model.cursor;
    match model.view {
        View::Month => cursor.strftime("%B %Y").to_string(),
        View::Day => cursor.strftime("%a %-d %b %Y").to_string(),
        View::Agenda => format!("from {}", model.agenda_from.strftime("%-d %b %Y")),
        View::Week => {
            let from = model.week_start(cursor);
            let to = from.checked_add(6.days()).unwrap_or(from);
            format!("{} – {}", from.strftime("%-d %b"), to.strftime("%-d %b %Y"))
        }
    }
}

/// Draws the line for news: what was just said, or else what one waits for.
pub(crate) fn news(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let width = usize::from(area.width);
    let (words, behind, role) = if let Some((toast, behind)) = model.toasts.shown() {
        let (sign, role) = match toast.tone {
            Tone::Good => ("✓", Role::Success),
            Tone::Careful => ("?", Role::Warning),
            Tone::Bad => ("!", Role::Error),
            Tone::Bell => (glyph::BELL, Role::Warning),
        };
        let undo = key_of(model, keymap::Action::Undo).filter(|_| toast.undo.is_some());
        // An invitation that is given again is a new one: it has no answer.
        let again = matches!(toast.undo, Some(Command::Invite(_)));
        let does = if again { "invites them again" } else { "undoes it" };
        let undo = undo.map_or(String::new(), |key| format!(" · {key} {does}"));
        let behind = if behind > 0 { format!(" · {behind} more") } else { String::new() };
        (format!("{sign} {}{undo}", toast.text), behind, role)
    } else if let Some(unconfirmed) = unconfirmed(model) {
        (unconfirmed, String::new(), Role::Warning)
    } else if let Some(importing) = importing(model) {
        importing
    } else if let Some(slow) = slow(model) {
        (format!("waiting for {slow} …"), String::new(), Role::Dim)
    } else {
        return;
    };
    // Of a long text, rather its end than what follows it.
    let words = text::cut(&words, width.saturating_sub(text::width(&behind)));
    frame.render_widget(Line::styled(format!("{words}{behind}"), theme.style(role)), area);
}

/// What is not known of my own commands: `? unconfirmed: accept, invite; asking again`.
fn unconfirmed(model: &Model) -> Option<String> {
    // Of an import it is said how far it is.
    let unknown = |sending: &&Sending| sending.unconfirmed && !matches!(sending.command, Command::Import(_));
    let mut words: Vec<&str> = model.sending.values().filter(unknown).map(|sending| sending.command.words()).collect();
    words.dedup();
    (!words.is_empty()).then(|| format!("? unconfirmed: {}; asking again", words.join(", ")))
}

/// How far an import is, for those who look at something else.
fn importing(model: &Model) -> Option<(String, String, Role)> {
    let import = model.import.as_ref().filter(|import| import.is_under_way())?;
    let elsewhere = !matches!(model.screen(), Screen::Import(_));
    let said = || format!("importing {}: {} %", import.wanted.name(), import.percent());
    elsewhere.then(|| match &import.trouble {
        None => (said(), String::new(), Role::Dim),
        Some(error) => (format!("{}; it waits: {}", said(), why(error)), String::new(), Role::Warning),
    })
}

/// The service that what is on the screen waits for, once that is worth a word.
fn slow(model: &Model) -> Option<Service> {
    let now = model.now.instant;
    let asked = model
        .shown()
        .into_iter()
        .find(|query| model.remote(query).is_some_and(|remote| remote.is_slow(now)))
        .map(|query| query.service());
    let sent = model.sending.values().find(|sending| now.saturating_duration_since(sending.since) >= SLOW);
    asked.or(sent.map(|sending| sending.command.service()))
}

/// The key that does something now, as it is written.
pub(crate) fn key_of(model: &Model, action: keymap::Action) -> Option<String> {
    let keyed = keymap::keyed(model, keymap::base_place(model));
    let (_, keys) = keyed.into_iter().find(|(binding, _)| binding.action == action)?;
    keys.first().map(|key| key.written())
}

/// Why a pane's data is old or missing, if it is: which service, how old, and what to press.
fn trouble(model: &Model, query: &Query) -> Option<String> {
    let why = model.trouble(query)?;
    // What is refused is so, however old what was known before it is.
    if !may_pass(why) {
        return Some(why.to_string());
    }
    let age = model.remote(query).and_then(|remote| remote.age(model.now.instant));
    let age = age.map_or_else(|| "nothing is known yet".to_owned(), |age| format!("this is {} old", written(age)));
    let words = match why {
        Error::Deadline { service } => format!("{service} does not answer"),
        Error::Unavailable { service, .. } => format!("{service} is down"),
        Error::Internal { service, incident } => format!("{service} failed (incident {incident})"),
        other => other.to_string(),
    };
    Some(format!("{words} · {age}{}", retries(model)))
}

/// Why something is not done, in as few words as there are.
pub(crate) fn why(error: &Error) -> String {
    match error {
        Error::Deadline { service } => format!("{service} does not answer"),
        other => other.to_string(),
    }
}

/// What is wrong with a service that was asked how it is, and since when nothing was heard of it; its name stands before that.
pub(crate) fn unwell(model: &Model, service: Service) -> Option<String> {
    let query = Query::Health(service);
    let why = model.trouble(&query)?;
    let age = model.remote(&query).and_then(|remote| remote.age(model.now.instant));
    let age = age.map_or_else(|| "never heard of yet".to_owned(), |age| format!("last heard of {} ago", written(age)));
    let words = match why {
        Error::Deadline { .. } => "does not answer".to_owned(),
        Error::Unavailable { .. } => "cannot be reached".to_owned(),
        Error::Internal { incident, .. } => format!("failed (incident {incident})"),
        other => other.to_string(),
    };
    Some(format!("{words} · {age}{}", retries(model)))
}

fn retries(model: &Model) -> String {
    key_of(model, keymap::Action::Retry).map_or_else(String::new, |key| format!(" · {key} retries"))
}

fn written(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

/// What is left of a pane below its trouble, if there is some.
pub(crate) fn below_trouble(model: &Model, query: &Query, area: Rect) -> Rect {
    let taken = u16::from(trouble(model, query).is_some());
    Rect { y: area.y.saturating_add(taken), height: area.height.saturating_sub(taken), ..area }.intersection(area)
}

/// Draws the trouble of a pane in its first line, if there is some, and gives what is left, and whether that is to be drawn [`grey`].
pub(crate) fn with_trouble(
    model: &Model,
    query: &Query,
    frame: &mut Frame<'_>,
    area: Rect,
    theme: Theme,
) -> (Rect, bool) {
    let Some(words) = trouble(model, query) else { return (area, false) };
    let line = Line::styled(text::cut(&words, usize::from(area.width)), theme.style(Role::Error));
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(line, row);
    }
    let rest = Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area };
    (rest.intersection(area), true)
}

/// Makes what was drawn look old, if it is. What is selected stays marked.
pub(crate) fn grey(frame: &mut Frame<'_>, area: Rect, theme: Theme, old: bool) {
    if !old {
        return;
    }
    let area = area.intersection(frame.area());
    for position in area.positions() {
        if let Some(cell) = frame.buffer_mut().cell_mut(position)
            && !cell.modifier.contains(Modifier::REVERSED)
        {
            cell.modifier.remove(Modifier::BOLD);
            cell.fg = Color::Reset;
            cell.set_style(theme.style(Role::Dim));
        }
    }
}
