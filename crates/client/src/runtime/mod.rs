//! Where the client meets the world: the only place that waits, spawns, reads the clock and draws.
//!
//! The loop is in `running`: it takes in what happens (keys, answers, time) and hands it to [`update`](crate::app::update); what
//! `update` wants done is done there. There is no frame rate: a frame is drawn after something happened, and time passes only
//! when the model says that it matters. `terminal` takes the terminal and gives it back, `keeping` writes what outlives a run.

pub(crate) mod calls;
pub(crate) mod files;
mod keeping;
mod running;
mod terminal;

use std::io;
use std::sync::Arc;

use crossterm::event::EventStream;
use domain::{Clock, IdempotencyKey, Zone};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use transport::cluster::Clients;

pub(crate) use self::keeping::Keeper;
pub(crate) use self::running::Running;
use self::terminal::ours;
use crate::app::keymap;
use crate::app::message::Now;
use crate::app::model::{Model, Settings};
use crate::config::{self, Config};
use crate::screens;
use crate::session::SessionStore;
use crate::ui::theme::{Theme, send_styles_always};

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
    let now = Now { instant: Instant::now(), wall: options.clock.now(), key: IdempotencyKey::new() };
    let mut model = Model::new(settings, kept.clone(), now);
    model.size = crossterm::terminal::size().unwrap_or(model.size);
    let keeper = Keeper::new(options.session, kept);
    let mut running = Running::new(model, options.clients, options.clock, keeper);
    // Before the terminal is taken: a signal in between would leave it taken.
    let mut signals = Signals::new()?;

    send_styles_always();
    let outcome = ours(async {
        let mut terminal = terminal::Screen::enter(config.mouse)?;
        let mut rung = 0;
        let draw = |model: &Model| {
            terminal.draw(|frame| screens::view(model, frame))?;
            // The frame says of what; the bell only that there is something.
            if std::mem::replace(&mut rung, model.bells) < model.bells { terminal.rings() } else { Ok(()) }
        };
        running.run(EventStream::new(), draw, signals.any()).await
    })
    .await;
    let kept = running.end().await;
    outcome.and(kept)
}

/// What was chosen once, in `config.toml`.
fn configuration() -> io::Result<Config> {
    let path = config::path(std::env::var_os("XDG_CONFIG_HOME"), std::env::var_os("HOME"));
    let loaded = path.map(|path| Config::load(&path, &keymap::configurable()));
    loaded.transpose().map(Option::unwrap_or_default).map_err(io::Error::other)
}

/// The signals that end the client in good order. (An interrupt from the keyboard is a key here, but it can be sent.)
struct Signals([Signal; 4]);

impl Signals {
    fn new() -> io::Result<Self> {
        let of = |kind: SignalKind| signal(kind);
        Ok(Self([
            of(SignalKind::terminate())?,
            of(SignalKind::hangup())?,
            of(SignalKind::interrupt())?,
            of(SignalKind::quit())?,
        ]))
    }

    /// Ends with the first of them.
    async fn any(&mut self) {
        let [terminate, hang_up, interrupt, quit] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => {}
            _ = quit.recv() => {}
        }
    }
}
