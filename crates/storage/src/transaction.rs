//! Writing: changes that are seen by the transaction at once, and by everybody else together or never.

use std::cell::Cell;

use crate::engine::{Changes, Engine};
use crate::error::Error;
use crate::key::Key;
use crate::layout::{IDENTITY, cursor_key, log_key, table_key};
use crate::log::{Cursor, Epoch, Head};
use crate::merge::Layers;
use crate::reader::{Reader, Source};
use crate::spans::{Span, Spans};
use crate::startup;
use crate::table::Table;
use crate::value::{Value, encode_row};

const NO_IDENTITY: &str = "the database has no identity";

/// One transaction, running on the writer thread. It reads its own changes; they are kept if its closure
/// returns `Ok`, and gone without a trace if it returns `Err` or panics.
pub struct Transaction<'a> {
    engine: &'a dyn Engine,
    /// What earlier transactions of the same batch have changed.
    batch: &'a Changes,
    /// What this one has changed.
    own: Changes,
    head: Head,
    /// How often it has read.
    reads: Cell<usize>,
}

impl<'a> Transaction<'a> {
    /// A transaction that has changed nothing yet.
    pub(crate) fn new(engine: &'a dyn Engine, batch: &'a Changes, head: Head) -> Self {
        Transaction { engine, batch, own: Changes::new(), head, reads: Cell::new(0) }
    }

    /// Its changes, and the end of the log behind them.
    pub(crate) fn into_changes(self) -> (Changes, Head) {
        (self.own, self.head)
    }

    /// How many rows it has changed so far: a measure of what committing it will cost.
    #[must_use]
    pub fn changed_rows(&self) -> usize {
        self.own.len()
    }

    /// How many rows it has changed and how often it has read, so far: a measure of how long those behind it wait.
    #[must_use]
    pub fn work(&self) -> usize {
        self.own.len().saturating_add(self.reads.get())
    }

    /// Stores `value` as the row of `key`, in place of what was there.
    ///
    /// # Errors
    /// [`Error::Key`] or [`Error::Encode`] for what cannot be stored, [`Error::KeyTooLarge`] or
    /// [`Error::TooLarge`] for too much of it.
    pub fn put<K: Key, V: Value>(&mut self, table: &Table<K, V>, key: &K, value: &V) -> Result<(), Error> {
        let key = table_key(table.name(), key)?;
        let value = encode_row(table.name(), value)?;
        self.own.insert(key, Some(value));
        Ok(())
    }

    /// Deletes the row of `key`, if there is one.
    ///
    /// # Errors
    /// [`Error::Key`] for what is no key.
    pub fn delete<K: Key, V: Value>(&mut self, table: &Table<K, V>, key: &K) -> Result<(), Error> {
        self.own.insert(table_key(table.name(), key)?, None);
        Ok(())
    }

    /// Appends `change` to the change log, as part of this transaction, and returns its position.
    ///
    /// # Errors
    /// [`Error::Encode`] or [`Error::TooLarge`] for what cannot be stored.
    pub fn announce<C: Value>(&mut self, change: &C) -> Result<u64, Error> {
        let record = encode_row("the change log", change)?;
        let (head, row) = self.head.append(&record)?;
        self.own.insert(log_key(head.position), Some(row));
        self.head = head;
        Ok(head.position)
    }

    /// Gives the database's history a new identity, because it turned out not to be the one that others know by the present
    /// one. Returns it.
    ///
    /// # Errors
    /// [`Error::Engine`] if the system has no randomness; [`Error::Decode`] for an identity that cannot be read.
    pub fn renew_epoch(&mut self) -> Result<Epoch, Error> {
        let epoch = Epoch::mint()?;
        let stored = self.layers().get(IDENTITY)?.ok_or_else(|| Error::Engine { why: NO_IDENTITY.to_owned() })?;
        self.own.insert(IDENTITY.to_vec(), Some(startup::with_epoch(&stored, epoch)?));
        self.head.epoch = epoch;
        Ok(epoch)
    }

    /// Remembers how far the log of the service called `source` has been applied.
    ///
    /// # Errors
    /// [`Error::KeyTooLarge`] for an absurd name.
    pub fn set_cursor(&mut self, source: &str, cursor: Cursor) -> Result<(), Error> {
        self.own.insert(cursor_key(source)?, Some(encode_row("cursors", &cursor)?));
        Ok(())
    }

    /// Adds the interval `span` of `id` to `scope`. An id may have any number of intervals, once each start and length
    /// class; adding one again changes nothing.
    ///
    /// # Errors
    /// [`Error::BackwardSpan`] if it ends before it starts, and as [`Transaction::put`].
    pub fn insert_span<S: Key, I: Key>(
        &mut self,
        spans: &Spans<S, I>,
        scope: &S,
        span: Span,
        id: &I,
    ) -> Result<(), Error> {
        let key = spans.key(scope, span, id)?;
        self.own.insert(key, Some(encode_row(spans.name(), &span.end)?));
        Ok(())
    }

    /// Removes the interval `span` of `id` from `scope`, if it is there: exactly as it was added.
    ///
    /// # Errors
    /// As [`Transaction::insert_span`].
    pub fn remove_span<S: Key, I: Key>(
        &mut self,
        spans: &Spans<S, I>,
        scope: &S,
        span: Span,
        id: &I,
    ) -> Result<(), Error> {
        self.own.insert(spans.key(scope, span, id)?, None);
        Ok(())
    }
}

impl Source for Transaction<'_> {
    fn layers(&self) -> Layers<'_> {
        self.reads.set(self.reads.get().saturating_add(1));
        Layers { engine: self.engine, pending: [Some(&self.own), Some(self.batch)], unsettled: None }
    }

    fn head(&self) -> Head {
        self.head
    }
}

impl Reader for Transaction<'_> {}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction")
            .field("position", &self.head.position)
            .field("changes", &self.own.len())
            .finish_non_exhaustive()
    }
}
