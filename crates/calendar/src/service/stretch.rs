//! What is in a calendar within a stretch of days, by start: what happens once, single instances, and what recurs.
//!
//! The first two lie in an index by time. What recurs is found by its hull and the months in which it can begin, and expanded month
//! by month of the reader, so that a page costs what the months it shows hold, however long a series has been going on. A month that
//! was expanded is kept for the next page, for as long as nothing that recurs has changed ([`GENERATION`]).

use std::collections::VecDeque;
use std::sync::Arc;

use chassis::Fault;
use chassis::timeline::{Place, Slot};
use domain::calendar::Attendance;
use domain::events::Change;
use domain::time::{Extent, Family, Window};
use domain::{EventId, Instance, UserId, Zone};
use jiff::ToSpan as _;
use jiff::civil::Date;
use parking_lot::Mutex;
use storage::{Reader as _, View};

use crate::store::{Coming, ENTRIES, EVENTS, EXCEPTIONS, GENERATION, LAST, SERIES, TIMELINE};

/// Most months that are kept.
const KEPT_MONTHS: usize = 64;
/// A month of more instances is expanded anew for each page.
const MOST_KEPT: usize = 20_000;
/// The most months that one page goes through.
const MOST_MONTHS: usize = 240;

/// An instance of something that recurs, as it is in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recurring {
    /// Where it is in the order.
    pub(super) place: Place,
    /// When it is.
    pub(super) extent: Extent,
    /// As what it is there.
    pub(super) attendance: Attendance,
    /// How it differs from the others.
    pub(super) change: Option<Change>,
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
pub(super) struct Kept(Mutex<VecDeque<(Key, Arc<Vec<Recurring>>)>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    owner: UserId,
    zone: Zone,
    month: Date,
    generation: u64,
}

impl Kept {
    fn get(&self, key: &Key) -> Option<Arc<Vec<Recurring>>> {
        let kept = self.0.lock();
        kept.iter().find(|(of, _)| of == key).map(|(_, instances)| Arc::clone(instances))
    }

    fn put(&self, key: Key, instances: &Arc<Vec<Recurring>>) {
        if instances.len() > MOST_KEPT {
            return;
        }
        let mut kept = self.0.lock();
        kept.retain(|(of, _)| (of.owner, &of.zone, of.month) != (key.owner, &key.zone, key.month));
        kept.push_front((key, Arc::clone(instances)));
        kept.truncate(KEPT_MONTHS);
    }
}

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
        let mut month = first.first_of_month();
        for nth in 0..MOST_MONTHS {
            let is_behind = |place: Place| until.is_some_and(|until| until < place);
            let begins = self.day_place(month);
            if nth > 0 && (is_behind(begins) || self.window.to().is_some_and(|last| last < month)) {
                return Ok((found, None));
            }
            let key = Key { owner: self.owner, zone: self.window.zone().clone(), month, generation };
            let instances = match self.kept.get(&key) {
                Some(instances) => instances,
                None => {
                    let instances = Arc::new(self.expand(month)?);
                    self.kept.put(key, &instances);
                    instances
                }
            };
            let from = instances.partition_point(|one| after.is_some_and(|after| one.place <= after));
            let wanted = instances.iter().skip(from).filter(|one| {
                // What began in an earlier month was found there.
                (nth == 0 || one.place >= begins) && self.holds(&one.extent) && !is_behind(one.place)
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
        if let Some(from) = from {
            return Ok((!self.is_over(from)?).then_some(from));
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

    fn holds(&self, extent: &Extent) -> bool {
        let (from, to) = self.window.bounds(extent.family);
        extent.end > from
            && to.is_none_or(|to| extent.start < to)
            && self.beyond.is_none_or(|beyond| self.window.instants_of(extent).1 > beyond)
    }

    /// Everything that recurs and overlaps a month of the reader, by place.
    fn expand(&self, month: Date) -> Result<Vec<Recurring>, Fault> {
        let zone = self.window.zone().clone();
        let window = Window::new(Some(month), Some(month.last_of_month()), zone)?;
        let mut found = Vec::new();
        // Zones lie up to a day apart: what begins in the reader's month may begin in a neighbour where it takes place.
        let near = [month.yesterday(), Ok(month), month.last_of_month().tomorrow()];
        let mut parts: Vec<u8> = near.into_iter().flatten().map(|day| day.month().unsigned_abs()).collect();
        parts.push(0);
        let mut done = std::collections::BTreeSet::new();
        for part in parts {
            let mut after = None;
            loop {
                let slots = SERIES.page(self.view, &(self.owner, part), &window, after, 500)?;
                after = slots.last().map(|slot| slot.place);
                let is_last = slots.len() < 500;
                for slot in slots {
                    if done.insert(slot.place.event) {
                        self.instances(&slot, &window, &mut found)?;
                    }
                }
                if is_last {
                    break;
                }
            }
        }
        found.sort_by_key(|one: &Recurring| one.place);
        Ok(found)
    }

    /// The instances of one event that overlap a window, as the owner of the calendar comes to them.
    fn instances(&self, slot: &Slot, window: &Window, found: &mut Vec<Recurring>) -> Result<(), Fault> {
        let id = slot.place.event;
        let Some(event) = self.view.get(&EVENTS, &id)? else { return Ok(()) };
        // A cascade may not have come to the row yet.
        if event.facts.cancelled || !event.facts.series.recurs() || event.extent != slot.extent {
            return Ok(());
        }
        let organizes = event.is_organized_by(self.owner);
        let rows =
            if organizes { Vec::new() } else { self.view.scan(&ENTRIES, &(self.owner, id), None, usize::MAX)? };
        let answers: Vec<(Instance, Option<Coming>)> =
            rows.into_iter().map(|((_, _, instance), row)| (instance, row.coming)).collect();
        let within = window.bounds(slot.extent.family);
        for happening in EXCEPTIONS.instances(self.view, id, &event.facts.series, within)? {
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
            if let Some(attendance) = attendance {
                let extent = happening.extent;
                let place = Place { start: window.reader_start(&extent), event: id, instance: own };
                found.push(Recurring { place, extent, attendance, change: happening.change });
            }
        }
        Ok(())
    }
}
