//! Who is invited.

use chassis::{Fault, log};
use domain::events::{EventChange, MAX_PEOPLE_A_RECORD};
use domain::{EventId, UserId};
use storage::{Reader, Transaction};

use super::placing::place_invitee;
use super::{EventRow, INVITED, INVITED_OF, Invited};

/// Invites people in the name of `inviter`, and announces those who were not invited yet.
pub(crate) fn add_invitees(
    tx: &mut Transaction<'_>,
    event: EventId,
    row: &EventRow,
    inviter: UserId,
    invitees: &[UserId],
) -> Result<(), Fault> {
    let mut invited = Vec::new();
    for user in invitees {
        if !tx.contains(&INVITED, &(event, *user))? {
            let listed = row.listed();
            tx.put(&INVITED, &(event, *user), &Invited { indexed: listed })?;
            tx.put(&INVITED_OF, &(*user, event), &())?;
            place_invitee(tx, event, *user, None, listed)?;
            invited.push(*user);
        }
    }
    for people in invited.chunks(MAX_PEOPLE_A_RECORD) {
        log::announce(tx, EventChange::Invited { event, inviter, invitees: people.to_vec() })?;
    }
    Ok(())
}

/// Takes invitations back, and announces those that there were.
pub(crate) fn remove_invitees(tx: &mut Transaction<'_>, event: EventId, invitees: &[UserId]) -> Result<(), Fault> {
    let mut uninvited = Vec::new();
    for user in invitees {
        if remove_invitee(tx, event, *user)? {
            uninvited.push(*user);
        }
    }
    for people in uninvited.chunks(MAX_PEOPLE_A_RECORD) {
        log::announce(tx, EventChange::Uninvited { event, invitees: people.to_vec() })?;
    }
    Ok(())
}

/// Removes one invitation without a word; whether there was one.
pub(crate) fn remove_invitee(tx: &mut Transaction<'_>, event: EventId, user: UserId) -> Result<bool, Fault> {
    let Some(row) = tx.get(&INVITED, &(event, user))? else { return Ok(false) };
    place_invitee(tx, event, user, row.indexed, None)?;
    tx.delete(&INVITED, &(event, user))?;
    tx.delete(&INVITED_OF, &(user, event))?;
    Ok(true)
}

/// Whether nobody is left who is invited.
pub(crate) fn is_deserted(reader: &impl Reader, event: EventId) -> Result<bool, Fault> {
    Ok(reader.scan(&INVITED, &event, None, 1)?.is_empty())
}
