//! All references of this service, and whether its rows agree with each other.
//!
//! The pages go through the tables one after another. What a cascade has not come to yet is reported as out of date: an audit is
//! meant to be asked by someone who has seen the ends of all logs, and therefore waits for the cascades too.

use chassis::directory;
use chassis::timeline::Entry as Row;
use chassis::{Fault, cursor};
use domain::integrity::{Audit, AuditPage, Reference, Target};
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, View};

use crate::entry;
use crate::store::{
    CALENDARS, CLOSED, ENTRIES, ENTRIES_OF_EVENT, EVENTS, EntryKey, EntryRow, Indexed, SERIES, SHARES,
    SHARES_OF_SHAREE, TIMELINE,
};

/// Rows a page looks at. An entry holds two references, and a page at most 1,000.
const ROWS: usize = 500;

/// Where an audit goes on: in which table, behind which row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum At {
    Calendars(Option<UserId>),
    Entries(Option<EntryKey>),
    EntriesOfEvent(Option<(EventId, UserId, Instance)>),
    Events(Option<EventId>),
    Timeline(Option<Row<UserId>>),
    Series(Option<Row<(UserId, u8)>>),
    Shares(Option<(UserId, UserId)>),
    SharesOfSharee(Option<(UserId, UserId)>),
}

/// A page of the audit.
///
/// # Errors
/// Invalid input (`after`) for a cursor that no audit made.
pub(crate) fn page(view: &View<'_>, request: &Audit) -> Result<AuditPage, Fault> {
    let at = cursor::of_audit(request)?.unwrap_or(At::Calendars(None));
    let mut found = AuditPage { references: Vec::new(), discrepancies: Vec::new(), next: None };
    let next = match at {
        At::Calendars(after) => calendars(view, after, &mut found)?,
        At::Entries(after) => entries(view, after, &mut found)?,
        At::EntriesOfEvent(after) => entries_of_event(view, after, &mut found)?,
        At::Events(after) => events(view, after, &mut found)?,
        At::Timeline(after) => timeline(view, after.as_ref(), &mut found)?,
        At::Series(after) => series(view, after.as_ref(), &mut found)?,
        At::Shares(after) => shares(view, after, &mut found)?,
        At::SharesOfSharee(after) => shares_of_sharee(view, after, &mut found)?,
    };
    found.next = next.map(|at| storage::encode(&at)).transpose()?;
    Ok(found)
}

fn reference(name: &str, row: String, target: Target) -> Reference {
    Reference { name: name.to_owned(), row, target }
}

/// Behind the last of `rows` in the same table, or in the table that `then` begins.
fn behind<K: Copy, V>(rows: &[(K, V)], same: impl Fn(Option<K>) -> At, then: Option<At>) -> Option<At> {
    match rows.last() {
        Some((last, _)) if rows.len() == ROWS => Some(same(Some(*last))),
        _ => then,
    }
}

fn calendars(view: &View<'_>, after: Option<UserId>, found: &mut AuditPage) -> Result<Option<At>, Fault> {
    let rows = view.scan(&CALENDARS, &(), after.as_ref(), ROWS)?;
    for (owner, ()) in &rows {
        let row = format!("the calendar of {owner}");
        if !directory::knows(view, *owner)? {
            found.discrepancies.push(format!("{row} has an owner who is not known by name"));
        }
        found.references.push(reference("calendar.calendar.owner", row, Target::User(*owner)));
    }
    Ok(behind(&rows, At::Calendars, Some(At::Entries(None))))
}

fn entries(view: &View<'_>, after: Option<EntryKey>, found: &mut AuditPage) -> Result<Option<At>, Fault> {
    let rows = view.scan(&ENTRIES, &(), after.as_ref(), ROWS)?;
    for (key, entry) in &rows {
        let (owner, event, instance) = *key;
        let row = format!("the entry of {owner} for {event} ({instance:?})");
        found.discrepancies.extend(wrong_with(view, key, entry)?.map(|what| format!("{row} {what}")));
        found.references.push(reference("calendar.entry.owner", row.clone(), Target::User(owner)));
        found.references.push(reference("calendar.entry.event", row, Target::Event(event)));
    }
    Ok(behind(&rows, At::Entries, Some(At::EntriesOfEvent(None))))
}

fn wrong_with(view: &View<'_>, key: &EntryKey, entry: &EntryRow) -> Result<Option<&'static str>, Fault> {
    let (owner, id, instance) = *key;
    let event = view.get(&EVENTS, &id)?;
    let should_be = entry::place(view, event.as_ref(), *key, entry.coming)?;
    let has_reason = entry.coming.is_some()
        || match instance {
            Instance::Series => {
                event.as_ref().is_some_and(|event| event.is_organized_by(owner))
                    || entry::comes_from_some(view, owner, id)?
            }
            Instance::On(_) | Instance::From(_) => true,
        };
    Ok(if view.contains(&CLOSED, &owner)? {
        Some("is of a user who was deleted")
    } else if !view.contains(&ENTRIES_OF_EVENT, &(id, owner, instance))? {
        Some("is missing from the entries of its event")
    } else if entry.indexed != should_be {
        Some("lies elsewhere in the index than its event lies in time")
    } else if let Some(place) = entry.indexed
        && !is_indexed(view, key, place)?
    {
        Some("is missing from the index by time")
    } else if !has_reason {
        Some("has no reason to be")
    } else {
        None
    })
}

fn is_indexed(view: &View<'_>, &(owner, id, instance): &EntryKey, place: Indexed) -> Result<bool, Fault> {
    match place {
        Indexed::Single(extent) => TIMELINE.contains(view, &owner, extent, id, instance),
        Indexed::Series(hull, months) => {
            for part in months.parts() {
                if !SERIES.contains(view, &(owner, part), hull, id, instance)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

fn entries_of_event(
    view: &View<'_>,
    after: Option<(EventId, UserId, Instance)>,
    found: &mut AuditPage,
) -> Result<Option<At>, Fault> {
    let rows = view.scan(&ENTRIES_OF_EVENT, &(), after.as_ref(), ROWS)?;
    for ((event, owner, instance), ()) in &rows {
        if !view.contains(&ENTRIES, &(*owner, *event, *instance))? {
            let what = format!("the entries of {event} name {owner} ({instance:?}), who has no such entry");
            found.discrepancies.push(what);
        }
    }
    Ok(behind(&rows, At::EntriesOfEvent, Some(At::Events(None))))
}

fn events(view: &View<'_>, after: Option<EventId>, found: &mut AuditPage) -> Result<Option<At>, Fault> {
    let rows = view.scan(&EVENTS, &(), after.as_ref(), ROWS)?;
    for (id, event) in &rows {
        let Some(organizer) = event.facts.organizer else { continue };
        let has_entry = view.contains(&ENTRIES, &(organizer, *id, Instance::Series))?;
        if !has_entry && !view.contains(&CLOSED, &organizer)? {
            found.discrepancies.push(format!("{id} is missing among the entries of its organizer {organizer}"));
        }
    }
    Ok(behind(&rows, At::Events, Some(At::Timeline(None))))
}

fn timeline(view: &View<'_>, after: Option<&Row<UserId>>, found: &mut AuditPage) -> Result<Option<At>, Fault> {
    let rows = TIMELINE.entries(view, after, ROWS)?;
    for row in &rows {
        let entry = view.get(&ENTRIES, &(row.scope, row.event, row.instance))?;
        if entry.and_then(|entry| entry.indexed) != Some(Indexed::Single(row.extent)) {
            let Row { scope: owner, event, instance, .. } = row;
            let what = format!("the index of {owner} has {event} ({instance:?}) where the entry is not");
            found.discrepancies.push(what);
        }
    }
    let full = rows.len() == ROWS;
    Ok(Some(rows.into_iter().next_back().filter(|_| full).map_or(At::Series(None), |last| At::Timeline(Some(last)))))
}

fn series(view: &View<'_>, after: Option<&Row<(UserId, u8)>>, found: &mut AuditPage) -> Result<Option<At>, Fault> {
    let rows = SERIES.entries(view, after, ROWS)?;
    for row in &rows {
        let (owner, part) = row.scope;
        let is_there = match view.get(&ENTRIES, &(owner, row.event, row.instance))?.and_then(|entry| entry.indexed) {
            Some(Indexed::Series(hull, months)) => hull == row.extent && months.parts().any(|of| of == part),
            Some(Indexed::Single(_)) | None => false,
        };
        if !is_there {
            let what = format!("the index of what recurs for {owner} has {} where the entry is not", row.event);
            found.discrepancies.push(what);
        }
    }
    let full = rows.len() == ROWS;
    Ok(Some(rows.into_iter().next_back().filter(|_| full).map_or(At::Shares(None), |last| At::Series(Some(last)))))
}

fn shares(view: &View<'_>, after: Option<(UserId, UserId)>, found: &mut AuditPage) -> Result<Option<At>, Fault> {
    let rows = view.scan(&SHARES, &(), after.as_ref(), ROWS)?;
    for ((owner, sharee), _) in &rows {
        if !view.contains(&SHARES_OF_SHAREE, &(*sharee, *owner))? {
            found.discrepancies.push(format!("the share of {owner} with {sharee} is missing from the sharee's side"));
        }
        for user in [owner, sharee] {
            if view.contains(&CLOSED, user)? {
                found.discrepancies.push(format!("the share of {owner} with {sharee} is of a user who was deleted"));
            }
        }
    }
    Ok(behind(&rows, At::Shares, Some(At::SharesOfSharee(None))))
}

fn shares_of_sharee(
    view: &View<'_>,
    after: Option<(UserId, UserId)>,
    found: &mut AuditPage,
) -> Result<Option<At>, Fault> {
    let rows = view.scan(&SHARES_OF_SHAREE, &(), after.as_ref(), ROWS)?;
    for ((sharee, owner), ()) in &rows {
        if !view.contains(&SHARES, &(*owner, *sharee))? {
            found.discrepancies.push(format!("a share of {owner} with {sharee} is known on the sharee's side only"));
        }
    }
    Ok(behind(&rows, At::SharesOfSharee, None))
}
