//! The client without a terminal: keys go in, the screen comes out as text, and everything between is the real client.
//!
//! It is what tests of the whole system look through, with services in this process or in others. What [`crate::run`] does around the
//! model (the terminal, signals, keeping the session) is left out; calls are made as there, and answers are taken in only while
//! something is waited for, so that several such clients can be driven from one task.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::{IdempotencyKey, Timestamp, Zone};
use jiff::civil::Weekday;
use ratatui::Terminal;
use ratatui::backend::{Backend, TestBackend};
use ratatui::buffer::Buffer;
use tokio::sync::mpsc;
use tokio::time::Instant;
use transport::cluster::Clients;

use crate::app::effect::Effect;
use crate::app::message::{Msg, Now};
use crate::app::model::{Model, Settings};
use crate::app::remote::Remote;
use crate::app::update::update;
use crate::runtime::calls::perform;
use crate::runtime::files::{self, Files};
use crate::session::Kept;
use crate::ui::theme::Theme;

/// The longest between two looks at a screen on which nothing happens.
const LOOK: Duration = Duration::from_millis(100);

/// A client on a screen that nobody sees, nobody signed in at first.
pub struct Headless {
    model: Model,
    clients: Clients,
    size: (u16, u16),
    files: Files,
    answers: (mpsc::Sender<Msg>, mpsc::Receiver<Msg>),
}

/// What was waited for in vain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("waited for {what} in vain:\n{screen}")]
pub struct NotSeen {
    /// What it was, in words.
    pub what: String,
    /// The screen at the end.
    pub screen: String,
}

impl Headless {
    /// A client of these services, on a screen of `size` (columns, rows), in UTC and without colours.
    #[must_use]
    pub fn new(clients: &Clients, size: (u16, u16)) -> Self {
        let settings = Settings {
            zone: Zone::utc(),
            place: "headless".to_owned(),
            theme: Theme::colourless(),
            first_weekday: Weekday::Monday,
            hours: crate::hours::Hours::TwentyFour,
            keys: std::collections::BTreeMap::new(),
        };
        let model = Model::new(settings, Kept::default(), now());
        let mut client =
            Self { model, clients: clients.clone(), size, files: Files::default(), answers: mpsc::channel(64) };
        client.tell(Msg::Started);
        client
    }

    fn tell(&mut self, msg: Msg) {
        for effect in update(&mut self.model, msg, now()) {
            let answers = self.answers.0.clone();
            match effect {
                Effect::Call(sent) => {
                    let clients = self.clients.clone();
                    tokio::spawn(async move {
                        let request = sent.request;
                        let answer = perform(&clients, *sent).await;
                        // Nobody is left to hear it once the client is gone.
                        let _ = answers.send(Msg::Answer { request, answer: Box::new(answer) }).await;
                    });
                }
                Effect::Open { reading, wanted } => drop(tokio::spawn(self.files.open(reading, wanted, answers))),
                Effect::ReadOn(reading) => self.files.read_on(reading),
                Effect::Close(reading) => self.files.close(reading),
                Effect::Look(folder) => drop(tokio::spawn(files::look(folder, answers))),
                Effect::Keep(_) | Effect::Quit => {}
            }
        }
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.tell(Msg::Key(KeyEvent::new(code, modifiers)));
    }

    /// Presses the key of each character.
    pub fn types(&mut self, text: &str) {
        for character in text.chars() {
            self.key(KeyCode::Char(character), KeyModifiers::NONE);
        }
    }

    /// Presses the tabulator: the next field of a form.
    pub fn tab(&mut self) {
        self.key(KeyCode::Tab, KeyModifiers::NONE);
    }

    /// Presses Enter.
    pub fn enter(&mut self) {
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    /// Presses Esc: back, or out of a form.
    pub fn escape(&mut self) {
        self.key(KeyCode::Esc, KeyModifiers::NONE);
    }

    /// Presses ctrl-u: the focused field is empty.
    pub fn clear_line(&mut self) {
        self.key(KeyCode::Char('u'), KeyModifiers::CONTROL);
    }

    /// Saves the open form.
    pub fn save(&mut self) {
        self.key(KeyCode::Char('s'), KeyModifiers::CONTROL);
    }

    /// Opens the palette, types the words and chooses.
    pub fn command(&mut self, words: &str) {
        self.key(KeyCode::Char('p'), KeyModifiers::CONTROL);
        self.types(words);
        self.enter();
    }

    /// What is on the screen, a line each, without trailing spaces.
    #[must_use]
    pub fn screen(&self) -> String {
        let (width, height) = self.size;
        // A screen in memory cannot fail.
        let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
        let Ok(()) = self.draw(&mut terminal);
        text(terminal.backend().buffer())
    }

    /// Draws a frame of what is on the screen.
    ///
    /// # Errors
    /// What the terminal reports.
    pub fn draw<B: Backend>(&self, terminal: &mut Terminal<B>) -> Result<(), B::Error> {
        terminal.draw(|frame| crate::screens::view(&self.model, frame)).map(|_| ())
    }

    /// Goes on until what the screen shows is `seen`, but not beyond `within`.
    ///
    /// # Errors
    /// If it does not come to that; `what` says what it was.
    pub async fn until(&mut self, within: Duration, what: &str, seen: impl Fn(&str) -> bool) -> Result<(), NotSeen> {
        self.until_client(within, what, |client| seen(&client.screen())).await
    }

    /// Goes on until all that the screen shows has been asked for and answered, well or not.
    ///
    /// # Errors
    /// If something is still awaited after `within`.
    pub async fn until_answered(&mut self, within: Duration) -> Result<(), NotSeen> {
        let answered = |client: &Self| {
            let visible = client.model.visible();
            !visible.iter().any(|query| client.model.remote(query).is_none_or(Remote::is_loading))
        };
        self.until_client(within, "the answers to what is on the screen", answered).await
    }

    async fn until_client(
        &mut self,
        within: Duration,
        what: &str,
        reached: impl Fn(&Self) -> bool,
    ) -> Result<(), NotSeen> {
        let until = Instant::now() + within;
        while !reached(self) {
            if Instant::now() >= until {
                return Err(NotSeen { what: what.to_owned(), screen: self.screen() });
            }
            let wake = self.model.wake_in().unwrap_or(LOOK).min(LOOK);
            match tokio::time::timeout(wake, self.answers.1.recv()).await {
                Ok(Some(msg)) => self.tell(msg),
                Ok(None) | Err(_) => self.tell(Msg::Tick),
            }
        }
        Ok(())
    }
}

fn now() -> Now {
    let wall = Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
    Now { instant: Instant::now(), wall, key: IdempotencyKey::new() }
}

/// A drawn screen as text.
pub(crate) fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut lines = Vec::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut covered = 0;
        for x in area.left()..area.right() {
            // What a wide character covers is not drawn.
            if covered > 0 {
                covered -= 1;
                continue;
            }
            let symbol = buffer.cell((x, y)).map_or(" ", ratatui::buffer::Cell::symbol);
            covered = crate::ui::text::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}
