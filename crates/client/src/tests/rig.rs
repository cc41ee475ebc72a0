//! A client whose services are the test: it sees every call, and answers when and how it likes.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::auth::User;
use domain::calendar::{Attendance, Entry};
use domain::events::{Event, Person};
use domain::invitations::{Counts, EventSummary, Invitation, Participant, Participants, Status};
use domain::time::Moment;
use domain::{
    Error, EventId, EventTime, IdempotencyKey, Instance, Page, PageCursor, Positions, Reply, Series, SessionToken,
    Timestamp, UserId, Zone,
};
use jiff::civil::{Date, DateTime, Weekday, date};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use tokio::time::Instant;

use crate::app::ask::{Call, Done, Found, Outcome, Query};
use crate::app::effect::{Effect, Sent};
use crate::app::item::Item;
use crate::app::message::{Msg, Now};
use crate::app::model::{Model, Settings};
use crate::app::update::update;
use crate::headless::text;
use crate::session::{Kept, Session};
use crate::ui::theme::Theme;

/// 2027-03-10, 12:00 in UTC: a Wednesday.
pub(super) const NOON: i64 = 1_804_680_000_000_000;

pub(super) struct Rig {
    pub(super) model: Model,
    pub(super) calls: Vec<Sent>,
    /// What is wanted of files.
    pub(super) files: Vec<Effect>,
    pub(super) has_quit: bool,
    start: Instant,
    passed: Duration,
    keys: u32,
    /// How far the services are: every answer has seen that.
    pub(super) far: Positions,
}

pub(super) fn settings() -> Settings {
    Settings {
        zone: Zone::utc(),
        place: "127.0.0.1:7400".to_owned(),
        theme: Theme::colourless(),
        first_weekday: Weekday::Monday,
        hours: crate::hours::Hours::TwentyFour,
        keys: std::collections::BTreeMap::new(),
    }
}

/// What is kept while Alice is signed in.
pub(super) fn signed_in_as_alice() -> Kept {
    let user = User { id: UserId::from_bytes([1; 16]), username: "alice".parse().unwrap() };
    let session = Session {
        user,
        token: SessionToken("secret-token".into()),
        issued: Timestamp::from_micros(NOON),
        expires: Timestamp::from_micros(NOON).plus(Duration::from_secs(86_400)),
    };
    Kept { session: Some(session), ..Kept::default() }
}

impl Rig {
    /// Nobody is signed in.
    pub(super) fn signed_out() -> Self {
        Self::with(Kept::default())
    }

    /// Alice is signed in, and looks at this month.
    pub(super) fn signed_in() -> Self {
        Self::with(signed_in_as_alice())
    }

    pub(super) fn with(kept: Kept) -> Self {
        let start = Instant::now();
        let now = Now { instant: start, wall: Timestamp::from_micros(NOON), key: IdempotencyKey::from_bytes([0; 16]) };
        let model = Model::new(settings(), kept, now);
        let mut rig = Self {
            model,
            calls: Vec::new(),
            files: Vec::new(),
            has_quit: false,
            start,
            passed: Duration::ZERO,
            keys: 0,
            far: super::lines::far(),
        };
        rig.tell(Msg::Started);
        rig
    }

    pub(super) fn tell(&mut self, msg: Msg) {
        self.keys += 1;
        let now = Now {
            instant: self.start + self.passed,
            wall: Timestamp::from_micros(NOON).plus(self.passed),
            key: IdempotencyKey::from_bytes(u128::from(self.keys).to_be_bytes()),
        };
        for effect in update(&mut self.model, msg, now) {
            match effect {
                Effect::Call(sent) => self.calls.push(*sent),
                Effect::Keep(_) => {}
                file @ (Effect::Open { .. } | Effect::ReadOn(_) | Effect::Close(_) | Effect::Look(_)) => {
                    self.files.push(file);
                }
                Effect::Quit => self.has_quit = true,
            }
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.passed += time;
        self.tell(Msg::Tick);
    }

    pub(super) fn types(&mut self, text: &str) {
        for character in text.chars() {
            self.key(KeyCode::Char(character));
        }
    }

    pub(super) fn key(&mut self, code: KeyCode) {
        self.tell(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    pub(super) fn ctrl(&mut self, character: char) {
        self.tell(Msg::Key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL)));
    }

    /// Opens the palette, types the words, chooses.
    pub(super) fn command(&mut self, words: &str) {
        let in_form = self.model.form().is_some();
        if in_form {
            self.ctrl('p');
        } else {
            self.key(KeyCode::Char(':'));
        }
        self.types(words);
        self.key(KeyCode::Enter);
    }

    /// Takes the oldest call to a question that `wanted` recognizes.
    pub(super) fn asked(&mut self, wanted: impl Fn(&Query) -> bool) -> Sent {
        let at = self.calls.iter().position(|sent| matches!(&sent.call, Call::Ask(query) if wanted(query)));
        self.calls.remove(at.unwrap_or_else(|| panic!("not asked; but {:?}", self.calls)))
    }

    /// Takes the oldest command sent.
    pub(super) fn sent(&mut self) -> Sent {
        let at = self.calls.iter().position(|sent| matches!(sent.call, Call::Do(_)));
        self.calls.remove(at.unwrap_or_else(|| panic!("nothing sent; but {:?}", self.calls)))
    }

    pub(super) fn answer(&mut self, sent: &Sent, answer: Result<Outcome, Error>) {
        let answer = answer.map(|outcome| Reply::new(outcome, self.far.clone()));
        self.tell(Msg::Answer { request: sent.request, answer: Box::new(answer) });
    }

    pub(super) fn finds(&mut self, wanted: impl Fn(&Query) -> bool, found: Found) {
        let sent = self.asked(wanted);
        self.answer(&sent, Ok(Outcome::Found(found)));
    }

    pub(super) fn fails(&mut self, wanted: impl Fn(&Query) -> bool, error: Error) {
        let sent = self.asked(wanted);
        self.answer(&sent, Err(error));
    }

    pub(super) fn done(&mut self, sent: &Sent, done: Done) {
        self.answer(sent, Ok(Outcome::Done(done)));
    }

    /// Answers every question after a page of a list, and those that follow from the answers; gives the pages that were asked for.
    pub(super) fn turns_pages(
        &mut self,
        wanted: impl Fn(&Query) -> bool,
        found: impl Fn(usize) -> Found,
    ) -> Vec<usize> {
        let mut pages = Vec::new();
        loop {
            let asked = |sent: &Sent| matches!(&sent.call, Call::Ask(query) if wanted(query));
            let Some(at) = self.calls.iter().position(asked) else { return pages };
            let sent = self.calls.remove(at);
            let Call::Ask(query) = &sent.call else { return pages };
            let page = query.page().unwrap();
            assert_eq!(sent.after, cursor(page), "page {page} begins where the one before ended");
            pages.push(page);
            self.answer(&sent, Ok(Outcome::Found(found(page))));
        }
    }

    pub(super) fn has_entries(&mut self, entries: &[Entry]) {
        self.finds(|query| matches!(query, Query::Entries { .. }), found_entries(entries));
    }

    pub(super) fn has_inbox(&mut self, invitations: Vec<Invitation>) {
        let page = Page { items: invitations, next: None };
        self.finds(|query| matches!(query, Query::Inbox { .. }), Found::Inbox(page));
    }

    pub(super) fn buffer(&self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| crate::screens::view(&self.model, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as text, a line each.
    pub(super) fn screen(&self, width: u16, height: u16) -> String {
        text(&self.buffer(width, height))
    }

    /// The screen as text, and below it where it is bold (`b`), reversed (`r`), both (`B`), dim (`d`) or otherwise (`+`) marked.
    pub(super) fn looks(&self, width: u16, height: u16) -> String {
        let buffer = self.buffer(width, height);
        let mask: Vec<String> = (0..height)
            .map(|y| {
                let line: String = (0..width)
                    .map(|x| {
                        let modifier = buffer[(x, y)].modifier;
                        match (modifier.contains(Modifier::BOLD), modifier.contains(Modifier::REVERSED)) {
                            (true, true) => 'B',
                            (true, false) => 'b',
                            (false, true) => 'r',
                            (false, false) if modifier.contains(Modifier::DIM) => 'd',
                            (false, false) if modifier.is_empty() => ' ',
                            (false, false) => '+',
                        }
                    })
                    .collect();
                line.trim_end().to_owned()
            })
            .collect();
        format!("{}\n-- style --\n{}", text(&buffer), mask.join("\n"))
    }
}

/// Where a page of a list begins.
pub(super) fn cursor(page: usize) -> Option<PageCursor> {
    page.checked_sub(1).map(|before| PageCursor::from_bytes(&before.to_be_bytes()))
}

/// A page of `size` items of a list of `total`.
pub(super) fn page_of<T>(page: usize, size: usize, total: usize, item: impl Fn(usize) -> T) -> Page<T> {
    let items = (page * size..total.min((page + 1) * size)).map(item).collect();
    Page { items, next: if (page + 1) * size < total { cursor(page + 1) } else { None } }
}

pub(super) fn at(day: Date, hour: i8, minute: i8) -> DateTime {
    day.at(hour, minute, 0, 0)
}

pub(super) fn timed(start: DateTime, end: DateTime) -> EventTime {
    let zone = Zone::utc();
    let moment = |civil| Moment::in_zone("start", civil, &zone).unwrap();
    EventTime::timed(moment(start), moment(end), zone.clone()).unwrap()
}

pub(super) fn id(number: u8) -> EventId {
    EventId::from_bytes([number; 16])
}

pub(super) fn entry(number: u8, title: &str, day: i8, hour: i8, attendance: Attendance) -> Entry {
    let day = date(2027, 3, day);
    Entry::Event {
        alarms: domain::events::Alarms::default(),
        event: id(number),
        instance: Instance::Series,
        title: title.parse().unwrap(),
        time: timed(at(day, hour, 0), at(day, hour, 45)),
        location: "Room 1".parse().unwrap(),
        attendance,
    }
}

/// Entries of a calendar of mine, all of them.
pub(super) fn found_entries(entries: &[Entry]) -> Found {
    let items = entries.iter().map(|entry| Item::of(entry, &Zone::utc(), false)).collect();
    Found::Entries(Page { items, next: None })
}

pub(super) fn invitation(number: u8, title: &str, status: Status) -> Invitation {
    let day = date(2027, 3, 12);
    Invitation {
        event: EventSummary {
            id: id(number),
            title: title.parse().unwrap(),
            location: "Room 1".parse().unwrap(),
            series: Series::once(timed(at(day, 9, 0), at(day, 10, 0))),
            public: false,
            organizer: Person::Named("bob".parse().unwrap()),
            cancelled: false,
        },
        instance: Instance::Series,
        invitee: "alice".parse().unwrap(),
        inviter: Some(Person::Named("bob".parse().unwrap())),
        status,
        position: None,
    }
}

pub(super) fn event(number: u8, title: &str, organizer: &str) -> Event {
    let day = date(2027, 3, 12);
    Event {
        alarms: domain::events::Alarms::default(),
        capacity: None,
        occurrence: None,
        id: id(number),
        title: title.parse().unwrap(),
        description: "What it is about".parse().unwrap(),
        location: "Room 1".parse().unwrap(),
        series: Series::once(timed(at(day, 9, 0), at(day, 10, 0))),
        public: false,
        organizer: Person::Named(organizer.parse().unwrap()),
        version: 3,
        cancelled: false,
        created: Timestamp::from_micros(NOON),
    }
}

pub(super) fn participants(people: &[(&str, Status)]) -> Participants {
    let mut waiting = 0;
    let mut participant = |&(name, status): &(&str, Status)| {
        waiting += u64::from(status == Status::Waiting);
        let position = (status == Status::Waiting).then_some(waiting);
        Participant { username: name.parse().unwrap(), status, position }
    };
    let items: Vec<Participant> = people.iter().map(&mut participant).collect();
    let count = |status| items.iter().filter(|person| person.status == status).count() as u64;
    let counts = Counts {
        going: count(Status::Going),
        maybe: count(Status::Maybe),
        pending: count(Status::Pending),
        declined: count(Status::Declined),
        waiting: count(Status::Waiting),
    };
    Participants { counts, people: Page { items, next: None } }
}
