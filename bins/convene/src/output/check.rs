//! What the check of all references found.

use std::fmt::Write as _;

use serde::Serialize;

use super::Document;
use super::text::plain;

/// How many references there are, and what is wrong.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckDocument {
    /// How many references were followed.
    pub(crate) references: u64,
    /// What is wrong.
    pub(crate) dangling: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Finding {
    /// A reference to a row that does not exist.
    Dangling {
        /// Which kind of reference.
        reference: String,
        /// The referring row.
        row: String,
        /// The row that does not exist.
        target: String,
    },
    /// Something else that a service found wrong with its own data.
    Discrepancy {
        /// What.
        discrepancy: String,
        /// Which service.
        service: &'static str,
    },
}

impl Document for CheckDocument {
    fn text(&self) -> String {
        let wrong = match self.dangling.len() {
            0 => "nothing dangles".to_owned(),
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        let mut text = format!("{} references checked: {wrong}\n", self.references);
        for finding in &self.dangling {
            let line = match finding {
                Finding::Dangling { reference, row, target } => {
                    format!("{reference}: {row} refers to {target}, which is not there")
                }
                Finding::Discrepancy { discrepancy, service } => format!("{service}: {discrepancy}"),
            };
            let _ = writeln!(text, "  {}", plain(&line));
        }
        text
    }
}
