//! What became of an iCalendar file.

use std::fmt::Write as _;

use client::importing::Report;
use serde::Serialize;

use super::Document;
use super::text::plain;

/// What was imported.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ImportDocument {
    /// New events.
    pub(crate) imported: usize,
    /// Events that were imported before, in a newer version.
    pub(crate) updated: usize,
    /// Events that were imported before, as they were.
    pub(crate) unchanged: usize,
    /// What is no event of one's own now.
    pub(crate) skipped: Vec<SkippedDocument>,
    /// What was not taken as it stands in the file.
    pub(crate) notes: Vec<NoteDocument>,
    #[serde(skip)]
    dry_run: bool,
    /// The counts in words.
    #[serde(skip)]
    counts: String,
}

/// A component of the file that gave no event.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SkippedDocument {
    /// Its identity, if it has one.
    pub(crate) uid: Option<String>,
    /// Its line in the file.
    pub(crate) line: usize,
    /// Why.
    pub(crate) reason: String,
}

/// Something of an event that was not taken as it stands in the file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NoteDocument {
    /// The line in the file.
    pub(crate) line: usize,
    /// What.
    pub(crate) text: String,
}

impl ImportDocument {
    /// Of a report; with `dry_run`, of what would be done.
    pub(crate) fn of(report: Report, dry_run: bool) -> Self {
        let counts = report.counts();
        let Report { imported, updated, unchanged, skipped, notes } = report;
        let skipped =
            skipped.into_iter().map(|one| SkippedDocument { uid: one.uid, line: one.line, reason: one.reason });
        let notes = notes.into_iter().map(|note| NoteDocument { line: note.line, text: note.text });
        Self { imported, updated, unchanged, skipped: skipped.collect(), notes: notes.collect(), dry_run, counts }
    }
}

impl Document for ImportDocument {
    fn text(&self) -> String {
        let would = if self.dry_run { "Nothing was done. It would be: " } else { "" };
        let mut text = format!("{would}{}\n", self.counts);
        for skipped in &self.skipped {
            let uid = skipped.uid.as_ref().map_or_else(String::new, |uid| format!(" ({})", plain(uid)));
            let _ = writeln!(text, "skipped, line {}: {}{uid}", skipped.line, plain(&skipped.reason));
        }
        for note in &self.notes {
            let _ = writeln!(text, "note, line {}: {}", note.line, plain(&note.text));
        }
        text
    }
}

/// What was exported, if that was written to a file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExportDocument {
    /// How many events.
    pub(crate) events: usize,
    /// To which file; `None` for standard output.
    pub(crate) file: Option<String>,
}

impl Document for ExportDocument {
    fn text(&self) -> String {
        let what = if self.events == 1 { "1 event".to_owned() } else { format!("{} events", self.events) };
        match &self.file {
            Some(file) => format!("{what} written to {}\n", plain(file)),
            None => String::new(),
        }
    }
}
