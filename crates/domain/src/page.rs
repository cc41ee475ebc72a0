//! Lists come in pages; nothing returns "all".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// How many items a page may have: 1–200, by default 50.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Limit(u32);

impl Limit {
    /// The largest page.
    pub const MAX: Self = Self(200);

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = Error;

    fn try_from(limit: u32) -> Result<Self, Error> {
        if (1..=200).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(Error::invalid("limit", limit.to_string(), "a page has 1 to 200 items"))
        }
    }
}

impl From<Limit> for u32 {
    fn from(limit: Limit) -> Self {
        limit.0
    }
}

/// Where the next page begins: opaque, of letters, digits and `_`; only the service that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageCursor(String);

impl PageCursor {
    const RULE: &'static str = "give the `next` of the page before, as it was printed";

    /// Wraps the bytes that say where to go on.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        use fmt::Write as _;
        Self(bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// The bytes that were wrapped.
    ///
    /// # Errors
    /// Invalid input naming `after`, for a cursor that no service made.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
        self.0
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
                _ => None,
            })
            .collect::<Option<Vec<u8>>>()
            .ok_or_else(|| self.refused())
    }

    /// The error for a cursor that its service cannot read.
    #[must_use]
    pub fn refused(&self) -> Error {
        Error::invalid("after", &self.0, Self::RULE)
    }
}

impl fmt::Display for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PageCursor {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty() || text.len() > 512 || !text.chars().all(allowed) {
            return Err(Error::invalid("after", text, Self::RULE));
        }
        Ok(Self(text))
    }
}

impl FromStr for PageCursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::try_from(text.to_owned())
    }
}

impl From<PageCursor> for String {
    fn from(cursor: PageCursor) -> Self {
        cursor.0
    }
}

/// Which page is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    /// How many items at most.
    pub limit: Limit,
    /// The `next` of the page before.
    pub after: Option<PageCursor>,
}

/// Some of the items, in the list's order. A page may be short, even empty, and still have a next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<PageCursor>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_gives_back_its_bytes_and_has_only_letters_and_digits(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
            let cursor = PageCursor::from_bytes(&bytes);
            prop_assert!(cursor.to_string().chars().all(|c| c.is_ascii_alphanumeric()));
            prop_assert_eq!(cursor.to_string().parse::<PageCursor>().unwrap().to_bytes().unwrap(), bytes);
        }

        #[test]
        fn no_text_makes_a_cursor_panic(text in ".*") {
            if let Ok(cursor) = text.parse::<PageCursor>() {
                let _ = cursor.to_bytes();
            }
        }
    }

    #[test]
    fn a_limit_outside_1_to_200_is_refused() {
        for bad in [0, 201, u32::MAX] {
            assert_eq!(Limit::try_from(bad).unwrap_err().field(), Some("limit"));
        }
    }
}
