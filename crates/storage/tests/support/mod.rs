//! What the tests of the database share.
#![allow(dead_code, reason = "each test program uses a part")]

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use storage::{Database, Error, MemoryDisk, Options, Table};

pub(crate) const OPTIONS: Options = Options { cache_bytes: 8 << 20, ..Options::new("tests", 1) };

pub(crate) const NUMBERS: Table<u64, u64> = Table::new("numbers");
pub(crate) const NAMES: Table<(String, i64), String> = Table::new("names");

/// A value of a type of its own.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Numbered(pub(crate) u64, pub(crate) String);
impl storage::Value for Numbered {}

/// Both engines, with the folder that must outlive one of them.
pub(crate) fn databases() -> (tempfile::TempDir, Vec<Database>) {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = Database::open(folder.path(), OPTIONS).unwrap();
    (folder, vec![on_disk, Database::in_memory(OPTIONS)])
}

pub(crate) fn open(folder: &Path) -> Database {
    Database::open(folder, OPTIONS).unwrap()
}

/// A database whose syncs are in the test's hand.
pub(crate) fn on_disk_of_memory() -> (MemoryDisk, Database) {
    let disk = MemoryDisk::new();
    let database = Database::on_memory_disk(&disk, OPTIONS).unwrap();
    (disk, database)
}

pub(crate) async fn put(database: &Database, key: u64, value: u64) -> Result<(), Error> {
    database.write(move |tx| tx.put(&NUMBERS, &key, &value)).await
}

pub(crate) async fn get(database: &Database, key: u64) -> Result<Option<u64>, Error> {
    use storage::Reader as _;
    database.read(|view| view.get(&NUMBERS, &key)).await
}

/// Polls once.
pub(crate) fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// `bytes` with each run of zeros written as a zero and the run's length (4 bytes): a data file is mostly empty.
pub(crate) fn zeros_packed(mut bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    while let Some((&first, rest)) = bytes.split_first() {
        packed.push(first);
        if first == 0 {
            let run = bytes.iter().take_while(|byte| **byte == 0).count();
            packed.extend_from_slice(&u32::try_from(run).unwrap().to_be_bytes());
            bytes = &bytes[run..];
        } else {
            bytes = rest;
        }
    }
    packed
}

/// The bytes that [`zeros_packed`] packed.
pub(crate) fn zeros_restored(mut packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some((&first, rest)) = packed.split_first() {
        packed = rest;
        if first == 0 {
            let (run, rest) = packed.split_first_chunk::<4>().unwrap();
            bytes.resize(bytes.len() + usize::try_from(u32::from_be_bytes(*run)).unwrap(), 0);
            packed = rest;
        } else {
            bytes.push(first);
        }
    }
    bytes
}
