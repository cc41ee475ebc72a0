//! What followers are told of the rows here when the history that they followed is not there any more: the live shares.

use chassis::Fault;
use domain::UserId;
use domain::sharing::SharingChange;
use storage::{Reader as _, View};

use crate::store::SHARES;

/// The share behind which a page goes on.
pub(crate) type Place = (UserId, UserId);

/// At most `limit` shares behind `after`, and whether there may be more.
pub(crate) fn rows(
    view: &View<'_>,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<(Place, SharingChange)>, bool), Fault> {
    let shares = view.scan(&SHARES, &(), after.as_ref(), limit)?;
    let full = shares.len() == limit;
    let told = shares
        .into_iter()
        .map(|((owner, sharee), row)| ((owner, sharee), SharingChange::Shared { owner, sharee, level: row.level }));
    Ok((told.collect(), full))
}
