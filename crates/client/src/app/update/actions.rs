//! What keys and palette commands do.

use domain::SearchText;
use domain::events::CancelEvent;
use domain::invitations::Response;
use jiff::ToSpan as _;
use jiff::civil::Date;
use tui_input::Input;

use super::{begin_anew, sending, sharee, sharer};
use crate::app::ask::Command;
use crate::app::effect::Effect;
use crate::app::form::{Filled, Form};
use crate::app::keymap::{self, Action};
use crate::app::model::{AGENDA_DAYS, Confirmed, EventPage, Layer, Model, Screen, Tone, View};
use crate::palette;

/// Does something that can be done now.
pub(super) fn act(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    use Action as A;
    match action {
        A::Quit => effects.push(Effect::Quit),
        A::Palette => model.layer = Some(Layer::Palette { input: Input::default(), selected: 0 }),
        A::Help => model.layer = Some(Layer::Help { scroll: 0 }),
        A::Close | A::No => model.layer = None,
        A::Choose => choose(model, effects),
        A::Yes => confirmed(model, effects),
        A::Back => {
            model.screens.pop();
        }
        A::LeaveForm => leave_form(model),
        A::Up | A::Down if model.layer.is_some() => move_in_layer(model, action == A::Down),
        A::Up | A::Down | A::Left | A::Right | A::First | A::Last => move_selection(model, action),
        A::NextItem | A::PreviousItem => {
            let count = model.items_on(model.cursor).len().max(1);
            model.item = (model.item + if action == A::NextItem { 1 } else { count - 1 }) % count;
        }
        A::PreviousPeriod => turn(model, -1),
        A::NextPeriod => turn(model, 1),
        A::Today => {
            show_calendar(model);
            let today = model.today();
            model.agenda_from = today;
            go_to(model, today);
        }
        A::Open => open(model),
        A::Month => show(model, View::Month),
        A::Week => show(model, View::Week),
        A::Day => show(model, View::Day),
        A::Agenda => show(model, View::Agenda),
        A::Invitations => push(model, Screen::Invitations(0)),
        A::PublicEvents => push(model, Screen::Public { search: None, selected: 0 }),
        A::People => push(model, Screen::People(0)),
        A::Services => push(model, Screen::Services(0)),
        A::MyCalendar => {
            model.whose = None;
            model.overlaid = false;
            show_calendar(model);
        }
        A::Overlay => {
            model.overlaid = !model.overlaid;
            show_calendar(model);
        }
        A::OpenCalendar => {
            let chosen = match model.screen() {
                Screen::People(selected) => sharer(model, *selected),
                _ => None,
            };
            match chosen {
                Some(owner) => open_calendar_of(model, owner),
                None => push_form(model, Form::open_calendar()),
            }
        }
        A::NewEvent => {
            let is_today = model.cursor == model.today() || !matches!(model.screen(), Screen::Calendar);
            let form = Form::new_event(model.cursor, is_today, &model.settings.zone);
            push_form(model, form);
        }
        A::EditEvent => edit(model),
        A::CancelEvent => {
            if let Some(pick) = model.pick() {
                let question = format!("Cancel “{}” for everyone? This cannot be undone.", pick.title);
                let then = Confirmed::Send(Command::Cancel(CancelEvent { event: pick.event }));
                model.layer = Some(Layer::Confirm { question, then });
            }
        }
        A::Invite => {
            if let Some(pick) = model.pick() {
                push_form(model, Form::invite(pick.event, &pick.title));
            }
        }
        A::Accept | A::Attend => answer(model, Response::Accept, effects),
        A::Maybe => answer(model, Response::Maybe, effects),
        A::Decline => answer(model, Response::Decline, effects),
        A::Participants => {
            if let Some(pick) = model.pick() {
                push(model, Screen::Event(EventPage::of(pick.event)));
            }
        }
        A::ShareCalendar => push_form(model, Form::share_calendar()),
        A::StopSharing => {
            let chosen = match model.screen() {
                Screen::People(selected) => sharee(model, *selected),
                _ => None,
            };
            push_form(model, Form::stop_sharing(chosen.as_ref()));
        }
        A::Search => {
            let before = match model.screen() {
                Screen::Public { search: Some(text), .. } => text.to_string(),
                _ => String::new(),
            };
            model.layer = Some(Layer::Search(Input::new(before)));
        }
        A::Undo => {
            let undo = model.toasts.iter_mut().rev().find_map(|toast| toast.undo.take());
            if let Some(command) = undo {
                model.toasts.clear();
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
        }
        A::Register => replace_form(model, Form::register()),
        A::SignIn => replace_form(model, Form::sign_in()),
        A::SignOut => {
            sending::send(model, Command::Logout, effects);
        }
        A::NextField | A::PreviousField => {
            if let Some(form) = model.form_mut() {
                form.move_focus(action == A::NextField);
            }
        }
        A::Complete => {
            let wanted = model.form().and_then(Form::names_wanted);
            let name = wanted.and_then(|prefix| model.names(&prefix).first().cloned());
            if let (Some(name), Some(form)) = (name, model.form_mut()) {
                form.complete(&name);
            }
        }
        A::Enter => match model.form_mut() {
            Some(form) if !form.is_on_last_field() => form.move_focus(true),
            _ => save(model, effects),
        },
        A::Save => save(model, effects),
    }
}

fn push(model: &mut Model, screen: Screen) {
    // From one main screen to another there is nothing to come back to but the calendar.
    let main = |screen: &Screen| {
        matches!(screen, Screen::Invitations(_) | Screen::Public { .. } | Screen::People(_) | Screen::Services(_))
    };
    if main(&screen) {
        let signing_in = model.kept.session.is_none();
        model.screens.truncate(1);
        if !signing_in {
            model.screens = vec![Screen::Calendar];
        }
    }
    model.screens.push(screen);
}

fn push_form(model: &mut Model, form: Form) {
    model.screens.retain(|screen| !matches!(screen, Screen::Form(_)));
    model.screens.push(Screen::Form(Box::new(form)));
}

/// Another form for those who are not signed in; the name already typed goes along.
fn replace_form(model: &mut Model, mut form: Form) {
    let typed = model.form().and_then(|form| form.field("user")).map(|field| field.input.clone());
    if let (Some(typed), Some(field)) = (typed, form.fields.first_mut()) {
        field.input = typed;
    }
    model.screens = vec![Screen::Form(Box::new(form))];
}

fn leave_form(model: &mut Model) {
    let Some(form) = model.form() else { return };
    if form.dirty && model.kept.session.is_some() {
        let question = "Leave this form? What was typed is lost.".to_owned();
        model.layer = Some(Layer::Confirm { question, then: Confirmed::LeaveForm });
        return;
    }
    drop_form(model);
}

fn drop_form(model: &mut Model) {
    model.screens.pop();
    if model.screens.is_empty() {
        begin_anew(model);
    }
}

fn confirmed(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(Layer::Confirm { then, .. }) = model.layer.take() else { return };
    match then {
        Confirmed::Send(command) => {
            sending::send(model, command, effects);
        }
        Confirmed::LeaveForm => drop_form(model),
    }
}

fn choose(model: &mut Model, effects: &mut Vec<Effect>) {
    match model.layer.take() {
        Some(Layer::Palette { input, selected }) => {
            let chosen = listed(model, input.value()).get(selected).map(|binding| binding.action);
            if let Some(action) = chosen {
                act_from_palette(model, action, effects);
            }
        }
        Some(Layer::Search(input)) => {
            let text = input.value().trim().to_owned();
            let search = if text.is_empty() { Ok(None) } else { text.parse::<SearchText>().map(Some) };
            match (search, model.screens.last_mut()) {
                (Ok(text), Some(Screen::Public { search, selected })) => {
                    *search = text;
                    *selected = 0;
                }
                (Err(error), _) => model.toast(error.to_string(), Tone::Bad),
                _ => {}
            }
        }
        other => model.layer = other,
    }
}

/// What the palette lists for what was typed, the best first.
pub(crate) fn listed(model: &Model, typed: &str) -> Vec<&'static keymap::Binding> {
    let found = palette::search(typed, keymap::palette(model), |binding| binding.words);
    found.into_iter().map(|found| found.offer).collect()
}

fn act_from_palette(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let belongs_to_form = keymap::available(model, keymap::Place::Form).any(|binding| binding.action == action);
    let in_form = model.form().is_some();
    if in_form && !belongs_to_form && action != Action::Help && model.kept.session.is_some() {
        let dirty = model.form().is_some_and(|form| form.dirty);
        if dirty {
            return leave_form(model);
        }
        drop_form(model);
    }
    act(model, action, effects);
}

fn move_in_layer(model: &mut Model, down: bool) {
    let step = |at: usize, last: usize| if down { (at + 1).min(last) } else { at.saturating_sub(1) };
    let rows = match &model.layer {
        Some(Layer::Palette { input, .. }) => listed(model, input.value()).len(),
        Some(Layer::Help { .. }) => keymap::BINDINGS.len(),
        _ => 0,
    };
    if let Some(Layer::Palette { selected: at, .. } | Layer::Help { scroll: at }) = &mut model.layer {
        *at = step(*at, rows.saturating_sub(1));
    }
}

/// How many rows the screen's list has.
pub(super) fn rows(model: &Model) -> usize {
    match model.screen() {
        Screen::Invitations(_) => model.inbox().len(),
        Screen::Public { search, .. } => model.public(search).len(),
        Screen::People(_) => model.shares().map_or(0, |s| s.shared_with.len() + s.shared_with_me.len()),
        Screen::Services(_) => domain::Service::ALL.len(),
        Screen::Event(page) => model.participants(page.event).map_or(0, |p| p.people.items.len()),
        Screen::Calendar | Screen::Form(_) => 0,
    }
}

fn move_selection(model: &mut Model, action: Action) {
    if matches!(model.screen(), Screen::Calendar) {
        return move_in_calendar(model, action);
    }
    let last = rows(model).saturating_sub(1);
    let moved = |at: usize| match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => (at + 1).min(last),
        Action::First => 0,
        Action::Last => last,
        _ => at,
    };
    if let Some(
        Screen::Invitations(at)
        | Screen::People(at)
        | Screen::Services(at)
        | Screen::Public { selected: at, .. }
        | Screen::Event(EventPage { scroll: at, .. }),
    ) = model.screens.last_mut()
    {
        *at = moved(*at);
    }
}

fn move_in_calendar(model: &mut Model, action: Action) {
    let cursor = model.cursor;
    let by = |days: i32| cursor.checked_add(days.days()).unwrap_or(cursor);
    match (model.view, action) {
        (_, Action::Left) => go_to(model, by(-1)),
        (_, Action::Right) => go_to(model, by(1)),
        (View::Month, Action::Up) => go_to(model, by(-7)),
        (View::Month, Action::Down) => go_to(model, by(7)),
        (View::Month | View::Week | View::Day, Action::First) => go_to(model, cursor.first_of_month()),
        (View::Month | View::Week | View::Day, Action::Last) => go_to(model, cursor.last_of_month()),
        (View::Week | View::Day, Action::Up) => model.item = model.item.saturating_sub(1),
        (View::Week | View::Day, Action::Down) => {
            let last = model.items_on(cursor).len().saturating_sub(1);
            model.item = (model.item + 1).min(last);
        }
        (View::Agenda, Action::Up | Action::Down | Action::First | Action::Last) => {
            let places = agenda_places(model);
            let at = places.iter().position(|place| *place == (cursor, model.item));
            let next = match (action, at) {
                (Action::First, _) => places.first(),
                (Action::Last, _) => places.last(),
                (Action::Down, Some(at)) => places.get(at + 1),
                (Action::Up, Some(at)) => at.checked_sub(1).and_then(|at| places.get(at)),
                (Action::Down, None) => places.iter().find(|(day, _)| *day >= cursor),
                (_, _) => places.iter().rev().find(|(day, _)| *day <= cursor),
            };
            if let Some((day, item)) = next.copied() {
                model.cursor = day;
                model.item = item;
            }
        }
        _ => {}
    }
}

/// The days of the agenda that have something, and which.
pub(crate) fn agenda_places(model: &Model) -> Vec<(Date, usize)> {
    let items = model.items();
    let days = (0..AGENDA_DAYS).filter_map(|nth| model.agenda_from.checked_add(nth.days()).ok());
    days.flat_map(|day| {
        let count = items.iter().filter(|item| item.is_on(day)).count();
        (0..count).map(move |nth| (day, nth))
    })
    .collect()
}

/// In the agenda something is selected if there is anything: what comes next, if the selected day has nothing.
pub(super) fn select_in_agenda(model: &mut Model) {
    if model.view != View::Agenda {
        return;
    }
    let places = agenda_places(model);
    if places.contains(&(model.cursor, model.item)) {
        return;
    }
    let next = places.iter().find(|(day, _)| *day >= model.cursor).or(places.last());
    if let Some((day, item)) = next.copied() {
        model.cursor = day;
        model.item = item;
    }
}

fn go_to(model: &mut Model, day: Date) {
    // The services keep the years 1 to 9990; a window a little beyond them would be refused.
    if (2..=9_988).contains(&day.year()) {
        model.cursor = day;
        model.item = 0;
        let last = model.agenda_from.checked_add((AGENDA_DAYS - 1).days()).unwrap_or(day);
        if day < model.agenda_from || day > last {
            model.agenda_from = day;
        }
    }
}

fn turn(model: &mut Model, direction: i32) {
    let cursor = model.cursor;
    let to = match model.view {
        View::Month => cursor.checked_add(direction.months()),
        View::Week => cursor.checked_add((7 * direction).days()),
        View::Day => cursor.checked_add(direction.days()),
        View::Agenda => model.agenda_from.checked_add((AGENDA_DAYS * direction).days()),
    };
    if let Ok(day) = to {
        go_to(model, day);
        if model.view == View::Agenda {
            model.agenda_from = model.cursor;
        }
    }
}

fn show_calendar(model: &mut Model) {
    model.screens = vec![Screen::Calendar];
}

fn show(model: &mut Model, view: View) {
    show_calendar(model);
    model.view = view;
    let day = model.cursor;
    let item = model.item;
    go_to(model, day);
    model.item = item;
    select_in_agenda(model);
}

fn open(model: &mut Model) {
    match model.screen() {
        Screen::People(selected) => {
            if let Some(owner) = sharer(model, *selected) {
                open_calendar_of(model, owner);
            }
        }
        Screen::Calendar if model.selected_item().is_none() => show(model, View::Day),
        _ => {
            if let Some(pick) = model.pick() {
                push(model, Screen::Event(EventPage::of(pick.event)));
            }
        }
    }
}

fn open_calendar_of(model: &mut Model, owner: domain::Username) {
    model.whose = (model.me() != Some(&owner)).then_some(owner);
    model.overlaid = false;
    model.item = 0;
    show_calendar(model);
}

fn edit(model: &mut Model) {
    let Some(pick) = model.pick() else { return };
    match model.event(pick.event) {
        Some(event) => {
            let form = Form::edit_event(event, &model.settings.zone);
            push_form(model, form);
        }
        // Lists know too little to edit: first the page, which asks for the event.
        None => {
            push(model, Screen::Event(EventPage { to_edit: true, ..EventPage::of(pick.event) }));
        }
    }
}

/// Opens the form of an event that was not known yet when it was asked for.
pub(super) fn edit_if_wanted(model: &mut Model, event: &domain::events::Event) {
    let form = Form::edit_event(event, &model.settings.zone);
    if let Some(Screen::Event(page)) = model.screens.last_mut()
        && page.event == event.id
        && std::mem::take(&mut page.to_edit)
    {
        push_form(model, form);
    }
}

fn answer(model: &mut Model, response: Response, effects: &mut Vec<Effect>) {
    if let Some(pick) = model.pick() {
        sending::send(model, sending::answer(&pick, response), effects);
    }
}

fn save(model: &mut Model, effects: &mut Vec<Effect>) {
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
        Ok(Filled::Open(owner)) => {
            drop_form(model);
            open_calendar_of(model, owner);
        }
        Ok(Filled::Send(command)) => {
            let request = sending::send(model, command, effects);
            if let Some(form) = model.form_mut() {
                form.sent = Some(request);
            }
        }
    }
}
