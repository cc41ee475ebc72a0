//! Backups: the whole of a database as a stream of bytes, made while it is written to, and made a database again.
//!
//! The stream knows nothing of the engine, so it can be restored into another one. It is a header and then *frames* of changes, each
//! with a digest chained over all before it; the last frame says how many there were. A stream that was cut off, or in which anything was
//! changed, is told by that before a single row of it is used.
//!
//! **Consistent while people write.** Rows are read page by page, and meanwhile the writer hands over a copy of each batch that it
//! applies. Each page is preceded by all batches that it already shows, so whoever applies the frames one after the other ends with what
//! the database held when the last page was read: whole transactions, rows and log together.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::database::Database;
use crate::engine::encoding::{append_bytes, append_row, parse};
use crate::engine::{Changes, Direction, Engine, KeyRange};
use crate::error::Error;
use crate::key::MAX_KEY;
use crate::layout::{ENGINE, IDENTITY, JOURNAL};
use crate::startup::{self, FORMAT};
use crate::value::MAX_VALUE;

/// What every backup begins with: what it is, and in which version of this format.
const MAGIC: &[u8; 20] = b"convene backup 001\n\0";
/// How many rows are read at once.
const ROWS_A_PAGE: usize = 256;
/// A frame holds about as much, in bytes; one row more at most.
const FRAME: usize = 1 << 20;
/// More than any frame holds.
const MAX_FRAME: usize = 2 * FRAME + MAX_KEY + MAX_VALUE;
/// How much the writer may be ahead of a backup, in bytes, before the backup is given up: it must not hold the writer up.
const MOST_AHEAD: usize = 256 << 20;
/// How many frames are applied between two syncs.
const FRAMES_A_SYNC: u64 = 64;

type FrameDigest = [u8; 16];

const HEADER: u8 = b'h';
const CHANGES: u8 = b'c';
const END: u8 = b'e';

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupHeader {
    /// The format of the storage itself.
    format: u32,
    /// The version of the service's own data.
    schema: u32,
    /// Whose database it is.
    pub service: String,
}

#[derive(Serialize, Deserialize)]
struct End {
    /// How many frames of changes there were.
    frames: u64,
}

/// Batches on their way from the writer to one backup.
pub(crate) struct Tap(Mutex<Tapped>);

#[derive(Default)]
struct Tapped {
    batches: VecDeque<Changes>,
    bytes: usize,
    /// There were more than can be kept: the backup is worth nothing any more.
    overflown: bool,
}

impl Tap {
    /// Takes a copy of a batch that is being applied.
    pub(crate) fn take(&self, changes: &Changes) {
        let mut tapped = self.0.lock();
        let size = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| key.len() + value.as_ref().map_or(0, Vec::len);
        tapped.bytes += changes.iter().map(size).sum::<usize>();
        if tapped.bytes > MOST_AHEAD {
            *tapped = Tapped { overflown: true, ..Tapped::default() };
        }
        if !tapped.overflown {
            tapped.batches.push_back(changes.clone());
        }
    }

    fn drain(&self) -> Result<Vec<Changes>, Error> {
        let mut tapped = self.0.lock();
        if tapped.overflown {
            let why = "people wrote faster than it could be put away: try again when there is less to do";
            return Err(Error::Backup { why: why.to_owned() });
        }
        tapped.bytes = 0;
        Ok(tapped.batches.drain(..).collect())
    }
}

/// A backup that is being made. Dropping it gives it up.
pub struct Backup {
    db: Database,
    tap: Arc<Tap>,
    frames: Frames,
    stage: Stage,
}

enum Stage {
    Header(Vec<u8>),
    Rows(KeyRange),
    Done,
}

/// The frames written so far.
#[derive(Default)]
struct Frames {
    digest: FrameDigest,
    number: u64,
}

impl Backup {
    /// Begins a backup of `db`.
    pub(crate) fn of(db: &Database) -> Result<Self, Error> {
        let tap = Arc::new(Tap(Mutex::default()));
        // No batch is applied while the view is open: none is missing between it and the tap.
        let identity = db.look(|view| {
            db.shared.taps.lock().push(Arc::downgrade(&tap));
            view.engine().get(IDENTITY)?.ok_or_else(|| Error::Engine { why: "it has no identity".to_owned() })
        })?;
        let stage = Stage::Header(identity.0?);
        Ok(Backup { db: db.clone(), tap, frames: Frames::default(), stage })
    }

    /// The next piece of the stream; `None` behind the last. After an error what was given so far is no backup.
    ///
    /// # Errors
    /// [`Error::Backup`] if it cannot keep up with the writer; what the database reports.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut out = Vec::new();
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Header(identity) => {
                let (schema, service) = startup::whose(&identity)?;
                out.extend_from_slice(MAGIC);
                self.frames.append(
                    &mut out,
                    HEADER,
                    &codec::encode(&BackupHeader { format: FORMAT, schema, service })?,
                );
                self.stage = Stage::Rows(KeyRange::everything());
            }
            Stage::Rows(mut range) => {
                let tap = Arc::clone(&self.tap);
                let (read, shown) = self.db.look(|view| {
                    let before = tap.drain()?;
                    let rows = view.engine().rows(&range, Direction::Ascending, ROWS_A_PAGE)?;
                    Ok::<_, Error>((before, rows))
                })?;
                let (before, rows) = read?;
                // Nothing that a power cut could still take back is in a backup.
                self.db.shared.durable(shown).await?;
                for batch in before {
                    self.frames.append_changes(&mut out, batch.iter().map(|(key, value)| (key, value.as_deref())));
                }
                self.frames.append_changes(&mut out, rows.iter().map(|(key, value)| (key, Some(value.as_slice()))));
                match rows.last() {
                    Some((last, _)) if rows.len() == ROWS_A_PAGE => {
                        range.skip_to_after(last);
                        self.stage = Stage::Rows(range);
                    }
                    _ => {
                        let end = End { frames: self.frames.number };
                        self.frames.append(&mut out, END, &codec::encode(&end)?);
                    }
                }
            }
            Stage::Done => return Ok(None),
        }
        Ok(Some(out))
    }
}

/// The engine's own rows and the identity are not part of a backup: a restored database gets its own.
fn is_kept(key: &[u8]) -> bool {
    ![ENGINE, JOURNAL, IDENTITY].contains(&key)
}

impl Frames {
    fn append_changes<'a>(&mut self, out: &mut Vec<u8>, rows: impl Iterator<Item = (&'a Vec<u8>, Option<&'a [u8]>)>) {
        let mut payload = Vec::new();
        for (key, value) in rows.filter(|(key, _)| is_kept(key)) {
            append_row(&mut payload, key, value);
            if payload.len() >= FRAME {
                self.append_one(out, &mut payload);
            }
        }
        self.append_one(out, &mut payload);
    }

    fn append_one(&mut self, out: &mut Vec<u8>, payload: &mut Vec<u8>) {
        if !payload.is_empty() {
            self.number += 1;
            self.append(out, CHANGES, payload);
            payload.clear();
        }
    }

    fn append(&mut self, out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
        out.push(kind);
        append_bytes(out, payload);
        self.digest = chained(self.digest, kind, payload);
        out.extend_from_slice(&self.digest);
    }
}

fn chained(before: FrameDigest, kind: u8, payload: &[u8]) -> FrameDigest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before).update(&[kind]).update(payload);
    let mut digest = [0; 16];
    hasher.finalize_xof().fill(&mut digest);
    digest
}

/// Reads a backup from its beginning to its end.
struct Reading<R> {
    from: R,
    digest: FrameDigest,
    frames: u64,
}

impl<R: Read> Reading<R> {
    /// Reads the header.
    fn begin(mut from: R) -> Result<(Self, BackupHeader), Error> {
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic).map_err(|_| unusable("it is no backup of Convene"))?;
        if &magic != MAGIC {
            let same_kind = magic.starts_with(b"convene backup ");
            let why = "it is a backup in a format of a newer release: use that release";
            return Err(unusable(if same_kind { why } else { "it is no backup of Convene" }));
        }
        let mut reading = Reading { from, digest: FrameDigest::default(), frames: 0 };
        match reading.frame()? {
            (HEADER, payload) => {
                let header = codec::decode(&payload).map_err(|_| unusable("its header cannot be read"))?;
                Ok((reading, header))
            }
            _ => Err(unusable("its header is missing")),
        }
    }

    /// The next changes; `None` behind the last frame.
    fn changes(&mut self) -> Result<Option<Changes>, Error> {
        match self.frame()? {
            (CHANGES, payload) => {
                self.frames += 1;
                let changes = parse(&payload).filter(|changes| changes.keys().all(|key| is_kept(key)));
                changes.map(Some).ok_or_else(|| unusable("a frame of it makes no sense"))
            }
            (END, payload) => {
                let end: End = codec::decode(&payload).map_err(|_| unusable("its end cannot be read"))?;
                let nothing = self.from.read(&mut [0]).map_err(|error| unreadable(&error))? == 0;
                if end.frames == self.frames && nothing {
                    Ok(None)
                } else {
                    Err(unusable("its end is in the wrong place"))
                }
            }
            _ => Err(unusable("a frame of it is of no known kind")),
        }
    }

    fn frame(&mut self) -> Result<(u8, Vec<u8>), Error> {
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_FRAME {
            return Err(unusable("it is damaged"));
        }
        let mut payload = vec![0; length];
        self.fill(&mut payload)?;
        let mut digest = FrameDigest::default();
        self.fill(&mut digest)?;
        self.digest = chained(self.digest, kind, &payload);
        if self.digest == digest { Ok((kind, payload)) } else { Err(unusable("it is damaged")) }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.from.read_exact(bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => unusable("it is cut off: its end is missing"),
            _ => unreadable(&error),
        })
    }
}

fn unusable(why: &str) -> Error {
    Error::Backup { why: why.to_owned() }
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::Backup { why: format!("it cannot be read: {error}") }
}

/// Reads a backup to its end and changes nothing.
///
/// # Errors
/// [`Error::Backup`] if it is damaged, cut off, of another service than `service`, or of a newer release than one whose data
/// has the version `schema`.
pub fn examine_backup(backup: impl Read, service: &str, schema: u32) -> Result<BackupHeader, Error> {
    let (mut reading, header) = Reading::begin(backup)?;
    check(&header, service, schema)?;
    while reading.changes()?.is_some() {}
    Ok(header)
}

fn check(header: &BackupHeader, service: &str, schema: u32) -> Result<(), Error> {
    if header.service != service {
        return Err(Error::Backup { why: format!("it is of {}, not of {service}", header.service) });
    }
    if header.format > FORMAT || header.schema > schema {
        return Err(unusable("a newer release made it: use that release, or a newer one"));
    }
    Ok(())
}

/// Makes a backup the content of a new engine, with a history of its own. Its identity comes last: until then it is no database.
pub(crate) fn restore(engine: &dyn Engine, backup: impl Read, service: &str, schema: u32) -> Result<(), Error> {
    let (mut reading, header) = Reading::begin(backup)?;
    check(&header, service, schema)?;
    while let Some(changes) = reading.changes()? {
        engine.apply(&changes)?;
        if reading.frames.is_multiple_of(FRAMES_A_SYNC) {
            engine.sync()?;
        }
    }
    engine.sync()?;
    let identity = startup::new_identity(&header.service, header.schema)?;
    engine.apply(&Changes::from([(IDENTITY.to_vec(), Some(identity))]))?;
    engine.sync()?;
    engine.mark_created()
}
