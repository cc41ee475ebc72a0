//! The instances of events that are not as the rules of their event have them, and the instances of a series with them.
//!
//! The owner of events and those who follow it keep them alike: by event and original start, and those that take place also by when
//! they do. Expanding a series asks only for those that it meets.

use domain::events::{Change, Exception};
use domain::time::{Extent, Occurrence};
use domain::{EventId, Series};
use storage::{Reader, Span, Spans, Table, Transaction};

use crate::{Fault, Row};

/// Most exceptions of one event.
pub const MAX_EXCEPTIONS: usize = 1_000;

/// The exceptions of all events.
#[derive(Clone, Copy)]
pub struct Exceptions {
    rows: Table<(EventId, i64), Row<Exception>>,
    by_time: Spans<EventId, i64>,
}

/// An instance of an event: when it is, and how it differs from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Its original civil start.
    pub start: i64,
    /// When it is.
    pub extent: Extent,
    /// How it differs; `None` if it does not.
    pub change: Option<Change>,
}

impl Exceptions {
    /// In the tables of these names.
    #[must_use]
    pub const fn new(rows: &'static str, by_time: &'static str) -> Self {
        Self { rows: Table::new(rows), by_time: Spans::new(by_time) }
    }

    /// The table of them, by event and original start.
    #[must_use]
    pub const fn table(&self) -> &Table<(EventId, i64), Row<Exception>> {
        &self.rows
    }

    /// What the instance of the original start `start` is instead.
    ///
    /// # Errors
    /// What the database reports.
    pub fn get(&self, reader: &impl Reader, event: EventId, start: i64) -> Result<Option<Exception>, Fault> {
        Ok(reader.get(&self.rows, &(event, start))?.map(|Row(exception)| exception))
    }

    /// At most `limit` of an event, behind `after`, by original start.
    ///
    /// # Errors
    /// What the database reports.
    pub fn list(
        &self,
        reader: &impl Reader,
        event: EventId,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<(i64, Exception)>, Fault> {
        let after = after.map(|start| (event, start));
        let rows = reader.scan(&self.rows, &event, after.as_ref(), limit)?;
        Ok(rows.into_iter().map(|((_, start), Row(exception))| (start, exception)).collect())
    }

    /// The first event that has any, `event` or one behind it in the order of ids.
    ///
    /// # Errors
    /// What the database reports.
    pub fn next_event(&self, reader: &impl Reader, event: EventId) -> Result<Option<EventId>, Fault> {
        let rows = reader.range(&self.rows, &(event, i64::MIN), None, 1)?;
        Ok(rows.first().map(|((event, _), _)| *event))
    }

    /// Says what an instance is instead; `None`: it is as the rules say. What was said before.
    ///
    /// # Errors
    /// What the database reports.
    pub fn set(
        &self,
        tx: &mut Transaction<'_>,
        event: EventId,
        start: i64,
        exception: Option<&Exception>,
    ) -> Result<Option<Exception>, Fault> {
        let before = self.get(tx, event, start)?;
        if let Some(span) = before.as_ref().and_then(span) {
            tx.remove_span(&self.by_time, &event, span, &start)?;
        }
        if let Some(span) = exception.and_then(span) {
            tx.insert_span(&self.by_time, &event, span, &start)?;
        }
        match exception {
            Some(exception) => tx.put(&self.rows, &(event, start), &Row(exception.clone()))?,
            None => tx.delete(&self.rows, &(event, start))?,
        }
        Ok(before)
    }

    /// Forgets those of an event.
    ///
    /// # Errors
    /// What the database reports.
    pub fn forget(&self, tx: &mut Transaction<'_>, event: EventId) -> Result<(), Fault> {
        for (start, _) in self.list(tx, event, None, usize::MAX)? {
            self.set(tx, event, start, None)?;
        }
        Ok(())
    }

    /// From the beginning of the first instance to the end of the last, wherever single ones were moved to.
    ///
    /// # Errors
    /// What the database reports.
    pub fn hull(&self, reader: &impl Reader, event: EventId, series: &Series) -> Result<Extent, Fault> {
        let rules = series.hull();
        if !series.recurs() {
            return Ok(rules);
        }
        let exceptions = self.list(reader, event, None, usize::MAX)?;
        let extents = exceptions.iter().filter_map(|(_, exception)| extent(exception));
        Ok(extents.fold(rules, |hull, extent| Extent {
            start: hull.start.min(extent.start),
            end: hull.end.max(extent.end),
            ..hull
        }))
    }

    /// The instance of the original start `start`; `None` if there is none or it does not take place.
    ///
    /// # Errors
    /// What the database reports.
    pub fn instance(
        &self,
        reader: &impl Reader,
        event: EventId,
        series: &Series,
        start: i64,
    ) -> Result<Option<Happening>, Fault> {
        if !series.recurs() {
            return Ok(None);
        }
        Ok(match self.get(reader, event, start)? {
            Some(Exception::Removed) => None,
            Some(Exception::Changed(change)) => {
                Some(Happening { start, extent: change.time.extent(), change: Some(change) })
            }
            None => {
                series.occurrence(start).map(|Occurrence { start, extent }| Happening { start, extent, change: None })
            }
        })
    }

    /// The instances of an event that overlap `from` to `to` (exclusive) on the line of its family: first those that were moved or
    /// added, then those that are as the rules say, each in their order.
    ///
    /// # Errors
    /// What the database reports.
    pub fn instances<'a, R: Reader>(
        &self,
        reader: &'a R,
        event: EventId,
        series: &'a Series,
        (from, to): (i64, Option<i64>),
    ) -> Result<Instances<'a, R>, Fault> {
        let has_any = !reader.scan(&self.rows, &event, None, 1)?.is_empty();
        self.instances_if(has_any, reader, event, series, (from, to))
    }

    /// The same, if it is known whether the event has any exceptions at all.
    ///
    /// # Errors
    /// What the database reports.
    pub fn instances_if<'a, R: Reader>(
        &self,
        has_any: bool,
        reader: &'a R,
        event: EventId,
        series: &'a Series,
        (from, to): (i64, Option<i64>),
    ) -> Result<Instances<'a, R>, Fault> {
        let mut moved = Vec::new();
        if has_any {
            for (_, start) in reader.overlapping(&self.by_time, &event, from, to, None, usize::MAX)? {
                if let Some(Exception::Changed(change)) = self.get(reader, event, start)? {
                    moved.push(Happening { start, extent: change.time.extent(), change: Some(change) });
                }
            }
        }
        Ok(Instances {
            reader,
            table: has_any.then_some(self.rows),
            event,
            moved: moved.into_iter(),
            occurrences: series.occurrences(from, to),
        })
    }

    /// Whether any instance of an event overlaps `from` to `to` (exclusive).
    ///
    /// # Errors
    /// What the database reports.
    pub fn takes_place(
        &self,
        reader: &impl Reader,
        event: EventId,
        series: &Series,
        within: (i64, Option<i64>),
    ) -> Result<bool, Fault> {
        if !series.recurs() {
            let (extent, (from, to)) = (series.first.extent(), within);
            return Ok(extent.end > from && to.is_none_or(|to| extent.start < to));
        }
        self.instances(reader, event, series, within)?.next().transpose().map(|found| found.is_some())
    }
}

/// The instances of one event: [`Exceptions::instances`].
pub struct Instances<'a, R> {
    reader: &'a R,
    table: Option<Table<(EventId, i64), Row<Exception>>>,
    event: EventId,
    moved: std::vec::IntoIter<Happening>,
    occurrences: domain::time::Occurrences<'a>,
}

impl<R: Reader> Iterator for Instances<'_, R> {
    type Item = Result<Happening, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(moved) = self.moved.next() {
            return Some(Ok(moved));
        }
        loop {
            let Occurrence { start, extent } = self.occurrences.next()?;
            let has_exception =
                self.table.map_or(Ok(false), |table| self.reader.contains(&table, &(self.event, start)));
            match has_exception {
                Ok(true) => {}
                Ok(false) => return Some(Ok(Happening { start, extent, change: None })),
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

fn extent(exception: &Exception) -> Option<Extent> {
    match exception {
        Exception::Removed => None,
        Exception::Changed(change) => Some(change.time.extent()),
    }
}

fn span(exception: &Exception) -> Option<Span> {
    extent(exception).map(|extent| Span { start: extent.start, end: extent.end })
}
