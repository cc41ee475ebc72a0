//! What keys and palette commands do.

use domain::events::Uninvite;
use domain::invitations::Response;
use tui_input::Input;

use super::{choosing, importing, layers, moving, opening, sending, sharee, sharer};
use crate::app::ask::Command;
use crate::app::effect::Effect;
use crate::app::form::Form;
use crate::app::import::Import;
use crate::app::keymap::Action;
use crate::app::model::{Acting, EventPage, InList, Layer, Model, Screen, View};

/// Does something that can be done now.
pub(super) fn act(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    use Action as A;
    match action {
        A::Quit => layers::quit(model, effects),
        A::Palette => model.layer = Some(Layer::Palette { input: Input::default(), selected: 0 }),
        A::Help => model.layer = Some(Layer::Help { scroll: 0 }),
        A::Close | A::No => layers::close(model),
        A::Choose => layers::choose(model, effects),
        A::Yes => layers::confirmed(model, effects),
        A::Back if model.screens.len() > 1 => {
            model.screens.pop();
        }
        A::LeaveForm => {
            opening::leave_form(model, None);
        }
        A::Up | A::Down if model.layer.is_some() => layers::move_in_layer(model, action == A::Down),
        A::Up | A::Down | A::Left | A::Right | A::First | A::Last | A::PageUp | A::PageDown => {
            moving::move_selection(model, action);
        }
        A::NextItem | A::PreviousItem => {
            let count = model.items_on(model.cursor).len().max(1);
            model.item = (model.item + if action == A::NextItem { 1 } else { count - 1 }) % count;
        }
        A::PreviousPeriod => moving::turn(model, -1),
        A::NextPeriod => moving::turn(model, 1),
        A::Today => {
            moving::show_calendar(model);
            let today = model.today();
            model.agenda_begins(today);
            moving::go_to(model, today);
        }
        A::Open => opening::open(model),
        A::Month => moving::show(model, View::Month),
        A::Week => moving::show(model, View::Week),
        A::Day => moving::show(model, View::Day),
        A::Agenda => moving::show(model, View::Agenda),
        A::Invitations => opening::push(model, Screen::Invitations(InList::default())),
        A::PublicEvents => opening::push(model, Screen::Public(InList::default())),
        A::People => opening::push(model, Screen::People(InList::default())),
        A::Services => opening::push(model, Screen::Services(InList::default())),
        // Behind another's calendar is mine.
        A::MyCalendar | A::Back => {
            model.whose = None;
            model.overlaid = false;
            moving::show_calendar(model);
        }
        A::Overlay => {
            model.overlaid = !model.overlaid;
            moving::show_calendar(model);
        }
        A::OpenCalendar => match sharer(model) {
            Some(owner) => opening::open_calendar_of(model, owner),
            None => opening::push_form(model, Form::open_calendar()),
        },
        A::NewEvent => {
            let is_today = model.cursor == model.today() || !matches!(model.screen(), Screen::Calendar);
            let form = Form::new_event(model.cursor, is_today, &model.settings.zone);
            opening::push_form(model, form);
        }
        A::EditEvent => choosing::begin(model, Acting::Edit, effects),
        A::CancelEvent => choosing::begin(model, Acting::Cancel, effects),
        A::ThisOne => choosing::choose(model, Some(0), effects),
        A::ThisAndFollowing => choosing::choose(model, Some(1), effects),
        A::AllOfThem => choosing::choose(model, Some(2), effects),
        A::Invite => {
            if let Some(pick) = model.pick() {
                opening::push_form(model, Form::invite(pick.event, &pick.title));
            }
        }
        A::Uninvite => {
            let who = model.selected_participant().map(|person| person.username.clone());
            if let (Some(who), Some(pick)) = (who, model.pick()) {
                let uninvite = Uninvite { event: pick.event, invitees: vec![who] };
                sending::send(model, Command::Uninvite(uninvite), effects);
            }
        }
        A::Accept | A::Attend => choosing::begin(model, Acting::Answer(Response::Accept), effects),
        A::Maybe | A::MaybeAttend => choosing::begin(model, Acting::Answer(Response::Maybe), effects),
        A::Decline | A::Leave => choosing::begin(model, Acting::Answer(Response::Decline), effects),
        A::Participants => {
            if let Some(pick) = model.pick() {
                opening::push(model, Screen::Event(EventPage::of_instance(pick.event, pick.instance)));
            }
        }
        A::ShareCalendar => opening::push_form(model, Form::share_calendar()),
        A::StopSharing => {
            let chosen = sharee(model);
            opening::push_form(model, Form::stop_sharing(chosen.as_ref()));
        }
        A::ImportCalendar if model.import.as_ref().is_some_and(Import::is_under_way) => importing::show(model),
        A::ImportCalendar => {
            let form = Form::import_calendar(&model.settings.zone);
            opening::push_form(model, form);
        }
        A::ImportReport => importing::show(model),
        A::ImportIt => importing::go_on(model, effects),
        A::StopImport => importing::stop(model),
        A::Search => layers::begin_filter(model),
        A::ClearFilter => layers::clear_filter(model),
        A::Undo => {
            let undo = model.toasts.undo(model.now.instant);
            if let Some(command) = undo {
                sending::send(model, command, effects);
            }
        }
        A::Retry => {
            for query in model.visible() {
                if let Some(remote) = model.store.get_mut(&query) {
                    remote.outdate();
                }
            }
            model.polled = None;
            let now = model.now.instant;
            model.lines.values_mut().for_each(|line| line.hurry(now));
        }
        A::Register => opening::replace_form(model, Form::register()),
        A::SignIn => opening::replace_form(model, Form::sign_in()),
        A::SignOut => {
            sending::send(model, Command::Logout, effects);
        }
        A::ChangePassword => opening::push_form(model, Form::change_password()),
        A::DeleteAccount => {
            if let Some(form) = model.me().map(Form::delete_account) {
                opening::push_form(model, form);
            }
        }
        A::NextField | A::PreviousField => {
            if let Some(form) = model.form_mut() {
                form.move_focus(action == A::NextField);
            }
        }
        A::Complete => {
            let path = model.paths().first().map(|path| (*path).to_owned());
            if let (Some(path), Some(form)) = (path, model.form_mut()) {
                form.complete_path(&path);
            }
            let wanted = model.form().and_then(Form::names_wanted);
            let name = wanted.and_then(|prefix| model.names(&prefix).first().cloned());
            if let (Some(name), Some(form)) = (name, model.form_mut()) {
                form.complete(&name);
            }
        }
        A::Enter => match model.form_mut() {
            Some(form) if !form.is_on_last_field() => form.move_focus(true),
            _ => opening::save(model, effects),
        },
        A::Save => opening::save(model, effects),
    }
}
