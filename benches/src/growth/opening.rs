//! Starting a service on a large database, beside opening the same files with the engine and nothing else.
//!
//! Both in a process of its own: one that has had much memory before, and given it up, opens such files in half the time, because the
//! system need not give it the memory again.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use domain::Service;
use storage::{Bare, Options};
use tokio::process::Command;
use transport::Tls;
use transport::cluster::{Addresses, DataFolder, Launch, programs};

use super::figures::{OpeningFigures, ratio};
use super::memory;
use crate::spread::Spread;

/// The argument with which this program opens a database and nothing else.
pub(crate) const OPEN: &str = "growth-open";

const ROUNDS: usize = 5;
/// The longest that the service may take to become ready, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the events service on its database in the data folder `data`, in which are `rows` events.
///
/// # Errors
/// If it does not become ready.
pub(super) async fn measure(data: &Path, rows: u64) -> Result<OpeningFigures> {
    let programs = tokio::task::spawn_blocking(programs::of_this_build).await?;
    let place = DataFolder::at(data);
    let launch = Launch {
        programs: programs.context("the programs of the services are needed (cargo build --release)")?,
        data: place.clone(),
        addresses: alone()?,
        tls: Tls::default(),
        arguments: [].into(),
        environment: [].into(),
    };
    place.prepare()?;
    let path = place.database(Service::Events);
    let (mut bare, mut ready, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    // The first is not counted: whatever was written last is still on its way to the disk.
    for round in 0..=ROUNDS {
        let opened = bare_open(&path).await?;
        let begun = Instant::now();
        let mut process = launch.start(Service::Events)?;
        launch.until_ready(&mut process, PATIENCE).await?;
        let started = begun.elapsed();
        let (now, _) = memory::of_process(process.pid())?;
        process.stop(PATIENCE).await?;
        if round > 0 {
            bare.push(opened.as_secs_f64() * 1e3);
            ready.push(started.as_secs_f64() * 1e3);
            #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
            memory.push(now as f64);
        }
    }
    Ok(OpeningFigures {
        rows,
        database_bytes: std::fs::metadata(path.join("db"))?.len(),
        bare_ms: Spread::of(bare.iter().copied()).context("no rounds")?,
        ready_ms: Spread::of(ready.iter().copied()).context("no rounds")?,
        beside_bare: ratio(ready.iter().zip(&bare).map(|(ready, bare)| ready / bare)).context("no rounds")?,
        memory_bytes: Spread::of(memory).context("no rounds")?,
    })
}

/// How long another process takes to open the database in `folder`, not counting what it takes to be there.
async fn bare_open(folder: &Path) -> Result<Duration> {
    let program = std::env::current_exe().context("which program this is")?;
    let opened = Command::new(program).arg(OPEN).arg(folder).stderr(Stdio::inherit()).kill_on_drop(true).output();
    let opened = tokio::time::timeout(PATIENCE, opened).await.context("opening the files takes too long")??;
    ensure!(opened.status.success(), "the files could not be opened");
    Ok(Duration::from_micros(String::from_utf8(opened.stdout)?.trim().parse()?))
}

/// What that process does: opens the database in `folder`, closes it, and says how many microseconds it took until it was open.
///
/// # Errors
/// If it cannot be opened.
pub(crate) fn open(folder: &Path) -> Result<()> {
    let cache = Options::new(Service::Events.name(), events::SCHEMA).cache_bytes;
    let begun = Instant::now();
    let opened = Bare::open(folder, cache)?;
    let took = begun.elapsed();
    drop(opened);
    println!("{}", took.as_micros());
    Ok(())
}

/// A free port for the one service; the others are nowhere.
fn alone() -> Result<Addresses> {
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let nowhere = Service::ALL.into_iter().fold(Addresses::default(), |all, service| all.with(service, "127.0.0.1:1"));
    Ok(nowhere.with(Service::Events, free.to_string()))
}
