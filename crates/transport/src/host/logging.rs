//! Where a program's log goes: to standard error, as text or as JSON.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use super::options::LogFormat;
use crate::cluster::Failed;

/// Starts logging; a second time in one process changes nothing.
pub(super) fn start(filter: &str, format: LogFormat) -> Result<(), Failed> {
    let filter = if filter.trim().is_empty() { "info" } else { filter };
    let parsed = EnvFilter::try_new(filter)
        .map_err(|error| Failed(format!("the log filter `{filter}` makes no sense: {error}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(io::stderr);
    let _ = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    Ok(())
}
