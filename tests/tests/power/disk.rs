//! What a disk may hold after the power failed at a moment of a recording.
//!
//! The rules are those of a journaling file system on a disk that keeps its promise about syncs and no other:
//! * bytes written to a file are there once a later sync of that file has ended; before, each sector of 512 bytes is there or not,
//!   independently of all others, in whatever order they were written;
//! * what happened to names (creating, renaming, removing) and lengths happened in order, and is there at least up to the last sync of
//!   anything that had ended; from there on, up to any point before the moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use convene_tests::Random;
use convene_tests::load::Micros;

use super::recording::{Offset, Recording, What};

const SECTOR: usize = 512;

/// What became of what had not been synced.
pub(crate) struct Survived {
    kept: usize,
    lost: usize,
}

impl fmt::Display for Survived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {} unsynced sectors {} lost", self.kept + self.lost, self.lost)
    }
}

/// A file, whatever it is called.
type Inode = usize;

#[derive(Default)]
struct Names {
    files: BTreeMap<PathBuf, Inode>,
    folders: BTreeSet<PathBuf>,
}

/// Whether a disk does what a sync asks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    KeepsSyncs,
    /// To show that a loss is noticed.
    ForgetsSyncs,
}

/// Writes into `target` what may be left of `recording` at `moment`.
pub(crate) fn rebuild(
    recording: &Recording,
    moment: Micros,
    disk: Disk,
    random: &mut Random,
    target: &Path,
) -> Survived {
    let synced = last_syncs(recording, moment);
    let named_until = recording.changes.iter().filter(|change| matches!(change.what, What::Sync(_)));
    let named_until = named_until.map(|change| change.ended).filter(|ended| *ended <= moment).max().unwrap_or(0);
    let named_until = named_until + random.below(moment.saturating_sub(named_until) + 1);
    // How much of what was not synced survives: sometimes nearly everything, sometimes nearly nothing.
    let chance = [5, 50, 95][usize::try_from(random.below(3)).unwrap()];
    let mut survived = Survived { kept: 0, lost: 0 };
    // As the processes saw it, and as the disk has it.
    let (mut seen, mut kept) = (Names::default(), Names::default());
    let mut contents: Vec<Vec<u8>> = Vec::new();
    let mut lengths: Vec<usize> = Vec::new();
    for change in recording.changes.iter().take_while(|change| change.began <= moment) {
        if let What::Write { path, offset, bytes } = &change.what {
            let Some(&inode) = seen.files.get(path) else { continue };
            let at = match offset {
                Offset::At(at) => usize::try_from(*at).unwrap(),
                Offset::End => lengths[inode],
            };
            lengths[inode] = lengths[inode].max(at + bytes.len());
            let durable = disk == Disk::KeepsSyncs && synced.get(path).is_some_and(|sync| change.ended <= *sync);
            for (index, byte_range) in sectors(at, bytes.len()) {
                let kept_here = durable || random.below(100) < chance;
                if !durable {
                    if kept_here { survived.kept += 1 } else { survived.lost += 1 }
                }
                if kept_here {
                    put(&mut contents[inode], index, &bytes[byte_range]);
                }
            }
            continue;
        }
        let on_disk = change.ended <= named_until;
        apply(&change.what, &mut seen, &mut kept, on_disk, &mut contents, &mut lengths);
    }
    for folder in &kept.folders {
        fs::create_dir_all(target.join(folder)).unwrap();
    }
    for (name, inode) in &kept.files {
        let path = target.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &contents[*inode]).unwrap();
        if name == Path::new("operator.key") {
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
    }
    survived
}

/// When the last sync of each file began that had ended at `moment`: what was written before is on the disk.
fn last_syncs(recording: &Recording, moment: Micros) -> BTreeMap<PathBuf, Micros> {
    let mut last = BTreeMap::new();
    for change in recording.changes.iter().filter(|change| change.ended <= moment) {
        if let What::Sync(path) = &change.what {
            last.insert(path.clone(), change.began);
        }
    }
    last
}

/// The pieces of a write by sector: where each goes, and which of its bytes.
fn sectors(at: usize, length: usize) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        (from < length).then(|| {
            let room = SECTOR - (at + from) % SECTOR;
            let piece = from..(from + room).min(length);
            let place = at + from;
            from = piece.end;
            (place, piece)
        })
    })
}

fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

fn apply(
    what: &What,
    seen: &mut Names,
    kept: &mut Names,
    on_disk: bool,
    contents: &mut Vec<Vec<u8>>,
    lengths: &mut Vec<usize>,
) {
    let both = [Some(&mut *seen), on_disk.then_some(&mut *kept)];
    match what {
        What::Folder(path) => both.into_iter().flatten().for_each(|names| {
            names.folders.insert(path.clone());
        }),
        What::Open { path, truncate } => {
            let known = seen.files.get(path).copied();
            let inode = known.unwrap_or_else(|| {
                contents.push(Vec::new());
                lengths.push(0);
                contents.len() - 1
            });
            if *truncate {
                lengths[inode] = 0;
                contents[inode].clear();
            }
            seen.files.insert(path.clone(), inode);
            if on_disk {
                kept.files.insert(path.clone(), inode);
            }
        }
        What::Length { path, length } => {
            let Some(&inode) = seen.files.get(path) else { return };
            let length = usize::try_from(*length).unwrap();
            lengths[inode] = length;
            if on_disk || length < contents[inode].len() {
                contents[inode].resize(length, 0);
            }
        }
        What::Rename { from, to } => both.into_iter().flatten().for_each(|names| {
            if let Some(inode) = names.files.remove(from) {
                names.files.insert(to.clone(), inode);
            }
        }),
        What::Link { from, to } => both.into_iter().flatten().for_each(|names| {
            if let Some(inode) = names.files.get(from).copied() {
                names.files.insert(to.clone(), inode);
            }
        }),
        What::Unlink(path) => both.into_iter().flatten().for_each(|names| {
            names.files.remove(path);
            names.folders.remove(path);
        }),
        What::Sync(_) | What::Write { .. } => {}
    }
}
