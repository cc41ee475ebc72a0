//! The one place that knows bincode's interface. (That it writes an `f64` as eight bytes, the lowest first, whatever they hold, is relied upon by
//! `domain`'s `octets`.)
//!
//! bincode 2 is no longer developed; were it to be replaced, this file and [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION) would
//! change, and `octets` be looked at. What it is known to do wrong is answered here: bytes left over are an error, and the memory that a
//! claimed length can make it allocate is bounded by a multiple of the bytes that have really arrived.

use std::cell::Cell;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::error::DecodeError;
use domain::{Codec, Error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::frame::MAX_FRAME;

/// bincode 2's standard configuration over serde, with limits on decoding.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bincode;

type Limited<const LIMIT: usize> = Configuration<LittleEndian, Varint, Limit<LIMIT>>;

/// How much wider a value may be than its bytes: one byte of a variable-length integer may stand for sixteen.
const WIDEST: usize = 16;

impl Bincode {
    /// Reads a value from the beginning of `bytes` and gives the rest.
    ///
    /// # Errors
    /// Invalid input for bytes that do not begin with a valid value.
    pub fn decode_first<'b, T: Deserialize<'b>>(&self, bytes: &'b [u8]) -> Result<(T, &'b [u8]), Error> {
        // bincode's limit counts decoded width and is a constant, so there are four: the smallest that any valid value of this many
        // bytes can need. A tiny frame that claims a string of a gigabyte therefore allocates next to nothing.
        let (value, used) = match bytes.len() {
            0..=0x1000 => bincode::serde::borrow_decode_from_slice(bytes, limited::<{ 0x1000 * WIDEST }>()),
            0x1001..=0x1_0000 => bincode::serde::borrow_decode_from_slice(bytes, limited::<{ 0x1_0000 * WIDEST }>()),
            0x1_0001..=0x10_0000 => {
                bincode::serde::borrow_decode_from_slice(bytes, limited::<{ 0x10_0000 * WIDEST }>())
            }
            _ => bincode::serde::borrow_decode_from_slice(bytes, limited::<{ MAX_FRAME * WIDEST }>()),
        }
        .map_err(|error| malformed(&error))?;
        Ok((value, bytes.get(used..).unwrap_or_default()))
    }
}

impl Codec for Bincode {
    fn encode<T: Serialize>(&self, value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
        bincode::serde::encode_into_std_write(value, out, bincode::config::standard())
            .map(|_| ())
            .map_err(|error| Error::invalid("message", "", format!("cannot be put into bytes: {error}")))
    }

    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, Error> {
        let (value, rest) = self.decode_first(bytes)?;
        if rest.is_empty() {
            Ok(value)
        } else {
            Err(Error::invalid("message", "", format!("{} bytes are left over", rest.len())))
        }
    }
}

const fn limited<const LIMIT: usize>() -> Limited<LIMIT> {
    bincode::config::standard().with_limit::<LIMIT>()
}

fn malformed(error: &DecodeError) -> Error {
    let why = match error {
        DecodeError::LimitExceeded => "claims more than its bytes can hold".to_owned(),
        DecodeError::UnexpectedEnd { .. } => "ends too early".to_owned(),
        // The words of a domain constructor that refused a value.
        DecodeError::OtherString(reason) => reason.chars().take(200).collect(),
        other => other.to_string().chars().take(200).collect(),
    };
    Error::invalid("message", "", why)
}

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A scratch buffer above this size is not kept.
const SCRATCH_KEPT: usize = 256 * 1024;

/// Lends an empty buffer that is used again on this thread, so that encoding a frame allocates nothing and holds no lock.
pub(crate) fn with_scratch<T>(work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut scratch = SCRATCH.take();
    scratch.clear();
    let result = work(&mut scratch);
    if scratch.capacity() <= SCRATCH_KEPT {
        SCRATCH.set(scratch);
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Sample {
        Empty,
        Words(Vec<String>),
        Numbers { wide: u128, map: BTreeMap<u64, Option<i64>> },
    }

    fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        Bincode.encode(value, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn bytes_left_over_are_refused() {
        let mut bytes = encoded(&7u64);
        bytes.push(0);
        let error = Bincode.decode::<u64>(&bytes).unwrap_err();
        assert!(error.to_string().contains("left over"), "{error}");
    }

    #[test]
    fn an_enormous_claimed_length_is_refused_whatever_it_counts() {
        for claim in [u64::MAX, u64::from(u32::MAX), 100 << 20, 70_000] {
            let bytes = encoded(&claim);
            assert!(Bincode.decode::<String>(&bytes).is_err());
            assert!(Bincode.decode::<Vec<u8>>(&bytes).is_err());
            assert!(Bincode.decode::<Vec<(String, u64)>>(&bytes).is_err());
            assert!(Bincode.decode::<BTreeMap<u64, String>>(&bytes).is_err());
        }
    }

    #[test]
    fn the_widest_values_fit_through_the_limits_at_every_size() {
        for count in [1usize, 4_090, 4_100, 65_530, 65_600, 1_048_570, 1_048_700] {
            let values = vec![0u128; count];
            assert_eq!(Bincode.decode::<Vec<u128>>(&encoded(&values)).unwrap().len(), count);
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(words in proptest::collection::vec(".*", 0..20), wide: u128, key: u64, value: Option<i64>) {
            for sample in [Sample::Empty, Sample::Words(words.clone()), Sample::Numbers { wide, map: BTreeMap::from([(key, value)]) }] {
                prop_assert_eq!(Bincode.decode::<Sample>(&encoded(&sample)).unwrap(), sample);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Bincode.decode::<Sample>(&bytes);
            let _ = Bincode.decode::<Error>(&bytes);
            let _ = Bincode.decode::<domain::events::CreateEvent>(&bytes);
        }
    }
}
