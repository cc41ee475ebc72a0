//! Keys whose bytes sort as their values do.
//!
//! Any serde type of fixed shape is a key. Integers are big-endian (signed ones with the sign flipped), text and
//! bytes are escaped and terminated, tuples, structs and arrays are their parts one after the other, an option
//! is a tag and its content, an enum is the number of its variant and its content. So the first elements of a
//! tuple are a prefix of all keys that begin with them, which is what scans rely on. Lists, maps and floats have
//! no such order and are refused.
//!
//! Renaming a field changes nothing; reordering the fields of a struct or the variants of an enum changes the
//! keys, and with them the format of the database.

mod de;
mod ser;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// The longest encoded key, in bytes.
pub const MAX_KEY: usize = 1024;

/// Ends a text or byte string within a key: it sorts before every continuation.
const END: [u8; 2] = [0x00, 0x00];
/// A zero byte within a text or byte string.
const ESCAPED_ZERO: [u8; 2] = [0x00, 0xFF];

/// Anything that can be a key.
pub trait Key: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Key for T {}

/// The bytes of a key, or of the first elements of one: they sort as the keys do.
///
/// # Errors
/// [`Error::Key`] for types without an order of their own (lists, maps, floats).
pub fn encode_key<K: Serialize + ?Sized>(key: &K) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(48);
    append_key(&mut bytes, key)?;
    Ok(bytes)
}

/// [`encode_key`] behind what `bytes` already holds.
pub(crate) fn append_key<K: Serialize + ?Sized>(bytes: &mut Vec<u8>, key: &K) -> Result<(), Error> {
    key.serialize(ser::Encoder { bytes }).map_err(|refusal| Error::Key { table: String::new(), why: refusal.0 })
}

/// The key that [`encode_key`] made `bytes` of. All of `bytes` must belong to it.
///
/// # Errors
/// [`Error::Key`] for anything else.
pub fn decode_key<K: DeserializeOwned>(bytes: &[u8]) -> Result<K, Error> {
    let mut decoder = de::Decoder { rest: bytes };
    K::deserialize(&mut decoder)
        .and_then(|key| match decoder.rest {
            [] => Ok(key),
            rest => Err(Refusal(format!("{} bytes are left over", rest.len()))),
        })
        .map_err(|refusal| Error::Key { table: String::new(), why: refusal.0 })
}

/// Why a value is no key, or bytes are not one.
#[derive(Debug, Clone)]
struct Refusal(String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl serde::ser::Error for Refusal {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Refusal(message.to_string())
    }
}

impl serde::de::Error for Refusal {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Refusal(message.to_string())
    }
}

#[cfg(test)]
mod tests;
