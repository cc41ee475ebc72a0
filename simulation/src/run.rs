//! One simulation, from its seed to what is wrong.

use std::sync::Arc;
use std::time::Duration;

use chassis::OperatorKey;
use parking_lot::Mutex;
use tokio::task::LocalSet;

use crate::chaos::{self, Chaos};
use crate::checker::ending;
use crate::history::History;
use crate::installation::{Installation, World};
use crate::network::Network;
use crate::people::Person;
use crate::plant::Plant;
use crate::time::Time;
use crate::trace::Trace;

/// What became of one simulation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// A digest of all that happened.
    pub digest: String,
    /// How many commands people gave, and how many questions they asked.
    pub volume: (usize, usize),
    /// How long it was, in simulated time.
    pub passed: Duration,
    /// What is not as it must be.
    pub violations: Vec<String>,
    /// The last lines of the trace.
    pub last_lines: Vec<String>,
}

/// What to simulate.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Decides everything.
    pub seed: u64,
    /// A bug to be found.
    pub plant: Option<Plant>,
    /// Whether each line of the trace is printed at once.
    pub aloud: bool,
}

/// A sequence of random numbers for one part of a simulation, so that no part disturbs another.
pub(crate) fn stream(seed: u64, part: &str) -> fastrand::Rng {
    let digest = blake3::Hasher::new().update(&seed.to_le_bytes()).update(part.as_bytes()).finalize();
    let bytes = digest.as_bytes().first_chunk::<8>().copied().unwrap_or_default();
    fastrand::Rng::with_seed(u64::from_le_bytes(bytes))
}

/// Runs one simulation on this thread. Only the first one of a process is determined by its seed: see [`crate::determinism`].
#[must_use]
pub fn run(scenario: Scenario) -> Outcome {
    crate::determinism::begin(scenario.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let local = LocalSet::new();
    let outcome = runtime.block_on(local.run_until(simulation(scenario)));
    // What is left would only be torn down.
    std::mem::forget((runtime, local));
    outcome
}

pub(crate) fn world_of(scenario: Scenario, haunting: u64) -> World {
    let Scenario { seed, plant, aloud } = scenario;
    let time = Time::begins();
    let trace = Trace::new(time, aloud);
    World {
        time,
        network: Network::new(stream(seed, "network"), trace.clone()),
        history: History::new(trace.clone(), stream(seed, "ghosts"), haunting),
        operator: OperatorKey::random().expect("randomness"),
        plant,
        syncing: Arc::new(Mutex::new((stream(seed, "disks"), 3))),
        trace,
    }
}

async fn simulation(scenario: Scenario) -> Outcome {
    let mut random = stream(scenario.seed, "plan");
    let haunting = [0, 50, 250][random.usize(..3)];
    let world = world_of(scenario, haunting);
    world.syncing.lock().1 = [3, 3, 20, 200][random.usize(..4)];
    let installation = Installation::new(&world);
    let mut order = installation.members().clone();
    random.shuffle(&mut order);
    order.iter().for_each(|member| member.start());

    let number = random.usize(2..=5);
    let mut people: Vec<Person> = (0..number)
        .map(|person| Person::new(&world, person, stream(scenario.seed, &format!("person {person}"))))
        .collect();
    let terminals: Vec<_> = people.iter().map(|person| Arc::clone(&person.clock)).collect();
    let chaos = Chaos::new(&world, &installation, stream(scenario.seed, "chaos"), terminals.clone());
    let chaos = tokio::task::spawn_local(chaos.rages());
    let things = random.usize(15..60);
    let lives: Vec<_> = people
        .drain(..)
        .map(|mut person| {
            tokio::task::spawn_local(async move {
                person.lives(things).await;
                person
            })
        })
        .collect();
    for life in lives {
        match life.await {
            Ok(person) => people.push(person),
            Err(error) => world.history.violation(format!("the simulation itself is wrong: {error}")),
        }
    }
    chaos.abort();
    chaos::ends(&world, &installation, &terminals).await;
    ending::check(&world, &installation, &mut people).await;
    outcome(&world)
}

pub(crate) fn outcome(world: &World) -> Outcome {
    Outcome {
        digest: world.trace.digest(),
        volume: world.history.volume(),
        passed: world.time.passed(),
        violations: world.history.violations(),
        last_lines: world.trace.last_lines(),
    }
}
