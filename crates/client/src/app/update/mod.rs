//! What happens next: pure, so that every behaviour of the client is tested without terminal, network and clock.
//!
//! [`actions`] is what keys and commands do, [`choosing`] which of many instances they are done to, [`moving`], [`opening`] and [`layers`] what they do to the screen, [`sending`] what goes
//! out, [`answers`] what comes back, [`outcomes`] what became of commands, [`instances`]
//! what that is to single instances. [`watching`] hears of news, [`telling`] says what others
//! did, [`conflicts`] what overlaps what I come to, [`reminding`] what comes, [`importing`] what comes out of files.

mod actions;
mod answers;
mod choosing;
mod conflicts;
mod importing;
mod instances;
mod layers;
mod moving;
mod opening;
mod outcomes;
mod pointing;
mod reminding;
mod sending;
mod telling;
mod watching;

pub(crate) use conflicts::Looking;
pub(crate) use layers::{filter, listed};
pub(crate) use telling::Wonder;

use std::time::Duration;

use crossterm::event::{KeyEvent, KeyEventKind};
use domain::{Credential, Service, Username};
use jiff::civil::Date;

use super::ask::{Call, Query};
use super::effect::{Effect, RequestId, Sent};
use super::form::type_into;
use super::item::Item;
use super::keymap;
use super::message::{Msg, Now};
use super::model::{Layer, Model, Screen, Tone};
use super::rows::RowId;

/// How often the services are asked how they are, by those who look at that.
pub(crate) const POLL: Duration = Duration::from_secs(2);
const FOR_A_QUERY: Duration = Duration::from_secs(5);
const FOR_HEALTH: Duration = Duration::from_millis(1_500);
/// Answers kept beyond those on screen.
const KEPT_ANSWERS: usize = 64;

/// Takes in what happened, and says what is to be done.
pub(crate) fn update(model: &mut Model, msg: Msg, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    model.now = now;
    let held = Held::of(model);
    let kept_before = model.kept.clone();
    let reading = importing::reading(model);
    match msg {
        Msg::Started => sending::resume(model),
        Msg::Redraw | Msg::Tick => {}
        Msg::Key(key) if key.kind != KeyEventKind::Release => pressed(model, key, &mut effects),
        Msg::Key(_) => {}
        Msg::Paste(text) => pasted(model, &text),
        Msg::Resized(width, height) => model.size = (width, height),
        Msg::Pointed(target) => pointing::pointed(model, target, &mut effects),
        Msg::Wheel { down } => pointing::wheel(model, down),
        Msg::Answer { request, answer } => answers::arrived(model, request, *answer),
        Msg::Opened { reading, opened } => importing::opened(model, reading, opened),
        Msg::Read { reading, piece } => importing::read(model, reading, piece, &mut effects),
        Msg::Looked(folder) => importing::looked(model, folder),
        Msg::NotKept(why) => model.toast(format!("the session cannot be kept: {why}"), Tone::Bad),
    }
    model.toasts.pass(now.instant);
    reminding::remind(model);
    model.filter_lists();
    held.keep(model);
    importing::look(model, &mut effects);
    importing::read_on(model, reading, &mut effects);
    sending::send_again(model, &mut effects);
    sending::renew_if_due(model, &mut effects);
    poll(model, &mut effects);
    watching::watch(model, &mut effects);
    ask_for_what_is_visible(model, &mut effects);
    if model.kept.is_to_be_written_after(&kept_before) {
        // First: a command is sent once what it is called is safe.
        effects.insert(0, Effect::Keep(Box::new(model.kept.clone())));
    }
    effects
}

/// What was selected before something happened: it stays selected wherever it went, unless something else was selected.
struct Held {
    list: Option<Query>,
    selected: Option<usize>,
    id: Option<RowId>,
    item: Option<(Date, usize, Item)>,
}

impl Held {
    fn of(model: &Model) -> Self {
        let item = match model.screen() {
            Screen::Calendar => model.selected_item().map(|item| (model.cursor, model.item, item.clone())),
            _ => None,
        };
        Self { list: model.list(), selected: model.in_list().map(|list| list.selected), id: model.selected_id(), item }
    }

    fn keep(self, model: &mut Model) {
        let now = Self::of(model);
        // The same list, also with another search.
        let same = match (&now.list, &self.list) {
            (Some(Query::Public { .. }), Some(Query::Public { .. })) => true,
            (now, before) => now == before,
        };
        if let (Some(id), true) = (&self.id, same && now.selected == self.selected)
            && now.id != self.id
        {
            model.select(id);
        }
        if let (Some((day, nth, item)), Screen::Calendar) = (&self.item, model.screen())
            && (model.cursor, model.item) == (*day, *nth)
            && now.item.is_none_or(|(.., now)| (now.event, now.instance) != (item.event, item.instance))
        {
            model.select_item(item);
        }
        let last = model.row_count().saturating_sub(1);
        if let Some(list) = model.in_list_mut() {
            list.selected = list.selected.min(last);
        }
        if let Screen::Calendar = model.screen() {
            let items = model.items_on(model.cursor).len();
            model.item = model.item.min(items.saturating_sub(1));
            model.select_in_agenda();
        }
    }
}

fn pressed(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    if let Some(action) = keymap::action(model, key) {
        return actions::act(model, action, effects);
    }
    match &mut model.layer {
        Some(Layer::Palette { input, selected }) => {
            if type_into(input, key) {
                *selected = 0;
            }
        }
        Some(Layer::Search { input, .. }) => {
            if type_into(input, key) {
                layers::typed_filter(model);
            }
        }
        Some(Layer::Help { .. } | Layer::Confirm { .. } | Layer::Which { .. }) => {}
        None => {
            if let Some(form) = model.form_mut()
                && form.sent.is_none()
            {
                form.typed(key);
            }
        }
    }
}

fn pasted(model: &mut Model, text: &str) {
    let line: String = text.chars().map(|c| if c == '\n' { ' ' } else { c }).filter(|c| !c.is_control()).collect();
    match &mut model.layer {
        Some(Layer::Palette { input, selected }) => {
            insert(input, &line);
            *selected = 0;
        }
        Some(Layer::Search { input, .. }) => {
            insert(input, &line);
            layers::typed_filter(model);
        }
        Some(Layer::Help { .. } | Layer::Confirm { .. } | Layer::Which { .. }) => {}
        None => {
            if let Some(form) = model.form_mut()
                && form.sent.is_none()
            {
                form.pasted(text);
            }
        }
    }
}

fn insert(input: &mut tui_input::Input, text: &str) {
    for character in text.chars() {
        input.handle(tui_input::InputRequest::InsertChar(character));
    }
}

/// Asks all services how they are, while that is on the screen.
fn poll(model: &mut Model, effects: &mut Vec<Effect>) {
    let due = model.polled.is_none_or(|at| model.now.instant.saturating_duration_since(at) >= POLL);
    if !due || !model.polls() {
        return;
    }
    model.polled = Some(model.now.instant);
    for service in Service::ALL {
        let query = Query::Health(service);
        if !model.store.get(&query).is_some_and(super::remote::Remote::is_loading) {
            ask(model, query, effects);
        }
    }
}

fn ask_for_what_is_visible(model: &mut Model, effects: &mut Vec<Effect>) {
    let visible = model.visible();
    for query in &visible {
        let remote = model.store.entry(query.clone()).or_default();
        if remote.wants(model.now.instant) {
            ask(model, query.clone(), effects);
        }
    }
    if model.store.len() > KEPT_ANSWERS {
        model.store.retain(|query, _| matches!(query, Query::Health(_)) || visible.contains(query));
        // A list of which nothing is at hand is walked anew from its front.
        let store = &model.store;
        model.trails.retain(|list, _| store.keys().any(|query| query.at(0) == *list));
    }
}

fn ask(model: &mut Model, query: Query, effects: &mut Vec<Effect>) {
    let request = next_request(model);
    let health = matches!(query, Query::Health(_));
    let known = model.lines.get(&query.service()).map(|line| line.known().clone()).unwrap_or_default();
    let remote = model.store.entry(query.clone()).or_default();
    if matches!(query, Query::Stretch { .. }) {
        remote.can_wait();
    }
    remote.asked(request, &known, model.now.instant);
    let after = query.page().and_then(|page| model.trail(&query.at(0))?.after(page));
    let call = match query {
        Query::Answers => Call::Hear(model.heard_until),
        query => Call::Ask(query),
    };
    effects.push(Effect::Call(Box::new(Sent {
        request,
        call,
        after,
        timeout: if health { FOR_HEALTH } else { FOR_A_QUERY },
        identity: None,
        credential: credential(model),
        seen: model.kept.seen.clone(),
        zone: model.settings.zone.clone(),
    })));
}

fn credential(model: &Model) -> Credential {
    model.kept.session.as_ref().map_or(Credential::None, |session| Credential::Session(session.token.clone()))
}

fn next_request(model: &mut Model) -> RequestId {
    model.last_request += 1;
    RequestId(model.last_request)
}

/// Back to where one begins: the calendar, or the sign-in form for those who are not signed in.
fn begin_anew(model: &mut Model) {
    model.screens = match model.kept.session {
        Some(_) => vec![Screen::Calendar],
        None => vec![Screen::Form(Box::new(super::form::Form::sign_in()))],
    };
    model.layer = None;
    model.whose = None;
    model.overlaid = false;
    model.agenda_filter = super::filter::Filter::default();
    model.store.retain(|query, _| matches!(query, Query::Health(_)));
    model.trails.clear();
    // Whoever is here now hears of what others do from now on.
    model.lines.clear();
    model.heard_until = None;
    model.wondering.clear();
    model.in_line.clear();
    model.given.clear();
    model.looking = None;
    model.import = None;
    model.reminded = model.now.wall;
}

/// Whose calendar the selected row of the people screen opens.
pub(crate) fn sharer(model: &Model) -> Option<Username> {
    match model.selected_id()? {
        RowId::SharedWithMe(name) => Some(name),
        _ => None,
    }
}

/// With whom the selected row of the people screen shares.
pub(crate) fn sharee(model: &Model) -> Option<Username> {
    match model.selected_id()? {
        RowId::SharedWith(name) => Some(name),
        _ => None,
    }
}
