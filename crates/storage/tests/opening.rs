//! Opening and closing: what is refused and how that is said, and what older releases left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::fs;
use std::path::Path;

use storage::{Database, Error, MemoryDisk, Options, Reader, Table};

mod support;
use support::{NAMES, NUMBERS, Numbered, OPTIONS, get, open, put};

#[tokio::test]
async fn a_closed_database_reopens_at_once_in_the_same_process() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let database = open(folder.path());
        let still_held = database.clone();
        assert_eq!(get(&database, 0).await.unwrap(), (round > 0).then(|| round - 1));
        put(&database, 0, round).await.unwrap();
        database.close().await;
        database.close().await;
        assert_eq!(put(&still_held, 0, 99).await, Err(Error::Closed));
        assert_eq!(get(&still_held, 0).await, Err(Error::Closed));
        assert_eq!(still_held.health(), Err(Error::Closed));
    }
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    let mut writes: Vec<_> = (0..100).map(|key| Box::pin(put(&database, key, key))).collect();
    for write in &mut writes {
        assert!(support::poll(write).is_pending());
    }
    database.close().await;
    for write in writes {
        write.await.unwrap();
    }
    let rows = open(folder.path()).read(|view| view.scan(&NUMBERS, &(), None, 200)).await.unwrap();
    assert_eq!(rows.len(), 100);
}

#[tokio::test]
async fn dropping_the_last_handle_closes() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let database = open(folder.path());
        put(&database, round, round).await.unwrap();
        drop(database.clone());
        put(&database, round + 10, round).await.unwrap();
        drop(database);
    }
    assert_eq!(get(&open(folder.path()), 14).await.unwrap(), Some(4));
}

#[tokio::test]
async fn a_database_in_use_is_refused_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    let error = Database::open(folder.path(), OPTIONS).unwrap_err();
    assert_eq!(error, Error::InUse { path: folder.path().to_owned() });
    put(&database, 1, 1).await.unwrap();
    let disk = MemoryDisk::new();
    let held = Database::on_memory_disk(&disk, OPTIONS).unwrap();
    assert!(matches!(Database::on_memory_disk(&disk, OPTIONS), Err(Error::InUse { .. })));
    held.close().await;
    Database::on_memory_disk(&disk, OPTIONS).unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_an_older_one_opens() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().await;
    let newer = Options { schema: 3, ..OPTIONS };
    Database::open(folder.path(), newer).unwrap().close().await;
    let error = Database::open(folder.path(), OPTIONS).unwrap_err();
    assert!(matches!(error, Error::TooNew { what: "the data format", found: 3, supported: 1, .. }), "{error}");
    assert!(error.to_string().contains("upgrade"), "{error}");
    Database::open(folder.path(), newer).unwrap().close().await;
}

#[tokio::test]
async fn a_newer_storage_format_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("format"), "7\n").unwrap();
    let error = Database::open(folder.path(), OPTIONS).unwrap_err();
    assert!(matches!(error, Error::TooNew { what: "the storage format", found: 7, .. }), "{error}");
    fs::write(folder.path().join("format"), "seven\n").unwrap();
    assert!(matches!(Database::open(folder.path(), OPTIONS), Err(Error::Damaged { .. })));
}

#[tokio::test]
async fn the_database_of_another_service_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().await;
    let error = Database::open(folder.path(), Options { service: "events", ..OPTIONS }).unwrap_err();
    assert!(error.to_string().contains("belongs to tests, not to events"), "{error}");
}

async fn filled(folder: &Path) {
    let database = open(folder);
    for key in 0..200 {
        put(&database, key, key).await.unwrap();
    }
    database.close().await;
}

#[tokio::test]
async fn a_database_without_its_data_is_damaged_not_new() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    fs::remove_file(folder.path().join("db")).unwrap();
    let error = Database::open(folder.path(), OPTIONS).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("restore it from a backup"), "{error}");
}

#[tokio::test]
async fn overwritten_data_is_reported_and_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let length = fs::metadata(folder.path().join("db")).unwrap().len();
    fs::write(folder.path().join("db"), vec![0x5A; usize::try_from(length).unwrap()]).unwrap();
    let error = Database::open(folder.path(), OPTIONS).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_flipped_byte_is_never_a_silent_loss() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let whole = fs::read(folder.path().join("db")).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let mut refused = 0;
    for flip in (0..used).step_by(used / 60) {
        let copy = tempfile::tempdir().unwrap();
        for name in ["conf", "format", "watermark"] {
            fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        let mut bytes = whole.clone();
        bytes[flip] ^= 0x10;
        fs::write(copy.path().join("db"), bytes).unwrap();
        let error = match Database::open(copy.path(), OPTIONS) {
            Err(error) => error,
            Ok(database) => match database.read(|view| view.scan(&NUMBERS, &(), None, 1000)).await {
                Err(error) => error,
                Ok(rows) => {
                    assert_eq!(rows, (0..200).map(|key| (key, key)).collect::<Vec<_>>(), "byte {flip}");
                    continue;
                }
            },
        };
        assert!(matches!(error, Error::Damaged { .. }), "byte {flip}: {error}");
        refused += 1;
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = Database::open(&folder.path().join("file/data"), OPTIONS).unwrap_err();
    assert!(error.to_string().contains("file/data"), "{error}");
}

#[tokio::test]
async fn a_crash_during_creation_leaves_what_opens_as_new() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    // As if power had gone before the first sync: files without contents, and no word of a finished creation.
    for file in ["db", "conf"] {
        fs::write(folder.path().join(file), "").unwrap();
    }
    for entry in fs::read_dir(folder.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name == "format" || name == "watermark" || name.starts_with("snap.") {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
    assert_eq!(get(&open(folder.path()), 1).await.unwrap(), None);
}

#[tokio::test]
async fn no_value_ever_leaves_the_synced_file() {
    const TEXTS: Table<u64, String> = Table::new("texts");
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    let mut seed = 1u64;
    for round in 0..60u64 {
        let mut numbers = Vec::new();
        for _ in 0..30 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            numbers.push(seed >> 33);
        }
        let write = database.write(move |tx| {
            for number in numbers {
                let key = number % 300;
                if number % 5 == 0 {
                    tx.delete(&TEXTS, &key)?;
                } else {
                    // As large as values get, next to each other.
                    tx.put(&TEXTS, &key, &"x".repeat(storage::MAX_VALUE - 4))?;
                }
            }
            tx.announce(&round)
        });
        write.await.unwrap();
    }
    database.close().await;
    open(folder.path()).close().await;
    let blobs = folder.path().join("blobs");
    let strays = if blobs.exists() { fs::read_dir(blobs).unwrap().count() } else { 0 };
    assert_eq!(strays, 0, "files in blobs/ are never synced");
}

/// What releases wrote: a folder of `golden/` for each format, made by the last test below. They are never made anew; a new
/// format gets a folder of its own. That of format 2 was killed: most of it is in its journal.
#[tokio::test]
async fn databases_of_all_formats_open_and_read() {
    for format in [1, 2] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/format-{format}"));
        assert_eq!(fs::read_to_string(golden.join("format")).unwrap(), format!("{format}\n"));
        reads(&golden).await;
    }
}

async fn reads(golden: &Path) {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden).unwrap().map(Result::unwrap) {
        let (name, bytes) = (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
        match name.strip_suffix(".rle") {
            Some(name) => fs::write(folder.path().join(name), support::zeros_restored(&bytes)).unwrap(),
            None => fs::write(folder.path().join(name), bytes).unwrap(),
        }
    }
    let database = open(folder.path());
    assert_eq!(database.durable_position(), 3);
    assert_eq!(
        database.digest_at(3).await.unwrap().unwrap().to_string(),
        fs::read_to_string(golden.join("digest")).unwrap().trim()
    );
    let records = database.changes::<Numbered>(0, 9, 9999).await.unwrap();
    assert_eq!(records.iter().map(|record| record.change.0).collect::<Vec<_>>(), [1, 2, 3]);
    let (rows, numbers) = database
        .read(|view| Ok::<_, Error>((view.scan(&NAMES, &(), None, 9)?, view.scan(&NUMBERS, &(), None, 99)?)))
        .await
        .unwrap();
    assert_eq!(
        rows,
        [
            (("ann".to_owned(), -5), "before".to_owned()),
            (("ann".to_owned(), 5), "after".to_owned()),
            (("bob\0".to_owned(), 0), "zero".to_owned()),
        ]
    );
    assert_eq!(numbers, (0..50).map(|key| (key, key * key)).collect::<Vec<_>>());
    put(&database, 100, 1).await.unwrap();
    database.close().await;
    // An older release would not look into the journal.
    assert_eq!(fs::read_to_string(folder.path().join("format")).unwrap(), "2\n");
}

/// Keys, values and log records are written today as they were when the golden database was: the digest of its log, chained over
/// all records, is the same. When a format is released, a golden database is kept by running this with its folder missing.
#[tokio::test]
async fn the_same_changes_have_the_digest_of_the_golden_database() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-2");
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    let write = database.write(|tx| {
        for (name, number, text) in [("ann", -5, "before"), ("ann", 5, "after"), ("bob\0", 0, "zero")] {
            tx.put(&NAMES, &(name.to_owned(), number), &text.to_owned())?;
        }
        Ok::<_, Error>(())
    });
    write.await.unwrap();
    for key in 0..50 {
        put(&database, key, key * key).await.unwrap();
    }
    for number in 1..=3u64 {
        database.write(move |tx| tx.announce(&Numbered(number, format!("change {number}")))).await.unwrap();
    }
    let digest = database.digest_at(3).await.unwrap().unwrap();
    if golden.exists() {
        assert_eq!(digest.to_string(), fs::read_to_string(golden.join("digest")).unwrap().trim());
        return;
    }
    fs::create_dir_all(&golden).unwrap();
    fs::write(golden.join("digest"), format!("{digest}\n")).unwrap();
    for name in ["db", "journal-0"] {
        let packed = support::zeros_packed(&fs::read(folder.path().join(name)).unwrap());
        fs::write(golden.join(format!("{name}.rle")), packed).unwrap();
    }
    for name in ["conf", "format"] {
        fs::copy(folder.path().join(name), golden.join(name)).unwrap();
    }
}
