//! The invitations service: who was asked, and what they answered.
//!
//! It owns the invitations that people have received, their answers, participation in public events, and the counts of each
//! event. It makes invitations by following events, and follows auth.

use serde::{Deserialize, Serialize};

use crate::events::Person;
use crate::integrity::{AskHealth, Audit, AuditPage, Health};
use crate::log::{Change, Changes, ReadChanges};
use crate::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use crate::{
    EventId, EventTitle, Instance, Location, Page, PageRequest, Position, Positions, Series, UserId, Username, Watch,
};

crate::service! {
    /// The inbox, the three answers, and who comes.
    pub trait Invitations for crate::Service::Invitations
        as (InvitationsProtocol, InvitationsRequest, InvitationsResponse, InvitationsServer, InvitationsClient)
    {
        /// My invitations, the newest first; by default those not yet answered. Those to cancelled events are left out.
        1: query by User fn inbox(Inbox) -> Page<Invitation>;
        /// Answers an invitation, or changes the answer. Forbidden if I see the event but was not asked; conflict if cancelled.
        /// Accepting an event whose places are all taken is no error: the answer is `waiting` then, with a position in line.
        2: command by User fn respond(Respond) -> Invitation;
        /// Says that I come to a public event, or may. Forbidden for its organizer and for private events; conflict if cancelled.
        /// When all its places are taken, as for an accepted invitation.
        3: command by User fn attend(Attend) -> Invitation;
        /// Says that I do not come to a public event after all: the answer becomes `declined`.
        4: command by User fn unattend(Unattend) -> Invitation;
        /// Who comes, may come, has not answered, does not come; for those who may see the event.
        5: query by User fn participants(ListParticipants) -> Participants;
        /// The invitations of some people to an event, in the order of the question, without those that do not exist; for those who may see the event.
        6: query by User fn of_people(OfPeople) -> Vec<Invitation>;
        /// What changed, for followers.
        7: query by Service fn changes(ReadChanges) -> Changes<InvitationChange>;
        /// The references this service holds, and counts that differ from what they count.
        8: query by Service fn audit(Audit) -> AuditPage;
        /// How the service is.
        9: query by Anyone fn health(AskHealth) -> Health;
        /// How far the service is, as soon as that is news.
        10: query by User fn watch(Watch) -> Positions;
        /// What people have answered to the events that I organize, the last answer of each.
        11: query by User fn answers(ListAnswers) -> Answers;
        /// Everyone's status, for followers whose history ended.
        12: query by Service fn snapshot(ReadSnapshot) -> Snapshot<InvitationChange>;
        /// Lets go of what the named owner has lost, though it is much. Operator only; conflict if nothing waits for that.
        13: command by Service fn accept_loss(AcceptLoss) -> LossAccepted;
        /// My invitations to some events, in the order of the question, without those that do not exist.
        14: query by User fn mine(OfEvents) -> Vec<Invitation>;
    }
}

/// Asks for my invitations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// Answered ones too.
    pub all: bool,
    /// The page.
    pub page: PageRequest,
}

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Response {
    /// I come.
    Accept,
    /// I do not.
    Decline,
    /// I may.
    Maybe,
}

/// What is known of someone's coming (RFC 5545 §3.2.12: NEEDS-ACTION, ACCEPTED, TENTATIVE, DECLINED).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// They come.
    Going,
    /// They may.
    Maybe,
    /// They have not answered.
    Pending,
    /// They do not.
    Declined,
    /// They want to come, but every place is taken: they stand in line for the next that becomes free. (iCalendar has no word for
    /// it; TENTATIVE is nearest.)
    Waiting,
}

impl Status {
    /// All of them, in the order in which lists of people show them.
    pub const LISTED: [Self; 5] = [Self::Going, Self::Waiting, Self::Maybe, Self::Pending, Self::Declined];
}

/// Wants to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Respond {
    /// The invitation to what.
    pub event: EventId,
    /// All of it, or one instance of an event that recurs.
    pub instance: Instance,
    /// The answer.
    pub response: Response,
}

/// Wants to join a public event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attend {
    /// Which.
    pub event: EventId,
    /// All of it, or one instance of an event that recurs.
    pub instance: Instance,
    /// Only perhaps.
    pub maybe: bool,
}

/// Wants to leave a public event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unattend {
    /// Which.
    pub event: EventId,
    /// All of it, or one instance of an event that recurs.
    pub instance: Instance,
}

/// Asks who comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListParticipants {
    /// To what.
    pub event: EventId,
    /// All of it, or one instance of an event that recurs: then those who have answered to that one by itself.
    pub instance: Instance,
    /// Only those of this status.
    pub status: Option<Status>,
    /// The page: by status (going, waiting, maybe, pending, declined), then in the order of registration; those who wait, in
    /// the order of their line.
    pub page: PageRequest,
}

/// Asks for the invitations of some people; at most [`crate::events::MAX_INVITEES`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfPeople {
    /// To what.
    pub event: EventId,
    /// Whose.
    pub invitees: Vec<Username>,
}

/// Most events that can be asked about at once: as many as a page of a list has.
pub const MAX_EVENTS: usize = 200;

/// Asks for my own invitations; at most [`MAX_EVENTS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfEvents {
    /// To what.
    pub events: Vec<EventId>,
}

/// As much of an event as an invitation tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSummary {
    /// Its identity.
    pub id: EventId,
    /// Its title.
    pub title: EventTitle,
    /// Where it is.
    pub location: Location,
    /// When it is.
    pub series: Series,
    /// Whether everyone may see and join it.
    pub public: bool,
    /// Whose it is.
    pub organizer: Person,
    /// Whether it was called off.
    pub cancelled: bool,
}

/// An invitation and its answer; also of someone who joined a public event unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// To what.
    pub event: EventSummary,
    /// All of it, or one instance.
    pub instance: Instance,
    /// Who was asked.
    pub invitee: Username,
    /// Who asked; `None` for someone who joined by themselves.
    pub inviter: Option<Person>,
    /// What they answered.
    pub status: Status,
    /// Where they stand in the line of those who wait for a place, the first at 1; only while they are `waiting`.
    pub position: Option<u64>,
}

/// How many there are of each status; kept with every answer, not counted when asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// They come.
    pub going: u64,
    /// They may.
    pub maybe: u64,
    /// They have not answered.
    pub pending: u64,
    /// They do not.
    pub declined: u64,
    /// They wait for a place.
    pub waiting: u64,
}

/// Someone who was asked or joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Who.
    pub username: Username,
    /// What they answered.
    pub status: Status,
    /// Where they stand in the line of those who wait for a place, the first at 1; only while they are `waiting`.
    pub position: Option<u64>,
}

/// Who comes. The organizer is not among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participants {
    /// How many, whatever the page and filter.
    pub counts: Counts,
    /// The page of people.
    pub people: Page<Participant>,
}

/// Most answers that are remembered for one organizer, to be told of; older ones are still among the participants.
pub const MAX_ANSWERS: usize = 50;

/// Asks what people have answered to my events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListAnswers {
    /// Only those after this position of invitations' log: the `until` of an earlier reply. `None` for all that are remembered;
    /// a position of another history than the present one has nothing after it.
    pub after: Option<Position>,
}

/// Someone's last answer to an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The event.
    pub event: EventId,
    /// All of it, or one instance.
    pub instance: Instance,
    /// Its title.
    pub title: EventTitle,
    /// Who answered.
    pub username: Username,
    /// What: never `pending`.
    pub status: Status,
}

/// What people have answered; at most [`MAX_ANSWERS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// The answers, in the order in which they were given.
    pub items: Vec<Answered>,
    /// Up to where these are all; to be given as `after` next time.
    pub until: Position,
}

/// A record of invitations' log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvitationChange {
    /// What is now known of people's coming; at most [`crate::events::MAX_PEOPLE_A_RECORD`].
    Answered {
        /// To what.
        event: EventId,
        /// All of it, or one instance.
        instance: Instance,
        /// Who, and what; `None` for an invitation that is gone.
        people: Vec<(UserId, Option<Status>)>,
    },
}

/// What of invitations' others keep: someone's status at an event, or at one instance of it.
pub type InvitationRow = (EventId, Instance, UserId);

impl Change for InvitationChange {
    /// The second knows who waits, and answers from an instance on; all that the first had is as it was.
    const VERSION: u8 = 2;
    type Before = Self;
    type Row = InvitationRow;

    fn rows(&self) -> Vec<InvitationRow> {
        let Self::Answered { event, instance, people } = self;
        let there = people.iter().filter(|(_, status)| status.is_some());
        there.map(|(user, _)| (*event, *instance, *user)).collect()
    }

    fn removal(&(event, instance, user): &InvitationRow) -> Self {
        Self::Answered { event, instance, people: vec![(user, None)] }
    }
}
