//! A calendar file that is imported: how far it is, and what became of it until now.
//!
//! Nothing of it outlives a run. An import is repeatable, since events know each other by their `UID`: whoever imports the same file again
//! goes on where it stopped, and what was done already is unchanged.

use std::io;
use std::path::Path;

use domain::{Error, Zone};

use super::effect::RequestId;
use crate::importing::{NotRead, Origin, Report};

/// What is to be imported, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToImport {
    /// The path, as it was typed.
    pub(crate) file: String,
    /// The zone of times whose own zone is nowhere to be found.
    pub(crate) zone: Zone,
    /// Whether it is only asked what would be done.
    pub(crate) only_look: bool,
}

impl ToImport {
    /// The file's name, without its folders.
    pub(crate) fn name(&self) -> &str {
        Path::new(&self.file).file_name().and_then(|name| name.to_str()).unwrap_or(&self.file)
    }
}

/// What of a folder may be meant while a path is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    /// The folder, as it was typed, with the `/` at its end; empty for the one in which the client was started.
    pub(crate) path: String,
    /// Its calendar files, and its folders with a `/` at their end; by name.
    pub(crate) names: Vec<String>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The file is opened, and its components are found.
    Opening,
    /// One event after the other is given to the events service.
    Running,
    /// The whole file has been imported, or looked at.
    Ended,
    /// It was stopped, and why.
    Stopped(String),
}

/// A file being imported, or the last one that was.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) wanted: ToImport,
    pub(crate) stage: Stage,
    /// The file's handle in the world.
    pub(crate) reading: RequestId,
    /// Bytes of it that are understood, and of how many.
    pub(crate) done: usize,
    pub(crate) total: usize,
    pub(crate) report: Report,
    /// The event on its way to the service.
    pub(crate) sent: Option<(RequestId, Origin)>,
    /// Whether the next piece of the file is wanted.
    pub(crate) reads_on: bool,
    /// Why what became of the event on its way is not known yet.
    pub(crate) trouble: Option<Error>,
}

impl Import {
    pub(crate) fn begun(wanted: ToImport, reading: RequestId) -> Self {
        Self {
            wanted,
            stage: Stage::Opening,
            reading,
            done: 0,
            total: 0,
            report: Report::default(),
            sent: None,
            reads_on: false,
            trouble: None,
        }
    }

    /// Whether it goes on.
    pub(crate) const fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Opening | Stage::Running)
    }

    /// Whether there is something left of it to be done: what was only looked at, or stopped before its end.
    pub(crate) const fn can_go_on(&self) -> bool {
        match self.stage {
            Stage::Opening | Stage::Running => false,
            Stage::Ended => self.wanted.only_look,
            Stage::Stopped(_) => true,
        }
    }

    /// How much of the file is understood, from 0 to 100. What is understood is also done, but for the event on its way.
    pub(crate) fn percent(&self) -> usize {
        self.done.saturating_mul(100).checked_div(self.total).unwrap_or(0).min(100)
    }

    /// How many lines the report has below its counts.
    pub(crate) fn rows(&self) -> usize {
        self.report.skipped.len() + self.report.notes.len()
    }
}

/// Why a file was not read, and what to do.
pub(crate) fn not_read(path: &Path, error: &NotRead) -> String {
    let path = path.display();
    match error {
        NotRead::Io(error) => match error.kind() {
            io::ErrorKind::NotFound => format!("{path} is not there; type the path of a file that is"),
            io::ErrorKind::IsADirectory => format!("{path} is a folder; type the path of a file in it"),
            io::ErrorKind::PermissionDenied => {
                format!("{path} is not yours to read; let its owner change that, or type another path")
            }
            _ => format!("{path} cannot be read: {error}"),
        },
        NotRead::Refused(refused) => {
            format!("{path}, line {}: {}; type the path of a calendar file (.ics)", refused.line, refused.reason)
        }
    }
}
