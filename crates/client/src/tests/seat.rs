//! A client at services that run in this process: keys go in, the screen comes out, calls are real.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::{Answer, IdempotencyKey, Timestamp, Zone};
use jiff::civil::Weekday;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::mpsc;
use tokio::time::Instant;
use transport::cluster::Clients;

use crate::app::ask::Outcome;
use crate::app::effect::{Effect, RequestId};
use crate::app::message::{Msg, Now};
use crate::app::model::{Model, Settings};
use crate::app::update::update;
use crate::runtime::calls::perform;
use crate::session::Kept;
use crate::ui::theme::Theme;

/// How long a condition is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Seat {
    model: Model,
    clients: Clients,
    answers: (mpsc::UnboundedSender<Answered>, mpsc::UnboundedReceiver<Answered>),
}

type Answered = (RequestId, Answer<Outcome>);

fn now() -> Now {
    let wall = Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
    Now { instant: Instant::now(), wall, key: IdempotencyKey::new() }
}

impl Seat {
    pub(super) fn at(clients: &Clients) -> Self {
        let settings = Settings {
            zone: Zone::utc(),
            place: "in process".to_owned(),
            theme: Theme::colourless(),
            first_weekday: Weekday::Monday,
            hours: crate::hours::Hours::TwentyFour,
            keys: std::collections::BTreeMap::new(),
        };
        let model = Model::new(settings, Kept::default(), now());
        let mut seat = Self { model, clients: clients.clone(), answers: mpsc::unbounded_channel() };
        seat.tell(Msg::Started);
        seat
    }

    fn tell(&mut self, msg: Msg) {
        for effect in update(&mut self.model, msg, now()) {
            if let Effect::Call(sent) = effect {
                let (clients, answers) = (self.clients.clone(), self.answers.0.clone());
                tokio::spawn(async move {
                    let _ = answers.send((sent.request, perform(&clients, *sent).await));
                });
            }
        }
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.tell(Msg::Key(KeyEvent::new(code, modifiers)));
    }

    pub(super) fn types(&mut self, text: &str) {
        for character in text.chars() {
            self.key(KeyCode::Char(character), KeyModifiers::NONE);
        }
    }

    pub(super) fn tab(&mut self) {
        self.key(KeyCode::Tab, KeyModifiers::NONE);
    }

    pub(super) fn key_enter(&mut self) {
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    pub(super) fn save(&mut self) {
        self.key(KeyCode::Char('s'), KeyModifiers::CONTROL);
    }

    pub(super) fn command(&mut self, words: &str) {
        self.key(KeyCode::Char('p'), KeyModifiers::CONTROL);
        self.types(words);
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    pub(super) fn screen(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
        terminal.draw(|frame| crate::screens::view(&self.model, frame)).unwrap();
        super::rig::text(terminal.backend().buffer())
    }

    /// Goes on until the screen shows `text`.
    pub(super) async fn sees(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text)).await;
    }

    /// Goes on until the screen no longer shows `text`.
    pub(super) async fn no_longer_sees(&mut self, text: &str) {
        self.until(text, |screen| !screen.contains(text)).await;
    }

    async fn until(&mut self, what: &str, condition: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if condition(&screen) {
                return;
            }
            assert!(Instant::now() < until, "waited for {what:?} in vain:\n{screen}");
            let wake = self.model.wake_in().unwrap_or(Duration::from_millis(100));
            match tokio::time::timeout(wake, self.answers.1.recv()).await {
                Ok(Some((request, answer))) => self.tell(Msg::Answer { request, answer }),
                Ok(None) | Err(_) => self.tell(Msg::Tick),
            }
        }
    }

    /// Registers and waits for the calendar.
    pub(super) async fn registers(&mut self, name: &str) {
        self.command("register");
        self.types(name);
        self.tab();
        self.types("correct horse");
        self.save();
        self.sees("my calendar").await;
    }
}
