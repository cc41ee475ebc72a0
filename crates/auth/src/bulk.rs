//! People in bulk, for benchmarks: the rows and records that registering makes, for many people in one transaction.
//!
//! Nobody is signed in by it, and nobody can sign in as them: no one knows their passwords.

use chassis::Fault;
use domain::Timestamp;
use domain::auth::User;
use storage::Database;

use crate::passwords::known_to_nobody;
use crate::service::entering::enrol;
use crate::store::UserRow;

/// Registers `people` at once. Their names and ids must be new: that is not looked up.
///
/// # Errors
/// What the database reports; a system without randomness.
pub async fn register(db: &Database, people: Vec<User>, now: Timestamp) -> Result<(), Fault> {
    let password = known_to_nobody()?;
    let write = move |tx: &mut storage::Transaction<'_>| {
        people.into_iter().try_for_each(|User { id, username }| {
            enrol(tx, id, UserRow { username, password: password.clone(), created: now })
        })
    };
    db.write(write).await
}
