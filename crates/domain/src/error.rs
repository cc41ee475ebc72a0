//! The one error that every service method returns, on both sides of a wire.
//!
//! It says what the caller may know and act on. What only the operator may know (a storage error, a bug) stays in the
//! service's log under an incident id, and crosses as [`Error::Internal`] with that id alone.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::Service;

/// Why a call did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Error {
    /// The request itself is wrong; the same request can never succeed.
    #[error("{field}: {}{reason}", quoted(value))]
    InvalidInput {
        /// The field, in the words of the command line.
        field: String,
        /// What was given, shortened and with control characters escaped; empty for secrets.
        value: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// Nobody is signed in, or the session has ended.
    #[error("{reason}")]
    Unauthenticated {
        /// Why, and how to sign in.
        reason: String,
    },
    /// The actor may see it, but not do this to it.
    #[error("{reason}")]
    Forbidden {
        /// What is not allowed and to whom it is.
        reason: String,
    },
    /// It does not exist, or the actor may not know that it does.
    #[error("no such {field}: {value}")]
    NotFound {
        /// What kind of thing was looked for: `event`, `user`, …
        field: String,
        /// The name or id that was given.
        value: String,
    },
    /// A name is taken, or a version outdated, or the thing is in a state that does not allow this.
    #[error("{reason}")]
    Conflict {
        /// The field that conflicts.
        field: String,
        /// What it conflicts with and what to do.
        reason: String,
        /// For an outdated version: the current one.
        current_version: Option<u64>,
    },
    /// Too much, too fast. Certainly not executed.
    #[error("{reason}; try again in {} s", retry_after_ms.div_ceil(1000))]
    RateLimited {
        /// What there was too much of.
        reason: String,
        /// When another attempt makes sense, in milliseconds.
        retry_after_ms: u64,
    },
    /// A service that is needed cannot be reached. Certainly not executed.
    #[error("{service} is unavailable: {reason}")]
    Unavailable {
        /// The service that is missing.
        service: Service,
        /// What was seen of it, and what to do.
        reason: String,
    },
    /// No answer within the deadline, or the connection was lost after the request was sent: it may have been done.
    #[error("{service} did not answer in time; whether it was done is not known")]
    Deadline {
        /// The service that did not answer.
        service: Service,
    },
    /// A fault of ours. The details are in the service's log under this incident.
    #[error("internal error in {service}; the details are in its log under incident {incident}")]
    Internal {
        /// The service whose log has the details.
        service: Service,
        /// The id to look for.
        incident: String,
    },
}

/// Whether the same request may be sent again, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retryable {
    /// Another attempt gives the same answer.
    Never,
    /// It was certainly not executed: any request may be sent again.
    Safely,
    /// It may have been executed: a query may be repeated, a command only under the same idempotency key.
    UnderTheSameKey,
}

impl Error {
    /// An [`Error::InvalidInput`], with the value shortened and made safe to print.
    pub fn invalid(field: impl Into<String>, value: impl AsRef<str>, reason: impl Into<String>) -> Self {
        Self::InvalidInput { field: field.into(), value: printable(value.as_ref()), reason: reason.into() }
    }

    /// An [`Error::InvalidInput`] about a value that must not be repeated: a password, a token.
    pub fn invalid_secret(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidInput { field: field.into(), value: String::new(), reason: reason.into() }
    }

    /// An [`Error::NotFound`].
    pub fn not_found(field: impl Into<String>, value: impl std::fmt::Display) -> Self {
        Self::NotFound { field: field.into(), value: printable(&format!("{value}")) }
    }

    /// An [`Error::Forbidden`].
    pub fn forbidden(reason: impl Into<String>) -> Self {
        Self::Forbidden { reason: reason.into() }
    }

    /// An [`Error::Unauthenticated`].
    pub fn unauthenticated(reason: impl Into<String>) -> Self {
        Self::Unauthenticated { reason: reason.into() }
    }

    /// An [`Error::Conflict`] that is not about a version.
    pub fn conflict(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Conflict { field: field.into(), reason: reason.into(), current_version: None }
    }

    /// An [`Error::Unavailable`].
    pub fn unavailable(service: Service, reason: impl Into<String>) -> Self {
        Self::Unavailable { service, reason: reason.into() }
    }

    /// The stable word for this kind of error, as scripts see it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput { .. } => "invalid_input",
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Conflict { .. } => "conflict",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { .. } => "unavailable",
            Self::Deadline { .. } => "deadline",
            Self::Internal { .. } => "internal",
        }
    }

    /// Whether the same request may be sent again.
    #[must_use]
    pub const fn retryable(&self) -> Retryable {
        match self {
            Self::InvalidInput { .. }
            | Self::Unauthenticated { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Internal { .. } => Retryable::Never,
            Self::RateLimited { .. } | Self::Unavailable { .. } => Retryable::Safely,
            Self::Deadline { .. } => Retryable::UnderTheSameKey,
        }
    }

    /// The service that the error is about, if it is about one.
    #[must_use]
    pub const fn service(&self) -> Option<Service> {
        match self {
            Self::Unavailable { service, .. } | Self::Deadline { service } | Self::Internal { service, .. } => {
                Some(*service)
            }
            Self::InvalidInput { .. }
            | Self::Unauthenticated { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::RateLimited { .. } => None,
        }
    }

    /// The field that the error is about, if it is about one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::InvalidInput { field, .. } | Self::NotFound { field, .. } | Self::Conflict { field, .. } => {
                Some(field)
            }
            Self::Unauthenticated { .. }
            | Self::Forbidden { .. }
            | Self::RateLimited { .. }
            | Self::Unavailable { .. }
            | Self::Deadline { .. }
            | Self::Internal { .. } => None,
        }
    }
}

fn quoted(value: &str) -> String {
    if value.is_empty() { String::new() } else { format!("\"{value}\": ") }
}

/// At most 60 characters of `text`, control characters escaped, so that an error can be printed on any terminal.
fn printable(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN {
            shown.push('…');
            break;
        }
        if character.is_control() {
            let _ = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_value_is_shortened_and_escaped_before_it_is_shown() {
        let error = Error::invalid("title", format!("a\u{1b}[31m{}", "x".repeat(100)), "too long");
        let text = error.to_string();
        assert!(!text.contains('\u{1b}') && text.contains('…'), "{text}");
    }

    #[test]
    fn only_an_unknown_outcome_needs_the_same_key() {
        assert_eq!(Error::Deadline { service: Service::Auth }.retryable(), Retryable::UnderTheSameKey);
        assert_eq!(Error::unavailable(Service::Auth, "down").retryable(), Retryable::Safely);
        assert_eq!(Error::not_found("event", "1").retryable(), Retryable::Never);
    }
}
