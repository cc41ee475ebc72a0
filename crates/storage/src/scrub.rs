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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine::memory::{MemoryDisk, MemoryEngine};
    use crate::engine::{Changes, Row};
    use crate::{Database, Options, Reader as _, Table};

    const ROWS: Table<u64, u64> = Table::new("rows");
    const OPTIONS: Options = Options::new("tests", 1);

    /// An engine whose rows are damaged, which only reading them through tells.
    struct Damaged(MemoryEngine);

    fn found() -> Error {
        Error::Damaged { path: "/data/events".into(), why: "what is read of it is not what was written".to_owned() }
    }

    impl Engine for Damaged {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
            self.0.get(key)
        }
        fn rows(&self, range: &KeyRange, direction: Direction, limit: usize) -> Result<Vec<Row>, Error> {
            if limit == ROWS_AT_ONCE { Err(found()) } else { self.0.rows(range, direction, limit) }
        }
        fn apply(&self, changes: &Changes) -> Result<(), Error> {
            self.0.apply(changes)
        }
        fn sync(&self) -> Result<(), Error> {
            self.0.sync()
        }
        fn size_on_disk(&self) -> Result<u64, Error> {
            Ok(4_096)
        }
        fn was_created(&self) -> bool {
            self.0.was_created()
        }
        fn mark_created(&self) -> Result<(), Error> {
            self.0.mark_created()
        }
    }

    fn open(read_first: u64) -> Result<Database, Error> {
        let engine = Damaged(MemoryEngine::open(&MemoryDisk::new()).unwrap());
        Database::start(Arc::new(engine), Path::new("/data/events"), Options { read_first, ..OPTIONS })
    }

    #[tokio::test]
    async fn a_small_database_that_is_damaged_does_not_open_and_a_large_one_stops_with_the_same_words() {
        assert_eq!(open(4_096).unwrap_err(), found());
        let large = open(4_095).unwrap();
        let mut wakes = large.watch_durable();
        while large.health().is_ok() {
            wakes.changed().await.unwrap();
        }
        assert_eq!(
            large.health(),
            Err(found()),
            "not that it has stopped: what to do about damage is to restore a backup"
        );
        assert_eq!(large.read(|view| view.get(&ROWS, &1)).await, Err(found()));
        assert_eq!(large.write(|tx| tx.put(&ROWS, &1, &1)).await, Err(found()));
        large.close().await;
    }
}
