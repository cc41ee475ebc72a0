//! Backups: made while people write, restored as another history, and refused when anything about them is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use storage::{Cursor, Database, Digest, Epoch, Error, MemoryDisk, Options, Reader, Table, examine_backup};

mod support;
use support::{NUMBERS, OPTIONS, open};

const TEXTS: Table<(String, u64), String> = Table::new("texts");

async fn backup_of(database: &Database) -> Vec<u8> {
    let mut backup = database.backup().unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = backup.next().await.unwrap() {
        bytes.extend(piece);
    }
    bytes
}

async fn filled(database: &Database, rows: u64) {
    let write = database.write(move |tx| {
        for number in 0..rows {
            tx.put(&TEXTS, &(format!("name {number}"), number), &"x".repeat(usize::try_from(number % 3_000).unwrap()))?;
            tx.announce(&number)?;
        }
        tx.set_cursor("auth", Cursor { epoch: Epoch([3; 16]), position: 9, digest: Digest([4; 16]) })
    });
    write.await.unwrap();
}

/// All that a database holds, but for its identity.
async fn content(
    database: &Database,
) -> (Vec<((String, u64), String)>, Vec<(u64, u64)>, Vec<u64>, Option<Cursor>, u64) {
    let records = database.changes::<u64>(0, usize::MAX, usize::MAX).await.unwrap();
    let read = database.read(|view| {
        let (texts, numbers) = (view.scan(&TEXTS, &(), None, usize::MAX)?, view.scan(&NUMBERS, &(), None, usize::MAX)?);
        Ok::<_, Error>((texts, numbers, view.cursor("auth")?, view.position()))
    });
    let (texts, numbers, cursor, position) = read.await.unwrap();
    (texts, numbers, records.into_iter().map(|record| record.change).collect(), cursor, position)
}

#[tokio::test]
async fn a_backup_is_restored_whole_into_either_engine_and_is_another_history_that_goes_on() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let database = open(folder.path());
    filled(&database, 2_500).await;
    let backup = backup_of(&database).await;
    assert_eq!(examine_backup(backup.as_slice(), "tests", 1).unwrap().service, "tests");
    Database::restore(other.path(), OPTIONS, backup.as_slice()).unwrap();
    let disk = MemoryDisk::new();
    // What was on it goes.
    let earlier = Database::on_memory_disk(&disk, OPTIONS).unwrap();
    support::put(&earlier, 77, 77).await.unwrap();
    earlier.close().await;
    Database::restore_on_memory_disk(&disk, OPTIONS, backup.as_slice()).unwrap();
    let in_folder = || open(other.path());
    let in_memory = || Database::on_memory_disk(&disk, OPTIONS).unwrap();
    for reopen in [&in_folder as &dyn Fn() -> Database, &in_memory] {
        let restored = reopen();
        assert_eq!(content(&restored).await, content(&database).await);
        assert_eq!(restored.digest_at(2_500).await.unwrap(), database.digest_at(2_500).await.unwrap());
        assert_ne!(restored.epoch(), database.epoch());
        assert_eq!(restored.write(|tx| tx.announce(&1u64)).await.unwrap(), 2_501);
        let epoch = restored.epoch();
        restored.close().await;
        assert_eq!(reopen().epoch(), epoch);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_while_people_write_holds_whole_transactions() {
    const PAIRS: u64 = 1_500;
    let database = Database::in_memory(OPTIONS);
    filled(&database, 600).await;
    let ended = Arc::new(AtomicBool::new(false));
    let writer = {
        let (database, ended) = (database.clone(), Arc::clone(&ended));
        tokio::spawn(async move {
            let mut round = 0_u64;
            while !ended.load(Ordering::Relaxed) {
                round += 1;
                // Two rows at opposite ends of the table and a record, always together.
                let write = database.write(move |tx| {
                    let (low, high) = (round * 7 % PAIRS, 2 * PAIRS - round * 7 % PAIRS);
                    if round.is_multiple_of(5) {
                        tx.delete(&NUMBERS, &low)?;
                        tx.delete(&NUMBERS, &high)?;
                    } else {
                        tx.put(&NUMBERS, &low, &round)?;
                        tx.put(&NUMBERS, &high, &round)?;
                    }
                    tx.put(&NUMBERS, &(10 * PAIRS), &round)?;
                    tx.announce(&round)
                });
                write.await.unwrap();
            }
        })
    };
    let mut seen = 0;
    for _ in 0..6 {
        let disk = MemoryDisk::new();
        Database::restore_on_memory_disk(&disk, OPTIONS, backup_of(&database).await.as_slice()).unwrap();
        let restored = Database::on_memory_disk(&disk, OPTIONS).unwrap();
        let (_, numbers, records, _, position) = content(&restored).await;
        let numbers: std::collections::BTreeMap<u64, u64> = numbers.into_iter().collect();
        for low in 1..PAIRS {
            assert_eq!(numbers.get(&low), numbers.get(&(2 * PAIRS - low)), "half a transaction");
        }
        let last = numbers.get(&(10 * PAIRS)).copied().unwrap_or(0);
        assert_eq!((position, records.len() as u64), (600 + last, 600 + last), "rows and log belong together");
        assert!(last >= seen);
        seen = last;
    }
    ended.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    assert!(seen > 0, "nobody wrote");
}

#[tokio::test]
async fn a_backup_that_is_cut_off_or_changed_anywhere_is_refused_before_a_row_of_it_is_used() {
    let database = Database::in_memory(OPTIONS);
    filled(&database, 40).await;
    let whole = backup_of(&database).await;
    examine_backup(whole.as_slice(), "tests", 1).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 200 + 1).chain([whole.len() - 1]) {
        let error = examine_backup(&whole[..length], "tests", 1).unwrap_err();
        assert!(matches!(error, Error::Backup { .. }), "cut at {length}: {error}");
    }
    for place in (0..whole.len()).step_by(whole.len() / 400 + 1) {
        for flip in [1, 0x80] {
            let mut changed = whole.clone();
            changed[place] ^= flip;
            let error = examine_backup(changed.as_slice(), "tests", 1).unwrap_err();
            assert!(matches!(error, Error::Backup { .. }), "byte {place}: {error}");
        }
    }
    let longer = [whole.as_slice(), b"x"].concat();
    assert!(examine_backup(longer.as_slice(), "tests", 1).is_err());
    let twice = [whole.as_slice(), &whole].concat();
    assert!(examine_backup(twice.as_slice(), "tests", 1).is_err());
}

#[tokio::test]
async fn a_backup_of_another_service_or_of_a_newer_release_is_refused_in_words() {
    let database = Database::in_memory(Options { schema: 2, ..OPTIONS });
    let backup = backup_of(&database).await;
    let why = |service, schema| examine_backup(backup.as_slice(), service, schema).unwrap_err().to_string();
    assert_eq!(why("events", 2), "it is of tests, not of events");
    assert_eq!(why("tests", 1), "a newer release made it: use that release, or a newer one");
    let folder = tempfile::tempdir().unwrap();
    assert!(Database::restore(&folder.path().join("db"), OPTIONS, backup.as_slice()).is_err());
    let newer = [b"convene backup 002\n\0".as_slice(), &backup[20..]].concat();
    let error = examine_backup(newer.as_slice(), "tests", 2).unwrap_err();
    assert_eq!(error.to_string(), "it is a backup in a format of a newer release: use that release");
    assert_eq!(examine_backup(b"PK".as_slice(), "tests", 2).unwrap_err().to_string(), "it is no backup of Convene");
}

#[tokio::test]
async fn a_database_that_was_half_restored_does_not_open() {
    let database = Database::in_memory(OPTIONS);
    filled(&database, 3_000).await;
    let whole = backup_of(&database).await;
    let folder = tempfile::tempdir().unwrap();
    Database::restore(folder.path(), OPTIONS, &whole[..whole.len() - 30]).unwrap_err();
    let error = Database::open(folder.path(), OPTIONS).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_database_that_stops_gives_no_backup() {
    let disk = MemoryDisk::new();
    let database = Database::on_memory_disk(&disk, OPTIONS).unwrap();
    filled(&database, 1_000).await;
    let mut backup = database.backup().unwrap();
    backup.next().await.unwrap();
    disk.fail_syncs("the disk is gone");
    support::put(&database, 1, 1).await.unwrap_err();
    assert!(matches!(backup.next().await, Err(Error::Stopped { .. })));
    assert!(matches!(database.backup(), Err(Error::Stopped { .. })));
}
