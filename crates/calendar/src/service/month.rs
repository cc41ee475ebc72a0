//! Everything that recurs in one month of a calendar, by the reader's clocks.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chassis::Fault;
use chassis::timeline::Slot;
use domain::EventId;
use domain::time::{Family, Window};
use jiff::civil::Date;
use storage::View;

use super::kept::{Generations, Kept, Key, Month};
use super::line::{Ahead, Line, Recurring};
use crate::store::SERIES;

/// Rows of the index that are read at once.
const CHUNK: usize = 500;

impl Month {
    /// Everything that recurs and overlaps a month; of what has not changed since, as it was `before`.
    ///
    /// # Errors
    /// What the database reports.
    pub(super) fn expand(view: &View<'_>, kept: &Kept, key: &Key, before: Option<&Self>) -> Result<Self, Fault> {
        let window = Window::new(Some(key.month), Some(key.month.last_of_month()), key.zone.clone())?;
        let generations = Arc::new(Generations::read(view)?);
        let mut known: HashMap<EventId, Vec<&Recurring>> = HashMap::new();
        for one in before.map(|before| &before.instances).into_iter().flatten() {
            known.entry(one.place.event).or_default().push(one);
        }
        let (mut events, mut instances) = (HashSet::new(), Vec::new());
        let (lines, mut with_exceptions) = (kept.lines(key.owner), Ahead::default());
        for slot in series(view, key, &window)? {
            let id = slot.place.event;
            events.insert(id);
            let generation = generations.of(id);
            let holds =
                before.is_some_and(|before| before.events.contains(&id) && before.generations.of(id) == generation);
            if holds {
                instances.extend(known.remove(&id).into_iter().flatten().cloned());
                continue;
            }
            let line = lines.lock().get(id, generation);
            let line = match line {
                Some(line) => line,
                None => {
                    let line = Line::read(view, key.owner, id, &mut with_exceptions)?.map(Arc::new);
                    lines.lock().put(id, generation, line.clone());
                    line
                }
            };
            if let Some(line) = line {
                line.instances(view, &slot, &window, &mut instances)?;
            }
        }
        instances.sort_by_key(|one: &Recurring| one.place);
        Ok(Self { generations, events, instances })
    }
}

/// What may have instances that overlap a month of the reader, by id.
fn series(view: &View<'_>, key: &Key, window: &Window) -> Result<Vec<Slot>, Fault> {
    // Zones lie up to a day apart: what begins in the reader's month may begin in a neighbour where it takes place.
    let part_of = |day: Date| day.month().unsigned_abs();
    let before = key.month.yesterday().map(part_of).ok();
    let behind = key.month.last_of_month().tomorrow().map(part_of).ok();
    let mut found: Vec<Slot> = Vec::new();
    for part in [Some(0), before, Some(part_of(key.month)), behind].into_iter().flatten() {
        let mut after = None;
        loop {
            let slots = SERIES.page(view, &(key.owner, part), window, after, CHUNK)?;
            after = slots.last().map(|slot| slot.place);
            let is_last = slots.len() < CHUNK;
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
