//! What a transaction sees, what becomes of it, and when its caller hears of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::sync::{Arc, Mutex, mpsc};

use storage::{Cursor, Database, Digest, Epoch, Error, MAX_VALUE, MemoryDisk, Options, Reader, Table, Transaction};

mod support;
use support::{NAMES, NUMBERS, OPTIONS, databases, get, on_disk_of_memory, poll, put};

const TEXTS: Table<u64, String> = Table::new("texts");

#[tokio::test]
async fn a_transaction_reads_its_own_changes_merged_with_the_tables() {
    for database in databases().1 {
        database
            .write(|tx| {
                for key in [1, 3, 5, 7] {
                    tx.put(&NUMBERS, &key, &(key * 10))?;
                }
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        let seen = database
            .write(|tx| {
                tx.put(&NUMBERS, &2, &20)?;
                tx.put(&NUMBERS, &5, &55)?;
                tx.delete(&NUMBERS, &3)?;
                tx.delete(&NUMBERS, &4)?;
                assert_eq!(tx.get(&NUMBERS, &5)?, Some(55));
                assert_eq!(tx.get(&NUMBERS, &3)?, None);
                assert!(!tx.contains(&NUMBERS, &3)?);
                assert_eq!(tx.scan_back(&NUMBERS, &(), None, 3)?, [(7, 70), (5, 55), (2, 20)]);
                assert_eq!(tx.scan(&NUMBERS, &(), Some(&2), 1)?, [(5, 55)]);
                assert_eq!(tx.range(&NUMBERS, &2, Some(&7), 9)?, [(2, 20), (5, 55)]);
                tx.scan(&NUMBERS, &(), None, 9)
            })
            .await
            .unwrap();
        assert_eq!(seen, [(1, 10), (2, 20), (5, 55), (7, 70)]);
        assert_eq!(database.read(|view| view.scan(&NUMBERS, &(), None, 9)).await.unwrap(), seen);
    }
}

#[tokio::test]
async fn a_scan_by_the_first_elements_of_a_key_finds_those_keys_alone() {
    for database in databases().1 {
        database
            .write(|tx| {
                for (name, number) in [("ann", -1), ("ann", 2), ("ann\0", 3), ("anna", 4), ("bob", 5)] {
                    tx.put(&NAMES, &(name.to_owned(), number), &format!("{name}{number}"))?;
                }
                tx.put(&NUMBERS, &1, &1)
            })
            .await
            .unwrap();
        let numbers = |rows: Vec<((String, i64), String)>| rows.into_iter().map(|row| row.0.1).collect::<Vec<_>>();
        let read = database.read(|view| {
            assert_eq!(numbers(view.scan(&NAMES, &("ann",), None, 9)?), [-1, 2]);
            assert_eq!(numbers(view.scan(&NAMES, &("ann",), Some(&("ann".into(), -1)), 9)?), [2]);
            assert_eq!(numbers(view.scan(&NAMES, &("ann",), Some(&("aaa".into(), 0)), 9)?), [-1, 2]);
            assert_eq!(numbers(view.scan(&NAMES, &("ann",), Some(&("zoe".into(), 0)), 9)?), [] as [i64; 0]);
            assert_eq!(numbers(view.scan_back(&NAMES, &("ann",), Some(&("ann".into(), 2)), 9)?), [-1]);
            assert_eq!(numbers(view.scan_back(&NAMES, &(), None, 2)?), [5, 4]);
            assert_eq!(numbers(view.range(&NAMES, &("ann".into(), 0), None, 9)?), [2, 3, 4, 5]);
            assert_eq!(numbers(view.scan(&NAMES, &(), None, 0)?), [] as [i64; 0]);
            Ok::<_, Error>(())
        });
        read.await.unwrap();
    }
}

#[tokio::test]
async fn aborted_and_panicking_transactions_of_one_batch_lose_only_themselves() {
    #[derive(Debug, PartialEq)]
    enum Refused {
        Rule,
        Storage(Error),
    }
    impl From<Error> for Refused {
        fn from(error: Error) -> Self {
            Refused::Storage(error)
        }
    }
    let (disk, database) = on_disk_of_memory();
    let (release, released) = mpsc::channel::<()>();
    let mut opener = Box::pin(database.write(move |tx| {
        released.recv().unwrap();
        tx.put(&NUMBERS, &0, &0)
    }));
    assert!(poll(&mut opener).is_pending());
    // While the opener runs, these gather behind it in the same batch.
    let mut first = Box::pin(database.write(|tx| {
        tx.announce(&"first".to_owned())?;
        tx.put(&NUMBERS, &1, &1)
    }));
    let mut aborted = Box::pin(database.write(|tx| {
        assert_eq!(tx.get(&NUMBERS, &1)?, Some(1), "it sees the one before it");
        tx.announce(&"aborted".to_owned())?;
        tx.put(&NUMBERS, &1, &2)?;
        Err::<(), _>(Refused::Rule)
    }));
    let mut panicking = Box::pin(database.write(|tx| {
        tx.put(&NUMBERS, &3, &3)?;
        if tx.position() < 100 {
            panic!("no more");
        }
        Ok::<(), Error>(())
    }));
    let mut last = Box::pin(database.write(|tx| {
        assert_eq!(tx.scan(&NUMBERS, &(), None, 9)?, [(0, 0), (1, 1)]);
        tx.announce(&"last".to_owned())
    }));
    assert!(poll(&mut first).is_pending());
    assert!(poll(&mut aborted).is_pending());
    assert!(poll(&mut panicking).is_pending());
    assert!(poll(&mut last).is_pending());
    release.send(()).unwrap();
    opener.await.unwrap();
    first.await.unwrap();
    assert_eq!(aborted.await, Err(Refused::Rule));
    assert_eq!(panicking.await, Err(Error::Panicked { message: "no more".to_owned() }));
    assert_eq!(last.await.unwrap(), 2);
    let changes = database.changes::<String>(0, 9, 9999).await.unwrap();
    assert_eq!(changes.into_iter().map(|record| record.change).collect::<Vec<_>>(), ["first", "last"]);
    assert_eq!(get(&database, 3).await.unwrap(), None);
    assert_eq!(disk.syncs(), 2, "one for the creation, one for the batch");
}

#[tokio::test]
async fn a_transaction_whose_caller_has_gone_still_runs() {
    let (disk, database) = on_disk_of_memory();
    disk.hold_syncs();
    let mut abandoned = Box::pin(put(&database, 1, 1));
    assert!(poll(&mut abandoned).is_pending());
    drop(abandoned);
    disk.resume_syncs();
    put(&database, 2, 2).await.unwrap();
    assert_eq!(get(&database, 1).await.unwrap(), Some(1));
}

/// What ran, in the order in which it did.
type Order = Arc<Mutex<Vec<&'static str>>>;

/// Lets a batch in which only `first` ran be under way for as long as syncs are held, so that what comes then waits.
fn with_a_batch_under_way(order: &Order) -> (MemoryDisk, Database) {
    let (disk, database) = on_disk_of_memory();
    disk.hold_syncs();
    drop(poll(&mut Box::pin(database.write(runs("first", order)))));
    let mut is_applied = false;
    while !is_applied {
        drop(poll(&mut Box::pin(database.read(|view| {
            is_applied = view.contains(&NUMBERS, &1)?;
            Ok::<_, Error>(())
        }))));
        std::thread::yield_now();
    }
    (disk, database)
}

fn runs(what: &'static str, order: &Order) -> impl FnOnce(&mut Transaction<'_>) -> Result<(), Error> + use<> {
    let order = Arc::clone(order);
    move |tx| {
        order.lock().unwrap().push(what);
        tx.put(&NUMBERS, &1, &1)
    }
}

#[tokio::test]
async fn those_that_give_way_come_after_all_others_that_wait_in_a_batch_of_their_own() {
    let order = Order::default();
    let (disk, database) = with_a_batch_under_way(&order);
    let mut cascade = Box::pin(database.write_giving_way(runs("cascade", &order)));
    let mut command = Box::pin(database.write(runs("command", &order)));
    let mut follower = Box::pin(database.write_giving_way(runs("follower", &order)));
    let mut another = Box::pin(database.write(runs("another command", &order)));
    assert!(poll(&mut cascade).is_pending() && poll(&mut command).is_pending());
    assert!(poll(&mut follower).is_pending() && poll(&mut another).is_pending());
    disk.resume_syncs();
    command.await.unwrap();
    another.await.unwrap();
    cascade.await.unwrap();
    follower.await.unwrap();
    assert_eq!(*order.lock().unwrap(), ["first", "command", "another command", "cascade", "follower"]);
    assert_eq!(disk.syncs(), 4, "one for the creation, one for each batch");
}

/// Has the database run a command that has it run the next, so many times: there is always one that waits.
fn commands(database: &Database, left: usize, order: &Order) {
    let (again, orders, command) = (database.clone(), Arc::clone(order), runs("command", order));
    let mut write = Box::pin(database.write(move |tx| {
        if left > 1 {
            commands(&again, left - 1, &orders);
        }
        command(tx)
    }));
    // It runs though nobody waits for it.
    drop(poll(&mut write));
}

#[tokio::test]
async fn those_that_give_way_are_not_put_off_beyond_one_batch_of_others() {
    let order = Order::default();
    let (disk, database) = with_a_batch_under_way(&order);
    let mut cascade = Box::pin(database.write_giving_way(runs("cascade", &order)));
    assert!(poll(&mut cascade).is_pending());
    commands(&database, 1_000, &order);
    disk.resume_syncs();
    cascade.await.unwrap();
    let before = order.lock().unwrap().iter().position(|what| *what == "cascade");
    assert_eq!(before, Some(1 + 256), "a batch has at most 256");
    database.close().await;
}

#[tokio::test]
async fn those_that_give_way_are_finished_before_the_database_closes_and_told_when_it_stops() {
    let order = Order::default();
    let (disk, database) = with_a_batch_under_way(&order);
    let mut cascade = Box::pin(database.write_giving_way(runs("cascade", &order)));
    assert!(poll(&mut cascade).is_pending());
    let mut closing = Box::pin(database.close());
    assert!(poll(&mut closing).is_pending());
    disk.resume_syncs();
    closing.await;
    cascade.await.unwrap();

    let (disk, database) = with_a_batch_under_way(&order);
    let mut cascade = Box::pin(database.write_giving_way(runs("cascade", &order)));
    assert!(poll(&mut cascade).is_pending());
    disk.fail_syncs("the disk is on fire");
    disk.resume_syncs();
    assert!(matches!(cascade.await, Err(Error::Stopped { .. })));
}

#[tokio::test]
async fn nothing_that_is_not_durable_is_ever_answered() {
    let (disk, database) = on_disk_of_memory();
    put(&database, 1, 1).await.unwrap();
    disk.hold_syncs();
    let mut write = Box::pin(database.write(|tx| {
        tx.announce(&7u64)?;
        tx.put(&NUMBERS, &1, &2)
    }));
    assert!(poll(&mut write).is_pending());
    // Wait until it is applied: from then on views show it.
    let mut position = 0;
    while position == 0 {
        let mut read = Box::pin(database.read(|view| {
            position = view.position();
            view.get(&NUMBERS, &1)
        }));
        let polled = poll(&mut read);
        drop(read);
        assert_eq!(polled.is_pending(), position == 1, "only what it saw is waited for");
        std::thread::yield_now();
    }
    let mut read = Box::pin(get(&database, 1));
    let mut failing = Box::pin(database.read(|view| match view.get(&NUMBERS, &1)? {
        Some(2) => Err(Error::Closed),
        other => Ok(other),
    }));
    let mut refused = Box::pin(database.write(|tx| match tx.get(&NUMBERS, &1)? {
        Some(2) => Err::<(), _>(Error::Closed),
        _ => Ok(()),
    }));
    assert!(poll(&mut read).is_pending());
    assert!(poll(&mut failing).is_pending(), "an error tells of what was seen, too");
    assert!(poll(&mut refused).is_pending(), "and so does a refused write");
    assert!(poll(&mut write).is_pending());
    assert_eq!(database.durable_position(), 0);
    assert!(database.changes::<u64>(0, 9, 999).await.unwrap().is_empty());
    assert_eq!(database.digest_at(1).await.unwrap(), None);
    let mut durable = database.watch_durable();
    disk.resume_syncs();
    assert_eq!(read.await.unwrap(), Some(2));
    assert_eq!(failing.await, Err(Error::Closed));
    assert_eq!(refused.await, Err(Error::Closed));
    write.await.unwrap();
    assert_eq!(*durable.wait_for(|position| *position == 1).await.unwrap(), 1);
    assert_eq!(database.changes::<u64>(0, 9, 999).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let database = Database::in_memory(Options { max_queue: 2, ..OPTIONS });
    let (started, running) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let mut blocking = Box::pin(database.write(move |tx| {
        started.send(()).unwrap();
        released.recv().unwrap();
        tx.put(&NUMBERS, &0, &0)
    }));
    assert!(poll(&mut blocking).is_pending());
    running.recv().unwrap();
    let mut waiting: Vec<_> = (1..=2).map(|key| Box::pin(put(&database, key, key))).collect();
    assert!(waiting.iter_mut().all(|write| poll(write).is_pending()));
    assert_eq!(put(&database, 3, 3).await, Err(Error::Busy { waiting: 2 }));
    assert_eq!(database.stats().queued, 2);
    release.send(()).unwrap();
    blocking.await.unwrap();
    for write in waiting {
        write.await.unwrap();
    }
    assert_eq!(get(&database, 3).await.unwrap(), None, "a refused write has not happened");
    put(&database, 3, 3).await.unwrap();
    let stats = database.stats();
    assert_eq!((stats.queued, stats.transactions), (0, 4));
}

#[tokio::test]
async fn a_failed_sync_stops_the_database_and_tells_everyone() {
    let (disk, database) = on_disk_of_memory();
    put(&database, 1, 1).await.unwrap();
    disk.hold_syncs();
    disk.fail_syncs("the disk is on fire");
    let mut write = Box::pin(put(&database, 1, 2));
    assert!(poll(&mut write).is_pending());
    let mut refused = Box::pin(database.write(|_| Err::<(), _>(Error::Closed)));
    let _ = poll(&mut refused);
    disk.resume_syncs();
    let stopped = write.await.unwrap_err();
    assert!(matches!(&stopped, Error::Stopped { why } if why.contains("the disk is on fire")), "{stopped}");
    assert_eq!(refused.await, Err(stopped.clone()));
    assert_eq!(put(&database, 3, 3).await, Err(stopped.clone()));
    assert_eq!(get(&database, 1).await, Err(stopped.clone()));
    assert_eq!(database.changes::<u64>(0, 9, 999).await.unwrap_err(), stopped);
    assert_eq!(database.health(), Err(stopped.clone()));
    database.close().await;
    disk.lose_unsynced();
    let reopened = Database::on_memory_disk(&disk, OPTIONS).unwrap();
    assert_eq!(get(&reopened, 1).await.unwrap(), Some(1));
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_name_and_size() {
    for database in databases().1 {
        let fits = "x".repeat(MAX_VALUE - 4);
        let too_long = "x".repeat(MAX_VALUE);
        let error = database.write(move |tx| tx.put(&TEXTS, &1, &too_long)).await.unwrap_err();
        assert_eq!(error, Error::TooLarge { table: "texts".into(), size: MAX_VALUE + 4, limit: MAX_VALUE });
        let key = ("k".repeat(2000), 1);
        let error = database.write(move |tx| tx.put(&NAMES, &key, &String::new())).await.unwrap_err();
        assert!(matches!(error, Error::KeyTooLarge { size: 2010, .. }), "{error}");
        let too_long = "x".repeat(MAX_VALUE);
        let error = database.write(move |tx| tx.announce(&too_long)).await.unwrap_err();
        assert!(error.to_string().contains("the change log"), "{error}");
        let stored = fits.clone();
        database.write(move |tx| tx.put(&TEXTS, &1, &stored)).await.unwrap();
        assert_eq!(database.read(|view| view.get(&TEXTS, &1)).await.unwrap(), Some(fits));
    }
}

#[tokio::test]
async fn an_unreadable_row_is_reported_with_its_table() {
    const AS_NUMBER: Table<u64, u64> = Table::new("texts");
    let database = Database::in_memory(OPTIONS);
    database.write(|tx| tx.put(&TEXTS, &1, &"a long text".to_owned())).await.unwrap();
    let error = database.read(|view| view.get(&AS_NUMBER, &1)).await.unwrap_err();
    assert!(error.to_string().contains("a row of table texts"), "{error}");
}

#[tokio::test]
async fn a_cursor_is_kept_with_the_changes_it_stands_for() {
    for database in databases().1 {
        let cursor = Cursor { epoch: Epoch([1; 16]), position: 7, digest: Digest([2; 16]) };
        let aborted = database.write(move |tx| {
            tx.set_cursor("auth", cursor)?;
            assert_eq!(tx.cursor("auth")?, Some(cursor));
            Err::<(), _>(Error::Closed)
        });
        aborted.await.unwrap_err();
        assert_eq!(database.read(|view| view.cursor("auth")).await.unwrap(), None);
        database.write(move |tx| tx.set_cursor("auth", cursor)).await.unwrap();
        assert_eq!(database.read(|view| view.cursor("auth")).await.unwrap(), Some(cursor));
        assert_eq!(database.read(|view| view.cursor("aut")).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_share_batches_and_none_is_lost() {
    for database in databases().1 {
        let writers: Vec<_> = (0..16u64)
            .map(|writer| {
                let database = database.clone();
                tokio::spawn(async move {
                    for _ in 0..50 {
                        let counted = database.write(move |tx| {
                            let count = tx.get(&NUMBERS, &writer)?.unwrap_or(0) + 1;
                            let total = tx.get(&NUMBERS, &99)?.unwrap_or(0) + 1;
                            tx.put(&NUMBERS, &writer, &count)?;
                            tx.put(&NUMBERS, &99, &total)
                        });
                        counted.await.unwrap();
                        let (sum, total) = database
                            .read(|view| {
                                let rows = view.scan(&NUMBERS, &(), None, 99)?;
                                let sum: u64 = rows.iter().filter(|row| row.0 < 16).map(|row| row.1).sum();
                                Ok::<_, Error>((sum, view.get(&NUMBERS, &99)?.unwrap_or(0)))
                            })
                            .await
                            .unwrap();
                        assert_eq!(sum, total, "a view shows whole transactions");
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(get(&database, 99).await.unwrap(), Some(800));
        assert_eq!(database.stats().transactions, 800);
    }
}
