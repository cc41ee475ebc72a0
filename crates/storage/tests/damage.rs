//! Damaged files: each file of a database is flipped, cut, zeroed, taken away or exchanged, and the database is refused in words, or
//! has lost nothing. It never panics, and never opens with less than it held.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};

use storage::{Database, Error, Reader, Table};

mod support;
use support::{NUMBERS, OPTIONS, open, put};

const TEXTS: Table<u64, String> = Table::new("texts");

/// A database that was written, closed and written again a few times.
async fn filled(folder: &Path, rows: u64) {
    for round in 0..4 {
        let database = open(folder);
        let keys: Vec<u64> = (0..rows).filter(|key| key % 4 == round).collect();
        for keys in keys.chunks(20).map(<[u64]>::to_vec) {
            let write = database.write(move |tx| {
                for key in keys {
                    tx.put(&NUMBERS, &key, &key)?;
                    tx.put(&TEXTS, &key, &"text ".repeat(usize::try_from(key % 800).unwrap()))?;
                    tx.announce(&key)?;
                }
                Ok::<_, Error>(())
            });
            write.await.unwrap();
        }
        database.close().await;
    }
}

/// All that is in the database, or why it cannot be told.
async fn content(folder: &Path) -> Result<(usize, usize, usize), Error> {
    let database = Database::open(folder, OPTIONS)?;
    let rows = database.read(|view| {
        let numbers = view.scan(&NUMBERS, &(), None, usize::MAX)?;
        let texts = view.scan(&TEXTS, &(), None, usize::MAX)?;
        assert!(numbers.iter().all(|(key, number)| key == number));
        assert!(texts.iter().all(|(key, text)| text.len() == 5 * usize::try_from(key % 800).unwrap()));
        Ok::<_, Error>((numbers.len(), texts.len()))
    });
    let (numbers, texts) = rows.await?;
    let records = database.changes::<u64>(0, usize::MAX, usize::MAX).await?.len();
    database.close().await;
    Ok((numbers, texts, records))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

/// Random numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

/// One kind of damage to one file; `older` is what the file was some time before, `other` that of another service.
fn damage(kind: usize, file: &Path, older: &Path, other: &Path, dice: &mut Dice) -> String {
    let mut bytes = fs::read(file).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let place = dice.below(used);
    let what = match kind {
        0 if used > 0 => {
            bytes[place] ^= 1 << dice.below(8);
            format!("a bit of byte {place} flipped")
        }
        1 if used > 0 => {
            let length = (1 + dice.below(5_000)).min(used - place);
            (place..place + length).for_each(|at| bytes[at] = u8::try_from(dice.below(256)).unwrap());
            format!("{length} bytes from {place} overwritten")
        }
        2 if used > 0 => {
            let length = (1 + dice.below(70_000)).min(used - place);
            bytes[place..place + length].fill(0);
            format!("{length} bytes from {place} zeroed")
        }
        3 => {
            bytes.truncate(place);
            format!("cut at {place}")
        }
        4 => {
            bytes.clear();
            "emptied".to_owned()
        }
        5 => {
            fs::remove_file(file).unwrap();
            return format!("{} taken away", file.display());
        }
        6 if older.exists() => {
            fs::copy(older, file).unwrap();
            return format!("{} set back", file.display());
        }
        7 if other.exists() => {
            fs::copy(other, file).unwrap();
            return format!("{} is another's", file.display());
        }
        _ => "nothing".to_owned(),
    };
    fs::write(file, bytes).unwrap();
    format!("{}: {what}", file.display())
}

/// Panics that nobody told as an error.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HOOK: Once = Once::new();

/// Damages the database of `rows` rows again and again; its file of rows in so many rounds, the others, which are small, in a few.
async fn damaged_again_and_again(rows: u64, rounds: usize, kinds: std::ops::Range<usize>) {
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            if !storage::panics_are_told() {
                PANICS.lock().unwrap().push(panic.to_string());
            }
        }));
    });
    let place = tempfile::tempdir().unwrap();
    let [whole, older, other] = ["whole", "older", "other"].map(|name| place.path().join(name));
    filled(&whole, 8).await;
    copy(&whole, &older);
    let database = Database::open(&other, storage::Options { service: "others", ..OPTIONS }).unwrap();
    put(&database, 1, 1).await.unwrap();
    database.close().await;
    filled(&whole, rows).await;
    let expected = content(&whole).await.unwrap();
    assert_eq!(expected.0, usize::try_from(rows).unwrap());

    let (mut dice, mut refused, mut harmless) = (Dice(rows), 0, 0);
    for round in 0..rounds {
        for file in files(&whole) {
            let name = file.strip_prefix(&whole).unwrap();
            for kind in kinds.clone() {
                // What is always the same is done once.
                if round > 0 && kind >= 4 || round > 3 && name != Path::new("db") {
                    continue;
                }
                let copied = place.path().join("damaged");
                copy(&whole, &copied);
                let what = damage(kind, &copied.join(name), &older.join(name), &other.join(name), &mut dice);
                match Database::open(&copied, OPTIONS) {
                    Err(error) => {
                        let said = error.to_string();
                        assert!(said.contains(copied.to_str().unwrap()), "{what}: {said}");
                        assert!(matches!(error, Error::Damaged { .. } | Error::TooNew { .. }), "{what}: {said}");
                        refused += 1;
                    }
                    Ok(database) => {
                        database.close().await;
                        assert_eq!(content(&copied).await, Ok(expected), "{what}");
                        harmless += 1;
                    }
                }
                fs::remove_dir_all(&copied).unwrap();
            }
        }
    }
    assert!(refused > rounds, "{refused} refused, {harmless} harmless");
    // Not while it is held: a failure here is a panic as well.
    let panics = PANICS.lock().unwrap().clone();
    assert_eq!(panics, [""; 0]);
}

#[tokio::test]
async fn a_damaged_database_is_refused_in_words_or_has_lost_nothing() {
    damaged_again_and_again(400, 24, 0..8).await;
}

/// What a killed process leaves is not all in the file of rows: the journal has the rest, and is damaged here.
#[tokio::test]
async fn so_is_one_whose_process_was_killed() {
    let place = tempfile::tempdir().unwrap();
    let [running, killed] = ["running", "killed"].map(|name| place.path().join(name));
    let database = open(&running);
    for key in 0..120 {
        put(&database, key, key).await.unwrap();
    }
    copy(&running, &killed);
    let expected = content(&killed).await.unwrap();
    assert_eq!(expected.0, 120);
    let (mut dice, mut refused) = (Dice(7), 0);
    for round in 0..60 {
        let damaged = place.path().join("damaged");
        copy(&running, &damaged);
        let file = damaged.join("journal-0");
        let what = damage(round % 6, &file, Path::new("none"), Path::new("none"), &mut dice);
        match content(&damaged).await {
            Err(error) => {
                assert!(matches!(error, Error::Damaged { .. }), "{what}: {error}");
                assert!(error.to_string().contains("writes are lost"), "{what}: {error}");
                refused += 1;
            }
            Ok(found) => assert_eq!(found, expected, "{what}"),
        }
        fs::remove_dir_all(&damaged).unwrap();
    }
    assert!(refused > 30, "{refused} refused");
    database.close().await;
}

#[tokio::test]
async fn so_is_one_that_takes_many_segments() {
    damaged_again_and_again(6_000, 8, 0..4).await;
}
