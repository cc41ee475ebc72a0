//! The one place that knows bincode's interface. (What `domain`'s `octets` relies upon of it is said there.)
//!
//! bincode 2 is no longer developed; were it to be replaced, only this file would change (and with it the
//! format version of stored values), and `octets` be looked at. It is never let loose on unbounded claims: a length in the bytes that
//! promises more than [`DECODE_LIMIT`] is refused, and bytes left over are an error.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// The most that one decoded value may take in memory, in bytes: far above any row, far below any harm.
pub const DECODE_LIMIT: usize = 1 << 20;

const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<DECODE_LIMIT>,
> = bincode::config::standard().with_limit::<DECODE_LIMIT>();

/// Room for most rows: bytes that grow while they are written are copied again and again.
const USUAL_BYTES: usize = 128;

/// The end of some bytes, to be written on.
struct Behind<'a>(&'a mut Vec<u8>);

impl bincode::enc::write::Writer for Behind<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// The bytes of `value`.
///
/// # Errors
/// [`Error::Encode`] for what bincode cannot represent.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    encode_behind(&[], value)
}

/// `prefix`, and behind it the bytes of `value`.
///
/// # Errors
/// As [`encode`].
pub(crate) fn encode_behind<T: Serialize>(prefix: &[u8], value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.extend_from_slice(prefix);
    bincode::serde::encode_into_writer(value, Behind(&mut bytes), CONFIG)
        .map_err(|error| Error::Encode { why: error.to_string() })?;
    Ok(bytes)
}

/// The value that [`encode`] made `bytes` of. All of `bytes` must belong to it.
///
/// # Errors
/// [`Error::Decode`] for anything else.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let (value, used) = bincode::serde::decode_from_slice(bytes, CONFIG)
        .map_err(|error| Error::Decode { what: String::new(), why: error.to_string() })?;
    if used != bytes.len() {
        let why = format!("{} bytes are left over after {used}", bytes.len() - used);
        return Err(Error::Decode { what: String::new(), why });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes() {
        let value = (7u64, "seven".to_owned(), vec![1u8, 2], Some(-3i64));
        let bytes = encode(&value).unwrap();
        assert_eq!(decode::<(u64, String, Vec<u8>, Option<i64>)>(&bytes).unwrap(), value);
    }

    #[test]
    fn bytes_left_over_are_an_error() {
        let mut bytes = encode(&7u64).unwrap();
        bytes.push(0);
        assert!(matches!(decode::<u64>(&bytes), Err(Error::Decode { .. })));
    }

    #[test]
    fn an_enormous_claimed_length_is_refused() {
        let bytes = encode(&u64::MAX).unwrap();
        assert!(matches!(decode::<String>(&bytes), Err(Error::Decode { .. })));
        assert!(matches!(decode::<Vec<u64>>(&bytes), Err(Error::Decode { .. })));
        assert!(matches!(decode::<Vec<(String, u64)>>(&bytes), Err(Error::Decode { .. })));
    }
}
