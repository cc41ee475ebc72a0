//! The calendar service: what is in whose calendar.
//!
//! It owns one calendar a user, made when they register, and its entries: the events the user organizes, attends or may attend;
//! never an invitation they have not answered or have declined. Everything in it is taken over from the logs of auth, events,
//! invitations and sharing, so it goes on answering when any of them is away. Nobody refers to its rows, so it keeps no log.

use serde::{Deserialize, Serialize};

use crate::events::Alarms;
use crate::integrity::{AskHealth, Audit, AuditPage, Health};
use crate::recovery::{AcceptLoss, LossAccepted};
use crate::time::Window;
use crate::{EventId, EventTime, EventTitle, Instance, Location, PageCursor, PageRequest, Positions, Username, Watch};

crate::service! {
    /// Looking into calendars.
    pub trait Calendar for crate::Service::Calendar
        as (CalendarProtocol, CalendarRequest, CalendarResponse, CalendarServer, CalendarClient)
    {
        /// What overlaps a stretch of days, by start. My own calendar, or another's: forbidden unless they share it with me, and
        /// merged busy intervals only if that is what they share.
        1: query by User fn entries(ListEntries) -> CalendarPage;
        /// The references this service holds.
        2: query by Service fn audit(Audit) -> AuditPage;
        /// How the service is.
        3: query by Anyone fn health(AskHealth) -> Health;
        /// How far the service is, as soon as that is news.
        4: query by User fn watch(Watch) -> Positions;
        /// Lets go of what the named owner has lost, though it is much. Operator only; conflict if nothing waits for that.
        5: command by Service fn accept_loss(AcceptLoss) -> LossAccepted;
    }
}

/// Asks for a stretch of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntries {
    /// Whose; `None` for my own.
    pub of: Option<Username>,
    /// The days, in the reader's zone.
    pub window: Window,
    /// The page.
    pub page: PageRequest,
}

/// Why an event is in a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Attendance {
    /// The calendar's owner organizes it.
    Organizing,
    /// The owner comes.
    Going,
    /// The owner may come.
    Maybe,
}

/// One entry of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// With all that a calendar tells.
    Event {
        /// Which event.
        event: EventId,
        /// All of it, or one instance.
        instance: Instance,
        /// Its title.
        title: EventTitle,
        /// When it is.
        time: EventTime,
        /// Where it is.
        location: Location,
        /// When those who come are reminded.
        alarms: Alarms,
        /// Why it is here.
        attendance: Attendance,
    },
    /// An interval in which the owner is not free, several events merged; within the window asked for.
    Busy {
        /// Seconds since 1970 UTC.
        start: i64,
        /// Seconds since 1970 UTC, exclusive.
        end: i64,
    },
}

/// Some of a calendar's entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarPage {
    /// Whose calendar it is.
    pub owner: Username,
    /// The entries, by start.
    pub items: Vec<Entry>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<PageCursor>,
}
