//! Changes as bytes, as the journal and backups keep them: for each row the length of its key, the key, whether there is a value, and if so its
//! length and the value. Lengths are four bytes, big-endian.

use super::Changes;

const DELETED: u8 = 0;
const PUT: u8 = 1;

/// Appends one row to `out`: put (`Some`) or deleted.
pub(crate) fn append_row(out: &mut Vec<u8>, key: &[u8], value: Option<&[u8]>) {
    append_bytes(out, key);
    match value {
        Some(value) => {
            out.push(PUT);
            append_bytes(out, value);
        }
        None => out.push(DELETED),
    }
}

pub(crate) fn append_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // Keys, values and frames are far smaller than that.
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// The changes in `bytes`, the last one of each key; nothing if they are no such changes.
pub(crate) fn parse(mut bytes: &[u8]) -> Option<Changes> {
    let mut changes = Changes::new();
    while !bytes.is_empty() {
        let key = take_bytes(&mut bytes)?;
        let (&kind, rest) = bytes.split_first()?;
        bytes = rest;
        let value = match kind {
            DELETED => None,
            PUT => Some(take_bytes(&mut bytes)?.to_vec()),
            _ => return None,
        };
        changes.insert(key.to_vec(), value);
    }
    Some(changes)
}

fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    let (bytes, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *from = rest;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_appended_is_what_is_parsed(
            changes in proptest::collection::btree_map(
                proptest::collection::vec(any::<u8>(), 0..20),
                proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)),
                0..20,
            ),
        ) {
            let mut bytes = Vec::new();
            changes.iter().for_each(|(key, value)| append_row(&mut bytes, key, value.as_deref()));
            prop_assert_eq!(parse(&bytes), Some(changes));
        }

        #[test]
        fn bytes_of_others_are_no_changes_or_some_but_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
        }
    }
}
