//! Which answers wait for a batch that is applied and not yet durable: those that saw anything of it, and no others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::task::Poll;

use proptest::prelude::*;
use storage::{Cursor, Database, Digest, Epoch, Error, MemoryDisk, Reader, Span, Spans, Table, View};

mod support;
use support::{NUMBERS, OPTIONS, on_disk_of_memory, poll};

/// A database in which a batch is applied that will not be durable before syncs go on: `changes` says which numbers it puts or deletes.
async fn with_an_unsettled_batch(before: &[u64], changes: &[(u64, Option<u64>)]) -> (MemoryDisk, Database) {
    let (disk, database) = on_disk_of_memory();
    let before = before.to_vec();
    database.write(move |tx| before.iter().try_for_each(|number| tx.put(&NUMBERS, number, number))).await.unwrap();
    disk.hold_syncs();
    let changes = changes.to_vec();
    let write = database.write(move |tx| {
        tx.announce(&7_u64)?;
        changes.iter().try_for_each(|(number, change)| match change {
            Some(value) => tx.put(&NUMBERS, number, value),
            None => tx.delete(&NUMBERS, number),
        })
    });
    is_applied(&database, write);
    (disk, database)
}

/// Has `write`, which announces one change, done as far as is possible while syncs are held: from then on views show it.
fn is_applied(database: &Database, write: impl Future<Output = Result<(), Error>>) {
    let before = database.durable_position();
    let mut write = Box::pin(write);
    assert!(poll(&mut write).is_pending());
    // Dropped, it is done all the same.
    drop(write);
    let mut position = before;
    while position == before {
        let mut look = Box::pin(database.read(|view| {
            position = view.position();
            Ok::<_, Error>(())
        }));
        let _ = poll(&mut look);
        drop(look);
        std::thread::yield_now();
    }
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

const BUSY: Spans<bool, u64> = Spans::new("busy");

/// In which scope a batch puts or takes out which interval, and of what.
type Change = (bool, Span, u64, bool);

/// A database in which `changes` are applied and not durable.
async fn with_unsettled_intervals(before: &[(bool, Span, u64)], changes: &[Change]) -> (MemoryDisk, Database) {
    let (disk, database) = on_disk_of_memory();
    let before = before.to_vec();
    let busy = database
        .write(move |tx| before.iter().try_for_each(|(scope, span, id)| tx.insert_span(&BUSY, scope, *span, id)));
    busy.await.unwrap();
    disk.hold_syncs();
    let changes = changes.to_vec();
    let write = database.write(move |tx| {
        tx.announce(&7_u64)?;
        changes.iter().try_for_each(|(scope, span, id, put)| match put {
            true => tx.insert_span(&BUSY, scope, *span, id),
            false => tx.remove_span(&BUSY, scope, *span, id),
        })
    });
    is_applied(&database, write);
    (disk, database)
}

fn interval() -> impl Strategy<Value = Span> {
    (-40_i64..40, prop_oneof![0_i64..4, 0_i64..70]).prop_map(|(start, length)| Span { start, end: start + length })
}

fn intervals() -> impl Strategy<Value = Vec<(bool, Span, u64)>> {
    proptest::collection::vec((any::<bool>(), interval(), 0..4_u64), 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn intervals_that_are_told_at_once_are_those_from_before_the_batch(
        before in intervals(),
        new in intervals(),
        gone in proptest::collection::vec(any::<prop::sample::Index>(), 0..3),
        asked in proptest::collection::vec((any::<bool>(), -45_i64..45, proptest::option::of(0..30_i64), 0..5_usize), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome: Result<(), TestCaseError> = runtime.block_on(async {
            let mut changes: Vec<Change> = new.into_iter().map(|(scope, span, id)| (scope, span, id, true)).collect();
            if !before.is_empty() {
                changes.extend(gone.iter().map(|which| which.get(&before)).map(|(scope, span, id)| (*scope, *span, *id, false)));
            }
            let (disk, database) = with_unsettled_intervals(&before, &changes).await;
            let durable = Database::on_memory_disk(&disk.copy(), OPTIONS).unwrap();
            for (scope, from, length, limit) in asked {
                let to = length.map(|length| from + length);
                let overlapping = |view: &View<'_>| view.overlapping(&BUSY, &scope, from, to, None, limit);
                let after = (from, 1_u64);
                let behind = |view: &View<'_>| view.overlapping(&BUSY, &scope, from, to, Some(&after), limit);
                for read in [&overlapping as &dyn Fn(&View<'_>) -> _, &behind] {
                    if let Some(told) = at_once(&database, read) {
                        prop_assert_eq!(told, durable.read(read).await.unwrap(), "{} {}..{:?}", scope, from, to);
                    }
                }
                let all = |view: &View<'_>| view.all_spans(&BUSY, None, limit);
                if let Some(told) = at_once(&database, all) {
                    prop_assert_eq!(told, durable.read(all).await.unwrap());
                }
            }
            for (scope, span, id, _) in changes {
                let is_there = |view: &View<'_>| view.contains_span(&BUSY, &scope, span, &id);
                prop_assert_eq!(at_once(&database, is_there), None, "it was changed");
            }
            disk.resume_syncs();
            Ok(())
        });
        outcome?;
    }

    #[test]
    fn a_scan_of_many_chunks_waits_for_a_row_that_it_comes_to_and_for_none_far_behind_its_end(
        changed in 0..700_u64,
        put in any::<bool>(),
        limit in 1..700_usize,
        back in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome: Result<(), TestCaseError> = runtime.block_on(async {
            let rows: Vec<u64> = (0..700).collect();
            let (disk, database) = with_an_unsettled_batch(&rows, &[(changed, put.then_some(7_000))]).await;
            let told = at_once(&database, |view| match back {
                true => view.scan_back(&NUMBERS, &(), None, limit),
                false => view.scan(&NUMBERS, &(), None, limit),
            });
            let place = usize::try_from(if back { 699 - changed } else { changed }).unwrap();
            prop_assert!(place >= limit || told.is_none(), "row {} of {}", place, limit);
            prop_assert!(place <= limit + 256 || told.is_some(), "row {} of {}", place, limit);
            if let Some(told) = told {
                prop_assert_eq!(told.len(), limit.min(700));
                prop_assert!(told.iter().all(|(number, value)| number == value));
            }
            disk.resume_syncs();
            Ok(())
        });
        outcome?;
    }
}

#[tokio::test]
async fn meanwhile_the_log_and_cursors_are_told_as_they_are_durable_and_a_backup_waits() {
    const CURSOR: Cursor = Cursor { epoch: Epoch([1; 16]), position: 5, digest: Digest([2; 16]) };
    let (disk, database) = on_disk_of_memory();
    database.write(|tx| tx.announce(&1_u64).and_then(|_| tx.set_cursor("auth", CURSOR))).await.unwrap();
    let digest = database.digest_at(1).await.unwrap();
    disk.hold_syncs();
    let write = database.write(|tx| {
        tx.announce(&2_u64)?;
        tx.set_cursor("events", CURSOR)
    });
    is_applied(&database, write);
    let told = database.changes::<u64>(0, 10, 1_000).await.unwrap();
    assert_eq!(told.into_iter().map(|record| (record.position, record.change)).collect::<Vec<_>>(), [(1, 1)]);
    assert_eq!((database.digest_at(1).await.unwrap(), database.digest_at(2).await.unwrap()), (digest, None));
    assert_eq!(at_once(&database, |view| view.cursor("auth")), Some(Some(CURSOR)));
    assert_eq!(at_once(&database, |view| view.cursor("events")), None);
    assert_eq!(at_once(&database, |view| Ok(view.digest())), None, "that is the batch's");
    let mut backup = database.backup().unwrap();
    assert!(backup.next().await.unwrap().is_some(), "the header");
    let mut rows = Box::pin(backup.next());
    assert!(poll(&mut rows).is_pending());
    disk.resume_syncs();
    assert!(rows.await.unwrap().is_some());
    assert_eq!(database.changes::<u64>(1, 10, 1_000).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_asked_later_is_never_from_before_what_was_told_earlier() {
    let (disk, database) = with_an_unsettled_batch(&[10, 20], &[(20, Some(2))]).await;
    let epoch = database.epoch();
    // Of a row that the batch did not change: as of before it.
    assert_eq!(at_once(&database, |view| Ok((view.get(&NUMBERS, &10)?, view.as_of()))), Some((Some(10), (epoch, 0))));
    disk.resume_syncs();
    // Once the batch was told to anybody, whatever else is read is as of it, also while the next one is not durable.
    assert_eq!(support::get(&database, 20).await.unwrap(), Some(2));
    assert_eq!(at_once(&database, |view| Ok((view.get(&NUMBERS, &10)?, view.as_of()))), Some((Some(10), (epoch, 1))));
    disk.hold_syncs();
    let write = database.write(|tx| tx.announce(&8_u64).and_then(|_| tx.put(&NUMBERS, &30, &30)));
    is_applied(&database, write);
    assert_eq!(at_once(&database, |view| Ok((view.get(&NUMBERS, &20)?, view.as_of()))), Some((Some(2), (epoch, 1))));
    assert_eq!(at_once(&database, |view| view.get(&NUMBERS, &30)), None);
    disk.resume_syncs();
}
