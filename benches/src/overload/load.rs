//! Loads on the service: a closed one that finds out what it can do, and open ones at a given rate, whose callers come whether or not
//! those before them have been answered.
//!
//! A call's clock starts when its caller wanted to call, not when the load got round to it: a load that falls behind shows as slowness
//! of the service, never as less of a load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use domain::{Context, Credential, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::interval;
use transport::{Channel, ChannelOptions, ClientOptions, Metrics, client_stack};

use super::service::{PLACES, Working, WorkingClient, WorkingProtocol};
use crate::latencies::Latencies;

const PATIENCE: Duration = Duration::from_secs(10);
/// How long a caller who was refused waits, while it is found out what the service can do.
const BEFORE_ANOTHER: Duration = Duration::from_millis(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The callers, and where the service is.
#[derive(Clone)]
pub(super) struct Callers {
    client: Arc<WorkingClient>,
    address: String,
}

/// What became of a load.
pub(super) struct Outcome {
    pub(super) answered: Latencies,
    pub(super) refused: Latencies,
    /// The most memory that the service had, in bytes.
    pub(super) memory: f64,
}

impl Callers {
    pub(super) fn of(address: &str) -> Self {
        let channel =
            Channel::<WorkingProtocol>::to(address, ChannelOptions { connections: 4, ..ChannelOptions::default() });
        let client = client_stack(Arc::new(channel), &ClientOptions::default(), &Metrics::new());
        Self { client: Arc::new(WorkingClient(client)), address: address.to_owned() }
    }

    async fn call(&self) -> Result<(), Error> {
        self.client.work(&Context::new(Credential::None, PATIENCE), ()).await.map(drop)
    }

    /// How many calls a second the service can answer: half as many callers again as it has places, so that none is ever empty, each calling
    /// again as soon as answered.
    ///
    /// # Errors
    /// If a call fails.
    pub(super) async fn capacity(&self, during: Duration) -> Result<f64> {
        let until = Instant::now() + during;
        let mut calling = JoinSet::new();
        for _ in 0..PLACES * 3 / 2 {
            let callers = self.clone();
            calling.spawn(async move {
                let mut answered = 0_u32;
                while Instant::now() < until {
                    match callers.call().await {
                        Ok(()) => answered += 1,
                        Err(Error::RateLimited { .. }) => tokio::time::sleep(BEFORE_ANOTHER).await,
                        Err(error) => return Err(error),
                    }
                }
                Ok::<_, Error>(answered)
            });
        }
        let mut answered = 0;
        while let Some(of_one) = calling.join_next().await {
            answered += of_one??;
        }
        Ok(f64::from(answered) / during.as_secs_f64())
    }

    /// Calls so many times a second, at random moments, whatever comes of it.
    ///
    /// # Errors
    /// If a call fails otherwise than by being refused as busy.
    pub(super) async fn load(&self, per_second: f64, during: Duration) -> Result<Outcome> {
        let (sender, mut calls) = tokio::sync::mpsc::unbounded_channel();
        let callers = self.clone();
        let runtime = tokio::runtime::Handle::current();
        // A thread of its own keeps time better than a runtime's clock.
        let generating = std::thread::spawn(move || {
            let mut moments = Moments::at(per_second);
            let begun = Instant::now();
            while let Some(wanted) = moments.next_within(during) {
                let wanted = begun + wanted;
                std::thread::sleep(wanted.saturating_duration_since(Instant::now()));
                let callers = callers.clone();
                let call = runtime.spawn(async move {
                    let answer = callers.call().await;
                    (answer, wanted.elapsed())
                });
                if sender.send(call).is_err() {
                    return;
                }
            }
        });
        let mut outcome = Outcome { answered: Latencies::default(), refused: Latencies::default(), memory: 0.0 };
        let mut looks = interval(BETWEEN_LOOKS);
        loop {
            tokio::select! {
                call = calls.recv() => {
                    let Some(call) = call else { break };
                    match call.await? {
                        (Ok(()), took) => outcome.answered.note(took),
                        (Err(Error::RateLimited { .. }), took) => outcome.refused.note(took),
                        (Err(error), _) => bail!(error),
                    }
                }
                _ = looks.tick() => outcome.memory = outcome.memory.max(self.memory().await?),
            }
        }
        generating.join().map_err(|_| anyhow!("the load has ended too early"))?;
        Ok(outcome)
    }

    /// The memory that the service has, as its metrics tell.
    async fn memory(&self) -> Result<f64> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: bench\r\n\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let figure = text.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
        figure.context("the service does not tell its memory")?.parse().context("its memory is no number")
    }
}

/// The moments of arrivals that know nothing of each other: exponential gaps, the same in every round.
struct Moments {
    state: u64,
    mean: f64,
    at: Duration,
}

impl Moments {
    const fn at(per_second: f64) -> Self {
        Self { state: 0x2545_F491_4F6C_DD1D, mean: 1.0 / per_second, at: Duration::ZERO }
    }

    /// The next moment, if it comes before the end.
    #[allow(clippy::cast_precision_loss, reason = "53 random bits are a fraction")]
    fn next_within(&mut self, during: Duration) -> Option<Duration> {
        // Marsaglia's xorshift64: as random as a load needs.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let fraction = ((self.state >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        self.at += Duration::from_secs_f64(-fraction.ln() * self.mean);
        (self.at < during).then_some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_as_many_as_asked_for_and_not_evenly_spaced() {
        let mut moments = Moments::at(10_000.0);
        let mut times = Vec::new();
        while let Some(moment) = moments.next_within(Duration::from_secs(10)) {
            times.push(moment);
        }
        assert!((98_000..102_000).contains(&times.len()), "{}", times.len());
        let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let short = gaps.iter().filter(|gap| **gap < Duration::from_micros(50)).count();
        // Of exponential gaps, 1 - 1/√e are shorter than half the mean.
        assert!((short * 1_000 / gaps.len()).abs_diff(393) < 10, "{short} of {}", gaps.len());
    }
}
