//! Credentials as anyone may write them: nothing but what our keys made is let in.

use std::sync::LazyLock;

use chassis::OperatorKey;
use chassis::tokens::{SigningKey, Unverified};
use domain::{ServiceToken, SessionToken, Timestamp};

/// A key whose tokens nobody outside this process has; what verifies is therefore a forgery.
static SESSIONS: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_bytes(&SigningKey::generate().unwrap()).unwrap());
static OPERATOR: LazyLock<OperatorKey> = LazyLock::new(|| OperatorKey::random().unwrap());

/// A session's and a service's token of the same text.
pub(crate) fn tokens(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(unverified) = Unverified::read(&SessionToken(text.into())) {
        assert!(unverified.verify(&SESSIONS.public()).is_err(), "a forged session: {text}");
    }
    let now = Timestamp::from_micros(1_800_000_000_000_000);
    assert!(OPERATOR.verify(&ServiceToken(text.to_owned()), now).is_err(), "a forged service: {text}");
}
