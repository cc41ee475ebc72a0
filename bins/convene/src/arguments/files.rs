//! The words about iCalendar files.

use std::path::PathBuf;

use clap::Args;

/// What to import.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// An iCalendar file (.ics); - for standard input.
    pub(crate) file: String,
    /// Only say what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The zone of times whose own zone is nowhere to be found [default: this machine's].
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
}

/// What to export, and where to.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// Only this event.
    #[arg(long, value_name = "EVENT", conflicts_with_all = ["of", "from", "to"])]
    pub(crate) event: Option<String>,
    /// Whose calendar [default: one's own].
    #[arg(long, value_name = "USER")]
    pub(crate) of: Option<String>,
    /// What takes place on this day or later [default: everything; with --of, from today].
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// What takes place on this day or earlier [default: everything; with --of, for a year].
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    /// The file to write [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
