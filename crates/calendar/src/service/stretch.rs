//! What is in a calendar within a stretch of days, by start: what happens once, single instances, and what recurs.
//!
//! The first two lie in an index by time. What recurs is found by its hull and the months in which it can begin, and expanded month
//! by month of the reader, so that a page costs what the months it shows hold, however long a series has been going on. A month that
//! was expanded is kept for the next page; when something that recurs has changed ([`GENERATION`]), only what may be that is expanded
//! anew.

use std::sync::Arc;

use chassis::Fault;
use chassis::timeline::{Place, Slot};
use domain::time::{Extent, Family, Window};
use domain::{EventId, Instance, UserId};
use jiff::ToSpan as _;
use jiff::civil::Date;
use storage::{Reader as _, View};

use super::kept::{Kept, Key, Month};
use super::line::Recurring;
use crate::store::{GENERATION, LAST, SERIES, TIMELINE};

/// The most months that one page goes through.
const MOST_MONTHS: usize = 240;

/// Something in a calendar.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// A row of the index by time, which may be out of date.
    Indexed(Slot),
    /// An instance of something that recurs.
    Recurring(Recurring),
}

impl Found {
    pub(super) const fn place(&self) -> Place {
        match self {
            Self::Indexed(slot) => slot.place,
            Self::Recurring(recurring) => recurring.place,
        }
    }

    pub(super) const fn extent(&self) -> Extent {
        match self {
            Self::Indexed(slot) => slot.extent,
            Self::Recurring(recurring) => recurring.extent,
        }
    }
}

/// Some of what is there.
pub(super) struct Part {
    /// By place.
    pub(super) found: Vec<Found>,
    /// Behind which place to go on, if there may be more.
    pub(super) next: Option<Place>,
}

/// The first second within and the first behind, on either line of time.
type Bounds = ((i64, Option<i64>), (i64, Option<i64>));

/// A stretch of one calendar.
pub(super) struct Stretch<'a, 'v> {
    pub(super) view: &'a View<'v>,
    pub(super) kept: &'a Kept,
    pub(super) owner: UserId,
    pub(super) window: &'a Window,
    /// Only what ends, for the reader, after this instant.
    pub(super) beyond: Option<i64>,
}

impl Stretch<'_, '_> {
    /// What lies in the stretch behind `after`, by place; about `limit` of it.
    ///
    /// # Errors
    /// What the database reports.
    pub(super) fn part(&self, after: Option<Place>, limit: usize) -> Result<Part, Fault> {
        let singles = TIMELINE.page_beyond(self.view, &self.owner, self.window, self.beyond, after, limit)?;
        let full = singles.len() == limit;
        // Behind the last of these there may be more of them.
        let until = singles.last().filter(|_| full).map(|slot| slot.place);
        let (recurring, reached) = self.recurring(after, until, limit)?;
        let mut found: Vec<Found> = singles.into_iter().map(Found::Indexed).collect();
        found.extend(recurring.into_iter().map(Found::Recurring));
        found.sort_by_key(Found::place);
        if let Some(reached) = reached {
            found.retain(|one| one.place() <= reached);
        }
        let cut = found.len() > limit;
        found.truncate(limit);
        let next = if cut { found.last().map(Found::place) } else { reached.or(until) };
        Ok(Part { found, next })
    }

    /// What recurs, behind `after` and up to `until`; about `limit` of it. Up to which place that is all there is, if not to the end.
    fn recurring(
        &self,
        after: Option<Place>,
        until: Option<Place>,
        limit: usize,
    ) -> Result<(Vec<Recurring>, Option<Place>), Fault> {
        let mut found = Vec::new();
        let Some(first) = self.first_day(after)? else { return Ok((found, None)) };
        let generation = self.view.get(&GENERATION, &LAST)?.unwrap_or_default();
        let bounds = (self.window.bounds(Family::Instant), self.window.bounds(Family::Civil));
        let mut month = first.first_of_month();
        for nth in 0..MOST_MONTHS {
            let is_behind = |place: Place| until.is_some_and(|until| until < place);
            let begins = self.day_place(month);
            if nth > 0 && (is_behind(begins) || self.window.to().is_some_and(|last| last < month)) {
                return Ok((found, None));
            }
            let key = Key { owner: self.owner, zone: self.window.zone().clone(), month };
            let expanded = match self.kept.month(&key) {
                Some(kept) if kept.generations.last() == generation => kept,
                before => {
                    let expanded = Arc::new(Month::expand(self.view, self.kept, &key, before.as_deref())?);
                    self.kept.put(key, &expanded);
                    expanded
                }
            };
            let instances = &expanded.instances;
            let from = instances.partition_point(|one| after.is_some_and(|after| one.place <= after));
            let wanted = instances.iter().skip(from).filter(|one| {
                // What began in an earlier month was found there.
                (nth == 0 || one.place >= begins) && self.holds(&one.extent, bounds) && !is_behind(one.place)
            });
            found.extend(wanted.take(limit.saturating_add(1).saturating_sub(found.len())).cloned());
            let Ok(next) = month.checked_add(1_i32.month()) else { return Ok((found, None)) };
            if found.len() > limit || self.is_over(next)? {
                return Ok((found, None));
            }
            month = next;
        }
        // Nothing is passed over: the next page goes on with this month.
        Ok((found, Some(self.day_place(month))))
    }

    /// A place before everything that begins on a day.
    fn day_place(&self, day: Date) -> Place {
        let start = domain::time::civil_seconds(day.to_datetime(jiff::civil::Time::midnight()));
        let extent = Extent { family: Family::Civil, start, end: start };
        Place {
            start: self.window.reader_start(&extent),
            event: EventId::from_bytes([0; 16]),
            instance: Instance::Series,
        }
    }

    /// The first day on which something that recurs may be behind `after`; `None` if there is nothing.
    fn first_day(&self, after: Option<Place>) -> Result<Option<Date>, Fault> {
        let day_of = |instant: i64| {
            let civil = domain::time::civil_from_seconds(self.window.civil_day_of(instant).0);
            civil.map(jiff::civil::DateTime::date).ok()
        };
        let from = match (after, self.beyond) {
            (Some(after), _) => day_of(after.start),
            (None, Some(beyond)) => day_of(beyond).max(self.window.from()),
            (None, None) => self.window.from(),
        };
        if from.is_some() {
            return Ok(from);
        }
        // From the beginning of the first series on.
        let mut first: Option<Date> = None;
        for part in 0..=12_u8 {
            let slots = SERIES.page(self.view, &(self.owner, part), self.window, None, 1)?;
            let day = slots.first().and_then(|slot| day_of(slot.place.start));
            first = first.into_iter().chain(day).min();
        }
        Ok(first)
    }

    /// Whether nothing that recurs is there from a day on.
    fn is_over(&self, day: Date) -> Result<bool, Fault> {
        if self.window.to().is_some_and(|last| last < day) {
            return Ok(true);
        }
        let rest = Window::new(Some(day), self.window.to(), self.window.zone().clone())?;
        for part in 0..=12_u8 {
            if !SERIES.page(self.view, &(self.owner, part), &rest, None, 1)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether something is in the stretch, of which these are the bounds on the line of instants and on that of civil times.
    fn holds(&self, extent: &Extent, (instants, civil): Bounds) -> bool {
        let (from, to) = match extent.family {
            Family::Instant => instants,
            Family::Civil => civil,
        };
        extent.end > from
            && to.is_none_or(|to| extent.start < to)
            && self.beyond.is_none_or(|beyond| self.window.instants_of(extent).1 > beyond)
    }
}

#[cfg(test)]
mod tests {
    use chassis::follow::Follower as _;
    use domain::events::{Alarms, EventChange, EventFacts, Exception};
    use domain::time::{EventTime, Rules};
    use domain::{Epoch, Position, Series, Zone};
    use jiff::civil::date;
    use storage::{Database, Options};

    use super::*;
    use crate::follow::OfEvents;

    fn put(owner: UserId, event: EventId, version: u64, day: i8, rule: &str) -> EventChange {
        let first = EventTime::all_day(date(2027, 3, day), date(2027, 3, day + 1)).unwrap();
        EventChange::Put(EventFacts {
            event,
            organizer: Some(owner),
            title: format!("Version {version}").parse().unwrap(),
            location: domain::Location::default(),
            series: Series::new(first, &Rules::parse(rule).unwrap()).unwrap(),
            public: false,
            capacity: None,
            alarms: Alarms::default(),
            cancelled: false,
            version,
        })
    }

    /// The places and titles of a month: as `kept` helps to find them, and found anew.
    async fn both(db: &Database, kept: &Kept, owner: UserId) -> [Vec<(Place, String)>; 2] {
        let window = Window::new(Some(date(2030, 3, 1)), Some(date(2030, 3, 31)), Zone::utc()).unwrap();
        let look = |kept: &Kept, view: &View<'_>| -> Result<Vec<(Place, String)>, Fault> {
            let stretch = Stretch { view, kept, owner, window: &window, beyond: None };
            let found = stretch.part(None, 1_000)?.found.into_iter().map(|one| match one {
                Found::Recurring(one) => (one.place, one.event.facts.title.to_string()),
                Found::Indexed(slot) => (slot.place, String::new()),
            });
            Ok(found.collect())
        };
        db.read(|view| Ok::<_, Fault>([look(kept, view)?, look(&Kept::default(), view)?])).await.unwrap()
    }

    #[tokio::test]
    async fn a_month_that_was_kept_shows_after_every_change_what_expanding_it_anew_shows() {
        let db = Database::in_memory(Options::new("test", 1));
        let (kept, owner) = (Kept::default(), UserId::new());
        // Two of one kind, which are counted together, and one of another.
        let id = |number: u8, kind: u8| {
            EventId::from_bytes([[1; 8], [number, 0, 0, 0, 0, 0, 0, kind]].concat().try_into().unwrap())
        };
        let (one, alike, other) = (id(1, 7), id(2, 7), id(3, 9));
        let gone = domain::time::civil_seconds(date(2030, 3, 17).to_datetime(jiff::civil::Time::midnight()));
        let steps = [
            (put(owner, one, 1, 7, "FREQ=WEEKLY"), 5),
            (put(owner, alike, 1, 20, "FREQ=MONTHLY"), 6),
            (put(owner, other, 1, 3, "FREQ=YEARLY"), 7),
            (put(owner, one, 2, 7, "FREQ=WEEKLY"), 7),
            (EventChange::Exception { event: one, start: gone, exception: Some(Exception::Removed) }, 6),
            (EventChange::Removed { event: alike }, 5),
            (put(owner, other, 2, 3, "FREQ=MONTHLY;BYMONTHDAY=3,4"), 6),
            (EventChange::Exception { event: one, start: gone, exception: None }, 7),
        ];
        for (at, (change, expected)) in (1..).zip(steps) {
            let told = change.clone();
            let position = Position { epoch: Epoch([2; 16]), at };
            db.write(move |tx| OfEvents.apply(tx, position, &told)).await.unwrap();
            let [helped, anew] = both(&db, &kept, owner).await;
            assert_eq!(helped, anew, "{change:?}");
            assert_eq!(anew.len(), expected, "{change:?}");
        }
    }
}
