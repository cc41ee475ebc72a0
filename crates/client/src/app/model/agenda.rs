//! The agenda: what comes from some day on, without end, and where one is in it.
//!
//! Its list has no last day: the service is asked for what comes next, page by page, as one scrolls on, however far apart it is. What
//! takes several days stands on each of them. One who has scrolled far begins the list anew, a little before where they are: so what
//! is at hand stays small, and what began long ago and goes on is still there.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Model, View};
use crate::app::ask::{Found, Query};
use crate::app::item::Item;
use crate::app::remote::Remote;
use crate::app::trail::Trail;

/// Days by which the agenda goes back or on at once.
pub(crate) const AGENDA_STEP: i32 = 31;
/// Items before the selected day from which the list begins anew, and how many of them stay.
const TOO_MANY: usize = 600;
const STAY: usize = 100;

/// A place in the agenda: a day, and the number of one of its items.
pub(crate) type AgendaPlace = (Date, usize);

/// A day on which there is nothing, and the one that the agenda selected instead of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strayed {
    from: Date,
    to: Date,
}

impl Model {
    /// The pages wanted of an agenda's list: from the front on, until what follows the selected day fills the screen.
    pub(super) fn agenda_pages(&self, list: &Query) -> Vec<usize> {
        let Some(trail) = self.trail(list) else { return vec![0] };
        let mut wanted = Vec::new();
        let mut after = 0;
        for page in trail.front(usize::MAX) {
            wanted.push(page);
            let items = self.page::<Item>(list, page);
            after += items.map_or(0, |items| items.iter().filter(|item| item.last_day() >= self.cursor).count());
            if after > self.near() {
                break;
            }
        }
        wanted
    }

    /// Whether there may be more after what is at hand.
    pub(crate) fn agenda_goes_on(&self) -> bool {
        self.calendar_lists().iter().any(|list| !self.trail(list).is_some_and(Trail::is_whole))
    }

    /// How many entries the filter has looked through.
    pub(crate) fn agenda_looked_through(&self) -> usize {
        self.calendar_lists().iter().filter_map(|list| self.trail(list)).map(Trail::looked_through).sum()
    }

    /// The next day after `day` on which there is something.
    pub(crate) fn agenda_day_after(items: &[&Item], day: Date) -> Option<Date> {
        let next = day.tomorrow().ok()?;
        items.iter().filter(|item| item.last_day() >= next).map(|item| item.start.date().max(next)).min()
    }

    /// The last day before `day`, but not before the agenda begins, on which there is something.
    pub(crate) fn agenda_day_before(&self, items: &[&Item], day: Date) -> Option<Date> {
        let last = day.yesterday().ok().filter(|last| *last >= self.agenda_from)?;
        items
            .iter()
            .filter(|item| item.start.date() <= last)
            .map(|item| item.last_day().min(last))
            .max()
            .filter(|found| *found >= self.agenda_from)
    }

    /// The place a step away, in either direction.
    pub(crate) fn agenda_step(&self, on: bool) -> Option<AgendaPlace> {
        let items = self.items();
        let count = |day: Date| items.iter().filter(|item| item.is_on(day)).count();
        if on {
            if self.item + 1 < count(self.cursor) {
                return Some((self.cursor, self.item + 1));
            }
            return Self::agenda_day_after(&items, self.cursor).map(|day| (day, 0));
        }
        match self.item.checked_sub(1) {
            Some(item) if item < count(self.cursor) => Some((self.cursor, item)),
            _ => self.agenda_day_before(&items, self.cursor).map(|day| (day, count(day).saturating_sub(1))),
        }
    }

    /// The first place, or the last of what is at hand.
    pub(crate) fn agenda_end(&self, last: bool) -> Option<AgendaPlace> {
        let items = self.items();
        if !last {
            let first = items.iter().map(|item| item.start.date().max(self.agenda_from)).min();
            return first.map(|day| (day, 0));
        }
        let day = items.iter().map(|item| item.start.date().max(self.agenda_from)).max()?;
        Some((day, items.iter().filter(|item| item.is_on(day)).count().saturating_sub(1)))
    }

    /// In the agenda something is selected if there is anything: what comes next, if the selected day has nothing.
    pub(crate) fn select_in_agenda(&mut self) {
        if self.view != View::Agenda || self.selected_item().is_some() {
            return;
        }
        let items = self.items();
        let here = items.iter().filter(|item| item.is_on(self.cursor)).count();
        let next = if here > 0 {
            Some((self.cursor, here - 1))
        } else {
            let after = Self::agenda_day_after(&items, self.cursor).map(|day| (day, 0));
            after.or_else(|| self.agenda_end(true))
        };
        if let Some((day, item)) = next {
            if day != self.cursor {
                let before = self.strayed.filter(|strayed| strayed.to == self.cursor);
                self.strayed = Some(Strayed { from: before.map_or(self.cursor, |strayed| strayed.from), to: day });
            }
            self.cursor = day;
            self.item = item;
        }
    }

    /// Selects the day again that was selected before the agenda went on to another, unless one has moved since.
    pub(crate) fn come_back_from_agenda(&mut self) {
        if let Some(Strayed { from, .. }) = self.strayed.take().filter(|strayed| strayed.to == self.cursor) {
            self.cursor = from;
            self.item = 0;
        }
    }

    /// Lets the agenda begin at another day.
    pub(crate) fn agenda_begins(&mut self, day: Date) {
        self.agenda_from = day;
    }

    /// Lets the agenda begin some days earlier; what is selected stays.
    pub(crate) fn agenda_earlier(&mut self) {
        let earlier = self.agenda_from.checked_sub(AGENDA_STEP.days()).unwrap_or(self.agenda_from);
        if earlier.year() >= 2 {
            self.agenda_begins(earlier);
        }
    }

    /// Lets the list begin nearer to the selected day, if there is much before it; what is at hand stays.
    pub(crate) fn agenda_lets_go(&mut self) {
        if self.view != View::Agenda {
            return;
        }
        let items = self.items();
        let before = items.iter().filter(|item| item.start.date() < self.cursor).count();
        let anew = before.checked_sub(STAY).and_then(|nth| items.get(nth)).map(|item| item.start.date());
        let Some(anew) = anew.filter(|day| before > TOO_MANY && *day > self.agenda_from) else { return };
        let old = self.calendar_lists();
        let kept: Vec<Vec<Item>> = old
            .iter()
            .map(|list| self.entries(list).filter(|item| item.last_day() >= anew).cloned().collect())
            .collect();
        self.agenda_begins(anew);
        for (list, items) in self.calendar_lists().into_iter().zip(kept) {
            // Shown until the service has said how it is from there on.
            let found = Found::Entries(domain::Page { items, next: None });
            self.walked(&list, &found);
            let mut remote = Remote::default();
            remote.arrived(found, self.now.instant);
            remote.outdate();
            self.store.insert(list, remote);
        }
    }
}
