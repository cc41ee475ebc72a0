//! What the client keeps between runs, and the seam behind which it is kept.
//!
//! The client knows no files: whoever starts it hands in a [`SessionStore`].

use std::io;

use domain::auth::{SignedIn, User};
use domain::events::{CancelEvent, CreateEvent, EditEvent, Invite, Uninvite};
use domain::invitations::{Attend, Respond, Unattend};
use domain::sharing::{ShareCalendar, Unshare};
use domain::{IdempotencyKey, Positions, SessionToken, Timestamp, UserId};
use futures::future::BoxFuture;

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: User,
    /// What proves it; its `Debug` shows nothing of it.
    pub token: SessionToken,
    /// When the token was issued, by this machine's clock.
    pub issued: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// What outlives a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Who is signed in.
    pub session: Option<Session>,
    /// What has been seen, so that one's own writes are read back.
    pub seen: Positions,
    /// The number of the last command; later ones have greater numbers.
    pub sequence: u64,
    /// Commands whose outcome is not known, of whoever gave them; the oldest first.
    pub unconfirmed: Vec<Unconfirmed>,
}

impl Kept {
    /// Whether it differs from what was written in more than what others did meanwhile: that is written with the rest, and at the end.
    pub(crate) fn is_to_be_written_after(&self, written: &Self) -> bool {
        (&self.session, self.sequence, &self.unconfirmed) != (&written.session, written.sequence, &written.unconfirmed)
    }
}

/// A command that was sent, or was about to be, and has no definite answer. It is kept before it is sent, so that a client which
/// ends in between, however it ends, finds out in its next run: the same goes out once more under the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unconfirmed {
    /// Its identity: services do it once, however often it arrives.
    pub key: IdempotencyKey,
    /// Its number among the commands of the session.
    pub sequence: u64,
    /// When it was given.
    pub since: Timestamp,
    /// By whom.
    pub user: UserId,
    /// What it is.
    pub command: Given,
}

/// A command that holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Makes an event.
    Create(Box<CreateEvent>),
    /// Changes one.
    Edit(Box<EditEvent>),
    /// Calls one off.
    Cancel(CancelEvent),
    /// Invites people to one.
    Invite(Invite),
    /// Takes invitations back.
    Uninvite(Uninvite),
    /// Answers an invitation.
    Respond(Respond),
    /// Joins a public event.
    Attend(Attend),
    /// Leaves it.
    Unattend(Unattend),
    /// Lets someone see a calendar.
    Share(ShareCalendar),
    /// Lets them see it no longer.
    Unshare(Unshare),
}

/// Where a session is kept between runs.
pub trait SessionStore: Send + Sync + 'static {
    /// What was kept; the default for a store never used.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    fn load(&self) -> io::Result<Kept>;

    /// Keeps `kept` from now on. Called with the newest state only; states in between may be left out.
    ///
    /// # Errors
    /// If it cannot be written; the client goes on and says so.
    fn save(&self, kept: Kept) -> BoxFuture<'_, io::Result<()>>;
}

impl Session {
    /// The session that begins `now`.
    pub(crate) fn begun(signed_in: SignedIn, now: Timestamp) -> Self {
        let SignedIn { user, token, expires } = signed_in;
        Self { user, token, issued: now, expires }
    }

    /// Whether half the token's life is over, but not all of it.
    pub(crate) fn wants_renewal(&self, now: Timestamp) -> bool {
        let life = self.expires.as_micros().saturating_sub(self.issued.as_micros());
        now.as_micros() > self.issued.as_micros().saturating_add(life / 2) && now < self.expires
    }
}
