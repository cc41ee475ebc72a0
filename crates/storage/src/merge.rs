//! Reading through layers: the rows a transaction has changed, over those its batch has changed, over the tables.
//!
//! A scan draws from the engine in bounded chunks and only as far as it is asked to, so that a page costs what the
//! page holds. Where layers disagree the newest counts, and a deletion hides what lies below.

use std::cell::Cell;
use std::collections::VecDeque;
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
        Rows {
            layers: *self,
            unread: range.clone(),
            range,
            direction,
            chunk: expected.saturating_add(1).min(CHUNK),
            drawn: VecDeque::new(),
        }
    }
}

/// A scan in progress.
pub(crate) struct Rows<'a> {
    layers: Layers<'a>,
    /// What has not been returned yet.
    range: KeyRange,
    /// What has not been drawn from the engine yet; empty when it has no more.
    unread: KeyRange,
    direction: Direction,
    chunk: usize,
    /// Drawn from the engine and not yet returned.
    drawn: VecDeque<Row>,
}

impl Rows<'_> {
    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<Row>, Error> {
        loop {
            self.draw()?;
            let (key, change) = match (self.pending(), self.drawn.front()) {
                (None, None) => return Ok(None),
                (Some((key, change)), Some((drawn, _))) if self.is_first(&key, drawn) => (key, change),
                (Some((key, change)), None) => (key, change),
                (_, Some(_)) => {
                    let Some((key, value)) = self.drawn.pop_front() else { return Ok(None) };
                    (key, Some(value))
                }
            };
            if self.drawn.front().is_some_and(|(drawn, _)| *drawn == key) {
                self.drawn.pop_front();
            }
            pass(&mut self.range, self.direction, &key);
            if let Some(value) = change {
                return Ok(Some((key, value)));
            }
        }
    }

    /// Whether `key`, which is pending, comes before or replaces `drawn`.
    fn is_first(&self, key: &[u8], drawn: &[u8]) -> bool {
        match self.direction {
            Direction::Ascending => key <= drawn,
            Direction::Descending => key >= drawn,
        }
    }

    /// The next key that the pending layers have something to say about.
    fn pending(&self) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        if self.range.is_empty() {
            return None;
        }
        let bounds = (Bound::Included(self.range.from.as_slice()), Bound::Excluded(self.range.to.as_slice()));
        let mut first: Option<(&Vec<u8>, &Option<Vec<u8>>)> = None;
        for changes in self.layers.pending.iter().flatten() {
            let mut within = changes.range::<[u8], _>(bounds);
            let candidate = match self.direction {
                Direction::Ascending => within.next(),
                Direction::Descending => within.next_back(),
            };
            if let Some(candidate) = candidate {
                // A newer layer came earlier, so it keeps a key that both have.
                let keeps = first.is_some_and(|(key, _)| self.is_first(key, candidate.0));
                if !keeps {
                    first = Some(candidate);
                }
            }
        }
        first.map(|(key, change)| (key.clone(), change.clone()))
    }

    /// Draws the next chunk from the engine if none is left.
    fn draw(&mut self) -> Result<(), Error> {
        if !self.drawn.is_empty() || self.unread.is_empty() {
            return Ok(());
        }
        let rows = self.layers.engine.rows(&self.unread, self.direction, self.chunk)?;
        if let Some(unsettled) = self.layers.unsettled {
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
