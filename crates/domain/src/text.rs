//! Words that people type: names, titles, texts, passwords. A value that exists is well-formed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Error;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $field:literal, $check:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                $check($field, &text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    )*};
}

texts! {
    /// A user's name: 2–32 of `a–z 0–9 - _`, beginning with a letter. Never issued twice.
    Username: "user", check_username;
    /// An event's title: 1–200 characters, none a control character, not blank.
    EventTitle: "title", check_title;
    #[derive(Default)]
    /// Where an event takes place: at most 200 characters, none a control character; may be empty.
    Location: "location", check_location;
    #[derive(Default)]
    /// What an event is about: at most 4,000 characters; line breaks and tabs allowed; may be empty.
    Description: "description", check_description;
    /// What a search looks for: 1–100 characters, none a control character.
    SearchText: "search", check_search;
    /// The identity of an event in other calendar programs (RFC 5545 §3.8.4.7): 1–800 bytes, none a control character.
    Uid: "uid", check_uid;
    /// The iCalendar text that an event was imported from: at most 128 KiB.
    Original: "original", check_original;
}

impl SearchText {
    /// Whether the text is a part of `haystack`, in any case (Unicode lower-casing of both).
    #[must_use]
    pub fn is_found_in(&self, haystack: &str) -> bool {
        haystack.to_lowercase().contains(&self.0.to_lowercase())
    }
}

fn check_username(field: &'static str, text: &str) -> Result<(), Error> {
    const RULE: &str = "a user name has 2–32 of a–z, 0–9, - and _, and begins with a letter";
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let begins = text.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    if (2..=32).contains(&text.len()) && begins && text.chars().all(allowed) {
        Ok(())
    } else {
        Err(Error::invalid(field, text, RULE))
    }
}

fn check_title(field: &'static str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid(field, text, "it is empty; a title has 1–200 characters"));
    }
    check_line(field, text, 200)
}

fn check_location(field: &'static str, text: &str) -> Result<(), Error> {
    check_line(field, text, 200)
}

fn check_search(field: &'static str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid(field, text, "it is empty; give a part of a title, description or location"));
    }
    check_line(field, text, 100)
}

fn check_uid(field: &'static str, text: &str) -> Result<(), Error> {
    if text.is_empty() || text.len() > 800 {
        return Err(Error::invalid(field, text, format!("it has {} bytes; a UID has 1–800", text.len())));
    }
    check_line(field, text, 800)
}

fn check_original(field: &'static str, text: &str) -> Result<(), Error> {
    const MOST: usize = 128 * 1024;
    if text.len() > MOST {
        return Err(Error::invalid(
            field,
            "",
            format!("the text of the event has {} bytes; at most {MOST} are kept", text.len()),
        ));
    }
    Ok(())
}

fn check_line(field: &'static str, text: &str, limit: usize) -> Result<(), Error> {
    check_length(field, text, limit)?;
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(Error::invalid(field, text, format!("it holds the control character {}", c.escape_default()))),
        None => Ok(()),
    }
}

fn check_description(field: &'static str, text: &str) -> Result<(), Error> {
    check_length(field, text, 4_000)?;
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(c) => Err(Error::invalid(
            field,
            text,
            format!("it holds the control character {}; only line breaks and tabs are allowed", c.escape_default()),
        )),
        None => Ok(()),
    }
}

fn check_length(field: &'static str, text: &str, limit: usize) -> Result<(), Error> {
    let length = text.chars().count();
    if length > limit {
        return Err(Error::invalid(field, text, format!("it has {length} characters; at most {limit} are allowed")));
    }
    Ok(())
}

/// A password that someone chooses: at least 10 characters, at most 1,024 bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PasswordAttempt", into = "PasswordAttempt")]
pub struct Password(PasswordAttempt);

/// A password that someone gives to prove who they are: of any length up to 1,024 bytes, since what was wrong with it is
/// nobody's business. Wiped from memory when dropped, never shown.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PasswordAttempt(String);

impl Password {
    /// The password itself, for hashing only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl PasswordAttempt {
    /// The password itself, for checking only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<Password> for PasswordAttempt {
    fn from(password: Password) -> Self {
        password.0
    }
}

impl TryFrom<PasswordAttempt> for Password {
    type Error = Error;

    fn try_from(attempt: PasswordAttempt) -> Result<Self, Error> {
        if attempt.0.chars().count() < 10 {
            return Err(Error::invalid_secret("password", "it is too short; a password has at least 10 characters"));
        }
        Ok(Self(attempt))
    }
}

impl TryFrom<String> for Password {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        PasswordAttempt::try_from(text)?.try_into()
    }
}

impl TryFrom<String> for PasswordAttempt {
    type Error = Error;

    fn try_from(mut text: String) -> Result<Self, Error> {
        if text.len() > 1_024 {
            text.zeroize();
            return Err(Error::invalid_secret("password", "it is too long; a password has at most 1,024 bytes"));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for PasswordAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordAttempt(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_follow_the_rule() {
        for good in ["al", "alice", "a-1_b", &"a".repeat(32)] {
            assert!(good.parse::<Username>().is_ok(), "{good}");
        }
        for bad in ["", "a", "Alice", "1alice", "-alice", "al ice", "älice", "alice\n", &"a".repeat(33)] {
            assert_eq!(bad.parse::<Username>().unwrap_err().field(), Some("user"), "{bad}");
        }
    }

    #[test]
    fn titles_are_not_blank_not_long_and_on_one_line() {
        assert!("会議 🎉".parse::<EventTitle>().is_ok());
        assert!("x".repeat(200).parse::<EventTitle>().is_ok());
        for bad in ["", "   ", "a\nb", "a\u{0}", "a\u{1b}[2J", &"x".repeat(201)] {
            assert_eq!(bad.parse::<EventTitle>().unwrap_err().code(), "invalid_input");
        }
    }

    #[test]
    fn a_password_never_shows_itself() {
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
        let error = Password::try_from("hunter2".to_owned()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }

    #[test]
    fn search_finds_parts_in_any_case() {
        let search: SearchText = "STRASSE".parse().unwrap();
        assert!(search.is_found_in("Lange strasse 5"));
        assert!(!search.is_found_in("Platz"));
    }

    #[test]
    fn bytes_from_a_network_go_through_the_same_checks() {
        assert!(serde_json::from_str::<Username>("\"Not A Name\"").is_err());
        assert!(serde_json::from_str::<Password>("\"short\"").is_err());
    }
}
