//! The words of the command line: which commands there are, what each takes, and how it is explained.
//!
//! Only the shape is judged here, and whatever is wrong with it is wrong usage. What the words mean (names, times, titles) is
//! judged by the constructors of `domain`, so that it is judged once.

mod account;
mod certs;
mod event;
mod files;
mod invitation;
mod people;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use serde::Serialize;

use crate::failure::Failure;
use crate::supervise::SuperviseCommand;

pub(crate) use account::{AccountCommand, PasswordInput, SignIn};
pub(crate) use certs::{Certificates, CertsCommand};
pub(crate) use event::{Create, Edit, EventCommand, ListEvents, OfEventOrInstance, Recurring, Which};
pub(crate) use files::{Export, Import};
pub(crate) use invitation::{Attend, Inbox, People, Respond, WhoComes};
pub(crate) use people::{Days, FindTime, FreeBusy, Remind, ShareWith, ViewCalendar};

/// A shared calendar for people who live in a terminal.
///
/// Without a command, the terminal client opens. With one, it is done and its outcome printed: as text for people, or with
/// --json as one JSON document for scripts.
#[derive(Debug, Parser)]
#[command(
    name = "convene",
    version,
    max_term_width = 100,
    subcommand_value_name = "COMMAND",
    after_long_help = "\
First steps:
  convene register alice
  convene event create --title \"Planning\" --start \"tomorrow 9:00\" --for 1h30m --invite bob
  convene invitations
  convene respond EVENT accept
  convene calendar

Exit codes:
  0 done                   5 not found
  1 another failure        6 conflict
  2 usage, invalid input   7 a service is unavailable: nothing was done
  3 not signed in          8 too much too fast
  4 forbidden              9 no answer in time: outcome unknown
After 7 or 9 give the same command again: its work is never done twice."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What is accepted before and after every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Options {
    /// Which of several signed-in users to be.
    #[arg(long, global = true, value_name = "NAME", default_value = "default")]
    pub(crate) profile: String,
    /// Where the services are [default: CONVENE_SERVER, or else 127.0.0.1:7400].
    #[arg(long, global = true, value_name = "HOST:BASE_PORT")]
    pub(crate) server: Option<String>,
    /// Print one JSON document instead of text; errors as one line of JSON.
    #[arg(long, global = true, overrides_with = "json")]
    pub(crate) json: bool,
    /// Run all services inside this process, on the data folder (CONVENE_DATA, or else ./data).
    #[arg(long, global = true, overrides_with = "in_process")]
    pub(crate) in_process: bool,
    /// The folder with certificates [default: CONVENE_CERTS, or else certs in the data folder, or else in $XDG_CONFIG_HOME/convene].
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) certs: Option<PathBuf>,
    /// Speak TLS on loopback too, as on every other address [default: CONVENE_REQUIRE_TLS].
    #[arg(long, global = true, overrides_with = "require_tls")]
    pub(crate) require_tls: bool,
}

/// What can be asked for. A command that needs none of the services' answers stands here by itself; all others are
/// [`ServiceCommand`]s.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    ToServices(ServiceCommand),
    #[command(flatten)]
    Supervise(SuperviseCommand),
    /// Make, renew and show the certificates with which services and clients know each other.
    #[command(subcommand)]
    Certs(CertsCommand),
    /// Print a script that completes commands in a shell.
    #[command(
        after_long_help = "Example:\n  convene completions bash > ~/.local/share/bash-completion/completions/convene"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of all or of one command.
    #[command(after_long_help = "Examples:\n  convene man | man -l -\n  convene man event create | man -l -")]
    Man {
        /// The command; nothing for all.
        command: Vec<String>,
    },
}

/// What the services can be asked to do or to tell.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Make an account and sign in.
    #[command(
        after_long_help = "Examples:\n  convene register alice\n  echo \"$PASSWORD\" | convene register alice --password-stdin"
    )]
    Register(SignIn),
    /// Sign in.
    #[command(after_long_help = "Examples:\n  convene login alice\n  convene --profile work login alice-work")]
    Login(SignIn),
    /// Sign out.
    Logout,
    /// Show who is signed in.
    Whoami,
    /// Change the password and end one's other sessions.
    #[command(
        after_long_help = "Examples:\n  convene passwd\n  printf '%s\\n' \"$OLD\" \"$NEW\" | convene passwd --password-stdin"
    )]
    Passwd(PasswordInput),
    /// Delete one's account.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Create, show, edit, cancel and list events.
    #[command(subcommand)]
    Event(EventCommand),
    /// Invite people to an event of one's own.
    #[command(after_long_help = "Example:\n  convene invite 0198c0de-7000-7abc-8def-0123456789ab bob carol")]
    Invite(People),
    /// Take invitations back.
    #[command(after_long_help = "Example:\n  convene uninvite 0198c0de-7000-7abc-8def-0123456789ab bob")]
    Uninvite(People),
    /// Show the invitations that one has received.
    #[command(after_long_help = "Examples:\n  convene invitations\n  convene invitations --all --limit 200")]
    Invitations(Inbox),
    /// Answer an invitation, or change the answer.
    #[command(after_long_help = "\
Whoever accepts is told what it overlaps with in their own calendar, of what recurs within the next 31 days; it is accepted all the same.
When all places are taken, the answer is `waiting`, with the position in line; whoever leaves makes room for the first.

Examples:
  convene respond 0198c0de-7000-7abc-8def-0123456789ab accept
  convene respond 0198c0de-7000-7abc-8def-0123456789ab decline --instance 2027-03-17T09:00")]
    Respond(Respond),
    /// Say that one comes to a public event, or may.
    #[command(after_long_help = "\
When all places are taken, the answer is `waiting`, with the position in line; whoever leaves makes room for the first.

Examples:
  convene attend 0198c0de-7000-7abc-8def-0123456789ab
  convene attend 0198c0de-7000-7abc-8def-0123456789ab --maybe")]
    Attend(Attend),
    /// Say that one does not come to a public event after all.
    #[command(after_long_help = "Example:\n  convene unattend 0198c0de-7000-7abc-8def-0123456789ab")]
    Unattend(OfEventOrInstance),
    /// Show who comes to an event.
    #[command(after_long_help = "Example:\n  convene participants 0198c0de-7000-7abc-8def-0123456789ab --status going")]
    Participants(WhoComes),
    /// Show one's own calendar, or one that is shared.
    #[command(
        after_long_help = "Examples:\n  convene calendar\n  convene calendar --of bob --from 2027-03-01 --to 2027-03-31"
    )]
    Calendar(ViewCalendar),
    /// Show when people are busy: those whose calendars one may see, and oneself.
    #[command(after_long_help = "\
Busy is whoever organizes an event, comes to it, or may come (maybe); on the days of an all-day event, all day. What overlaps or
touches is one. Times have the offset of this machine's zone.

Examples:
  convene freebusy bob carol
  convene freebusy alice bob --from 2027-03-01 --to 2027-03-05 --json")]
    Freebusy(FreeBusy),
    /// Find the times in which people, and oneself, are free.
    #[command(after_long_help = "\
Each line is one whole stretch in which everyone is free, from where it begins within the hours of --between to where it ends, at least
as long as --for; a meeting can be anywhere in it. Busy is what freebusy shows as busy. Hours are those that the clocks of this machine's
zone show, also on days on which they change, and lie within one day. Nothing before now is shown.

Examples:
  convene find-time bob carol --for 1h
  convene find-time bob --for 90m --between 9:00-17:00 --on mon,tue,wed,thu,fri --to 2027-03-31 --limit 5")]
    FindTime(FindTime),
    /// Import events from an iCalendar file, as often as it changes.
    #[command(
        after_long_help = "Examples:\n  convene import holidays.ics --dry-run\n  curl -s https://example.org/team.ics | convene import -"
    )]
    Import(Import),
    /// Export events as an iCalendar file.
    #[command(
        after_long_help = "Examples:\n  convene export -o me.ics\n  convene export --of bob --from 2027-03-01 --to 2027-03-31\n  convene export --event 0198c0de-7000-7abc-8def-0123456789ab"
    )]
    Export(Export),
    /// Show the reminders to come, or tell each as it becomes due.
    #[command(after_long_help = "\
Reminders are those that events in one's own calendar have (--remind of event create and event edit). With --follow each is one line on
standard output as soon as it is due, with --json one JSON document a line: due, event, instance, title, start, location, minutes.
It goes on until it is stopped, hears of changes, and tells what it knows of while services are away. What was due before it began is
not told. A script or a desktop notifier can read it line by line.

Examples:
  convene remind
  convene remind --within 7d --json
  convene remind --follow
  convene remind --follow | while read -r line; do notify-send Convene \"$line\"; done")]
    Remind(Remind),
    /// Let someone see one's calendar.
    #[command(after_long_help = "Examples:\n  convene share bob\n  convene share bob --busy-only")]
    Share(ShareWith),
    /// Let someone no longer see one's calendar.
    #[command(after_long_help = "Example:\n  convene unshare bob")]
    Unshare {
        /// Who.
        user: String,
    },
    /// Show who sees one's calendar, and whose one sees.
    #[command(after_long_help = "Example:\n  convene shares --json")]
    Shares,
    /// Show how the services are.
    #[command(after_long_help = "Examples:\n  convene status\n  convene --server 192.0.2.7:7400 status --json")]
    Status,
    /// Check all references between the services' databases, with the operator's key in the data folder.
    #[command(after_long_help = "Example:\n  CONVENE_DATA=/var/lib/convene convene check")]
    Check,
    /// Load the demonstration set.
    #[command(hide = true)]
    Demo,
}

/// Which part of a list.
#[derive(Args, Clone, Debug, Default, Serialize)]
pub(crate) struct Paging {
    /// How many items at most, 1–200.
    #[arg(long, value_name = "N", default_value = "50", allow_hyphen_values = true)]
    pub(crate) limit: String,
    /// Go on after this cursor: the `next` of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

/// What the words of a command line come to.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A command, or the wish for the terminal client.
    Command(Box<Arguments>),
    /// Help or the version: to be printed.
    Text(String),
    /// Wrong usage.
    Wrong {
        /// What is wrong.
        failure: Failure,
        /// The same for people: with the usage of the command.
        text: String,
        /// Whether `--json` is among the words.
        json: bool,
    },
}

/// Reads the words of a command line, the program's name first.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Parsed {
    let words: Vec<OsString> = words.into_iter().collect();
    let error = match Arguments::try_parse_from(&words) {
        Ok(arguments) => return Parsed::Command(Box::new(arguments)),
        Err(error) => error,
    };
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Parsed::Text(text),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Parsed::Wrong {
            failure: Failure::usage("a command is missing; --help lists them"),
            text,
            json: asks_for_json(&words),
        },
        _ => Parsed::Wrong { failure: Failure::usage(first_paragraph(&text)), text, json: asks_for_json(&words) },
    }
}

/// The command line's definition, for completions and manual pages.
pub(crate) fn definition() -> clap::Command {
    Arguments::command()
}

fn asks_for_json(words: &[OsString]) -> bool {
    words.iter().skip(1).take_while(|word| *word != "--").any(|word| word == "--json")
}

/// What clap says up to the usage that it appends, on one line.
fn first_paragraph(text: &str) -> String {
    let said = text.split("\n\n").next().unwrap_or(text);
    let said = said.strip_prefix("error: ").unwrap_or(said);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
