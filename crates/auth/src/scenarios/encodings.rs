//! The bytes of what is stored and announced: a change of them is a decision, and needs a new version.

use domain::auth::{AuthChange, User};
use domain::{SessionId, UserId};
use storage::{Value, decode_value, encode_value};

use super::*;
use crate::service::Entered;
use crate::store::{KeyRow, SessionRow, UserRow};

const AT: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stored<V: Value>(value: &V) -> String {
    let bytes = encode_value(value).unwrap();
    let again = encode_value(&decode_value::<V>(&bytes).unwrap()).unwrap();
    assert_eq!(bytes, again);
    hexadecimal(&bytes)
}

fn user() -> UserId {
    UserId::from_bytes([0x11; 16])
}

fn session() -> SessionId {
    SessionId::from_bytes([0x22; 16])
}

#[test]
fn rows_are_stored_as_ever() {
    let password = storage::decode(&storage::encode(&"$argon2id$…").unwrap()).unwrap();
    assert_eq!(
        stored(&UserRow { username: name("alice"), password, created: AT }),
        "0105616c6963650d246172676f6e32696424e280a6fd000031512eca0c00"
    );
    let row = SessionRow { user: user(), started: AT, expires: AT.plus(DAY), announced: 300 };
    assert_eq!(stored(&row), "0111111111111111111111111111111111fd000031512eca0c00fd00c0df8c56ca0c00fb2c01");
    assert_eq!(stored(&KeyRow { secret: vec![0x33; 4], made: AT, published: 1 }), "010433333333fd000031512eca0c0001");
    let entered = storage::encode(&Entered { user: user(), session: session() }).unwrap();
    assert_eq!(hexadecimal(&entered), "1111111111111111111111111111111122222222222222222222222222222222");
}

#[test]
fn changes_are_announced_as_ever() {
    let announced = |change: &AuthChange| hexadecimal(&storage::encode(change).unwrap());
    assert_eq!(
        announced(&AuthChange::KeyPublished { key: [0x44; 8], public: [0x55; 32] }),
        "0044444444444444445555555555555555555555555555555555555555555555555555555555555555"
    );
    assert_eq!(
        announced(&AuthChange::UserRegistered(User { id: user(), username: name("alice") })),
        "011111111111111111111111111111111105616c696365"
    );
    let started = AuthChange::SessionStarted { session: session(), user: user(), expires: AT };
    assert_eq!(
        announced(&started),
        "022222222222222222222222222222222211111111111111111111111111111111fd000031512eca0c00"
    );
    assert_eq!(announced(&AuthChange::SessionEnded { session: session() }), "0322222222222222222222222222222222");
    assert_eq!(announced(&AuthChange::UserDeleted { user: user() }), "0411111111111111111111111111111111");
    assert_eq!(<AuthChange as domain::log::Change>::VERSION, 1);
}
