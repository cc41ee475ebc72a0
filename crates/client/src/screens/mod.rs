//! The screens: each draws what the model says, at any size, and changes nothing.

mod agenda;
mod calendar;
mod day;
mod event;
mod event_form;
mod invitations;
mod month;
mod people;
mod public_events;
mod services;
mod sign_in;
mod week;

use ratatui::Frame;
use ratatui::text::Line;

use crate::app::model::{Model, Screen};
use crate::ui::{layout, overlay, status, text};

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
        Screen::Event(page) => event::draw(model, *page, frame, parts.body),
        Screen::Form(form) if model.kept.session.is_none() => sign_in::draw(model, form, frame, parts.body),
        Screen::Form(form) => event_form::draw(model, form, frame, parts.body),
        Screen::Invitations(selected) => invitations::draw(model, *selected, frame, parts.body),
        Screen::Public { search, selected } => public_events::draw(model, search, *selected, frame, parts.body),
        Screen::People(selected) => people::draw(model, *selected, frame, parts.body),
        Screen::Services(selected) => services::draw(model, *selected, frame, parts.body),
    }
    overlay::draw(model, frame, parts.body);
    status::news(model, frame, parts.news);
    status::footer(model, frame, parts.footer);
}
