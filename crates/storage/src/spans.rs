//! An index of intervals: what overlaps a stretch of time, at the cost of what the answer holds.
//!
//! A sorted table of starts finds what begins in a month, but not the event of three days that began before it.
//! So intervals are kept by *length class* (each class four times as long as the one before), and by start within
//! a class. What overlaps [from, to) and has at most length L began after from − L: one short scan per class that
//! the scope uses (a handful: hours, days, weeks), merged by (start, id). The classes in use are read off the
//! keys themselves, by seeking from class to class.
//!
//! key = (scope, class, start, id), value = end.

use std::marker::PhantomData;

use crate::engine::{Direction, KeyRange};
use crate::error::Error;
use crate::key::{Key, append_key};
use crate::layout::table_key;
use crate::merge::{Layers, Rows};
use crate::reader::{row_key, row_value};

/// A half-open interval in seconds: from `start` up to, but not including, `end`. With `end == start` it counts as one
/// second long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first second in it.
    pub start: i64,
    /// The first second behind it.
    pub end: i64,
}

impl Span {
    /// Its length in seconds, at least one.
    fn length(self) -> u64 {
        self.end.saturating_sub(self.start).max(1).unsigned_abs()
    }

    /// Whether it reaches beyond `instant`.
    fn reaches_beyond(self, instant: i64) -> bool {
        self.end.max(self.start.saturating_add(1)) > instant
    }
}

/// An index of intervals with ids `I`, kept apart by scope `S` (a calendar, say).
pub struct Spans<S, I> {
    name: &'static str,
    types: PhantomData<fn() -> (S, I)>,
}

impl<S, I> Spans<S, I> {
    /// The index of this name, which follows the rules of [`Table::new`](crate::Table::new) and is shared with no
    /// table.
    ///
    /// # Panics
    /// For any other name; declare indexes as constants, so that this happens while compiling.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Spans { name: crate::Table::<S, I>::new(name).name(), types: PhantomData }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<S, I> Clone for Spans<S, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, I> Copy for Spans<S, I> {}

impl<S, I> std::fmt::Debug for Spans<S, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spans({})", self.name)
    }
}

impl<S: Key, I: Key> Spans<S, I> {
    /// The full key of an interval.
    pub(crate) fn key(&self, scope: &S, span: Span, id: &I) -> Result<Vec<u8>, Error> {
        if span.end < span.start {
            return Err(Error::BackwardSpan { start: span.start, end: span.end });
        }
        table_key(self.name, &(scope, class_of(span.length()), span.start, id))
    }
}

/// The class of intervals of `length` seconds: 4^class <= length < 4^(class + 1).
fn class_of(length: u64) -> u8 {
    u8::try_from(length.max(1).ilog2() / 2).unwrap_or(u8::MAX)
}

/// The earliest start of an interval of this class that reaches beyond `from`.
fn earliest_start(class: u8, from: i64) -> i64 {
    match 4i64.checked_pow(u32::from(class) + 1) {
        // start + length > from, and length < beyond.
        Some(beyond) => from.saturating_sub(beyond - 1),
        None => i64::MIN,
    }
}

/// What is asked for.
pub(crate) struct Window<'q, I> {
    pub(crate) from: i64,
    pub(crate) to: Option<i64>,
    pub(crate) after: Option<&'q (i64, I)>,
}

/// See [`Reader::overlapping`](crate::Reader::overlapping).
pub(crate) fn overlapping<S: Key, I: Key>(
    layers: Layers<'_>,
    spans: &Spans<S, I>,
    scope: &S,
    window: &Window<'_, I>,
    limit: usize,
) -> Result<Vec<(Span, I)>, Error> {
    let mut found = Vec::new();
    if limit == 0 || window.to.is_some_and(|to| to <= window.from) {
        return Ok(found);
    }
    let scope_prefix = table_key(spans.name, scope)?;
    let mut classes = Vec::new();
    for class in classes_in_use(layers, &scope_prefix)? {
        if let Some(scan) = ClassScan::begin(layers, &scope_prefix, class, window, limit)? {
            classes.push(scan);
        }
    }
    while found.len() < limit {
        let first = classes.iter_mut().min_by(|a, b| a.order().cmp(b.order()));
        let Some(first) = first else { break };
        let (_, _, _, id): (S, u8, i64, I) = row_key(spans.name, &first.key)?;
        found.push((first.span, id));
        if !first.advance(spans.name, window.from)? {
            classes.retain(|class| !class.finished);
        }
    }
    Ok(found)
}

/// See [`Reader::all_spans`](crate::Reader::all_spans).
pub(crate) fn all<S: Key, I: Key>(
    layers: Layers<'_>,
    spans: &Spans<S, I>,
    after: Option<&(S, Span, I)>,
    limit: usize,
) -> Result<Vec<(S, Span, I)>, Error> {
    let mut range = KeyRange::of_prefix(&table_key(spans.name, &())?);
    if let Some((scope, span, id)) = after {
        range.skip_to_after(&spans.key(scope, *span, id)?);
    }
    let mut rows = layers.rows(range, Direction::Ascending, limit);
    let mut found = Vec::new();
    while found.len() < limit {
        let Some((key, end)) = rows.next()? else { break };
        let (scope, _, start, id): (S, u8, i64, I) = row_key(spans.name, &key)?;
        found.push((scope, Span { start, end: row_value(spans.name, &end)? }, id));
    }
    Ok(found)
}

/// The classes that have intervals, by seeking from one to the next.
fn classes_in_use(layers: Layers<'_>, scope_prefix: &[u8]) -> Result<Vec<u8>, Error> {
    let mut classes = Vec::new();
    let mut range = KeyRange::of_prefix(scope_prefix);
    while let Some((key, _)) = layers.rows(range.clone(), Direction::Ascending, 0).next()? {
        let Some(&class) = key.get(scope_prefix.len()) else { break };
        classes.push(class);
        let Some(next) = class.checked_add(1) else { break };
        range.from = [scope_prefix, &[next]].concat();
    }
    Ok(classes)
}

/// The overlapping intervals of one class, in order, of which the first has been read.
struct ClassScan<'a> {
    rows: Rows<'a>,
    /// Where (start, id) begins in a full key.
    order_at: usize,
    key: Vec<u8>,
    span: Span,
    finished: bool,
}

impl<'a> ClassScan<'a> {
    fn begin<I: Key>(
        layers: Layers<'a>,
        scope_prefix: &[u8],
        class: u8,
        window: &Window<'_, I>,
        limit: usize,
    ) -> Result<Option<Self>, Error> {
        let class_prefix = [scope_prefix, &[class]].concat();
        let bound = |start: i64| -> Result<Vec<u8>, Error> {
            let mut key = class_prefix.clone();
            append_key(&mut key, &start)?;
            Ok(key)
        };
        let mut range = KeyRange::of_prefix(&class_prefix);
        range.from = bound(earliest_start(class, window.from))?;
        if let Some(to) = window.to {
            range.stop_before(&bound(to)?);
        }
        if let Some(after) = window.after {
            let mut key = class_prefix.clone();
            append_key(&mut key, after)?;
            range.skip_to_after(&key);
        }
        let mut scan = ClassScan {
            rows: layers.rows(range, Direction::Ascending, limit),
            order_at: class_prefix.len(),
            key: Vec::new(),
            span: Span { start: 0, end: 0 },
            finished: false,
        };
        Ok(scan.advance("spans", window.from)?.then_some(scan))
    }

    /// (start, id) as bytes, which sort as they do.
    fn order(&self) -> &[u8] {
        self.key.get(self.order_at..).unwrap_or_default()
    }

    /// Goes on to the next interval that reaches beyond `from`; false at the end.
    fn advance(&mut self, name: &str, from: i64) -> Result<bool, Error> {
        while let Some((key, value)) = self.rows.next()? {
            let start = key
                .get(self.order_at..)
                .and_then(|order| order.first_chunk::<8>())
                .map(|bytes| i64::from_be_bytes(*bytes) ^ i64::MIN)
                .ok_or_else(|| Error::Key { table: name.to_owned(), why: "it ends too early".to_owned() })?;
            let span = Span { start, end: row_value(name, &value)? };
            if span.reaches_beyond(from) {
                self.span = span;
                self.key = key;
                return Ok(true);
            }
        }
        self.finished = true;
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_fits_its_class() {
        for length in [1, 2, 3, 4, 15, 16, 3600, 86_400, 1 << 40, i64::MAX] {
            let class = class_of(length.unsigned_abs());
            assert!(earliest_start(class, 0) <= -length, "{length}");
            assert!(class == 0 || earliest_start(class - 1, 0) > -length, "{length}");
        }
    }

    #[test]
    fn an_empty_span_counts_as_one_second() {
        let span = Span { start: 10, end: 10 };
        assert_eq!(span.length(), 1);
        assert!(span.reaches_beyond(10));
        assert!(!span.reaches_beyond(11));
    }
}
