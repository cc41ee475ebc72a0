//! What is printed: for every answer one document, as JSON for scripts (the contract's words and no others' order) and as text for
//! people.
//!
//! The commands choose the document; nothing is printed before a command is over, so that standard output holds a whole document
//! or nothing.

mod account;
mod alarm;
mod availability;
mod calendar;
mod certs;
mod check;
mod conflict;
mod event;
mod files;
mod invitation;
mod shares;
mod status;
mod table;
mod text;
mod time;

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use domain::{Reply, Service};
use serde::Serialize;
use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;

use crate::failure::Failure;

pub(crate) use account::UserDocument;
pub(crate) use alarm::{AlarmDocument, AlarmListDocument};
pub(crate) use availability::{BusyDocument, FreeDocument};
pub(crate) use calendar::CalendarDocument;
pub(crate) use certs::{CertificatesDocument, MadeDocument};
pub(crate) use check::{CheckDocument, Finding};
pub(crate) use conflict::Conflict;
pub(crate) use event::{EventDocument, EventListDocument};
pub(crate) use files::{ExportDocument, ImportDocument};
pub(crate) use invitation::{InvitationDocument, InvitationListDocument, ParticipantsDocument};
pub(crate) use shares::SharesDocument;
pub(crate) use status::{ServiceDocument, ServiceState, StatusDocument};

/// An answer that can be printed in both ways.
pub(crate) trait Document: Serialize {
    /// For people: lines, each ended by a line break, without control characters.
    fn text(&self) -> String;
}

/// What must be said besides the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// Services whose latest changes the answer may lack.
    pub(crate) behind: BTreeSet<Service>,
    /// Something that not every service knows of yet.
    pub(crate) unsettled: bool,
    /// What the event overlaps with in one's own calendar, if that was asked; the inner `None` if it is not known.
    pub(crate) overlaps: Option<Option<Vec<Conflict>>>,
    /// Sentences for people.
    pub(crate) remarks: Vec<String>,
}

/// A command's outcome, ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Printed {
    /// The JSON document.
    pub(crate) json: String,
    /// The text.
    pub(crate) text: String,
    /// What is said on standard error.
    pub(crate) notes: Notes,
    /// The exit code.
    pub(crate) exit: u8,
}

#[derive(Serialize)]
struct Envelope<'a, D> {
    #[serde(flatten)]
    document: &'a D,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflicts: Option<Option<&'a [Conflict]>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    behind: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<bool>,
}

impl Notes {
    /// Takes in what a reply says about itself, and gives its value.
    pub(crate) fn take_in<T>(&mut self, reply: Reply<T>) -> T {
        self.behind.extend(reply.behind);
        self.unsettled |= !reply.settled;
        reply.value
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = self.remarks.clone();
        lines.extend(self.overlaps.iter().flat_map(|overlaps| conflict::lines(overlaps.as_deref())));
        if !self.behind.is_empty() {
            let names: Vec<_> = self.behind.iter().map(|service| service.name()).collect();
            lines.push(format!("this may lack the latest changes from {}", names.join(", ")));
        }
        if self.unsettled {
            lines.push("done, but not every service knows of it yet".to_owned());
        }
        lines
    }
}

impl Printed {
    /// The outcome of a command that did what was asked.
    pub(crate) fn new(document: &impl Document, notes: Notes) -> Self {
        let behind = notes.behind.iter().map(|service| service.name()).collect();
        let conflicts = notes.overlaps.as_ref().map(Option::as_deref);
        let envelope = Envelope { document, conflicts, behind, settled: notes.unsettled.then_some(false) };
        // Documents are texts, numbers and lists: there is nothing in them that JSON cannot say.
        let json = serde_json::to_string(&envelope).unwrap_or_default();
        Self { json, text: document.text(), notes, exit: 0 }
    }

    /// The same with another exit code.
    pub(crate) fn exiting(self, exit: u8) -> Self {
        Self { exit, ..self }
    }
}

/// Prints a command's outcome; gives the exit code.
pub(crate) fn print(outcome: &Result<Printed, Failure>, json: bool) -> u8 {
    match outcome {
        Ok(printed) if json => answer(&format!("{}\n", printed.json), printed.exit),
        Ok(printed) => {
            for line in printed.notes.lines() {
                note(&line);
            }
            answer(&printed.text, printed.exit)
        }
        Err(failure) => {
            message(&if json { format!("{}\n", failure.json()) } else { format!("convene: {}\n", failure.message()) });
            failure.exit()
        }
    }
}

/// Writes to standard output. A reader who has gone (`| head`) is no error; a full disk is.
pub(crate) fn answer(text: &str, exit: u8) -> u8 {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            message(&format!("convene: standard output cannot be written: {error}\n"));
            exit.max(1)
        }
        _ => exit,
    }
}

/// Writes to standard output at once, for whoever reads line by line.
///
/// # Errors
/// As writing does; a broken pipe is a reader who has gone.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Waits until whoever reads standard output has gone, which a pipe tells before anything is written; for ever, if nobody can tell.
pub(crate) async fn reader_gone() {
    // Only watched, never written to: so it may stay as it is and need not be a pipe. What has no reader, as a file, cannot be watched.
    let watched = io::stdout().as_fd().try_clone_to_owned().and_then(Sender::from_owned_fd_unchecked);
    match watched {
        Ok(out) => drop(out.ready(Interest::ERROR).await),
        Err(_) => std::future::pending().await,
    }
}

/// Writes to standard error what is said besides an answer.
pub(crate) fn note(text: &str) {
    message(&format!("note: {}\n", text::plain(text)));
}

/// Writes to standard error. When nobody listens there, there is nobody left to tell.
pub(crate) fn message(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests;
