//! `frames`: how long the terminal client takes to draw, and what it allocates, when much is known and little of it is on screen.
//!
//! The client is the real one, without a terminal: keys go in, calls are made, lists are paged; only the services are made up
//! ([`made_up`]) and what would be sent to a terminal goes nowhere. Each screen stands in the table twice, with little and with much
//! behind it, and what is seen is as much in both.

mod made_up;

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use client::headless::Headless;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

use crate::latencies::Latencies;
use crate::machine::Machine;
use crate::results::{FrameFigures, Frames, Scene};
use made_up::Amounts;

/// The size of the screen.
const SIZE: (u16, u16) = (120, 40);
/// Frames that are measured, after a tenth as many that are not.
const FRAMES: usize = 2_000;
/// How long the client may wait for what is made up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the client's frames go: encoded as for a terminal, and thrown away.
type Nowhere = Terminal<CrosstermBackend<io::Sink>>;

/// Measures all screens.
pub(crate) async fn measure(machine: Machine) -> Result<Frames> {
    if cfg!(not(feature = "allocations")) {
        bail!(
            "this build counts no allocations: cargo run --release -p convene-benches --features allocations -- frames"
        );
    }
    let mut scenes = Vec::new();
    for scene in [Scene::Month, Scene::Agenda] {
        for events in [10, 200, 1_000] {
            scenes.push(measure_one(scene, Amounts { events, participants: 0 }).await?);
        }
    }
    for participants in [100, 100_000] {
        scenes.push(measure_one(Scene::Participants, Amounts { events: 10, participants }).await?);
    }
    let (columns, rows) = SIZE;
    Ok(Frames { machine, columns, rows, frames: FRAMES, scenes })
}

async fn measure_one(scene: Scene, amounts: Amounts) -> Result<FrameFigures> {
    let items = if scene == Scene::Participants { amounts.participants } else { amounts.events };
    println!("frames: {scene:?} with {items}");
    let mut client = opened(scene, amounts).await.with_context(|| format!("opening {scene:?} with {items}"))?;
    // Two keys that take each other back, so that each frame differs from the one before and the screen stays where it is.
    let keys = match scene {
        Scene::Month => ["l", "h"],
        Scene::Agenda => ["j", "k"],
        Scene::Participants => ["k", "j"],
    };
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    let mut terminal: Nowhere = Terminal::with_options(CrosstermBackend::new(io::sink()), options)?;
    let (mut frame, mut key) = (Latencies::default(), Latencies::default());
    let mut allocated = Allocated::default();
    for nth in 0..FRAMES + FRAMES / 10 {
        client.until_answered(PATIENCE).await?;
        let pressed = Instant::now();
        client.types(keys.get(nth % 2).copied().unwrap_or_default());
        let begun = Instant::now();
        let drawn = allocated.by(|| client.draw(&mut terminal));
        let (of_frame, since_key) = (begun.elapsed(), pressed.elapsed());
        drawn?;
        if nth >= FRAMES / 10 {
            frame.note(of_frame);
            key.note(since_key);
        }
    }
    let (frame, key) = (frame.sorted(), key.sorted());
    let none = "nothing was drawn";
    Ok(FrameFigures {
        scene,
        items: items.into(),
        allocations: allocated.count_a_frame(),
        allocated_bytes: allocated.bytes_a_frame(),
        frame_p50_us: frame.micros(50).context(none)?,
        frame_p99_us: frame.micros(99).context(none)?,
        key_p50_us: key.micros(50).context(none)?,
        key_p99_us: key.micros(99).context(none)?,
    })
}

/// A client that has the screen open, with everything known that there is.
async fn opened(scene: Scene, amounts: Amounts) -> Result<Headless> {
    let mut client = Headless::new(&made_up::clients(amounts), SIZE);
    client.command("register");
    client.types(made_up::OWNER);
    client.tab();
    client.types("a made-up password");
    client.save();
    client.until(PATIENCE, "the calendar", |screen| screen.contains("my calendar")).await?;
    client.until_answered(PATIENCE).await?;
    match scene {
        Scene::Month => {}
        Scene::Agenda => client.command("agenda"),
        Scene::Participants => {
            client.command("participants");
            client.until(PATIENCE, "the people", |screen| screen.contains("person-")).await?;
            // To the end, page by page, so that as much as the client ever keeps is there.
            let last = format!("person-{}", amounts.participants - 1);
            while !client.screen().contains(&last) {
                client.types("G");
                client.until_answered(PATIENCE).await?;
            }
        }
    }
    client.until_answered(PATIENCE).await?;
    Ok(client)
}

/// What frames allocated.
#[derive(Debug, Default)]
struct Allocated {
    frames: u64,
    count: u64,
    bytes: u64,
}

impl Allocated {
    /// Does something that draws one frame, and notes what it allocates.
    fn by<T>(&mut self, draw: impl FnOnce() -> T) -> T {
        let (drawn, count, bytes) = counted(draw);
        self.frames += 1;
        self.count += count;
        self.bytes += bytes;
        drawn
    }

    fn count_a_frame(&self) -> u64 {
        self.count / self.frames.max(1)
    }

    fn bytes_a_frame(&self) -> u64 {
        self.bytes / self.frames.max(1)
    }
}

/// What a closure gives, how often it allocated, and how many bytes.
#[cfg(feature = "allocations")]
fn counted<T>(act: impl FnOnce() -> T) -> (T, u64, u64) {
    let mut given = None;
    let info = allocation_counter::measure(|| given = Some(act()));
    #[expect(clippy::expect_used, reason = "the closure was called just before")]
    let given = given.expect("it was called");
    (given, info.count_total, info.bytes_total)
}

/// The same in a build that counts nothing.
#[cfg(not(feature = "allocations"))]
fn counted<T>(act: impl FnOnce() -> T) -> (T, u64, u64) {
    (act(), 0, 0)
}
