//! The words about events.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Paging;
use crate::when::Said;

/// What can be done with events.
#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// Make an event.
    #[command(after_long_help = "\
Times are 2027-03-10T09:00, with seconds or an offset if wanted, or today or tomorrow with a time. Without an offset they are
civil time in --zone. With --all-day they are dates, and --end is the day after the last one.

Examples:
  convene event create --title Planning --start 2027-03-10T09:00 --for 1h30m --invite bob,carol
  convene event create --title Fair --start 2027-05-01 --end 2027-05-04 --all-day --public --location Hall
  convene event create --title Course --start 2027-03-12T18:00 --public --capacity 12
  convene event create --title Standup --start 2027-03-08T09:00 --for 15m --repeat \"every weekday\" --remind 10m
  convene event create --title Sync --start 2027-03-09T10:00 --repeat \"every 2 weeks on tue,thu until 2027-06-30\"
  convene event create --title Rent --start 2027-03-31 --all-day --rrule \"FREQ=MONTHLY;BYMONTHDAY=-1\"")]
    Create(Box<Create>),
    /// Show an event, or one instance of it.
    Show(OfEventOrInstance),
    /// Change an event of one's own. What is not mentioned stays.
    #[command(after_long_help = "\
--start alone keeps the length, --end or --for alone the start; --zone alone keeps the civil times and moves the event.
A start with a time of day makes a timed event of an all-day one; --all-day does the reverse.

Examples:
  convene event edit 0198c0de-7000-7abc-8def-0123456789ab --start \"tomorrow 10:00\"
  convene event edit 0198c0de-7000-7abc-8def-0123456789ab --title Review --private --if-version 3
  convene event edit 0198c0de-7000-7abc-8def-0123456789ab --instance 2027-03-17T09:00 --start 2027-03-17T11:00
  convene event edit 0198c0de-7000-7abc-8def-0123456789ab --instance 2027-03-17T09:00 --following --location Hall")]
    Edit(Box<Edit>),
    /// Cancel an event of one's own, one of its instances, or one and all that follow.
    #[command(after_long_help = "\
Examples:
  convene event cancel 0198c0de-7000-7abc-8def-0123456789ab
  convene event cancel 0198c0de-7000-7abc-8def-0123456789ab --instance 2027-03-17T09:00
  convene event cancel 0198c0de-7000-7abc-8def-0123456789ab --instance 2027-03-17T09:00 --following")]
    Cancel(OfEventOrInstance),
    /// List the events that one organizes or is invited to, or with --public those open to everyone.
    #[command(after_long_help = "\
Examples:
  convene event list
  convene event list --public --search jazz --from 2027-03-01 --to 2027-03-31")]
    List(ListEvents),
}

/// An event, one of its instances, or one and all that follow.
#[derive(Args, Clone, Debug, Serialize)]
pub(crate) struct OfEventOrInstance {
    /// The event's id.
    pub(crate) event: String,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Which instance of an event that recurs.
#[derive(Args, Clone, Debug, Default, Serialize)]
pub(crate) struct Which {
    /// Only the instance that begins then by the event's rules, as `calendar` names it, whenever it is now.
    #[arg(long, value_name = "START")]
    pub(crate) instance: Option<String>,
    /// That instance and all that follow.
    #[arg(long, requires = "instance")]
    pub(crate) following: bool,
}

/// How a new event comes again.
#[derive(Args, Clone, Debug, Default, Serialize)]
pub(crate) struct Recurring {
    /// It comes again: "every day", "every 2 weeks on tue,thu until 2027-06-30", "every month on the last friday 10 times".
    #[arg(long, value_name = "TEXT", conflicts_with = "rrule")]
    pub(crate) repeat: Option<String>,
    /// It comes again, by a rule in the words of RFC 5545.
    #[arg(long, value_name = "RULE")]
    pub(crate) rrule: Option<String>,
}

/// When an event is.
#[derive(Args, Clone, Debug, Default, Serialize)]
pub(crate) struct Time {
    /// When it is over.
    #[arg(long, value_name = "WHEN", conflicts_with = "lasting")]
    pub(crate) end: Option<String>,
    /// How long it lasts: 1h30m, 90m, 2h, 1d. A new event lasts one hour, or one day, if nothing is said.
    #[arg(long = "for", value_name = "DURATION")]
    pub(crate) lasting: Option<String>,
    /// It is on whole days: times are dates.
    #[arg(long)]
    pub(crate) all_day: bool,
    /// The IANA zone of its times [default: the machine's, or when editing the event's].
    #[arg(long)]
    pub(crate) zone: Option<String>,
}

impl Time {
    /// What was said about the time, with the start that `create` and `edit` take differently.
    pub(crate) fn said<'a>(&'a self, start: Option<&'a str>) -> Said<'a> {
        Said {
            start,
            end: self.end.as_deref(),
            lasting: self.lasting.as_deref(),
            all_day: self.all_day,
            zone: self.zone.as_deref(),
        }
    }
}

/// A new event.
#[derive(Args, Debug, Serialize)]
pub(crate) struct Create {
    /// What it is called: 1–200 characters.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) title: String,
    /// When it begins.
    #[arg(long, value_name = "WHEN")]
    pub(crate) start: String,
    #[command(flatten)]
    pub(crate) time: Time,
    #[command(flatten)]
    pub(crate) recurring: Recurring,
    /// How long before the start those who come are reminded: 10m, 1h, 1d.
    #[arg(long, value_name = "DURATION,…", value_delimiter = ',')]
    pub(crate) remind: Vec<String>,
    /// Where it is.
    #[arg(long, allow_hyphen_values = true, default_value = "", hide_default_value = true)]
    pub(crate) location: String,
    /// What it is about.
    #[arg(long, allow_hyphen_values = true, default_value = "", hide_default_value = true)]
    pub(crate) description: String,
    /// Everyone may see it and join.
    #[arg(long)]
    pub(crate) public: bool,
    /// How many can come, oneself not counted: 1–1000000. Whoever accepts when all places are taken waits for one, in line.
    #[arg(long, value_name = "N")]
    pub(crate) capacity: Option<u32>,
    /// Who is invited.
    #[arg(long, value_name = "USER,…", value_delimiter = ',')]
    pub(crate) invite: Vec<String>,
}

/// Changes of an event.
#[derive(Args, Debug, Serialize)]
pub(crate) struct Edit {
    /// The event's id.
    pub(crate) event: String,
    /// Only if this is its version; without, whichever is current.
    #[arg(long, value_name = "N")]
    pub(crate) if_version: Option<u64>,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Another title.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) title: Option<String>,
    /// Another start.
    #[arg(long, value_name = "WHEN")]
    pub(crate) start: Option<String>,
    #[command(flatten)]
    pub(crate) time: Time,
    #[command(flatten)]
    pub(crate) recurring: Recurring,
    /// It does not come again any more.
    #[arg(long, conflicts_with_all = ["repeat", "rrule"])]
    pub(crate) no_repeat: bool,
    /// How long before the start those who come are reminded: 10m, 1h, 1d.
    #[arg(long, value_name = "DURATION,…", value_delimiter = ',')]
    pub(crate) remind: Vec<String>,
    /// Nobody is reminded.
    #[arg(long, conflicts_with = "remind")]
    pub(crate) no_remind: bool,
    /// Another place; "" for none.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) location: Option<String>,
    /// Another description; "" for none.
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) description: Option<String>,
    /// Everyone may see it and join.
    #[arg(long)]
    pub(crate) public: bool,
    /// Only the invited may see it.
    #[arg(long, conflicts_with = "public")]
    pub(crate) private: bool,
    /// Another number of places: more let the first in line come, fewer send nobody away.
    #[arg(long, value_name = "N")]
    pub(crate) capacity: Option<u32>,
    /// As many as like may come.
    #[arg(long, conflicts_with = "capacity")]
    pub(crate) no_capacity: bool,
    /// Who is invited besides.
    #[arg(long, value_name = "USER,…", value_delimiter = ',')]
    pub(crate) invite: Vec<String>,
}

/// Which events to list.
#[derive(Args, Debug)]
pub(crate) struct ListEvents {
    /// Those open to everyone.
    #[arg(long)]
    pub(crate) public: bool,
    /// Only those with this in their title, description or location, in any case.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) search: Option<String>,
    /// From this day on [default: today].
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Up to and with this day.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) paging: Paging,
}
