//! Whose turn it is: those who give way while an engine is behind with what it does later.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::watch;

use super::FIRST_WHILE_BEHIND;
use crate::engine::memory::{MemoryDisk, MemoryEngine};
use crate::engine::{Changes, Direction, Engine, KeyRange, Row};
use crate::{Database, Error, Options, Table};

const ROWS: Table<u64, u64> = Table::new("rows");

/// An engine that is behind when the test says so.
struct Behind(MemoryEngine, watch::Sender<bool>);

impl Engine for Behind {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.0.get(key)
    }
    fn rows(&self, range: &KeyRange, direction: Direction, limit: usize) -> Result<Vec<Row>, Error> {
        self.0.rows(range, direction, limit)
    }
    fn apply(&self, changes: &Changes) -> Result<(), Error> {
        self.0.apply(changes)
    }
    fn sync(&self) -> Result<(), Error> {
        self.0.sync()
    }
    fn behind(&self) -> Option<watch::Receiver<bool>> {
        Some(self.1.subscribe())
    }
    fn size_on_disk(&self) -> Result<u64, Error> {
        self.0.size_on_disk()
    }
    fn was_created(&self) -> bool {
        self.0.was_created()
    }
    fn mark_created(&self) -> Result<(), Error> {
        self.0.mark_created()
    }
}

fn behind() -> (watch::Sender<bool>, Database) {
    let says = watch::Sender::new(true);
    let engine = Behind(MemoryEngine::open(&MemoryDisk::new()).unwrap(), says.clone());
    (says, Database::start(Arc::new(engine), Path::new("memory"), Options::new("tests", 1)).unwrap())
}

fn is_pending<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    matches!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
}

async fn commands(database: &Database, number: u64) {
    for key in 0..number {
        database.write(move |tx| tx.put(&ROWS, &key, &key)).await.unwrap();
    }
}

#[tokio::test]
async fn who_gives_way_waits_while_the_engine_is_behind_and_commands_go_on() {
    let (says, database) = behind();
    let mut later = Box::pin(database.write_giving_way(|tx| tx.put(&ROWS, &99, &99)));
    assert!(is_pending(&mut later));
    // One more, and it would be its turn, at once after the last of them was answered.
    commands(&database, u64::from(FIRST_WHILE_BEHIND) - 1).await;
    assert_eq!(database.stats().queued, 1, "it is not its turn yet");
    says.send_replace(false);
    later.await.unwrap();
}

#[tokio::test]
async fn but_is_not_put_off_for_ever() {
    let (_says, database) = behind();
    let mut later = Box::pin(database.write_giving_way(|tx| tx.put(&ROWS, &99, &99)));
    assert!(is_pending(&mut later));
    commands(&database, u64::from(FIRST_WHILE_BEHIND) + 2).await;
    later.await.unwrap();
}

#[tokio::test]
async fn and_is_done_before_the_database_closes() {
    let (_says, database) = behind();
    let mut later = Box::pin(database.write_giving_way(|tx| tx.put(&ROWS, &99, &99)));
    assert!(is_pending(&mut later));
    database.close().await;
    later.await.unwrap();
}
