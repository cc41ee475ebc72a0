//! Whether an event is in a calendar, and where: worked out from what is presently known, whichever record came last.
//!
//! An event is in the calendar of a user who has not been deleted, if the event is known and not cancelled and the user organizes
//! it, or said that they come or may come. Of one that recurs, an answer to an instance, or to it and all that follow, holds instead
//! of the answer to all of it. Every effect of every log ends in [`refresh`] or [`answered`]; both may be repeated and come in any
//! order, and the rows depend on the present state alone.

use chassis::Fault;
use domain::calendar::Attendance;
use domain::invitations::Status;
use domain::{EventId, Instance, UserId};
use storage::{Reader, Transaction};

use crate::store::{
    self, CLOSED, Coming, ENTRIES, ENTRIES_OF_EVENT, EXCEPTIONS, EntryKey, EntryRow, FollowedEvent, Indexed, SERIES,
    TIMELINE,
};

/// As what a whole event, or a single instance, is in a calendar, by what is known of it; `None` if it is not.
pub(crate) fn attendance(
    event: &FollowedEvent,
    user: UserId,
    instance: Instance,
    coming: Option<Coming>,
) -> Option<Attendance> {
    if instance == Instance::Series && event.is_organized_by(user) {
        return Some(Attendance::Organizing);
    }
    coming.map(Attendance::from)
}

/// Where an entry belongs in the indexes, by what is presently known; `None` if nowhere.
///
/// # Errors
/// What the database reports.
pub(crate) fn place(
    reader: &impl Reader,
    event: Option<&FollowedEvent>,
    (user, id, instance): EntryKey,
    coming: Option<Coming>,
) -> Result<Option<Indexed>, Fault> {
    let Some(event) = event.filter(|event| !event.facts.cancelled) else { return Ok(None) };
    let attends = attendance(event, user, instance, coming).is_some();
    Ok(match instance {
        Instance::Series if event.facts.series.recurs() => {
            let comes = attends || comes_from_some(reader, user, id)?;
            comes.then(|| Ok::<_, Fault>(Indexed::Series(event.extent, event.months(reader)?))).transpose()?
        }
        Instance::Series => attends.then_some(Indexed::Single(event.extent)),
        // Whoever organizes an event organizes all of it.
        Instance::On(_) if event.is_organized_by(user) => None,
        Instance::On(start) if attends => {
            let happening = EXCEPTIONS.instance(reader, id, &event.facts.series, start)?;
            happening.map(|happening| Indexed::Single(happening.extent))
        }
        Instance::On(_) | Instance::From(_) => None,
    })
}

/// Whether the user said of some instance of the event, and all that follow, that they come.
///
/// # Errors
/// What the database reports.
pub(crate) fn comes_from_some(reader: &impl Reader, user: UserId, event: EventId) -> Result<bool, Fault> {
    let singles = (user, event, Instance::On(i64::MAX));
    let rows = reader.scan(&ENTRIES, &(user, event), Some(&singles), usize::MAX)?;
    Ok(rows.iter().any(|(_, row)| row.coming.is_some()))
}

/// Brings one entry and its place in the index to what the present state of its event says.
///
/// # Errors
/// What the database reports.
pub(crate) fn refresh(tx: &mut Transaction<'_>, key: &EntryKey, event: Option<&FollowedEvent>) -> Result<(), Fault> {
    let row = tx.get(&ENTRIES, key)?;
    let coming = row.as_ref().and_then(|row| row.coming);
    let is_known = row.is_some();
    write(tx, key, event, row.as_ref(), (coming, is_known))
}

/// Takes over what is now known of someone's coming; `None` if nothing is any more.
///
/// # Errors
/// What the database reports.
pub(crate) fn answered(
    tx: &mut Transaction<'_>,
    key: &EntryKey,
    event: Option<&FollowedEvent>,
    status: Option<Status>,
) -> Result<(), Fault> {
    let row = tx.get(&ENTRIES, key)?;
    let (user, id, instance) = *key;
    let coming = status.and_then(coming);
    // What most of those who are invited come to: without a row nothing is known of them that could be a reason for one now.
    if instance == Instance::Series && row.is_none() && coming.is_none() {
        return Ok(());
    }
    write(tx, key, event, row.as_ref(), (coming, status.is_some()))?;
    if matches!(instance, Instance::From(_)) {
        refresh(tx, &(user, id, Instance::Series), event)?;
    }
    Ok(())
}

const fn coming(status: Status) -> Option<Coming> {
    match status {
        Status::Going => Some(Coming::Going),
        Status::Maybe => Some(Coming::Maybe),
        Status::Pending | Status::Declined | Status::Waiting => None,
    }
}

fn write(
    tx: &mut Transaction<'_>,
    key: &EntryKey,
    event: Option<&FollowedEvent>,
    old: Option<&EntryRow>,
    (coming, is_known): (Option<Coming>, bool),
) -> Result<(), Fault> {
    let (user, id, instance) = *key;
    let has_reason = match instance {
        Instance::Series => {
            coming.is_some() || event.is_some_and(|event| event.is_organized_by(user)) || comes_from_some(tx, user, id)?
        }
        Instance::On(_) | Instance::From(_) => is_known,
    };
    let new = if has_reason && !tx.contains(&CLOSED, &user)? {
        Some(EntryRow { coming, indexed: place(tx, event, *key, coming)? })
    } else {
        None
    };
    if new.as_ref() == old {
        return Ok(());
    }
    let was = old.and_then(|row| row.indexed);
    let is = new.as_ref().and_then(|row| row.indexed);
    if was != is {
        was.map_or(Ok(()), |place| take_out(tx, key, place))?;
        is.map_or(Ok(()), |place| put_in(tx, key, place))?;
    }
    let is_of_series = |place: Option<Indexed>| matches!(place, Some(Indexed::Series(..)));
    if instance != Instance::Series || is_of_series(was) || is_of_series(is) {
        store::renew(tx, id)?;
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

fn put_in(tx: &mut Transaction<'_>, &(user, event, instance): &EntryKey, place: Indexed) -> Result<(), Fault> {
    match place {
        Indexed::Single(extent) => TIMELINE.insert(tx, &user, extent, event, instance),
        Indexed::Series(hull, months) => {
            months.parts().try_for_each(|part| SERIES.insert(tx, &(user, part), hull, event, instance))
        }
    }
}

fn take_out(tx: &mut Transaction<'_>, &(user, event, instance): &EntryKey, place: Indexed) -> Result<(), Fault> {
    match place {
        Indexed::Single(extent) => TIMELINE.remove(tx, &user, extent, event, instance),
        Indexed::Series(hull, months) => {
            months.parts().try_for_each(|part| SERIES.remove(tx, &(user, part), hull, event, instance))
        }
    }
}
