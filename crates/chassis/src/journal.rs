//! One identity for a command, however often it is sent.
//!
//! The idempotency key is looked up inside the transaction that does the command's work, so work and memory of it are one
//! atomic write. What is kept is the ids that the command made, not its reply: the reply is read again. Keys are scoped to the
//! actor and the method, carry their own time (UUIDv7), and are kept for [`KEPT`].

use std::time::Duration;

use domain::{Actor, Context, Error, IdempotencyKey, SessionId, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use storage::{Reader, Table, Transaction, Value};

use crate::Fault;

/// How long a command is remembered. Older keys are refused, so that nothing is ever done twice.
pub const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How far a caller's clock may be ahead.
const AHEAD: Duration = Duration::from_secs(86_400);

/// By key first: keys sort by time, so the oldest are at the front.
const JOURNAL: Table<(IdempotencyKey, [u8; 16], String), Done> = Table::new("journal");

#[derive(Serialize, Deserialize)]
struct Done {
    fingerprint: [u8; 32],
    outcome: Vec<u8>,
}

impl Value for Done {}

/// The identity of one command.
#[derive(Clone, Debug)]
pub struct Identity {
    key: IdempotencyKey,
    scope: [u8; 16],
    method: &'static str,
    fingerprint: [u8; 32],
}

impl Identity {
    /// Of the command that `context` carries: `request` is whatever must be the same for it to be the same command.
    /// A request with a secret is identified by its other parts: a fast digest of a password must not be stored.
    ///
    /// # Errors
    /// Invalid input (`idempotency key`) if there is none, or it is no UUIDv7 of the last 30 days.
    pub fn of(
        context: &Context,
        method: &'static str,
        request: &impl Serialize,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let field = "idempotency key";
        let key = context.idempotency_key.ok_or_else(|| Error::invalid(field, "", "a command must carry one"))?;
        let made = key.made_at().ok_or_else(|| Error::invalid(field, key.to_string(), "it must be a UUIDv7"))?;
        if made < now.minus(KEPT) || made > now.plus(AHEAD) {
            let why = "its time is not within the last 30 days: give the command anew, and check the clock";
            return Err(Error::invalid(field, key.to_string(), why).into());
        }
        let scope = match context.actor {
            Actor::User { user, .. } => *user.as_bytes(),
            Actor::Anonymous | Actor::Service(_) | Actor::Operator => [0; 16],
        };
        let fingerprint = *blake3::hash(&storage::encode(request)?).as_bytes();
        Ok(Self { key, scope, method, fingerprint })
    }

    /// Does the command's work, unless it was done before: then gives what it made.
    ///
    /// # Errors
    /// What `work` reports; conflict (`idempotency key`) if the key was used for another request.
    pub fn once<O: Serialize + DeserializeOwned>(
        self,
        tx: &mut Transaction<'_>,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<O, Fault>,
    ) -> Result<O, Fault> {
        if let Some(made) = self.done(tx)? {
            return Ok(made);
        }
        let outcome = work(tx)?;
        let done = Done { fingerprint: self.fingerprint, outcome: storage::encode(&outcome)? };
        tx.put(&JOURNAL, &self.row(), &done)?;
        Ok(outcome)
    }

    /// What the command made, if it was done before: for methods that must know before they do costly work. Only
    /// [`Identity::once`] decides.
    ///
    /// # Errors
    /// Conflict (`idempotency key`) if the key was used for another request.
    pub fn done<O: DeserializeOwned>(&self, reader: &impl Reader) -> Result<Option<O>, Fault> {
        let Some(done) = reader.get(&JOURNAL, &self.row())? else { return Ok(None) };
        if done.fingerprint != self.fingerprint {
            let why = "this idempotency key was already used for another request";
            return Err(Error::conflict("idempotency key", why).into());
        }
        Ok(Some(storage::decode(&done.outcome)?))
    }

    fn row(&self) -> (IdempotencyKey, [u8; 16], String) {
        (self.key, self.scope, self.method.to_owned())
    }
}

/// Forgets at most `limit` of the commands that are older than [`KEPT`]; says whether there were that many.
///
/// # Errors
/// What the database reports.
pub fn prune(tx: &mut Transaction<'_>, now: Timestamp, limit: usize) -> Result<bool, Fault> {
    let oldest = tx.scan(&JOURNAL, &(), None, limit)?;
    let too_old = now.minus(KEPT);
    let mut pruned = 0;
    for (row, _) in oldest {
        if row.0.made_at().is_none_or(|made| made >= too_old) {
            break;
        }
        tx.delete(&JOURNAL, &row)?;
        pruned += 1;
    }
    Ok(pruned == limit)
}

/// Who wrote a row last: kept in rows that a user overwrites with answers, so that a command which was held up in a hung
/// service or network cannot overwrite a later one of the same session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    session: SessionId,
    sequence: u64,
}

impl Author {
    /// Whoever gave this command.
    ///
    /// # Errors
    /// Invalid input (`sequence`) if the command has no number; unauthenticated if nobody is signed in.
    pub fn of(context: &Context) -> Result<Self, Error> {
        let sequence = context
            .sequence
            .ok_or_else(|| Error::invalid("sequence", "", "a command must carry its number in the session"))?;
        Ok(Self { session: context.session()?, sequence })
    }

    /// Whether this command may overwrite what `last` wrote.
    ///
    /// # Errors
    /// Conflict if `last` is a later command of the same session.
    pub fn may_overwrite(self, last: Option<Self>) -> Result<(), Error> {
        match last {
            Some(last) if last.session == self.session && last.sequence > self.sequence => {
                Err(Error::conflict("sequence", "a later command of the same session has already been carried out"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Clock as _;
    use domain::{Credential, UserId};
    use storage::{Database, Options};

    use super::*;
    use crate::SystemClock;

    const COUNT: Table<u8, u64> = Table::new("count");

    fn command() -> Context {
        let mut context = Context::new(Credential::None, Duration::from_secs(5)).as_command(IdempotencyKey::new(), 1);
        let at = domain::Position { epoch: domain::Epoch([0; 16]), at: 1 };
        context.actor = Actor::User { user: UserId::new(), session: SessionId::new(), at };
        context
    }

    async fn increment(db: &Database, context: &Context, request: &str) -> Result<u64, Fault> {
        let identity = Identity::of(context, "increment", &request, SystemClock.now())?;
        db.write(move |tx| {
            identity.once(tx, |tx| {
                let next = tx.get(&COUNT, &0)?.unwrap_or(0) + 1;
                tx.put(&COUNT, &0, &next)?;
                Ok(next)
            })
        })
        .await
    }

    #[tokio::test]
    async fn a_command_sent_twice_is_done_once_and_answered_alike() {
        let db = Database::in_memory(Options::new("test", 1));
        let (first, second) = (command(), command());
        assert_eq!(increment(&db, &first, "a").await.unwrap(), 1);
        assert_eq!(increment(&db, &first, "a").await.unwrap(), 1);
        assert_eq!(increment(&db, &second, "a").await.unwrap(), 2);
        let Err(Fault::Refused(reused)) = increment(&db, &first, "b").await else { panic!() };
        assert_eq!(reused.code(), "conflict");
    }

    #[tokio::test]
    async fn keys_are_forgotten_after_30_days_and_refused_from_then_on() {
        let db = Database::in_memory(Options::new("test", 1));
        let context = command();
        increment(&db, &context, "a").await.unwrap();
        let later = SystemClock.now().plus(KEPT + Duration::from_secs(60));
        assert!(Identity::of(&context, "increment", &"a", later).is_err());
        db.write(move |tx| prune(tx, later, 100)).await.unwrap();
        let left = db.read(|view| Ok::<_, Fault>(view.scan(&JOURNAL, &(), None, 10)?.len())).await.unwrap();
        assert_eq!(left, 0);
    }

    #[test]
    fn a_delayed_command_does_not_overwrite_a_later_one_of_its_session() {
        let mut context = command();
        let earlier = Author::of(&context).unwrap();
        context.sequence = Some(2);
        let later = Author::of(&context).unwrap();
        assert!(earlier.may_overwrite(Some(later)).is_err());
        assert!(later.may_overwrite(Some(earlier)).is_ok());
        assert!(later.may_overwrite(Some(later)).is_ok());
    }
}
