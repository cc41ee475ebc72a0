//! What this service takes over from auth's changes.
//!
//! A deletion first takes hold of the rows here, then of the directory: in one transaction, of which only the first, bounded
//! step need be done at once ([`crate::store::work`]).

use chassis::follow::Follower;
use chassis::{Fault, Listing, directory, work};
use domain::auth::{AuthChange, AuthRow};
use domain::{Position, Service};
use storage::Transaction;

use crate::store::work::{Work, step};
use crate::store::{INVITED_OF, ORGANIZED_BY};

/// Follows auth.
pub(crate) struct OfAuth;

impl Follower<AuthChange> for OfAuth {
    fn apply(&self, tx: &mut Transaction<'_>, at: Position, change: &AuthChange) -> Result<(), Fault> {
        if let AuthChange::UserDeleted { user } = change {
            work::begin(tx, Service::Auth, at, Work::Forget(*user), step)?;
        }
        directory::apply(tx, change)
    }

    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, AuthRow>) -> Result<Listing<'a, 'tx, AuthRow>, Fault> {
        directory::held(rows)?
            .of(&ORGANIZED_BY, |(user, _), ()| Some(AuthRow::User(*user)))?
            .of(&INVITED_OF, |(user, _), ()| Some(AuthRow::User(*user)))
    }
}
