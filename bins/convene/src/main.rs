//! `convene`: the command line, and the place from which the terminal client starts.
//!
//! From words to exit code in four steps: [`arguments`] reads the words, [`reach`] finds the services, [`commands`] does what was asked
//! (for the profile that [`session`] keeps), [`output`] prints what came of it.

mod arguments;
mod commands;
mod demo;
mod failure;
mod output;
mod reach;
mod rehearsal;
mod session;
mod supervise;
mod when;

use std::future::Future;
use std::process::ExitCode;

use domain::Zone;

use arguments::{Command, Options, Parsed, ServiceCommand};
use commands::Said;
use failure::Failure;
use output::{Document as _, Printed};
use reach::{Place, Reach};
use session::{Keeping, Profile};
use transport::telemetry::export_if_configured;
use when::Here;

fn main() -> ExitCode {
    let code = match arguments::parse(std::env::args_os()) {
        Parsed::Text(text) => output::answer(&text, 0),
        Parsed::Wrong { failure, json: true, .. } => output::print(&Err(failure), true),
        Parsed::Wrong { failure, text, .. } => {
            output::message(&text);
            failure.exit()
        }
        Parsed::Command(arguments) => run(&arguments.options, arguments.command),
    };
    ExitCode::from(code)
}

fn run(options: &Options, command: Option<Command>) -> u8 {
    let json = options.json;
    // Kept until the end, so that the last spans are sent too.
    let _exporting = export_if_configured("convene").unwrap_or_else(|failed| {
        output::message(&format!("convene: {failed}\n"));
        None
    });
    match command {
        None if is_terminal() => match open_client(options) {
            Ok(()) => 0,
            Err(failure) => output::print(&Err(failure), json),
        },
        None => without_command(json),
        Some(Command::Supervise(command)) => supervise::run(command, &reach::tls(options)),
        Some(Command::Certs(command)) => {
            output::print(&commands::certs(&command, reach::own_certificates(options)), json)
        }
        Some(Command::Completions { shell }) => output::answer(&commands::completions(shell), 0),
        Some(Command::Man { command }) => match commands::page(&command) {
            Ok(page) => output::answer(&page, 0),
            Err(failure) => output::print(&Err(failure), json),
        },
        Some(Command::ToServices(ServiceCommand::Remind(remind))) if remind.follow => {
            match in_runtime(options.in_process, follow(options)).and_then(|outcome| outcome) {
                Ok(()) => 0,
                Err(failure) => output::print(&Err(failure), json),
            }
        }
        Some(Command::ToServices(command)) => {
            let outcome = in_runtime(options.in_process, ask(options, &command)).and_then(|outcome| outcome);
            output::print(&outcome, json)
        }
    }
}

async fn ask(options: &Options, command: &ServiceCommand) -> Result<Printed, Failure> {
    let place = Place::chosen(options.in_process, options.server.as_deref(), |name| std::env::var(name).ok())?;
    let here = Here { now: rehearsal::clock().now(), zone: Zone::of_this_machine() };
    let reach = Reach::open(&place, reach::tls(options)).await?;
    let outcome = commands::run(command, &reach, || Profile::of_environment(&options.profile), here).await;
    reach.close().await;
    outcome
}

/// Tells reminders as they become due, until nobody listens any more.
async fn follow(options: &Options) -> Result<(), Failure> {
    let place = Place::chosen(options.in_process, options.server.as_deref(), |name| std::env::var(name).ok())?;
    let reach = Reach::open(&place, reach::tls(options)).await?;
    let (clock, zone) = (rehearsal::clock(), Zone::of_this_machine());
    let profile = || Profile::of_environment(&options.profile);
    let say = |said| match said {
        Said::Alarm(alarm) if options.json => output::line(&(alarm.json() + "\n")),
        Said::Alarm(alarm) => output::line(&alarm.text()),
        Said::Note(note) => {
            output::note(&note);
            Ok(())
        }
    };
    let outcome = tokio::select! {
        ended = commands::follow(reach.clients(), profile, &*clock, &zone, say) => ended,
        () = output::reader_gone() => Ok(()),
    };
    reach.close().await;
    outcome
}

/// Runs a future to its end: on this thread, and with the services in this process on several.
fn in_runtime<T>(in_process: bool, future: impl Future<Output = T>) -> Result<T, Failure> {
    let mut builder = match in_process {
        true => tokio::runtime::Builder::new_multi_thread(),
        false => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Failure::Here(format!("the runtime cannot be started: {error}")))?;
    Ok(runtime.block_on(future))
}

/// Whether there is a terminal to open the client on.
fn is_terminal() -> bool {
    use std::io::IsTerminal as _;
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Opens the terminal client, until it is left.
fn open_client(options: &Options) -> Result<(), Failure> {
    in_runtime(true, async {
        let place = Place::chosen(options.in_process, options.server.as_deref(), |name| std::env::var(name).ok())?;
        let profile = Profile::of_environment(&options.profile)?;
        let reach = Reach::open(&place, reach::tls(options)).await?;
        let opened = client::run(client::Options {
            clients: reach.clients().clone(),
            session: Box::new(Keeping::of(profile)),
            place: place.to_string(),
            zone: Zone::of_this_machine(),
            clock: rehearsal::clock(),
        });
        let outcome = opened.await.map_err(|error| Failure::Here(format!("the terminal client: {error}")));
        reach.close().await;
        outcome
    })?
}

/// What is said where there is no terminal for the client.
fn without_command(json: bool) -> u8 {
    let failure = Failure::usage("the terminal client needs a terminal; give a command, as in: convene --help");
    let code = output::print(&Err(failure), json);
    if !json {
        output::message(FIRST_STEPS);
    }
    code
}

const FIRST_STEPS: &str = "
First steps:
  convene register alice
  convene event create --title \"Planning\" --start \"tomorrow 9:00\" --for 1h30m
  convene event list
  convene calendar
  convene status
";
