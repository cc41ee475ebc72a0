//! The index by time that events and calendars share: what overlaps a stretch of the reader's days, by start.
//!
//! Timed events lie on the line of instants and all-day and floating events on the line of civil time, so there are two indexes, merged for
//! each reader by where an entry begins in *their* zone. Both hold spans, not starts: an event of three days is found on its
//! second. A series that recurs is one entry from its beginning to its end; whoever asks expands it.

use domain::time::{Extent, Family, Window};
use domain::{EventId, Instance};
use serde::{Deserialize, Serialize};
use storage::{Key, Reader, Span, Spans, Transaction};

use crate::Fault;

/// An index by time for each scope (a calendar, say).
pub struct Timeline<S>(Spans<(S, Family), (EventId, Instance)>);

/// A place in the order of a timeline: where an entry begins for this reader, then its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Seconds since 1970 UTC.
    pub start: i64,
    /// The event.
    pub event: EventId,
    /// All of it, or one instance.
    pub instance: Instance,
}

/// An entry of a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its place for this reader.
    pub place: Place,
    /// Its extent, on its own line.
    pub extent: Extent,
}

/// An entry as it is stored, whoever may read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<S> {
    /// Whose.
    pub scope: S,
    /// Its extent.
    pub extent: Extent,
    /// The event.
    pub event: EventId,
    /// All of it, or one instance.
    pub instance: Instance,
}

impl<S: Key + Clone> Timeline<S> {
    /// The index of this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Spans::new(name))
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// What the database reports.
    pub fn insert(
        &self,
        tx: &mut Transaction<'_>,
        scope: &S,
        extent: Extent,
        event: EventId,
        instance: Instance,
    ) -> Result<(), Fault> {
        let span = Span { start: extent.start, end: extent.end };
        Ok(tx.insert_span(&self.0, &(scope.clone(), extent.family), span, &(event, instance))?)
    }

    /// Removes an entry; the extent must be that with which it was added.
    ///
    /// # Errors
    /// What the database reports.
    pub fn remove(
        &self,
        tx: &mut Transaction<'_>,
        scope: &S,
        extent: Extent,
        event: EventId,
        instance: Instance,
    ) -> Result<(), Fault> {
        let span = Span { start: extent.start, end: extent.end };
        Ok(tx.remove_span(&self.0, &(scope.clone(), extent.family), span, &(event, instance))?)
    }

    /// Whether there is this very entry.
    ///
    /// # Errors
    /// What the database reports.
    pub fn contains(
        &self,
        reader: &impl Reader,
        scope: &S,
        extent: Extent,
        event: EventId,
        instance: Instance,
    ) -> Result<bool, Fault> {
        let span = Span { start: extent.start, end: extent.end };
        Ok(reader.contains_span(&self.0, &(scope.clone(), extent.family), span, &(event, instance))?)
    }

    /// All entries of all scopes behind `after`, in the order of their keys; at most `limit`: for audits.
    ///
    /// # Errors
    /// What the database reports.
    pub fn entries(
        &self,
        reader: &impl Reader,
        after: Option<&Entry<S>>,
        limit: usize,
    ) -> Result<Vec<Entry<S>>, Fault> {
        let after = after.map(|entry| {
            let span = Span { start: entry.extent.start, end: entry.extent.end };
            ((entry.scope.clone(), entry.extent.family), span, (entry.event, entry.instance))
        });
        let rows = reader.all_spans(&self.0, after.as_ref(), limit)?;
        let entry = |((scope, family), span, (event, instance)): ((S, Family), Span, (EventId, Instance))| Entry {
            scope,
            extent: Extent { family, start: span.start, end: span.end },
            event,
            instance,
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// The entries that overlap `window`, behind `after`, in the order of their places; at most `limit`.
    ///
    /// # Errors
    /// What the database reports.
    pub fn page(
        &self,
        reader: &impl Reader,
        scope: &S,
        window: &Window,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Slot>, Fault> {
        self.page_beyond(reader, scope, window, None, after, limit)
    }

    /// The same, of those entries only that, for this reader, end after the instant `beyond`.
    ///
    /// # Errors
    /// What the database reports.
    pub fn page_beyond(
        &self,
        reader: &impl Reader,
        scope: &S,
        window: &Window,
        beyond: Option<i64>,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Slot>, Fault> {
        let mut slots = Vec::new();
        for family in [Family::Instant, Family::Civil] {
            slots.extend(self.of_family(reader, scope, window, family, &Part { beyond, after, limit })?);
        }
        slots.sort_unstable_by_key(|slot| slot.place);
        slots.truncate(limit);
        Ok(slots)
    }

    fn of_family(
        &self,
        reader: &impl Reader,
        scope: &S,
        window: &Window,
        family: Family,
        part: &Part,
    ) -> Result<Vec<Slot>, Fault> {
        let (from, to) = window.bounds(family);
        let beyond = part.beyond.map(|instant| match family {
            Family::Instant => instant,
            // What ends after an instant ends after the midnight before it.
            Family::Civil => window.civil_day_of(instant).0,
        });
        let from = beyond.map_or(from, |beyond| beyond.max(from));
        let mut after = part.after.map(|place| resume(family, window, place));
        let mut slots = Vec::new();
        loop {
            let rows = reader.overlapping(&self.0, &(scope.clone(), family), from, to, after.as_ref(), part.limit)?;
            let is_last = rows.len() < part.limit;
            after = rows.last().map(|(span, id)| (span.start, *id)).or(after);
            let place = |(span, (event, instance)): (Span, (EventId, Instance))| {
                let extent = Extent { family, start: span.start, end: span.end };
                Slot { place: Place { start: window.reader_start(&extent), event, instance }, extent }
            };
            let wanted = |slot: &Slot| {
                part.after.is_none_or(|after| slot.place > after)
                    && part.beyond.is_none_or(|instant| window.instants_of(&slot.extent).1 > instant)
            };
            let found: Vec<Slot> = rows.into_iter().map(place).collect();
            let reached = found.last().map(|slot| slot.place.start);
            slots.extend(found.into_iter().filter(wanted));
            // Civil times that share a place lie one behind the other here, and mixed in the order of places.
            let is_among_equals = |start| family == Family::Civil && window.civil_reaching(start).1;
            if is_last || slots.len() >= part.limit && !reached.is_some_and(is_among_equals) {
                return Ok(slots);
            }
        }
    }
}

/// Which part of what overlaps a window.
struct Part {
    beyond: Option<i64>,
    after: Option<Place>,
    limit: usize,
}

/// Where the index of one family goes on behind `place`, or before that.
fn resume(family: Family, window: &Window, place: Place) -> (i64, (EventId, Instance)) {
    match family {
        Family::Instant => (place.start, (place.event, place.instance)),
        Family::Civil => {
            let (midnight, begins_there) = window.civil_day_of(place.start);
            if begins_there {
                (midnight, (place.event, place.instance))
            } else {
                // Behind all that begins earlier.
                let (reaching, _) = window.civil_reaching(place.start);
                (reaching.saturating_sub(1), (EventId::from_bytes([u8::MAX; 16]), Instance::From(i64::MAX)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Zone;
    use jiff::civil::{Date, date};
    use proptest::prelude::*;
    use storage::{Database, Options};

    use super::*;

    const INDEX: Timeline<u8> = Timeline::new("index");

    /// A reader's zone, and a day around which to look.
    fn readers() -> impl Strategy<Value = (&'static str, Date)> {
        // Clocks in Berlin go forward.
        let spring = date(2027, 3, 28);
        let days = vec![
            ("Europe/Berlin", spring),
            ("UTC", spring),
            ("Pacific/Auckland", spring),
            ("America/St_Johns", spring),
            // A minute past midnight it was the day before again.
            ("America/St_Johns", date(2010, 11, 7)),
            // This day was left out.
            ("Pacific/Apia", date(2011, 12, 30)),
            // This one began at one o'clock.
            ("America/Sao_Paulo", date(2017, 10, 15)),
        ];
        proptest::sample::select(days)
    }

    /// Relative to the midnight of some day.
    fn extents() -> impl Strategy<Value = Extent> {
        (0..3, -20_i64..20, 1_i64..6, -40_000_i64..40_000).prop_map(move |(kind, day, length, seconds)| {
            let midnight = day * 86_400;
            if kind == 2 {
                // Floating; many of them near those hours that clocks skip or show twice.
                let start = (midnight + seconds / 10).div_euclid(600) * 600;
                Extent { family: Family::Civil, start, end: start + length * length * 3_000 }
            } else if kind == 1 {
                Extent {
                    family: Family::Instant,
                    start: midnight + seconds,
                    end: midnight + seconds + length * length * 7_000,
                }
            } else {
                Extent { family: Family::Civil, start: midnight, end: midnight + length * 86_400 }
            }
        })
    }

    #[tokio::test]
    async fn all_entries_of_all_scopes_are_walked_in_pages_of_any_size() {
        const SCOPED: Timeline<u8> = Timeline::new("scoped");
        let entry = |scope: u8, family: Family, start: i64, length: i64| Entry {
            scope,
            extent: Extent { family, start, end: start + length },
            event: EventId::new(),
            instance: Instance::Series,
        };
        let lengths = [60, 3_600, 86_400, 1_000_000];
        let mut entries: Vec<_> = lengths
            .into_iter()
            .flat_map(|length| (0..3_u8).map(move |scope| (scope, length)))
            .flat_map(|(scope, length)| {
                [Family::Instant, Family::Civil].map(|family| entry(scope, family, -length, length))
            })
            .collect();
        let db = Database::in_memory(Options::new("test", 1));
        let written = entries.clone();
        let write = db.write(move |tx| {
            written.iter().try_for_each(|one| SCOPED.insert(tx, &one.scope, one.extent, one.event, one.instance))
        });
        write.await.unwrap();
        let order = |entry: &Entry<u8>| (entry.scope, entry.extent, entry.event);
        entries.sort_by_key(order);
        for limit in [1, 5, 24, 100] {
            let mut walked: Vec<Entry<u8>> = Vec::new();
            loop {
                let page = db.read(|view| SCOPED.entries(view, walked.last(), limit)).await.unwrap();
                if page.is_empty() {
                    break;
                }
                walked.extend(page);
            }
            walked.sort_by_key(order);
            assert_eq!(walked, entries, "{limit} a page");
        }
    }

    fn naive(entries: &[(EventId, Extent)], window: &Window) -> Vec<Place> {
        let mut places: Vec<_> = entries
            .iter()
            .filter(|(_, extent)| {
                let (from, to) = window.bounds(extent.family);
                extent.end > from && to.is_none_or(|to| from < to && extent.start < to)
            })
            .map(|(event, extent)| Place {
                start: window.reader_start(extent),
                event: *event,
                instance: Instance::Series,
            })
            .collect();
        places.sort();
        places
    }

    proptest! {
        #[test]
        fn pages_in_any_zone_and_size_show_exactly_what_overlaps_in_order(
            extents in proptest::collection::vec(extents(), 0..60),
            (zone, middle) in readers(),
            first in -8_i32..8, days in proptest::option::of(0_i32..12), page in 1_usize..9,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let midnight = middle.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
            let shifted = |extent: Extent| Extent { start: extent.start + midnight, end: extent.end + midnight, ..extent };
            let entries: Vec<_> = extents.into_iter().map(|extent| (EventId::new(), shifted(extent))).collect();
            let day = |offset: i32| -> Date { middle.saturating_add(jiff::Span::new().days(offset)) };
            let window = Window::new(Some(day(first)), days.map(|days| day(first + days)), zone.parse::<Zone>().unwrap()).unwrap();
            let expected = naive(&entries, &window);
            let shown = runtime.block_on(async {
                let db = Database::in_memory(Options::new("test", 1));
                db.write(move |tx| {
                    entries.iter().try_for_each(|(event, extent)| INDEX.insert(tx, &1, *extent, *event, Instance::Series))
                }).await.unwrap();
                let mut shown: Vec<Place> = Vec::new();
                loop {
                    let last = shown.last().copied();
                    let slots = db.read(|view| INDEX.page(view, &1, &window, last, page)).await.unwrap();
                    assert!(shown.len() <= expected.len(), "the pages do not end");
                    if slots.is_empty() { break shown }
                    shown.extend(slots.iter().map(|slot| slot.place));
                }
            });
            prop_assert_eq!(shown, expected);
        }
    }
}
