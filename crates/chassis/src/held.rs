//! Listing what is kept here of another service's rows, page by page, out of several tables one after another.

use serde::{Deserialize, Serialize};
use storage::{Key, Reader as _, Table, Transaction, Value};

use crate::Fault;

/// Rows of one table that a page looks at.
const ROWS: usize = 500;

/// A page in the making. The tables are named in the same order for every page.
pub struct Listing<'a, 'tx, R> {
    reader: &'a Transaction<'tx>,
    from: Option<Place>,
    tables: u8,
    rows: Vec<R>,
    next: Option<Place>,
}

/// Behind which row of which table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    table: u8,
    row: Vec<u8>,
}

impl<'a, 'tx, R> Listing<'a, 'tx, R> {
    /// The page behind `after`.
    pub(crate) fn behind(reader: &'a Transaction<'tx>, after: Option<&[u8]>) -> Result<Self, Fault> {
        let from = after.map(storage::decode).transpose()?;
        Ok(Self { reader, from, tables: 0, rows: Vec::new(), next: None })
    }

    /// Lists the rows that `named` says the rows of `table` are, or refer to.
    ///
    /// # Errors
    /// What the database reports.
    pub fn of<K: Key, V: Value>(
        mut self,
        table: &Table<K, V>,
        named: impl Fn(&K, &V) -> Option<R>,
    ) -> Result<Self, Fault> {
        let number = self.tables;
        self.tables = self.tables.saturating_add(1);
        let after = match &self.from {
            Some(place) if place.table > number => return Ok(self),
            Some(place) if place.table == number => Some(storage::decode::<K>(&place.row)?),
            _ => None,
        };
        if self.next.is_some() {
            return Ok(self);
        }
        let found = self.reader.scan(table, &(), after.as_ref(), ROWS)?;
        if let Some((last, _)) = found.last().filter(|_| found.len() == ROWS) {
            self.next = Some(Place { table: number, row: storage::encode(last)? });
        }
        self.rows.extend(found.iter().filter_map(|(key, row)| named(key, row)));
        Ok(self)
    }

    /// The rows of this page, and where the next one begins.
    pub(crate) fn page(self) -> Result<(Vec<R>, Option<Vec<u8>>), Fault> {
        let next = self.next.map(|place| storage::encode(&place)).transpose()?;
        Ok((self.rows, next))
    }
}
