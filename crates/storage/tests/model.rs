//! Random work on both engines against a map: what is there, in which order, after commits, aborts and reopening.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use storage::{Database, Error, MemoryDisk, Reader, Table};

mod support;
use support::OPTIONS;

const ROWS: Table<(u8, String), u32> = Table::new("rows");
/// A neighbour whose rows must never show.
const ROWS2: Table<(u8, String), u32> = Table::new("rows2");

type Key = (u8, String);
type Model = BTreeMap<Key, u32>;

#[derive(Debug, Clone)]
enum Change {
    Put(Key, u32),
    Delete(Key),
}

#[derive(Debug, Clone)]
enum Step {
    Write { changes: Vec<Change>, abort: bool, look: Look },
    Read(Look),
    Reopen,
}

/// What a reader asks for.
#[derive(Debug, Clone)]
struct Look {
    key: Key,
    other: Key,
    limit: usize,
}

fn key() -> impl Strategy<Value = Key> {
    (0u8..3, "[a\0]{0,3}")
}

fn look() -> impl Strategy<Value = Look> {
    (key(), key(), 0usize..6).prop_map(|(key, other, limit)| Look { key, other, limit })
}

fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        3 => (key(), any::<u32>()).prop_map(|(key, value)| Change::Put(key, value)),
        1 => key().prop_map(Change::Delete),
    ];
    prop_oneof![
        6 => (proptest::collection::vec(change, 0..8), proptest::bool::weighted(0.2), look())
            .prop_map(|(changes, abort, look)| Step::Write { changes, abort, look }),
        3 => look().prop_map(Step::Read),
        1 => Just(Step::Reopen),
    ]
}

fn check(reader: &impl Reader, model: &Model, look: &Look) -> Result<(), Error> {
    let Look { key, other, limit } = look;
    let rows = |rows: &mut dyn Iterator<Item = (&Key, &u32)>| -> Vec<(Key, u32)> {
        rows.take(*limit).map(|(key, value)| (key.clone(), *value)).collect()
    };
    let within = |(candidate, _): &(&Key, &u32)| candidate.0 == key.0;
    assert_eq!(reader.get(&ROWS, key)?, model.get(key).copied());
    assert_eq!(reader.contains(&ROWS, key)?, model.contains_key(key));
    assert_eq!(reader.scan(&ROWS, &(), None, *limit)?, rows(&mut model.iter()));
    assert_eq!(reader.scan_back(&ROWS, &(), None, *limit)?, rows(&mut model.iter().rev()));
    assert_eq!(reader.scan(&ROWS, &(key.0,), None, *limit)?, rows(&mut model.iter().filter(within)));
    assert_eq!(
        reader.scan(&ROWS, &(key.0,), Some(other), *limit)?,
        rows(&mut model.iter().filter(within).filter(|(candidate, _)| *candidate > other))
    );
    assert_eq!(
        reader.scan_back(&ROWS, &(key.0,), Some(other), *limit)?,
        rows(&mut model.iter().rev().filter(within).filter(|(candidate, _)| *candidate < other))
    );
    assert_eq!(
        reader.range(&ROWS, key, Some(other), *limit)?,
        rows(&mut model.iter().filter(|(candidate, _)| *candidate >= key && *candidate < other))
    );
    assert_eq!(reader.range(&ROWS, key, None, *limit)?, rows(&mut model.iter().filter(|(c, _)| *c >= key)));
    Ok(())
}

async fn run(steps: &[Step], mut reopen: impl AsyncFnMut(Option<Database>) -> Database) {
    let mut model = Model::new();
    let mut database = reopen(None).await;
    database.write(|tx| tx.put(&ROWS2, &(0, String::new()), &0)).await.unwrap();
    for step in steps {
        match step.clone() {
            Step::Write { changes, abort, look } => {
                let mut changed = model.clone();
                for change in &changes {
                    match change.clone() {
                        Change::Put(key, value) => changed.insert(key, value),
                        Change::Delete(key) => changed.remove(&key),
                    };
                }
                let expected = changed.clone();
                let written = database.write(move |tx| {
                    for change in &changes {
                        match change {
                            Change::Put(key, value) => tx.put(&ROWS, key, value)?,
                            Change::Delete(key) => tx.delete(&ROWS, key)?,
                        }
                    }
                    check(tx, &expected, &look)?;
                    if abort { Err(Error::Closed) } else { Ok(()) }
                });
                match written.await {
                    Ok(()) => model = changed,
                    Err(error) => assert!(abort, "{error}"),
                }
            }
            Step::Read(look) => database.read(|view| check(view, &model, &look)).await.unwrap(),
            Step::Reopen => database = reopen(Some(database)).await,
        }
    }
    let all = Look { key: (0, String::new()), other: (2, String::new()), limit: 1000 };
    database.read(|view| check(view, &model, &all)).await.unwrap();
    database.close().await;
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn the_engine_in_memory_is_a_sorted_map(steps in proptest::collection::vec(step(), 0..40)) {
        let disk = MemoryDisk::new();
        block_on(run(&steps, async |before: Option<Database>| {
            if before.is_some() {
                // Not closed but cut off: acknowledged work must be there all the same.
                disk.lose_unsynced();
            }
            Database::on_memory_disk(&disk, OPTIONS).unwrap()
        }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_engine_in_a_folder_is_a_sorted_map(steps in proptest::collection::vec(step(), 0..40)) {
        let folder = tempfile::tempdir().unwrap();
        block_on(run(&steps, async |before: Option<Database>| {
            if let Some(before) = before {
                before.close().await;
            }
            support::open(folder.path())
        }));
    }
}
