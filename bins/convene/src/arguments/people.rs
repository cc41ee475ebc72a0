//! The words about calendars and who sees them.

use clap::Args;
use serde::Serialize;

use super::Paging;

/// Which calendar, and which days of it.
#[derive(Args, Debug)]
pub(crate) struct ViewCalendar {
    /// Whose [default: one's own].
    #[arg(long, value_name = "USER")]
    pub(crate) of: Option<String>,
    /// From this day on [default: today].
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Up to and with this day [default: 31 days in all].
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Who may see how much.
#[derive(Args, Debug, Serialize)]
pub(crate) struct ShareWith {
    /// Who.
    pub(crate) user: String,
    /// Show only when one is busy, not with what.
    #[arg(long)]
    pub(crate) busy_only: bool,
}
