//! All that the client knows.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::calendar::Entry;
use domain::events::{Event, Person};
use domain::integrity::Health;
use domain::invitations::{Invitation, Participants, Status};
use domain::sharing::Shares;
use domain::{EventId, IdempotencyKey, SearchText, Service, Username, Zone};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use tokio::time::Instant;
use tui_input::Input;

use super::ask::{Command, Found, Listed, Query};
use super::effect::RequestId;
use super::form::Form;
use super::item::{Item, Kind};
use super::message::Now;
use super::remote::Remote;
use crate::config::KeyName;
use crate::hours::Hours;
use crate::session::Kept;
use crate::ui::theme::Theme;

/// Days that the month grid shows.
pub(crate) const GRID_DAYS: i32 = 42;
/// Days that the agenda shows.
pub(crate) const AGENDA_DAYS: i32 = 31;

/// What does not change while the client runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) zone: Zone,
    pub(crate) place: String,
    pub(crate) theme: Theme,
    pub(crate) first_weekday: Weekday,
    pub(crate) hours: Hours,
    /// By the words of an action, the keys that do it instead of its own.
    pub(crate) keys: BTreeMap<String, Vec<KeyName>>,
}

/// The four ways to look at a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Month,
    Week,
    Day,
    Agenda,
}

/// What fills the screen.
#[derive(Debug)]
pub(crate) enum Screen {
    /// A calendar, in the model's view.
    Calendar,
    Event(EventPage),
    Form(Box<Form>),
    /// The number is the selected row, here and below.
    Invitations(usize),
    Public {
        search: Option<SearchText>,
        selected: usize,
    },
    People(usize),
    Services(usize),
}

impl EventPage {
    pub(crate) const fn of(event: EventId) -> Self {
        Self { event, scroll: 0, to_edit: false }
    }
}

/// One event in full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventPage {
    pub(crate) event: EventId,
    /// How many of the participants are scrolled past.
    pub(crate) scroll: usize,
    /// Whether the form that changes it opens as soon as the event is known.
    pub(crate) to_edit: bool,
}

/// What lies over the screen and takes the keys.
#[derive(Debug)]
pub(crate) enum Layer {
    Palette {
        input: Input,
        selected: usize,
    },
    Help {
        scroll: usize,
    },
    /// A search text being typed.
    Search(Input),
    /// Something that cannot be undone.
    Confirm {
        question: String,
        then: Confirmed,
    },
}

/// What is done after a yes.
#[derive(Clone, Debug)]
pub(crate) enum Confirmed {
    Send(Command),
    LeaveForm,
}

/// A command on its way.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) command: Command,
    pub(crate) key: IdempotencyKey,
    pub(crate) sequence: u64,
    pub(crate) since: Instant,
    /// After an unknown outcome: when it is sent again, under the same key.
    pub(crate) again_at: Option<Instant>,
    /// Whether an outcome was unknown.
    pub(crate) unconfirmed: bool,
    /// What would take it back.
    pub(crate) undo: Option<Command>,
}

/// How good the news is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Careful,
    Bad,
}

/// Something said in passing.
#[derive(Debug)]
pub(crate) struct Toast {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    pub(crate) until: Instant,
    /// What `undo` would send.
    pub(crate) undo: Option<Command>,
}

/// The event that keys act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) event: EventId,
    pub(crate) title: String,
    pub(crate) organizing: bool,
    pub(crate) public: bool,
    /// Whether I was asked, rather than joined by myself.
    pub(crate) invited: bool,
    pub(crate) status: Option<Status>,
    pub(crate) cancelled: bool,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) settings: Settings,
    pub(crate) now: Now,
    pub(crate) kept: Kept,
    /// The last one fills the screen; never empty.
    pub(crate) screens: Vec<Screen>,
    pub(crate) layer: Option<Layer>,
    pub(crate) view: View,
    /// Whose calendar is open; `None` for my own.
    pub(crate) whose: Option<Username>,
    /// Whether it is laid over my own.
    pub(crate) overlaid: bool,
    pub(crate) cursor: Date,
    /// Which of the cursor's day's items is selected.
    pub(crate) item: usize,
    pub(crate) agenda_from: Date,
    pub(crate) store: BTreeMap<Query, Remote<Found>>,
    pub(crate) sending: BTreeMap<RequestId, Sending>,
    pub(crate) toasts: Vec<Toast>,
    pub(crate) polled: Option<Instant>,
    pub(crate) last_request: u64,
}

impl Model {
    pub(crate) fn new(settings: Settings, kept: Kept, now: Now) -> Self {
        let today = today(&settings.zone, now);
        let screens = match kept.session {
            Some(_) => vec![Screen::Calendar],
            None => vec![Screen::Form(Box::new(Form::sign_in()))],
        };
        Self {
            settings,
            now,
            kept,
            screens,
            layer: None,
            view: View::Month,
            whose: None,
            overlaid: false,
            cursor: today,
            item: 0,
            agenda_from: today,
            store: BTreeMap::new(),
            sending: BTreeMap::new(),
            toasts: Vec::new(),
            polled: None,
            last_request: 0,
        }
    }

    pub(crate) fn screen(&self) -> &Screen {
        self.screens.last().unwrap_or(&Screen::Calendar)
    }

    pub(crate) fn me(&self) -> Option<&Username> {
        self.kept.session.as_ref().map(|session| &session.user.username)
    }

    pub(crate) fn today(&self) -> Date {
        today(&self.settings.zone, self.now)
    }

    /// What the clock on the reader's wall shows.
    pub(crate) fn clock(&self) -> jiff::civil::DateTime {
        let instant = jiff::Timestamp::from_microsecond(self.now.wall.as_micros()).unwrap_or_default();
        instant.to_zoned(self.settings.zone.rules()).datetime()
    }

    pub(crate) fn form(&self) -> Option<&Form> {
        match self.screen() {
            Screen::Form(form) => Some(form),
            _ => None,
        }
    }

    pub(crate) fn form_mut(&mut self) -> Option<&mut Form> {
        match self.screens.last_mut() {
            Some(Screen::Form(form)) => Some(form),
            _ => None,
        }
    }

    /// The first day of the grid that shows the cursor's month.
    pub(crate) fn grid_start(&self) -> Date {
        self.week_start(self.cursor.first_of_month())
    }

    /// The first day of the week of `day`.
    pub(crate) fn week_start(&self, day: Date) -> Date {
        let back = day.weekday().since(self.settings.first_weekday);
        day.checked_sub(i32::from(back).days()).unwrap_or(day)
    }

    /// The question behind a calendar view.
    pub(crate) fn entries_query(&self, of: Option<Username>) -> Query {
        let (from, days) = match self.view {
            View::Agenda => (self.agenda_from, AGENDA_DAYS),
            View::Month | View::Week | View::Day => (self.grid_start(), GRID_DAYS),
        };
        let to = from.checked_add((days - 1).days()).unwrap_or(from);
        Query::Entries { of, from, to }
    }

    /// The questions behind the open calendar: the main one first.
    pub(crate) fn calendar_queries(&self) -> Vec<Query> {
        match (&self.whose, self.overlaid) {
            (None, _) => vec![self.entries_query(None)],
            (Some(owner), false) => vec![self.entries_query(Some(owner.clone()))],
            (Some(owner), true) => vec![self.entries_query(None), self.entries_query(Some(owner.clone()))],
        }
    }

    /// What the open calendar has, by start.
    pub(crate) fn items(&self) -> Vec<Item> {
        let zone = &self.settings.zone;
        let mut items: Vec<Item> = self
            .calendar_queries()
            .iter()
            .flat_map(|query| {
                let theirs = matches!(query, Query::Entries { of: Some(_), .. });
                let entries = self.entries(query).map_or(&[][..], |listed| &listed.items);
                entries.iter().map(move |entry| Item::of(entry, zone, theirs))
            })
            .filter(|item| !self.is_declined_meanwhile(item))
            .collect();
        items.sort_by(|a, b| (!a.all_day, a.start, &a.title).cmp(&(!b.all_day, b.start, &b.title)));
        items.sort_by_key(|item| item.start.date());
        items
    }

    fn is_declined_meanwhile(&self, item: &Item) -> bool {
        !item.theirs && item.event.and_then(|event| self.assumed(event)) == Some(Status::Declined)
    }

    /// What a day of the open calendar has.
    pub(crate) fn items_on(&self, day: Date) -> Vec<Item> {
        self.items().into_iter().filter(|item| item.is_on(day)).collect()
    }

    pub(crate) fn selected_item(&self) -> Option<Item> {
        self.items_on(self.cursor).into_iter().nth(self.item)
    }

    pub(crate) fn remote(&self, query: &Query) -> Option<&Remote<Found>> {
        self.store.get(query)
    }

    fn found(&self, query: &Query) -> Option<&Found> {
        self.store.get(query).and_then(Remote::data)
    }

    pub(crate) fn entries(&self, query: &Query) -> Option<&Listed<Entry>> {
        match self.found(query) {
            Some(Found::Entries(listed)) => Some(listed),
            _ => None,
        }
    }

    pub(crate) fn inbox(&self) -> &[Invitation] {
        match self.found(&Query::Inbox) {
            Some(Found::Inbox(listed)) => &listed.items,
            _ => &[],
        }
    }

    pub(crate) fn pending_invitations(&self) -> usize {
        self.inbox().iter().filter(|i| self.status(i.event.id, Some(i.status)) == Some(Status::Pending)).count()
    }

    pub(crate) fn public(&self, search: &Option<SearchText>) -> &[Event] {
        match self.found(&self.public_query(search)) {
            Some(Found::Public(listed)) => &listed.items,
            _ => &[],
        }
    }

    pub(crate) fn public_query(&self, search: &Option<SearchText>) -> Query {
        Query::Public { search: search.clone(), from: self.today() }
    }

    pub(crate) fn event(&self, event: EventId) -> Option<&Event> {
        match self.found(&Query::Event(event)) {
            Some(Found::Event(event)) => Some(event),
            _ => None,
        }
    }

    pub(crate) fn participants(&self, event: EventId) -> Option<&Participants> {
        match self.found(&Query::Participants(event)) {
            Some(Found::Participants(participants)) => Some(participants),
            _ => None,
        }
    }

    pub(crate) fn shares(&self) -> Option<&Shares> {
        match self.found(&Query::Shares) {
            Some(Found::Shares(shares)) => Some(shares),
            _ => None,
        }
    }

    pub(crate) fn health(&self, service: Service) -> Option<&Health> {
        match self.found(&Query::Health(service)) {
            Some(Found::Health(health)) => Some(health),
            _ => None,
        }
    }

    pub(crate) fn names(&self, prefix: &str) -> &[Username] {
        match self.found(&Query::Names(prefix.to_owned())) {
            Some(Found::Names(names)) => names,
            _ => &[],
        }
    }

    pub(crate) fn my_answer_query(&self, event: EventId) -> Option<Query> {
        Some(Query::MyAnswer { event, me: self.me()?.clone() })
    }

    /// The answer that a command on its way gives.
    pub(crate) fn assumed(&self, event: EventId) -> Option<Status> {
        self.sending.values().rev().find_map(|sending| match sending.command.answer() {
            Some((of, status)) if of == event => Some(status),
            _ => None,
        })
    }

    /// Whether an answer to the event is on its way with unknown outcome.
    pub(crate) fn is_unconfirmed(&self, event: EventId) -> bool {
        self.sending
            .values()
            .any(|sending| sending.unconfirmed && sending.command.answer().is_some_and(|(of, _)| of == event))
    }

    /// My status, as it will be once what I said has arrived.
    pub(crate) fn status(&self, event: EventId, known: Option<Status>) -> Option<Status> {
        self.assumed(event).or(known)
    }

    /// What is known of my own answer to an event: from its page or from the inbox.
    pub(crate) fn my_answer(&self, event: EventId) -> (bool, Option<Status>) {
        let from_page = match self.my_answer_query(event).and_then(|query| self.found(&query)) {
            Some(Found::MyAnswer(Some(invitation))) => Some(&**invitation),
            _ => None,
        };
        let invitation = from_page.or_else(|| self.inbox().iter().find(|one| one.event.id == event));
        (invitation.is_some_and(|one| one.inviter.is_some()), invitation.map(|one| one.status))
    }

    fn organizes(&self, organizer: &Person) -> bool {
        matches!((organizer, self.me()), (Person::Named(name), Some(me)) if name == me)
    }

    /// The event that keys act on now.
    pub(crate) fn pick(&self) -> Option<Pick> {
        self.me()?;
        match self.screen() {
            Screen::Calendar => self.pick_of_item(&self.selected_item()?),
            Screen::Event(page) => self.event(page.event).map(|event| self.pick_of_event(event)),
            Screen::Invitations(selected) => {
                let invitation = self.inbox().get(*selected)?;
                let event = &invitation.event;
                Some(Pick {
                    event: event.id,
                    title: event.title.to_string(),
                    organizing: false,
                    public: event.public,
                    invited: invitation.inviter.is_some(),
                    status: self.status(event.id, Some(invitation.status)),
                    cancelled: event.cancelled,
                })
            }
            Screen::Public { search, selected } => {
                self.public(search).get(*selected).map(|event| self.pick_of_event(event))
            }
            Screen::Form(_) | Screen::People(_) | Screen::Services(_) => None,
        }
    }

    fn pick_of_event(&self, event: &Event) -> Pick {
        let (invited, known) = self.my_answer(event.id);
        Pick {
            event: event.id,
            title: event.title.to_string(),
            organizing: self.organizes(&event.organizer),
            public: event.public,
            invited,
            status: self.status(event.id, known),
            cancelled: event.cancelled,
        }
    }

    fn pick_of_item(&self, item: &Item) -> Option<Pick> {
        let event = item.event?;
        let (invited, known) = self.my_answer(event);
        let mine = !item.theirs;
        let (organizing, status) = match (mine, item.kind) {
            (true, Kind::Organizing) => (true, None),
            (true, Kind::Going) => (false, known.or(Some(Status::Going))),
            (true, Kind::Maybe) => (false, known.or(Some(Status::Maybe))),
            _ => (false, known),
        };
        Some(Pick {
            event,
            title: item.title.clone(),
            organizing,
            // In my calendar without having been asked: I joined, so it is public.
            public: mine && !organizing && !invited,
            invited,
            status: self.status(event, status),
            cancelled: false,
        })
    }

    /// What the screen shows, as questions: these are asked, refreshed and asked again after failures; others are not.
    pub(crate) fn visible(&self) -> Vec<Query> {
        if self.kept.session.is_none() {
            return Vec::new();
        }
        let mut queries = vec![Query::Inbox];
        match self.screen() {
            Screen::Calendar => {
                queries.extend(self.calendar_queries());
                let selected = self.selected_item().filter(|item| item.kind != Kind::Organizing);
                queries.extend(selected.and_then(|item| self.my_answer_query(item.event?)));
            }
            Screen::Event(page) => {
                queries.extend([Query::Event(page.event), Query::Participants(page.event)]);
                queries.extend(self.my_answer_query(page.event));
            }
            Screen::Form(form) => queries.extend(form.names_wanted().map(Query::Names)),
            Screen::Public { search, selected } => {
                queries.push(self.public_query(search));
                let selected = self.public(search).get(*selected);
                queries.extend(selected.and_then(|event| self.my_answer_query(event.id)));
            }
            Screen::People(_) => queries.push(Query::Shares),
            Screen::Invitations(_) | Screen::Services(_) => {}
        }
        queries
    }

    /// When the client should be woken although nothing happens: `None` for never.
    pub(crate) fn wake_in(&self) -> Option<Duration> {
        let busy = !self.toasts.is_empty()
            || !self.sending.is_empty()
            || self.visible().iter().any(|query| self.remote(query).is_none_or(Remote::is_loading));
        if busy {
            return Some(Duration::from_millis(100));
        }
        let retry = self.visible().iter().filter_map(|query| self.remote(query)?.retry_at()).min();
        let until_retry = retry.map(|at| at.saturating_duration_since(self.now.instant));
        let poll = self.polls().then_some(super::update::POLL);
        [until_retry, poll].into_iter().flatten().min()
    }

    /// Whether the services are asked how they are.
    pub(crate) fn polls(&self) -> bool {
        self.kept.session.is_some() || matches!(self.screen(), Screen::Services(_))
    }

    pub(crate) fn toast(&mut self, text: impl Into<String>, tone: Tone) {
        let seconds = if tone == Tone::Good { 4 } else { 7 };
        let until = self.now.instant + Duration::from_secs(seconds);
        self.toasts.push(Toast { text: text.into(), tone, until, undo: None });
        if self.toasts.len() > 3 {
            self.toasts.remove(0);
        }
    }
}

fn today(zone: &Zone, now: Now) -> Date {
    domain::time::Window::today(now.wall, zone).unwrap_or(Date::ZERO)
}
