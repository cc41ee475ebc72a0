//! The auth service: who people are, and how they prove it.
//!
//! It registers people under names that are never issued twice, signs them in, ends their sessions, and finds people by name.
//! It owns users, names, password hashes, sessions and signing keys, in a database of its own, and follows nobody: it needs no
//! other service. The other services follow its log (keys, users, sessions) and verify session tokens by themselves, so while
//! auth is away everyone who is signed in goes on; only sign-in, registration and what else is here waits.
//!
//! * [`service`](mod@service): the rules. `entering` (register, log in), `account` (log out, renew, change the password, delete),
//!   `lookup` (who is who).
//! * [`passwords`]: Argon2id, away from the async threads and in bounded numbers. [`limits`]: how fast one may guess.
//! * [`keys`]: what tokens are signed with, and its rotation. [`sessions`]: their rows and their announcements, always together.
//! * [`store`]: the tables. [`book`]: how auth authenticates its own callers. [`housekeeping`]: what happens with time.
//! * [`audit`]: names, users and sessions held against each other. [`snapshot`]: what followers of another history are told.
//!
//! Secrets: a password is hashed or checked and then wiped; neither it nor a digest of it is kept with idempotency keys. Hashes
//! and signing keys are in the tables only, never in the change log, in an error or in a log line.

mod audit;
mod book;
#[cfg(feature = "bulk")]
pub mod bulk;
mod config;
mod housekeeping;
mod keys;
mod limits;
mod passwords;
#[cfg(test)]
mod scenarios;
mod service;
mod sessions;
mod snapshot;
mod store;

use std::sync::Arc;

use chassis::authenticator::Authenticator;
use chassis::{Chassis, Fault, Running, Setup};
use domain::Service;
use domain::auth::{AuthProtocol, AuthServer};

pub use config::{Config, HashedOn, PasswordCost};

use book::OwnBook;
use keys::Keyring;
use service::AuthService;

/// The version of the database's tables; the caller opens the database with it.
pub const SCHEMA: u32 = 1;

/// Starts the service on its database: makes and announces the first signing key if there is none, a newer one if that is due.
///
/// # Errors
/// What the database reports; a password cost that Argon2 does not allow; a system without randomness.
pub async fn start(setup: Setup, config: Config) -> Result<Running<AuthProtocol>, Fault> {
    let chassis = Chassis::new(Service::Auth, setup);
    let keys = Arc::new(Keyring::open(&chassis).await?);
    let service = AuthService::new(Arc::clone(&chassis), Arc::clone(&keys), &config).await?;
    let book = OwnBook { chassis: Arc::clone(&chassis), keys: Arc::clone(&keys) };
    let (operator, clock) = (chassis.operator().clone(), Arc::clone(chassis.clock()));
    let authenticate = Arc::new(Authenticator::new(Service::Auth, operator, clock, book));
    let stub = Arc::new(AuthServer(Arc::new(service)));
    Ok(Running::new(Arc::clone(&chassis), stub, authenticate).with(housekeeping::keep(chassis, keys)))
}
