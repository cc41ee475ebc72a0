//! The events service: what happens when, and who is invited to it.
//!
//! It owns events and their membership, so "who may see this event" is decided here. It follows auth.

use serde::{Deserialize, Serialize};

use crate::integrity::{AskHealth, Audit, AuditPage, Health, Present};
use crate::log::{Changes, ReadChanges};
use crate::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use crate::time::{Rules, Window};
use crate::{
    Description, EventId, EventTime, EventTitle, Instance, Location, Page, PageRequest, Position, Positions,
    SearchText, Series, Timestamp, UserId, Username, Watch,
};

mod before;
mod change;
mod exception;
mod import;
mod terms;

pub use before::{EventChangeBefore, EventFactsBefore};
pub use change::{EventChange, EventFacts, EventRow};
pub use exception::{Change, Exception};
pub use import::{Age, ImportEvent, Imported, ReadOriginal, Source};
pub use terms::{Alarms, Capacity, MAX_ALARM, MAX_ALARMS, MAX_CAPACITY};

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
        /// Changes an event, one of its instances, or one and all that follow (then another event: the answer). Organizer only. Conflict with the current version if another than `if_version`, or if cancelled.
        3: command by User fn edit(EditEvent) -> Event;
        /// Cancels an event, an instance, or one and all that follow; cancelling again succeeds. Organizer only.
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
        /// The instances of an event that are not as its rules have them, by original start; for those who may see the event.
        16: query by User fn exceptions(ListExceptions) -> Page<(i64, Exception)>;
        /// Makes an event of one's own of what another calendar program has, or brings it up to date if it was imported before.
        17: command by User fn import(ImportEvent) -> Imported;
        /// The text that an event was imported from, if it was. Organizer only.
        18: query by User fn original(ReadOriginal) -> Option<Source>;
    }
}

/// Most invitees one command may name.
pub const MAX_INVITEES: usize = 1_000;

/// Most people one record of a log names: a follower takes a record over whole, and its service's commands wait for that. Older logs
/// have records of up to 200.
pub const MAX_PEOPLE_A_RECORD: usize = 32;

/// Wants an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateEvent {
    /// Its title.
    pub title: EventTitle,
    /// What it is about.
    pub description: Description,
    /// Where it is.
    pub location: Location,
    /// When it is, or its first instance.
    pub time: EventTime,
    /// How it comes again.
    pub rules: Rules,
    /// Whether everyone may see and join it.
    pub public: bool,
    /// How many people can come; `None` for any number.
    pub capacity: Option<Capacity>,
    /// When those who come are reminded.
    pub alarms: Alarms,
    /// Who is invited from the start; naming oneself or someone twice is invalid input (`invite`).
    pub invite: Vec<Username>,
}

/// Asks for one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowEvent {
    /// Which.
    pub event: EventId,
    /// All of it, or one instance: its title, description, place and time are then those of the instance.
    pub instance: Instance,
}

/// Asks for the instances that are not as the rules have them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListExceptions {
    /// Of which event.
    pub event: EventId,
    /// The page.
    pub page: PageRequest,
}

/// Wants an event to be different. What is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditEvent {
    /// Which.
    pub event: EventId,
    /// All of it, one instance, or one and all that follow. Of one instance only title, description, location and time can be changed.
    pub instance: Instance,
    /// The version that the change is meant for; `None` for whichever is current.
    pub if_version: Option<u64>,
    /// Another title.
    pub title: Option<EventTitle>,
    /// Another description.
    pub description: Option<Description>,
    /// Another place.
    pub location: Option<Location>,
    /// Another time: of the first instance, of the one meant, or of the first of those that follow.
    pub time: Option<EventTime>,
    /// Other rules; none for an event that no longer comes again.
    pub rules: Option<Rules>,
    /// Public from now on, or private.
    pub public: Option<bool>,
    /// Another capacity; the inner `None` for any number.
    pub capacity: Option<Option<Capacity>>,
    /// Other alarms.
    pub alarms: Option<Alarms>,
    /// More invitees.
    pub invite: Vec<Username>,
}

/// Wants an event not to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelEvent {
    /// Which.
    pub event: EventId,
    /// All of it, one instance, or one and all that follow.
    pub instance: Instance,
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
    /// When the instance is that was asked for; `None` for all of it.
    pub occurrence: Option<EventTime>,
    /// Whether everyone may see and join it.
    pub public: bool,
    /// How many people can come; `None` for any number.
    pub capacity: Option<Capacity>,
    /// When those who come are reminded.
    pub alarms: Alarms,
    /// Whose it is.
    pub organizer: Person,
    /// Counts the changes to the event itself, from 1; invitations do not count.
    pub version: u64,
    /// Whether it, or the instance asked for, was called off.
    pub cancelled: bool,
    /// When it was made.
    pub created: Timestamp,
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
