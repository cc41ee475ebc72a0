//! The figures of `starts`, as they are committed.

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::spread::Spread;

/// How soon the terminal client is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Starts {
    /// Where and when.
    pub(crate) machine: Machine,
    /// How often each was started.
    pub(crate) rounds: usize,
    /// The terminal's width.
    pub(crate) columns: u16,
    /// The terminal's height.
    pub(crate) rows: u16,
    /// How many events lie in the month that is shown.
    pub(crate) in_month: u32,
    /// How many others are in the large calendar.
    pub(crate) besides: u32,
    /// The starts.
    pub(crate) starts: Vec<StartFigures>,
}

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Started {
    /// The program, which says its version and ends: what starting costs at least.
    Version,
    /// The client of someone with a full month and nothing else.
    Month,
    /// The client of someone with as full a month in a large calendar.
    Much,
}

impl Started {
    pub(crate) const ALL: [Self; 3] = [Self::Version, Self::Month, Self::Much];
}

/// One kind of start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StartFigures {
    /// Which.
    pub(crate) started: Started,
    /// From the start of the process until its first frame was there, or until it had ended, in milliseconds.
    pub(crate) first_frame_ms: Spread,
    /// Until a frame showed the month's events.
    pub(crate) month_ms: Option<Spread>,
    /// That, beside the start with a full month and nothing else in the same round.
    pub(crate) beside_a_month: Option<Spread>,
}

#[cfg(test)]
pub(crate) fn sample() -> Starts {
    let same = |median| Spread { median, min: median, max: median };
    let client = |started, month| StartFigures {
        started,
        first_frame_ms: same(20.0),
        month_ms: Some(same(month)),
        beside_a_month: Some(same(month / 30.0)),
    };
    Starts {
        machine: crate::results::tests::machine(),
        rounds: 15,
        columns: 120,
        rows: 40,
        in_month: 200,
        besides: 100_000,
        starts: vec![
            StartFigures { started: Started::Version, first_frame_ms: same(3.0), month_ms: None, beside_a_month: None },
            client(Started::Month, 30.0),
            client(Started::Much, 33.0),
        ],
    }
}
