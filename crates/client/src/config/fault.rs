//! What is said of a file that is not right: where, what stands there, and what would be right.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why the file was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which file.
    pub file: PathBuf,
    /// Which line, from 1; `None` if it cannot be read at all.
    pub line: Option<usize>,
    /// The setting, `keys."new event"`; empty if the line is no setting.
    pub key: String,
    /// What stands there; empty if the key itself is what is wrong.
    pub value: String,
    /// What would be right, or why it cannot be read.
    pub right: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        match (self.key.as_str(), self.value.as_str()) {
            ("", _) => write!(f, ": {}", self.right),
            (key, "") => write!(f, ": {key}: {}", self.right),
            (key, value) => write!(f, ": {key} = {value}: {}", self.right),
        }
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// The same of another file.
    pub(super) fn in_file(self, file: &Path) -> Self {
        Self { file: file.to_owned(), ..self }
    }
}
