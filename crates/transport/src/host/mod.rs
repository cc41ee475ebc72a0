//! What a service's program is.
//!
//! The program of each service is one call of [`run`]. It takes its port before it opens its database, so that of two programs that
//! want the same the second gives up with nothing half begun; serves until it is told to end, by SIGTERM, SIGINT or (with
//! `--with-parent`) the end of the process that started it; then finishes what it had accepted, within a bound, and closes. Should its
//! database stop by itself it ends as failed, for whoever started it to start it again; if the database is damaged, with an exit code
//! of its own ([`DAMAGED`]), since then starting it again is of no use.

mod arriving;
mod auditing;
mod logging;
mod operating;
mod options;
mod restoring;
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

/// How a service's program exits whose database is damaged: it is not to be started again before that is mended (`EX_DATAERR` of BSD's
/// sysexits).
pub const DAMAGED: u8 = 65;

/// Why a service's program ends without having been told to.
#[derive(Debug)]
enum Ended {
    /// Something that may be otherwise the next time.
    Failed(Failed),
    /// Its database is damaged.
    Damaged(Failed),
}

impl From<Failed> for Ended {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl Ended {
    /// Because its database cannot be opened, or has stopped.
    fn because_of<P: Hosted>(error: &storage::Error) -> Self {
        match error {
            storage::Error::Damaged { .. } => {
                let program = program_of(P::SERVICE);
                Self::Damaged(Failed(format!(
                    "{error}; `{program} restore DIR --force` does that, and moves the damaged one aside"
                )))
            }
            _ => Self::Failed(Failed(error.to_string())),
        }
    }
}

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
        Some(operation) => operate::<P>(&options, &operation).map_err(Ended::from),
    };
    let (failed, code) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Ended::Failed(failed)) => (failed, ExitCode::FAILURE),
        Err(Ended::Damaged(failed)) => (failed, ExitCode::from(DAMAGED)),
    };
    eprintln!("{name}: {failed}");
    code
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

fn serve<P: Hosted>(name: &'static str, options: Options<P::Arguments>) -> Result<(), Ended> {
    let _exporting = logging::start(name, &options.log, options.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed(format!("cannot start threads: {error}")))?;
    let ended = runtime.block_on(serving::serve::<P>(options));
    runtime.shutdown_timeout(LAST_WORDS);
    ended
}
