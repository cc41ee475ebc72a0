//! What followers are told of the rows here when the history that they followed is not there any more: everyone's status, event by
//! event.

use chassis::Fault;
use domain::events::MAX_PEOPLE_A_RECORD;
use domain::invitations::InvitationChange;
use storage::{Reader as _, View};

use crate::store::{INVITATIONS, Place};

/// More rows than this are not looked at for one page.
const MOST_ROWS: usize = 2_000;

/// At most `limit` records behind `after`, and whether there may be more.
pub(crate) fn rows(
    view: &View<'_>,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<(Place, InvitationChange)>, bool), Fault> {
    let found = view.scan(&INVITATIONS, &(), after.as_ref(), MOST_ROWS)?;
    let mut rows = Vec::new();
    let alike =
        |((one, of_one, _), _): &(Place, _), ((other, of_other, _), _): &(Place, _)| (one, of_one) == (other, of_other);
    for together in found.chunk_by(alike).flat_map(|together| together.chunks(MAX_PEOPLE_A_RECORD)) {
        if rows.len() == limit {
            return Ok((rows, true));
        }
        let Some((last, _)) = together.last() else { continue };
        let (event, instance, _) = *last;
        let people = together.iter().map(|((.., user), row)| (*user, Some(row.status()))).collect();
        rows.push((*last, InvitationChange::Answered { event, instance, people }));
    }
    Ok((rows, found.len() == MOST_ROWS))
}
