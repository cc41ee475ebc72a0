//! Keys sort as their values do, come back as they were, and survive any bytes.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Place {
    Nowhere,
    Room(u16),
    Address { street: String, number: i32 },
    Both(String, Option<bool>),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Id([u8; 16]);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Everything {
    id: Id,
    text: String,
    when: i64,
    small: i8,
    place: Place,
    maybe: Option<(String, u64)>,
    letter: char,
    pair: (u128, i128),
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), Just('ÿ'), any::<char>()], 0..5)
        .prop_map(|letters| letters.into_iter().collect())
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        Just(Place::Nowhere),
        any::<u16>().prop_map(Place::Room),
        (text(), any::<i32>()).prop_map(|(street, number)| Place::Address { street, number }),
        (text(), any::<Option<bool>>()).prop_map(|(a, b)| Place::Both(a, b)),
    ]
}

prop_compose! {
    fn everything()(
        id in prop_oneof![Just([0; 16]), any::<[u8; 16]>()],
        text in text(),
        when in prop_oneof![-2i64..2, any::<i64>()],
        small in any::<i8>(),
        place in place(),
        maybe in proptest::option::of((text(), any::<u64>())),
        letter in any::<char>(),
        pair in any::<(u128, i128)>(),
    ) -> Everything {
        Everything { id: Id(id), text, when, small, place, maybe, letter, pair }
    }
}

/// Both ways at once: the order of the bytes is that of the values, and each decodes to itself.
fn check<K: Key + Ord + Clone + std::fmt::Debug>(a: &K, b: &K) {
    let (left, right) = (encode_key(a).unwrap(), encode_key(b).unwrap());
    assert_eq!(left.cmp(&right), a.cmp(b), "{a:?} and {b:?}");
    assert_eq!(&decode_key::<K>(&left).unwrap(), a);
}

proptest! {
    #[test]
    fn keys_of_every_kind_keep_their_order(a in everything(), b in everything()) {
        check(&a, &b);
        check(&(a.text.clone(), a.when), &(b.text.clone(), b.when));
        check(&(a.when, a.text.clone()), &(b.when, b.text.clone()));
        check(&(a.small, a.place.clone()), &(b.small, b.place.clone()));
        check(&a.maybe, &b.maybe);
        check(&a.letter, &b.letter);
        check(&a.pair, &b.pair);
    }

    #[test]
    fn neighbours_keep_their_order(text in text(), when in any::<i64>(), number in any::<u32>()) {
        let longer = format!("{text}\0");
        check(&text, &longer);
        check(&(text.clone(), u8::MAX), &(longer, 0u8));
        check(&when, &when.saturating_add(1));
        check(&number, &number.wrapping_add(1));
    }

    #[test]
    fn the_first_elements_are_a_prefix(a in everything()) {
        let whole = encode_key(&(&a.text, a.when, &a.place)).unwrap();
        prop_assert!(whole.starts_with(&encode_key(&(&a.text, a.when)).unwrap()));
        prop_assert!(whole.starts_with(&encode_key(&a.text).unwrap()));
        prop_assert!(whole.starts_with(&encode_key(&()).unwrap()));
    }

    #[test]
    fn hostile_bytes_decode_to_an_error_or_to_their_own_key(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        fn try_as<K: Key>(bytes: &[u8]) {
            if let Ok(key) = decode_key::<K>(bytes) {
                assert_eq!(encode_key(&key).unwrap(), bytes);
            }
        }
        try_as::<Everything>(&bytes);
        try_as::<Place>(&bytes);
        try_as::<(String, u8)>(&bytes);
        try_as::<Option<String>>(&bytes);
        try_as::<(bool, char)>(&bytes);
        try_as::<[u8; 16]>(&bytes);
        try_as::<()>(&bytes);
    }
}

#[test]
fn the_encoding_is_what_databases_hold() {
    let key = (Id([7; 16]), "a\0b", -1i64, Place::Room(2), Some(3u8), None::<u8>, 'c', true);
    let mut expected = vec![7; 16];
    expected.extend_from_slice(b"a\0\xFFb\0\0");
    expected.extend_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    expected.extend_from_slice(&[1, 0, 2, 1, 3, 0, 0, 0, 0, b'c', 1]);
    assert_eq!(encode_key(&key).unwrap(), expected);
}

#[test]
fn what_has_no_order_of_its_own_is_no_key() {
    for refused in [
        encode_key(&vec![1u8]).unwrap_err(),
        encode_key(&1.5f64).unwrap_err(),
        encode_key(&std::collections::BTreeMap::from([(1u8, 2u8)])).unwrap_err(),
    ] {
        assert!(refused.to_string().contains("cannot be part of a key"), "{refused}");
    }
    assert!(decode_key::<Vec<u8>>(&[1]).is_err());
}
