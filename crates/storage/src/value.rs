//! Stored values: a version byte, then bincode.
//!
//! The version belongs to the type: a release that changes what a value looks like raises
//! [`Value::VERSION`] and teaches [`Value::upgrade`] the older forms.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;
use crate::error::Error;

/// The longest stored value, in bytes with its version byte. sled keeps larger ones in files that it never
/// syncs, so they are refused; long texts are split over rows by whoever has them.
pub const MAX_VALUE: usize = 8 * 1024;

/// Something a table holds.
pub trait Value: Serialize + DeserializeOwned {
    /// The version written in front of every value of this type.
    const VERSION: u8 = 1;

    /// The value in `bytes` (without the version byte), written by an older release as `version`.
    ///
    /// # Errors
    /// [`Error::UnknownVersion`] unless the type has learned to read that version.
    fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, Error> {
        let _ = bytes;
        Err(Error::UnknownVersion { what: String::new(), found: version, supported: Self::VERSION })
    }
}

/// The stored form of `value`: its version, then its bincode.
///
/// # Errors
/// [`Error::Encode`] for what bincode cannot represent.
pub fn encode_value<V: Value>(value: &V) -> Result<Vec<u8>, Error> {
    codec::encode_behind(&[V::VERSION], value)
}

/// The value whose stored form is `bytes`, upgraded if it is of an older version.
///
/// # Errors
/// [`Error::UnknownVersion`] for a newer version, or an older one no longer known; [`Error::Decode`] for bytes
/// that are no such value.
pub fn decode_value<V: Value>(bytes: &[u8]) -> Result<V, Error> {
    let Some((&version, body)) = bytes.split_first() else {
        return Err(Error::Decode { what: String::new(), why: "it is empty, without even a version".to_owned() });
    };
    if version == V::VERSION {
        codec::decode(body)
    } else if version < V::VERSION {
        V::upgrade(version, body)
    } else {
        Err(Error::UnknownVersion { what: String::new(), found: version, supported: V::VERSION })
    }
}

/// What [`Value::upgrade`] does for most types: the value as the version just before `supported` had it, which is a `B`.
///
/// # Errors
/// [`Error::UnknownVersion`] for any other version; [`Error::Decode`] for bytes that are no such value.
pub fn decode_before<B: DeserializeOwned>(version: u8, supported: u8, bytes: &[u8]) -> Result<B, Error> {
    if version.checked_add(1) != Some(supported) {
        return Err(Error::UnknownVersion { what: String::new(), found: version, supported });
    }
    codec::decode(bytes)
}

/// [`encode_value`] for a row of `table`, within [`MAX_VALUE`].
pub(crate) fn encode_row<V: Value>(table: &str, value: &V) -> Result<Vec<u8>, Error> {
    let bytes = encode_value(value)?;
    if bytes.len() > MAX_VALUE {
        return Err(Error::TooLarge { table: table.to_owned(), size: bytes.len(), limit: MAX_VALUE });
    }
    Ok(bytes)
}

macro_rules! plain_values {
    ($($plain:ty),*) => { $(impl Value for $plain {})* };
}

plain_values!((), bool, u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, char, String);

impl<const N: usize> Value for [u8; N] where [u8; N]: Serialize + DeserializeOwned {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct First {
        name: String,
    }
    impl Value for First {}

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Second {
        name: String,
        age: Option<u8>,
    }
    impl Value for Second {
        const VERSION: u8 = 2;
        fn upgrade(version: u8, bytes: &[u8]) -> Result<Self, Error> {
            match version {
                1 => codec::decode::<First>(bytes).map(|first| Second { name: first.name, age: None }),
                found => Err(Error::UnknownVersion { what: String::new(), found, supported: Self::VERSION }),
            }
        }
    }

    #[test]
    fn an_older_version_is_upgraded() {
        let stored = encode_value(&First { name: "ada".into() }).unwrap();
        assert_eq!(decode_value::<Second>(&stored).unwrap(), Second { name: "ada".into(), age: None });
    }

    #[test]
    fn a_newer_version_is_refused_by_number() {
        let stored = encode_value(&Second { name: "ada".into(), age: Some(36) }).unwrap();
        let error = decode_value::<First>(&stored).unwrap_err();
        assert_eq!(error, Error::UnknownVersion { what: String::new(), found: 2, supported: 1 });
    }

    #[test]
    fn an_older_version_that_nobody_knows_is_refused() {
        let error = decode_value::<Second>(&[0, 1, 2]).unwrap_err();
        assert_eq!(error, Error::UnknownVersion { what: String::new(), found: 0, supported: 2 });
    }

    #[test]
    fn nothing_at_all_is_no_value() {
        assert!(matches!(decode_value::<u64>(&[]), Err(Error::Decode { .. })));
    }
}
