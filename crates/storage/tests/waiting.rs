//! Which answers wait for a batch that is applied and not yet durable: those that saw anything of it, and no others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::task::Poll;

use proptest::prelude::*;
use storage::{Database, Error, MemoryDisk, Reader, Table, View};

mod support;
use support::{NUMBERS, OPTIONS, on_disk_of_memory, poll};

/// A database in which a batch is applied that will not be durable before syncs go on: `changes` says which numbers it puts or deletes.
async fn with_an_unsettled_batch(before: &[u64], changes: &[(u64, Option<u64>)]) -> (MemoryDisk, Database) {
    let (disk, database) = on_disk_of_memory();
    let before = before.to_vec();
    database.write(move |tx| before.iter().try_for_each(|number| tx.put(&NUMBERS, number, number))).await.unwrap();
    disk.hold_syncs();
    let changes = changes.to_vec();
    let mut write = Box::pin(database.write(move |tx| {
        tx.announce(&7_u64)?;
        changes.iter().try_for_each(|(number, change)| match change {
            Some(value) => tx.put(&NUMBERS, number, value),
            None => tx.delete(&NUMBERS, number),
        })
    }));
    assert!(poll(&mut write).is_pending());
    // Dropped, it is done all the same. Wait until it is applied: from then on views show it.
    drop(write);
    let mut position = 0;
    while position == 0 {
        let mut look = Box::pin(database.read(|view| {
            position = view.position();
            Ok::<_, Error>(())
        }));
        let _ = poll(&mut look);
        drop(look);
        std::thread::yield_now();
    }
    (disk, database)
}

/// What is answered at once; `None` if it has to wait.
fn at_once<T>(database: &Database, read: impl FnOnce(&View<'_>) -> Result<T, Error>) -> Option<T> {
    match poll(&mut Box::pin(database.read(read))) {
        Poll::Ready(answer) => Some(answer.unwrap()),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn only_what_saw_something_of_a_batch_waits_for_it() {
    let changes = [(30, Some(3)), (40, None), (45, Some(45))];
    let (disk, database) = with_an_unsettled_batch(&[10, 20, 30, 40, 50, 60, 70], &changes).await;
    let get = |number| at_once(&database, |view| view.get(&NUMBERS, &number));
    assert_eq!(get(10), Some(Some(10)));
    assert_eq!(get(35), Some(None), "nothing was there, and nothing is");
    assert_eq!((get(30), get(40), get(45)), (None, None, None), "changed, deleted, new");
    let keys = |rows: Vec<(u64, u64)>| rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    let first = |limit| at_once(&database, |view| view.scan(&NUMBERS, &(), None, limit)).map(keys);
    assert_eq!(first(1), Some(vec![10]));
    assert_eq!(first(4), None);
    let last = |limit| at_once(&database, |view| view.scan_back(&NUMBERS, &(), None, limit)).map(keys);
    assert_eq!(last(2), Some(vec![70, 60]));
    assert_eq!(last(4), None, "whoever passes a deleted row sees that it is not there");
    let between = |from, to| at_once(&database, |view| view.range(&NUMBERS, &from, Some(&to), 9)).map(keys);
    assert_eq!((between(46, 65), between(31, 40)), (Some(vec![50, 60]), Some(vec![])));
    assert_eq!(between(31, 41), None);
    assert_eq!(at_once(&database, |view| Ok(view.position())), None, "the batch is in the log");
    disk.resume_syncs();
    assert_eq!(
        database.read(|view| view.scan(&NUMBERS, &(), None, 9)).await.map(keys).unwrap(),
        [10, 20, 30, 45, 50, 60, 70]
    );
}

#[tokio::test]
async fn a_view_is_as_old_as_the_oldest_state_that_shows_what_was_read() {
    let (disk, database) = with_an_unsettled_batch(&[10, 20], &[(20, Some(2))]).await;
    let epoch = database.epoch();
    let asked = at_once(&database, |view| Ok((view.as_of(), view.get(&NUMBERS, &10)?, view.as_of())));
    assert_eq!(asked, Some(((epoch, 0), Some(10), (epoch, 0))), "asking sees nothing");
    let mut asked = Box::pin(database.read(|view| Ok::<_, Error>((view.get(&NUMBERS, &20)?, view.as_of()))));
    assert!(poll(&mut asked).is_pending());
    disk.resume_syncs();
    assert_eq!(asked.await.unwrap(), (Some(2), (epoch, 1)));
}

#[tokio::test]
async fn an_answer_that_did_not_wait_stands_also_when_the_batch_is_lost() {
    let (disk, database) = with_an_unsettled_batch(&[10, 20], &[(20, None)]).await;
    let told = at_once(&database, |view| view.get(&NUMBERS, &10));
    let mut waiting = Box::pin(database.read(|view| view.get(&NUMBERS, &20)));
    assert!(poll(&mut waiting).is_pending());
    disk.lose_unsynced();
    assert!(waiting.await.is_err());
    database.close().await;
    let database = Database::on_memory_disk(&disk, OPTIONS).unwrap();
    assert_eq!(Some(support::get(&database, 10).await.unwrap()), told);
    assert_eq!(support::get(&database, 20).await.unwrap(), Some(20));
}

/// Any read of a few rows.
#[derive(Clone, Debug)]
enum Read {
    Get(u64),
    Contains(u64),
    Scan(Option<u64>, usize),
    ScanBack(Option<u64>, usize),
    Range(u64, Option<u64>, usize),
    Position,
}

fn done(read: &Read, reader: &impl Reader) -> Result<String, Error> {
    const TABLE: &Table<u64, u64> = &NUMBERS;
    Ok(match read {
        Read::Get(key) => format!("{:?}", reader.get(TABLE, key)?),
        Read::Contains(key) => format!("{:?}", reader.contains(TABLE, key)?),
        Read::Scan(after, limit) => format!("{:?}", reader.scan(TABLE, &(), after.as_ref(), *limit)?),
        Read::ScanBack(before, limit) => format!("{:?}", reader.scan_back(TABLE, &(), before.as_ref(), *limit)?),
        Read::Range(from, to, limit) => format!("{:?}", reader.range(TABLE, from, to.as_ref(), *limit)?),
        Read::Position => format!("{:?}", (reader.position(), reader.digest())),
    })
}

fn any_read() -> impl Strategy<Value = Read> {
    let key = || 0..12_u64;
    let limit = || 0..6_usize;
    prop_oneof![
        key().prop_map(Read::Get),
        key().prop_map(Read::Contains),
        (proptest::option::of(key()), limit()).prop_map(|(after, limit)| Read::Scan(after, limit)),
        (proptest::option::of(key()), limit()).prop_map(|(before, limit)| Read::ScanBack(before, limit)),
        (key(), proptest::option::of(key()), limit()).prop_map(|(from, to, limit)| Read::Range(from, to, limit)),
        Just(Read::Position),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_answered_at_once_is_as_it_was_before_the_batch(
        before in proptest::collection::btree_set(0..12_u64, 0..12),
        changes in proptest::collection::btree_map(0..12_u64, proptest::option::of(100..200_u64), 0..5),
        reads in proptest::collection::vec(any_read(), 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome: Result<(), TestCaseError> = runtime.block_on(async {
            let before: Vec<u64> = before.into_iter().collect();
            let changes: Vec<_> = changes.into_iter().collect();
            let (disk, database) = with_an_unsettled_batch(&before, &changes).await;
            let durable = Database::on_memory_disk(&disk.copy(), OPTIONS).unwrap();
            for read in reads {
                if let Some(told) = at_once(&database, |view| done(&read, view)) {
                    let was = durable.read(|view| done(&read, view)).await.unwrap();
                    prop_assert_eq!(told, was, "{:?}", read);
                }
            }
            disk.resume_syncs();
            Ok(())
        });
        outcome?;
    }
}
