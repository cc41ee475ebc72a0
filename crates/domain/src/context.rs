//! What travels with every call besides the request: who asks, until when, under which identity, and what they have seen.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{Error, IdempotencyKey, Position, Positions, Service, SessionId, UserId};

/// A signed session token (PASETO v4.public), as auth issued it. Never shown. It is shared, because it travels through all layers of
/// every call.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SessionToken(#[serde(with = "shared_text")] pub Arc<str>);

/// A service's or the operator's token (PASETO v4.local under the operator's key). Never shown.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServiceToken(pub String);

/// What a caller shows to prove who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Credential {
    /// Nothing.
    #[default]
    None,
    /// A user's session.
    Session(SessionToken),
    /// A service's identity, or the operator's.
    Service(ServiceToken),
}

/// Who asks, once the credential was checked. Only the authentication layer makes anything but [`Actor::Anonymous`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nobody in particular.
    Anonymous,
    /// A signed-in user.
    User {
        /// Who.
        user: UserId,
        /// By which sign-in.
        session: SessionId,
        /// Where in auth's log the sign-in was seen alive.
        at: Position,
    },
    /// Another service of the same installation.
    Service(Service),
    /// Whoever holds the key in the data folder.
    Operator,
}

/// Where a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// The same process.
    Linked,
    /// Another process, at this address.
    Address(IpAddr),
}

/// W3C trace context: the trace and the caller's span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The trace id.
    #[serde(with = "crate::octets")]
    pub trace: [u8; 16],
    /// The parent span.
    #[serde(with = "crate::octets")]
    pub span: [u8; 8],
}

/// Everything that travels with a call besides the request.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who asks: set by the authentication layer of the service, whatever the caller put here.
    pub actor: Actor,
    /// What the caller shows for it.
    pub credential: Credential,
    /// Until when an answer is of use. On the wire a duration, since clocks differ.
    pub deadline: Instant,
    /// When the clock was last looked at for this call on its way here. Asking it costs a hundredth of a short call: whoever needs the time no more
    /// exactly than that takes it from here.
    pub as_of: Instant,
    /// The identity of a command; queries have none.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The number of this command among those of its session, rising: a delayed command must not overwrite a later one.
    pub sequence: Option<u64>,
    /// What the caller has seen.
    pub seen: Positions,
    /// The trace that this call is part of.
    pub trace: Trace,
    /// Where the call comes from: set by the server.
    pub peer: Peer,
}

impl Context {
    /// A call that must be answered within `timeout`.
    #[must_use]
    pub fn new(credential: Credential, timeout: Duration) -> Self {
        let now = Instant::now();
        Self {
            actor: Actor::Anonymous,
            credential,
            deadline: now + timeout,
            as_of: now,
            idempotency_key: None,
            sequence: None,
            seen: Positions::default(),
            trace: Trace::default(),
            peer: Peer::Linked,
        }
    }

    /// The same call as a command with an identity of its own.
    #[must_use]
    pub fn as_command(mut self, key: IdempotencyKey, sequence: u64) -> Self {
        self.idempotency_key = Some(key);
        self.sequence = Some(sequence);
        self
    }

    /// The same call by a caller who has seen `seen`.
    #[must_use]
    pub fn having_seen(mut self, seen: Positions) -> Self {
        self.seen = seen;
        self
    }

    /// How long an answer is still of use.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The signed-in user.
    ///
    /// # Errors
    /// Unauthenticated for anyone else.
    pub fn user(&self) -> Result<UserId, Error> {
        match self.actor {
            Actor::User { user, .. } => Ok(user),
            Actor::Anonymous | Actor::Service(_) | Actor::Operator => {
                Err(Error::unauthenticated("nobody is signed in"))
            }
        }
    }

    /// The session of the signed-in user.
    ///
    /// # Errors
    /// Unauthenticated for anyone else.
    pub fn session(&self) -> Result<SessionId, Error> {
        match self.actor {
            Actor::User { session, .. } => Ok(session),
            Actor::Anonymous | Actor::Service(_) | Actor::Operator => {
                Err(Error::unauthenticated("nobody is signed in"))
            }
        }
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceToken(…)")
    }
}

/// In bytes, shared text is text like any other.
mod shared_text {
    use std::fmt;
    use std::sync::Arc;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Arc<str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Arc<str>, E> {
                Ok(text.into())
            }
        }
        // From bytes that hold it, it is copied once.
        deserializer.deserialize_str(Text)
    }
}
