//! The loop: what happens is taken in at once, what is wanted is done beside it, and a frame is drawn after it.
//!
//! Nothing in the loop waits for a service or for the disk: calls and files are tasks, whose answers come in like keys. The terminal is a
//! stream of events and a function that draws, so that tests run this very loop without one.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, MouseButton, MouseEventKind};
use domain::{Clock, IdempotencyKey};
use futures::{Stream, StreamExt as _};
use ratatui::layout::{Position, Rect};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use transport::cluster::Clients;

use super::calls;
use super::files::{self, Files};
use super::keeping::Keeper;
use super::terminal::ours;
use crate::app::effect::Effect;
use crate::app::message::{Msg, Now};
use crate::app::model::Model;
use crate::app::update::update;
use crate::screens;

/// Keys of a paste or of a held key that are taken in before the next frame.
const AT_ONCE: usize = 256;
/// How long commands on their way are waited for when the client is left. What is not known then is found out in the next run.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A client that runs.
pub(crate) struct Running {
    model: Model,
    clients: Clients,
    clock: Arc<dyn Clock>,
    keeper: Keeper,
    /// What was begun beside the loop.
    calls: JoinSet<()>,
    files: Files,
    /// What comes of it.
    answers: (mpsc::Sender<Msg>, mpsc::Receiver<Msg>),
}

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    On,
    Away,
}

impl Running {
    pub(crate) fn new(model: Model, clients: Clients, clock: Arc<dyn Clock>, keeper: Keeper) -> Self {
        let (calls, files, answers) = (JoinSet::new(), Files::default(), mpsc::channel(64));
        Self { model, clients, clock, keeper, calls, files, answers }
    }

    /// Runs until it is left, or `ended`.
    ///
    /// # Errors
    /// If the terminal fails, or a call did.
    pub(crate) async fn run(
        &mut self,
        mut input: impl Stream<Item = io::Result<Event>> + Unpin,
        mut draw: impl FnMut(&Model) -> io::Result<()>,
        ended: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let mut ended = std::pin::pin!(ended);
        let mut next = Some(Msg::Started);
        loop {
            for _ in 0..AT_ONCE {
                let Some(msg) = next.take() else { break };
                if self.take(msg) == Goes::Away {
                    return Ok(());
                }
                next = self.answers.1.try_recv().ok();
            }
            draw(&self.model)?;
            let wake = self.model.wake_in();
            next = tokio::select! {
                event = input.next() => match event {
                    Some(event) => message(&self.model, event?),
                    None => return Ok(()),
                },
                Some(msg) = self.answers.1.recv() => Some(msg),
                Some(ended) = self.calls.join_next(), if !self.calls.is_empty() => {
                    unless_panicked(ended)?;
                    None
                }
                Some(why) = self.keeper.failure() => Some(Msg::NotKept(why)),
                () = tokio::time::sleep(wake.unwrap_or_default()), if wake.is_some() => Some(Msg::Tick),
                () = &mut ended => return Ok(()),
            };
        }
    }

    /// Ends: commands on their way are heard out for a moment, and the newest state is written.
    ///
    /// # Errors
    /// If it could not be written.
    pub(crate) async fn end(mut self) -> io::Result<()> {
        let until = Instant::now() + LAST_WORDS;
        while self.model.awaits_outcomes() {
            let Ok(Some(msg)) = timeout_at(until, self.answers.1.recv()).await else { break };
            self.take(msg);
        }
        self.calls.abort_all();
        self.keeper.keep(self.model.kept);
        self.keeper.end().await
    }

    fn take(&mut self, msg: Msg) -> Goes {
        let now = Now { instant: Instant::now(), wall: self.clock.now(), key: IdempotencyKey::new() };
        let mut goes = Goes::On;
        for effect in update(&mut self.model, msg, now) {
            match effect {
                Effect::Keep(kept) => self.keeper.keep(*kept),
                Effect::Call(sent) => {
                    let (clients, answers) = (self.clients.clone(), self.answers.0.clone());
                    let written = sent.identity.is_some().then(|| self.keeper.written());
                    self.calls.spawn(ours(async move {
                        if let Some(written) = written {
                            written.await;
                        }
                        let request = sent.request;
                        let answer = calls::perform(&clients, *sent).await;
                        // Nobody is left to hear it once the client is closing.
                        let _ = answers.send(Msg::Answer { request, answer: Box::new(answer) }).await;
                    }));
                }
                Effect::Open { reading, wanted } => {
                    self.calls.spawn(ours(self.files.open(reading, wanted, self.answers.0.clone())));
                }
                Effect::ReadOn(reading) => self.files.read_on(reading),
                Effect::Close(reading) => self.files.close(reading),
                Effect::Look(folder) => {
                    self.calls.spawn(ours(files::look(folder, self.answers.0.clone())));
                }
                Effect::Quit => goes = Goes::Away,
            }
        }
        goes
    }
}

/// A call that panicked has given the terminal back already: the client ends.
fn unless_panicked(ended: Result<(), JoinError>) -> io::Result<()> {
    match ended {
        Err(error) if error.is_panic() => Err(io::Error::other("it met an error of its own")),
        _ => Ok(()),
    }
}

/// What an event of the terminal is to the model.
fn message(model: &Model, event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => Some(Msg::Key(key)),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(width, height) => Some(Msg::Resized(width, height)),
        Event::FocusGained | Event::FocusLost => Some(Msg::Redraw),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let (width, height) = model.size;
                let position = Position::new(mouse.column, mouse.row);
                screens::target(model, Rect::new(0, 0, width, height), position).map(Msg::Pointed)
            }
            MouseEventKind::ScrollDown => Some(Msg::Wheel { down: true }),
            MouseEventKind::ScrollUp => Some(Msg::Wheel { down: false }),
            _ => None,
        },
    }
}
