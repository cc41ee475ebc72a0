//! A closed load: so many callers, each of whom calls again as soon as they have their answer.
//!
//! A caller's clock starts when they want the answer. With several callers each then gives way to the others before calling, so that
//! waiting for a processor counts as it does when the answer comes from elsewhere: a linked call that never has to wait would
//! otherwise keep its processor to itself, and most of the callers that count as in flight would never get a turn.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::{JoinSet, yield_now};

use super::Plan;
use super::caller::Caller;
use crate::latencies::Latencies;
use crate::results::Call;

/// The figures of one measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    /// Answers a second.
    pub(crate) per_second: f64,
    /// The median time to an answer, in microseconds.
    pub(crate) p50_us: f64,
    /// What 99 of 100 answers did not exceed, in microseconds.
    pub(crate) p99_us: f64,
}

/// Lets `callers` call for as long as the plan says. Answers count that come after the warm-up and before the end; the figures are
/// `None` if there were none.
///
/// # Errors
/// The first failure of a call.
pub(crate) async fn measure(callers: Vec<Caller>, call: Call, plan: &Plan) -> Result<(Vec<Caller>, Option<Measured>)> {
    let alone = callers.len() == 1;
    let from = Instant::now() + plan.warm_up;
    let until = from + plan.seconds;
    let mut under_way = JoinSet::new();
    for mut caller in callers {
        under_way.spawn(async move {
            let mut latencies = Latencies::default();
            loop {
                let wanted = Instant::now();
                if !alone {
                    yield_now().await;
                }
                caller.call(call).await?;
                let answered = Instant::now();
                if answered >= until {
                    return anyhow::Ok((caller, latencies));
                }
                if answered >= from {
                    latencies.note(answered.duration_since(wanted));
                }
            }
        });
    }
    let (mut callers, mut latencies) = (Vec::new(), Latencies::default());
    while let Some(ended) = under_way.join_next().await {
        let (caller, noted) = ended??;
        callers.push(caller);
        latencies.merge(noted);
    }
    Ok((callers, figures(latencies, plan.seconds)))
}

/// Of the answers that came `during` so long; `None` if none came.
#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn figures(latencies: Latencies, during: Duration) -> Option<Measured> {
    let per_second = latencies.count() as f64 / during.as_secs_f64();
    let sorted = latencies.sorted();
    Some(Measured { per_second, p50_us: sorted.micros(50)?, p99_us: sorted.micros(99)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_what_was_answered_in_the_time_measured() {
        let mut latencies = Latencies::default();
        (1..=300).for_each(|micros| latencies.note(Duration::from_micros(micros)));
        let figures = figures(latencies, Duration::from_millis(500)).unwrap();
        assert_eq!(figures, Measured { per_second: 600.0, p50_us: 150.0, p99_us: 297.0 });
        assert_eq!(super::figures(Latencies::default(), Duration::from_secs(1)), None);
    }
}
