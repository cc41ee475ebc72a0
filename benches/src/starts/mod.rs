//! `starts`: how soon the terminal client is there: its first frame, and the first that shows one's month.
//!
//! The real program `convene` is started in a pseudo-terminal ([`terminal`]) against five processes over sockets on this machine, by people
//! who are signed in and whose calendars hold a full month, and a full month among a great many other events ([`calendars`]). Each kind of
//! start takes its turn in each round. What it costs to start the program at all is measured beside them.

mod calendars;
pub(crate) mod figures;
pub(crate) mod table;
mod terminal;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use transport::cluster::{Cluster, SpawnedOptions, programs};

use crate::machine::Machine;
use crate::spread::Spread;
use calendars::{Owner, THEIRS};
use figures::{StartFigures, Started, Starts};
use terminal::{Program, SIZE};

/// How often each is started, after one start that is not counted.
const ROUNDS: usize = 51;
/// Events in the month that is shown: as many as fill a screen.
const IN_MONTH: u32 = 200;
/// Events before and after it in the large calendar.
const BESIDES: u32 = 100_000;
/// The longest that followers may take to come to rest, and services to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures, with databases and profiles below `data`.
///
/// # Errors
/// If the services or the client cannot be started, or the client does not show what is in the calendar.
pub(crate) async fn measure(data: &Path, machine: Machine) -> Result<Starts> {
    let data = tempfile::Builder::new().prefix("convene-benches-").tempdir_in(data)?;
    let programs = tokio::task::spawn_blocking(programs::of_this_build).await?;
    let programs = programs.context("the programs of the services are needed (cargo build --release)")?;
    let folder = data.path().join("services");
    let options = SpawnedOptions { programs: Some(programs.clone()), ..SpawnedOptions::for_tests(&folder) };
    let cluster = Cluster::spawned(options).await?;
    let program = Program::at(programs.join("convene"), cluster.addresses(), data.path())?;
    for (owner, besides) in [(Owner::OfAMonth, 0), (Owner::OfMuch, BESIDES)] {
        eprintln!("starts: {} is given {IN_MONTH} events this month and {besides} besides", owner.name());
        owner.plans(cluster.clients(), IN_MONTH, besides).await?;
        program.signs_in(owner.name(), calendars::PASSWORD).await?;
    }
    cluster.caught_up(PATIENCE).await?;
    let starts = tokio::task::spawn_blocking(move || rounds(&program)).await??;
    cluster.shutdown(PATIENCE).await;
    let (columns, rows) = SIZE;
    Ok(Starts { machine, rounds: ROUNDS, columns, rows, in_month: IN_MONTH, besides: BESIDES, starts })
}

/// One start in milliseconds: until the first frame, and until that of the month.
type Times = (f64, Option<f64>);

fn rounds(program: &Program) -> Result<Vec<StartFigures>> {
    let mut measured: Vec<(Started, Times)> = Vec::new();
    for round in 0..=ROUNDS {
        for started in Started::ALL {
            let times = match started {
                Started::Version => (milliseconds(program.says_its_version()?), None),
                Started::Month => of_client(program, Owner::OfAMonth)?,
                Started::Much => of_client(program, Owner::OfMuch)?,
            };
            // In the first round nothing was read from the disk yet.
            if round > 0 {
                measured.push((started, times));
            }
        }
    }
    Started::ALL.into_iter().map(|started| figures(started, &measured).context("no rounds")).collect()
}

fn of_client(program: &Program, owner: Owner) -> Result<Times> {
    let (frame, month) =
        program.opens(owner.name(), THEIRS).with_context(|| format!("the client of {}", owner.name()))?;
    Ok((milliseconds(frame), Some(milliseconds(month))))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn figures(started: Started, measured: &[(Started, Times)]) -> Option<StartFigures> {
    let rounds = |of: Started| measured.iter().filter(move |(one, _)| *one == of).map(|(_, times)| *times);
    let months = || rounds(started).filter_map(|(_, month)| month);
    let of_a_month = rounds(Started::Month).filter_map(|(_, month)| month);
    let beside = months().zip(of_a_month).map(|(month, of_a_month)| month / of_a_month);
    Some(StartFigures {
        started,
        first_frame_ms: Spread::of(rounds(started).map(|(frame, _)| frame))?,
        month_ms: Spread::of(months()),
        beside_a_month: Spread::exactly(beside),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_stands_beside_the_one_of_its_own_round() {
        let measured = [
            (Started::Month, (10.0, Some(20.0))),
            (Started::Much, (10.0, Some(30.0))),
            (Started::Month, (12.0, Some(40.0))),
            (Started::Much, (12.0, Some(50.0))),
            (Started::Version, (2.0, None)),
        ];
        let much = figures(Started::Much, &measured).unwrap();
        assert_eq!(much.first_frame_ms, Spread { median: 11.0, min: 10.0, max: 12.0 });
        assert_eq!(much.beside_a_month, Some(Spread { median: 1.375, min: 1.25, max: 1.5 }));
        let version = figures(Started::Version, &measured).unwrap();
        assert_eq!((version.month_ms, version.beside_a_month), (None, None));
    }
}
