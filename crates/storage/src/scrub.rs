//! Reading everything once after opening, so that damage is found at the start and not by whoever happens to come to the place.
//!
//! A small database ([`Options::read_first`](crate::Options::read_first)) is read before it opens, and does not open if any of it is
//! damaged. A large one would take too long: it opens, is read in the background, and stops as soon as damage is found, so that nothing
//! more is answered from it.

use std::sync::{Arc, Weak};

use crate::engine::{Direction, Engine, KeyRange};
use crate::error::Error;
use crate::shared::Shared;

const ROWS_AT_ONCE: usize = 256;

/// Reads all of a database of at most `most` bytes; `false` for a larger one, of which nothing was read.
pub(crate) fn read_if_small(engine: &dyn Engine, most: u64) -> Result<bool, Error> {
    if engine.size_on_disk()? > most {
        return Ok(false);
    }
    let mut unread = KeyRange::everything();
    while read_some(engine, &mut unread)? {}
    Ok(true)
}

/// Reads all of a database while it is used, and stops it if any of it is damaged.
pub(crate) fn read_in_background(shared: &Arc<Shared>, service: &str) -> Result<(), Error> {
    let shared = Arc::downgrade(shared);
    let reading = std::thread::Builder::new().name(format!("{service}-scrub"));
    let spawned = reading.spawn(move || {
        let mut unread = KeyRange::everything();
        while read_some_of(&shared, &mut unread) {}
    });
    spawned.map(drop).map_err(|error| Error::Engine { why: format!("no thread for reading it through: {error}") })
}

/// Reads some; whether there is more, and somebody to read it for.
fn read_some_of(shared: &Weak<Shared>, unread: &mut KeyRange) -> bool {
    let Some(shared) = shared.upgrade() else { return false };
    let read = match shared.tables.read().engine.as_deref() {
        Some(engine) => read_some(engine, unread),
        None => return false,
    };
    match read {
        Ok(more) => more,
        Err(error) => {
            tracing::error!(%error, "the database is damaged");
            shared.stop(&error);
            false
        }
    }
}

fn read_some(engine: &dyn Engine, unread: &mut KeyRange) -> Result<bool, Error> {
    let rows = engine.rows(unread, Direction::Ascending, ROWS_AT_ONCE)?;
    match rows.last() {
        Some((last, _)) if rows.len() == ROWS_AT_ONCE => {
            unread.skip_to_after(last);
            Ok(true)
        }
        _ => Ok(false),
    }
}
