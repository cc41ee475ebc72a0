//! What is in a calendar within a stretch of days, by start: what happens once, single instances, and what recurs.
//!
//! The first two lie in an index by time. What recurs is found by its hull and the months in which it can begin, and expanded month
//! by month of the reader, so that a page costs what the months it shows hold, however long a series has been going on. A month that
//! was expanded is kept for the next page; when something that recurs has changed ([`GENERATION`]), only what may be that is expanded
//! anew.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chassis::Fault;
use chassis::timeline::{Place, Slot};
use domain::calendar::Attendance;
use domain::events::Change;
use domain::time::{Extent, Family, Window};
use domain::{EventId, EventTime, Instance, UserId, Zone};
use jiff::ToSpan as _;
use jiff::civil::Date;
use parking_lot::Mutex;
use storage::{Reader as _, View};

use crate::store::{Coming, ENTRIES, EVENTS, EXCEPTIONS, FollowedEvent, GENERATION, LAST, SERIES, TIMELINE, kind_of};

/// Most months that are kept.
const KEPT_MONTHS: usize = 64;
/// A month of more instances is expanded anew for each page.
const MOST_KEPT: usize = 20_000;
/// Most instances that are kept of all months together.
const MOST_KEPT_TOGETHER: usize = 200_000;
/// The most months that one page goes through.
const MOST_MONTHS: usize = 240;

/// An instance of something that recurs, as it is in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recurring {
    /// Where it is in the order.
    pub(super) place: Place,
    /// When it is.
    pub(super) extent: Extent,
    /// The same as people say it.
    pub(super) time: EventTime,
    /// As what it is there.
    pub(super) attendance: Attendance,
    /// How it differs from the others.
    pub(super) change: Option<Change>,
    /// Of which event it is an instance.
    pub(super) event: Arc<FollowedEvent>,
}

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

/// The months that were expanded last.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<VecDeque<(Key, Arc<Month>)>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    owner: UserId,
    zone: Zone,
    month: Date,
}

/// A month that was expanded.
#[derive(Debug)]
struct Month {
    /// By the row of [`GENERATION`]: what it was expanded from.
    generations: HashMap<u8, u64>,
    /// Which events were looked at.
    events: HashSet<EventId>,
    /// By place.
    instances: Vec<Recurring>,
}

impl Month {
    fn generation(&self, row: u8) -> u64 {
        generation(&self.generations, row)
    }
}

fn generation(generations: &HashMap<u8, u64>, row: u8) -> u64 {
    generations.get(&row).copied().unwrap_or_default()
}

impl Kept {
    fn get(&self, key: &Key) -> Option<Arc<Month>> {
        let kept = self.0.lock();
        kept.iter().find(|(of, _)| of == key).map(|(_, month)| Arc::clone(month))
    }

    fn put(&self, key: Key, month: &Arc<Month>) {
        if month.instances.len() > MOST_KEPT {
            return;
        }
        let mut kept = self.0.lock();
        kept.retain(|(of, _)| *of != key);
        kept.push_front((key, Arc::clone(month)));
        let mut together = 0_usize;
        kept.retain(|(_, month)| {
            together = together.saturating_add(month.instances.len());
            together <= MOST_KEPT_TOGETHER
        });
        kept.truncate(KEPT_MONTHS);
    }
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
            let expanded = match self.kept.get(&key) {
                Some(kept) if kept.generation(LAST) == generation => kept,
                before => {
                    let expanded = Arc::new(self.expand(month, before.as_deref())?);
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

    /// Everything that recurs and overlaps a month of the reader; of what has not changed since, as it was before.
    fn expand(&self, month: Date, before: Option<&Month>) -> Result<Month, Fault> {
        let zone = self.window.zone().clone();
        let window = Window::new(Some(month), Some(month.last_of_month()), zone)?;
        let generations: HashMap<u8, u64> = self.view.scan(&GENERATION, &(), None, usize::MAX)?.into_iter().collect();
        let mut known: HashMap<EventId, Vec<&Recurring>> = HashMap::new();
        for one in before.map(|before| &before.instances).into_iter().flatten() {
            known.entry(one.place.event).or_default().push(one);
        }
        let (mut events, mut instances) = (HashSet::new(), Vec::new());
        let mut with_exceptions = Ahead::default();
        for slot in self.series(month, &window)? {
            let id = slot.place.event;
            events.insert(id);
            let holds = before.is_some_and(|before| {
                let of = kind_of(id);
                before.events.contains(&id) && before.generation(of) == generation(&generations, of)
            });
            if holds {
                instances.extend(known.remove(&id).into_iter().flatten().cloned());
            } else {
                let has_exceptions = with_exceptions.reaches(self.view, id)?;
                self.instances(&slot, &window, has_exceptions, &mut instances)?;
            }
        }
        instances.sort_by_key(|one: &Recurring| one.place);
        Ok(Month { generations, events, instances })
    }

    /// What may have instances that overlap a month of the reader, by id.
    fn series(&self, month: Date, window: &Window) -> Result<Vec<Slot>, Fault> {
        // Zones lie up to a day apart: what begins in the reader's month may begin in a neighbour where it takes place.
        let part_of = |day: Date| day.month().unsigned_abs();
        let before = month.yesterday().map(part_of).ok();
        let behind = month.last_of_month().tomorrow().map(part_of).ok();
        let mut found: Vec<Slot> = Vec::new();
        for part in [Some(0), before, Some(part_of(month)), behind].into_iter().flatten() {
            let mut after = None;
            loop {
                let slots = SERIES.page(self.view, &(self.owner, part), window, after, 500)?;
                after = slots.last().map(|slot| slot.place);
                let is_last = slots.len() < 500;
                // What goes by the reader's own clocks and begins behind the month is not in it.
                let is_behind = |slot: &Slot| Some(part) == behind && slot.extent.family == Family::Civil;
                found.extend(slots.into_iter().filter(|slot| !is_behind(slot)));
                if is_last {
                    break;
                }
            }
        }
        found.sort_unstable_by_key(|slot| slot.place.event);
        found.dedup_by_key(|slot| slot.place.event);
        Ok(found)
    }

    /// The instances of one event that overlap a window, as the owner of the calendar comes to them.
    fn instances(
        &self,
        slot: &Slot,
        window: &Window,
        has_exceptions: bool,
        found: &mut Vec<Recurring>,
    ) -> Result<(), Fault> {
        let id = slot.place.event;
        let Some(event) = self.view.get(&EVENTS, &id)? else { return Ok(()) };
        // A cascade may not have come to the row yet.
        if event.facts.cancelled || !event.facts.series.recurs() || event.extent != slot.extent {
            return Ok(());
        }
        let event = Arc::new(event);
        let organizes = event.is_organized_by(self.owner);
        let rows =
            if organizes { Vec::new() } else { self.view.scan(&ENTRIES, &(self.owner, id), None, usize::MAX)? };
        let answers: Vec<(Instance, Option<Coming>)> =
            rows.into_iter().map(|((_, _, instance), row)| (instance, row.coming)).collect();
        let within = window.bounds(slot.extent.family);
        for happening in EXCEPTIONS.instances_if(has_exceptions, self.view, id, &event.facts.series, within)? {
            let happening = happening?;
            let own = Instance::On(happening.start);
            // What was answered by itself is in the index by itself.
            if answers.iter().any(|(instance, _)| *instance == own) {
                continue;
            }
            let holds = answers.iter().rev().find(|(instance, _)| match instance {
                Instance::From(from) => *from <= happening.start,
                Instance::Series => true,
                Instance::On(_) => false,
            });
            let attendance = match holds {
                Some((Instance::From(_), coming)) => coming.map(Attendance::from),
                Some((_, coming)) => coming.map(Attendance::from),
                None => organizes.then_some(Attendance::Organizing),
            };
            let time = match &happening.change {
                Some(change) => Some(change.time.clone()),
                None => event.facts.series.time_at(happening.start),
            };
            if let (Some(attendance), Some(time)) = (attendance, time) {
                let extent = happening.extent;
                let place = Place { start: window.reader_start(&extent), event: id, instance: own };
                found.push(Recurring {
                    place,
                    extent,
                    time,
                    attendance,
                    change: happening.change,
                    event: Arc::clone(&event),
                });
            }
        }
        Ok(())
    }
}

/// The next event that has exceptions, of all that are asked for in the order of their ids.
#[derive(Default)]
struct Ahead(Option<Option<EventId>>);

impl Ahead {
    /// Whether `id` has any.
    fn reaches(&mut self, view: &View<'_>, id: EventId) -> Result<bool, Fault> {
        let next = match self.0 {
            Some(next) if next.is_none_or(|next| id <= next) => next,
            _ => EXCEPTIONS.next_event(view, id)?,
        };
        self.0 = Some(next);
        Ok(next == Some(id))
    }
}

#[cfg(test)]
mod tests {
    use chassis::follow::Follower as _;
    use domain::events::{Alarms, EventChange, EventFacts, Exception};
    use domain::time::{EventTime, Rules};
    use domain::{Epoch, Position, Series};
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
