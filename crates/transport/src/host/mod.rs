//! What a service's program is.
//!
//! The program of each service is one call of [`run`]. It takes its port before it opens its database, so that of two programs that
//! want the same the second gives up with nothing half begun; serves until it is told to end, by SIGTERM, SIGINT or (with
//! `--with-parent`) the end of the process that started it; then finishes what it had accepted, within a bound, and closes. Should its
//! database stop by itself it ends as failed, for whoever started it to start it again.

mod arriving;
mod auditing;
mod logging;
mod operating;
mod options;
mod services;
mod serving;
mod standing;

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cluster::{Failed, program_of};
use operating::Operation;
use options::Options;

pub use operating::backup_in;
pub use options::{AuthArguments, NoArguments};
pub use services::Hosted;
pub(crate) use standing::Stood;

/// How long what is left over on other threads may take, at the very end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The whole program of the service `P`: `fn main() -> ExitCode { run::<AuthProtocol>() }`.
#[must_use]
#[allow(clippy::print_stderr, reason = "this is a program's last word, for the person who started it")]
pub fn run<P: Hosted>() -> ExitCode {
    let name = program_of(P::SERVICE);
    let command = Options::<P::Arguments>::command().name(name).about(about::<P>());
    let options = match Options::from_arg_matches(&command.get_matches()) {
        Ok(options) => options,
        Err(error) => error.exit(),
    };
    keep_told_panics_quiet();
    let done = match options.operation.clone() {
        None => serve::<P>(name, options),
        Some(operation) => operate::<P>(&options, &operation),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("{name}: {failed}");
            ExitCode::FAILURE
        }
    }
}

/// What panics inside the storage engine is damage, and is told as an error: people need not read it twice, and first as a panic.
fn keep_told_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if storage::panics_are_told() {
            tracing::debug!(%panic, "the storage engine panicked");
        } else {
            usual(panic);
        }
    }));
}

fn about<P: Hosted>() -> &'static str {
    use domain::Service;
    match P::SERVICE {
        Service::Auth => "The auth service of Convene: who people are, and how they prove it",
        Service::Events => "The events service of Convene: events, and who is invited to each",
        Service::Invitations => "The invitations service of Convene: invitations, answers and participants",
        Service::Calendar => "The calendar service of Convene: one calendar a user",
        Service::Sharing => "The sharing service of Convene: who sees whose calendar",
    }
}

#[allow(clippy::print_stdout, reason = "this is what the person who asked for it waits for")]
fn operate<P: Hosted>(options: &Options<P::Arguments>, operation: &Operation) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed(format!("cannot start: {error}")))?;
    let told = runtime.block_on(operating::operate::<P>(options, operation))?;
    println!("{told}");
    Ok(())
}

fn serve<P: Hosted>(name: &'static str, options: Options<P::Arguments>) -> Result<(), Failed> {
    let _exporting = logging::start(name, &options.log, options.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed(format!("cannot start threads: {error}")))?;
    let ended = runtime.block_on(serving::serve::<P>(options));
    runtime.shutdown_timeout(LAST_WORDS);
    ended
}
