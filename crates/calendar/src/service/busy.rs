//! When the owner of a calendar is not free, and nothing else: intervals that touch or overlap are one.
//!
//! The rows of the index come by start, so merging is one pass. A page ends when it is full, or when it has looked at many rows;
//! it says where to go on by an instant only, because a cursor with an id in it would tell an id. That is enough: everything
//! merged so far ends at or before that instant, so the next page asks for what ends after it. An interval that may still grow
//! is not shown but handed on, by its start, so it is neither cut in two nor lost.

use chassis::timeline::{Place, Slot};
use chassis::{Fault, cursor};
use domain::calendar::Entry;
use domain::time::{Extent, Family, Window};
use domain::{PageRequest, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, View};

use super::{Found, GoOn, go_on};
use crate::store::{EVENTS, TIMELINE};

/// Rows of the index that are read at once.
const CHUNK: usize = 250;
/// About how many rows of the index one page looks at.
const MOST_LOOKED_AT: usize = 2_000;

/// Where merging goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resume {
    /// Behind this instant: all before was shown, or belongs to the interval handed on.
    beyond: i64,
    /// The start of an interval that reaches `beyond` and may go on.
    since: Option<i64>,
}

/// A page of the busy times of `owner`.
///
/// # Errors
/// Invalid input (`after`) for a cursor of another list.
pub(super) fn page(view: &View<'_>, owner: UserId, window: &Window, request: &PageRequest) -> Result<Found, Fault> {
    let resume = go_on(request, |go_on| match go_on {
        GoOn::Busy(resume) => Some(resume),
        GoOn::Details(_) => None,
    })?;
    let (merged, next) = merge(view, owner, window, resume, request.limit.get(), MOST_LOOKED_AT)?;
    let items = merged.into_iter().map(|interval| Entry::Busy { start: interval.start, end: interval.end }).collect();
    Ok((items, next.map(|resume| cursor::after(&GoOn::Busy(resume))).transpose()?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    start: i64,
    end: i64,
}

fn merge(
    view: &View<'_>,
    owner: UserId,
    window: &Window,
    resume: Option<Resume>,
    limit: usize,
    most_looked_at: usize,
) -> Result<(Vec<Interval>, Option<Resume>), Fault> {
    let (from, to) = window.bounds(Family::Instant);
    let floor = resume.map_or(from, |resume| resume.beyond.max(from));
    let mut open = resume.and_then(|resume| {
        let start = resume.since?.max(from);
        (start < floor).then_some(Interval { start, end: floor })
    });
    let mut merged = Vec::new();
    let (mut after, mut looked_at): (Option<Place>, usize) = (None, 0);
    loop {
        let beyond = resume.map(|resume| resume.beyond);
        let slots = TIMELINE.page_beyond(view, &owner, window, beyond, after, CHUNK)?;
        let exhausted = slots.len() < CHUNK;
        looked_at = looked_at.saturating_add(slots.len());
        for slot in slots {
            after = Some(slot.place);
            if !is_current(view, &slot)? {
                continue;
            }
            let (start, end) = (slot.place.start.max(floor), end_for_reader(window, &slot.extent));
            let end = to.map_or(end, |to| end.min(to));
            if start >= end {
                continue;
            }
            match &mut open {
                Some(interval) if start <= interval.end => interval.end = interval.end.max(end),
                _ => {
                    if let Some(closed) = open.replace(Interval { start, end }) {
                        merged.push(closed);
                        if merged.len() == limit {
                            return Ok((merged, Some(Resume { beyond: closed.end, since: None })));
                        }
                    }
                }
            }
        }
        if exhausted {
            merged.extend(open);
            return Ok((merged, None));
        }
        if looked_at >= most_looked_at
            && let Some(place) = after
        {
            // Whatever comes begins at or behind `place`: an interval that ends before it will not grow any more.
            let next = match open {
                Some(interval) if place.start <= interval.end => {
                    Resume { beyond: interval.end, since: Some(interval.start) }
                }
                _ => Resume { beyond: place.start, since: None },
            };
            // Rows that are out of date may lie across any instant: a page ends only when it has come further.
            if next.beyond > floor {
                merged.extend(open.filter(|_| next.since.is_none()));
                return Ok((merged, Some(next)));
            }
        }
    }
}

/// Where an entry ends for this reader: a day ends at their midnight.
fn end_for_reader(window: &Window, extent: &Extent) -> i64 {
    window.reader_start(&Extent { start: extent.end, ..*extent })
}

/// Whether a row of the index is up to date (a cascade may not have come to it yet).
fn is_current(view: &View<'_>, slot: &Slot) -> Result<bool, Fault> {
    let event = view.get(&EVENTS, &slot.place.event)?;
    Ok(event.is_some_and(|event| !event.facts.cancelled && event.extent_of(slot.place.instance) == Some(slot.extent)))
}
