//! The sharing service: who lets whom see their calendar.
//!
//! It owns the shares, each from one user to another and never implying its reverse. It follows auth.

use serde::{Deserialize, Serialize};

use crate::integrity::{AskHealth, Audit, AuditPage, Health};
use crate::log::{Change, Changes, ReadChanges};
use crate::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use crate::{Positions, UserId, Username, Watch};

crate::service! {
    /// Sharing one's calendar, and taking that back.
    pub trait Sharing for crate::Service::Sharing as (SharingProtocol, SharingRequest, SharingResponse, SharingServer, SharingClient) {
        /// Lets someone see my calendar at a level; again with another level changes it. At most 1,000 people.
        1: command by User fn share(ShareCalendar) -> Shares;
        /// Lets them see it no longer; again succeeds.
        2: command by User fn unshare(Unshare) -> Shares;
        /// Who sees mine, and whose I see: by name, at most 1,000 of each.
        3: query by User fn shares(ListShares) -> Shares;
        /// What changed, for followers.
        4: query by Service fn changes(ReadChanges) -> Changes<SharingChange>;
        /// The references this service holds.
        5: query by Service fn audit(Audit) -> AuditPage;
        /// How the service is.
        6: query by Anyone fn health(AskHealth) -> Health;
        /// How far the service is, as soon as that is news.
        7: query by User fn watch(Watch) -> Positions;
        /// The live shares, for followers whose history ended.
        8: query by Service fn snapshot(ReadSnapshot) -> Snapshot<SharingChange>;
        /// Lets go of what the named owner has lost, though it is much. Operator only; conflict if nothing waits for that.
        9: command by Service fn accept_loss(AcceptLoss) -> LossAccepted;
    }
}

/// Most people with whom one calendar can be shared.
pub const MAX_SHARES: usize = 1_000;

/// How much a share shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Level {
    /// The entries, with titles and places.
    Details,
    /// When the owner is busy, and nothing else.
    Busy,
}

/// Wants someone to see my calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareCalendar {
    /// Who; oneself is invalid input (`user`).
    pub with: Username,
    /// How much.
    pub level: Level,
}

/// Wants someone to see it no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unshare {
    /// Who.
    pub with: Username,
}

/// Asks for both lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListShares;

/// One side of a share, seen from the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The other one.
    pub username: Username,
    /// How much they see, or let me see.
    pub level: Level,
}

/// Both lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// Who sees my calendar.
    pub shared_with: Vec<Share>,
    /// Whose calendar I see.
    pub shared_with_me: Vec<Share>,
}

/// A record of sharing's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharingChange {
    /// A share came to be or changed its level.
    Shared {
        /// Whose calendar.
        owner: UserId,
        /// Who sees it.
        sharee: UserId,
        /// How much.
        level: Level,
    },
    /// A share ended.
    Unshared {
        /// Whose calendar.
        owner: UserId,
        /// Who saw it.
        sharee: UserId,
    },
}

/// What of sharing's others keep: a share, by its owner and sharee.
pub type SharingRow = (UserId, UserId);

impl Change for SharingChange {
    const VERSION: u8 = 1;
    type Before = Self;
    type Row = SharingRow;

    fn rows(&self) -> Vec<SharingRow> {
        match *self {
            Self::Shared { owner, sharee, .. } => vec![(owner, sharee)],
            Self::Unshared { .. } => Vec::new(),
        }
    }

    fn removal(&(owner, sharee): &SharingRow) -> Self {
        Self::Unshared { owner, sharee }
    }
}
