//! Durable commands: "answer an invitation" through the whole invitations service, beside PostgreSQL doing the same transaction and
//! beside the same service with SQLite behind its storage seam.
//!
//! All contenders stand ready from the beginning and take turns within each round, there and back again, so that a slow moment of the
//! machine meets all of them and each ratio is one of neighbours in time. What each does is in [`side`] and [`postgres`].

pub(crate) mod figures;
mod postgres;
mod side;
#[cfg(feature = "peers")]
mod sqlite;
pub(crate) mod table;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::machine::Machine;
use crate::results::Call;
use crate::spread::Spread;
use crate::wire::Plan;
use crate::wire::load::Measured;
use figures::{Contender, Disk, DiskFigures, JourneyFigures, Ratio};
use postgres::{Settings, Shape};
use side::Side;

/// Numbers of clients, each with one command under way at a time, unless others are asked for.
const CLIENTS: [usize; 4] = [1, 16, 64, 256];
/// With how many of them something is promised.
pub(crate) const PROMISED_AT: usize = 64;
/// The same for the journey.
const TRAVELLERS: [usize; 2] = [1, 64];

/// One measurement: who, how many clients, what came of it, and how many bytes went to the disk meanwhile.
struct Noted {
    contender: Contender,
    clients: usize,
    measured: Measured,
    bytes_a_command: f64,
}

/// Measures, with databases below `data`: of `contenders` and numbers of `clients` all that there are, if none are named. Peers that are
/// not there are left out, and it is said why.
///
/// # Errors
/// If the services or a peer that is there cannot be started, or a command fails: figures of failures would be worthless.
pub(crate) async fn measure(
    plan: &Plan,
    contenders: &[Contender],
    clients: &[usize],
    data: &Path,
    machine: Machine,
) -> Result<Disk> {
    let is_asked_for = |contender: Contender| contenders.is_empty() || contenders.contains(&contender);
    let all_clients: &[usize] = if clients.is_empty() { &CLIENTS } else { clients };
    let people = all_clients.iter().copied().chain(TRAVELLERS).max().unwrap_or(1);
    let sqlite = side::sqlite_version();
    if sqlite.is_none() && is_asked_for(Contender::SqliteLinked) {
        eprintln!("SQLite is left out: this program was built without it (--features peers).");
    }
    let mut sides = Vec::new();
    for contender in side::contenders().into_iter().filter(|contender| is_asked_for(*contender)) {
        eprintln!("{}: starting the services, making {people} people and as many events", contender.word());
        sides.push(Side::start(contender, data, people).await.with_context(|| contender.word())?);
    }
    let mut servers = Vec::new();
    let asked: Vec<(Settings, Vec<Shape>)> = [Settings::Default, Settings::Tuned]
        .into_iter()
        .map(|settings| {
            let shapes = settings.shapes().iter().copied().filter(|shape| is_asked_for(settings.doing(*shape)));
            (settings, shapes.collect())
        })
        .filter(|(_, shapes): &(_, Vec<Shape>)| !shapes.is_empty())
        .collect();
    let postgres = postgres::installed();
    match &postgres {
        _ if asked.is_empty() => {}
        Some(installed) => {
            for (settings, shapes) in asked {
                eprintln!("PostgreSQL {}: making a cluster, {settings:?} settings", installed.version);
                let server = postgres::Server::start(installed, settings, data, people)?;
                servers.push(Asked { settings, shapes, server });
            }
        }
        None => eprintln!(
            "PostgreSQL is left out: it is not installed (Debian: apt-get install postgresql postgresql-contrib)."
        ),
    }
    let mut noted = Vec::new();
    for round in 1..=plan.rounds {
        for &clients in all_clients {
            let mut turns = turns(&sides, &servers);
            if round % 2 == 0 {
                turns.reverse();
            }
            for turn in turns {
                let one = take(turn, &mut sides, &mut servers, clients, plan).await?;
                eprintln!(
                    "round {round} of {}: {}, {clients} clients: {:.0} commands/s, p99 {:.1} ms",
                    plan.rounds,
                    one.contender.word(),
                    one.measured.per_second,
                    one.measured.p99_us / 1e3
                );
                noted.push(one);
            }
        }
    }
    let journeys = journeys(&mut sides, plan).await?;
    for side in sides {
        side.end().await;
    }
    Ok(Disk {
        machine,
        seconds: plan.seconds.as_secs_f64(),
        warm_up: plan.warm_up.as_secs_f64(),
        rounds: plan.rounds,
        postgres: postgres.map(|installed| installed.version),
        sqlite,
        loads: loads(&noted),
        ratios: ratios(&noted),
        journeys,
    })
}

/// A server, and what it is asked for.
struct Asked {
    settings: Settings,
    shapes: Vec<Shape>,
    server: postgres::Server,
}

/// Whose turn it is: the place of a side, or of a server and what it is asked for.
#[derive(Clone, Copy)]
enum Turn {
    Side(usize),
    Server(usize, Shape),
}

/// Everyone once, ours apart from each other with peers between them.
fn turns(sides: &[Side], servers: &[Asked]) -> Vec<Turn> {
    let servers = servers.iter().enumerate();
    let mut peers: Vec<Turn> =
        servers.flat_map(|(place, asked)| asked.shapes.iter().map(move |shape| Turn::Server(place, *shape))).collect();
    let mut turns = Vec::new();
    for place in 0..sides.len() {
        turns.push(Turn::Side(place));
        if !peers.is_empty() {
            turns.push(peers.remove(0));
        }
    }
    turns.extend(peers);
    turns
}

async fn take(turn: Turn, sides: &mut [Side], servers: &mut [Asked], clients: usize, plan: &Plan) -> Result<Noted> {
    match turn {
        Turn::Side(place) => {
            let side = sides.get_mut(place).context("no such side")?;
            let contender = side.contender();
            let (measured, bytes_a_command) =
                side.measure(Call::Respond, clients, plan).await.context(contender.word())?;
            Ok(Noted { contender, clients, measured, bytes_a_command })
        }
        Turn::Server(place, shape) => {
            let Asked { settings, server, .. } = servers.get_mut(place).context("no such server")?;
            let contender = settings.doing(shape);
            let run = || server.measure(shape, clients, plan);
            let (measured, bytes_a_command) = tokio::task::block_in_place(run).context(contender.word())?;
            Ok(Noted { contender, clients, measured, bytes_a_command })
        }
    }
}

/// The numbers of clients, ascending.
fn clients_of(noted: &[Noted]) -> BTreeSet<usize> {
    noted.iter().map(|one| one.clients).collect()
}

/// The rounds of each measurement, as one.
fn loads(noted: &[Noted]) -> Vec<DiskFigures> {
    let mut loads = Vec::new();
    for contender in Contender::ALL {
        for clients in clients_of(noted) {
            let rounds = || noted.iter().filter(move |one| (one.contender, one.clients) == (contender, clients));
            let of = |figure: fn(&Noted) -> f64| Spread::of(rounds().map(figure));
            let spreads = (|| {
                Some(DiskFigures {
                    contender,
                    clients,
                    per_second: of(|one| one.measured.per_second)?,
                    p50_us: of(|one| one.measured.p50_us)?,
                    p99_us: of(|one| one.measured.p99_us)?,
                    bytes_a_command: of(|one| one.bytes_a_command)?,
                })
            })();
            loads.extend(spreads);
        }
    }
    loads
}

/// How many times as many commands ours carry out as each peer, round by round.
fn ratios(noted: &[Noted]) -> Vec<Ratio> {
    let of = |contender: Contender, clients: usize| -> Vec<f64> {
        let rounds = noted.iter().filter(|one| (one.contender, one.clients) == (contender, clients));
        rounds.map(|one| one.measured.per_second).collect()
    };
    let mut ratios = Vec::new();
    for ours in Contender::OURS {
        for peer in Contender::ALL.into_iter().filter(|peer| !Contender::OURS.contains(peer)) {
            for clients in clients_of(noted) {
                let (ours_of, peers) = (of(ours, clients), of(peer, clients));
                let pairs = ours_of.iter().zip(&peers).map(|(ours, peer)| ours / peer);
                if let Some(times) = Spread::exactly(pairs) {
                    ratios.push(Ratio { ours, peer, clients, times });
                }
            }
        }
    }
    ratios
}

/// "Answer an invitation, then look at the calendar", linked and spawned.
async fn journeys(sides: &mut [Side], plan: &Plan) -> Result<Vec<JourneyFigures>> {
    let mut noted: Vec<(Contender, usize, Measured)> = Vec::new();
    for round in 1..=plan.rounds {
        for clients in TRAVELLERS {
            for side in sides.iter_mut().filter(|side| Contender::OURS.contains(&side.contender())) {
                let contender = side.contender();
                let (measured, _) = side.measure(Call::Journey, clients, plan).await.context(contender.word())?;
                eprintln!(
                    "round {round} of {}: {}, {clients} clients: {:.0} journeys/s",
                    plan.rounds,
                    contender.word(),
                    measured.per_second
                );
                noted.push((contender, clients, measured));
            }
        }
    }
    let mut journeys = Vec::new();
    for clients in TRAVELLERS {
        for contender in Contender::OURS {
            let rounds = || noted.iter().filter(move |(who, many, _)| (*who, *many) == (contender, clients));
            let of = |figure: fn(&Measured) -> f64| Spread::of(rounds().map(|(.., measured)| figure(measured)));
            let (per_second, p50_us, p99_us) = (of(|of| of.per_second), of(|of| of.p50_us), of(|of| of.p99_us));
            if let (Some(per_second), Some(p50_us), Some(p99_us)) = (per_second, p50_us, p99_us) {
                journeys.push(JourneyFigures { contender, clients, per_second, p50_us, p99_us });
            }
        }
    }
    Ok(journeys)
}

/// How many times as many commands as `peer` ours are promised to be, linked, with [`PROMISED_AT`] clients.
pub(crate) const fn promised(peer: Contender) -> Option<f64> {
    match peer {
        Contender::Postgres | Contender::PostgresTuned => Some(3.0),
        Contender::SqliteLinked => Some(1.0),
        _ => None,
    }
}

/// What was promised of these figures and does not hold.
pub(crate) fn broken_promises(disk: &Disk) -> Vec<String> {
    const AT: usize = PROMISED_AT;
    let mut broken = Vec::new();
    for ratio in disk.ratios.iter().filter(|ratio| ratio.ours == Contender::Linked && ratio.clients == AT) {
        let Some(least) = promised(ratio.peer) else { continue };
        if ratio.times.median < least {
            let (times, peer) = (ratio.times.median, ratio.peer.word());
            broken.push(format!(
                "with {AT} clients at least {least:.0} times as many commands as {peer}; it is {times:.2}"
            ));
        }
    }
    for load in disk.loads.iter().filter(|load| Contender::OURS.contains(&load.contender) && load.clients == AT) {
        let tail = load.p99_us.median / load.p50_us.median;
        if tail >= 4.0 {
            broken.push(format!(
                "a p99 of less than 4 times the median, {}; it is {tail:.1} times",
                load.contender.word()
            ));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(contender: Contender, clients: usize, per_second: f64) -> Noted {
        let measured = Measured { per_second, p50_us: 1_000.0, p99_us: 2_500.0 };
        Noted { contender, clients, measured, bytes_a_command: 1_000.0 }
    }

    #[test]
    fn a_ratio_is_that_of_each_round_by_itself() {
        let rounds = [(300.0, 100.0), (500.0, 100.0), (800.0, 200.0)];
        let all: Vec<Noted> = rounds
            .into_iter()
            .flat_map(|(ours, peer)| [noted(Contender::Linked, 64, ours), noted(Contender::Postgres, 64, peer)])
            .collect();
        let ratios = ratios(&all);
        let [ratio] = ratios.as_slice() else { panic!("{ratios:?}") };
        assert_eq!((ratio.ours, ratio.peer, ratio.clients), (Contender::Linked, Contender::Postgres, 64));
        assert_eq!(ratio.times, Spread { median: 4.0, min: 3.0, max: 5.0 });
    }

    #[test]
    fn a_promise_that_is_not_kept_is_named_with_its_figure() {
        let all = |postgres| [noted(Contender::Linked, 64, 900.0), noted(Contender::Postgres, 64, postgres)];
        let disk = |noted: &[Noted]| Disk { loads: loads(noted), ratios: ratios(noted), ..figures::tests::sample() };
        assert_eq!(broken_promises(&disk(&all(300.0))), Vec::<String>::new());
        let broken = broken_promises(&disk(&all(600.0)));
        assert!(broken.len() == 1 && broken[0].contains("it is 1.50"), "{broken:?}");
        let mut slow = disk(&all(300.0));
        slow.loads[0].p99_us.median = 4_000.0;
        assert!(broken_promises(&slow)[0].contains("4.0 times"), "{slow:?}");
    }
}
