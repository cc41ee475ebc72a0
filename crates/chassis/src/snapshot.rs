//! Serving a snapshot of a service's own rows to those whose history of its log is not there any more.

use domain::log::Change;
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::{Answer, Epoch, Error, Position, Positions, Reply};
use serde::{Serialize, de::DeserializeOwned};
use storage::{Reader as _, View};

use crate::{Chassis, Fault};

/// The most records of one page.
const ROWS_A_PAGE: u32 = 200;
/// Large answers would hold up small ones on the same connection.
const MOST_BYTES: usize = 256 * 1_024;

impl Chassis {
    /// Answers a follower's `snapshot`. `read` gives rows behind a place, in the order of keys that never change: of each the place
    /// behind it, and the record that would make it; at most so many records, and whether there may be more.
    ///
    /// # Errors
    /// Invalid input (`after`) for a place that no page gave; what `read` reports.
    pub async fn serve_snapshot<C: Change, P: Serialize + DeserializeOwned>(
        &self,
        request: &ReadSnapshot,
        read: impl FnOnce(&View<'_>, Option<P>, usize) -> Result<(Vec<(P, C)>, bool), Fault>,
    ) -> Answer<Snapshot<C>> {
        let refused = |fault: Fault| fault.into_error(self.service());
        let why = "give the `next` of the page before, as it was given";
        let after = request.after.as_ref().map(|bytes| storage::decode(bytes)).transpose();
        let after = after.map_err(|_| Error::invalid("after", "", why))?;
        let limit = request.limit.clamp(1, ROWS_A_PAGE) as usize;
        let page = self.db().read(|view| {
            let (mut rows, mut bytes, mut next) = (Vec::new(), 0, None);
            let (found, more) = read(view, after, limit)?;
            let mut last = None;
            for (place, row) in found {
                bytes += storage::encode(&row)?.len();
                if bytes > MOST_BYTES && !rows.is_empty() {
                    next = last.take();
                    break;
                }
                rows.push(row);
                last = Some(storage::encode(&place)?);
            }
            let next = next.or_else(|| last.filter(|_| more));
            Ok::<_, Fault>(Snapshot {
                epoch: Epoch(view.epoch().0),
                at: view.position(),
                digest: view.digest().0,
                rows,
                next,
            })
        });
        let page = page.await.map_err(refused)?;
        let seen = Positions::of(self.service(), Position { epoch: page.epoch, at: page.at });
        Ok(Reply::new(page, seen))
    }
}
