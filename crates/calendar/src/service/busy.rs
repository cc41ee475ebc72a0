//! When the owner of a calendar is not free, and nothing else: intervals that touch or overlap are one.
//!
//! The rows of the index come by start, so merging is one pass. A page ends when it is full, or when it has looked at many rows;
//! it says where to go on by an instant only, because a cursor with an id in it would tell an id. That is enough: everything
//! merged so far ends at or before that instant, so the next page asks for what ends after it. An interval that may still grow
//! is not shown but handed on, by its start, so it is neither cut in two nor lost.

use chassis::timeline::{Place, Slot};
use chassis::{Fault, cursor};
use domain::calendar::Entry;
use domain::time::{Family, Window};
use domain::{Instance, PageRequest, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader as _, View};

use super::kept::Kept;
use super::stretch::{self, Stretch};
use super::{Found, GoOn, go_on};
use crate::store::{EVENTS, EXCEPTIONS};

/// How a page reads the index.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Rows that are read at once.
    chunk: usize,
    /// About how many rows one page looks at.
    most: usize,
}

const PACE: Pace = Pace { chunk: 250, most: 2_000 };

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
pub(super) fn page(
    view: &View<'_>,
    kept: &Kept,
    owner: UserId,
    window: &Window,
    request: &PageRequest,
) -> Result<Found, Fault> {
    let resume = go_on(request, |go_on| match go_on {
        GoOn::Busy(resume) => Some(resume),
        GoOn::Details(_) => None,
    })?;
    let (merged, next) = merge(view, kept, owner, window, resume, request.limit.get(), PACE)?;
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
    kept: &Kept,
    owner: UserId,
    window: &Window,
    resume: Option<Resume>,
    limit: usize,
    pace: Pace,
) -> Result<(Vec<Interval>, Option<Resume>), Fault> {
    let (from, to) = window.bounds(Family::Instant);
    let floor = resume.map_or(from, |resume| resume.beyond.max(from));
    let mut open = resume.and_then(|resume| {
        let start = resume.since?.max(from);
        (start < floor).then_some(Interval { start, end: floor })
    });
    let mut merged = Vec::new();
    let (mut after, mut looked_at): (Option<Place>, usize) = (None, 0);
    let stretch = Stretch { view, kept, owner, window, beyond: resume.map(|resume| resume.beyond) };
    loop {
        let part = stretch.part(after, pace.chunk)?;
        looked_at = looked_at.saturating_add(part.found.len().max(100));
        after = part.next;
        for one in part.found {
            if !is_current(view, &one)? {
                continue;
            }
            let (start, end) = window.instants_of(&one.extent());
            let (start, end) = (start.max(floor), to.map_or(end, |to| end.min(to)));
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
        if after.is_none() {
            merged.extend(open);
            return Ok((merged, None));
        }
        if looked_at >= pace.most
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

/// Whether something found is up to date (a cascade may not have come to a row of the index yet).
fn is_current(view: &View<'_>, found: &stretch::Found) -> Result<bool, Fault> {
    let stretch::Found::Indexed(Slot { place, extent }) = found else { return Ok(true) };
    let Some(event) = view.get(&EVENTS, &place.event)? else { return Ok(false) };
    let is_there = match place.instance {
        Instance::Series => !event.facts.series.recurs() && event.extent == *extent,
        Instance::On(start) => {
            let happening = EXCEPTIONS.instance(view, place.event, &event.facts.series, start)?;
            happening.is_some_and(|happening| happening.extent == *extent)
        }
        Instance::From(_) => false,
    };
    Ok(is_there && !event.facts.cancelled)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::events::EventFacts;
    use domain::time::{EventTime, Moment};
    use domain::{EventId, Instance, Series, Zone};
    use jiff::civil::{Date, date};
    use proptest::prelude::*;
    use storage::{Database, Options};

    use super::*;
    use crate::store::{FollowedEvent, TIMELINE};

    /// Around the day on which clocks in Berlin go forward.
    const DAY: Date = date(2027, 3, 28);

    #[derive(Clone, Debug)]
    enum Made {
        Timed { start: i64, length: i64 },
        Days { first: i32, days: i32 },
    }

    fn day(offset: i32) -> Date {
        DAY.saturating_add(jiff::Span::new().days(offset))
    }

    fn made() -> impl Strategy<Value = Made> {
        prop_oneof![
            // Quarters of an hour, so that intervals often touch.
            6 => (-900_i64..900, prop_oneof![1_i64..8, 1_i64..300]).prop_map(|(start, length)| Made::Timed { start, length }),
            1 => (-9_i32..9, 1_i32..3).prop_map(|(first, days)| Made::Days { first, days }),
        ]
    }

    fn time(made: &Made) -> EventTime {
        let noon = 1_806_192_000;
        let at = |quarter: i64| {
            let instant = jiff::Timestamp::from_second(noon + quarter * 900).unwrap();
            Moment::at("start", instant, &Zone::utc()).unwrap()
        };
        match made {
            Made::Timed { start, length } => EventTime::timed(at(*start), at(start + length), Zone::utc()).unwrap(),
            Made::Days { first, days } => EventTime::all_day(day(*first), day(first + days)).unwrap(),
        }
    }

    /// Which quarters of an hour are busy, merged by looking at each of them.
    fn naive(events: &[(Made, Kept)], window: &Window) -> Vec<Interval> {
        let (from, to) = window.bounds(Family::Instant);
        let mut quarters = BTreeSet::new();
        for (made, kept) in events {
            let extent = time(made).extent();
            let (start, end) = window.instants_of(&extent);
            let (start, end) = (start.max(from), to.map_or(end, |to| end.min(to)));
            if *kept == Kept::Current && start < end {
                // Offsets of the zones used here are whole quarters of an hour.
                quarters.extend((start.div_euclid(900)..end.div_euclid(900)).map(|quarter| quarter * 900));
            }
        }
        let mut merged: Vec<Interval> = Vec::new();
        for quarter in quarters {
            match merged.last_mut() {
                Some(last) if last.end == quarter => last.end += 900,
                _ => merged.push(Interval { start: quarter, end: quarter + 900 }),
            }
        }
        merged
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Kept {
        /// As it should be.
        Current,
        /// The event was cancelled, and its row is still in the index.
        Cancelled,
        /// The event has moved, and its row is still in the old place.
        Moved,
    }

    fn kept() -> impl Strategy<Value = Kept> {
        prop_oneof![8 => Just(Kept::Current), 1 => Just(Kept::Cancelled), 1 => Just(Kept::Moved)]
    }

    fn store(tx: &mut storage::Transaction<'_>, owner: UserId, made: &Made, kept: Kept) -> Result<(), Fault> {
        let id = EventId::new();
        let facts = EventFacts {
            alarms: domain::events::Alarms::default(),
            capacity: None,
            event: id,
            organizer: Some(owner),
            title: "Tee".parse()?,
            location: domain::Location::default(),
            series: Series::once(time(made)),
            public: false,
            cancelled: kept == Kept::Cancelled,
            version: 1,
        };
        let mut event = FollowedEvent::new(tx, facts)?;
        TIMELINE.insert(tx, &owner, event.extent, id, Instance::Series)?;
        if kept == Kept::Moved {
            event.extent.start += 1;
        }
        Ok(tx.put(&EVENTS, &id, &event)?)
    }

    proptest! {
        #[test]
        fn pages_of_any_size_and_bound_show_exactly_the_merged_intervals(
            events in proptest::collection::vec((made(), kept()), 0..60),
            zone in prop_oneof!["Europe/Berlin", "UTC", "Pacific/Auckland", "America/St_Johns"],
            first in proptest::option::of(-8_i32..8), days in proptest::option::of(0_i32..12),
            limit in 1_usize..9, chunk in 1_usize..9, most in 1_usize..20,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let to = days.map(|days| day(first.unwrap_or(0) + days));
            let window = Window::new(first.map(day), to, zone.parse().unwrap()).unwrap();
            let expected = naive(&events, &window);
            let owner = UserId::new();
            let shown = runtime.block_on(async {
                let db = Database::in_memory(Options::new("test", 1));
                db.write(move |tx| {
                    events.iter().try_for_each(|(made, kept)| store(tx, owner, made, *kept))
                }).await.unwrap();
                let mut shown: Vec<Interval> = Vec::new();
                let mut resume = None;
                for _ in 0..200 {
                    let (page, next) = db.read(|view| {
                        merge(view, &crate::service::kept::Kept::default(), owner, &window, resume, limit, Pace { chunk, most })
                    }).await.unwrap();
                    assert!(page.len() <= limit);
                    let (fuller, Some(next)) = (!page.is_empty(), next) else {
                        shown.extend(page);
                        return shown;
                    };
                    shown.extend(page);
                    let further = resume.is_none_or(|before: Resume| before.beyond < next.beyond);
                    assert!(fuller || further, "a page shows something or comes further");
                    resume = Some(next);
                }
                panic!("the pages do not end");
            });
            prop_assert_eq!(shown, expected);
        }
    }
}
