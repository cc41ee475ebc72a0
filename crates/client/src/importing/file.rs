//! A file being read: opened, bounded and understood on a thread of its own, so that neither a screen nor a service waits for a disk.
//!
//! The thread is not one of the runtime's: a disk that never answers must not keep the program from ending. It reads ahead of whoever
//! takes the events by a few of them only.

use std::io::{self, Read};
use std::thread;

use domain::Zone;
use domain::events::ImportEvent;
use icalendar::{Reader, Refused, Skipped};
use tokio::sync::{mpsc, oneshot};

use super::Origin;

/// Events that are understood before they are asked for.
const AHEAD: usize = 8;

/// An iCalendar file being read. Dropped, the reading ends.
#[derive(Debug)]
pub struct Calendar {
    total: usize,
    pieces: mpsc::Receiver<Piece>,
}

/// Some of a file: what of it gave no event, and then an event. The last piece has none.
#[derive(Debug)]
pub struct Piece {
    /// The components before the event that gave none.
    pub skipped: Vec<Skipped>,
    /// The event; `None` at the end of the file.
    pub event: Option<Box<Wanted>>,
    /// How many bytes of components are understood by now, of [`Calendar::total`].
    pub done: usize,
}

/// An event that is to be imported.
#[derive(Debug)]
pub struct Wanted {
    /// What is asked of the events service.
    pub request: ImportEvent,
    /// Where it comes from.
    pub origin: Origin,
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// It cannot be opened, or read to its end.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no calendar, or too large.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The reading ended before the file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file was not read to its end: the reader met an error of its own")]
pub struct Broken;

impl Calendar {
    /// Opens a file with `open` and finds its components; no more than [`icalendar::MAX_FILE`] bytes of it are read. `zone` is that of times
    /// whose own zone is nowhere to be found. With `dry_run`, its events only ask what would be done.
    ///
    /// # Errors
    /// If it cannot be read, is larger than that, or no calendar.
    pub async fn open<R: Read>(
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        zone: Zone,
        dry_run: bool,
    ) -> Result<Self, NotRead> {
        let (tell, opened) = oneshot::channel::<Result<usize, NotRead>>();
        let (send, pieces) = mpsc::channel(AHEAD);
        thread::Builder::new().name("calendar file".to_owned()).spawn(move || {
            let bytes = match open().and_then(bounded) {
                Ok(bytes) => bytes,
                Err(error) => return drop(tell.send(Err(error.into()))),
            };
            match Reader::open(&bytes, &zone) {
                Ok(reader) => {
                    if tell.send(Ok(reader.total())).is_ok() {
                        give(reader, dry_run, &send);
                    }
                }
                Err(refused) => drop(tell.send(Err(refused.into()))),
            }
        })?;
        let total = opened.await.unwrap_or_else(|_| Err(io::Error::other(Broken).into()))?;
        Ok(Self { total, pieces })
    }

    /// How many bytes of components there are to understand.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// The next piece. Nothing comes after the one without an event.
    ///
    /// # Errors
    /// If the reading ended before the file did.
    pub async fn next(&mut self) -> Result<Piece, Broken> {
        self.pieces.recv().await.ok_or(Broken)
    }
}

/// All bytes, but no more than one beyond what is read at once: so many are too many.
fn bounded(file: impl Read) -> io::Result<Vec<u8>> {
    let most = u64::try_from(icalendar::MAX_FILE).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Gives piece after piece, until nobody takes them any more.
fn give(mut reader: Reader<'_>, dry_run: bool, send: &mpsc::Sender<Piece>) {
    let mut skipped = Vec::new();
    while let Some(item) = reader.next() {
        let event = match item {
            Ok(event) => event,
            Err(without) => {
                skipped.push(without);
                continue;
            }
        };
        let origin = Origin { uid: event.uid.clone(), line: event.line, notes: event.notes.clone() };
        match event.into_import(dry_run) {
            Ok(request) => {
                let event = Some(Box::new(Wanted { request, origin }));
                let piece = Piece { skipped: std::mem::take(&mut skipped), event, done: reader.done() };
                if send.blocking_send(piece).is_err() {
                    return;
                }
            }
            Err(error) => {
                skipped.push(Skipped { uid: Some(origin.uid), line: origin.line, reason: error.to_string() });
            }
        }
    }
    // Whoever went away meanwhile does not ask for the end either.
    let _ = send.blocking_send(Piece { skipped, event: None, done: reader.done() });
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:t\nEND:VTODO\n\
        BEGIN:VEVENT\nUID:1\nDTSTART:20270310T090000Z\nSUMMARY:Standup\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:2\nDTSTART:20270311T090000Z\nSUMMARY:Lunch\nEND:VEVENT\n\
        BEGIN:VJOURNAL\nUID:j\nEND:VJOURNAL\nEND:VCALENDAR\n";

    async fn opened(text: &'static str) -> Result<Calendar, NotRead> {
        Calendar::open(move || Ok(text.as_bytes()), Zone::utc(), true).await
    }

    #[tokio::test]
    async fn every_component_comes_in_some_piece_and_the_last_piece_is_without_an_event() {
        let mut calendar = opened(TWO).await.unwrap();
        let first = calendar.next().await.unwrap();
        assert_eq!(first.skipped.iter().map(|skipped| skipped.line).collect::<Vec<_>>(), [2]);
        let wanted = first.event.unwrap();
        assert_eq!((wanted.request.title.as_str(), wanted.origin.line), ("Standup", 5));
        assert!(wanted.request.dry_run);
        assert_eq!(calendar.next().await.unwrap().event.unwrap().origin.uid, "2");
        let last = calendar.next().await.unwrap();
        assert!(last.event.is_none() && last.done == calendar.total());
        assert_eq!(last.skipped.iter().map(|skipped| skipped.line).collect::<Vec<_>>(), [15]);
        assert_eq!(calendar.next().await.unwrap_err(), Broken);
    }

    #[tokio::test]
    async fn what_cannot_be_read_and_what_is_no_calendar_is_said_before_there_is_a_piece() {
        let gone = Calendar::open(|| std::fs::File::open("/nowhere/at-all.ics"), Zone::utc(), false).await;
        assert!(matches!(gone, Err(NotRead::Io(error)) if error.kind() == io::ErrorKind::NotFound));
        assert!(matches!(opened("<html>").await, Err(NotRead::Refused(Refused { line: 1, .. }))));
    }

    #[tokio::test]
    async fn a_file_without_an_end_is_read_up_to_the_bound_and_refused() {
        let endless = Calendar::open(|| Ok(io::repeat(b' ')), Zone::utc(), false).await;
        let Err(NotRead::Refused(refused)) = endless else { panic!("{endless:?}") };
        assert!(refused.reason.contains("at most"), "{refused}");
    }

    #[tokio::test]
    async fn a_reader_that_panics_is_said_to_be_broken() {
        struct Breaks;
        impl Read for Breaks {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("it breaks");
            }
        }
        let broken = Calendar::open(|| Ok(Breaks), Zone::utc(), false).await;
        assert!(matches!(broken, Err(NotRead::Io(error)) if error.to_string() == Broken.to_string()));
    }
}
