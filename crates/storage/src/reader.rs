//! What can be read, alike in a view and in a transaction.

use serde::Serialize;

use crate::engine::{Direction, KeyRange};
use crate::error::Error;
use crate::key::{Key, decode_key};
use crate::layout::{cursor_key, table_key, table_prefix};
use crate::log::{Cursor, Digest, Epoch, Head};
use crate::merge::{Layers, Rows};
use crate::spans::{self, Span, Spans};
use crate::table::Table;
use crate::value::{Value, decode_value};

/// What only the crate's own readers provide; it keeps [`Reader`] from being implemented elsewhere.
pub trait Source {
    #[doc(hidden)]
    fn layers(&self) -> Layers<'_>;
    #[doc(hidden)]
    fn head(&self) -> Head;
}

/// A consistent state of the database: that of a [`View`](crate::View), or that of a
/// [`Transaction`](crate::Transaction) with its own changes.
///
/// Pages are limited by `limit` and continued behind their last key.
pub trait Reader: Source {
    /// The row of `key`.
    ///
    /// # Errors
    /// [`Error::Key`] for what is no key, [`Error::Decode`] or [`Error::UnknownVersion`] for a row that cannot be
    /// read, and whatever the engine reports.
    fn get<K: Key, V: Value>(&self, table: &Table<K, V>, key: &K) -> Result<Option<V>, Error> {
        match self.layers().get(&table_key(table.name(), key)?)? {
            Some(stored) => row_value(table.name(), &stored).map(Some),
            None => Ok(None),
        }
    }

    /// Whether there is a row of `key`.
    ///
    /// # Errors
    /// As [`Reader::get`].
    fn contains<K: Key, V: Value>(&self, table: &Table<K, V>, key: &K) -> Result<bool, Error> {
        Ok(self.layers().get(&table_key(table.name(), key)?)?.is_some())
    }

    /// The first `limit` rows, in ascending order, of the keys that begin with `prefix` (the first elements of the
    /// key, or `()` for all) and, if `after` is given, lie strictly behind it.
    ///
    /// # Errors
    /// As [`Reader::get`].
    fn scan<P: Serialize, K: Key, V: Value>(
        &self,
        table: &Table<K, V>,
        prefix: &P,
        after: Option<&K>,
        limit: usize,
    ) -> Result<Vec<(K, V)>, Error> {
        let mut range = KeyRange::of_prefix(&table_key(table.name(), prefix)?);
        if let Some(after) = after {
            range.skip_to_after(&table_key(table.name(), after)?);
        }
        page(table, self.layers().rows(range, Direction::Ascending, limit), limit)
    }

    /// The last `limit` rows, in descending order, of the keys that begin with `prefix` and, if `before` is given,
    /// lie strictly before it.
    ///
    /// # Errors
    /// As [`Reader::get`].
    fn scan_back<P: Serialize, K: Key, V: Value>(
        &self,
        table: &Table<K, V>,
        prefix: &P,
        before: Option<&K>,
        limit: usize,
    ) -> Result<Vec<(K, V)>, Error> {
        let mut range = KeyRange::of_prefix(&table_key(table.name(), prefix)?);
        if let Some(before) = before {
            range.stop_before(&table_key(table.name(), before)?);
        }
        page(table, self.layers().rows(range, Direction::Descending, limit), limit)
    }

    /// The first `limit` rows, in ascending order, with `from` <= key and, if `to` is given, key < `to`.
    ///
    /// # Errors
    /// As [`Reader::get`].
    fn range<K: Key, V: Value>(
        &self,
        table: &Table<K, V>,
        from: &K,
        to: Option<&K>,
        limit: usize,
    ) -> Result<Vec<(K, V)>, Error> {
        let mut range = KeyRange::of_prefix(&table_prefix(table.name()));
        range.from = table_key(table.name(), from)?;
        if let Some(to) = to {
            range.stop_before(&table_key(table.name(), to)?);
        }
        page(table, self.layers().rows(range, Direction::Ascending, limit), limit)
    }

    /// The position of the last record of the change log; in a transaction, of those it has announced itself.
    fn position(&self) -> u64 {
        self.head().position
    }

    /// The digest of the change log up to [`Reader::position`].
    fn digest(&self) -> Digest {
        self.head().digest
    }

    /// The identity of the database's history.
    fn epoch(&self) -> Epoch {
        self.head().epoch
    }

    /// How far the log of the service called `source` has been applied here.
    ///
    /// # Errors
    /// As [`Reader::get`].
    fn cursor(&self, source: &str) -> Result<Option<Cursor>, Error> {
        match self.layers().get(&cursor_key(source)?)? {
            Some(stored) => decode_value(&stored).map(Some).map_err(|e| e.about(|| format!("the cursor of {source}"))),
            None => Ok(None),
        }
    }

    /// Whether the interval `span` of `id` is in `scope`, exactly as it was added.
    ///
    /// # Errors
    /// [`Error::BackwardSpan`] if it ends before it starts, and as [`Reader::get`].
    fn contains_span<S: Key, I: Key>(&self, spans: &Spans<S, I>, scope: &S, span: Span, id: &I) -> Result<bool, Error> {
        let stored = self.layers().get(&spans.key(scope, span, id)?)?;
        Ok(stored.map(|end| row_value::<i64>(spans.name(), &end)).transpose()? == Some(span.end))
    }

    /// The first `limit` intervals of `scope` that overlap [`from`, `to`), in order of (start, id); without `to`, those
    /// that end after `from`. `after` continues strictly behind the (start, id) of an earlier result. An interval of
    /// length zero counts as one second long.
    ///
    /// # Errors
    /// As [`Reader::get`].
    fn overlapping<S: Key, I: Key + Ord + Clone>(
        &self,
        spans: &Spans<S, I>,
        scope: &S,
        from: i64,
        to: Option<i64>,
        after: Option<&(i64, I)>,
        limit: usize,
    ) -> Result<Vec<(Span, I)>, Error> {
        spans::overlapping(self.layers(), spans, scope, &spans::Window { from, to, after }, limit)
    }

    /// The first `limit` intervals of all scopes, in the order of their keys; `after` continues strictly behind an earlier
    /// result.
    ///
    /// # Errors
    /// As [`Reader::get`].
    fn all_spans<S: Key, I: Key>(
        &self,
        spans: &Spans<S, I>,
        after: Option<&(S, Span, I)>,
        limit: usize,
    ) -> Result<Vec<(S, Span, I)>, Error> {
        spans::all(self.layers(), spans, after, limit)
    }
}

fn page<K: Key, V: Value>(table: &Table<K, V>, mut rows: Rows<'_>, limit: usize) -> Result<Vec<(K, V)>, Error> {
    let mut page = Vec::new();
    while page.len() < limit {
        let Some((key, value)) = rows.next()? else { break };
        page.push((row_key(table.name(), &key)?, row_value(table.name(), &value)?));
    }
    Ok(page)
}

/// The key within the full key of a row of `table`.
pub(crate) fn row_key<K: Key>(table: &str, full: &[u8]) -> Result<K, Error> {
    let key = full.get(table.len() + 1..).unwrap_or_default();
    decode_key(key).map_err(|error| error.about(|| format!("table {table}")))
}

/// The value of a row of `table`.
pub(crate) fn row_value<V: Value>(table: &str, stored: &[u8]) -> Result<V, Error> {
    decode_value(stored).map_err(|error| error.about(|| format!("a row of table {table}")))
}
