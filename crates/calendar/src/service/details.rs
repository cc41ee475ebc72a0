//! The entries of a calendar, with all that a calendar tells, by start.

use chassis::timeline::{Place, Slot};
use chassis::{Fault, cursor};
use domain::calendar::Entry;
use domain::events::{Change, Exception};
use domain::time::Window;
use domain::{Instance, PageCursor, PageRequest, UserId};
use storage::{Reader as _, View};

use super::kept::Kept;
use super::line::Recurring;
use super::stretch::{self, Stretch};
use super::{Found, GoOn, go_on};
use crate::entry;
use crate::store::{ENTRIES, EVENTS, EXCEPTIONS, Indexed};

/// The most rows of the index that one page looks at: rows that are out of date are passed over, so a page may be short.
const MOST_LOOKED_AT: usize = 2_000;

/// A page of the calendar of `owner`.
///
/// # Errors
/// Invalid input (`after`) for a cursor of another list.
pub(super) fn page(
    view: &View<'_>,
    kept: &Kept,
    owner: UserId,
    window: &Window,
    request: &PageRequest,
) -> Result<Found, Fault> {
    let mut after = go_on(request, |go_on| match go_on {
        GoOn::Details(place) => Some(place),
        GoOn::Busy(_) => None,
    })?;
    let stretch = Stretch { view, kept, owner, window, beyond: None };
    let (limit, mut items, mut looked_at) = (request.limit.get(), Vec::new(), 0_usize);
    loop {
        // One more than is shown, to know whether there is a next page.
        let wanted = limit.saturating_sub(items.len()).saturating_add(1);
        let part = stretch.part(after, wanted)?;
        looked_at = looked_at.saturating_add(part.found.len().max(100));
        for one in part.found {
            let place = one.place();
            if let Some(entry) = shown(view, owner, one)? {
                if items.len() == limit {
                    return Ok((items, after.map(next).transpose()?));
                }
                items.push(entry);
            }
            after = Some(place);
        }
        let Some(reached) = part.next else { return Ok((items, None)) };
        after = Some(reached);
        if looked_at >= MOST_LOOKED_AT {
            return Ok((items, Some(next(reached)?)));
        }
    }
}

fn next(place: Place) -> Result<PageCursor, Fault> {
    cursor::after(&GoOn::Details(place))
}

/// The entry of something found, unless it is a row of the index that is out of date (a cascade has not come to it yet).
fn shown(view: &View<'_>, owner: UserId, found: stretch::Found) -> Result<Option<Entry>, Fault> {
    match found {
        stretch::Found::Indexed(slot) => single(view, owner, &slot),
        stretch::Found::Recurring(one) => Ok(Some(recurring(one))),
    }
}

fn single(view: &View<'_>, owner: UserId, slot: &Slot) -> Result<Option<Entry>, Fault> {
    let Place { event: id, instance, .. } = slot.place;
    let Some(event) = view.get(&EVENTS, &id)? else { return Ok(None) };
    let Some(row) = view.get(&ENTRIES, &(owner, id, instance))? else { return Ok(None) };
    let place = entry::place(view, Some(&event), (owner, id, instance), row.coming)?;
    if place != Some(Indexed::Single(slot.extent)) {
        return Ok(None);
    }
    let Some(attendance) = entry::attendance(&event, owner, instance, row.coming) else { return Ok(None) };
    let facts = event.facts;
    let (time, title, location) = match instance {
        Instance::On(start) => match EXCEPTIONS.get(view, id, start)? {
            Some(Exception::Changed(Change { time, title, location })) => (Some(time), title, location),
            Some(Exception::Removed) | None => (facts.series.time_at(start), None, None),
        },
        Instance::Series | Instance::From(_) => (Some(facts.series.first), None, None),
    };
    Ok(time.map(|time| Entry::Event {
        event: id,
        instance,
        title: title.unwrap_or(facts.title),
        time,
        location: location.unwrap_or(facts.location),
        alarms: facts.alarms,
        attendance,
    }))
}

fn recurring(one: Recurring) -> Entry {
    let Recurring { place: Place { event: id, instance, .. }, time, attendance, change, event, .. } = one;
    let facts = &event.facts;
    let (title, location) = change.map_or((None, None), |change| (change.title, change.location));
    Entry::Event {
        event: id,
        instance,
        title: title.unwrap_or_else(|| facts.title.clone()),
        time,
        location: location.unwrap_or_else(|| facts.location.clone()),
        alarms: facts.alarms.clone(),
        attendance,
    }
}
