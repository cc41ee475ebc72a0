//! The figures of `disk`, as they are committed.

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::spread::Spread;

/// All of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Disk {
    /// Where and when.
    pub(crate) machine: Machine,
    /// How long each measurement lasted, in seconds.
    pub(crate) seconds: f64,
    /// How long the load ran before it, in seconds.
    pub(crate) warm_up: f64,
    /// How often each was made.
    pub(crate) rounds: u32,
    /// The version of PostgreSQL; `None` if it was left out.
    pub(crate) postgres: Option<String>,
    /// The version of SQLite; `None` if it was left out.
    pub(crate) sqlite: Option<String>,
    /// The measurements.
    pub(crate) loads: Vec<DiskFigures>,
    /// Ours beside each peer.
    pub(crate) ratios: Vec<Ratio>,
    /// The command, and then the calendar that shows it.
    pub(crate) journeys: Vec<JourneyFigures>,
}

/// Who carries out the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Contender {
    /// The services in the process of those who call.
    Linked,
    /// The services as five processes.
    Spawned,
    /// As `Linked`, with SQLite behind the storage seam.
    SqliteLinked,
    /// PostgreSQL as it comes, asked statement by statement.
    Postgres,
    /// PostgreSQL with settings for this work, asked statement by statement.
    PostgresTuned,
    /// The same, with the whole transaction in one call of a function.
    PostgresFunction,
}

impl Contender {
    /// All, in the order of the tables.
    pub(crate) const ALL: [Self; 6] =
        [Self::Linked, Self::Spawned, Self::SqliteLinked, Self::Postgres, Self::PostgresTuned, Self::PostgresFunction];
    /// Those that are Convene as it is installed.
    pub(crate) const OURS: [Self; 2] = [Self::Linked, Self::Spawned];

    /// What it is called.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Linked => "Convene, linked",
            Self::Spawned => "Convene, spawned",
            Self::SqliteLinked => "Convene, linked, on SQLite",
            Self::Postgres => "PostgreSQL",
            Self::PostgresTuned => "PostgreSQL, tuned",
            Self::PostgresFunction => "PostgreSQL, tuned, one call",
        }
    }
}

/// One contender and number of clients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DiskFigures {
    /// Who.
    pub(crate) contender: Contender,
    /// How many clients, each with one command under way at a time.
    pub(crate) clients: usize,
    /// Durable commands a second.
    pub(crate) per_second: Spread,
    /// The median time to an answer, in microseconds.
    pub(crate) p50_us: Spread,
    /// What 99 of 100 answers did not exceed, in microseconds.
    pub(crate) p99_us: Spread,
    /// What was written to the disk for each command, in bytes: of Convene by all five services, of PostgreSQL its log alone.
    pub(crate) bytes_a_command: Spread,
}

/// How many times as many commands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ratio {
    /// Who has more, if it is above 1.
    pub(crate) ours: Contender,
    /// Beside whom.
    pub(crate) peer: Contender,
    /// With how many clients.
    pub(crate) clients: usize,
    /// The ratios of the rounds.
    pub(crate) times: Spread,
}

/// The command and the calendar that shows it, one way and number of clients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct JourneyFigures {
    /// Who.
    pub(crate) contender: Contender,
    /// How many clients.
    pub(crate) clients: usize,
    /// Journeys a second.
    pub(crate) per_second: Spread,
    /// The median time of one, in microseconds.
    pub(crate) p50_us: Spread,
    /// What 99 of 100 did not exceed, in microseconds.
    pub(crate) p99_us: Spread,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> Disk {
        let same = |median| Spread { median, min: median, max: median };
        let load = |contender, per_second| DiskFigures {
            contender,
            clients: 64,
            per_second: same(per_second),
            p50_us: same(5_000.0),
            p99_us: same(12_000.0),
            bytes_a_command: same(2_345.0),
        };
        let journey = |contender, p50_us: f64| JourneyFigures {
            contender,
            clients: 1,
            per_second: same(1e6 / p50_us),
            p50_us: same(p50_us),
            p99_us: same(2.0 * p50_us),
        };
        Disk {
            machine: crate::results::tests::machine(),
            seconds: 3.0,
            warm_up: 1.0,
            rounds: 5,
            postgres: Some("15.13".to_owned()),
            sqlite: None,
            loads: vec![load(Contender::Linked, 12_000.0), load(Contender::Postgres, 3_000.0)],
            ratios: vec![Ratio {
                ours: Contender::Linked,
                peer: Contender::Postgres,
                clients: 64,
                times: Spread { median: 4.0, min: 3.5, max: 4.25 },
            }],
            journeys: vec![journey(Contender::Linked, 1_000.0), journey(Contender::Spawned, 1_500.0)],
        }
    }
}
