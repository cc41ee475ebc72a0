//! The journal in front of sled: the same rows whatever is where, and after any crash what was durable.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::mpsc;

use proptest::prelude::*;

use super::*;

const CACHE: u64 = 8 << 20;
/// A few batches fill a segment, and some batches no segment holds.
const SMALL: usize = 512;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn open(folder: &Path) -> Journaled {
    Journaled::with_segments_of(SMALL, folder, CACHE).unwrap()
}

fn key(number: u8) -> Vec<u8> {
    vec![b'k', number]
}

fn put(number: u8, value: &[u8]) -> Changes {
    Changes::from([(key(number), Some(value.to_vec()))])
}

fn write(engine: &Journaled, changes: &Changes) {
    engine.prepare(changes).unwrap();
    engine.apply(changes).unwrap();
    engine.sync().unwrap();
}

/// The rows of whoever uses the engine, as it tells them in this direction.
fn rows(engine: &Journaled, direction: Direction, limit: usize) -> Vec<Row> {
    engine.rows(&KeyRange::of_prefix(b"k"), direction, limit).unwrap()
}

fn assert_holds(engine: &Journaled, model: &Model) {
    let all: Vec<Row> = model.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for limit in [0, 1, 3, usize::MAX] {
        let first: Vec<Row> = all.iter().take(limit).cloned().collect();
        let last: Vec<Row> = all.iter().rev().take(limit).cloned().collect();
        assert_eq!(rows(engine, Direction::Ascending, limit), first, "the first {limit}");
        assert_eq!(rows(engine, Direction::Descending, limit), last, "the last {limit}");
    }
    for number in 0..=u8::MAX {
        assert_eq!(engine.get(&key(number)).unwrap(), model.get(&key(number)).cloned(), "key {number}");
    }
}

/// What is full waits from here on, or no more.
fn hold(engine: &Journaled, held: bool) {
    engine.tables.checkpoints.lock().held = held;
    engine.tables.changed.notify_all();
}

/// Whether a write of `changes` has to wait for something to be taken over.
fn would_wait(engine: &Journaled, changes: &Changes) -> bool {
    let length = Journal::length_of(changes);
    let writing = engine.writing.lock();
    let goes_on = writing.journal.as_ref().is_none_or(|journal| journal.has_room_for(length));
    !goes_on && (length > SMALL || engine.tables.checkpoints.lock().waiting > SEGMENTS - 2)
}

/// The files of a database as they are at a moment, with what a killed process leaves; without `lost`.
fn copied(folder: &Path, lost: &[&str]) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    // The journal before sled's file: what leaves it meanwhile is there.
    names.sort_by_key(|name| name == "db");
    for name in names.iter().filter(|name| !lost.iter().any(|lost| name == lost)) {
        if folder.join(name).is_file() {
            fs::copy(folder.join(name), copy.path().join(name)).unwrap();
        }
    }
    copy
}

#[derive(Debug, Clone)]
enum Step {
    /// Rows to put with so many bytes, or to delete.
    Write(BTreeMap<u8, Option<usize>>),
    /// What is full waits from here on, or no more.
    Hold(bool),
    Look,
    Crash,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = proptest::option::weighted(0.8, prop_oneof![9 => 0..40_usize, 1 => 200..700_usize]);
    prop_oneof![
        8 => proptest::collection::btree_map(0..24_u8, bytes, 1..6).prop_map(Step::Write),
        1 => any::<bool>().prop_map(Step::Hold),
        2 => Just(Step::Look),
        1 => Just(Step::Crash),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn wherever_a_row_is_readers_see_what_was_written_last_and_so_does_the_next_start(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut engine, mut model) = (open(folder.path()), Model::new());
        for step in steps {
            match step {
                Step::Write(changes) => {
                    let changes: Changes =
                        changes.into_iter().map(|(number, bytes)| (key(number), bytes.map(|bytes| vec![number; bytes]))).collect();
                    for (key, value) in &changes {
                        match value {
                            Some(value) => model.insert(key.clone(), value.clone()),
                            None => model.remove(key),
                        };
                    }
                    if would_wait(&engine, &changes) {
                        hold(&engine, false);
                    }
                    write(&engine, &changes);
                }
                Step::Hold(held) => hold(&engine, held),
                Step::Look => assert_holds(&engine, &model),
                Step::Crash => {
                    let copy = copied(folder.path(), &[]);
                    let reopened = open(copy.path());
                    assert_holds(&reopened, &model);
                    // It goes on from there.
                    write(&reopened, &put(200, b"after"));
                    drop(reopened);
                    prop_assert_eq!(open(copy.path()).get(&key(200)).unwrap(), Some(b"after".to_vec()));
                }
                Step::Reopen => {
                    drop(engine);
                    engine = open(folder.path());
                    assert_holds(&engine, &model);
                }
            }
        }
    }
}

#[test]
fn a_closed_database_is_whole_without_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    (0..40).for_each(|number| write(&engine, &put(number, &[number; 30])));
    drop(engine);
    let names: Vec<String> = (0..SEGMENTS).map(|turn| format!("journal-{turn}")).collect();
    let copy = copied(folder.path(), &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_holds(&open(copy.path()), &(0..40).map(|number| (key(number), vec![number; 30])).collect());
}

#[test]
fn a_killed_database_without_a_segment_that_it_needs_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    write(&engine, &put(0, b"not in the journal: it brings the salt"));
    hold(&engine, true);
    for number in 1..25 {
        write(&engine, &put(number, &[number; 30]));
    }
    assert!(engine.tables.checkpoints.lock().waiting > 0, "more than one segment is in use");
    for turn in 0..2 {
        let name = format!("journal-{turn}");
        let copy = copied(folder.path(), &[&name]);
        let refused = Journaled::open(copy.path(), CACHE).err();
        assert!(matches!(refused, Some(Error::Damaged { .. })), "{name}: {refused:?}");
    }
    // Set back as a whole, it is not taken for what is there now.
    let older = copied(folder.path(), &["db", "watermark"]);
    hold(&engine, false);
    for number in 25..60 {
        write(&engine, &put(number, &[number; 30]));
    }
    let copy = copied(folder.path(), &[]);
    for turn in 0..SEGMENTS {
        let name = format!("journal-{turn}");
        if older.path().join(&name).exists() {
            fs::copy(older.path().join(&name), copy.path().join(&name)).unwrap();
        }
    }
    let refused = Journaled::open(copy.path(), CACHE).err();
    assert!(matches!(refused, Some(Error::Damaged { .. })), "{refused:?}");
}

#[test]
fn the_journal_of_another_database_is_not_taken() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (engine, others) = (open(folder.path()), open(other.path()));
    write(&engine, &put(1, b"ours"));
    write(&others, &put(1, b"theirs"));
    write(&others, &put(2, b"theirs"));
    let copy = copied(folder.path(), &[]);
    fs::copy(other.path().join("journal-0"), copy.path().join("journal-0")).unwrap();
    assert_holds(&open(copy.path()), &Model::from([(key(1), b"ours".to_vec())]));
}

#[test]
fn whoever_writes_faster_than_rows_are_taken_over_waits_for_a_segment_and_those_who_give_way_before() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(open(folder.path()));
    write(&engine, &put(0, b"salt"));
    let mut behind = engine.behind().unwrap();
    hold(&engine, true);
    let (told, written) = mpsc::channel();
    let writer = Arc::clone(&engine);
    let writing = std::thread::spawn(move || {
        for number in 0..100 {
            write(&writer, &put(number, &[number; 100]));
            told.send(number).unwrap();
        }
    });
    // Three segments are full, and the fourth has no room for the next batch.
    let a_segment = SMALL / Journal::length_of(&put(0, &[0; 100]));
    let before = u8::try_from(SEGMENTS * a_segment).unwrap();
    assert_eq!(written.iter().take(before.into()).last(), Some(before - 1));
    assert!(*behind.borrow_and_update());
    assert_eq!(engine.tables.checkpoints.lock().waiting, SEGMENTS - 1);
    assert!(written.try_recv().is_err());
    hold(&engine, false);
    assert_eq!(written.iter().last(), Some(99));
    writing.join().unwrap();
    engine.tables.wait_for(0).unwrap();
    assert!(!*behind.borrow_and_update());
}

#[test]
fn when_rows_cannot_be_taken_over_nothing_more_is_written_and_the_next_start_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    write(&engine, &put(1, b"kept"));
    write(&engine, &put(2, b"kept, in the journal alone"));
    engine.tables.fail(&Error::Engine { why: "no room".to_owned() });
    let refused = engine.prepare(&put(3, b"refused")).unwrap_err();
    assert_eq!(refused, Error::Engine { why: "no room".to_owned() });
    let kept = Model::from([(key(1), b"kept".to_vec()), (key(2), b"kept, in the journal alone".to_vec())]);
    assert_holds(&engine, &kept);
    drop(engine);
    assert_holds(&open(folder.path()), &kept);
}

mod of_the_journal {
    //! The journal by itself.

    use super::super::journal::{Journal, Salt};
    use super::*;

    const LENGTH: usize = 4096;

    fn of(batches: std::ops::RangeInclusive<u64>, folder: &Path, salt: Salt) {
        let mut journal = Journal::empty(folder, salt, LENGTH);
        for number in batches {
            journal.append(number, &put(u8::try_from(number).unwrap(), &[7; 20]));
            journal.sync().unwrap();
        }
    }

    fn recovered(folder: &Path, salt: Salt, after: u64) -> (usize, u64) {
        let (changes, last) = Journal::recovered(folder, salt, after).unwrap();
        for (key, value) in &changes {
            assert!(u64::from(key[1]) > after && u64::from(key[1]) <= last);
            assert_eq!(value.as_deref(), Some([7; 20].as_slice()));
        }
        (changes.len(), last)
    }

    #[test]
    fn a_record_cut_off_or_changed_anywhere_is_the_end_and_what_is_before_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let salt = Salt::mint().unwrap();
        of(1..=3, folder.path(), salt);
        let path = folder.path().join("journal-0");
        let whole = fs::read(&path).unwrap();
        let record = Journal::length_of(&put(1, &[7; 20]));
        for at in 0..3 * record {
            for damage in [0_u8, 1, 0x80] {
                let mut bytes = whole.clone();
                match damage {
                    0 => bytes.truncate(at),
                    bit => bytes[at] ^= bit,
                }
                fs::write(&path, bytes).unwrap();
                let left = u64::try_from(at / record).unwrap();
                assert_eq!(recovered(folder.path(), salt, 0), (at / record, left), "byte {at}, {damage}");
            }
        }
    }

    #[test]
    fn what_a_segment_held_before_is_not_taken_for_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let salt = Salt::mint().unwrap();
        of(1..=9, folder.path(), salt);
        of(10..=11, folder.path(), salt);
        assert_eq!(recovered(folder.path(), salt, 9), (2, 11));
        assert_eq!(recovered(folder.path(), salt, 11), (0, 11));
        assert_eq!(recovered(folder.path(), Salt::mint().unwrap(), 9), (0, 9));
    }

    #[test]
    fn a_batch_that_is_missing_before_others_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let salt = Salt::mint().unwrap();
        of(5..=9, folder.path(), salt);
        assert_eq!(recovered(folder.path(), salt, 4), (5, 9));
        let refused = Journal::recovered(folder.path(), salt, 3).unwrap_err().to_string();
        assert!(refused.contains("write 4 is missing in its journal, which has write 5"), "{refused}");
    }

    #[test]
    fn a_segment_is_as_long_as_it_will_be_from_the_first_write_on() {
        let folder = tempfile::tempdir().unwrap();
        let salt = Salt::mint().unwrap();
        let path = folder.path().join("journal-0");
        fs::write(&path, [9; 100]).unwrap();
        of(1..=1, folder.path(), salt);
        assert_eq!(fs::metadata(&path).unwrap().len(), LENGTH as u64);
        of(2..=60, folder.path(), salt);
        assert_eq!(fs::metadata(&path).unwrap().len(), LENGTH as u64);
    }
}
