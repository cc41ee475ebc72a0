//! One event in full: when, where, whose, what about, and who comes.

use domain::events::{Event, Person};
use domain::invitations::Participants;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::invitations::{role_of, sign_of, word_of};
use crate::app::ask::Query;
use crate::app::item;
use crate::app::model::{EventPage, Model};
use crate::ui::list::{self, Hold, Row};
use crate::ui::theme::Role;
use crate::ui::{layout, status, text};

/// Cells of the words before each fact.
const LABEL: usize = 10;

/// Draws the page.
pub(super) fn draw(model: &Model, page: EventPage, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let (left, right) = match layout::beside(area, area.width / 2) {
        (left, Some(right)) => (left, right),
        (all, None) => {
            let [above, below] = Layout::vertical([Constraint::Percentage(55), Constraint::Min(3)]).areas(all);
            (above, below)
        }
    };
    let inner = layout::pane(frame, left, "Event", theme, false);
    let (inner, _) = status::with_trouble(model, &Query::Event(page.event), frame, inner, theme);
    if let Some(event) = model.event(page.event) {
        layout::lines(frame, inner, facts(model, event, inner.width.into()));
    }
    let participants = model.participants(page.event);
    let title = participants.map_or("Participants".to_owned(), counts);
    let inner = layout::pane(frame, right, &title, theme, true);
    let (inner, _) = status::with_trouble(model, &Query::Participants(page.event), frame, inner, theme);
    if let Some(participants) = participants {
        people(model, page, participants, frame, inner);
    }
}

fn counts(participants: &Participants) -> String {
    let c = participants.counts;
    format!("Participants · {} going · {} maybe · {} pending · {} declined", c.going, c.maybe, c.pending, c.declined)
}

fn people(model: &Model, page: EventPage, participants: &Participants, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.settings.theme;
    let mut rows = Vec::new();
    let mut last = None;
    for person in &participants.people.items {
        if last != Some(person.status) {
            rows.push(Row::Heading(word_of(person.status).to_owned()));
            last = Some(person.status);
        }
        let role = role_of(person.status);
        let me = if Some(&person.username) == model.me() { " (you)" } else { "" };
        rows.push(Row::item([
            (format!("{} ", sign_of(person.status)), role),
            (format!("{}{me}", person.username), Role::Text),
        ]));
    }
    if participants.people.next.is_some() {
        rows.push(Row::Heading(format!("and more: the first {} are shown", participants.people.items.len())));
    }
    if rows.is_empty() {
        let said = "nobody yet · v invites people";
        let said = if model.pick().is_some_and(|pick| pick.organizing) { said } else { "nobody yet" };
        layout::lines(frame, area, [Line::styled(text::cut(said, area.width.into()), theme.style(Role::Dim))]);
        return;
    }
    list::draw(frame, area, &rows, Some(page.scroll), Hold::Focused, theme);
}

fn facts(model: &Model, event: &Event, width: usize) -> Vec<Line<'static>> {
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
    fact("when", &item::in_full(&event.series.first, model.settings.hours));
    if event.series.first.zone().is_some_and(|zone| *zone != model.settings.zone) {
        let here = item::in_short(&event.series.first, &model.settings.zone, model.settings.hours);
        fact("for you", &format!("{here} {}", model.settings.zone));
    }
    if !event.location.as_str().is_empty() {
        fact("where", event.location.as_str());
    }
    fact("organizer", &organizer(model, &event.organizer));
    fact("seen by", if event.public { "everyone" } else { "those invited" });
    if let Some(pick) = model.pick()
        && let Some(status) = pick.status
    {
        let unconfirmed = if model.is_unconfirmed(event.id) { ", unconfirmed" } else { "" };
        let line = format!("{}{} {}{unconfirmed}", text::fit("you", LABEL), sign_of(status), word_of(status));
        lines.push(Line::styled(text::cut(&line, width), theme.style(role_of(status))));
    }
    if !event.description.as_str().is_empty() {
        lines.push(Line::default());
        lines.extend(styled(event.description.as_str(), Role::Text));
    }
    lines
}

/// Whose an event is, in words.
pub(super) fn organizer(model: &Model, organizer: &Person) -> String {
    match organizer {
        Person::Named(name) if Some(name) == model.me() => format!("{name} (you)"),
        Person::Named(name) => name.to_string(),
        Person::Deleted => "deleted user".to_owned(),
    }
}
