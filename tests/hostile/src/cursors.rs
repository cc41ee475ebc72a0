//! Page cursors: text that people paste back, or make up.

use chassis::cursor;
use domain::{EventId, PageCursor, PageRequest, UserId, Username};

/// The text of a cursor, read as the key of every kind of list.
pub(crate) fn cursors(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(after) = text.parse::<PageCursor>() else { return };
    assert_eq!(after.to_string().parse::<PageCursor>().as_ref(), Ok(&after));
    let request = PageRequest { after: Some(after), ..PageRequest::default() };
    let _ = cursor::read::<Username>(&request);
    let _ = cursor::read::<(u8, i64, EventId)>(&request);
    let _ = cursor::read::<(UserId, String, Vec<u8>)>(&request);
    if let Ok(Some(key)) = cursor::read::<(i64, EventId)>(&request) {
        let again = PageRequest { after: Some(cursor::after(&key).unwrap()), ..PageRequest::default() };
        assert_eq!(cursor::read(&again), Ok(Some(key)));
    }
}
