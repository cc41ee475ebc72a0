//! All that the client knows.
//!
//! Here is the whole, and what of it is to be asked; its rooms: `screen` says what is looked at, `calendar` and `agenda` which days, `known` what
//! the services said, `lists` which rows there are, `pick` which event keys act on, `waiting` what is waited for.

mod agenda;
mod calendar;
mod known;
mod lists;
mod pick;
mod screen;
mod waiting;

use std::collections::BTreeMap;

use domain::invitations::Status;
use domain::{EventId, IdempotencyKey, Instance, Position, Service, Timestamp, UserId, Username, Zone};
use jiff::civil::{Date, Weekday};
use tokio::time::Instant;

pub(crate) use self::agenda::{AGENDA_STEP, AgendaPlace, Strayed};
pub(crate) use self::lists::InList;
pub(crate) use self::pick::Pick;
pub(crate) use self::screen::{Acting, Confirmed, EventPage, Layer, Screen, View};
use super::ask::{Command, Found, Query};
use super::effect::RequestId;
use super::filter::Filter;
use super::form::Form;
use super::import::{Folder, Import};
use super::item::Kind;
use super::line::Line;
use super::message::Now;
use super::remote::Remote;
use super::toast::Toasts;
pub(crate) use super::toast::Tone;
use super::trail::Trail;
use super::update::{Looking, Wonder};
use super::which;
use crate::config::KeyName;
use crate::hours::Hours;
use crate::session::Kept;
use crate::ui::theme::Theme;

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

/// A command on its way.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) command: Command,
    pub(crate) key: IdempotencyKey,
    pub(crate) sequence: u64,
    /// When it was given, perhaps in an earlier run.
    pub(crate) given: Timestamp,
    /// When it was sent in this one.
    pub(crate) since: Instant,
    /// How often its outcome was not to be had.
    pub(crate) tries: u32,
    /// After an unknown outcome: when it is sent again, under the same key.
    pub(crate) again_at: Option<Instant>,
    /// Whether an outcome was unknown.
    pub(crate) unconfirmed: bool,
    /// What would take it back.
    pub(crate) undo: Option<Command>,
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
    pub(crate) agenda_filter: Filter,
    /// The day that was selected before the agenda, which selects only days that have something, went on to another.
    pub(crate) strayed: Option<Strayed>,
    /// Columns and rows of the terminal, as far as was told.
    pub(crate) size: (u16, u16),
    pub(crate) trails: BTreeMap<Query, Trail>,
    pub(crate) store: BTreeMap<Query, Remote<Found>>,
    pub(crate) sending: BTreeMap<RequestId, Sending>,
    /// The calendar file that is imported, or was last.
    pub(crate) import: Option<Import>,
    /// What was seen of a folder while a path is typed.
    pub(crate) folder: Option<Folder>,
    /// What the services tell of themselves.
    pub(crate) lines: BTreeMap<Service, Line>,
    pub(crate) toasts: Toasts,
    /// Up to where I was told what people answered to my events.
    pub(crate) heard_until: Option<Position>,
    /// Events that have left a list, and why is asked.
    pub(crate) wondering: BTreeMap<(EventId, Instance), Wonder>,
    /// What I answered in this run to an instance and all that follow: no service tells that of an instance by itself.
    pub(crate) given: BTreeMap<(EventId, Instance), Status>,
    /// Events for which I stand in line.
    pub(crate) in_line: BTreeMap<EventId, String>,
    /// What I now come to, while my calendar is asked what that overlaps.
    pub(crate) looking: Option<Looking>,
    /// Up to when I was reminded of what comes.
    pub(crate) reminded: Timestamp,
    /// How often the terminal's bell was to ring.
    pub(crate) bells: u64,
    /// A form that was being filled in when its user's session ended.
    pub(crate) draft: Option<(UserId, Box<Form>)>,
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
            agenda_filter: Filter::default(),
            strayed: None,
            size: (80, 24),
            trails: BTreeMap::new(),
            store: BTreeMap::new(),
            sending: BTreeMap::new(),
            import: None,
            folder: None,
            lines: BTreeMap::new(),
            toasts: Toasts::default(),
            heard_until: None,
            wondering: BTreeMap::new(),
            given: BTreeMap::new(),
            in_line: BTreeMap::new(),
            looking: None,
            reminded: now.wall,
            bells: 0,
            draft: None,
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

    /// What the screen shows, as questions: these are asked, refreshed and asked again after failures; others are not.
    pub(crate) fn visible(&self) -> Vec<Query> {
        if self.kept.session.is_none() {
            return Vec::new();
        }
        // Those are also told of in passing, whatever is on the screen.
        let mut queries = vec![Query::Inbox { page: 0 }, Query::Shares, Query::Answers];
        queries.extend(self.wondering.keys().map(|(event, instance)| which::question(*event, *instance)));
        queries.extend(self.stretches());
        queries.extend(self.wants_pending().then_some(Query::Pending));
        queries.extend(self.list().iter().flat_map(|list| self.pages_near(list)));
        match self.screen() {
            Screen::Calendar => {
                queries.extend(self.calendar_pages());
                let selected = self.selected_item().filter(|item| item.kind != Kind::Organizing);
                queries.extend(selected.and_then(|item| self.my_answer_query(item.event?)));
            }
            Screen::Event(page) => {
                // The counts are those of the first page.
                queries.extend([page.question(), Query::Participants { event: page.event, page: 0 }]);
                if let Instance::On(start) | Instance::From(start) = page.instance {
                    queries.push(Query::Apart { event: page.event, start });
                }
                queries.extend(self.my_answer_query(page.event));
            }
            Screen::Form(form) => {
                queries.extend(form.names_wanted().map(Query::Names));
                queries.extend(form.edits());
            }
            Screen::Public(_) => {
                queries.extend(self.mine_queries());
                queries.extend(self.pick().and_then(|pick| self.my_answer_query(pick.event)));
            }
            Screen::Invitations(_) | Screen::People(_) | Screen::Services(_) | Screen::Import(_) => {}
        }
        queries.sort_unstable();
        queries.dedup();
        queries
    }

    /// Whether the services are asked how they are.
    pub(crate) fn polls(&self) -> bool {
        matches!(self.screen(), Screen::Services(_))
    }

    /// Says in passing what became of something that I did.
    pub(crate) fn toast(&mut self, text: impl Into<String>, tone: Tone) {
        self.toasts.say(text.into(), tone, self.now.instant);
    }
}

fn today(zone: &Zone, now: Now) -> Date {
    domain::time::Window::today(now.wall, zone).unwrap_or(Date::ZERO)
}
