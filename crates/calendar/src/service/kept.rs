//! What the service keeps in memory of what it worked out: months that were expanded, and what was read of what recurs in a calendar.
//!
//! Nothing here is ever trusted by itself: everything is kept with the generations ([`GENERATION`]) under which it was read, and
//! whoever finds it compares them with those of their own view. What is kept is bounded; without it everything is the same, and slower.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chassis::Fault;
use domain::{EventId, UserId, Zone};
use jiff::civil::Date;
use parking_lot::Mutex;
use storage::{Reader as _, View};

use super::line::{Line, Recurring};
use crate::store::{GENERATION, LAST, kind_of};

/// Most months that are kept.
const MOST_MONTHS: usize = 64;
/// A month of more instances is expanded anew for each page.
const MOST_OF_A_MONTH: usize = 20_000;
/// Most instances that are kept of all months together.
const MOST_INSTANCES: usize = 200_000;
/// Most lines that are kept of all calendars together.
const MOST_LINES: usize = 50_000;

/// What is kept, of all calendars.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The last one looked at first.
    months: Mutex<VecDeque<(Key, Arc<Month>)>>,
    /// The same, by owner.
    lines: Mutex<VecDeque<(UserId, Arc<Mutex<Lines>>)>>,
}

/// Which month of whose calendar, and by whose clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) owner: UserId,
    pub(super) zone: Zone,
    pub(super) month: Date,
}

/// A month that was expanded.
#[derive(Debug)]
pub(super) struct Month {
    /// What it was expanded from.
    pub(super) generations: Arc<Generations>,
    /// Which events were looked at.
    pub(super) events: HashSet<EventId>,
    /// By place.
    pub(super) instances: Vec<Recurring>,
}

/// How often what recurs has changed, by the row of [`GENERATION`].
#[derive(Debug, Default)]
pub(super) struct Generations(HashMap<u8, u64>);

impl Generations {
    /// As they are in a view.
    ///
    /// # Errors
    /// What the database reports.
    pub(super) fn read(view: &View<'_>) -> Result<Self, Fault> {
        Ok(Self(view.scan(&GENERATION, &(), None, usize::MAX)?.into_iter().collect()))
    }

    /// That of everything.
    pub(super) fn last(&self) -> u64 {
        self.row(LAST)
    }

    /// That of one event, and of those that are counted with it.
    pub(super) fn of(&self, event: EventId) -> u64 {
        self.row(kind_of(event))
    }

    fn row(&self, row: u8) -> u64 {
        self.0.get(&row).copied().unwrap_or_default()
    }
}

/// What was read of what recurs in one calendar; nothing, for an event that shows nothing there.
#[derive(Debug, Default)]
pub(super) struct Lines(HashMap<EventId, (u64, Option<Arc<Line>>)>);

impl Lines {
    /// What was read of an event under this generation of it.
    pub(super) fn get(&self, event: EventId, generation: u64) -> Option<Option<Arc<Line>>> {
        self.0.get(&event).filter(|(of, _)| *of == generation).map(|(_, line)| line.clone())
    }

    /// Keeps what was read of an event, if there is room.
    pub(super) fn put(&mut self, event: EventId, generation: u64, line: Option<Arc<Line>>) {
        if self.0.len() < MOST_LINES || self.0.contains_key(&event) {
            self.0.insert(event, (generation, line));
        }
    }
}

impl Kept {
    /// The month, as it was expanded last.
    pub(super) fn month(&self, key: &Key) -> Option<Arc<Month>> {
        let kept = self.months.lock();
        kept.iter().find(|(of, _)| of == key).map(|(_, month)| Arc::clone(month))
    }

    /// Keeps a month, unless it is too large, and lets go of those that were expanded longest ago.
    pub(super) fn put(&self, key: Key, month: &Arc<Month>) {
        if month.instances.len() > MOST_OF_A_MONTH {
            return;
        }
        let mut kept = self.months.lock();
        kept.retain(|(of, _)| *of != key);
        kept.push_front((key, Arc::clone(month)));
        let mut together = 0_usize;
        kept.retain(|(_, month)| {
            together = together.saturating_add(month.instances.len());
            together <= MOST_INSTANCES
        });
        kept.truncate(MOST_MONTHS);
    }

    /// What was read of a calendar; lets go of those that were looked at longest ago.
    pub(super) fn lines(&self, owner: UserId) -> Arc<Mutex<Lines>> {
        let mut kept = self.lines.lock();
        let at = kept.iter().position(|(of, _)| *of == owner);
        let one = at.and_then(|at| kept.remove(at)).unwrap_or_else(|| (owner, Arc::default()));
        let lines = Arc::clone(&one.1);
        kept.push_front(one);
        let mut together = 0_usize;
        kept.retain(|(of, lines)| {
            // One that is being worked with is of unknown size until the next time.
            together = together.saturating_add(lines.try_lock().map_or(1, |lines| lines.0.len().max(1)));
            *of == owner || together <= MOST_LINES
        });
        lines
    }
}
