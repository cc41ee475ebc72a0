//! What the four followed logs mean here, and their snapshots. Each function takes over one record; doing so twice does no harm.
//!
//! Events' `Invited` and `Uninvited` have no effect: whether someone comes is invitations' to tell, and it does (an invitation taken
//! back is an answer that is gone). Acting on both would make the outcome depend on which log arrives first.
//!
//! What has gone leaves a tombstone, because of which later records are passed over. Should it be there again in a snapshot, the
//! tombstone goes, and whoever may have been passed over is read again.

use chassis::follow::Follower;
use chassis::{Fault, Listing, Row, directory, resync, work};
use domain::auth::{AuthChange, AuthRow};
use domain::events::{EventChange, EventFacts, EventRow};
use domain::invitations::{InvitationChange, InvitationRow};
use domain::sharing::{SharingChange, SharingRow};
use domain::{Instance, Position, Service, UserId};
use storage::{Reader as _, Transaction};

use crate::cascade::{self, Work};
use crate::entry;
use crate::store::{
    self, CALENDARS, CLOSED, ENTRIES, EVENTS, EXCEPTIONS, FollowedEvent, REMOVED, SHARES, SHARES_OF_SHAREE,
};

/// Follows auth: a calendar comes with its user and goes with them.
pub(crate) struct OfAuth;

impl Follower<AuthChange> for OfAuth {
    fn apply(&self, tx: &mut Transaction<'_>, at: Position, change: &AuthChange) -> Result<(), Fault> {
        match change {
            AuthChange::UserRegistered(user) => tx.put(&CALENDARS, &user.id, &())?,
            AuthChange::UserDeleted { user } => {
                tx.put(&CLOSED, user, &())?;
                tx.delete(&CALENDARS, user)?;
                work::begin(tx, Service::Auth, at, Work::Close { user: *user }, cascade::step)?;
            }
            AuthChange::KeyPublished { .. } | AuthChange::SessionStarted { .. } | AuthChange::SessionEnded { .. } => {}
        }
        directory::apply(tx, change)
    }

    fn adopt(&self, tx: &mut Transaction<'_>, at: Position, row: &AuthChange) -> Result<(), Fault> {
        if let AuthChange::UserRegistered(user) = row
            && tx.contains(&CLOSED, &user.id)?
        {
            tx.delete(&CLOSED, &user.id)?;
            for source in [Service::Events, Service::Invitations, Service::Sharing] {
                resync::request(tx, source)?;
            }
        }
        self.apply(tx, at, row)
    }

    /// Also those of whom only the others have told.
    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, AuthRow>) -> Result<Listing<'a, 'tx, AuthRow>, Fault> {
        let user = |user: UserId| Some(AuthRow::User(user));
        directory::held(rows)?
            .of(&CALENDARS, |owner, ()| user(*owner))?
            .of(&ENTRIES, |(owner, ..), _| user(*owner))?
            .of(&SHARES, |(owner, _), _| user(*owner))?
            .of(&SHARES_OF_SHAREE, |(sharee, _), ()| user(*sharee))
    }
}

/// Follows events: what is when.
pub(crate) struct OfEvents;

impl Follower<EventChange> for OfEvents {
    fn apply(&self, tx: &mut Transaction<'_>, at: Position, change: &EventChange) -> Result<(), Fault> {
        match change {
            EventChange::Put(facts) => {
                if tx.contains(&REMOVED, &facts.event)? {
                    return Ok(());
                }
                match tx.get(&EVENTS, &facts.event)? {
                    // A snapshot was read since, and had told a later version.
                    Some(known) if known.facts.version > facts.version => Ok(()),
                    known => put(tx, at, known.as_ref(), facts),
                }
            }
            EventChange::Invited { .. } | EventChange::Uninvited { .. } | EventChange::Members { .. } => Ok(()),
            EventChange::Exception { event, start, exception } => {
                if tx.contains(&REMOVED, event)? {
                    return Ok(());
                }
                EXCEPTIONS.set(tx, *event, *start, exception.as_ref())?;
                match tx.get(&EVENTS, event)? {
                    Some(known) => put(tx, at, None, &known.facts),
                    None => Ok(()),
                }
            }
            // Invitations tells who comes to the event that this one goes on as.
            EventChange::Continued { .. } => Ok(()),
            EventChange::Removed { event } => {
                tx.put(&REMOVED, event, &())?;
                tx.delete(&EVENTS, event)?;
                EXCEPTIONS.forget(tx, *event)?;
                store::renew(tx, *event)?;
                work::begin(tx, Service::Events, at, Work::Forget { event: *event }, cascade::step)
            }
        }
    }

    fn adopt(&self, tx: &mut Transaction<'_>, at: Position, row: &EventChange) -> Result<(), Fault> {
        let EventChange::Put(facts) = row else { return self.apply(tx, at, row) };
        if tx.contains(&REMOVED, &facts.event)? {
            tx.delete(&REMOVED, &facts.event)?;
            resync::request(tx, Service::Invitations)?;
        }
        let known = tx.get(&EVENTS, &facts.event)?;
        put(tx, at, known.as_ref(), facts)
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, EventRow>) -> Result<Listing<'a, 'tx, EventRow>, Fault> {
        rows.of(&EVENTS, |event, _| Some(EventRow::Event(*event)))?
            .of(EXCEPTIONS.table(), |(event, start), _| Some(EventRow::Exception(*event, *start)))
    }
}

fn put(tx: &mut Transaction<'_>, at: Position, old: Option<&FollowedEvent>, facts: &EventFacts) -> Result<(), Fault> {
    let (id, new) = (facts.event, FollowedEvent::new(tx, facts.clone())?);
    tx.put(&EVENTS, &id, &new)?;
    if new.facts.series.recurs() || old.is_some_and(|old| old.facts.series.recurs()) {
        store::renew(tx, id)?;
    }
    if let Some(organizer) = facts.organizer {
        entry::refresh(tx, &(organizer, id, Instance::Series), Some(&new))?;
    }
    // Titles and places are read from the event itself: only these change what the entries say.
    let of_entries = |event: &FollowedEvent| {
        (event.extent, event.facts.cancelled, event.facts.organizer, event.facts.series.clone())
    };
    if old.map(of_entries) == Some(of_entries(&new)) {
        return Ok(());
    }
    work::begin(tx, Service::Events, at, Work::Refresh { event: id, after: None }, cascade::step)
}

/// Follows invitations: who comes.
pub(crate) struct OfInvitations;

impl Follower<InvitationChange> for OfInvitations {
    fn apply(&self, tx: &mut Transaction<'_>, _: Position, change: &InvitationChange) -> Result<(), Fault> {
        let InvitationChange::Answered { event, instance, people } = change;
        if tx.contains(&REMOVED, event)? {
            return Ok(());
        }
        let facts = tx.get(&EVENTS, event)?;
        for (user, status) in people {
            entry::answered(tx, &(*user, *event, *instance), facts.as_ref(), *status)?;
        }
        Ok(())
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, InvitationRow>) -> Result<Listing<'a, 'tx, InvitationRow>, Fault> {
        rows.of(&ENTRIES, |(user, event, instance), row| {
            let was_told = row.coming.is_some() || *instance != Instance::Series;
            was_told.then_some((*event, *instance, *user))
        })
    }
}

/// Follows sharing: who may look.
pub(crate) struct OfSharing;

impl Follower<SharingChange> for OfSharing {
    fn apply(&self, tx: &mut Transaction<'_>, _: Position, change: &SharingChange) -> Result<(), Fault> {
        match *change {
            SharingChange::Shared { owner, sharee, level } => {
                if !tx.contains(&CLOSED, &owner)? && !tx.contains(&CLOSED, &sharee)? {
                    tx.put(&SHARES, &(owner, sharee), &Row(level))?;
                    tx.put(&SHARES_OF_SHAREE, &(sharee, owner), &())?;
                }
            }
            SharingChange::Unshared { owner, sharee } => {
                tx.delete(&SHARES, &(owner, sharee))?;
                tx.delete(&SHARES_OF_SHAREE, &(sharee, owner))?;
            }
        }
        Ok(())
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, SharingRow>) -> Result<Listing<'a, 'tx, SharingRow>, Fault> {
        rows.of(&SHARES, |share, _| Some(*share))
    }
}
