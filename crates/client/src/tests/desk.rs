//! Alice at the client as it really runs, its loop included: only the terminal is played, and the time is the test's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use domain::{Clock, Timestamp};
use futures::channel::mpsc;
use futures::future::BoxFuture;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::rig::{NOON, signed_in_as_alice};
use super::town::Streets;
use crate::app::message::Now;
use crate::app::model::Model;
use crate::runtime::{Keeper, Running};
use crate::session::{Kept, SessionStore};

/// How long something is waited for, in the test's time.
const PATIENCE: Duration = Duration::from_secs(120);

/// What outlives a run.
#[derive(Clone, Default)]
pub(super) struct Drawer(Arc<Mutex<Kept>>);

impl Drawer {
    pub(super) fn with(kept: Kept) -> Self {
        Self(Arc::new(Mutex::new(kept)))
    }

    pub(super) fn kept(&self) -> Kept {
        self.0.lock().unwrap().clone()
    }
}

impl SessionStore for Drawer {
    fn load(&self) -> std::io::Result<Kept> {
        Ok(self.kept())
    }

    fn save(&self, kept: Kept) -> BoxFuture<'_, std::io::Result<()>> {
        Box::pin(async move {
            // As long as a disk takes.
            tokio::time::sleep(Duration::from_millis(5)).await;
            *self.0.lock().unwrap() = kept;
            Ok(())
        })
    }
}

/// The wall's clock, which goes as the test's time does.
struct WallClock(Instant);

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(NOON).plus(self.0.elapsed())
    }
}

/// What is on the screen, and the how-manieth frame that is.
#[derive(Clone)]
struct Frames {
    screen: String,
    drawn: u64,
}

pub(super) struct Desk {
    keys: mpsc::UnboundedSender<std::io::Result<Event>>,
    frames: watch::Receiver<Frames>,
    leave: Option<oneshot::Sender<()>>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Desk {
    /// Alice is signed in, and looks at her month.
    pub(super) fn in_town(town: &Streets) -> Self {
        Self::with(town, &Drawer::with(signed_in_as_alice()))
    }

    /// With what is kept in `drawer`.
    pub(super) fn with(town: &Streets, drawer: &Drawer) -> Self {
        let kept = drawer.kept();
        let clock = Arc::new(WallClock(Instant::now()));
        let now = Now { instant: Instant::now(), wall: clock.now(), key: domain::IdempotencyKey::new() };
        let model = Model::new(super::rig::settings(), kept.clone(), now);
        let keeper = Keeper::new(Box::new(drawer.clone()), kept);
        let mut running = Running::new(model, town.clients(), clock, keeper);
        let (keys, input) = mpsc::unbounded();
        let (draw, frames) = watch::channel(Frames { screen: String::new(), drawn: 0 });
        let (leave, left) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let draws = |model: &Model| {
                let screen = drawn(model, 120, 40);
                draw.send_modify(|frames| *frames = Frames { screen, drawn: frames.drawn + 1 });
                Ok(())
            };
            let outcome = running.run(input, draws, async { drop(left.await) }).await;
            outcome.and(running.end().await)
        });
        Self { keys, frames, leave: Some(leave), running: task }
    }

    fn key(&self, code: KeyCode, modifiers: KeyModifiers) {
        self.keys.unbounded_send(Ok(Event::Key(KeyEvent::new(code, modifiers)))).unwrap();
    }

    /// Presses keys, and sees what they do at once: no time passes until it is drawn.
    pub(super) async fn types(&mut self, text: &str) {
        for character in text.chars() {
            self.presses(KeyCode::Char(character), KeyModifiers::NONE).await;
        }
    }

    pub(super) async fn presses(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let (before, drawn) = (Instant::now(), self.frames.borrow().drawn);
        self.key(code, modifiers);
        self.frames.wait_for(|frames| frames.drawn > drawn).await.unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO, "a key's effect is drawn at once");
    }

    pub(super) async fn command(&mut self, words: &str) {
        self.presses(KeyCode::Char('p'), KeyModifiers::CONTROL).await;
        self.types(words).await;
        self.presses(KeyCode::Enter, KeyModifiers::NONE).await;
    }

    pub(super) fn screen(&self) -> String {
        self.frames.borrow().screen.clone()
    }

    /// Waits until the screen shows `text`.
    pub(super) async fn sees(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text)).await;
    }

    pub(super) async fn no_longer_sees(&mut self, text: &str) {
        self.until(text, |screen| !screen.contains(text)).await;
    }

    async fn until(&mut self, what: &str, seen: impl Fn(&str) -> bool) {
        let found = timeout(PATIENCE, self.frames.wait_for(|frames| seen(&frames.screen))).await.is_ok();
        assert!(found, "waited for {what:?} in vain:\n{}", self.screen());
    }

    /// Time passes.
    pub(super) async fn waits(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Leaves, as by a signal; ends when everything is kept.
    pub(super) async fn leaves(mut self) {
        drop(self.leave.take());
        self.running.await.unwrap().unwrap();
    }

    /// Its process is gone, whatever it was doing.
    pub(super) fn dies(self) {
        self.running.abort();
    }
}

fn drawn(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| crate::screens::view(model, frame)).unwrap();
    crate::headless::text(terminal.backend().buffer())
}
