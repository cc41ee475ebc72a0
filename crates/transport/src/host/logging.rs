//! Where a program's log goes: to standard error, as text or as JSON; and its traces to a collector, if one is configured.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

use super::options::LogFormat;
use crate::cluster::Failed;
use crate::telemetry::{self, Exporting};

/// Starts logging for `program`; a second time in one process changes nothing. Traces are sent for as long as the answer is kept.
pub(super) fn start(program: &'static str, filter: &str, format: LogFormat) -> Result<Option<Exporting>, Failed> {
    let filter = if filter.trim().is_empty() { "info" } else { filter };
    let parsed = EnvFilter::try_new(filter)
        .map_err(|error| Failed(format!("the log filter `{filter}` makes no sense: {error}")))?;
    let log = fmt::layer().with_writer(io::stderr);
    let log = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).with_filter(parsed).boxed(),
        LogFormat::Json => log.json().with_filter(parsed).boxed(),
    };
    if telemetry::is_configured(|name| std::env::var(name).ok()) {
        let (spans, exporting) = telemetry::exporting(program, None)?;
        let _ = registry().with(log).with(spans).try_init();
        return Ok(Some(exporting));
    }
    let _ = registry().with(log).try_init();
    Ok(None)
}
