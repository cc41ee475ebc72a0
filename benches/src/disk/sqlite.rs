//! SQLite behind the storage seam: the same service, writer and group commit, with another engine below.
//!
//! In WAL mode with `synchronous=FULL` a commit is what syncs, so a batch is committed when the writer asks for the sync, and shown
//! to readers from memory until then, as the seam wants it ([`Engine::apply`]). Readers have connections of their own, which
//! in WAL mode wait for no writer. One table holds all rows, in the order of their keys.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use storage::{Changes, Database, Direction, Engine, Error, KeyRange, Options, Row};

const FILE: &str = "rows.sqlite";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";

/// The version of SQLite.
pub(super) fn version() -> &'static str {
    rusqlite::version()
}

/// Opens the database of a service in `folder`, or creates it, on SQLite.
///
/// # Errors
/// As [`Database::on_engine`].
pub(super) fn open(folder: &Path, options: Options) -> Result<Database, Error> {
    Database::on_engine(SqliteEngine::open(folder, options.cache_bytes)?, folder, options)
}

struct SqliteEngine {
    path: PathBuf,
    cache_bytes: u64,
    writer: Mutex<Connection>,
    /// Those that nobody reads from at the moment.
    readers: Mutex<Vec<Connection>>,
    /// What is applied and not yet committed.
    pending: RwLock<Changes>,
}

impl SqliteEngine {
    fn open(folder: &Path, cache_bytes: u64) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|error| Error::Engine { why: error.to_string() })?;
        let path = folder.join(FILE);
        let writer = connection(&path, OpenFlags::default(), cache_bytes)?;
        told(writer.pragma_update(None, "journal_mode", "WAL"))?;
        told(writer.pragma_update(None, "synchronous", "FULL"))?;
        // Rarer than as it comes (1,000 pages), so that it is not checkpoints that are measured.
        told(writer.pragma_update(None, "wal_autocheckpoint", 10_000))?;
        told(writer.execute_batch(TABLE))?;
        let (writer, readers, pending) = (Mutex::new(writer), Mutex::default(), RwLock::default());
        Ok(Self { path, cache_bytes, writer, readers, pending })
    }

    /// Runs `read` on a connection that only reads.
    fn reading<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let idle = locked(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connection(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY, self.cache_bytes)?,
        };
        let done = told(read(&connection));
        locked(&self.readers).push(connection);
        done
    }
}

fn connection(path: &Path, flags: OpenFlags, cache_bytes: u64) -> Result<Connection, Error> {
    // Each connection is used by one thread at a time.
    let connection = told(Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX))?;
    let kibibytes = i64::try_from(cache_bytes / 1_024).unwrap_or(i64::MAX);
    told(connection.pragma_update(None, "cache_size", -kibibytes))?;
    told(connection.pragma_update(None, "mmap_size", 256 << 20))?;
    Ok(connection)
}

fn told<T>(done: rusqlite::Result<T>) -> Result<T, Error> {
    done.map_err(|error| Error::Engine { why: format!("SQLite: {error}") })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine for SqliteEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if let Some(change) = self.pending.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(change.clone());
        }
        self.reading(|connection| {
            let mut get = connection.prepare_cached("SELECT value FROM rows WHERE key = ?1")?;
            get.query_row([key], |row| row.get(0)).optional()
        })
    }

    fn rows(&self, range: &KeyRange, direction: Direction, limit: usize) -> Result<Vec<Row>, Error> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        // Held until the end, so that no commit takes away what the connection does not show yet.
        let pending = self.pending.read().unwrap_or_else(PoisonError::into_inner);
        let changed: Vec<_> = pending.range(range.from.clone()..range.to.clone()).collect();
        // As many more as can be deleted among them.
        let enough = i64::try_from(limit.saturating_add(changed.len())).unwrap_or(i64::MAX);
        let query = match direction {
            Direction::Ascending => "SELECT key, value FROM rows WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
            Direction::Descending => {
                "SELECT key, value FROM rows WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3"
            }
        };
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = self.reading(|connection| {
            let mut page = connection.prepare_cached(query)?;
            let found = page.query_map((&range.from, &range.to, enough), |row| Ok((row.get(0)?, row.get(1)?)))?;
            found.collect()
        })?;
        for (key, change) in changed {
            match change {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(match direction {
            Direction::Ascending => rows.into_iter().take(limit).collect(),
            Direction::Descending => rows.into_iter().rev().take(limit).collect(),
        })
    }

    fn apply(&self, changes: &Changes) -> Result<(), Error> {
        let applied = changes.iter().map(|(key, change)| (key.clone(), change.clone()));
        self.pending.write().unwrap_or_else(PoisonError::into_inner).extend(applied);
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        let mut writer = locked(&self.writer);
        // The writer of the database is the only one who applies, and is here: nothing comes between this and the end.
        let pending = self.pending.read().unwrap_or_else(PoisonError::into_inner);
        if pending.is_empty() {
            return Ok(());
        }
        let commit = |writer: &mut Connection| {
            let transaction = writer.transaction()?;
            {
                let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO rows VALUES (?1, ?2)")?;
                let mut delete = transaction.prepare_cached("DELETE FROM rows WHERE key = ?1")?;
                for (key, change) in pending.iter() {
                    match change {
                        Some(value) => put.execute((key, value))?,
                        None => delete.execute([key])?,
                    };
                }
            }
            transaction.commit()
        };
        told(commit(&mut writer))?;
        drop(pending);
        self.pending.write().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    fn size_on_disk(&self) -> Result<u64, Error> {
        let size = |path: PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(size(self.path.clone()) + size(self.path.with_extension("sqlite-wal")))
    }

    fn was_created(&self) -> bool {
        locked(&self.writer)
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .is_ok_and(|version: i64| version > 0)
    }

    fn mark_created(&self) -> Result<(), Error> {
        told(locked(&self.writer).pragma_update(None, "user_version", 1))
    }
}

#[cfg(test)]
mod tests {
    use storage::{Reader as _, Table};

    use super::*;

    const NAMES: Table<u32, String> = Table::new("names");

    fn range() -> KeyRange {
        KeyRange { from: b"a".to_vec(), to: b"z".to_vec() }
    }

    fn put(keys: &[&str]) -> Changes {
        keys.iter().map(|key| (key.as_bytes().to_vec(), Some(b"row".to_vec()))).collect()
    }

    fn keys(engine: &SqliteEngine, direction: Direction, limit: usize) -> String {
        let rows = engine.rows(&range(), direction, limit).unwrap();
        rows.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect()
    }

    #[test]
    fn a_batch_is_seen_at_once_and_alike_before_and_after_its_sync() {
        let folder = tempfile::tempdir().unwrap();
        let engine = SqliteEngine::open(folder.path(), 1 << 20).unwrap();
        engine.apply(&put(&["b", "d", "f", "h"])).unwrap();
        engine.sync().unwrap();
        let mut changes = put(&["a", "c", "y"]);
        changes.extend([(b"d".to_vec(), None), (b"f".to_vec(), None)]);
        engine.apply(&changes).unwrap();
        for _ in 0..2 {
            assert_eq!(keys(&engine, Direction::Ascending, 10), "abchy");
            assert_eq!(keys(&engine, Direction::Ascending, 4), "abch");
            assert_eq!(keys(&engine, Direction::Descending, 3), "yhc");
            assert_eq!((engine.get(b"d").unwrap(), engine.get(b"c").unwrap()), (None, Some(b"row".to_vec())));
            engine.sync().unwrap();
        }
    }

    #[tokio::test]
    async fn a_database_on_it_is_closed_and_opened_again_with_all_that_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::new("events", 1);
        let db = open(folder.path(), options).unwrap();
        let epoch = db.epoch();
        for number in 0..3_u32 {
            db.write(move |tx| tx.put(&NAMES, &number, &number.to_string())).await.unwrap();
        }
        db.close().await;
        let db = open(folder.path(), options).unwrap();
        let rows = db.read(|view| view.scan(&NAMES, &(), None, 10)).await.unwrap();
        assert_eq!(rows, [(0, "0".to_owned()), (1, "1".to_owned()), (2, "2".to_owned())]);
        assert_eq!(db.epoch(), epoch);
    }

    #[test]
    fn one_whose_rows_are_gone_is_damaged_and_not_new() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path(), Options::new("events", 1)).unwrap());
        let emptied = Connection::open(folder.path().join(FILE)).unwrap();
        while emptied.execute("DELETE FROM rows", []).is_err() {}
        drop(emptied);
        let opened = open(folder.path(), Options::new("events", 1));
        assert!(matches!(opened, Err(Error::Damaged { .. })), "{opened:?}");
    }
}
