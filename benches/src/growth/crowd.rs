//! An event with one invitee, with a thousand and with ten thousand, made and cancelled while others go on with what they do.
//!
//! Five processes over sockets on this machine. Sixteen people answer invitations, look at their inbox and at their month all the time, each
//! with a pause after every answer. How long their calls take is measured for five seconds, a moment after the events before have gone, and
//! then for five seconds and more in which such events come and go, one after the other: of some thousands of calls, so that one in a hundred
//! is more than a few. And while the services are there, their memory.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use domain::{EventId, Username};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use transport::cluster::{Cluster, SpawnedOptions, programs};

use super::figures::{CrowdFigures, MemoryFigures, ratio};
use super::memory;
use crate::latencies::Latencies;
use crate::person::Person;
use crate::spread::Spread;

/// The others, how long each of them pauses, and how long they are watched: before, and at least so long while events come and go.
const OTHERS: usize = 16;
const PAUSE: Duration = Duration::from_millis(10);
const WATCHED: Duration = Duration::from_secs(5);
/// Within that, what is left of the event before is over.
const COMING_TO_REST: Duration = Duration::from_secs(1);
/// Between two looks at the services' memory.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How many are registered at the same time: auth refuses more than it can hash soon.
const AT_ONCE: usize = 32;
/// The longest that followers may take to come to rest, and services to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// Makes events of so many invitees each, in so many rounds, with databases below `data`.
///
/// # Errors
/// If the services cannot be started, or a call fails.
pub(super) async fn measure(
    sizes: &[usize],
    rounds: u32,
    data: &Path,
) -> Result<(Vec<CrowdFigures>, Vec<MemoryFigures>)> {
    let data = tempfile::Builder::new().prefix("convene-benches-").tempdir_in(data)?;
    let programs = tokio::task::spawn_blocking(programs::of_this_build).await?;
    let programs = programs.context("the programs of the services are needed (cargo build --release)")?;
    let options = SpawnedOptions { programs: Some(programs), ..SpawnedOptions::for_tests(data.path()) };
    let cluster = Cluster::spawned(options).await?;
    cluster.caught_up(PATIENCE).await?;
    let idle = memory::of_services(&cluster).await?;

    let crowd = registered(&cluster, sizes.iter().copied().max().unwrap_or(0)).await?;
    let mut organizer = Person::registered(cluster.clients().clone(), "organizer".to_owned()).await?;
    let others = Others::begin(&cluster).await?;
    let mut measured: Vec<(usize, Round)> = Vec::new();
    for round in 0..=rounds {
        for &invitees in sizes {
            let figures = others.meanwhile(&cluster, &mut organizer, crowd.get(..invitees).unwrap_or(&crowd)).await?;
            // The first round is not counted: caches are empty.
            if round > 0 {
                measured.push((invitees, figures));
            }
        }
    }
    others.end().await?;
    let loaded = memory::of_services(&cluster).await?;
    cluster.shutdown(PATIENCE).await;

    let crowds = sizes.iter().map(|size| figures(*size, &measured)).collect::<Option<_>>();
    let memory = idle.into_iter().zip(loaded).map(|((service, idle_bytes, _), (.., loaded_bytes))| MemoryFigures {
        service: service.name().to_owned(),
        idle_bytes,
        loaded_bytes,
    });
    Ok((crowds.context("a measurement is missing")?, memory.collect()))
}

async fn registered(cluster: &Cluster, number: usize) -> Result<Vec<Username>> {
    let mut under_way = JoinSet::new();
    let mut names = Vec::new();
    for number in 0..number {
        if under_way.len() >= AT_ONCE {
            names.extend(under_way.join_next().await.transpose()?);
        }
        let clients = cluster.clients().clone();
        under_way.spawn(async move { Person::registered(clients, format!("invitee-{number}")).await });
    }
    while let Some(registered) = under_way.join_next().await {
        names.push(registered?);
    }
    cluster.caught_up(PATIENCE).await?;
    names.into_iter().map(|registered| Ok(registered?.name)).collect()
}

/// What was measured of one event.
#[derive(Clone, Copy, Debug)]
struct Round {
    made: Duration,
    cancelled: Duration,
    before_p99_us: f64,
    meanwhile_p99_us: f64,
    grew_bytes: f64,
}

fn figures(invitees: usize, measured: &[(usize, Round)]) -> Option<CrowdFigures> {
    let rounds = || measured.iter().filter(|(of, _)| *of == invitees).map(|(_, round)| round);
    Some(CrowdFigures {
        invitees,
        made_ms: Spread::of(rounds().map(|round| round.made.as_secs_f64() * 1e3))?,
        cancelled_ms: Spread::of(rounds().map(|round| round.cancelled.as_secs_f64() * 1e3))?,
        before_p99_us: Spread::of(rounds().map(|round| round.before_p99_us))?,
        meanwhile_p99_us: Spread::of(rounds().map(|round| round.meanwhile_p99_us))?,
        beside_before: ratio(rounds().map(|round| round.meanwhile_p99_us / round.before_p99_us))?,
        grew_bytes: Spread::of(rounds().map(|round| round.grew_bytes))?,
    })
}

/// People who go on with what they do.
struct Others {
    noted: Arc<Mutex<Latencies>>,
    ended: Arc<AtomicBool>,
    under_way: JoinSet<Result<()>>,
}

impl Others {
    async fn begin(cluster: &Cluster) -> Result<Self> {
        let (noted, ended) = (Arc::<Mutex<Latencies>>::default(), Arc::<AtomicBool>::default());
        let mut people = Vec::new();
        for number in 0..OTHERS {
            let register = |name| Person::registered(cluster.clients().clone(), name);
            let person = register(format!("other-{number}")).await?;
            let event = register(format!("host-{number}")).await?.creates(std::slice::from_ref(&person.name)).await?;
            people.push((person, event));
        }
        cluster.caught_up(PATIENCE).await?;
        let mut under_way = JoinSet::new();
        for (person, event) in people {
            under_way.spawn(goes_on(person, event, Arc::clone(&noted), Arc::clone(&ended)));
        }
        Ok(Self { noted, ended, under_way })
    }

    /// What they noted since the last time.
    fn take(&self) -> Latencies {
        std::mem::take(&mut *self.noted.lock())
    }

    async fn meanwhile(&self, cluster: &Cluster, organizer: &mut Person, invitees: &[Username]) -> Result<Round> {
        let p99 = |latencies: Latencies| latencies.sorted().micros(99).context("nobody called");
        tokio::time::sleep(COMING_TO_REST).await;
        self.take();
        tokio::time::sleep(WATCHED).await;
        let before_p99_us = p99(self.take())?;
        let memory = memory::together(cluster).await?;
        let mut most = memory;
        let events = come_and_go(organizer, invitees);
        tokio::pin!(events);
        let (made, cancelled) = loop {
            tokio::select! {
                done = &mut events => break done?,
                () = tokio::time::sleep(BETWEEN_LOOKS) => most = most.max(memory::together(cluster).await?),
            }
        };
        let meanwhile_p99_us = p99(self.take())?;
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        let grew_bytes = (most - memory) as f64;
        Ok(Round { made, cancelled, before_p99_us, meanwhile_p99_us, grew_bytes })
    }

    async fn end(mut self) -> Result<()> {
        self.ended.store(true, Ordering::Relaxed);
        while let Some(ended) = self.under_way.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// Makes events and cancels them, one after the other, for as long as others are watched; how long the first took to be made and to be
/// cancelled, each until the last calendar knew.
async fn come_and_go(organizer: &mut Person, invitees: &[Username]) -> Result<(Duration, Duration)> {
    let watched = Instant::now();
    let mut first = None;
    loop {
        let begun = Instant::now();
        let event = organizer.creates(invitees).await?;
        organizer.waits_for_the_calendar().await?;
        let made = begun.elapsed();
        let begun = Instant::now();
        organizer.cancels(event).await?;
        organizer.waits_for_the_calendar().await?;
        let took = *first.get_or_insert((made, begun.elapsed()));
        if watched.elapsed() >= WATCHED {
            return Ok(took);
        }
    }
}

async fn goes_on(
    mut person: Person,
    invited_to: EventId,
    noted: Arc<Mutex<Latencies>>,
    ended: Arc<AtomicBool>,
) -> Result<()> {
    let mut turn = 0;
    while !ended.load(Ordering::Relaxed) {
        let begun = Instant::now();
        person.does_something(turn, invited_to).await?;
        noted.lock().note(begun.elapsed());
        turn += 1;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
