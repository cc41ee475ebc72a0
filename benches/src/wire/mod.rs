//! How many calls a second, and how soon their answers come: one small query and one durable command, linked and over loopback.
//!
//! Every call goes through the clients that all of Convene uses, so every layer is on: deadline, retry, breaker, counting,
//! limits, authentication, access. All five services run and go on with their work meanwhile (each answer given to an
//! invitation is followed by the calendar). The two ways take turns, so that a slow moment of the machine meets both.

pub(crate) mod caller;
pub(crate) mod load;
mod side;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::machine::Machine;
use crate::results::{Call, LoadFigures, Reached, Wire};
use crate::spread::Spread;
use load::Measured;
use side::Side;

/// Numbers of callers, each with one call under way at a time.
const IN_FLIGHT: [usize; 3] = [1, 64, 512];
const CALLS: [Call; 2] = [Call::Whoami, Call::Respond];

/// How long and how often.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Each measurement.
    pub(crate) seconds: Duration,
    /// The load before it.
    pub(crate) warm_up: Duration,
    /// How often all of them.
    pub(crate) rounds: u32,
}

/// Measures, with databases below `data`.
///
/// # Errors
/// If the services cannot be started, or any call is refused or fails: figures of failures would be worthless.
pub(crate) async fn measure(plan: &Plan, data: &Path, machine: Machine) -> Result<Wire> {
    let most = IN_FLIGHT.into_iter().max().unwrap_or(1);
    let mut sides = Vec::new();
    for reached in [Reached::Linked, Reached::Loopback] {
        eprintln!("{}: starting the services, making {most} people and as many events", word(reached));
        sides.push(Side::start(reached, data, most).await.with_context(|| word(reached))?);
    }
    let mut measured: Vec<(Call, Reached, usize, Measured)> = Vec::new();
    for round in 1..=plan.rounds {
        for call in CALLS {
            for in_flight in IN_FLIGHT {
                for side in &mut sides {
                    let reached = side.reached();
                    let figures = side.measure(call, in_flight, plan).await.with_context(|| word(reached))?;
                    eprintln!(
                        "round {round} of {}: {call:?}, {}, {in_flight} in flight: {:.0} answers/s",
                        plan.rounds,
                        word(reached),
                        figures.per_second
                    );
                    measured.push((call, reached, in_flight, figures));
                }
            }
        }
    }
    for side in sides {
        side.end().await;
    }
    let loads = loads(&measured).context("a measurement is missing")?;
    let (seconds, warm_up) = (plan.seconds.as_secs_f64(), plan.warm_up.as_secs_f64());
    Ok(Wire { machine, seconds, warm_up, rounds: plan.rounds, loads })
}

const fn word(reached: Reached) -> &'static str {
    match reached {
        Reached::Linked => "linked",
        Reached::Loopback => "loopback",
    }
}

/// The rounds of each measurement, as one.
fn loads(measured: &[(Call, Reached, usize, Measured)]) -> Option<Vec<LoadFigures>> {
    let mut loads = Vec::new();
    for call in CALLS {
        for reached in [Reached::Linked, Reached::Loopback] {
            for in_flight in IN_FLIGHT {
                let rounds = || measured.iter().filter(move |(c, r, n, _)| (*c, *r, *n) == (call, reached, in_flight));
                loads.push(LoadFigures {
                    call,
                    reached,
                    in_flight,
                    per_second: Spread::of(rounds().map(|(.., figures)| figures.per_second))?,
                    p50_us: Spread::of(rounds().map(|(.., figures)| figures.p50_us))?,
                    p99_us: Spread::of(rounds().map(|(.., figures)| figures.p99_us))?,
                });
            }
        }
    }
    Some(loads)
}
