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
    assert_eq!(stored(&UserRow { username: name("alice"), password, created: AT }), "?");
    let row = SessionRow { user: user(), started: AT, expires: AT.plus(DAY), announced: 300 };
    assert_eq!(stored(&row), "?");
    assert_eq!(stored(&KeyRow { secret: vec![0x33; 4], made: AT, published: 1 }), "?");
    let entered = storage::encode(&Entered { user: user(), session: session() }).unwrap();
    assert_eq!(hexadecimal(&entered), "?");
}

#[test]
fn changes_are_announced_as_ever() {
    let announced = |change: &AuthChange| hexadecimal(&storage::encode(change).unwrap());
    assert_eq!(announced(&AuthChange::KeyPublished { key: [0x44; 8], public: [0x55; 32] }), "?");
    assert_eq!(announced(&AuthChange::UserRegistered(User { id: user(), username: name("alice") })), "?");
    let started = AuthChange::SessionStarted { session: session(), user: user(), expires: AT };
    assert_eq!(announced(&started), "?");
    assert_eq!(announced(&AuthChange::SessionEnded { session: session() }), "?");
    assert_eq!(announced(&AuthChange::UserDeleted { user: user() }), "?");
    assert_eq!(<AuthChange as domain::log::Change>::VERSION, 1);
}
