//! The figures, as they are committed: `benches/results.json`. The only source of the tables in REPORT.md.
//!
//! Each part carries the circumstances under which it was measured, because parts may be measured on different days.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::disk::figures::Disk;
use crate::machine::Machine;
use crate::spread::Spread;

/// All figures. A part that was never measured is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Results {
    /// Requests a second, and how soon answers come.
    pub(crate) wire: Option<Wire>,
    /// Our wire beside what else could carry its calls.
    pub(crate) peers: Option<crate::peers::figures::Peers>,
    /// Durable commands a second, beside PostgreSQL and SQLite.
    pub(crate) disk: Option<Disk>,
    /// What a month of a full calendar costs.
    pub(crate) month: Option<Month>,
    /// What a month costs in a calendar with much that recurs.
    pub(crate) recurring: Option<Recurring>,
    /// What becomes of costs when more is stored.
    pub(crate) growth: Option<crate::growth::figures::Growth>,
    /// What becomes of a service that is asked for more than it can do.
    pub(crate) overload: Option<Overload>,
    /// What a frame of the terminal client costs.
    pub(crate) frames: Option<Frames>,
    /// How soon the terminal client is there.
    pub(crate) starts: Option<crate::starts::figures::Starts>,
}

/// The figures of `wire`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wire {
    /// Where and when.
    pub(crate) machine: Machine,
    /// How long each measurement lasted, in seconds.
    pub(crate) seconds: f64,
    /// How long the load ran before it, in seconds.
    pub(crate) warm_up: f64,
    /// How often each was made.
    pub(crate) rounds: u32,
    /// The measurements.
    pub(crate) loads: Vec<LoadFigures>,
}

/// Which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Call {
    /// A query: auth's `whoami`.
    Whoami,
    /// A command: invitations' `respond`, durable when it answers.
    Respond,
    /// That command, and then the month of one's calendar, which shows it.
    Journey,
}

/// How the services are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reached {
    /// In this process.
    Linked,
    /// Five processes, over sockets on this machine.
    Loopback,
}

/// One call, one way, one number of callers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoadFigures {
    /// What was called.
    pub(crate) call: Call,
    /// How.
    pub(crate) reached: Reached,
    /// How many callers, each with one call under way at a time.
    pub(crate) in_flight: usize,
    /// Answers a second.
    pub(crate) per_second: Spread,
    /// The median time to an answer, in microseconds.
    pub(crate) p50_us: Spread,
    /// What 99 of 100 answers did not exceed, in microseconds.
    pub(crate) p99_us: Spread,
}

/// The figures of `month`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Month {
    /// Where and when.
    pub(crate) machine: Machine,
    /// How many events lie in the month asked for, whatever the calendar holds besides.
    pub(crate) in_month: u64,
    /// How many queries were timed for each calendar.
    pub(crate) queries: usize,
    /// One for each size, the smallest first.
    pub(crate) calendars: Vec<CalendarFigures>,
}

/// One size of calendar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CalendarFigures {
    /// How many events are in the calendar.
    pub(crate) events: u64,
    /// The encoded answer to "my month", in bytes.
    pub(crate) answer_bytes: usize,
    /// The median time of the query, in microseconds.
    pub(crate) p50_us: f64,
    /// What 99 of 100 queries did not exceed, in microseconds.
    pub(crate) p99_us: f64,
    /// The service's database on disk, in bytes.
    pub(crate) database_bytes: u64,
    /// How many records of the four logs were taken over.
    pub(crate) changes: u64,
    /// How long that took, in seconds.
    pub(crate) catch_up_seconds: f64,
}

/// The figures of `recurring`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recurring {
    /// Where and when.
    pub(crate) machine: Machine,
    /// How many series the full calendar holds.
    pub(crate) series: u64,
    /// And how many single events.
    pub(crate) singles: u64,
    /// How many entries the month shows, in both calendars.
    pub(crate) in_month: usize,
    /// In how many pages.
    pub(crate) pages: usize,
    /// How often each was timed.
    pub(crate) rounds: usize,
    /// The full calendar.
    pub(crate) full: RecurringFigures,
    /// The calendar of what the month shows, as single events, and nothing else.
    pub(crate) alone: RecurringFigures,
}

/// One of two calendars that show the same month.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecurringFigures {
    /// The median time of the whole month when nothing that was worked out before is kept, in microseconds.
    pub(crate) new_p50_us: f64,
    /// The median time of the whole month right after something that recurs has changed, in microseconds.
    pub(crate) first_p50_us: f64,
    /// What 99 of 100 did not exceed then.
    pub(crate) first_p99_us: f64,
    /// The median time of the whole month once more, in microseconds.
    pub(crate) again_p50_us: f64,
    /// What 99 of 100 did not exceed then.
    pub(crate) again_p99_us: f64,
    /// The service's database on disk, in bytes.
    pub(crate) database_bytes: u64,
    /// How many records of the four logs were taken over.
    pub(crate) changes: u64,
}

/// The figures of `overload`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Overload {
    /// Where and when.
    pub(crate) machine: Machine,
    /// How long each load lasted, in seconds.
    pub(crate) seconds: f64,
    /// How often each was made.
    pub(crate) rounds: u32,
    /// How long the service's work takes, in milliseconds.
    pub(crate) takes_ms: f64,
    /// At how many calls it works.
    pub(crate) places: usize,
    /// How long a call may wait for a place, in milliseconds.
    pub(crate) max_wait_ms: f64,
    /// How many calls a second it can answer.
    pub(crate) capacity: Spread,
    /// The loads, in the order in which they were made.
    pub(crate) loads: Vec<OverloadFigures>,
}

/// How much is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rate {
    /// Half of what the service can do.
    Half,
    /// Five times that.
    FiveTimes,
    /// Half, right after that.
    HalfAgain,
}

/// One load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OverloadFigures {
    /// How much is asked for.
    pub(crate) rate: Rate,
    /// Calls a second.
    pub(crate) asked_per_second: Spread,
    /// Those that were answered.
    pub(crate) answered_per_second: Spread,
    /// The median time to an answer, in microseconds.
    pub(crate) p50_us: Spread,
    /// What 99 of 100 answers did not exceed, in microseconds.
    pub(crate) p99_us: Spread,
    /// The same of refusals, if there were any.
    pub(crate) refused_p99_us: Option<Spread>,
    /// How many of a hundred were refused.
    pub(crate) refused_percent: Spread,
    /// The most memory that the service had, in bytes.
    pub(crate) memory_bytes: Spread,
}

/// The figures of `frames`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frames {
    /// Where and when.
    pub(crate) machine: Machine,
    /// The screen's width.
    pub(crate) columns: u16,
    /// The screen's height.
    pub(crate) rows: u16,
    /// How many frames were drawn of each scene.
    pub(crate) frames: usize,
    /// The scenes.
    pub(crate) scenes: Vec<FrameFigures>,
}

/// What is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scene {
    /// A month of my calendar.
    Month,
    /// The agenda of my calendar.
    Agenda,
    /// An event and who comes to it, scrolled to the end.
    Participants,
}

/// One screen with so much behind it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FrameFigures {
    /// Which.
    pub(crate) scene: Scene,
    /// How many events are in its month, or people in its list.
    pub(crate) items: u64,
    /// What one frame allocates, in pieces; the mean, without fractions.
    pub(crate) allocations: u64,
    /// The same in bytes.
    pub(crate) allocated_bytes: u64,
    /// The median time to draw a frame, in microseconds.
    pub(crate) frame_p50_us: f64,
    /// What 99 of 100 frames did not exceed, in microseconds.
    pub(crate) frame_p99_us: f64,
    /// The median time from a key to the end of the frame that shows its effect, in microseconds.
    pub(crate) key_p50_us: f64,
    /// What 99 of 100 keys did not exceed, in microseconds.
    pub(crate) key_p99_us: f64,
}

impl Results {
    /// Those in the file at `path`.
    ///
    /// # Errors
    /// If there is no such file, or it holds something else.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| {
            format!("no figures in {}: measure first (cargo run --release -p convene-benches -- all)", path.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} does not hold figures", path.display()))
    }

    /// Those in the file at `path`; none if there is no such file.
    ///
    /// # Errors
    /// If it holds something else.
    pub(crate) fn load_or_default(path: &Path) -> Result<Self> {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            _ => Self::load(path),
        }
    }

    /// Writes them to the file at `path`.
    ///
    /// # Errors
    /// What the system refuses.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn machine() -> Machine {
        Machine {
            date: "2027-03-10".to_owned(),
            commit: "0123456789ab".to_owned(),
            cores: 2,
            kernel: "6.18.44".to_owned(),
            rustc: "1.95.0".to_owned(),
            build: "release".to_owned(),
            file_system: "ext4".to_owned(),
            synced_write_us: 1_234.5,
        }
    }

    pub(crate) fn sample() -> Results {
        let load = |call, reached, in_flight, per_second: f64| LoadFigures {
            call,
            reached,
            in_flight,
            per_second: Spread { median: per_second, min: per_second - 50.0, max: per_second + 50.0 },
            p50_us: Spread { median: 8.5, min: 8.0, max: 9.9 },
            p99_us: Spread { median: 1_500.0, min: 999.9, max: 2_000.4 },
        };
        let calendar = |events, answer_bytes, p50_us| CalendarFigures {
            events,
            answer_bytes,
            p50_us,
            p99_us: 2.0 * p50_us,
            database_bytes: 600_000 + 900 * events,
            changes: events + events / 2 + 2,
            catch_up_seconds: 0.5,
        };
        let same = |median| Spread { median, min: median, max: median };
        let asked = |rate, times: f64, p99_us, refused_percent| OverloadFigures {
            rate,
            asked_per_second: same(1_600.0 * times),
            answered_per_second: same(1_600.0 * times.min(1.0)),
            p50_us: same(5_200.0),
            p99_us: same(p99_us),
            refused_p99_us: (refused_percent > 0.0).then(|| same(400.0)),
            refused_percent: same(refused_percent),
            memory_bytes: same(12e6),
        };
        let frame = |scene, items, allocations, frame_p50_us: f64| FrameFigures {
            scene,
            items,
            allocations,
            allocated_bytes: 64 * allocations,
            frame_p50_us,
            frame_p99_us: 2.0 * frame_p50_us,
            key_p50_us: frame_p50_us + 20.0,
            key_p99_us: 2.0 * frame_p50_us + 40.0,
        };
        let recurring = |p50, database_bytes| RecurringFigures {
            new_p50_us: 1.1 * p50,
            first_p50_us: p50,
            first_p99_us: 2.0 * p50,
            again_p50_us: p50 / 1.25,
            again_p99_us: 2.0 * p50 / 1.25,
            database_bytes,
            changes: 1_000,
        };
        Results {
            frames: Some(Frames {
                machine: machine(),
                columns: 120,
                rows: 40,
                frames: 2_000,
                scenes: vec![
                    frame(Scene::Month, 10, 1_000, 300.0),
                    frame(Scene::Month, 1_000, 1_500, 450.0),
                    frame(Scene::Participants, 100, 700, 200.0),
                    frame(Scene::Participants, 100_000, 700, 201.0),
                ],
            }),
            overload: Some(Overload {
                machine: machine(),
                seconds: 3.0,
                rounds: 5,
                takes_ms: 5.0,
                places: 8,
                max_wait_ms: 5.0,
                capacity: same(1_600.0),
                loads: vec![
                    asked(Rate::Half, 0.5, 6_000.0, 0.0),
                    asked(Rate::FiveTimes, 5.0, 12_000.0, 80.0),
                    asked(Rate::HalfAgain, 0.5, 6_000.0, 0.0),
                ],
            }),
            growth: Some(crate::growth::figures::sample()),
            starts: Some(crate::starts::figures::sample()),
            recurring: Some(Recurring {
                machine: machine(),
                series: 1_000,
                singles: 100_000,
                in_month: 900,
                pages: 5,
                rounds: 1_000,
                full: recurring(2_600.0, 100_000_000),
                alone: recurring(2_000.0, 1_000_000),
            }),
            peers: Some(crate::peers::figures::tests::sample()),
            disk: Some(crate::disk::figures::tests::sample()),
            wire: Some(Wire {
                machine: machine(),
                seconds: 3.0,
                warm_up: 1.0,
                rounds: 5,
                loads: vec![
                    load(Call::Whoami, Reached::Linked, 1, 123_456.7),
                    load(Call::Respond, Reached::Loopback, 512, 8_000.0),
                ],
            }),
            month: Some(Month {
                machine: machine(),
                in_month: 50,
                queries: 1_000,
                calendars: vec![calendar(100, 4_000, 100.0), calendar(1_000_000, 4_010, 120.0)],
            }),
        }
    }

    #[test]
    fn figures_come_back_from_the_file_as_they_were_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        assert_eq!(Results::load_or_default(&path).unwrap(), Results::default());
        sample().save(&path).unwrap();
        assert_eq!(Results::load(&path).unwrap(), sample());
    }

    #[test]
    fn without_figures_one_is_told_how_to_get_them() {
        let folder = tempfile::tempdir().unwrap();
        let error = Results::load(&folder.path().join("results.json")).unwrap_err();
        assert!(error.to_string().contains("-- all"), "{error:#}");
    }

    #[test]
    fn a_file_of_something_else_is_refused_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        fs::write(&path, r#"{"wires":null}"#).unwrap();
        assert!(Results::load_or_default(&path).is_err());
    }
}
