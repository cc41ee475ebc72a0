//! Whether the time of a refused sign-in tells an unknown user from a wrong password.
//!
//! `cargo run --release -p convene-benches --bin sign-in-times` starts the five services as processes, with the real cost of a
//! password, and signs in wrongly: as someone who exists and as people who do not, in random order, over the network, as an attacker
//! would. The slowest tenth of each kind is left out (it says what else the machine did), and the two are compared by Welch's
//! t-test, with the threshold of "Dude, is my code constant time?" (Reparaz, Balasch and Verbauwhede, 2017): beyond 4.5 the two are
//! different. It prints the difference that would have been found, too: a test that could find nothing proves nothing. To show that
//! it can, a third kind is measured, a call without a session, which is refused without any work.
//!
//! Exit code 1 if the two differ, or the third does not.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people who watch it")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use domain::auth::{Login, Register};
use domain::{Context, Credential, IdempotencyKey, Service};
use transport::cluster::{Clients, Cluster, SpawnedOptions};

/// Beyond this t, two kinds differ.
const THRESHOLD: f64 = 4.5;
const PATIENCE: Duration = Duration::from_secs(10);
const KNOWN: &str = "alice";

/// Measures whether refused sign-ins tell who has an account.
#[derive(Debug, Parser)]
#[command(name = "sign-in-times", version)]
struct Arguments {
    /// How many sign-ins of each kind
    #[arg(long, default_value_t = 400, value_name = "N", value_parser = clap::value_parser!(u32).range(20..))]
    each: u32,
}

/// A kind of wrong sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    WrongPassword,
    UnknownUser,
    /// Refused before any work, for comparison.
    NoPassword,
}

impl Kind {
    const ALL: [Self; 3] = [Self::WrongPassword, Self::UnknownUser, Self::NoPassword];
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if cfg!(debug_assertions) {
        eprintln!("This is a debug build: its figures say nothing about a release (cargo run --release …).");
    }
    let measured = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(measure(arguments.each)));
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sign-in-times: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(each: u32) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let mut options = SpawnedOptions::for_tests(folder.path());
    let many = (each * 10).to_string();
    let words = ["--failed-logins-per-minute", &many].map(str::to_owned).to_vec();
    options.arguments.insert(Service::Auth, words);
    let cluster = Cluster::spawned(options).await?;
    register(cluster.clients()).await.context("registering the user that is known")?;

    // Each kind as often as the others, in an order that nothing follows.
    let mut order: Vec<Kind> = Kind::ALL.into_iter().flat_map(|kind| vec![kind; each as usize]).collect();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for last in (1..order.len()).rev() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        order.swap(last, usize::try_from(random % (last as u64 + 1))?);
    }
    let mut times = Kind::ALL.map(|kind| (kind, Vec::new()));
    for (number, kind) in order.into_iter().enumerate() {
        let taken = refused(cluster.clients(), kind, number).await?;
        if let Some((_, times)) = times.iter_mut().find(|(known, _)| *known == kind) {
            times.push(taken);
        }
    }
    cluster.shutdown(PATIENCE).await;

    let [wrong, unknown, none] = times.map(|(kind, times)| Sample::of(kind, times));
    for sample in [&wrong, &unknown, &none] {
        println!("{:?}: median {:.0} µs, mean {:.0} ± {:.0} µs", sample.kind, sample.median, sample.mean, sample.error);
    }
    let (t, control) = (wrong.t(&unknown), wrong.t(&none));
    let found = THRESHOLD * wrong.error.hypot(unknown.error);
    println!("wrong password against unknown user: t = {t:.2}; beyond ±{THRESHOLD} they differ.");
    println!("A difference of {found:.0} µs ({:.2} %) would have been found.", 100.0 * found / wrong.mean);
    println!("wrong password against a refusal without work: t = {control:.0}.");
    ensure!(control.abs() > THRESHOLD, "even work and no work could not be told apart: measure more");
    let alike = t.abs() <= THRESHOLD;
    println!("{}", if alike { "They cannot be told apart." } else { "THEY DIFFER." });
    Ok(alike)
}

fn command() -> Context {
    Context::new(Credential::None, PATIENCE).as_command(IdempotencyKey::new(), 1)
}

async fn register(clients: &Clients) -> Result<()> {
    let request = Register { username: KNOWN.parse()?, password: "correct horse battery".to_owned().try_into()? };
    clients.auth.register(&command(), request).await?;
    Ok(())
}

/// How long one wrong sign-in took, in microseconds.
async fn refused(clients: &Clients, kind: Kind, number: usize) -> Result<f64> {
    let username = match kind {
        Kind::UnknownUser => format!("nobody-{number}"),
        Kind::WrongPassword | Kind::NoPassword => KNOWN.to_owned(),
    };
    // Something that is no user name's business: who has no session asks who they are.
    let begun = Instant::now();
    let answered = if kind == Kind::NoPassword {
        let context = Context::new(Credential::None, PATIENCE);
        clients.auth.whoami(&context, domain::auth::WhoAmI).await.map(drop)
    } else {
        let password = format!("not the password {number:05}").try_into()?;
        clients.auth.login(&command(), Login { username: username.parse()?, password }).await.map(drop)
    };
    let taken = begun.elapsed();
    let error = answered.err().context("a wrong sign-in was let in")?;
    ensure!(error.code() == "unauthenticated", "{username}: {error}");
    Ok(taken.as_secs_f64() * 1e6)
}

struct Sample {
    kind: Kind,
    median: f64,
    mean: f64,
    /// The standard error of the mean.
    error: f64,
}

impl Sample {
    fn of(kind: Kind, mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        times.truncate(times.len() * 9 / 10);
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let median = times.get(times.len() / 2).copied().unwrap_or(mean);
        Self { kind, median, mean, error: (variance / count).sqrt() }
    }

    /// Welch's t.
    fn t(&self, other: &Self) -> f64 {
        (self.mean - other.mean) / self.error.hypot(other.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_differ_have_a_large_t_and_samples_alike_a_small_one() {
        let around = |mean: f64| (0..100).map(|n| mean + f64::from(n % 10)).collect::<Vec<_>>();
        let sample = |mean| Sample::of(Kind::WrongPassword, around(mean));
        assert!(sample(100.0).t(&sample(100.0)).abs() < 0.1);
        assert!(sample(100.0).t(&sample(103.0)).abs() > THRESHOLD);
    }
}
