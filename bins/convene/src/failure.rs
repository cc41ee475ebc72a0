//! Why a command failed, as people and as scripts are told: a message, one line of JSON, an exit code.
//!
//! What the codes mean is fixed in the contract of the command line. What a service says is passed on whole; this module adds
//! only what the command line itself knows: wrong usage, and trouble on this machine.

use std::fmt::Write as _;

use domain::{Error, Service};
use serde::Serialize;

/// Why a command did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// What a service, or a value of the domain, said.
    Refused(Error),
    /// A query that was not answered in time; unlike a command's, its outcome matters to nobody.
    NoAnswer(Service),
    /// A service that waits for its operator's word: what it says of it. Another attempt is of no help before.
    HeldUp(Service, String),
    /// The command line itself is wrong.
    Usage {
        /// What is wrong, and what would be right.
        message: String,
        /// The option or argument that it is about.
        field: Option<&'static str>,
    },
    /// Trouble on this machine: a file that cannot be written, a folder that is not there.
    Here(String),
}

/// A failure as scripts see it.
#[derive(Serialize)]
struct Line<'a> {
    error: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<u64>,
}

impl Failure {
    /// Wrong usage that is about no single option.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), field: None }
    }

    /// Nobody is signed in by this profile.
    pub(crate) fn signed_out() -> Self {
        Self::Refused(Error::unauthenticated(format!("nobody is signed in by this profile; {HOW_TO_SIGN_IN}")))
    }

    /// The stable word for this kind of failure.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::NoAnswer(_) => "deadline",
            Self::HeldUp(..) => "unavailable",
            Self::Usage { .. } => "usage",
            Self::Here(_) => "failure",
        }
    }

    /// The exit code of the process.
    pub(crate) const fn exit(&self) -> u8 {
        match self {
            Self::Refused(error) => match error {
                Error::Internal { .. } => 1,
                Error::InvalidInput { .. } => 2,
                Error::Unauthenticated { .. } => 3,
                Error::Forbidden { .. } => 4,
                Error::NotFound { .. } => 5,
                Error::Conflict { .. } => 6,
                Error::Unavailable { .. } => 7,
                Error::RateLimited { .. } => 8,
                Error::Deadline { .. } => 9,
            },
            Self::NoAnswer(_) => 9,
            Self::HeldUp(..) => 7,
            Self::Usage { .. } => 2,
            Self::Here(_) => 1,
        }
    }

    /// What is wrong and what to do, on one line, without control characters.
    pub(crate) fn message(&self) -> String {
        let said = match self {
            Self::Refused(error @ Error::Deadline { .. }) => {
                format!("{error}; give the same command again to find out: it is never done twice")
            }
            Self::Refused(error @ Error::Unavailable { reason, .. }) if !reason.contains("try again") => {
                format!("{error}; try again")
            }
            Self::Refused(error) => error.to_string(),
            Self::HeldUp(service, why) => format!("{service} waits for its operator; {why}"),
            Self::NoAnswer(service) => format!("{service} did not answer in time; try again"),
            Self::Usage { message, .. } | Self::Here(message) => message.clone(),
        };
        one_line(&said)
    }

    /// The one line of JSON.
    pub(crate) fn json(&self) -> String {
        let (field, retry_after, current_version) = match self {
            Self::Refused(error) => (
                error.field(),
                match error {
                    Error::RateLimited { retry_after_ms, .. } => Some(retry_after_ms.div_ceil(1_000)),
                    _ => None,
                },
                match error {
                    Error::Conflict { current_version, .. } => *current_version,
                    _ => None,
                },
            ),
            Self::Usage { field, .. } => (*field, None, None),
            Self::NoAnswer(_) | Self::HeldUp(..) | Self::Here(_) => (None, None, None),
        };
        let service = self.service().map(Service::name);
        let line = Line {
            error: Told { code: self.code(), message: self.message(), field, service, retry_after, current_version },
        };
        serde_json::to_string(&line)
            .unwrap_or_else(|_| r#"{"error":{"code":"internal","message":"the error cannot be written"}}"#.to_owned())
    }

    /// The service that it is about, if it is about one.
    pub(crate) const fn service(&self) -> Option<Service> {
        match self {
            Self::Refused(error) => error.service(),
            Self::NoAnswer(service) | Self::HeldUp(service, _) => Some(*service),
            Self::Usage { .. } | Self::Here(_) => None,
        }
    }

    /// Whether it says that a service could not be asked, so that something known earlier may stand in for its answer.
    pub(crate) const fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::NoAnswer(_)
                | Self::Refused(Error::Unavailable { .. } | Error::Deadline { .. } | Error::RateLimited { .. })
        )
    }
}

/// How one signs in, said wherever that is what is missing.
pub(crate) const HOW_TO_SIGN_IN: &str = "sign in with: convene login USER";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// The text with line breaks and other control characters made visible.
fn one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, character| {
        if character.is_control() {
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_error() -> Vec<(Error, u8, &'static str)> {
        vec![
            (Error::Internal { service: Service::Auth, incident: "7".to_owned() }, 1, "internal"),
            (Error::invalid("title", "", "it is empty"), 2, "invalid_input"),
            (Error::unauthenticated("no"), 3, "unauthenticated"),
            (Error::forbidden("no"), 4, "forbidden"),
            (Error::not_found("event", "x"), 5, "not_found"),
            (Error::conflict("user", "the name is taken"), 6, "conflict"),
            (Error::unavailable(Service::Events, "refused"), 7, "unavailable"),
            (Error::RateLimited { reason: "too fast".to_owned(), retry_after_ms: 1_500 }, 8, "rate_limited"),
            (Error::Deadline { service: Service::Sharing }, 9, "deadline"),
        ]
    }

    #[test]
    fn who_meets_a_service_that_is_away_is_told_to_try_again_once() {
        for reason in ["connection refused", "auth has not been heard of; try again"] {
            let said = Failure::from(Error::unavailable(Service::Events, reason)).message();
            assert!(said.starts_with("events is unavailable: ") && said.matches("try again").count() == 1, "{said}");
        }
    }

    #[test]
    fn every_error_has_the_exit_code_and_the_word_of_the_contract() {
        for (error, exit, code) in every_error() {
            let failure = Failure::from(error);
            assert_eq!((failure.exit(), failure.code()), (exit, code), "{failure:?}");
        }
        assert_eq!((Failure::usage("x").exit(), Failure::usage("x").code()), (2, "usage"));
        assert_eq!(Failure::Here(String::new()).exit(), 1);
        assert_eq!(Failure::NoAnswer(Service::Auth).exit(), 9);
    }

    #[test]
    fn every_failure_is_one_line_of_json_with_a_code_and_a_message() {
        let hostile = Failure::Here("two\nlines\u{1b}[2J".to_owned());
        for failure in every_error().into_iter().map(|(error, ..)| error.into()).chain([hostile]) {
            let line = failure.json();
            assert!(!line.contains('\n') && !line.contains('\u{1b}'), "{line}");
            let read: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert!(read["error"]["code"].is_string() && read["error"]["message"].is_string(), "{line}");
        }
    }

    #[test]
    fn what_an_error_is_about_is_named_in_its_json() {
        let json = |error: Error| serde_json::from_str::<serde_json::Value>(&Failure::from(error).json()).unwrap();
        assert_eq!(json(Error::not_found("user", "bob"))["error"]["field"], "user");
        assert_eq!(json(Error::unavailable(Service::Events, "refused"))["error"]["service"], "events");
        assert_eq!(
            json(Error::RateLimited { reason: String::new(), retry_after_ms: 1_500 })["error"]["retry_after"],
            2
        );
        assert!(json(Error::forbidden("no"))["error"].get("field").is_none());
    }
}
