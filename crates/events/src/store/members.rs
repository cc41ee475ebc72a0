//! Who is invited, and who was.

use chassis::journal::Author;
use chassis::{Fault, Row, log};
use domain::events::{EventChange, MAX_PEOPLE_A_RECORD};
use domain::{EventId, UserId};
use storage::{Reader, Transaction};

use super::placing::place_invitee;
use super::{ENDED, ENDED_OF, EventRow, INVITED, INVITED_OF, Invited};

/// Invites people in the name of `inviter` by the command `author`, and announces those who were not invited yet.
///
/// # Errors
/// Conflict if a later command of the same session has taken one of these invitations back.
pub(crate) fn add_invitees(
    tx: &mut Transaction<'_>,
    event: EventId,
    row: &EventRow,
    inviter: UserId,
    author: Author,
    invitees: &[UserId],
) -> Result<(), Fault> {
    let (mut invited, listed) = (Vec::new(), row.listed());
    for user in invitees {
        if let Some(row) = tx.get(&INVITED, &(event, *user))? {
            if author.may_overwrite(Some(row.author)).is_ok() {
                tx.put(&INVITED, &(event, *user), &Invited { author, ..row })?;
            }
            continue;
        }
        if let Some(Row(ended)) = tx.get(&ENDED, &(event, *user))? {
            author.may_overwrite(Some(ended))?;
            forget_trace(tx, event, *user)?;
        }
        tx.put(&INVITED, &(event, *user), &Invited { indexed: listed, author })?;
        tx.put(&INVITED_OF, &(*user, event), &())?;
        place_invitee(tx, event, *user, None, listed)?;
        invited.push(*user);
    }
    for people in invited.chunks(MAX_PEOPLE_A_RECORD) {
        log::announce(tx, EventChange::Invited { event, inviter, invitees: people.to_vec() })?;
    }
    Ok(())
}

/// Takes invitations back by the command `author`, and announces those that there were. Of the others it is remembered, too: they
/// may be on their way.
///
/// # Errors
/// Conflict if a later command of the same session has invited one of these people.
pub(crate) fn remove_invitees(
    tx: &mut Transaction<'_>,
    event: EventId,
    author: Author,
    invitees: &[UserId],
) -> Result<(), Fault> {
    let mut uninvited = Vec::new();
    for user in invitees {
        if let Some(row) = tx.get(&INVITED, &(event, *user))? {
            author.may_overwrite(Some(row.author))?;
            remove_invitee(tx, event, *user)?;
            uninvited.push(*user);
        }
        let before = tx.get(&ENDED, &(event, *user))?.map(|Row(author)| author);
        if author.may_overwrite(before).is_ok() {
            tx.put(&ENDED, &(event, *user), &Row(author))?;
            tx.put(&ENDED_OF, &(*user, event), &())?;
        }
    }
    for people in uninvited.chunks(MAX_PEOPLE_A_RECORD) {
        log::announce(tx, EventChange::Uninvited { event, invitees: people.to_vec() })?;
    }
    Ok(())
}

fn forget_trace(tx: &mut Transaction<'_>, event: EventId, user: UserId) -> Result<(), Fault> {
    tx.delete(&ENDED, &(event, user))?;
    tx.delete(&ENDED_OF, &(user, event))?;
    Ok(())
}

/// Forgets at most `most` of the invitations to an event that were taken back; how many.
pub(super) fn forget_ended(tx: &mut Transaction<'_>, event: EventId, most: usize) -> Result<usize, Fault> {
    let ended = tx.scan(&ENDED, &event, None, most)?;
    ended.iter().try_for_each(|((event, user), _)| forget_trace(tx, *event, *user))?;
    Ok(ended.len())
}

/// Forgets at most `most` of the invitations of a user that were taken back; how many.
pub(super) fn forget_ended_of(tx: &mut Transaction<'_>, user: UserId, most: usize) -> Result<usize, Fault> {
    let ended = tx.scan(&ENDED_OF, &user, None, most)?;
    ended.iter().try_for_each(|((user, event), ())| forget_trace(tx, *event, *user))?;
    Ok(ended.len())
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
