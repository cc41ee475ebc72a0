//! Where the client meets the world: the only place that waits, spawns, reads the clock and draws.
//!
//! One loop takes in what happens (keys, answers, time) and hands it to [`update`]; what `update` wants done is done here. There
//! is no frame rate: a frame is drawn after something happened, and time passes only while the model says that it matters.

pub(crate) mod calls;
mod terminal;

use std::io;
use std::sync::Arc;

use crossterm::event::{Event, EventStream};
use domain::{Clock, Error, IdempotencyKey, Reply, Zone};
use futures::StreamExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use transport::cluster::Clients;

use crate::app::ask::Outcome;
use crate::app::effect::{Effect, RequestId};
use crate::app::keymap;
use crate::app::message::{Msg, Now};
use crate::app::model::{Model, Settings};
use crate::app::update::update;
use crate::config::{self, Config};
use crate::screens;
use crate::session::{Kept, SessionStore};
use crate::ui::theme::{Theme, send_styles_always};

/// Keys of a paste or of a held key that are taken in before the next frame.
const AT_ONCE: usize = 256;

/// What the client is started with.
pub struct Options {
    /// The services.
    pub clients: Clients,
    /// Where the session is kept between runs.
    pub session: Box<dyn SessionStore>,
    /// Where the services are, as it is shown: `127.0.0.1:7400` or `in process`.
    pub place: String,
    /// The reader's zone, unless the configuration says otherwise.
    pub zone: Zone,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

/// What a call brought, and which.
type Answered = (RequestId, Result<Reply<Outcome>, Error>);

/// Opens the client on this terminal, and returns when it is left, with the terminal as it was.
///
/// # Errors
/// If the session or the configuration cannot be read, or the terminal cannot be used.
pub async fn run(options: Options) -> io::Result<()> {
    let kept = options.session.load()?;
    let config = configuration()?;
    let settings = Settings {
        zone: config.zone.unwrap_or(options.zone),
        place: options.place,
        theme: Theme::chosen(config.theme, std::env::var_os("NO_COLOR").as_deref()),
        first_weekday: config.first_weekday,
        hours: config.hours,
        keys: config.keys,
    };
    let clock = options.clock;
    let mut model = Model::new(settings, kept.clone(), now(&*clock));
    let (keep, keeping) = watch::channel(kept);
    let (failed, mut not_kept) = mpsc::channel(4);
    let keeper = tokio::spawn(keep_newest(options.session, keeping, failed));

    send_styles_always();
    let mut terminal = terminal::Screen::enter()?;
    let mut input = EventStream::new();
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    let (answers, mut answered) = mpsc::channel::<Answered>(64);
    let mut next = Some(Msg::Started);
    let outcome = 'running: loop {
        for _ in 0..AT_ONCE {
            let Some(msg) = next.take() else { break };
            for effect in update(&mut model, msg, now(&*clock)) {
                match effect {
                    Effect::Call(sent) => {
                        let (clients, answers) = (options.clients.clone(), answers.clone());
                        tokio::spawn(async move {
                            let answered = (sent.request, calls::perform(&clients, *sent).await);
                            // Nobody is left to hear it once the client is closing.
                            let _ = answers.send(answered).await;
                        });
                    }
                    Effect::Keep(kept) => {
                        keep.send_replace(*kept);
                    }
                    Effect::Quit => break 'running Ok(()),
                }
            }
            next = answered.try_recv().ok().map(|(request, answer)| Msg::Answer { request, answer });
        }
        if let Err(error) = terminal.draw(|frame| screens::view(&model, frame)) {
            break Err(error);
        }
        let wake = model.wake_in();
        next = tokio::select! {
            event = input.next() => match event {
                Some(Ok(event)) => message(event),
                Some(Err(error)) => break Err(error),
                None => break Ok(()),
            },
            Some((request, answer)) = answered.recv() => Some(Msg::Answer { request, answer }),
            Some(why) = not_kept.recv() => Some(Msg::NotKept(why)),
            () = tokio::time::sleep(wake.unwrap_or_default()), if wake.is_some() => Some(Msg::Tick),
            _ = terminated.recv() => break Ok(()),
            _ = hung_up.recv() => break Ok(()),
        };
    };
    drop(terminal);
    drop(keep);
    // The newest state is written before the client is gone.
    let kept = keeper.await.unwrap_or(Ok(()));
    outcome.and(kept)
}

/// What was chosen once, in `config.toml`.
fn configuration() -> io::Result<Config> {
    let path = config::path(std::env::var_os("XDG_CONFIG_HOME"), std::env::var_os("HOME"));
    let loaded = path.map(|path| Config::load(&path, &keymap::configurable()));
    loaded.transpose().map(Option::unwrap_or_default).map_err(io::Error::other)
}

/// Writes the newest state whenever there is a new one; ends with the last one when the client ends.
async fn keep_newest(
    store: Box<dyn SessionStore>,
    mut keeping: watch::Receiver<Kept>,
    failed: mpsc::Sender<String>,
) -> io::Result<()> {
    let mut last = Ok(());
    // A state not yet seen counts as a change even when the client has ended.
    while keeping.changed().await.is_ok() {
        let newest = keeping.borrow_and_update().clone();
        last = store.save(newest).await;
        if let Err(error) = &last {
            // A full queue says it already.
            let _ = failed.try_send(error.to_string());
        }
    }
    last
}

fn now(clock: &dyn Clock) -> Now {
    Now { instant: Instant::now(), wall: clock.now(), key: IdempotencyKey::new() }
}

fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => Some(Msg::Key(key)),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(..) | Event::FocusGained | Event::FocusLost => Some(Msg::Redraw),
        Event::Mouse(_) => None,
    }
}
