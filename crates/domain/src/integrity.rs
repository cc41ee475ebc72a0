//! Foreign keys between databases: which there are, and how an audit walks them.
//!
//! No database engine checks these references, so the services do: before a write, on every deletion that reaches them, and in
//! an audit that reads all of them. [`REFERENCES`] is the one list; documents and tests are held against it.

use serde::{Deserialize, Serialize};

use crate::{Error, EventId, Service, UserId};

/// What becomes of a row when the row it refers to goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenTargetGoes {
    /// The referring row goes too.
    Goes,
    /// The event is cancelled, and its organizer reads "deleted user".
    IsCancelled,
    /// The row stays and reads "deleted user".
    ReadsDeletedUser,
}

/// One kind of reference from a row of one service to a row of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceRule {
    /// The service that has the referring rows.
    pub holder: Service,
    /// The referring field, as `service.row.field`.
    pub name: &'static str,
    /// The service that owns the row referred to.
    pub owner: Service,
    /// What becomes of the referring row when that one goes.
    pub when_target_goes: WhenTargetGoes,
}

const fn rule(holder: Service, name: &'static str, owner: Service, when_target_goes: WhenTargetGoes) -> ReferenceRule {
    ReferenceRule { holder, name, owner, when_target_goes }
}

/// Every reference between databases.
pub const REFERENCES: &[ReferenceRule] = &[
    rule(Service::Events, "events.event.organizer", Service::Auth, WhenTargetGoes::IsCancelled),
    rule(Service::Events, "events.invited.user", Service::Auth, WhenTargetGoes::Goes),
    rule(Service::Invitations, "invitations.invitation.event", Service::Events, WhenTargetGoes::Goes),
    rule(Service::Invitations, "invitations.invitation.invitee", Service::Auth, WhenTargetGoes::Goes),
    rule(Service::Invitations, "invitations.invitation.inviter", Service::Auth, WhenTargetGoes::ReadsDeletedUser),
    rule(Service::Invitations, "invitations.answer.organizer", Service::Auth, WhenTargetGoes::Goes),
    rule(Service::Calendar, "calendar.calendar.owner", Service::Auth, WhenTargetGoes::Goes),
    rule(Service::Calendar, "calendar.entry.owner", Service::Auth, WhenTargetGoes::Goes),
    rule(Service::Calendar, "calendar.entry.event", Service::Events, WhenTargetGoes::Goes),
    rule(Service::Sharing, "sharing.share.owner", Service::Auth, WhenTargetGoes::Goes),
    rule(Service::Sharing, "sharing.share.sharee", Service::Auth, WhenTargetGoes::Goes),
];

/// The row that a reference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Target {
    /// A user, owned by auth.
    User(UserId),
    /// An event, owned by events.
    Event(EventId),
}

impl Target {
    /// The service that owns the row.
    #[must_use]
    pub const fn owner(self) -> Service {
        match self {
            Self::User(_) => Service::Auth,
            Self::Event(_) => Service::Events,
        }
    }
}

/// One reference found by an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Which kind: the `name` of one of [`REFERENCES`].
    pub name: String,
    /// The referring row, in words an operator can search for.
    pub row: String,
    /// Where it leads.
    pub target: Target,
}

/// Asks for the references of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// The `next` of the page before.
    pub after: Option<Vec<u8>>,
}

/// Some of a service's references, and what it found wrong with itself on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The references; at most 1,000.
    pub references: Vec<Reference>,
    /// Counts that differ from what they count, entries without their row, indexes that miss one: in words.
    pub discrepancies: Vec<String>,
    /// Where the next page begins.
    pub next: Option<Vec<u8>>,
}

/// Asks an owner which of these rows exist; at most 1,000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// The rows.
    pub targets: Vec<Target>,
}

impl Present {
    /// The most rows that one question may name.
    pub const MOST: usize = 1_000;

    /// Answers for each row, in their order, by `exists`.
    ///
    /// # Errors
    /// Invalid input (`targets`) for too many; what `exists` reports.
    pub fn answer<E: From<Error>>(&self, exists: impl FnMut(&Target) -> Result<bool, E>) -> Result<Vec<bool>, E> {
        let number = self.targets.len();
        if number > Self::MOST {
            let why = format!("at most {} rows can be asked after at once", Self::MOST);
            return Err(Error::invalid("targets", number.to_string(), why).into());
        }
        self.targets.iter().map(exists).collect()
    }
}

/// How a service is, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The program's version.
    pub version: String,
    /// The last durable position of its log, and how far it has applied the logs it follows (effects of long cascades included).
    pub positions: crate::Positions,
    /// Services whose log it is not in contact with, or has not caught up with.
    pub behind: Vec<Service>,
    /// Why a follower has stopped, if one has: it met a record it cannot apply, or a history that is not the one it followed.
    pub stopped: Vec<String>,
}

/// Asks a service how it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskHealth;
