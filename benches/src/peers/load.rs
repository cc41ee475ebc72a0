//! A closed load: so many callers, each of whom calls again as soon as answered.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use super::figures::Sample;
use crate::latencies::Latencies;

/// How long a load runs, and how much of it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lasting {
    pub(super) warm_up: Duration,
    pub(super) seconds: Duration,
}

/// When answers count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    from: Instant,
    until: Instant,
}

/// Somebody who calls and waits for the answer.
pub(super) trait Caller: Send + 'static {
    /// One call.
    fn call(&mut self) -> impl Future<Output = Result<()>> + Send;
}

impl Stretch {
    pub(super) fn beginning_now(lasting: Lasting) -> Self {
        let from = Instant::now() + lasting.warm_up;
        Self { from, until: from + lasting.seconds }
    }

    /// Notes an answer that came now, if it counts; whether it was not the last.
    pub(super) fn note(self, asked: Instant, answered: Instant, latencies: &mut Latencies) -> bool {
        if answered >= self.until {
            return false;
        }
        if answered >= self.from {
            latencies.note(answered.duration_since(asked));
        }
        true
    }
}

/// Lets `callers` call for so long.
///
/// # Errors
/// The first failure of a call: figures of failures would be worthless.
pub(super) async fn closed<C: Caller>(callers: Vec<C>, lasting: Lasting) -> Result<Sample> {
    let stretch = Stretch::beginning_now(lasting);
    let mut calling = JoinSet::new();
    for mut caller in callers {
        calling.spawn(async move {
            let mut latencies = Latencies::default();
            loop {
                let asked = Instant::now();
                caller.call().await?;
                if !stretch.note(asked, Instant::now(), &mut latencies) {
                    return anyhow::Ok(latencies);
                }
            }
        });
    }
    gathered(calling, lasting).await
}

/// What those who call have noted, once all have ended.
///
/// # Errors
/// The first of theirs.
#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
pub(super) async fn gathered(mut calling: JoinSet<Result<Latencies>>, lasting: Lasting) -> Result<Sample> {
    let mut latencies = Latencies::default();
    while let Some(ended) = calling.join_next().await {
        latencies.merge(ended??);
    }
    let per_second = latencies.count() as f64 / lasting.seconds.as_secs_f64();
    let sorted = latencies.sorted();
    let micros = |percent| sorted.micros(percent).context("not one call was answered in time");
    Ok(Sample { per_second: per_second.round(), p50_us: micros(50)?, p99_us: micros(99)? })
}
