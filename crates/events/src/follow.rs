//! What this service takes over from auth's changes.
//!
//! A deletion first takes hold of the rows here, then of the directory: in one transaction, of which only the first, bounded
//! step need be done at once ([`crate::store::work`]).

use chassis::{Fault, directory, work};
use domain::auth::AuthChange;
use domain::{Position, Service};
use storage::Transaction;

use crate::store::work::{Work, step};

/// Takes one change of auth over, which stands at `at` in its log. Doing so twice does no harm.
pub(crate) fn apply(tx: &mut Transaction<'_>, at: Position, change: &AuthChange) -> Result<(), Fault> {
    if let AuthChange::UserDeleted { user } = change {
        work::begin(tx, Service::Auth, at, Work::Forget(*user), step)?;
    }
    directory::apply(tx, change)
}
