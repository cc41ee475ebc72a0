//! The write-ahead log of an engine: what makes a batch durable with one write and one sync, before the rows themselves are anywhere else.
//!
//! It is kept in a few files of one size, its *segments*, which are written in turns from their beginnings, over what they held before:
//! a file that does not grow is synced without its metadata. A record is
//!
//! | bytes | what                                                                                        |
//! |------:|---------------------------------------------------------------------------------------------|
//! |     4 | the length of the changes, big-endian                                                       |
//! |     8 | the number of the batch, big-endian                                                         |
//! |    16 | a digest (BLAKE3, cut) of the database's own salt, the number and the changes               |
//! |     n | the changes ([`encoding`](crate::engine::encoding))                                         |
//!
//! Read back, a segment ends at the first record whose digest is wrong: that is where writing stopped. What it held before can follow, whole; it is known by
//! its number, which sled has passed. The salt keeps the journal of another database from being taken for this one's. A record begins in the
//! sector in which the one before it ends: that a sector is written whole or not at all is taken for granted, as by others who do so. Damage
//! in the middle looks the same as an end; what was durable is noted elsewhere ([`watermark`](crate::engine::sled)), and a database that has
//! less is refused.
//!
//! When a segment may be written over is for [`Journaled`](super::Journaled) to say.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::engine::Changes;
use crate::engine::encoding::{append_row, parse};
use crate::engine::sled::file_error;
use crate::error::Error;

/// How many segments there are.
pub(super) const SEGMENTS: usize = 4;
/// How long each is: what it holds is also held in memory, and is what a start has to catch up with.
pub(super) const SEGMENT_BYTES: usize = 1 << 20;
/// What a new segment is first written with, again and again.
const BLOCK: [u8; 4 << 10] = [0; 4 << 10];
/// What a record takes besides its changes.
const HEADER_BYTES: usize = 4 + 8 + DIGEST_BYTES;
const DIGEST_BYTES: usize = 16;
const SALT_BYTES: usize = 16;

/// What the records of one database are known by.
#[derive(Clone, Copy)]
pub(super) struct Salt([u8; SALT_BYTES]);

impl Salt {
    pub(super) fn mint() -> Result<Self, Error> {
        let mut bytes = [0; SALT_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| Error::Engine { why: format!("no randomness: {error}") })?;
        Ok(Self(bytes))
    }

    pub(super) fn read(stored: &[u8]) -> Option<Self> {
        stored.try_into().ok().map(Self)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn digest(&self, number: u64, changes: &[u8]) -> [u8; DIGEST_BYTES] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0).update(&number.to_be_bytes()).update(changes);
        let mut digest = [0; DIGEST_BYTES];
        hasher.finalize_xof().fill(&mut digest);
        digest
    }
}

/// The journal as it is written.
pub(super) struct Journal {
    folder: PathBuf,
    salt: Salt,
    /// How long a segment is.
    length: usize,
    /// Opened, and made if need be, when its turn comes.
    segment: Option<File>,
    turn: usize,
    /// How much of the segment is written.
    written: usize,
    /// Records that are not written yet.
    unwritten: Vec<u8>,
}

impl Journal {
    /// The journal in `folder`, with segments of `length` bytes, whose records are all held somewhere else.
    pub(super) fn empty(folder: &Path, salt: Salt, length: usize) -> Self {
        let folder = folder.to_owned();
        Self { folder, salt, length, segment: None, turn: 0, written: 0, unwritten: Vec::new() }
    }

    /// Whether a segment can hold so many bytes.
    pub(super) fn can_hold(&self, length: usize) -> bool {
        length <= self.length
    }

    /// How many bytes `changes` take.
    pub(super) fn length_of(changes: &Changes) -> usize {
        let row = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| 9 + key.len() + value.as_ref().map_or(0, Vec::len);
        HEADER_BYTES + changes.iter().map(row).sum::<usize>()
    }

    /// How many bytes the segments in `folder` take.
    pub(super) fn size_on_disk(folder: &Path) -> u64 {
        let length = |turn| std::fs::metadata(folder.join(name(turn))).map_or(0, |segment| segment.len());
        (0..SEGMENTS).map(length).sum()
    }

    /// Whether its segment holds nothing that is in use.
    pub(super) fn is_at_its_beginning(&self) -> bool {
        self.written == 0 && self.unwritten.is_empty()
    }

    /// Whether so many bytes more go into the segment.
    pub(super) fn has_room_for(&self, length: usize) -> bool {
        self.written + self.unwritten.len() + length <= self.length
    }

    /// Appends the batch of this number; durable after [`Journal::sync`].
    pub(super) fn append(&mut self, number: u64, changes: &Changes) {
        let begin = self.unwritten.len();
        self.unwritten.resize(begin + HEADER_BYTES, 0);
        for (key, value) in changes {
            append_row(&mut self.unwritten, key, value.as_deref());
        }
        let Some((header, payload)) =
            self.unwritten.get_mut(begin..).and_then(|record| record.split_at_mut_checked(HEADER_BYTES))
        else {
            return;
        };
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let digest = self.salt.digest(number, payload);
        let bytes = length.to_be_bytes().into_iter().chain(number.to_be_bytes()).chain(digest);
        header.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    }

    /// Makes all that is appended durable.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let path = self.folder.join(name(self.turn));
        let segment = match self.segment.take() {
            Some(segment) => segment,
            None => opened(&self.folder, &path, self.length)?,
        };
        let at = u64::try_from(self.written).unwrap_or(u64::MAX);
        segment.write_all_at(&self.unwritten, at).map_err(|error| file_error("write", &path, &error))?;
        segment.sync_data().map_err(|error| file_error("sync", &path, &error))?;
        self.segment = Some(segment);
        self.written += self.unwritten.len();
        self.unwritten.clear();
        Ok(())
    }

    /// Goes on at the beginning of the next segment. All that is appended must be durable, and what that segment holds no more needed.
    pub(super) fn turn(&mut self) {
        self.turn = (self.turn + 1) % SEGMENTS;
        self.segment = None;
        self.written = 0;
    }

    /// What the segments in `folder` hold beyond the batch `after`, merged, and the number of the last batch of it.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a batch is missing before one that is there; [`Error::File`] for what the system refuses.
    pub(super) fn recovered(folder: &Path, salt: Salt, after: u64) -> Result<(Changes, u64), Error> {
        let mut found = Vec::new();
        for turn in 0..SEGMENTS {
            found.extend(records(&bytes_of(&folder.join(name(turn)))?, salt));
        }
        found.retain(|(number, _)| *number > after);
        found.sort_by_key(|(number, _)| *number);
        let (mut merged, mut last) = (Changes::new(), after);
        for (number, changes) in found {
            if number != last + 1 {
                let why = format!("write {} is missing in its journal, which has write {number}", last + 1);
                return Err(Error::Damaged { path: folder.to_owned(), why });
            }
            merged.extend(changes);
            last = number;
        }
        Ok((merged, last))
    }
}

fn name(turn: usize) -> String {
    format!("journal-{turn}")
}

/// Opens a segment. A new one is written once from end to end, so that the places of its blocks are settled; block by block, because the
/// system's cache remembers how it was written, and takes what was written at once for changed at once later.
fn opened(folder: &Path, path: &Path, length: usize) -> Result<File, Error> {
    let refused = |doing| move |error: std::io::Error| file_error(doing, path, &error);
    let segment =
        File::options().create(true).truncate(false).read(true).write(true).open(path).map_err(refused("open"))?;
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    if segment.metadata().map_err(refused("examine"))?.len() != length {
        segment.set_len(0).map_err(refused("write"))?;
        for begin in (0..length).step_by(BLOCK.len()) {
            segment.write_all_at(&BLOCK, begin).map_err(refused("write"))?;
        }
        segment.set_len(length).map_err(refused("write"))?;
        segment.sync_all().map_err(refused("sync"))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| file_error("sync", folder, &error))?;
    }
    Ok(segment)
}

/// All of a segment; nothing if there is none.
fn bytes_of(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(segment) => {
            // No more than we write, whatever somebody has made of it.
            let read = segment.take(SEGMENT_BYTES as u64).read_to_end(&mut bytes);
            read.map_err(|error| file_error("read", path, &error))?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(file_error("open", path, &error)),
    }
    Ok(bytes)
}

/// The records at the beginning of `bytes`.
fn records(mut bytes: &[u8], salt: Salt) -> Vec<(u64, Changes)> {
    let mut found = Vec::new();
    while let Some((number, changes, rest)) = record(bytes, salt) {
        found.push((number, changes));
        bytes = rest;
    }
    found
}

fn record(bytes: &[u8], salt: Salt) -> Option<(u64, Changes, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let (digest, rest) = rest.split_first_chunk::<DIGEST_BYTES>()?;
    let (payload, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let number = u64::from_be_bytes(*number);
    if salt.digest(number, payload) != *digest {
        return None;
    }
    Some((number, parse(payload)?, rest))
}
