//! The change log: positions without gaps, digests that chain, an identity that a restored backup loses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use storage::{Database, Digest, Error, Reader, Value, encode_value};

mod support;
use support::{NUMBERS, OPTIONS, databases, open};

fn digest_of(records: &[&str]) -> Digest {
    records.iter().fold(Digest::default(), |before, record| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&before.0);
        hasher.update(&encode_value(&(*record).to_owned()).unwrap());
        Digest(hasher.finalize().as_bytes()[..16].try_into().unwrap())
    })
}

async fn announce(database: &Database, change: &str) -> u64 {
    let change = change.to_owned();
    database.write(move |tx| tx.announce(&change)).await.unwrap()
}

#[tokio::test]
async fn announcements_are_numbered_chained_and_served_in_order() {
    for database in databases().1 {
        assert_eq!(database.durable_position(), 0);
        assert_eq!(database.digest_at(0).await.unwrap(), Some(Digest([0; 16])));
        let positions = database.write(|tx| {
            let first = tx.announce(&"a".to_owned())?;
            assert_eq!(tx.position(), 1);
            Ok::<_, Error>((first, tx.announce(&"b".to_owned())?))
        });
        assert_eq!(positions.await.unwrap(), (1, 2));
        assert_eq!(announce(&database, "c").await, 3);
        assert_eq!(database.durable_position(), 3);
        assert_eq!(database.read(|view| Ok::<_, Error>(view.position())).await.unwrap(), 3);
        let records = database.changes::<String>(0, 10, 10_000).await.unwrap();
        assert_eq!(
            records.iter().map(|r| (r.position, r.change.as_str())).collect::<Vec<_>>(),
            [(1, "a"), (2, "b"), (3, "c")]
        );
        assert_eq!(records[2].digest, digest_of(&["a", "b", "c"]));
        assert_eq!(database.digest_at(2).await.unwrap(), Some(digest_of(&["a", "b"])));
        assert_eq!(database.digest_at(4).await.unwrap(), None);
        assert_eq!(database.changes::<String>(1, 1, 10_000).await.unwrap()[0].change, "b");
        assert_eq!(database.changes::<String>(0, 10, 0).await.unwrap().len(), 1, "never none, if there is one");
        assert_eq!(database.changes::<String>(0, 10, 40).await.unwrap().len(), 2);
        assert!(database.changes::<String>(3, 10, 10_000).await.unwrap().is_empty());
        assert!(database.changes::<String>(u64::MAX, 10, 10_000).await.unwrap().is_empty());
        assert!(database.changes::<String>(0, 0, 10_000).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_log_goes_on_after_reopening_and_keeps_its_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    let epoch = database.epoch();
    announce(&database, "a").await;
    database.close().await;
    let database = open(folder.path());
    assert_eq!((database.epoch(), database.durable_position()), (epoch, 1));
    assert_eq!(announce(&database, "b").await, 2);
    assert_eq!(database.digest_at(2).await.unwrap(), Some(digest_of(&["a", "b"])));
}

#[tokio::test]
async fn a_history_that_takes_another_identity_keeps_it_and_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    let before = database.epoch();
    announce(&database, "a").await;
    let failed = database.write(|tx| tx.renew_epoch().and(Err::<(), _>(Error::Closed)));
    assert_eq!((failed.await, database.epoch()), (Err(Error::Closed), before));
    let renew = database.write(|tx| {
        let epoch = tx.renew_epoch()?;
        Ok::<_, Error>(epoch)
    });
    let renewed = renew.await.unwrap();
    assert_ne!(renewed, before);
    assert_eq!((database.epoch(), database.durable_position()), (renewed, 1));
    assert_eq!(database.read(|view| Ok::<_, Error>((view.epoch(), view.position()))).await.unwrap(), (renewed, 1));
    database.close().await;
    let database = open(folder.path());
    assert_eq!((database.epoch(), announce(&database, "b").await), (renewed, 2));
    assert_eq!(database.digest_at(2).await.unwrap(), Some(digest_of(&["a", "b"])));
}

#[tokio::test]
async fn every_database_has_an_epoch_of_its_own() {
    assert_ne!(Database::in_memory(OPTIONS).epoch(), Database::in_memory(OPTIONS).epoch());
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Newer(u64);
impl Value for Newer {
    const VERSION: u8 = 9;
}

#[tokio::test]
async fn a_record_of_an_unknown_version_is_refused_with_its_position() {
    let database = Database::in_memory(OPTIONS);
    database.write(|tx| tx.announce(&Newer(1))).await.unwrap();
    let error = database.changes::<u64>(0, 9, 999).await.unwrap_err();
    assert_eq!(error, Error::UnknownVersion { what: "the log record 1".to_owned(), found: 9, supported: 1 });
}

#[tokio::test]
async fn rows_and_announcements_are_one_write() {
    let (disk, database) = support::on_disk_of_memory();
    for number in 1..=20u64 {
        let write = database.write(move |tx| {
            tx.put(&NUMBERS, &number, &number)?;
            tx.announce(&number)
        });
        write.await.unwrap();
    }
    disk.hold_syncs();
    let mut unsynced = Box::pin(database.write(|tx| {
        tx.put(&NUMBERS, &21, &21)?;
        tx.announce(&21u64)
    }));
    assert!(support::poll(&mut unsynced).is_pending());
    disk.lose_unsynced();
    assert!(matches!(unsynced.await, Err(Error::Stopped { .. })));
    let database = Database::on_memory_disk(&disk, OPTIONS).unwrap();
    let rows = database.read(|view| view.scan(&NUMBERS, &(), None, 99)).await.unwrap();
    let records = database.changes::<u64>(0, 99, 9999).await.unwrap();
    assert_eq!(rows.len(), 20, "all that was acknowledged, and nothing else");
    assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), records.iter().map(|r| r.change).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_waits_for_records_is_woken_when_the_database_closes() {
    for database in databases().1 {
        announce(&database, "a").await;
        let mut durable = database.watch_durable();
        durable.mark_unchanged();
        let (woken, ()) = tokio::join!(durable.changed(), database.close());
        woken.unwrap();
        assert_eq!(database.health(), Err(Error::Closed));
    }
}
