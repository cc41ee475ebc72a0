//! The one place where an answer changes: the row, its indexes, the counts, the announcement and what the organizer is told,
//! always together.
//!
//! Followers, cascades and answers all come through here; capacity and promotions will be decided here too. Whether someone
//! may do what is done is not asked here.

use chassis::{Fault, Row};
use domain::events::MAX_PEOPLE_A_RECORD;
use domain::invitations::{Counts, InvitationChange, Status};
use domain::{EventId, Instance, UserId};
use storage::{Reader as _, Transaction};

use super::{
    BY_INVITER, BY_STATUS, COUNTS, INBOX, INVITATIONS, InboxKey, InvitationRow, OF_USER, Origin, Place, UNANSWERED,
    heard,
};

/// Makes the rows of `people` what is given, `None` for none, and everything that depends on them accordingly. Those whose
/// status changed are announced. No one may be named twice. Given again the row that someone has, it brings their place in
/// the inbox to what the event's facts now say.
///
/// # Errors
/// What the database reports; a fault if counts are lower than what they count.
pub(crate) fn record(
    tx: &mut Transaction<'_>,
    event: EventId,
    instance: Instance,
    people: &[(UserId, Option<InvitationRow>)],
) -> Result<(), Fault> {
    let facts = super::facts(tx, event)?;
    let listed = facts.as_ref().is_some_and(|facts| !facts.cancelled);
    let organizer = facts.and_then(|facts| facts.organizer);
    let mut counts = super::counts(tx, event, instance)?;
    let mut told = Vec::new();
    for (user, next) in people {
        let place = (event, instance, *user);
        let last = tx.get(&INVITATIONS, &place)?;
        if let Some(last) = &last {
            take_out(tx, &place, last)?;
            let count = tally(&mut counts, last.status);
            *count = count
                .checked_sub(1)
                .ok_or_else(|| Fault::broken(format!("the counts of {event} are lower than what they count")))?;
        }
        if let Some(next) = next {
            put_in(tx, &place, next, listed)?;
            let count = tally(&mut counts, next.status);
            *count = count.saturating_add(1);
        }
        let status = next.map(|next| next.status);
        if last.map(|last| last.status) != status {
            told.push((*user, status));
        }
    }
    if counts == Counts::default() {
        tx.delete(&COUNTS, &(event, instance))?;
    } else {
        tx.put(&COUNTS, &(event, instance), &Row(counts))?;
    }
    for people in told.chunks(MAX_PEOPLE_A_RECORD) {
        let change = InvitationChange::Answered { event, instance, people: people.to_vec() };
        let at = chassis::log::announce(tx, change)?;
        if let Some(organizer) = organizer {
            heard::tell(tx, organizer, (event, instance), people, at)?;
        }
    }
    if let Some(organizer) = organizer {
        let gone: Vec<UserId> = told.iter().filter(|(_, status)| status.is_none()).map(|(user, _)| *user).collect();
        heard::forget(tx, organizer, (event, instance), &gone)?;
    }
    Ok(())
}

/// The count of a status.
pub(crate) const fn tally(counts: &mut Counts, status: Status) -> &mut u64 {
    match status {
        Status::Going => &mut counts.going,
        Status::Maybe => &mut counts.maybe,
        Status::Pending => &mut counts.pending,
        Status::Declined => &mut counts.declined,
    }
}

/// Where an invitation stands in its invitee's inbox.
pub(crate) const fn inbox_key(&(event, instance, user): &Place, arrived: u64) -> InboxKey {
    (user, arrived, event, instance)
}

fn take_out(tx: &mut Transaction<'_>, place: &Place, row: &InvitationRow) -> Result<(), Fault> {
    let &(event, instance, user) = place;
    tx.delete(&INVITATIONS, place)?;
    tx.delete(&BY_STATUS, &(event, instance, row.status, user))?;
    tx.delete(&OF_USER, &(user, event, instance))?;
    if let Origin::Invited { by, arrived } = row.origin {
        tx.delete(&INBOX, &inbox_key(place, arrived))?;
        tx.delete(&UNANSWERED, &inbox_key(place, arrived))?;
        if let Some(by) = by {
            tx.delete(&BY_INVITER, &(by, event, instance, user))?;
        }
    }
    Ok(())
}

fn put_in(tx: &mut Transaction<'_>, place: &Place, row: &InvitationRow, listed: bool) -> Result<(), Fault> {
    let &(event, instance, user) = place;
    tx.put(&INVITATIONS, place, row)?;
    tx.put(&BY_STATUS, &(event, instance, row.status, user), &())?;
    tx.put(&OF_USER, &(user, event, instance), &())?;
    if let Origin::Invited { by, arrived } = row.origin {
        if listed {
            tx.put(&INBOX, &inbox_key(place, arrived), &())?;
        }
        if listed && row.status == Status::Pending {
            tx.put(&UNANSWERED, &inbox_key(place, arrived), &())?;
        }
        if let Some(by) = by {
            tx.put(&BY_INVITER, &(by, event, instance, user), &())?;
        }
    }
    Ok(())
}
