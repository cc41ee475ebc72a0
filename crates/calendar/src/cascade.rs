//! Effects that reach many rows, in bounded steps.
//!
//! A step works from the present state of what caused it: were the event to change again in between, or go, what is left of an
//! earlier cascade does the right thing all the same.

use chassis::Fault;
use chassis::work::ROWS_A_STEP;
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, Transaction};

use crate::entry;
use crate::store::{ENTRIES, ENTRIES_OF_EVENT, EVENTS, SHARES, SHARES_OF_SHAREE};

/// What remains to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// The entries of an event that came, moved or was cancelled are brought up to date, behind `after`.
    Refresh { event: EventId, after: Option<(UserId, Instance)> },
    /// The entries of an event that is gone, go.
    Forget { event: EventId },
    /// The entries and shares of a user who is gone, go.
    Close { user: UserId },
}

/// Does at most [`ROWS_A_STEP`] rows of `work`; returns what then remains.
///
/// # Errors
/// What the database reports.
pub(crate) fn step(tx: &mut Transaction<'_>, work: Work) -> Result<Option<Work>, Fault> {
    match work {
        Work::Refresh { event, after } => refresh(tx, event, after),
        Work::Forget { event } => forget(tx, event),
        Work::Close { user } => close(tx, user),
    }
}

fn refresh(tx: &mut Transaction<'_>, event: EventId, after: Option<(UserId, Instance)>) -> Result<Option<Work>, Fault> {
    let facts = tx.get(&EVENTS, &event)?;
    let after = after.map(|(user, instance)| (event, user, instance));
    let rows = tx.scan(&ENTRIES_OF_EVENT, &event, after.as_ref(), ROWS_A_STEP)?;
    for ((_, user, instance), ()) in &rows {
        entry::refresh(tx, &(*user, event, *instance), facts.as_ref())?;
    }
    let last = rows.last().map(|((_, user, instance), ())| (*user, *instance));
    Ok((rows.len() == ROWS_A_STEP).then_some(Work::Refresh { event, after: last }))
}

fn forget(tx: &mut Transaction<'_>, event: EventId) -> Result<Option<Work>, Fault> {
    let rows = tx.scan(&ENTRIES_OF_EVENT, &event, None, ROWS_A_STEP)?;
    for ((_, user, instance), ()) in &rows {
        entry::answered(tx, &(*user, event, *instance), None, None)?;
    }
    Ok((rows.len() == ROWS_A_STEP).then_some(Work::Forget { event }))
}

fn close(tx: &mut Transaction<'_>, user: UserId) -> Result<Option<Work>, Fault> {
    let entries = tx.scan(&ENTRIES, &user, None, ROWS_A_STEP)?;
    for (key, _) in &entries {
        entry::answered(tx, key, None, None)?;
    }
    let mut left = ROWS_A_STEP.saturating_sub(entries.len());
    let given = tx.scan(&SHARES, &user, None, left)?;
    for ((owner, sharee), _) in &given {
        tx.delete(&SHARES, &(*owner, *sharee))?;
        tx.delete(&SHARES_OF_SHAREE, &(*sharee, *owner))?;
    }
    left = left.saturating_sub(given.len());
    let received = tx.scan(&SHARES_OF_SHAREE, &user, None, left)?;
    for ((sharee, owner), ()) in &received {
        tx.delete(&SHARES_OF_SHAREE, &(*sharee, *owner))?;
        tx.delete(&SHARES, &(*owner, *sharee))?;
    }
    Ok((received.len() == left).then_some(Work::Close { user }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a cascade is stored: a release must be able to read what the one before it left.
    #[test]
    fn work_is_written_in_these_bytes() {
        let event = EventId::from_bytes([1; 16]);
        let user = UserId::from_bytes([2; 16]);
        let work = [
            Work::Refresh { event, after: Some((user, Instance::Series)) },
            Work::Refresh { event, after: None },
            Work::Forget { event },
            Work::Close { user },
        ];
        let written = work
            .map(|work| storage::encode(&work).unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        assert_eq!(
            written,
            [
                "0001010101010101010101010101010101010202020202020202020202020202020200",
                "000101010101010101010101010101010100",
                "0101010101010101010101010101010101",
                "0202020202020202020202020202020202"
            ]
        );
    }
}
