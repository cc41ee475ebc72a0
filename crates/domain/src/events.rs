//! The events service: what happens when, and who is invited to it.
//!
//! It owns events and their membership, so "who may see this event" is decided here. It follows auth.

use serde::{Deserialize, Serialize};

use crate::integrity::{AskHealth, Audit, AuditPage, Health, Present};
use crate::log::{Change, Changes, ReadChanges};
use crate::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use crate::time::Window;
use crate::{
    Description, EventId, EventTime, EventTitle, Location, Page, PageRequest, Position, Positions, SearchText, Series,
    Timestamp, UserId, Username, Watch,
};

crate::service! {
    /// Making, showing and changing events, and saying who is invited.
    ///
    /// An event is seen by its organizer, by those invited, and by everyone signed in if it is public. Anyone else gets the same
    /// `not_found` as for an event that does not exist.
    pub trait Events for crate::Service::Events as (EventsProtocol, EventsRequest, EventsResponse, EventsServer, EventsClient) {
        /// Makes an event and says who is invited, as one. At most 1,000 invitees.
        1: command by User fn create(CreateEvent) -> Event;
        /// Shows an event, also a cancelled one to its organizer and invitees.
        2: query by User fn show(ShowEvent) -> Event;
        /// Changes an event. Organizer only. Conflict with the current version if another than `if_version`, or if cancelled.
        3: command by User fn edit(EditEvent) -> Event;
        /// Cancels an event; cancelling again succeeds. Organizer only.
        4: command by User fn cancel(CancelEvent) -> Event;
        /// Invites people; those already invited stay so. Organizer only; at most 1,000 a call.
        5: command by User fn invite(Invite) -> Event;
        /// Takes invitations back; those not invited are passed over. Organizer only; at most 1,000 a call.
        6: command by User fn uninvite(Uninvite) -> Event;
        /// Events by start: the public ones, or those I organize or am invited to. Cancelled ones are left out.
        7: query by User fn list(ListEvents) -> Page<Event>;
        /// An event as one user may see it, vouched at a position. Not found if they may not.
        8: query by Service fn vouch(VouchEvent) -> VouchedEvent;
        /// What changed, for followers.
        9: query by Service fn changes(ReadChanges) -> Changes<EventChange>;
        /// The references this service holds.
        10: query by Service fn audit(Audit) -> AuditPage;
        /// Which of these events exist, in the order of the question.
        11: query by Service fn present(Present) -> Vec<bool>;
        /// How the service is.
        12: query by Anyone fn health(AskHealth) -> Health;
        /// How far the service is, as soon as that is news.
        13: query by User fn watch(Watch) -> Positions;
        /// The events and who is invited to each, for followers whose history ended.
        14: query by Service fn snapshot(ReadSnapshot) -> Snapshot<EventChange>;
        /// Lets go of what the named owner has lost, though it is much. Operator only; conflict if nothing waits for that.
        15: command by Service fn accept_loss(AcceptLoss) -> LossAccepted;
    }
}

/// Most invitees one command may name.
pub const MAX_INVITEES: usize = 1_000;

/// Most people one record of a log names.
pub const MAX_PEOPLE_A_RECORD: usize = 200;

/// Wants an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateEvent {
    /// Its title.
    pub title: EventTitle,
    /// What it is about.
    pub description: Description,
    /// Where it is.
    pub location: Location,
    /// When it is.
    pub time: EventTime,
    /// Whether everyone may see and join it.
    pub public: bool,
    /// Who is invited from the start; naming oneself or someone twice is invalid input (`invite`).
    pub invite: Vec<Username>,
}

/// Asks for one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowEvent {
    /// Which.
    pub event: EventId,
}

/// Wants an event to be different. What is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditEvent {
    /// Which.
    pub event: EventId,
    /// The version that the change is meant for; `None` for whichever is current.
    pub if_version: Option<u64>,
    /// Another title.
    pub title: Option<EventTitle>,
    /// Another description.
    pub description: Option<Description>,
    /// Another place.
    pub location: Option<Location>,
    /// Another time.
    pub time: Option<EventTime>,
    /// Public from now on, or private.
    pub public: Option<bool>,
    /// More invitees.
    pub invite: Vec<Username>,
}

/// Wants an event not to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelEvent {
    /// Which.
    pub event: EventId,
}

/// Wants people to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// To what.
    pub event: EventId,
    /// Who.
    pub invitees: Vec<Username>,
}

/// Wants people not to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uninvite {
    /// From what.
    pub event: EventId,
    /// Who.
    pub invitees: Vec<Username>,
}

/// Which events a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Listing {
    /// Those that everyone may see.
    Public,
    /// Those that I organize or am invited to.
    Mine,
}

/// Asks for events in a stretch of days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEvents {
    /// Which.
    pub listing: Listing,
    /// Only those with this in their title, description or location.
    pub search: Option<SearchText>,
    /// The days, in the reader's zone.
    pub window: Window,
    /// The page.
    pub page: PageRequest,
}

/// Asks for an event on behalf of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VouchEvent {
    /// Which.
    pub event: EventId,
    /// Who wants to see it.
    pub viewer: UserId,
}

/// Someone who is referred to, and may since have deleted their account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Person {
    /// By this name.
    Named(Username),
    /// An account that is gone.
    Deleted,
}

/// An event, as those who may see it see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its identity.
    pub id: EventId,
    /// Its title.
    pub title: EventTitle,
    /// What it is about.
    pub description: Description,
    /// Where it is.
    pub location: Location,
    /// When it is.
    pub series: Series,
    /// Whether everyone may see and join it.
    pub public: bool,
    /// Whose it is.
    pub organizer: Person,
    /// Counts the changes to the event itself, from 1; invitations do not count.
    pub version: u64,
    /// Whether it was called off.
    pub cancelled: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// What other services keep of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFacts {
    /// Its identity.
    pub event: EventId,
    /// Whose it is; `None` once the account is gone.
    pub organizer: Option<UserId>,
    /// Its title.
    pub title: EventTitle,
    /// Where it is.
    pub location: Location,
    /// When it is.
    pub series: Series,
    /// Whether everyone may see and join it.
    pub public: bool,
    /// Whether it was called off.
    pub cancelled: bool,
    /// The version these facts are of.
    pub version: u64,
}

/// An event as one user may see it, and the position of events' log at which it was seen so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VouchedEvent {
    /// The event.
    pub facts: EventFacts,
    /// Who invited the viewer, if they are invited; the inner `None` for an account that is gone.
    pub invited_by: Option<Option<UserId>>,
    /// Where in events' log.
    pub at: Position,
}

/// A record of events' log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventChange {
    /// An event came to be or changed; all facts, as they are now.
    Put(EventFacts),
    /// People were invited; at most [`MAX_PEOPLE_A_RECORD`].
    Invited {
        /// To what.
        event: EventId,
        /// By whom.
        inviter: UserId,
        /// Who.
        invitees: Vec<UserId>,
    },
    /// Invitations were taken back; at most [`MAX_PEOPLE_A_RECORD`].
    Uninvited {
        /// To what.
        event: EventId,
        /// Whose.
        invitees: Vec<UserId>,
    },
    /// An event is gone: its organizer deleted their account and nobody is left who may see it.
    Removed {
        /// Which it was.
        event: EventId,
    },
    /// People are invited, as a snapshot tells it; never in the log. At most [`MAX_PEOPLE_A_RECORD`].
    Members {
        /// To what.
        event: EventId,
        /// By whom; `None` once the account is gone.
        inviter: Option<UserId>,
        /// Who.
        invitees: Vec<UserId>,
    },
}

/// What of events' others keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventRow {
    /// An event.
    Event(EventId),
    /// An invitation to an event.
    Invited(EventId, UserId),
}

impl Change for EventChange {
    const VERSION: u8 = 1;
    type Row = EventRow;

    fn rows(&self) -> Vec<EventRow> {
        match self {
            Self::Put(facts) => vec![EventRow::Event(facts.event)],
            Self::Invited { event, invitees, .. } | Self::Members { event, invitees, .. } => {
                invitees.iter().map(|invitee| EventRow::Invited(*event, *invitee)).collect()
            }
            Self::Uninvited { .. } | Self::Removed { .. } => Vec::new(),
        }
    }

    fn removal(row: &EventRow) -> Self {
        match *row {
            EventRow::Event(event) => Self::Removed { event },
            EventRow::Invited(event, invitee) => Self::Uninvited { event, invitees: vec![invitee] },
        }
    }
}
