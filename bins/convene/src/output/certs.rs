//! Certificates, and what was made of them.

use std::fmt::Write as _;

use certs::{Look, Made, State};
use serde::Serialize;

use super::Document;
use super::table::Table;
use super::text::plain;

/// Every certificate of a folder.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CertificatesDocument {
    certificates: Vec<CertificateFields>,
}

#[derive(Clone, Debug, Serialize)]
struct CertificateFields {
    holder: String,
    file: String,
    hosts: Vec<String>,
    not_after: String,
    state: &'static str,
}

/// What was made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MadeDocument {
    made: Vec<MadeFields>,
}

#[derive(Clone, Debug, Serialize)]
struct MadeFields {
    holder: String,
    file: String,
}

impl From<&[Look]> for CertificatesDocument {
    fn from(looks: &[Look]) -> Self {
        let fields = |look: &Look| CertificateFields {
            holder: look.holder.clone(),
            file: look.file.display().to_string(),
            hosts: look.hosts.clone(),
            not_after: jiff::Timestamp::from_second(look.not_after.as_seconds()).unwrap_or_default().to_string(),
            state: word(look.state),
        };
        Self { certificates: looks.iter().map(fields).collect() }
    }
}

const fn word(state: State) -> &'static str {
    match state {
        State::Good => "good",
        State::EndsSoon => "ends_soon",
        State::Expired => "expired",
        State::NotYet => "not_yet",
        State::Foreign => "foreign",
        State::NoKey => "no_key",
    }
}

impl CertificatesDocument {
    /// Whether each of them can be used today.
    pub(crate) fn all_of_use(&self) -> bool {
        self.certificates.iter().all(|certificate| matches!(certificate.state, "good" | "ends_soon"))
    }
}

impl Document for CertificatesDocument {
    fn text(&self) -> String {
        let mut table = Table::new(["WHOSE", "UNTIL", "STATE", "FOR"]);
        for seen in &self.certificates {
            let state = match seen.state {
                "ends_soon" => "ends soon: renew it",
                "expired" => "expired: renew it",
                "not_yet" => "not good yet",
                "foreign" => "of another authority",
                "no_key" => "its key is missing",
                other => other,
            };
            let day = seen.not_after.get(..10).unwrap_or_default();
            table.row([&seen.holder, day, state, &seen.hosts.join(", ")]);
        }
        table.lines("There are none.")
    }
}

impl From<&[Made]> for MadeDocument {
    fn from(made: &[Made]) -> Self {
        let fields = |made: &Made| MadeFields { holder: made.holder.clone(), file: made.file.display().to_string() };
        Self { made: made.iter().map(fields).collect() }
    }
}

impl Document for MadeDocument {
    fn text(&self) -> String {
        if self.made.is_empty() {
            return "Nothing to make: all certificates are there and good.\n".to_owned();
        }
        let mut text = String::new();
        for made in &self.made {
            let _ = writeln!(text, "made {}: {}", plain(&made.holder), plain(&made.file));
        }
        text
    }
}
