//! Reading through layers: the rows a transaction has changed, over those its batch has changed, over the tables.
//!
//! A scan draws from the engine in bounded chunks and only as far as it is asked to, so that a page costs what the
//! page holds. Where layers disagree the newest counts, and a deletion hides what lies below.

use std::cell::Cell;
use std::collections::{VecDeque, btree_map};
use std::ops::Bound;

use crate::engine::{Changes, Direction, Engine, KeyRange, Row};
use crate::error::Error;

/// The most rows drawn from the engine at once.
const CHUNK: usize = 256;

/// What a view or transaction reads from.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    pub(crate) engine: &'a dyn Engine,
    /// Changes not yet applied, the newest first.
    pub(crate) pending: [Option<&'a Changes>; 2],
    /// The batch that is applied and not yet durable, if it is to be known whether anything of it was seen.
    pub(crate) unsettled: Option<&'a Unsettled<'a>>,
}

/// A batch that is applied and not yet durable, and whether whoever reads has seen anything of it. What is *not* found counts, too:
/// it may be the batch that has deleted it.
pub(crate) struct Unsettled<'a> {
    pub(crate) changes: &'a Changes,
    pub(crate) seen: Cell<bool>,
}

impl Unsettled<'_> {
    fn see(&self, key: &[u8]) {
        if !self.seen.get() && self.changes.contains_key(key) {
            self.seen.set(true);
        }
    }

    /// All of `range` in `direction`, but no further than to `last`, if that is given.
    fn see_within(&self, range: &KeyRange, direction: Direction, last: Option<&Row>) {
        if self.seen.get() {
            return;
        }
        let mut looked_at = range.clone();
        if let Some((last, _)) = last {
            match direction {
                // The key right behind it is the first that was not looked at.
                Direction::Ascending => looked_at.stop_before(&[last.as_slice(), &[0]].concat()),
                Direction::Descending => looked_at.from.clone_from(last),
            }
        }
        if !looked_at.is_empty() && self.changes.range(looked_at.from..looked_at.to).next().is_some() {
            self.seen.set(true);
        }
    }
}

impl<'a> Layers<'a> {
    /// The value of `key`.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        for changes in self.pending.iter().flatten() {
            if let Some(change) = changes.get(key) {
                return Ok(change.clone());
            }
        }
        if let Some(unsettled) = self.unsettled {
            unsettled.see(key);
        }
        self.engine.get(key)
    }

    /// The rows of `range`, drawn as they are asked for; `expected` is how many that will likely be.
    pub(crate) fn rows(&self, range: KeyRange, direction: Direction, expected: usize) -> Rows<'a> {
        let layers = self.pending.into_iter().flatten();
        let rows = Rows::over(self.engine, layers, range, direction, expected.saturating_add(1));
        Rows { unsettled: self.unsettled, ..rows }
    }
}

/// A scan in progress.
pub(crate) struct Rows<'a> {
    engine: &'a dyn Engine,
    unsettled: Option<&'a Unsettled<'a>>,
    /// What the layers have to say about the range, the newest layer first; none that has nothing to say.
    pending: Vec<Pending<'a>>,
    /// What has not been drawn from the engine yet; empty when it has no more.
    unread: KeyRange,
    direction: Direction,
    chunk: usize,
    /// Drawn from the engine and not yet returned.
    drawn: VecDeque<Row>,
}

/// What one layer has to say about a range.
struct Pending<'a> {
    next: Option<(&'a Vec<u8>, &'a Option<Vec<u8>>)>,
    rest: btree_map::Range<'a, Vec<u8>, Option<Vec<u8>>>,
}

impl Pending<'_> {
    fn go_on(&mut self, direction: Direction) {
        self.next = match direction {
            Direction::Ascending => self.rest.next(),
            Direction::Descending => self.rest.next_back(),
        };
    }
}

impl<'a> Rows<'a> {
    /// The rows of `range` in `engine` with `layers` above it, the newest first; `expected` is how many will likely be asked for.
    pub(crate) fn over(
        engine: &'a dyn Engine,
        layers: impl Iterator<Item = &'a Changes>,
        range: KeyRange,
        direction: Direction,
        expected: usize,
    ) -> Self {
        let mut pending = Vec::new();
        if !range.is_empty() {
            let bounds = (Bound::Included(range.from.as_slice()), Bound::Excluded(range.to.as_slice()));
            for changes in layers {
                let mut layer = Pending { next: None, rest: changes.range::<[u8], _>(bounds) };
                layer.go_on(direction);
                if layer.next.is_some() {
                    pending.push(layer);
                }
            }
        }
        let (unsettled, chunk, drawn) = (None, expected.clamp(1, CHUNK), VecDeque::new());
        Rows { engine, unsettled, pending, unread: range, direction, chunk, drawn }
    }

    /// Whether the layers have anything to say about the range.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, Error> {
        loop {
            self.draw()?;
            let Some((key, change)) = self.first_pending() else { return Ok(self.drawn.pop_front()) };
            match self.drawn.front() {
                Some((drawn, _)) if self.comes_first(drawn, key) => return Ok(self.drawn.pop_front()),
                Some((drawn, _)) if drawn == key => drop(self.drawn.pop_front()),
                _ => {}
            }
            for layer in &mut self.pending {
                if layer.next.is_some_and(|(other, _)| other == key) {
                    layer.go_on(self.direction);
                }
            }
            if let Some(value) = change {
                return Ok(Some((key.clone(), value.clone())));
            }
        }
    }

    /// Whether `key` comes before `other`.
    fn comes_first(&self, key: &[u8], other: &[u8]) -> bool {
        match self.direction {
            Direction::Ascending => key < other,
            Direction::Descending => key > other,
        }
    }

    /// The next key that the layers have something to say about, and what the newest of them says.
    fn first_pending(&self) -> Option<(&'a Vec<u8>, &'a Option<Vec<u8>>)> {
        let mut first: Option<(&'a Vec<u8>, &'a Option<Vec<u8>>)> = None;
        for (key, change) in self.pending.iter().filter_map(|layer| layer.next) {
            // A newer layer came earlier, so it keeps a key that both have.
            if first.is_none_or(|(known, _)| self.comes_first(key, known)) {
                first = Some((key, change));
            }
        }
        first
    }

    /// Draws the next chunk from the engine if none is left.
    fn draw(&mut self) -> Result<(), Error> {
        if !self.drawn.is_empty() || self.unread.is_empty() {
            return Ok(());
        }
        let rows = self.engine.rows(&self.unread, self.direction, self.chunk)?;
        if let Some(unsettled) = self.unsettled {
            unsettled.see_within(&self.unread, self.direction, rows.last().filter(|_| rows.len() == self.chunk));
        }
        match rows.last() {
            Some((last, _)) if rows.len() == self.chunk => pass(&mut self.unread, self.direction, last),
            _ => self.unread.to = self.unread.from.clone(),
        }
        self.drawn = rows.into();
        Ok(())
    }
}

/// Leaves `key` and everything before it (in `direction`) behind.
fn pass(range: &mut KeyRange, direction: Direction, key: &[u8]) {
    match direction {
        Direction::Ascending => range.skip_to_after(key),
        Direction::Descending => range.stop_before(key),
    }
}
