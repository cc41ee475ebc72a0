//! The screens: each draws what the model says, at any size, and changes nothing.

mod agenda;
mod calendar;
mod day;
mod event;
mod event_form;
mod import;
mod invitations;
mod month;
mod people;
mod public_events;
mod services;
mod sign_in;
mod week;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::app::ask::Query;
use crate::app::filter::Filter;
use crate::app::message::Target;
use crate::app::model::{EventPage, Model, Screen};
use crate::ui::list::Row;
use crate::ui::{footer, form, layout, overlay, status, text};

/// The title of a list, the filter over it first: of a long title the end is cut.
fn titled(title: &str, filter: &Filter) -> String {
    if filter.is_empty() { title.to_owned() } else { format!("with “{}” · {title}", filter.typed()) }
}

/// What stands at the end of a list of which more is to come: how far a filter has looked, or that it goes on.
fn more(model: &Model, list: &Query) -> Option<Row> {
    let trail = model.trail(list).filter(|trail| !trail.is_whole())?;
    let filtered = !trail.filter().is_empty();
    Some(Row::Note(if filtered { format!("… {} looked through", trail.looked_through()) } else { "…".to_owned() }))
}

/// What is said of a list without rows; nothing while it is not known.
fn nothing(model: &Model, list: &Query, filter: &Filter, said: &str) -> String {
    match model.trail(list) {
        Some(trail) if trail.is_known() && !trail.is_whole() => format!("… {} looked through", trail.looked_through()),
        Some(trail) if trail.is_known() && !filter.is_empty() => {
            format!("nothing has “{}” in it · Esc shows everything", filter.typed())
        }
        Some(trail) if trail.is_known() => said.to_owned(),
        _ => String::new(),
    }
}

/// What is drawn at a position of a terminal: what a click there means.
pub(crate) fn target(model: &Model, area: Rect, position: Position) -> Option<Target> {
    if area.width < layout::LEAST.0 || area.height < layout::LEAST.1 {
        return None;
    }
    let body = layout::parts(area).body;
    if model.layer.is_some() {
        return overlay::command_at(model, body, position).map(Target::Command);
    }
    match model.screen() {
        Screen::Calendar => calendar::target(model, body, position),
        Screen::Event(page) => event::target(model, page, body, position),
        Screen::Form(form) => {
            let area = match model.kept.session {
                None => sign_in::form_area(model, form, body),
                Some(_) => event_form::form_area(form, body),
            };
            form::field_at(model, form, area, position).map(Target::Field)
        }
        Screen::Invitations(list) => invitations::target(model, list, body, position),
        Screen::Public(list) => public_events::target(model, list, body, position),
        Screen::People(list) => people::target(model, list, body, position),
        Screen::Services(_) => services::target(body, position),
        Screen::Import(list) => import::target(model, list, body, position),
    }
}

/// The last line to which what is said of an event can be scrolled in the terminal, and how far a key scrolls it.
pub(crate) fn scrolled(model: &Model, page: &EventPage) -> (usize, usize) {
    let (width, height) = model.size;
    event::scrolled(model, page, layout::parts(Rect::new(0, 0, width, height)).body)
}

/// Draws everything.
pub(crate) fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let (least_width, least_height) = layout::LEAST;
    if area.width < least_width || area.height < least_height {
        let said = format!("Convene needs {least_width}x{least_height}");
        layout::lines(frame, area, [Line::raw(text::cut(&said, area.width.into()))]);
        return;
    }
    let parts = layout::parts(area);
    status::header(model, frame, parts.header);
    match model.screen() {
        Screen::Calendar => calendar::draw(model, frame, parts.body),
        Screen::Event(page) => event::draw(model, page, frame, parts.body),
        Screen::Form(form) if model.kept.session.is_none() => sign_in::draw(model, form, frame, parts.body),
        Screen::Form(form) => event_form::draw(model, form, frame, parts.body),
        Screen::Invitations(list) => invitations::draw(model, list, frame, parts.body),
        Screen::Public(list) => public_events::draw(model, list, frame, parts.body),
        Screen::People(list) => people::draw(model, list, frame, parts.body),
        Screen::Services(list) => services::draw(model, list.selected, frame, parts.body),
        Screen::Import(list) => import::draw(model, list, frame, parts.body),
    }
    overlay::draw(model, frame, parts.body);
    if !overlay::filter(model, frame, parts.news) {
        status::news(model, frame, parts.news);
    }
    footer::draw(model, frame, parts.footer);
}
