//! Who is calling? Answered by every service by itself, from what it follows of auth.
//!
//! The signature of a token is checked once and remembered, within bounds. The session is looked up on every call, so a
//! sign-out takes hold as soon as it has arrived. When it cannot be told whether a session is good, because auth's log was not
//! yet heard of far enough, the answer is `unavailable (auth)` and never `unauthenticated`: on that a client drops its session.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use async_trait::async_trait;
use domain::auth::KeyId;
use domain::{
    Actor, Authenticate, Clock, Credential, Error, Position, Service, SessionId, SessionToken, Timestamp, UserId,
};
use foldhash::fast::RandomState;
use parking_lot::Mutex;

use crate::resync::Sighting;
use crate::tokens::{Claims, Unverified};
use crate::{Fault, OperatorKey};

/// Whose a session is, and when it ends, if it is live.
pub type Live = Option<(UserId, Timestamp)>;

/// Where sessions and keys are looked up: in the followed tables, or in auth's own.
#[async_trait]
pub trait SessionBook: Send + Sync + 'static {
    /// The public half of a signing key.
    async fn key(&self, key: KeyId) -> Result<Option<[u8; 32]>, Fault>;
    /// Whose a session is and when it ends, if it is live; and in the same view, what [`SessionBook::sighting`] says.
    async fn session(&self, session: SessionId, at: Position) -> Result<(Live, Sighting), Fault>;
    /// What it means that something of auth's, which is not here, is said to have been there at `at` of its log.
    async fn sighting(&self, at: Position) -> Result<Sighting, Fault>;
    /// Waits, briefly, until auth's log was applied up to here.
    async fn hear(&self, at: Position);
    /// Notes the name of a user whose token is good and whose session was not heard of yet. Merely so that they can be named:
    /// that it could not be noted is no reason to refuse them.
    async fn introduce(&self, claims: &Claims);
}

/// The authentication of one service.
pub struct Authenticator<B> {
    service: Service,
    operator: OperatorKey,
    clock: Arc<dyn Clock>,
    book: B,
    verified: Mutex<Verified>,
}

impl<B: SessionBook> Authenticator<B> {
    /// For `service`, over a book of sessions.
    pub fn new(service: Service, operator: OperatorKey, clock: Arc<dyn Clock>, book: B) -> Self {
        Self { service, operator, clock, book, verified: Mutex::default() }
    }

    /// The actor of a session; if that cannot be told yet, because this service has only just begun to listen to auth, after a
    /// short wait for what the token says there is to be heard.
    async fn session(&self, token: &SessionToken) -> Result<Actor, Fault> {
        match self.session_as_known(token).await {
            Err(Fault::Refused(Error::Unavailable { .. })) => {
                self.book.hear(Unverified::read(token)?.claimed.at).await;
                self.session_as_known(token).await
            }
            known => known,
        }
    }

    async fn session_as_known(&self, token: &SessionToken) -> Result<Actor, Fault> {
        let ended = || Error::unauthenticated("the session has ended; sign in again");
        let claims = self.claims(token).await?;
        if claims.expires <= self.clock.now() {
            return Err(ended().into());
        }
        let (live, sighting) = self.book.session(claims.session, claims.at).await?;
        let actor = Actor::User { user: claims.user, session: claims.session, at: claims.at };
        match (live, sighting) {
            (Some((user, _)), _) if user == claims.user => Ok(actor),
            (Some(_), _) | (None, Sighting::Past) => Err(ended().into()),
            // Its start has not arrived here yet, nor has its end.
            (None, Sighting::Ahead) => {
                self.book.introduce(&claims).await;
                Ok(actor)
            }
            (None, Sighting::Unclear) => Err(unheard().into()),
        }
    }

    async fn claims(&self, token: &SessionToken) -> Result<Arc<Claims>, Fault> {
        if let Some(claims) = self.verified.lock().get(token) {
            return Ok(claims);
        }
        let unverified = Unverified::read(token)?;
        // Asked before the key is looked up: a key that arrives in between must not look as if it had been missing.
        let sighting = self.book.sighting(unverified.claimed.at).await?;
        let Some(public) = self.book.key(unverified.key).await? else {
            // Keys are published before use: one that should have arrived and has not was never auth's.
            return Err(match sighting {
                Sighting::Past => {
                    Error::unauthenticated("the session token was not made by this installation; sign in again").into()
                }
                Sighting::Ahead | Sighting::Unclear => unheard().into(),
            });
        };
        let claims = Arc::new(unverified.verify(&public)?);
        self.verified.lock().insert(token.clone(), Arc::clone(&claims));
        Ok(claims)
    }
}

fn unheard() -> Error {
    Error::unavailable(Service::Auth, "this session cannot be checked until auth has been heard of; try again")
}

#[async_trait]
impl<B: SessionBook> Authenticate for Authenticator<B> {
    async fn authenticate(&self, credential: &Credential) -> Result<Actor, Error> {
        match credential {
            Credential::None => Ok(Actor::Anonymous),
            Credential::Service(token) => self.operator.verify(token, self.clock.now()),
            Credential::Session(token) => self.session(token).await.map_err(|fault| fault.into_error(self.service)),
        }
    }
}

/// What tokens say whose signatures were checked already: two generations, the older dropped when the younger is full. Only tokens that
/// auth has signed get here, and those are short; so nobody can choose them to fall together, and the hash need not withstand it.
#[derive(Default)]
struct Verified {
    young: HashMap<SessionToken, Arc<Claims>, RandomState>,
    old: HashMap<SessionToken, Arc<Claims>, RandomState>,
}

impl Verified {
    const GENERATION: usize = 4_096;

    fn get(&mut self, token: &SessionToken) -> Option<Arc<Claims>> {
        if let Some(claims) = self.young.get(token) {
            return Some(Arc::clone(claims));
        }
        let (token, claims) = self.old.remove_entry(token)?;
        self.insert(token, Arc::clone(&claims));
        Some(claims)
    }

    fn insert(&mut self, token: SessionToken, claims: Arc<Claims>) {
        if self.young.len() >= Self::GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(token, claims);
    }
}

#[cfg(test)]
mod tests {
    use domain::Epoch;

    use super::*;
    use crate::SystemClock;
    use crate::tokens::SigningKey;

    struct Book {
        key: Option<[u8; 32]>,
        live: Live,
        heard: Option<u64>,
    }

    #[async_trait]
    impl SessionBook for Book {
        async fn key(&self, _: KeyId) -> Result<Option<[u8; 32]>, Fault> {
            Ok(self.key)
        }
        async fn session(&self, _: SessionId, at: Position) -> Result<(Live, Sighting), Fault> {
            Ok((self.live, self.sighting(at).await?))
        }
        async fn sighting(&self, at: Position) -> Result<Sighting, Fault> {
            Ok(match self.heard {
                None => Sighting::Unclear,
                Some(heard) if heard < at.at => Sighting::Ahead,
                Some(_) => Sighting::Past,
            })
        }
        async fn hear(&self, _: Position) {}
        async fn introduce(&self, _: &Claims) {}
    }

    const EPOCH: Epoch = Epoch([1; 16]);

    async fn outcome(knows_key: bool, live: bool, heard: Option<u64>, expired: bool) -> Result<Actor, &'static str> {
        let key = SigningKey::from_bytes(&SigningKey::generate().unwrap()).unwrap();
        let now = SystemClock.now();
        let hour = std::time::Duration::from_secs(3_600);
        let claims = Claims {
            user: UserId::new(),
            username: "alice".parse().unwrap(),
            session: SessionId::new(),
            expires: if expired { now.minus(hour) } else { now.plus(hour) },
            at: Position { epoch: EPOCH, at: 10 },
        };
        let live = live.then_some((claims.user, claims.expires));
        let book = Book { key: knows_key.then(|| key.public()), live, heard };
        let authenticator =
            Authenticator::new(Service::Events, OperatorKey::random().unwrap(), Arc::new(SystemClock), book);
        let credential = Credential::Session(key.sign(&claims).unwrap());
        let actor = authenticator.authenticate(&credential).await.map_err(|error| error.code())?;
        assert_eq!(actor, Actor::User { user: claims.user, session: claims.session, at: claims.at });
        Ok(actor)
    }

    #[tokio::test]
    async fn a_session_is_refused_only_when_it_is_known_to_be_no_good() {
        assert!(outcome(true, true, Some(10), false).await.is_ok());
        assert!(outcome(true, false, Some(9), false).await.is_ok(), "its start must still arrive");
        assert_eq!(outcome(true, false, Some(10), false).await, Err("unauthenticated"), "it has ended");
        assert_eq!(outcome(true, true, Some(10), true).await, Err("unauthenticated"), "it has expired");
        assert_eq!(outcome(true, false, None, false).await, Err("unavailable"), "nothing was heard of auth");
        assert_eq!(outcome(false, false, None, false).await, Err("unavailable"), "a first start without auth");
        assert_eq!(outcome(false, false, Some(9), false).await, Err("unavailable"), "the key must still arrive");
        assert_eq!(outcome(false, false, Some(10), false).await, Err("unauthenticated"), "a forged key");
    }

    #[test]
    fn remembered_signatures_are_bounded() {
        let mut verified = Verified::default();
        let claims = Arc::new(Claims {
            user: UserId::new(),
            username: "alice".parse().unwrap(),
            session: SessionId::new(),
            expires: Timestamp::from_micros(0),
            at: Position { epoch: EPOCH, at: 0 },
        });
        for n in 0..100_000_u32 {
            verified.insert(SessionToken(n.to_string().into()), Arc::clone(&claims));
        }
        assert!(verified.young.len() + verified.old.len() <= 2 * Verified::GENERATION);
    }
}
