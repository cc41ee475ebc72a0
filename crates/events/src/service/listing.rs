//! Lists of events by start, a page at a time.
//!
//! The index proposes, the event's own row and the membership decide. What one page may read is bounded, so that a search which
//! finds little answers soon, with a short or empty page and a cursor to go on from.

use std::collections::BTreeMap;

use chassis::timeline::{Place, Slot};
use chassis::{Fault, cursor};
use domain::events::{Event, ListEvents, Listing};
use domain::time::{Extent, Window};
use domain::{EventId, Instance, Page, SearchText, UserId};
use storage::Reader;

use super::showing;
use crate::rights::{self, Role};
use crate::store::{self, EVENTS, EXCEPTIONS, EventRow, INVITED, REINDEXING, Scope, TIMELINE};

/// The most index entries that one page looks at.
const MOST_SCANNED: usize = 2_000;
/// How many index entries a search takes at once.
const BATCH: usize = 200;
/// The most bytes of text on one page, give or take one event.
const MOST_SHOWN: usize = 256 * 1_024;
/// The most bytes of descriptions that one page searches.
const MOST_SEARCHED: usize = 1_024 * 1_024;
/// The most events on the move that a list takes into account. Of any beyond them it may leave out some, and nothing else.
const MOST_ON_THE_MOVE: usize = 1_000;

/// A page of a list.
pub(super) fn list(reader: &impl Reader, viewer: UserId, request: &ListEvents) -> Result<Page<Event>, Fault> {
    let limit = request.page.limit.get();
    let source = Source::new(reader, viewer, request)?;
    let mut after: Option<Place> = cursor::read(&request.page)?;
    let (mut items, mut shown_bytes, mut searched_bytes, mut scanned) = (Vec::new(), 0_usize, 0_usize, 0_usize);
    loop {
        let batch = if request.search.is_some() { BATCH } else { limit.saturating_sub(items.len()).saturating_add(1) };
        let (slots, horizon) = source.slots(after, batch)?;
        for slot in slots {
            if let Some(row) = source.hit(&slot)? {
                let description = store::description(reader, slot.place.event)?;
                searched_bytes += description.as_str().len();
                if request.search.as_ref().is_none_or(|search| is_found(search, &row, description.as_str())) {
                    let bytes = row.title.as_str().len() + row.location.as_str().len() + description.as_str().len();
                    let too_much = shown_bytes > 0 && shown_bytes + bytes > MOST_SHOWN;
                    if let Some(last) = after.filter(|_| items.len() == limit || too_much) {
                        return Ok(Page { items, next: Some(cursor::after(&last)?) });
                    }
                    shown_bytes += bytes;
                    items.push(showing::shown(reader, slot.place.event, row, description)?);
                }
            }
            after = Some(slot.place);
            if searched_bytes > MOST_SEARCHED {
                return Ok(Page { items, next: Some(cursor::after(&slot.place)?) });
            }
        }
        scanned += batch;
        let Some(horizon) = horizon else { return Ok(Page { items, next: None }) };
        after = Some(horizon);
        if scanned >= MOST_SCANNED {
            return Ok(Page { items, next: Some(cursor::after(&horizon)?) });
        }
    }
}

fn is_found(search: &SearchText, row: &EventRow, description: &str) -> bool {
    search.is_found_in(row.title.as_str())
        || search.is_found_in(row.location.as_str())
        || search.is_found_in(description)
}

/// Where the entries of one list come from.
struct Source<'a, R> {
    reader: &'a R,
    viewer: UserId,
    scope: Scope,
    window: &'a Window,
    /// The events on the move to which the viewer is invited, and where they are now, if this list shows them.
    on_the_move: BTreeMap<EventId, Option<Slot>>,
}

impl<'a, R: Reader> Source<'a, R> {
    fn new(reader: &'a R, viewer: UserId, request: &'a ListEvents) -> Result<Self, Fault> {
        let scope = match request.listing {
            Listing::Public => Scope::Public,
            Listing::Mine => Scope::Of(viewer),
        };
        let mut source = Self { reader, viewer, scope, window: &request.window, on_the_move: BTreeMap::new() };
        if request.listing == Listing::Mine {
            for (event, _) in reader.scan(&REINDEXING, &(), None, MOST_ON_THE_MOVE)? {
                if reader.contains(&INVITED, &(event, viewer))? {
                    let listed = reader.get(&EVENTS, &event)?.and_then(|row| row.listed());
                    let slot = listed.and_then(|extent| source.slot_at(event, extent));
                    source.on_the_move.insert(event, slot);
                }
            }
        }
        Ok(source)
    }

    /// The entry of an event with this extent, if it overlaps the window.
    fn slot_at(&self, event: EventId, extent: Extent) -> Option<Slot> {
        let (from, to) = self.window.bounds(extent.family);
        let overlaps = extent.end > from && to.is_none_or(|to| extent.start < to);
        let place = Place { start: self.window.reader_start(&extent), event, instance: Instance::Series };
        overlaps.then_some(Slot { place, extent })
    }

    /// Entries behind `after`, in order, from at most `batch` of the index; and how far that came, if there may be more.
    fn slots(&self, after: Option<Place>, batch: usize) -> Result<(Vec<Slot>, Option<Place>), Fault> {
        let mut slots = TIMELINE.page(self.reader, &self.scope, self.window, after, batch)?;
        let horizon = slots.last().filter(|_| slots.len() == batch).map(|slot| slot.place);
        if !self.on_the_move.is_empty() {
            slots.retain(|slot| !self.on_the_move.contains_key(&slot.place.event));
            let now_here = self.on_the_move.values().flatten().filter(|slot| {
                after.is_none_or(|after| slot.place > after) && horizon.is_none_or(|horizon| slot.place <= horizon)
            });
            slots.extend(now_here);
            slots.sort_unstable_by_key(|slot| slot.place);
        }
        Ok((slots, horizon))
    }

    /// The event behind an entry, if it is where the entry says and the list may show it.
    fn hit(&self, slot: &Slot) -> Result<Option<EventRow>, Fault> {
        let Some((row, role)) = rights::seen_by(self.reader, slot.place.event, self.viewer)? else { return Ok(None) };
        let belongs = match self.scope {
            Scope::Public => row.public,
            Scope::Of(_) => role != Role::Everyone,
        };
        if !belongs || row.listed() != Some(slot.extent) {
            return Ok(None);
        }
        // From the first instance to the last there may be none in the window.
        let within = self.window.bounds(slot.extent.family);
        let takes_place = EXCEPTIONS.takes_place(self.reader, slot.place.event, &row.series, within)?;
        Ok(takes_place.then_some(row))
    }
}
