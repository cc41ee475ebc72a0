//! The benchmark: how many requests a second, how soon an answer comes, and what a full calendar costs.
//!
//! The parts that are measured are [`wire`], [`peers`], [`disk`], [`month`], [`recurring`](month::recurring), [`growth`], [`overload`], [`frames`] and [`starts`]; all put their figures into one JSON file ([`results`]), and [`report`] makes
//! the tables of REPORT.md from that file, so that no figure is ever copied by hand. What each part measures, how to read it and
//! what it cannot tell is in the README beside this crate.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people who watch it")]

mod disk;
mod frames;
mod growth;
mod latencies;
mod machine;
mod month;
mod overload;
mod peers;
mod person;
mod report;
mod results;
mod spread;
mod starts;
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};

use disk::figures::Contender;
use machine::Machine;
use peers::figures::Peer;
use results::Results;

/// Measures Convene and writes the tables of REPORT.md. Run it from the root of the repository.
#[derive(Debug, Parser)]
#[command(name = "convene-benches", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,

    /// Where the figures are kept
    #[arg(long, global = true, default_value = "benches/results.json", value_name = "PATH")]
    results: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measures everything but `frames`
    All(Measuring),
    /// Requests a second, p50 and p99 of a small query and a durable command, linked and over loopback
    Wire(Measuring),
    /// Our wire beside tonic, tarpc, hyper and raw TCP; needs `--features peers`; fails if it is not ahead as promised
    Peers(Measuring),
    /// Durable commands a second, beside PostgreSQL and (with `--features peers`) SQLite; fails if it is not as fast as promised
    Disk(Measuring),
    /// What a month of a calendar costs with 100, 10,000 and 1,000,000 events in it
    Month(Measuring),
    /// What a month costs in a calendar with much that recurs; fails if, once looked at, it is 1.5 times what it costs alone
    Recurring(Measuring),
    /// What views, followers, starts and crowds cost among up to a million users and events; fails if it is not as promised
    Growth(Measuring),
    /// How a service fares that is asked for five times what it can do; fails if it does not keep what is promised
    Overload(Measuring),
    /// How long the terminal client draws and what it allocates; needs `--features allocations`
    Frames(Measuring),
    /// How soon the terminal client shows its first frame, and its month
    Starts(Measuring),
    /// The service of `overload`
    #[command(name = overload::SERVE, hide = true)]
    OverloadService,
    /// The bare open of `growth`
    #[command(name = growth::opening::OPEN, hide = true)]
    GrowthOpen {
        /// The folder of the database
        folder: PathBuf,
    },
    /// A server of `peers`
    #[cfg(feature = "peers")]
    #[command(name = peers::SERVE, hide = true)]
    PeersServer {
        /// Whose: `ours`, or one of the others
        server: String,
        /// How long its handler works, in microseconds
        work_us: u32,
    },
    /// Writes the tables of a report and its plot anew from the figures
    Report {
        /// The file with the markers
        #[arg(long, default_value = "REPORT.md", value_name = "PATH")]
        report: PathBuf,
        /// The plot
        #[arg(long, default_value = "docs/performance.svg", value_name = "PATH")]
        plot: PathBuf,
        /// Write nothing, and fail if the tables or the plot differ
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
struct Measuring {
    /// How long each measurement of `wire`, `disk` and `overload` lasts
    #[arg(long, default_value = "3", value_name = "SECONDS", value_parser = seconds)]
    seconds: Duration,

    /// How long the load runs before each measurement of `wire` and `disk` begins
    #[arg(long, default_value = "1", value_name = "SECONDS", value_parser = seconds)]
    warm_up: Duration,

    /// How often each measurement of `wire`, `disk`, `overload` and the crowds of `growth` is made; the median is reported
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Beside whom `peers` measures; the figures of the others stay as they are [default: all]
    #[arg(long, value_delimiter = ',', value_name = "PEER")]
    beside: Vec<Peer>,

    /// Leave out the calendars of `month` with more events than this
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(100..))]
    month_events: u64,

    /// Leave out of `growth` what has more users and events than this
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1_000..))]
    growth_rows: u64,

    /// Measure of `growth` nothing but the crowds and the memory, show them, and write nothing
    #[arg(long)]
    crowds_alone: bool,

    /// Whom `disk` measures [default: all that are there]
    #[arg(long, value_delimiter = ',', value_name = "CONTENDER")]
    contenders: Vec<Contender>,

    /// With how many clients `disk` measures [default: 1, 16, 64 and 256]
    #[arg(long, value_delimiter = ',', value_name = "N")]
    clients: Vec<usize>,

    /// The folder in which databases are made, and removed at the end: on the disk to be measured [default: beside this program]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// The date to note, as YYYY-MM-DD [default: today, UTC]
    #[arg(long)]
    date: Option<jiff::civil::Date>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "give a number of seconds, such as 3 or 0.5".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.task {
        Task::All(how) => measure(how, &everything(), &arguments.results),
        Task::Wire(how) => measure(how, &[Part::Wire], &arguments.results),
        Task::Peers(how) => measure(how, &[Part::Peers], &arguments.results),
        Task::Disk(how) => measure(how, &[Part::Disk], &arguments.results),
        Task::Month(how) => measure(how, &[Part::Month], &arguments.results),
        Task::Recurring(how) => measure(how, &[Part::Recurring], &arguments.results),
        Task::Growth(how) => measure(how, &[Part::Growth], &arguments.results),
        Task::Overload(how) => measure(how, &[Part::Overload], &arguments.results),
        Task::Frames(how) => measure(how, &[Part::Frames], &arguments.results),
        Task::Starts(how) => measure(how, &[Part::Starts], &arguments.results),
        Task::OverloadService => serve(),
        Task::GrowthOpen { folder } => growth::opening::open(folder).map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "peers")]
        Task::PeersServer { server, work_us } => serve_as_peer(server, *work_us),
        Task::Report { report, plot, check } => tabulate(report, plot, *check, &arguments.results),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("convene-benches: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Wire,
    Peers,
    Disk,
    Month,
    Recurring,
    Growth,
    Overload,
    Frames,
    Starts,
}

/// What `all` is: `peers` only where they were compiled.
fn everything() -> Vec<Part> {
    let peers = cfg!(feature = "peers").then_some(Part::Peers);
    [Part::Wire, Part::Month, Part::Recurring, Part::Growth, Part::Overload, Part::Starts]
        .into_iter()
        .chain(peers)
        .collect()
}

fn measure(how: &Measuring, parts: &[Part], path: &Path) -> Result<ExitCode> {
    if how.seconds.is_zero() {
        bail!("nothing can be measured in no time: give --seconds a number above 0");
    }
    if cfg!(debug_assertions) {
        eprintln!("This is a debug build: its figures say nothing about a release (cargo run --release …).");
    }
    let data = match &how.data {
        Some(folder) => folder.clone(),
        None => beside_this_program()?,
    };
    let mut results = Results::load_or_default(path)?;
    let machine = Machine::here(&data, how.date)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut broken = Vec::new();
    for part in parts {
        let machine = machine.clone();
        match part {
            Part::Wire => {
                let plan = wire::Plan { seconds: how.seconds, warm_up: how.warm_up, rounds: how.rounds };
                let measured = runtime.block_on(wire::measure(&plan, &data, machine)).context("measuring `wire`")?;
                results.wire = Some(measured);
            }
            Part::Peers => {
                // There are many of them, so each has a third of the time.
                let beside = if how.beside.is_empty() { Peer::ALL.to_vec() } else { how.beside.clone() };
                let (seconds, warm_up) = (how.seconds / 3, how.warm_up / 3);
                let plan = peers::Plan { seconds, warm_up, rounds: how.rounds, beside };
                let measured = peers::measure(&plan, results.peers.take(), machine).context("measuring `peers`")?;
                broken.extend(results.peers.insert(measured).broken_promises());
            }
            Part::Disk => {
                let plan = wire::Plan { seconds: how.seconds, warm_up: how.warm_up, rounds: how.rounds };
                let measured = runtime.block_on(disk::measure(&plan, &how.contenders, &how.clients, &data, machine));
                let measured = results.disk.insert(measured.context("measuring `disk`")?);
                broken.extend(disk::broken_promises(measured));
            }
            Part::Month => {
                let measured = runtime.block_on(month::measure(how.month_events, &data, machine));
                results.month = Some(measured.context("measuring `month`")?);
            }
            Part::Recurring => {
                let measured = runtime.block_on(month::recurring::measure(&data, machine));
                let measured = results.recurring.insert(measured.context("measuring `recurring`")?);
                broken.extend(month::recurring::broken_promises(measured));
            }
            Part::Growth if how.crowds_alone => {
                let measured = runtime.block_on(growth::crowds_alone(how.rounds, &data));
                println!("{}", measured.context("measuring the crowds of `growth`")?);
                continue;
            }
            Part::Growth => {
                let measured = runtime.block_on(growth::measure(how.growth_rows, how.rounds, &data, machine));
                let measured = results.growth.insert(measured.context("measuring `growth`")?);
                broken.extend(growth::broken_promises(measured));
            }
            Part::Overload => {
                let measured = runtime.block_on(overload::measure(how.seconds, how.rounds, machine));
                let measured = results.overload.insert(measured.context("measuring `overload`")?);
                broken.extend(overload::broken_promises(measured));
            }
            Part::Frames => {
                let measured = runtime.block_on(frames::measure(machine)).context("measuring `frames`")?;
                results.frames = Some(measured);
            }
            Part::Starts => {
                let measured = runtime.block_on(starts::measure(&data, machine)).context("measuring `starts`")?;
                results.starts = Some(measured);
            }
        }
        // After each part: the first is not lost when the second fails.
        results.save(path)?;
    }
    for table in report::tables(&results) {
        println!("{}", table.text);
    }
    println!("Written to {}; `report` puts the tables into REPORT.md.", path.display());
    for promise in &broken {
        eprintln!("This was promised and does not hold: {promise}.");
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn serve() -> Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(overload::serve())?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "peers")]
fn serve_as_peer(server: &str, work_us: u32) -> Result<ExitCode> {
    let server = match server {
        "ours" => peers::Server::Ours,
        peer => peers::Server::Theirs(clap::ValueEnum::from_str(peer, true).map_err(anyhow::Error::msg)?),
    };
    peers::serve(server, Duration::from_micros(work_us.into()))?;
    Ok(ExitCode::SUCCESS)
}

fn beside_this_program() -> Result<PathBuf> {
    let program = std::env::current_exe().context("which program this is")?;
    Ok(program.parent().context("this program is in no folder")?.to_owned())
}

fn tabulate(report: &Path, plot: &Path, check: bool, results: &Path) -> Result<ExitCode> {
    let results = Results::load(results)?;
    let document = std::fs::read_to_string(report).with_context(|| format!("reading {}", report.display()))?;
    let wanted = report::filled(&document, &report::tables(&results)).with_context(|| report.display().to_string())?;
    let picture = report::plot::svg(&results).context("drawing the plot")?;
    let drawn = match std::fs::read_to_string(plot) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        drawn => drawn.with_context(|| format!("reading {}", plot.display()))?,
    };
    let files = [("tables", report, document, wanted), ("plot", plot, drawn, picture)];
    let mut differing = false;
    for (what, path, found, wanted) in files {
        let path_told = path.display();
        if found == wanted {
            println!("{path_told}: the {what} of the figures.");
        } else if check {
            differing = true;
            eprintln!("{path_told}: not the {what} of the figures:");
            eprint!("{}", report::difference(&found, &wanted));
        } else {
            std::fs::write(path, wanted).with_context(|| format!("writing {path_told}"))?;
            println!("{path_told}: written.");
        }
    }
    if differing {
        eprintln!("Write them anew: cargo run -p convene-benches -- report");
    }
    Ok(if differing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_sound_and_usually_need_none() {
        Arguments::command().debug_assert();
        let Task::All(how) = Arguments::parse_from(["convene-benches", "all"]).task else { panic!("another task") };
        assert_eq!((how.seconds, how.warm_up, how.rounds), (Duration::from_secs(3), Duration::from_secs(1), 5));
        assert_eq!(how.month_events, 1_000_000);
    }

    #[test]
    fn a_stretch_of_time_that_is_none_is_refused() {
        for wrong in ["-1", "soon", "NaN", "inf", ""] {
            assert!(Arguments::try_parse_from(["convene-benches", "wire", "--seconds", wrong]).is_err(), "{wrong}");
        }
    }
}
