//! Cascades too large for one transaction.
//!
//! When a change touches more rows than one transaction should, the follower does a first, bounded step together with the
//! cursor, and leaves what remains as a durable work item. A worker does one step a transaction until nothing is left, also after
//! a crash. Until then the service does not claim to have applied that change (see the crate's `followed`), so whoever has seen its
//! cause waits for its whole effect.
//!
//! A step must bring rows to what the *present* state of their cause says, so that it does not matter which changes came between.

use std::sync::Arc;

use domain::{Position, Service};
use serde::{Serialize, de::DeserializeOwned};
use storage::{Reader, Table, Transaction};

use crate::{Chassis, Fault, Row, follow};

/// (source, position of the cause, number) → the item. In the order of the causes.
const WORK: Table<(Service, u64, u32), Row<Vec<u8>>> = Table::new("work");

/// The most rows that one step should go through: each is some rows of tables and lists. The service's own commands are
/// carried out in between.
pub const ROWS_A_STEP: usize = 64;

/// Does the first step of `item` now, as an effect of the change at `cause`, and leaves the rest for the worker.
///
/// # Errors
/// What `step` and the database report.
pub fn begin<W: Serialize + DeserializeOwned>(
    tx: &mut Transaction<'_>,
    source: Service,
    cause: Position,
    item: W,
    step: impl Fn(&mut Transaction<'_>, W) -> Result<Option<W>, Fault>,
) -> Result<(), Fault> {
    if let Some(rest) = step(tx, item)? {
        let last = tx.scan_back(&WORK, &(source, cause.at), None, 1)?.pop();
        let number = last.map_or(Some(0), |((.., number), _)| number.checked_add(1));
        let number = number.ok_or_else(|| Fault::broken("too many work items of one change"))?;
        tx.put(&WORK, &(source, cause.at, number), &Row(storage::encode(&rest)?))?;
    }
    Ok(())
}

/// The earliest change of `source` whose effects are not all in this view.
pub(crate) fn first_pending(reader: &impl Reader, source: Service) -> Result<Option<u64>, Fault> {
    let first = reader.scan(&WORK, &source, None, 1)?;
    Ok(first.first().map(|((_, position, _), _)| *position))
}

/// Whether anything in this view is still to be worked off.
///
/// # Errors
/// What the database reports.
pub fn is_under_way(reader: &impl Reader) -> Result<bool, Fault> {
    Ok(!reader.scan(&WORK, &(), None, 1)?.is_empty())
}

impl Chassis {
    /// Works off what is left, one step a transaction, and waits for more, for as long as the future is polled.
    pub async fn work_off<W, S>(self: Arc<Self>, step: S)
    where
        W: Serialize + DeserializeOwned,
        S: Fn(&mut Transaction<'_>, W) -> Result<Option<W>, Fault> + Send + Sync + 'static,
    {
        let step = Arc::new(step);
        loop {
            let (step, service) = (Arc::clone(&step), self.service());
            let begun = tokio::time::Instant::now();
            let worked = self.db().write_giving_way(move |tx| {
                let Some((key, Row(bytes))) = tx.scan(&WORK, &(), None, 1)?.pop() else { return Ok(None) };
                match step(tx, storage::decode(&bytes)?)? {
                    Some(rest) => tx.put(&WORK, &key, &Row(storage::encode(&rest)?))?,
                    None => tx.delete(&WORK, &key)?,
                }
                follow::applied(tx, service).map(Some)
            });
            match worked.await {
                Ok(Some(applied)) => {
                    self.followed.stuck(None);
                    self.followed.applied(&applied);
                    self.pace.pause(begun).await;
                }
                Ok(None) => self.work_came().await,
                Err(Fault::Storage(
                    storage::Error::Busy { .. } | storage::Error::DiskFull { .. } | storage::Error::Closed,
                )) => {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                Err(fault) => {
                    let fault: Fault = fault;
                    tracing::error!(service = %self.service(), %fault, "a cascade cannot go on");
                    self.followed.stuck(Some(&fault.to_string()));
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            }
        }
    }
}
