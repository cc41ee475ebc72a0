//! What becomes of a service that is asked for five times what it can do: how soon those are answered who are, how soon the others are
//! refused, how much memory it takes, and whether it is itself again afterwards.
//!
//! The service does one thing, which takes 5 ms; everything before it is the real thing, in a process of its own. Its answers are held
//! against what was promised ([`broken_promises`]), and the program fails if they do not keep it.

mod load;
mod service;

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::machine::Machine;
use crate::results::{Overload, OverloadFigures, Rate};
use crate::spread::{Spread, tenths};
use load::{Callers, Outcome};

pub(crate) use service::serve;

/// The argument with which this program is the service.
pub(crate) const SERVE: &str = "overload-service";

const RATES: [Rate; 3] = [Rate::Half, Rate::FiveTimes, Rate::HalfAgain];

/// Measures, each load for so long, so many times.
///
/// # Errors
/// If the service does not start, or a call fails otherwise than by being refused.
pub(crate) async fn measure(seconds: Duration, rounds: u32, machine: Machine) -> Result<Overload> {
    let mut measured: Vec<(f64, Vec<Figures>)> = Vec::new();
    for round in 1..=rounds {
        let (service, address) = started().await?;
        let callers = Callers::of(&address);
        let capacity = callers.capacity(seconds).await?;
        let mut figures = Vec::new();
        for rate in RATES {
            let outcome = callers.load(capacity * rate.of_capacity(), seconds).await?;
            figures.push(Figures::of(outcome, seconds).context("nobody was answered")?);
        }
        eprintln!("round {round} of {rounds}: capacity {capacity:.0}/s; {figures:.0?}");
        measured.push((capacity, figures));
        drop(service);
    }
    let loads = RATES.into_iter().enumerate().map(|(place, rate)| {
        let of = |figure: &dyn Fn(&Figures) -> f64| {
            Spread::of(measured.iter().filter_map(|(_, figures)| figures.get(place).map(figure)))
        };
        Some(OverloadFigures {
            rate,
            asked_per_second: of(&|figures| figures.asked_per_second)?,
            answered_per_second: of(&|figures| figures.answered_per_second)?,
            p50_us: of(&|figures| figures.p50_us)?,
            p99_us: of(&|figures| figures.p99_us)?,
            refused_p99_us: Spread::of(measured.iter().filter_map(|(_, figures)| figures.get(place)?.refused_p99_us)),
            refused_percent: of(&|figures| figures.refused_percent)?,
            memory_bytes: of(&|figures| figures.memory_bytes)?,
        })
    });
    Ok(Overload {
        machine,
        seconds: seconds.as_secs_f64(),
        rounds,
        takes_ms: service::TAKES.as_secs_f64() * 1e3,
        places: service::PLACES,
        max_wait_ms: service::MAX_WAIT.as_secs_f64() * 1e3,
        capacity: Spread::of(measured.iter().map(|(capacity, _)| *capacity)).context("nothing was measured")?,
        loads: loads.collect::<Option<_>>().context("a measurement is missing")?,
    })
}

/// What was promised and did not hold.
pub(crate) fn broken_promises(overload: &Overload) -> Vec<String> {
    let of = |rate| overload.loads.iter().find(|load| load.rate == rate);
    let (Some(half), Some(five_times), Some(again)) = (of(Rate::Half), of(Rate::FiveTimes), of(Rate::HalfAgain)) else {
        return vec!["a load is missing".to_owned()];
    };
    let takes_us = overload.takes_ms * 1e3;
    let capacity = overload.capacity.median;
    let refused_p99 = five_times.refused_p99_us.map_or(f64::INFINITY, |spread| spread.median);
    let promises = [
        (half.refused_percent.median < 1.0, "at half of its capacity it refuses hardly anyone"),
        (
            five_times.p99_us.median <= 3.0 * half.p99_us.median,
            "at five times its capacity the p99 of those answered is within 3 times that at half",
        ),
        (five_times.answered_per_second.median >= 0.8 * capacity, "and it does not do less than it can"),
        (refused_p99 < takes_us, "and whoever is refused is refused before a call would have been answered"),
        (five_times.memory_bytes.median < half.memory_bytes.median + 64e6, "and it takes no more than 64 MB for it"),
        (
            again.p99_us.median <= 1.5 * half.p99_us.median && again.refused_percent.median < 1.0,
            "and the moment it is asked for less it answers as before",
        ),
    ];
    promises.into_iter().filter(|(holds, _)| !holds).map(|(_, promise)| promise.to_owned()).collect()
}

/// What became of one load in one round.
#[derive(Clone, Copy, Debug)]
struct Figures {
    asked_per_second: f64,
    answered_per_second: f64,
    p50_us: f64,
    p99_us: f64,
    refused_p99_us: Option<f64>,
    refused_percent: f64,
    memory_bytes: f64,
}

impl Figures {
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    fn of(outcome: Outcome, during: Duration) -> Option<Self> {
        let (answered, refused) = (outcome.answered.count() as f64, outcome.refused.count() as f64);
        let sorted = outcome.answered.sorted();
        Some(Self {
            asked_per_second: (answered + refused) / during.as_secs_f64(),
            answered_per_second: answered / during.as_secs_f64(),
            p50_us: sorted.micros(50)?,
            p99_us: sorted.micros(99)?,
            refused_p99_us: outcome.refused.sorted().micros(99),
            refused_percent: tenths(100.0 * refused / (answered + refused)),
            memory_bytes: outcome.memory,
        })
    }
}

impl Rate {
    const fn of_capacity(self) -> f64 {
        match self {
            Self::Half | Self::HalfAgain => 0.5,
            Self::FiveTimes => 5.0,
        }
    }
}

/// The service in a process of its own, which ends with what is given back; and its address.
async fn started() -> Result<(Child, String)> {
    let program = std::env::current_exe().context("which program this is")?;
    let mut service = Command::new(program)
        .arg(SERVE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting the service")?;
    let output = service.stdout.take().context("the service says nothing")?;
    let address = BufReader::new(output).lines().next_line().await?.context("the service has ended")?;
    Ok((service, address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::sample;

    #[test]
    fn a_promise_that_is_not_kept_is_named() {
        let kept = sample().overload.unwrap();
        assert_eq!(broken_promises(&kept), Vec::<String>::new());
        let mut slow = kept.clone();
        slow.loads[1].p99_us = Spread { median: 3.1 * kept.loads[0].p99_us.median, min: 0.0, max: 0.0 };
        assert!(broken_promises(&slow)[0].contains("within 3 times"));
        let mut lasting = kept.clone();
        lasting.loads[2].refused_percent = Spread { median: 5.0, min: 0.0, max: 0.0 };
        assert!(broken_promises(&lasting)[0].contains("as before"));
        let mut large = kept;
        large.loads[1].memory_bytes.median += 1e9;
        assert!(broken_promises(&large)[0].contains("64 MB"));
    }
}
