//! The figures of `growth`, as they are committed.

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::spread::Spread;

/// What becomes of costs when more is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Growth {
    /// Where and when.
    pub(crate) machine: Machine,
    /// In how many rounds the sizes took turns.
    pub(crate) rounds: usize,
    /// How many queries of a view each size answered in a round.
    pub(crate) queries: usize,
    /// Each view at each size, the smallest first.
    pub(crate) views: Vec<ViewFigures>,
    /// How followers kept up, at each size.
    pub(crate) following: Vec<SizedFollowing>,
    /// Starting a service on the largest database.
    pub(crate) opening: OpeningFigures,
    /// The memory of the five services, each a process.
    pub(crate) memory: Vec<MemoryFigures>,
    /// Events with more and more invitees.
    pub(crate) crowds: Vec<CrowdFigures>,
}

/// What people look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum View {
    /// A page of the invitations that wait for an answer.
    Inbox,
    /// A page from the middle of an event's participants.
    Participants,
    /// A page of the public events from a day on.
    Public,
    /// A page of one's own events from a day on.
    Own,
    /// An event with its counts and the first of its participants.
    Event,
    /// The names that begin with a letter.
    Names,
}

impl View {
    pub(crate) const ALL: [Self; 6] =
        [Self::Inbox, Self::Participants, Self::Public, Self::Own, Self::Event, Self::Names];
}

/// One view at one size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ViewFigures {
    /// Which.
    pub(crate) view: View,
    /// How many users there are, and events, invitations of the viewer, participants of the event.
    pub(crate) rows: u64,
    /// How many items the answer has.
    pub(crate) items: usize,
    /// The median time of the query, in microseconds.
    pub(crate) p50_us: Spread,
    /// What 99 of 100 queries did not exceed, in microseconds.
    pub(crate) p99_us: Spread,
    /// The median beside that of the smallest size in the same round.
    pub(crate) beside_smallest: Spread,
}

/// How the followers kept up at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SizedFollowing {
    /// How many users and events there are.
    pub(crate) rows: u64,
    /// Each owner and follower.
    pub(crate) following: Vec<FollowingFigures>,
    /// What the three services' databases take on disk, in bytes.
    pub(crate) database_bytes: u64,
}

/// An owner that commits its records, and a follower that starts when all are there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FollowingFigures {
    /// Whose log it is.
    pub(crate) owner: String,
    /// Who follows it.
    pub(crate) follower: String,
    /// How many records it has.
    pub(crate) records: u64,
    /// How many the owner committed a second, two hundred a transaction.
    pub(crate) committed_per_second: f64,
    /// How many the follower took over a second.
    pub(crate) taken_over_per_second: f64,
}

/// Starting the events service on the largest database, beside opening the same files and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpeningFigures {
    /// How many users and events are in it.
    pub(crate) rows: u64,
    /// The database, in bytes.
    pub(crate) database_bytes: u64,
    /// How long the engine takes to open the files, in milliseconds.
    pub(crate) bare_ms: Spread,
    /// How long it is from the start of the service's process until it says that it is ready, in milliseconds.
    pub(crate) ready_ms: Spread,
    /// The latter beside the former, in the same round.
    pub(crate) beside_bare: Spread,
    /// The process's memory when it was ready, in bytes.
    pub(crate) memory_bytes: Spread,
}

/// The memory of one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MemoryFigures {
    /// Which.
    pub(crate) service: String,
    /// When nobody has asked for anything yet, in bytes.
    pub(crate) idle_bytes: u64,
    /// The most of it by the end of the crowds, in bytes.
    pub(crate) loaded_bytes: u64,
}

/// An event with so many invitees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CrowdFigures {
    /// How many are invited.
    pub(crate) invitees: usize,
    /// How long it took until the event was made, all were invited and everyone's calendar knew, in milliseconds.
    pub(crate) made_ms: Spread,
    /// How long it took until it was cancelled and everyone's calendar knew, in milliseconds.
    pub(crate) cancelled_ms: Spread,
    /// What 99 of 100 calls of other users did not exceed before, in microseconds.
    pub(crate) before_p99_us: Spread,
    /// The same meanwhile.
    pub(crate) meanwhile_p99_us: Spread,
    /// The latter beside the former, in the same round.
    pub(crate) beside_before: Spread,
    /// By how much the memory of all five grew at most meanwhile, in bytes.
    pub(crate) grew_bytes: Spread,
}

/// A ratio of several rounds, to a hundredth; `None` if there were none.
pub(super) fn ratio(rounds: impl IntoIterator<Item = f64>) -> Option<Spread> {
    let Spread { median, min, max } = Spread::exactly(rounds)?;
    let hundredth = |figure: f64| (figure * 100.0).round() / 100.0;
    Some(Spread { median: hundredth(median), min: hundredth(min), max: hundredth(max) })
}

#[cfg(test)]
pub(crate) fn sample() -> Growth {
    let same = |median| Spread { median, min: median, max: median };
    let view = |view, rows, p50: f64, ratio| ViewFigures {
        view,
        rows,
        items: 50,
        p50_us: same(p50),
        p99_us: same(2.0 * p50),
        beside_smallest: same(ratio),
    };
    let both = |one| [view(one, 1_000, 100.0, 1.0), view(one, 1_000_000, 120.0, 1.2)];
    Growth {
        machine: crate::results::tests::machine(),
        rounds: 20,
        queries: 50,
        views: View::ALL.into_iter().flat_map(both).collect(),
        following: vec![SizedFollowing {
            rows: 1_000_000,
            following: vec![FollowingFigures {
                owner: "auth".to_owned(),
                follower: "events".to_owned(),
                records: 1_000_000,
                committed_per_second: 50_000.0,
                taken_over_per_second: 40_000.0,
            }],
            database_bytes: 4_000_000_000,
        }],
        opening: OpeningFigures {
            rows: 1_000_000,
            database_bytes: 2_000_000_000,
            bare_ms: same(400.0),
            ready_ms: same(500.0),
            beside_bare: same(1.25),
            memory_bytes: same(90e6),
        },
        memory: vec![MemoryFigures { service: "auth".to_owned(), idle_bytes: 12_000_000, loaded_bytes: 50_000_000 }],
        crowds: vec![CrowdFigures {
            invitees: 10_000,
            made_ms: same(3_000.0),
            cancelled_ms: same(1_000.0),
            before_p99_us: same(5_000.0),
            meanwhile_p99_us: same(8_000.0),
            beside_before: same(1.6),
            grew_bytes: same(20e6),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_told_to_a_hundredth() {
        assert_eq!(ratio([1.254, 1.0, 2.5]), Some(Spread { median: 1.25, min: 1.0, max: 2.5 }));
        assert_eq!(ratio([]), None);
    }
}
