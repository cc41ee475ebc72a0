//! Passwords, hashed and checked with Argon2id (RFC 9106).
//!
//! A hash takes tens of milliseconds and megabytes on purpose, so it runs away from the async threads, a few at a time. Callers
//! who cannot be served within their deadline, or find too many waiting already, are refused at once. A check takes the same
//! time whether or not there is a user: where there is none, a hash of the same cost is checked that no password fits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{self, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use chassis::Fault;
use domain::{Context, Error, Password, PasswordAttempt};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::{Config, HashedOn};

/// Callers that may wait for each hash that runs.
const WAITING_FOR_EACH: usize = 50;
/// Kept back from a call's deadline for the hash itself and the way home.
const RESERVED: Duration = Duration::from_millis(500);

/// A hash as it is stored, with its salt and parameters (a PHC string). Never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct StoredHash(String);

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredHash(…)")
    }
}

/// Hashes and checks passwords.
pub(crate) struct Hasher {
    argon: Argon2<'static>,
    on: HashedOn,
    /// One permit for each hash that runs or is waited for.
    admitted: Arc<Semaphore>,
    /// One for each that runs.
    running: Arc<Semaphore>,
    nobodys: StoredHash,
}

impl Hasher {
    /// At the cost and in the numbers of `config`.
    pub(crate) async fn new(config: &Config) -> Result<Self, Fault> {
        let cost = config.hashing;
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|error| Fault::broken(format!("the password cost {cost:?} is not allowed: {error}")))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut unguessable = [0_u8; 32];
        getrandom::fill(&mut unguessable).map_err(|_| no_randomness())?;
        let hashing = argon.clone();
        let nobodys = away(config.hashed_on, move || hashed(&hashing, &unguessable)).await??;
        let at_once = config.max_concurrent_hashes.max(1);
        Ok(Self {
            argon,
            on: config.hashed_on,
            admitted: Arc::new(Semaphore::new(
                at_once.saturating_mul(1 + WAITING_FOR_EACH).min(Semaphore::MAX_PERMITS),
            )),
            running: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))),
            nobodys,
        })
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// Rate limited if too much is to be hashed.
    pub(crate) async fn hash(&self, context: &Context, password: Password) -> Result<StoredHash, Fault> {
        let argon = self.argon.clone();
        self.run(context, move || hashed(&argon, password.reveal().as_bytes())).await?
    }

    /// Whether `attempt` is the password behind `stored`; of nobody, it never is.
    ///
    /// # Errors
    /// As [`Hasher::hash`].
    pub(crate) async fn fits(
        &self,
        context: &Context,
        attempt: PasswordAttempt,
        stored: Option<StoredHash>,
    ) -> Result<bool, Fault> {
        let argon = self.argon.clone();
        let somebodys = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobodys.clone());
        let fits = self.run(context, move || {
            let unreadable = |_| Fault::broken("a stored password hash cannot be read");
            let stored = PasswordHash::new(&stored.0).map_err(unreadable)?;
            match argon.verify_password(attempt.reveal().as_bytes(), &stored) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::Password) => Ok(false),
                Err(error) => Err(unreadable(error)),
            }
        });
        Ok(fits.await?? && somebodys)
    }

    async fn run<T: Send + 'static>(
        &self,
        context: &Context,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let place = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| busy())?;
        let turn = timeout(context.remaining().saturating_sub(RESERVED), Arc::clone(&self.running).acquire_owned());
        let turn = turn.await.map_err(|_| busy())?.map_err(|_| busy())?;
        let hashing = away(self.on, move || {
            let result = job();
            // Held until here even if the caller has gone away: the work went on.
            drop((turn, place));
            result
        });
        hashing.await
    }
}

/// Does costly work where it holds nobody up.
async fn away<T: Send + 'static>(on: HashedOn, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    match on {
        HashedOn::OwnThreads => tokio::task::spawn_blocking(job).await.map_err(died),
        HashedOn::CallersThread => Ok(job()),
    }
}

/// The hash of a password that nobody knows.
#[cfg(feature = "bulk")]
pub(crate) fn known_to_nobody() -> Result<StoredHash, Fault> {
    let mut unguessable = [0_u8; 32];
    getrandom::fill(&mut unguessable).map_err(|_| no_randomness())?;
    let crate::PasswordCost { memory_kib, passes, lanes } = crate::PasswordCost::cheapest();
    let params = Params::new(memory_kib, passes, lanes, None)
        .map_err(|error| Fault::broken(format!("the least password cost is not allowed: {error}")))?;
    hashed(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), &unguessable)
}

fn hashed(argon: &Argon2<'_>, password: &[u8]) -> Result<StoredHash, Fault> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|_| no_randomness())?;
    let failed = |error: password_hash::Error| Fault::broken(format!("a password could not be hashed: {error}"));
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Ok(StoredHash(argon.hash_password(password, &salt).map_err(failed)?.to_string()))
}

fn busy() -> Error {
    Error::RateLimited {
        reason: "auth is busy: too many passwords are being checked".to_owned(),
        retry_after_ms: 1_000,
    }
}

fn no_randomness() -> Fault {
    Fault::broken("the system has no randomness")
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn died(error: tokio::task::JoinError) -> Fault {
    Fault::broken(format!("hashing a password broke off: {error}"))
}

#[cfg(test)]
mod tests {
    use domain::Credential;

    use super::*;
    use crate::PasswordCost;

    fn cheap(at_once: usize) -> Config {
        Config { hashing: PasswordCost::cheapest(), max_concurrent_hashes: at_once, ..Config::default() }
    }

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::try_from(text.to_owned()).unwrap()
    }

    fn within(seconds: u64) -> Context {
        Context::new(Credential::None, Duration::from_secs(seconds))
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only_and_nobodys_fits_none() {
        let hasher = Hasher::new(&cheap(2)).await.unwrap();
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        let stored = hasher.hash(&within(5), password.clone()).await.unwrap();
        assert_ne!(stored, hasher.hash(&within(5), password).await.unwrap(), "each hash has a salt of its own");
        assert!(hasher.fits(&within(5), attempt("correct horse"), Some(stored.clone())).await.unwrap());
        assert!(!hasher.fits(&within(5), attempt("correct horsf"), Some(stored)).await.unwrap());
        assert!(!hasher.fits(&within(5), attempt("correct horse"), None).await.unwrap());
    }

    #[tokio::test]
    async fn the_default_cost_is_the_recommended_one_and_hashes_of_another_cost_stay_valid() {
        let costly = Hasher::new(&Config::default()).await.unwrap();
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        let stored = costly.hash(&within(60), password).await.unwrap();
        assert!(stored.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.0);
        assert!(costly.nobodys.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let cheap = Hasher::new(&cheap(1)).await.unwrap();
        assert!(cheap.fits(&within(60), attempt("correct horse"), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn a_cost_that_argon2_does_not_allow_is_refused_by_name() {
        let hashing = PasswordCost { memory_kib: 1, passes: 1, lanes: 1 };
        let Err(fault) = Hasher::new(&Config { hashing, ..Config::default() }).await else { panic!() };
        assert!(fault.to_string().contains("memory_kib: 1"), "{fault}");
    }

    #[tokio::test]
    async fn whoever_would_wait_too_long_is_refused_at_once() {
        let hasher = Hasher::new(&cheap(1)).await.unwrap();
        let turn = Arc::clone(&hasher.running).acquire_owned().await.unwrap();
        let refused = |result: Result<bool, Fault>| match result {
            Err(Fault::Refused(error)) => error.code(),
            other => panic!("{other:?}"),
        };
        // No deadline left: waiting is no use.
        assert_eq!(refused(hasher.fits(&within(0), attempt("x"), None).await), "rate_limited");
        // Every place to wait is taken.
        let places = u32::try_from(hasher.admitted.available_permits()).unwrap();
        let taken = Arc::clone(&hasher.admitted).acquire_many_owned(places).await.unwrap();
        assert_eq!(refused(hasher.fits(&within(60), attempt("x"), None).await), "rate_limited");
        drop((turn, taken));
        assert!(!hasher.fits(&within(60), attempt("x"), None).await.unwrap());
    }
}
