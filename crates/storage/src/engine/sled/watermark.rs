//! A mark outside sled of how many batches are durable.
//!
//! sled takes a damaged record for the torn end of its log and silently forgets everything behind it: one flipped
//! byte can undo a month. So each batch writes its number as a row, and once it is durable the number is noted here.
//! A database that opens with a lower number has lost what was acknowledged, and is refused.
//!
//! The note itself is synced only now and then: one that a power cut has set back, or torn, only promises less.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::file_error;
use crate::error::Error;

const FILE: &str = "watermark";

/// The file of that name.
pub(super) struct Watermark {
    file: File,
    path: PathBuf,
}

impl Watermark {
    /// Opens the mark in `folder`, and tells the last number noted; 0 if there is none.
    pub(super) fn open(folder: &Path) -> Result<(Self, u64), Error> {
        let path = folder.join(FILE);
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| file_error("open", &path, &error))?;
        let mut note = [0; 16];
        let noted = match file.read_exact(&mut note) {
            Ok(()) => read(note),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(file_error("read", &path, &error)),
        };
        Ok((Watermark { file, path }, noted))
    }

    /// Notes that `batch` is durable.
    pub(super) fn note(&self, batch: u64) -> Result<(), Error> {
        let note = [batch.to_be_bytes(), check(batch)].concat();
        self.file.write_all_at(&note, 0).map_err(|error| file_error("write", &self.path, &error))
    }

    /// Makes the note itself durable.
    pub(super) fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(|error| file_error("sync", &self.path, &error))
    }
}

fn read(note: [u8; 16]) -> u64 {
    let [a, b, c, d, e, f, g, h, stored @ ..] = note;
    let batch = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    if check(batch) == stored { batch } else { 0 }
}

fn check(batch: u64) -> [u8; 8] {
    let mut check = [0; 8];
    blake3::Hasher::new().update(&batch.to_be_bytes()).finalize_xof().fill(&mut check);
    check
}
