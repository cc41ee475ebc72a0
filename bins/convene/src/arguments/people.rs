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

/// When people are busy.
#[derive(Args, Debug)]
pub(crate) struct FreeBusy {
    /// Whose calendars: those that one may see, and one's own.
    #[arg(required = true, value_name = "USER")]
    pub(crate) users: Vec<String>,
    #[command(flatten)]
    pub(crate) days: Days,
}

/// When people are free.
#[derive(Args, Debug)]
pub(crate) struct FindTime {
    /// Who must be free besides oneself: people whose calendars one may see.
    #[arg(required = true, value_name = "USER")]
    pub(crate) users: Vec<String>,
    /// How long everyone must be free: 1h30m, 90m, 2h; a day is 24 hours.
    #[arg(long = "for", value_name = "DURATION")]
    pub(crate) lasting: String,
    /// Between which hours of each day, by the clocks of this machine's zone [default: the whole day].
    #[arg(long, value_name = "HH:MM-HH:MM", allow_hyphen_values = true)]
    pub(crate) between: Option<String>,
    /// Only on these days of the week: mon,tue,wed,thu,fri,sat,sun.
    #[arg(long, value_name = "DAY,…", value_delimiter = ',')]
    pub(crate) on: Vec<String>,
    #[command(flatten)]
    pub(crate) days: Days,
    /// How many times at most, the earliest first, 1–200.
    #[arg(long, value_name = "N", default_value = "50", allow_hyphen_values = true)]
    pub(crate) limit: String,
}

/// Which days, at most 366.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Days {
    /// From this day on [default: today].
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Up to and with this day [default: 31 days in all].
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
}

/// Which reminders.
#[derive(Args, Debug)]
pub(crate) struct Remind {
    /// Tell each reminder as it becomes due, until stopped.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Those due within this time from now: 12h, 7d, 2w [default: 24h].
    #[arg(long, value_name = "DURATION", conflicts_with = "follow")]
    pub(crate) within: Option<String>,
}
