//! Many simulations: each in a process of its own, as many at a time as there are processors.

use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use clap::ValueEnum as _;

use crate::hour::auth_is_away_for_an_hour;
use crate::plant::Plant;
use crate::run::{Outcome, Scenario, run};

/// What one simulation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which one.
    pub seed: u64,
    /// A digest of all that happened.
    pub digest: String,
    /// How many commands people gave, and how many questions they asked.
    pub volume: (usize, usize),
    /// What is not as it must be.
    pub violations: Vec<String>,
    /// Everything that it printed.
    pub printed: String,
}

/// Runs simulations in processes of the program `program`.
#[derive(Clone, Debug)]
pub struct Runner {
    program: PathBuf,
    jobs: usize,
    plant: Option<Plant>,
}

impl Runner {
    /// With the program of this package.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { program: program.into(), jobs, plant: None }
    }

    /// With so many at a time.
    #[must_use]
    pub fn with_jobs(self, jobs: usize) -> Self {
        Self { jobs: jobs.max(1), ..self }
    }

    /// With a bug to be found.
    #[must_use]
    pub fn with_plant(self, plant: Option<Plant>) -> Self {
        Self { plant, ..self }
    }

    /// Runs one.
    #[must_use]
    pub fn run(&self, seed: u64) -> Found {
        let mut command = Command::new(&self.program);
        command.arg("one").arg(seed.to_string()).stdin(Stdio::null());
        if let Some(plant) = self.plant.and_then(|plant| plant.to_possible_value()) {
            command.arg("--plant").arg(plant.get_name());
        }
        let output = command.output().expect("the program of this package can be started");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let mut found = read(seed, printed);
        if !output.status.success() || found.digest.is_empty() {
            found.violations.push(format!("the simulation itself ended with {}", output.status));
        }
        found
    }

    /// Runs many, and calls `each` for every one as it ends; stops early when that says so.
    pub fn run_all(&self, seeds: Range<u64>, mut each: impl FnMut(Found) -> bool) -> Duration {
        let began = Instant::now();
        let next = AtomicU64::new(seeds.start);
        let (sender, found) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..self.jobs {
                let (next, sender, seeds) = (&next, sender.clone(), seeds.clone());
                scope.spawn(move || {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if !seeds.contains(&seed) || sender.send(self.run(seed)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for found in found {
                if !each(found) {
                    return;
                }
            }
        });
        began.elapsed()
    }
}

const DIGEST: &str = "digest ";
const VOLUME: &str = "volume ";
const VIOLATION: &str = "violation ";

/// The whole life of a process that runs one simulation: prints what [`Runner::run`] reads. Whether it came to its end.
#[must_use]
pub fn one(scenario: Scenario) -> bool {
    told(move || run(scenario), scenario.aloud).is_some()
}

/// The whole life of a process that runs the hour without auth. Whether all was well.
#[must_use]
pub fn hour(aloud: bool) -> bool {
    let outcome = told(move || auth_is_away_for_an_hour(aloud), aloud);
    outcome.is_some_and(|outcome| outcome.violations.is_empty() && outcome.passed >= HOUR)
}

const HOUR: Duration = Duration::from_secs(3_600);

fn told(simulation: impl FnOnce() -> Outcome + Send + 'static, aloud: bool) -> Option<Outcome> {
    // On a fresh thread: what the main one has drawn at random already must not matter.
    let Ok(outcome) = std::thread::spawn(simulation).join() else {
        println!("{VIOLATION}the simulation itself panicked");
        return None;
    };
    println!("{VOLUME}{} {}", outcome.volume.0, outcome.volume.1);
    println!("simulated {} s", outcome.passed.as_secs());
    println!("{DIGEST}{}", outcome.digest);
    if !outcome.violations.is_empty() && !aloud {
        outcome.last_lines.iter().for_each(|line| println!("{line}"));
    }
    outcome.violations.iter().for_each(|violation| println!("{VIOLATION}{violation}"));
    Some(outcome)
}

fn read(seed: u64, printed: String) -> Found {
    let after = |word: &str| printed.lines().find_map(|line| line.strip_prefix(word)).unwrap_or_default().to_owned();
    let volume = after(VOLUME);
    let mut numbers = volume.split(' ').map(|number| number.parse().unwrap_or(0));
    let volume = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let violations = printed.lines().filter_map(|line| line.strip_prefix(VIOLATION)).map(str::to_owned).collect();
    Found { seed, digest: after(DIGEST), volume, violations, printed }
}
