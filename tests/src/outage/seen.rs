//! The words that people were told during an outage, written down on request: `CONVENE_MATRIX` names a file to which every walk adds
//! what it saw, a line each. The assertions are elsewhere; this is for the report.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;

use domain::{Error, Service};
use parking_lot::Mutex;

use super::Manner;
use crate::Said;

/// What is seen during one outage.
pub(super) struct Seen {
    outage: String,
    lines: Mutex<String>,
}

impl Seen {
    pub(super) fn during(away: &[Service], manner: Manner) -> Self {
        let names: Vec<&str> = away.iter().map(|service| service.name()).collect();
        let outage = format!("{} {}", names.join(" and "), format!("{manner:?}").to_lowercase());
        Self { outage, lines: Mutex::default() }
    }

    /// A call was refused.
    pub(super) fn call(&self, row: &str, error: &Error) {
        self.line("call", row, &error.to_string());
    }

    /// A command has said something.
    pub(super) fn command(&self, row: &str, said: &Said) {
        let took = said.took.as_millis();
        self.line("command", row, &format!("exit {} after {took} ms: {}", said.code, said.err.trim()));
    }

    /// A screen has said something.
    pub(super) fn screen(&self, pane: &str, words: &str) {
        self.line("screen", pane, words);
    }

    fn line(&self, way: &str, what: &str, words: &str) {
        let _ = writeln!(self.lines.lock(), "{}\t{way}\t{what}\t{}", self.outage, words.replace('\n', " "));
    }

    /// Adds it all to the file that was asked for.
    pub(super) fn is_written_down(&self) {
        let Some(path) = std::env::var_os("CONVENE_MATRIX") else { return };
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        file.write_all(self.lines.lock().as_bytes()).unwrap();
    }
}
