//! What session tokens are signed with.
//!
//! A key is announced in the transaction that stores it, and signs nothing before it has been public for [`FOLLOWING`], so that
//! those who verify tokens know it; the very first one signs at once, because there is nothing else, and its tokens then say
//! that they are newer than it. Old keys stay: tokens that they signed end by themselves.

use std::sync::Arc;
use std::time::Duration;

use chassis::log::announce;
use chassis::tokens::{Claims, SigningKey};
use chassis::{Chassis, Fault};
use domain::auth::{AuthChange, KeyId};
use domain::{Epoch, Position, SessionId, SessionToken, Timestamp, Username};
use parking_lot::RwLock;
use storage::Reader as _;

use crate::store::{KEYS, KeyRow, SessionRow};

/// A key older than this gets a successor.
const ROTATED_AFTER: Duration = Duration::from_secs(90 * 86_400);
/// How long a key is public before it is used, if there is another.
const FOLLOWING: Duration = Duration::from_secs(3_600);

/// All keys, in memory.
pub(crate) struct Keyring(RwLock<Vec<Arc<Key>>>);

struct Key {
    pair: SigningKey,
    made: Timestamp,
    published: u64,
}

impl Keyring {
    /// The keys in the database; makes one if there is none, and a newer one if that is due.
    pub(crate) async fn open(chassis: &Chassis) -> Result<Self, Fault> {
        let rows = chassis.db().read(|view| Ok::<_, Fault>(view.scan(&KEYS, &(), None, usize::MAX)?)).await?;
        let ring = Self(RwLock::default());
        for (_, row) in &rows {
            ring.add(row)?;
        }
        ring.rotate(chassis).await?;
        Ok(ring)
    }

    /// Makes and publishes a key if the newest is too old, or there is none.
    pub(crate) async fn rotate(&self, chassis: &Chassis) -> Result<(), Fault> {
        let now = chassis.clock().now();
        let newest = self.0.read().last().map(|key| key.made);
        if newest.is_some_and(|made| made.plus(ROTATED_AFTER) > now) {
            return Ok(());
        }
        let secret = SigningKey::generate()?;
        let pair = SigningKey::from_bytes(&secret)?;
        let (key, public) = (pair.id(), pair.public());
        let stored = chassis.db().write(move |tx| {
            let published = announce(tx, AuthChange::KeyPublished { key, public })?;
            let row = KeyRow { secret: secret.to_vec(), made: now, published };
            tx.put(&KEYS, &key, &row)?;
            Ok::<_, Fault>(row)
        });
        self.add(&stored.await?)?;
        tracing::info!(key = %hexadecimal(&key), "a new signing key was published");
        Ok(())
    }

    fn add(&self, row: &KeyRow) -> Result<(), Fault> {
        let pair = SigningKey::from_bytes(&row.secret)?;
        let mut keys = self.0.write();
        keys.push(Arc::new(Key { pair, made: row.made, published: row.published }));
        keys.sort_by_key(|key| key.made);
        Ok(())
    }

    /// The public half of a key.
    pub(crate) fn public(&self, id: KeyId) -> Option<[u8; 32]> {
        self.0.read().iter().find(|key| key.pair.id() == id).map(|key| key.pair.public())
    }

    /// The token of a live session.
    pub(crate) fn mint(
        &self,
        epoch: Epoch,
        now: Timestamp,
        session: SessionId,
        row: &SessionRow,
        username: &Username,
    ) -> Result<SessionToken, Fault> {
        let key = self.signing(now)?;
        // Whoever has heard as far as this knows both the session and the key.
        let at = Position { epoch, at: row.announced.max(key.published) };
        let (user, expires, username) = (row.user, row.expires, username.clone());
        key.pair.sign(&Claims { user, username, session, expires, at })
    }

    fn signing(&self, now: Timestamp) -> Result<Arc<Key>, Fault> {
        let keys = self.0.read();
        let known_to_all = |key: &&Arc<Key>| key.made.plus(FOLLOWING) <= now;
        let key = keys.iter().rev().find(known_to_all).or_else(|| keys.first());
        key.map(Arc::clone).ok_or_else(|| Fault::broken("there is no signing key"))
    }
}

fn hexadecimal(id: &KeyId) -> String {
    use std::fmt::Write as _;
    id.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use chassis::tokens::Unverified;
    use chassis::{OperatorKey, Setup};
    use domain::{Clock as _, Service, UserId};
    use storage::{Database, Options};

    use super::*;
    use crate::scenarios::Hand;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn signer(ring: &Keyring, now: Timestamp) -> (KeyId, u64) {
        let row = SessionRow { user: UserId::new(), started: now, expires: now.plus(HOUR), announced: 1 };
        let token = ring.mint(Epoch([1; 16]), now, SessionId::new(), &row, &"alice".parse().unwrap()).unwrap();
        let read = Unverified::read(&token).unwrap();
        assert!(read.verify(&ring.public(read.key).unwrap()).is_ok());
        (read.key, read.claimed.at.at)
    }

    #[tokio::test]
    async fn a_key_is_succeeded_after_90_days_and_its_successor_signs_an_hour_after_it_was_published() {
        let clock = Arc::new(Hand::at_present());
        let db = Database::in_memory(Options::new("auth", 1));
        let setup = Setup { db: db.clone(), clock: Arc::clone(&clock) as _, operator: OperatorKey::random().unwrap() };
        let chassis = Chassis::new(Service::Auth, setup);
        let ring = Keyring::open(&chassis).await.unwrap();
        let (first, _) = signer(&ring, clock.now());
        assert_eq!(db.durable_position(), 1, "the first key is announced");

        clock.advance(ROTATED_AFTER - HOUR);
        let ring = Keyring::open(&chassis).await.unwrap();
        assert_eq!((signer(&ring, clock.now()).0, db.durable_position()), (first, 1), "not yet");

        clock.advance(HOUR);
        let ring = Keyring::open(&chassis).await.unwrap();
        assert_eq!(db.durable_position(), 2, "the second is announced");
        assert_eq!(signer(&ring, clock.now()).0, first, "and not used while followers may not know it");

        clock.advance(FOLLOWING);
        let (second, at) = signer(&ring, clock.now());
        assert_ne!(second, first);
        assert_eq!(at, 2, "a token is never older than the key that signed it");
        assert!(ring.public(first).is_some(), "what the first one signed stays good");
        assert_eq!(signer(&Keyring::open(&chassis).await.unwrap(), clock.now()).0, second);
    }
}
