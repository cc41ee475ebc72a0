//! The bytes of what is stored and announced: a change of them is a decision, and needs a new version.

use domain::UserId;
use domain::log::Change as _;
use storage::{Value, decode_value, encode_value};

use super::*;
use crate::store::{EndedRow, ShareRow};

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stored<V: Value>(value: &V) -> String {
    let bytes = encode_value(value).unwrap();
    assert_eq!(bytes, encode_value(&decode_value::<V>(&bytes).unwrap()).unwrap());
    hexadecimal(&bytes)
}

#[test]
fn rows_are_stored_as_ever() {
    let mut context = anyone().as_command(IdempotencyKey::new(), 300);
    let at = Position { epoch: domain::Epoch([0; 16]), at: 1 };
    let session = SessionId::from_bytes([0x22; 16]);
    context.actor = Actor::User { user: UserId::from_bytes([0x11; 16]), session, at };
    let author = chassis::journal::Author::of(&context).unwrap();
    assert_eq!(stored(&ShareRow { level: Level::Details, author }), "010022222222222222222222222222222222fb2c01");
    assert_eq!(stored(&ShareRow { level: Level::Busy, author }), "010122222222222222222222222222222222fb2c01");
    assert_eq!(stored(&EndedRow { author }), "0122222222222222222222222222222222fb2c01");
}

#[test]
fn changes_are_announced_as_ever() {
    let announced = |change: &SharingChange| hexadecimal(&storage::encode(change).unwrap());
    let (owner, sharee) = (UserId::from_bytes([0x11; 16]), UserId::from_bytes([0x22; 16]));
    assert_eq!(
        announced(&SharingChange::Shared { owner, sharee, level: Level::Busy }),
        "00111111111111111111111111111111112222222222222222222222222222222201"
    );
    assert_eq!(
        announced(&SharingChange::Unshared { owner, sharee }),
        "011111111111111111111111111111111122222222222222222222222222222222"
    );
    assert_eq!(SharingChange::VERSION, 1);
}
