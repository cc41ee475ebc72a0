//! The figures of `peers` as they are kept, and what was promised of them.
//!
//! Every pair of measurements is kept as it was, so that whoever doubts a ratio can work it out anew.

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::spread::Spread;

/// The figures of `peers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Peers {
    /// Where and when.
    pub(crate) machine: Machine,
    /// How long each measurement lasted, in seconds.
    pub(crate) seconds: f64,
    /// How long the load ran before it, in seconds.
    pub(crate) warm_up: f64,
    /// The credential that a call of ours carries, in bytes.
    pub(crate) our_credential_bytes: usize,
    /// And a call of anybody else's.
    pub(crate) their_credential_bytes: usize,
    /// A call within one process, through all layers of both sides, in nanoseconds.
    pub(crate) layered_ns: Spread,
    /// The same call of the service itself, in nanoseconds.
    pub(crate) bare_ns: Spread,
    /// Ours beside each of the others.
    pub(crate) beside: Vec<Beside>,
}

/// What carries calls besides Convene's own wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Peer {
    /// gRPC: tonic with prost over HTTP/2.
    Tonic,
    /// tarpc with bincode over TCP.
    Tarpc,
    /// hyper, HTTP/1.1, with bodies.
    Http1,
    /// hyper, HTTP/2, with bodies.
    Http2,
    /// Length-delimited frames over TCP, pipelined: no multiplexing, no calls, the ceiling.
    Raw,
}

impl Peer {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 5] = [Self::Tonic, Self::Tarpc, Self::Http2, Self::Http1, Self::Raw];

    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tonic => "tonic",
            Self::Tarpc => "tarpc",
            Self::Http1 => "hyper HTTP/1.1",
            Self::Http2 => "hyper HTTP/2",
            Self::Raw => "raw TCP pipeline",
        }
    }
}

/// Ours and one other, under the same load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Beside {
    /// The other.
    pub(crate) peer: Peer,
    /// How long the handler works, in microseconds.
    pub(crate) work_us: u32,
    /// How many calls are under way at a time.
    pub(crate) in_flight: usize,
    /// On how many connections of ours.
    pub(crate) our_connections: usize,
    /// On how many of theirs.
    pub(crate) their_connections: usize,
    /// Measured in turns: ours, theirs, ours, theirs …
    pub(crate) pairs: Vec<Pair>,
}

/// Two measurements, one right after the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pair {
    /// Convene's.
    pub(crate) ours: Sample,
    /// The other's.
    pub(crate) theirs: Sample,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// Answers a second.
    pub(crate) per_second: f64,
    /// The median time to an answer, in microseconds.
    pub(crate) p50_us: f64,
    /// What 99 of 100 answers did not exceed, in microseconds.
    pub(crate) p99_us: f64,
}

/// Ours and theirs under one load, whatever the number of connections, each at its best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Best<'b> {
    /// Where ours is fastest.
    pub(crate) ours: &'b Beside,
    /// Where theirs is.
    pub(crate) theirs: &'b Beside,
}

impl Beside {
    /// One figure of ours over the pairs.
    pub(crate) fn ours(&self, figure: impl Fn(&Sample) -> f64) -> Spread {
        spread(self.pairs.iter().map(|pair| figure(&pair.ours)))
    }

    /// One figure of theirs over the pairs.
    pub(crate) fn theirs(&self, figure: impl Fn(&Sample) -> f64) -> Spread {
        spread(self.pairs.iter().map(|pair| figure(&pair.theirs)))
    }

    /// How many times their answers a second ours are, pair by pair.
    pub(crate) fn ratio(&self) -> Spread {
        spread(self.pairs.iter().map(|pair| pair.ours.per_second / pair.theirs.per_second))
    }
}

impl Best<'_> {
    /// How many times their answers a second ours are, round by round.
    pub(crate) fn ratio(&self) -> Spread {
        let rounds = self.ours.pairs.iter().zip(&self.theirs.pairs);
        spread(rounds.map(|(ours, theirs)| ours.ours.per_second / theirs.theirs.per_second))
    }
}

impl Peers {
    /// What was measured of one load, with every number of connections.
    pub(crate) fn of(&self, peer: Peer, work_us: u32, in_flight: usize) -> impl Iterator<Item = &Beside> {
        let wanted = move |row: &&Beside| (row.peer, row.work_us, row.in_flight) == (peer, work_us, in_flight);
        self.beside.iter().filter(wanted)
    }

    /// Each at its best under one load, by the median.
    pub(crate) fn best(&self, peer: Peer, work_us: u32, in_flight: usize) -> Option<Best<'_>> {
        let rate = |sample: &Sample| sample.per_second;
        let ours = self
            .of(peer, work_us, in_flight)
            .max_by(|one, other| f64::total_cmp(&one.ours(rate).median, &other.ours(rate).median))?;
        let theirs = self
            .of(peer, work_us, in_flight)
            .max_by(|one, other| f64::total_cmp(&one.theirs(rate).median, &other.theirs(rate).median))?;
        Some(Best { ours, theirs })
    }

    /// How many times a peer's answers a second ours are promised to be, with so many calls in flight and a handler that answers at
    /// once, on as many connections; of raw TCP one connection is meant, and ours at its best.
    pub(crate) const fn promised(peer: Peer, in_flight: usize) -> Option<f64> {
        match (peer, in_flight) {
            (Peer::Tonic | Peer::Tarpc, 1) => Some(1.0),
            (Peer::Tonic, 64) => Some(4.0),
            (Peer::Tonic, 512) => Some(8.0),
            (Peer::Tarpc, 64) => Some(2.0),
            (Peer::Tarpc, 512) => Some(3.0),
            (Peer::Raw, 64) => Some(0.5),
            _ => None,
        }
    }

    /// What was promised and does not hold, going by medians. What was not measured is not judged.
    pub(crate) fn broken_promises(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let even = self.beside.iter().filter(|row| row.work_us == 0 && row.our_connections == row.their_connections);
        for row in even.filter(|row| row.peer != Peer::Raw) {
            let Some(times) = Self::promised(row.peer, row.in_flight) else { continue };
            let found = row.ratio().median;
            if found < times {
                broken.push(format!(
                    "with {} in flight on {}, ours is {times} times {} (it is {found:.2} times)",
                    row.in_flight,
                    connections(row.our_connections),
                    row.peer.name()
                ));
            }
        }
        let one = self.of(Peer::Raw, 0, 64).find(|row| row.their_connections == 1);
        if let (Some(best), Some(one)) = (self.best(Peer::Raw, 0, 64), one) {
            let found = Best { ours: best.ours, theirs: one }.ratio().median;
            if Self::promised(Peer::Raw, 64).is_some_and(|half| found < half) {
                broken.push(format!(
                    "with 64 in flight, ours at its best is half of one raw pipelined connection (it is {found:.2})"
                ));
            }
        }
        if self.layered_ns.median >= 2_000.0 {
            let found = self.layered_ns.median;
            broken.push(format!("in one process a call through all layers takes less than 2 µs (it takes {found} ns)"));
        }
        broken
    }
}

/// `1 connection`, `4 connections`.
pub(crate) fn connections(number: usize) -> String {
    format!("{number} connection{}", if number == 1 { "" } else { "s" })
}

fn spread(rounds: impl IntoIterator<Item = f64>) -> Spread {
    Spread::exactly(rounds).unwrap_or(Spread { median: 0.0, min: 0.0, max: 0.0 })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::results::tests::machine;
    use crate::spread::tenths;

    /// Ours at so many times theirs, which is 100,000 a second.
    pub(crate) fn beside(peer: Peer, in_flight: usize, connections: usize, times: f64) -> Beside {
        let sample = |per_second: f64| Sample {
            per_second: per_second.round(),
            p50_us: tenths(1e6 / per_second),
            p99_us: tenths(3e6 / per_second),
        };
        let pairs = [0.9, 1.0, 1.1].map(|luck| Pair { ours: sample(1e5 * times * luck), theirs: sample(1e5) });
        Beside {
            peer,
            work_us: 0,
            in_flight,
            our_connections: connections,
            their_connections: connections,
            pairs: pairs.to_vec(),
        }
    }

    pub(crate) fn sample() -> Peers {
        Peers {
            machine: machine(),
            seconds: 1.0,
            warm_up: 0.3,
            our_credential_bytes: 400,
            their_credential_bytes: 150,
            layered_ns: Spread { median: 1_500.0, min: 1_400.0, max: 1_600.0 },
            bare_ns: Spread { median: 100.0, min: 90.0, max: 110.0 },
            beside: vec![
                beside(Peer::Tonic, 64, 1, 5.0),
                beside(Peer::Tonic, 64, 4, 4.5),
                beside(Peer::Raw, 64, 1, 0.4),
                beside(Peer::Raw, 64, 4, 0.6),
            ],
        }
    }

    #[test]
    fn the_best_of_each_is_found_whatever_its_number_of_connections() {
        let mut peers = sample();
        peers.beside[1].pairs.iter_mut().for_each(|pair| pair.theirs.per_second *= 2.0);
        let best = peers.best(Peer::Tonic, 0, 64).unwrap();
        assert_eq!((best.ours.our_connections, best.theirs.their_connections), (1, 4));
        assert_eq!(best.ratio(), Spread { median: 2.5, min: 2.25, max: 2.75 });
        assert_eq!(peers.best(Peer::Tonic, 20, 64), None);
    }

    #[test]
    fn a_promise_that_is_not_kept_is_named() {
        assert_eq!(sample().broken_promises(), Vec::<String>::new());
        let mut slow = sample();
        slow.beside[1] = beside(Peer::Tonic, 64, 4, 3.9);
        slow.beside[3] = beside(Peer::Raw, 64, 4, 0.45);
        slow.layered_ns.median = 2_000.0;
        let broken = slow.broken_promises();
        assert_eq!(broken.len(), 3, "{broken:?}");
        assert!(broken[0].contains("64 in flight on 4 connections, ours is 4 times tonic (it is 3.90"), "{broken:?}");
        assert!(broken[1].contains("half of one raw pipelined connection (it is 0.45)"), "{broken:?}");
        assert!(broken[2].contains("2 µs (it takes 2000 ns)"), "{broken:?}");
    }
}
