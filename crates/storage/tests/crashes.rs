//! Killed processes and cut power: whatever was acknowledged is there afterwards, whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use storage::{Database, Error, Reader, Table, Transaction};

mod support;
use support::{Numbered, OPTIONS, open};

/// One row a transaction; the larger ones come and go, so that the engine reuses space.
const ROWS: Table<u64, Numbered> = Table::new("crash");
const COUNT: Table<(), u64> = Table::new("count");
/// Where a child process works; set only for it.
const FOLDER: &str = "STORAGE_CRASH_FOLDER";

/// The transaction that every crash test repeats: the next number, its row, its announcement and the count.
fn next(tx: &mut Transaction<'_>) -> Result<u64, Error> {
    let number = tx.get(&COUNT, &())?.unwrap_or(0) + 1;
    tx.put(&COUNT, &(), &number)?;
    let length = usize::try_from(number * 7919 % 1500).unwrap_or(0);
    tx.put(&ROWS, &(number * 31 % 257), &Numbered(number, "x".repeat(length)))?;
    tx.announce(&number)?;
    Ok(number)
}

/// Everything is consistent, and nothing of what was acknowledged is missing. Returns the count.
async fn check(database: &Database, acknowledged: u64) -> u64 {
    let (count, rows) = database
        .read(|view| Ok::<_, Error>((view.get(&COUNT, &())?.unwrap_or(0), view.scan(&ROWS, &(), None, 1000)?)))
        .await
        .unwrap();
    assert!(count >= acknowledged, "{acknowledged} were acknowledged, {count} are there");
    assert_eq!(database.durable_position(), count, "rows and announcements are one write");
    let mut after = 0;
    while after < count {
        let records = database.changes::<u64>(after, 500, 1 << 20).await.unwrap();
        assert!(!records.is_empty(), "the log ends at {after}, not at {count}");
        for record in records {
            after += 1;
            assert_eq!((record.position, record.change), (after, after));
        }
    }
    let expected: BTreeMap<u64, u64> = (1..=count).map(|number| (number * 31 % 257, number)).collect();
    assert_eq!(rows.iter().map(|(key, row)| (*key, row.0)).collect::<BTreeMap<_, _>>(), expected);
    count
}

#[tokio::test]
async fn acknowledged_writes_survive_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0u64;
    for round in 0..6usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        while heard < 40 + round * 97 {
            let line = lines.next().expect("the child ended by itself").unwrap();
            if let Some(number) = line.strip_prefix("acknowledged ") {
                acknowledged = acknowledged.max(number.parse().unwrap());
                heard += 1;
            }
        }
        child.kill().unwrap();
        // What it had printed before it died counts as well.
        for line in lines.map_while(Result::ok) {
            if let Some(Ok(number)) = line.strip_prefix("acknowledged ").map(str::parse) {
                acknowledged = acknowledged.max(number);
            }
        }
        child.wait().unwrap();
        let database = open(folder.path());
        check(&database, acknowledged).await;
        database.close().await;
    }
    assert!(acknowledged > 600);
}

/// The child of the test above; alone it does nothing.
#[tokio::test]
async fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let database = open(Path::new(&folder));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move {
                while let Ok(number) = database.write(next).await {
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {number}").unwrap();
                    out.flush().unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

/// A folder's files as they were at one moment.
type Image = BTreeMap<String, Vec<u8>>;

fn image_of(folder: &Path) -> Image {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file());
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    // The journal before the rows: what is taken over from one to the other meanwhile is in at least one of them.
    names.sort_by_key(|name| name == "db");
    names.into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// What a power cut between two syncs can leave: of each block that changed, the old or the new.
fn torn(before: &[u8], after: &[u8], block: usize, mut keeps_new: impl FnMut(usize) -> bool) -> Vec<u8> {
    let mut torn = after.to_vec();
    for (index, new) in torn.chunks_mut(block).enumerate() {
        let old = before.get(index * block..).unwrap_or_default();
        if !keeps_new(index) {
            for (position, byte) in new.iter_mut().enumerate() {
                // What did not exist before and was not written reads as zero.
                *byte = old.get(position).copied().unwrap_or(0);
            }
        }
    }
    torn
}

#[tokio::test]
async fn whatever_part_of_an_unsynced_batch_reached_the_disk_the_rest_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    let mut before = image_of(folder.path());
    let mut acknowledged = 0;
    let mut seed = 0x2545_F491_4F6C_DD1Du64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut images = 0;
    for batch in 0..260u64 {
        // One transaction is one batch: exactly one sync lies between two images.
        database.write(move |tx| (0..=batch % 23).try_for_each(|_| next(tx).map(|_| ()))).await.unwrap();
        let after = image_of(folder.path());
        if batch % 5 == 0 {
            let kind = batch / 5 % 5;
            let mut torn_as = |old: &[u8], new: &[u8]| match kind {
                0 => new.get(..old.len()).unwrap_or(new).to_vec(),
                1 => torn(old, new, 512, |_| random() % 2 == 0),
                2 => torn(old, new, 4096, |_| random() % 2 == 0),
                3 => torn(old, new, 4096, |_| random() % 8 != 0),
                _ => torn(old, new, 512, |_| random() % 8 == 0),
            };
            let copy = tempfile::tempdir().unwrap();
            for (name, new) in &after {
                let old = before.get(name).map_or(&[][..], Vec::as_slice);
                let is_written = name == "db" || name.starts_with("journal-");
                let bytes = if is_written { torn_as(old, new) } else { old.to_vec() };
                if before.contains_key(name) || is_written {
                    fs::write(copy.path().join(name), bytes).unwrap();
                }
            }
            let reopened = Database::open(copy.path(), OPTIONS)
                .unwrap_or_else(|error| panic!("image {images} of kind {kind} after {acknowledged}: {error}"));
            let count = check(&reopened, acknowledged).await;
            // It goes on from there.
            assert_eq!(reopened.write(next).await.unwrap(), count + 1);
            reopened.close().await;
            let reopened = open(copy.path());
            check(&reopened, count + 1).await;
            reopened.close().await;
            images += 1;
        }
        acknowledged += batch % 23 + 1;
        before = after;
    }
    assert_eq!(check(&database, acknowledged).await, acknowledged);
    assert!(images > 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_power_cuts_on_the_memory_disk() {
    let disk = storage::MemoryDisk::new();
    let mut acknowledged = 0;
    for round in 0..50u64 {
        let database = Database::on_memory_disk(&disk, OPTIONS).unwrap();
        check(&database, acknowledged).await;
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    let mut last = 0;
                    while let Ok(number) = database.write(next).await {
                        last = number;
                    }
                    last
                })
            })
            .collect();
        let target = acknowledged + 20 + round;
        database.watch_durable().wait_for(|position| *position >= target).await.unwrap();
        disk.lose_unsynced();
        for writer in writers {
            acknowledged = acknowledged.max(writer.await.unwrap());
        }
        assert!(database.write(next).await.is_err(), "nothing is answered from a disk without power");
    }
}
