//! What becomes of costs when more is stored: they should grow with the work that is asked for, and with nothing else.
//!
//! * [`views`]: what people look at, among a thousand to a million users and events ([`people`], [`filled`]).
//! * [`filled`]: how fast followers take over what their owners can commit.
//! * [`opening`]: starting a service on a million rows.
//! * [`crowd`]: events with up to ten thousand invitees, and what others feel of them. With it, the services' memory.

mod crowd;
mod doing;
pub(crate) mod figures;
mod filled;
mod memory;
pub(crate) mod opening;
mod people;
pub(crate) mod tables;
mod views;

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::machine::Machine;
use figures::{Growth, SizedFollowing};
use filled::Filled;
use views::Looking;

/// Users, and events.
const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
const ROUNDS: usize = 20;
const QUERIES: usize = 50;
const CROWDS: [usize; 3] = [1, 1_000, 10_000];

/// The most that a view may cost among many, beside the least.
pub(crate) const VIEW: f64 = 1.5;
/// The most that a start may take, beside opening the files.
pub(crate) const START: f64 = 2.0;
/// The least that a follower takes over, beside what its owner can commit.
pub(crate) const FOLLOWING: f64 = 0.5;
/// The most that others' p99 may grow while a crowd is invited.
pub(crate) const OTHERS: f64 = 2.0;
/// The most memory of five idle services, in bytes.
const IDLE: u64 = 150_000_000;

/// Measures sizes up to `most_rows`, and crowds in so many rounds, with databases below `data`.
///
/// # Errors
/// If a service cannot be started, a call fails, or a view shows something else than is stored.
pub(crate) async fn measure(most_rows: u64, crowd_rounds: u32, data: &Path, machine: Machine) -> Result<Growth> {
    let (mut sizes, mut following) = (Vec::new(), Vec::new());
    for rows in SIZES.into_iter().filter(|rows| *rows <= most_rows) {
        let filled = Filled::with(rows, data).await.with_context(|| format!("{rows} users and events"))?;
        let database_bytes = filled.database_bytes();
        following.push(SizedFollowing { rows, following: filled.following.clone(), database_bytes });
        sizes.push(filled);
    }
    let views = {
        let mut looking = Vec::new();
        for size in &sizes {
            looking.push(Looking::at(size).await?);
        }
        views::measure(&looking, ROUNDS, QUERIES).await?
    };
    for view in &views {
        eprintln!("{:?} among {}: {} µs, {}×", view.view, view.rows, view.p50_us.median, view.beside_smallest.median);
    }
    let largest = sizes.pop().context("no size is that small")?;
    for smaller in sizes {
        smaller.stop().await;
    }
    let (people, folder) = largest.stop().await;
    let opening = opening::measure(folder.path(), people.number).await.context("starting on a large database")?;
    drop(folder);
    let (crowds, memory) = crowd::measure(&CROWDS, crowd_rounds, data).await.context("crowds")?;
    for crowd in &crowds {
        eprintln!(
            "{} invitees: made in {} ms, cancelled in {} ms; others' p99 {} µs before, {} µs meanwhile",
            crowd.invitees,
            crowd.made_ms.median,
            crowd.cancelled_ms.median,
            crowd.before_p99_us.median,
            crowd.meanwhile_p99_us.median
        );
    }
    Ok(Growth { machine, rounds: ROUNDS, queries: QUERIES, views, following, opening, memory, crowds })
}

/// Measures crowds in so many rounds, with databases below `data`; the tables of that.
///
/// # Errors
/// As [`measure`].
pub(crate) async fn crowds_alone(rounds: u32, data: &Path) -> Result<String> {
    let (crowds, memory) = crowd::measure(&CROWDS, rounds, data).await?;
    Ok(format!("{}\n{}", tables::crowds(&crowds), tables::memory(&memory)))
}

/// What was promised and does not hold.
pub(crate) fn broken_promises(growth: &Growth) -> Vec<String> {
    let views = growth.views.iter().filter(|view| view.beside_smallest.median > VIEW).map(|view| {
        format!(
            "{} costs among {} at most {VIEW} times what it costs among the fewest",
            tables::name(view.view),
            view.rows
        )
    });
    let opening = (growth.opening.beside_bare.median > START)
        .then(|| format!("a service starts within {START} times what opening its files takes"));
    let idle: u64 = growth.memory.iter().map(|memory| memory.idle_bytes).sum();
    let memory = (idle >= IDLE).then(|| "five idle services take less than 150 MB".to_owned());
    let largest = growth.following.last().into_iter().flat_map(|largest| &largest.following);
    let following = largest.filter(|one| one.taken_over_per_second < FOLLOWING * one.committed_per_second);
    let following =
        following.map(|one| format!("{} takes over at least half of what {} can commit", one.follower, one.owner));
    let crowds =
        growth.crowds.iter().filter(|crowd| crowd.beside_before.median > OTHERS).map(|crowd| {
            format!("others' p99 stays within {OTHERS} times while {} people are invited", crowd.invitees)
        });
    views.chain(opening).chain(memory).chain(following).chain(crowds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spread::Spread;

    #[test]
    fn a_promise_that_is_not_kept_is_named() {
        let kept = figures::sample();
        assert_eq!(broken_promises(&kept), Vec::<String>::new());
        let same = |median| Spread { median, min: median, max: median };
        let mut broken = kept;
        broken.views[1].beside_smallest = same(1.51);
        broken.opening.beside_bare = same(2.1);
        broken.memory[0].idle_bytes = 150_000_000;
        broken.following[0].following[0].taken_over_per_second = 24_999.0;
        broken.crowds[0].beside_before = same(2.01);
        let named = broken_promises(&broken);
        assert_eq!(named.len(), 5, "{named:?}");
        assert!(named[0].contains("inbox") && named[4].contains("10000"), "{named:?}");
    }
}
