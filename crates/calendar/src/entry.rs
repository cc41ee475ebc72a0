//! Whether an event is in a calendar, and where: worked out from what is presently known, whichever record came last.
//!
//! An event is in the calendar of a user who has not been deleted, if the event is known and not cancelled and the user organizes
//! it, or said that they come or may come. Every effect of every log ends in [`refresh`] or [`answered`]; both may be repeated
//! and come in any order, and the rows depend on the present state alone.

use chassis::Fault;
use domain::calendar::Attendance;
use domain::time::Extent;
use domain::{EventId, Instance, UserId};
use storage::{Reader as _, Transaction};

use crate::store::{CLOSED, Coming, ENTRIES, ENTRIES_OF_EVENT, EntryKey, EntryRow, FollowedEvent, TIMELINE};

/// As what and when an event is in a calendar, by what is known of it; `None` if it is not.
pub(crate) fn placed(
    event: Option<&FollowedEvent>,
    user: UserId,
    instance: Instance,
    coming: Option<Coming>,
) -> Option<(Attendance, Extent)> {
    let event = event.filter(|event| !event.facts.cancelled)?;
    let attendance =
        if event.is_organized_by(user, instance) { Attendance::Organizing } else { Attendance::from(coming?) };
    Some((attendance, event.extent_of(instance)?))
}

/// Brings one entry and its place in the index to what the present state of its event says.
///
/// # Errors
/// What the database reports.
pub(crate) fn refresh(tx: &mut Transaction<'_>, key: &EntryKey, event: Option<&FollowedEvent>) -> Result<(), Fault> {
    let row = tx.get(&ENTRIES, key)?;
    let coming = row.as_ref().and_then(|row| row.coming);
    write(tx, key, event, row, coming)
}

/// Takes over what is now known of someone's coming.
///
/// # Errors
/// What the database reports.
pub(crate) fn answered(
    tx: &mut Transaction<'_>,
    key: &EntryKey,
    event: Option<&FollowedEvent>,
    coming: Option<Coming>,
) -> Result<(), Fault> {
    let row = tx.get(&ENTRIES, key)?;
    write(tx, key, event, row, coming)
}

fn write(
    tx: &mut Transaction<'_>,
    key: &EntryKey,
    event: Option<&FollowedEvent>,
    old: Option<EntryRow>,
    coming: Option<Coming>,
) -> Result<(), Fault> {
    let (user, id, instance) = *key;
    let organizes = event.is_some_and(|event| event.is_organized_by(user, instance));
    let stays = (organizes || coming.is_some()) && !tx.contains(&CLOSED, &user)?;
    let new = stays.then(|| {
        let indexed = placed(event, user, instance, coming).map(|(_, extent)| extent);
        EntryRow { coming, indexed }
    });
    if new == old {
        return Ok(());
    }
    let was = old.and_then(|row| row.indexed);
    let is = new.as_ref().and_then(|row| row.indexed);
    if was != is {
        was.map_or(Ok(()), |extent| TIMELINE.remove(tx, &user, extent, id, instance))?;
        is.map_or(Ok(()), |extent| TIMELINE.insert(tx, &user, extent, id, instance))?;
    }
    let by_event: (EventId, UserId, Instance) = (id, user, instance);
    match new {
        Some(row) => {
            tx.put(&ENTRIES, key, &row)?;
            tx.put(&ENTRIES_OF_EVENT, &by_event, &())?;
        }
        None => {
            tx.delete(&ENTRIES, key)?;
            tx.delete(&ENTRIES_OF_EVENT, &by_event)?;
        }
    }
    Ok(())
}
