//! One event in full: when, where, whose, what about, and who comes.

use domain::events::{Capacity, Event, Person};
use domain::invitations::{Counts, Participant};
use domain::time::{civil_from_seconds, civil_seconds};
use domain::{EventId, EventTime, Instance, Ordinal, Series};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::Line;

use super::invitations::{role_of, sign_of};
use crate::app::ask::Query;
use crate::app::item;
use crate::app::keymap::Action;
use crate::app::message::Target;
use crate::app::model::{EventPage, Model};
use crate::app::rows::word_of;
use crate::hours::Hours;
use crate::input::repeating;
use crate::ui::list::{self, Hold, Row, Rows};
use crate::ui::theme::{Role, glyph};
use crate::ui::{layout, status, text};

/// Cells of the words before each fact.
const LABEL: usize = 10;

/// Where the event is, and where its participants.
fn areas(area: Rect) -> (Rect, Rect) {
    match layout::beside(area, area.width / 2) {
        (left, Some(right)) => (left, right),
        (all, None) => {
            let [above, below] = Layout::vertical([Constraint::Percentage(55), Constraint::Min(3)]).areas(all);
            (above, below)
        }
    }
}

/// Draws the page.
pub(super) fn draw(model: &Model, page: &EventPage, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let (left, right) = areas(area);
    let inner = layout::pane(frame, left, "Event", theme, false);
    let (inner, old) = status::with_trouble(model, &page.question(), frame, inner, theme);
    if let Some(event) = model.instance(page.event, page.instance) {
        layout::lines(frame, inner, shown(model, facts(model, page, event, inner.width.into()), page.scroll, inner));
    }
    status::grey(frame, inner, theme, old);
    let list = Query::Participants { event: page.event, page: 0 };
    let title = model.counts(page.event).map_or("Participants".to_owned(), counts);
    let inner = layout::pane(frame, right, &super::titled(&title, &page.people.filter), theme, true);
    let (inner, old) = status::with_trouble(model, &model.troubled(&list), frame, inner, theme);
    if model.rows_of(&list) == 0 {
        let organizing = model.pick().is_some_and(|pick| pick.organizing);
        let said = if organizing { "nobody yet · v invites people" } else { "nobody yet" };
        let said = text::cut(&super::nothing(model, &list, &page.people.filter, said), inner.width.into());
        layout::lines(frame, inner, [Line::styled(said, theme.style(Role::Dim))]);
    } else {
        people(model, page, inner.height).draw(frame, inner, Hold::Focused, theme);
    }
    status::grey(frame, inner, theme, old);
}

/// What there is room for, from the line on to which it is scrolled; where more follows, its last line says by which key.
fn shown(model: &Model, lines: Vec<Line<'static>>, scroll: usize, area: Rect) -> Vec<Line<'static>> {
    let height = usize::from(area.height);
    let last = lines.len().saturating_sub(height);
    let mut shown: Vec<_> = lines.into_iter().skip(scroll.min(last)).take(height).collect();
    if scroll < last
        && let Some(end) = shown.last_mut()
    {
        let key = status::key_of(model, Action::PageDown).unwrap_or_default();
        *end = Line::styled(text::cut(&format!("… {key}"), area.width.into()), model.settings.theme.style(Role::Dim));
    }
    shown
}

/// The last line to which it can be scrolled, and how far at once: what the last line hides comes first on the next page.
pub(super) fn scrolled(model: &Model, page: &EventPage, area: Rect) -> (usize, usize) {
    let inner = layout::within(areas(area).0);
    let inner = status::below_trouble(model, &page.question(), inner);
    let event = model.instance(page.event, page.instance);
    let lines = event.map_or(0, |event| facts(model, page, event, inner.width.into()).len());
    let height = usize::from(inner.height);
    (lines.saturating_sub(height), height.saturating_sub(1).max(1))
}

/// What is drawn at a position.
pub(super) fn target(model: &Model, page: &EventPage, area: Rect, position: Position) -> Option<Target> {
    let (_, right) = areas(area);
    let list = Query::Participants { event: page.event, page: 0 };
    let inner = status::below_trouble(model, &model.troubled(&list), layout::within(right));
    people(model, page, inner.height).item_at(inner, position).map(Target::Row)
}

fn counts(c: Counts) -> String {
    let waiting = if c.waiting > 0 { format!(" · {} waiting", c.waiting) } else { String::new() };
    format!("{} going{waiting} · {} maybe · {} pending · {} declined", c.going, c.maybe, c.pending, c.declined)
}

/// The participants near the selected one, under a heading for each answer.
fn people(model: &Model, page: &EventPage, height: u16) -> Rows {
    let list = Query::Participants { event: page.event, page: 0 };
    let near = list::near(page.people.selected, model.rows_of(&list), height);
    let mut rows = Vec::new();
    // What comes before the first row says whether a heading stands there.
    let before = near.start.checked_sub(1).and_then(|row| model.row::<Participant>(&list, row));
    let mut last = before.map(|person| person.status);
    for person in model.rows::<Participant>(&list, near.clone()) {
        let Some(person) = person else {
            rows.push(Row::awaited());
            continue;
        };
        if last != Some(person.status) {
            rows.push(Row::Heading(word_of(person.status).to_owned()));
            last = Some(person.status);
        }
        let role = role_of(person.status);
        let me = if Some(&person.username) == model.me() { " (you)" } else { "" };
        rows.push(Row::item([
            (format!("{} ", sign_of(person.status)), role),
            (format!("{}{}{me}", in_line(person), person.username), Role::Text),
        ]));
    }
    rows.extend(super::more(model, &list).filter(|_| near.end == model.rows_of(&list)));
    Rows { rows, first: near.start, selected: Some(page.people.selected) }
}

/// The position of a participant who waits, before their name.
fn in_line(person: &Participant) -> String {
    person.position.map(|position| format!("{}  ", Ordinal(position))).unwrap_or_default()
}

/// How full an event is, as far as is known, and where I stand if I wait.
fn places(capacity: Capacity, counts: Option<Counts>, mine: Option<u64>) -> String {
    let capacity = u64::from(capacity.get());
    let Some(Counts { going, waiting, .. }) = counts else { return format!("{capacity} places") };
    if going < capacity && waiting == 0 {
        return format!("{going} of {capacity} places taken");
    }
    let mine = mine.map(|position| format!("; you are {} in line", Ordinal(position))).unwrap_or_default();
    match waiting {
        0 => format!("full: {going} of {capacity} places taken"),
        _ => format!("full, {waiting} waiting{mine}"),
    }
}

/// What an instance is among the others.
fn this_one(event: &Event, start: i64, hours: Hours) -> String {
    let moved = event.occurrence.as_ref().is_some_and(|time| civil_seconds(time.civil_start()) != start);
    match civil_from_seconds(start) {
        Ok(civil) if moved => {
            let clock = match event.series.first {
                EventTime::AllDay(_) => String::new(),
                _ => format!(" {}", hours.write(civil.time())),
            };
            format!("is one of them, moved from {}{clock}", civil.strftime("%a %-d %b %Y"))
        }
        _ => "is one of them".to_owned(),
    }
}

/// Others who have answered to one instance by itself, with what.
fn only_this(model: &Model, event: EventId, start: i64) -> Option<String> {
    let others = model.apart(event, start).iter().filter(|person| Some(&person.username) != model.me());
    let said: Vec<String> = others.map(|person| format!("{} {}", sign_of(person.status), person.username)).collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

/// When an event of another zone is where I am.
pub(super) fn for_me(model: &Model, time: &EventTime) -> Option<String> {
    let zone = &model.settings.zone;
    let elsewhere = time.zone().is_some_and(|of| of != zone);
    elsewhere.then(|| format!("{} {zone}", item::in_short(time, zone, model.settings.hours).trim_end()))
}

fn facts(model: &Model, page: &EventPage, event: &Event, width: usize) -> Vec<Line<'static>> {
    let theme = model.settings.theme;
    let styled = |words: &str, role| -> Vec<Line<'static>> {
        text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.style(role))).collect()
    };
    let mut lines = styled(event.title.as_str(), Role::Accent);
    if event.cancelled {
        lines.extend(styled("cancelled", Role::Error));
    }
    let mut fact = |label: &str, words: &str| {
        for (nth, line) in text::wrap(words, width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = text::fit(if nth == 0 { label } else { "" }, LABEL);
            lines.push(Line::raw(text::cut(&format!("{label}{line}"), width)));
        }
    };
    let time = event.occurrence.as_ref().unwrap_or(&event.series.first);
    fact("when", &item::in_full(time, model.settings.hours));
    if let Some(here) = for_me(model, time) {
        fact("for you", &here);
    }
    if let Some(words) = repeats(&event.series) {
        fact("repeats", &words);
    }
    if let Instance::On(start) | Instance::From(start) = page.instance {
        fact("this", &this_one(event, start, model.settings.hours));
    }
    if let Some(words) = repeating::reminds(&event.alarms) {
        fact("reminds", &words);
    }
    if !event.location.as_str().is_empty() {
        fact("where", event.location.as_str());
    }
    fact("organizer", &organizer(model, &event.organizer));
    if let Some(capacity) = event.capacity {
        let mine = model.invitation_at_hand(event.id).and_then(|mine| mine.position);
        fact("places", &places(capacity, model.counts(event.id), mine));
    }
    fact("seen by", if event.public { "everyone" } else { "those invited" });
    if let Some(pick) = model.pick()
        && let Some(status) = pick.status
    {
        let unconfirmed = if model.is_unconfirmed(event.id, page.instance) { ", unconfirmed" } else { "" };
        let line = format!("{}{} {}{unconfirmed}", text::fit("you", LABEL), sign_of(status), word_of(status));
        lines.push(Line::styled(text::cut(&line, width), theme.style(role_of(status))));
    }
    if let Instance::On(start) | Instance::From(start) = page.instance
        && let Some(words) = only_this(model, event.id, start)
    {
        lines.extend(styled(&format!("{}{words}", text::fit("only this", LABEL)), Role::Text));
    }
    if !event.description.as_str().is_empty() {
        lines.push(Line::default());
        lines.extend(styled(event.description.as_str(), Role::Text));
    }
    lines
}

/// The mark of what comes again, behind its title in a list.
pub(super) fn mark_of_many(series: &Series) -> String {
    if series.recurs() { format!(" {}", glyph::REPEATS) } else { String::new() }
}

/// How it comes again, where one row of a list is told in full.
pub(super) fn repeats(series: &Series) -> Option<String> {
    repeating::in_words(series).map(|words| format!("{} {words}", glyph::REPEATS))
}

/// Whose an event is, in words.
pub(super) fn organizer(model: &Model, organizer: &Person) -> String {
    match organizer {
        Person::Named(name) if Some(name) == model.me() => format!("{name} (you)"),
        Person::Named(name) => name.to_string(),
        Person::Deleted => "deleted user".to_owned(),
    }
}
