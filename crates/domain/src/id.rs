//! Identifiers: UUIDv7 (RFC 9562 §5.7), one type for each kind of thing, so that none can stand in for another.
//!
//! They sort by the time of their making, and are written as sixteen raw bytes, so that a key that begins with one sorts
//! likewise in every database.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Timestamp};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $field:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new one, greater than any made before on this machine.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "an id is never a default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7().into_bytes())
            }

            /// From its sixteen bytes, as stored.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its sixteen bytes, in the order in which ids sort.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// The time in it (milliseconds, RFC 9562 §5.7); `None` if it is no UUIDv7.
            #[must_use]
            pub fn made_at(&self) -> Option<Timestamp> {
                let (seconds, nanos) = Uuid::from_bytes(self.0).get_timestamp()?.to_unix();
                Some(Timestamp::from_micros(
                    i64::try_from(seconds).ok()?.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1_000))?,
                ))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Uuid::from_bytes(self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), Uuid::from_bytes(self.0))
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Uuid::parse_str(text.trim()).map(|id| Self(id.into_bytes())).map_err(|_| {
                    Error::invalid($field, text, "an id looks like 0198c0de-7000-7abc-8def-0123456789ab")
                })
            }
        }
    )*};
}

ids! {
    /// A user; never used again after the account is deleted.
    UserId = "user";
    /// An event, and every instance of it once it recurs.
    EventId = "event";
    /// One sign-in.
    SessionId = "session";
    /// The one identity of a command, however often it is sent.
    IdempotencyKey = "idempotency key";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_of_their_making_and_round_trip_as_text() {
        let ids: Vec<EventId> = (0..100).map(|_| EventId::new()).collect();
        assert!(ids.is_sorted());
        for id in ids {
            assert_eq!(id.to_string().parse::<EventId>(), Ok(id));
            assert!(id.made_at().is_some());
        }
    }

    #[test]
    fn a_malformed_id_is_refused_with_its_field_and_an_example() {
        let error = "nonsense".parse::<EventId>().unwrap_err();
        assert_eq!(error.field(), Some("event"));
        assert!(error.to_string().contains("0198c0de"), "{error}");
    }
}
