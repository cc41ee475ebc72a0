//! What is opened and left: screens, forms, other calendars.

use std::mem::discriminant;

use domain::{EventId, Instance};

use super::moving::{show, show_calendar};
use super::{begin_anew, importing, sending, sharer};
use crate::app::ask::Query;
use crate::app::effect::Effect;
use crate::app::form::{Filled, Form};
use crate::app::keymap::Action;
use crate::app::model::{Confirmed, EventPage, Layer, Model, Screen, Tone, View};
use crate::app::remote::Due;
use crate::app::which;

/// Opens a screen; it is left to where one came from.
pub(super) fn push(model: &mut Model, screen: Screen) {
    // From one main screen to another there is nothing to come back to but the calendar.
    let main = |screen: &Screen| {
        matches!(
            screen,
            Screen::Invitations(_) | Screen::Public(_) | Screen::People(_) | Screen::Services(_) | Screen::Import(_)
        )
    };
    // Where one is already, with what is selected and filtered there, there is nothing to open.
    if main(&screen) && discriminant(&screen) == discriminant(model.screen()) {
        return;
    }
    if main(&screen) {
        let signing_in = model.kept.session.is_none();
        model.screens.truncate(1);
        if !signing_in {
            model.screens = vec![Screen::Calendar];
        }
    }
    model.screens.push(screen);
}

/// Opens a form, in place of another.
pub(super) fn push_form(model: &mut Model, form: Form) {
    model.screens.retain(|screen| !matches!(screen, Screen::Form(_)));
    model.screens.push(Screen::Form(Box::new(form)));
}

/// Another form for those who are not signed in; the name already typed goes along.
pub(super) fn replace_form(model: &mut Model, mut form: Form) {
    let typed = model.form().and_then(|form| form.field("user")).map(|field| field.input.clone());
    if let (Some(typed), Some(field)) = (typed, form.fields.first_mut()) {
        field.input = typed;
    }
    model.screens = vec![Screen::Form(Box::new(form))];
}

/// Leaves a form; whether it is left, for first it is asked about if something was typed that would be lost, and then `and` is what is
/// done after it.
pub(super) fn leave_form(model: &mut Model, and: Option<Action>) -> bool {
    let Some(form) = model.form() else { return false };
    // What was sent is on its way, whoever looks on.
    if form.dirty && form.sent.is_none() && model.kept.session.is_some() {
        let question = "Leave this form? What was typed is lost.".to_owned();
        model.layer = Some(Layer::Confirm { question, then: Confirmed::LeaveForm { and } });
        return false;
    }
    drop_form(model);
    true
}

/// Leaves a form, whatever was typed.
pub(super) fn drop_form(model: &mut Model) {
    model.screens.pop();
    if model.screens.is_empty() {
        begin_anew(model);
    }
}

/// Opens what is selected.
pub(super) fn open(model: &mut Model) {
    match model.screen() {
        Screen::People(_) => {
            if let Some(owner) = sharer(model) {
                open_calendar_of(model, owner);
            }
        }
        Screen::Calendar if model.selected_item().is_none() => show(model, View::Day),
        _ => {
            if let Some(pick) = model.pick() {
                push(model, Screen::Event(EventPage::of_instance(pick.event, pick.instance)));
            }
        }
    }
}

/// Opens somebody's calendar.
pub(super) fn open_calendar_of(model: &mut Model, owner: domain::Username) {
    model.whose = (model.me() != Some(&owner)).then_some(owner);
    model.overlaid = false;
    model.item = 0;
    show_calendar(model);
}

/// Opens the form that changes an event, or what of it is meant.
pub(super) fn edit(model: &mut Model, event: EventId, instance: Instance) {
    // What I have changed myself meanwhile is asked for first.
    let outdated = model.remote(&which::question(event, instance)).is_none_or(|remote| remote.due() == Due::Now);
    match model.instance(event, instance).filter(|_| !outdated) {
        Some(event) => {
            let form = Form::edit_event(event, instance, &model.settings.zone);
            push_form(model, form);
        }
        // Lists know too little to edit: first the page, which asks for the event.
        None => {
            let page = match instance {
                Instance::Series => EventPage::of(event),
                Instance::On(start) | Instance::From(start) => EventPage::of_instance(event, Instance::On(start)),
            };
            push(model, Screen::Event(EventPage { to_edit: Some(instance), ..page }));
        }
    }
}

/// Opens the form of an event that was not known yet when it was asked for.
pub(super) fn edit_if_wanted(model: &mut Model, query: &Query, event: &domain::events::Event) {
    if let Some(Screen::Event(page)) = model.screens.last_mut()
        && page.question() == *query
        && let Some(instance) = page.to_edit.take()
    {
        let form = Form::edit_event(event, instance, &model.settings.zone);
        push_form(model, form);
    }
}

/// Sends what the form says, if it is right.
pub(super) fn save(model: &mut Model, effects: &mut Vec<Effect>) {
    let (now, zone) = (model.now, model.settings.zone.clone());
    let Some(form) = model.form_mut() else { return };
    if form.sent.is_some() {
        return;
    }
    for field in &mut form.fields {
        field.error = None;
    }
    form.error = None;
    match form.filled(now, &zone) {
        Err(error) => form.refuse(&error),
        Ok(Filled::Unchanged) => {
            drop_form(model);
            model.toast("nothing was changed", Tone::Good);
        }
        Ok(Filled::Open(owner)) => {
            drop_form(model);
            open_calendar_of(model, owner);
        }
        Ok(Filled::Import(wanted)) => {
            let reading = importing::begin(model, wanted, effects);
            if let Some(form) = model.form_mut() {
                form.sent = Some(reading);
            }
        }
        Ok(Filled::Send(command)) => {
            let request = sending::send(model, command, effects);
            if let Some(form) = model.form_mut() {
                form.sent = Some(request);
            }
        }
    }
}
