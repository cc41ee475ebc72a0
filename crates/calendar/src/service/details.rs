//! The entries of a calendar, with all that a calendar tells, by start.

use chassis::timeline::{Place, Slot};
use chassis::{Fault, cursor};
use domain::calendar::Entry;
use domain::time::Window;
use domain::{PageCursor, PageRequest, UserId};
use storage::{Reader as _, View};

use super::{Found, GoOn, go_on};
use crate::entry::placed;
use crate::store::{ENTRIES, EVENTS, TIMELINE};

/// The most rows of the index that one page looks at: rows that are out of date are passed over, so a page may be short.
const MOST_LOOKED_AT: usize = 2_000;

/// A page of the calendar of `owner`.
///
/// # Errors
/// Invalid input (`after`) for a cursor of another list.
pub(super) fn page(view: &View<'_>, owner: UserId, window: &Window, request: &PageRequest) -> Result<Found, Fault> {
    let mut after = go_on(request, |go_on| match go_on {
        GoOn::Details(place) => Some(place),
        GoOn::Busy(_) => None,
    })?;
    let (limit, mut items, mut looked_at) = (request.limit.get(), Vec::new(), 0_usize);
    loop {
        // One more than is shown, to know whether there is a next page.
        let wanted = limit.saturating_sub(items.len()).saturating_add(1);
        let slots = TIMELINE.page(view, &owner, window, after, wanted)?;
        let found = slots.len();
        for slot in slots {
            if let Some(entry) = shown(view, owner, &slot)? {
                if items.len() == limit {
                    return Ok((items, after.map(next).transpose()?));
                }
                items.push(entry);
            }
            after = Some(slot.place);
        }
        looked_at = looked_at.saturating_add(found);
        if found < wanted {
            return Ok((items, None));
        }
        if looked_at >= MOST_LOOKED_AT {
            return Ok((items, after.map(next).transpose()?));
        }
    }
}

fn next(place: Place) -> Result<PageCursor, Fault> {
    cursor::after(&GoOn::Details(place))
}

/// The entry of a row of the index, unless the row is out of date (a cascade has not come to it yet).
fn shown(view: &View<'_>, owner: UserId, slot: &Slot) -> Result<Option<Entry>, Fault> {
    let Place { event: id, instance, .. } = slot.place;
    let Some(event) = view.get(&EVENTS, &id)? else { return Ok(None) };
    let Some(row) = view.get(&ENTRIES, &(owner, id, instance))? else { return Ok(None) };
    let placed = placed(Some(&event), owner, instance, row.coming);
    let Some((attendance, _)) = placed.filter(|(_, extent)| *extent == slot.extent) else { return Ok(None) };
    Ok(Some(Entry::Event {
        event: id,
        instance,
        title: event.facts.title,
        time: event.facts.series.first,
        location: event.facts.location,
        attendance,
    }))
}
