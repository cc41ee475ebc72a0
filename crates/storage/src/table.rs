//! A table is a name and two types, nothing more: services declare theirs as constants.

use std::marker::PhantomData;

/// A table of `V` by `K`, in the order of the keys.
///
/// ```
/// const NAMES: storage::Table<u64, String> = storage::Table::new("names");
/// assert_eq!(NAMES.name(), "names");
/// ```
pub struct Table<K, V> {
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Table<K, V> {
    /// The table of this name: one or more of `a-z`, `0-9`, `_`, `-`, `.`, beginning with a letter.
    /// Two tables of one database never share a name. Another name does not compile (in a constant).
    ///
    /// # Panics
    /// For any other name; declare tables as constants, so that this happens while compiling.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_table_name(name.as_bytes()), "a table's name is made of a-z, 0-9, _, - and .");
        Table { name, types: PhantomData }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Table<K, V> {}

impl<K, V> std::fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({})", self.name)
    }
}

const fn is_table_name(mut name: &[u8]) -> bool {
    if !matches!(name, [b'a'..=b'z', ..]) {
        return false;
    }
    while let [first, rest @ ..] = name {
        if !matches!(*first, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.') {
            return false;
        }
        name = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert!(is_table_name(b"events.by-owner_2"));
        for name in [&b""[..], b"2", b"A", b"a b", b"a\0", b".a", "ä".as_bytes()] {
            assert!(!is_table_name(name));
        }
    }
}
