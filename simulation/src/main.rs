//! The simulation's program: `convene-simulation --seeds 0..10000`, or one seed again with all that happens in it.

#![allow(clippy::print_stdout, reason = "this program is its output")]

use std::ops::Range;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use convene_simulation::plant::Plant;
use convene_simulation::run::Scenario;
use convene_simulation::runner::{Runner, hour, one};

/// Simulates the five services with everything that can go wrong, and checks what people were told.
#[derive(Parser)]
#[command(name = "convene-simulation")]
struct Arguments {
    /// Which simulations to run: `FROM..TO`.
    #[arg(long, value_parser = seeds, default_value = "0..200")]
    seeds: Range<u64>,
    /// How many at a time; as many as there are processors unless told otherwise.
    #[arg(long)]
    jobs: Option<usize>,
    /// A bug to be found.
    #[arg(long)]
    plant: Option<Plant>,
    /// Stop at the first violation.
    #[arg(long)]
    first: bool,
    #[command(subcommand)]
    one: Option<One>,
}

#[derive(Subcommand)]
enum One {
    /// Runs one simulation in this process.
    One {
        /// Which.
        seed: u64,
        /// A bug to be found.
        #[arg(long)]
        plant: Option<Plant>,
        /// Print all that happens.
        #[arg(long)]
        trace: bool,
        /// Print what the services log, too.
        #[arg(long)]
        log: Option<String>,
    },
    /// Runs the hour without auth in this process.
    Hour {
        /// Print all that happens.
        #[arg(long)]
        trace: bool,
    },
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("give them as FROM..TO")?;
    let number = |text: &str| text.parse().map_err(|error| format!("\"{text}\": {error}"));
    Ok(number(from)?..number(to)?)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.one {
        Some(One::One { seed, plant, trace, log }) => {
            if let Some(log) = log {
                tracing_subscriber::fmt().with_env_filter(log).without_time().with_ansi(false).init();
            }
            return if one(Scenario { seed, plant, aloud: trace }) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Some(One::Hour { trace }) => {
            return if hour(trace) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        None => {}
    }
    let program = std::env::current_exe().expect("this program is a file");
    let mut runner = Runner::new(program).with_plant(arguments.plant);
    if let Some(jobs) = arguments.jobs {
        runner = runner.with_jobs(jobs);
    }
    let (mut run, mut wrong, mut commands, mut questions) = (0_u64, Vec::new(), 0, 0);
    let took = runner.run_all(arguments.seeds, |found| {
        run += 1;
        commands += found.volume.0;
        questions += found.volume.1;
        if found.violations.is_empty() {
            return true;
        }
        println!("{}\nseed {} is wrong\n", found.printed, found.seed);
        wrong.push(found.seed);
        !arguments.first
    });
    println!(
        "{run} simulations with {commands} commands and {questions} questions in {:.1} s: {} of them wrong",
        took.as_secs_f64(),
        wrong.len()
    );
    if wrong.is_empty() {
        return ExitCode::SUCCESS;
    }
    wrong.sort_unstable();
    println!("wrong: {wrong:?}\nagain: convene-simulation one SEED --trace");
    ExitCode::FAILURE
}
