//! Page cursors: the key of the last row shown, as text that only its service can read.

use domain::integrity::Audit;
use domain::{Error, Page, PageCursor, PageRequest};
use serde::{Serialize, de::DeserializeOwned};

use crate::Fault;

/// The cursor behind the row with this key.
///
/// # Errors
/// A fault if the key cannot be encoded.
pub fn after<K: Serialize + DeserializeOwned>(key: &K) -> Result<PageCursor, Fault> {
    Ok(PageCursor::from_bytes(&storage::encode(key)?))
}

/// The key that `request` goes on behind, if it goes on.
///
/// # Errors
/// Invalid input (`after`) for a cursor that this list did not make.
pub fn read<K: DeserializeOwned>(request: &PageRequest) -> Result<Option<K>, Error> {
    let Some(cursor) = &request.after else { return Ok(None) };
    storage::decode(&cursor.to_bytes()?).map(Some).map_err(|_| cursor.refused())
}

/// Where an audit goes on, if it goes on.
///
/// # Errors
/// Invalid input (`after`) for what is no `next` of an earlier page.
pub fn of_audit<K: DeserializeOwned>(request: &Audit) -> Result<Option<K>, Error> {
    let why = "give the `next` of the page before, as it was given";
    let place = request.after.as_ref().map(|bytes| storage::decode(bytes)).transpose();
    place.map_err(|_| Error::invalid("after", "", why))
}

/// A page of the first `limit` of `rows`, of which one more was asked for, to know whether there is a next page.
///
/// # Errors
/// What `item` and the encoding of the last key report.
pub fn page<K, R, T>(
    request: &PageRequest,
    mut rows: Vec<(K, R)>,
    mut item: impl FnMut(&K, R) -> Result<T, Fault>,
) -> Result<Page<T>, Fault>
where
    K: Serialize + DeserializeOwned,
{
    let more = rows.len() > request.limit.get();
    rows.truncate(request.limit.get());
    let next = match rows.last() {
        Some((key, _)) if more => Some(after(key)?),
        _ => None,
    };
    let items = rows.into_iter().map(|(key, row)| item(&key, row)).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_cursor_is_refused_and_never_panics() {
        for text in ["zz", "00", "abc", "ffffffffffffffffff", "0_0"] {
            let request = PageRequest { after: Some(text.parse().unwrap()), ..PageRequest::default() };
            let error = read::<(i64, [u8; 16])>(&request).unwrap_err();
            assert_eq!(error.field(), Some("after"), "{text}");
        }
    }
}
