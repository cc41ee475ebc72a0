//! Following another service's log: each change takes effect here exactly once, however often it is delivered.
//!
//! The effects of some changes and the cursor behind them are one transaction, of bounded size. A change that cannot be applied stops the follower, which
//! says so and tries again; nothing is ever skipped. So does a history that is not the one that was followed (a database
//! restored, copied back or emptied): the rows here stay as they are until someone has looked.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::log::{Change, Changes, LogCursor, ReadChanges, Record};
use domain::{Answer, Context, Epoch, Error, Position, Positions, Service};
use storage::{Cursor, Digest, Reader, Transaction};
use tokio::time::sleep;

use crate::{Chassis, Fault, work};

const RECORDS_A_BATCH: u32 = 200;
/// How long one poll waits for news at the owner.
const WAIT: Duration = Duration::from_secs(20);
/// What a poll may take beyond that.
const GRACE: Duration = Duration::from_secs(3);
/// Between attempts to reach a service that is away: from the first to the last.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(400));
/// Between attempts to write when the own database is busy.
const BUSY: Duration = Duration::from_millis(50);
/// No further change joins a transaction that has changed this many rows: with those that remain the next one begins.
const ROWS_A_TRANSACTION: usize = 2_000;
/// Between attempts to go on after a stop.
const STOPPED: Duration = Duration::from_secs(1);

/// How far a view has followed a log.
///
/// # Errors
/// What the database reports.
pub fn cursor_of(reader: &impl Reader, source: Service) -> Result<Option<Position>, Fault> {
    let cursor = reader.cursor(source.name())?;
    Ok(cursor.map(|cursor| Position { epoch: Epoch(cursor.epoch.0), at: cursor.position }))
}

/// How far the effects of all followed logs are in a view: the cursors, less what is still to be worked off.
pub(crate) fn applied(reader: &impl Reader, service: Service) -> Result<Positions, Fault> {
    let mut applied = Positions::default();
    for &source in service.follows() {
        if let Some(position) = cursor_of(reader, source)? {
            let pending = work::first_pending(reader, source)?;
            let at = pending.map_or(position.at, |first| position.at.min(first.saturating_sub(1)));
            applied.set(source, Position { epoch: position.epoch, at });
        }
    }
    Ok(applied)
}

impl Chassis {
    /// Follows the log of `source` for as long as the future is polled: reads it with `read`, applies each change with `apply`
    /// in one transaction with the cursor. `apply` may be called again with the same change after a failure, never after success.
    pub async fn follow<C, R, F, A>(self: Arc<Self>, source: Service, read: R, apply: A)
    where
        C: Change,
        R: Fn(Context, ReadChanges) -> F + Send + Sync + 'static,
        F: Future<Output = Answer<Changes<C>>> + Send,
        A: Fn(&mut Transaction<'_>, Position, &C) -> Result<(), Fault> + Send + Sync + 'static,
    {
        let apply = Arc::new(apply);
        let mut failures = 0_u32;
        let mut first = true;
        loop {
            match self.poll(source, &read, &apply, first).await {
                Ok(()) => (failures, first) = (0, false),
                Err(Trouble::Away(error)) => {
                    self.followed.lost(source);
                    self.lags.lost(source);
                    tracing::debug!(service = %self.service(), %source, %error, "cannot follow now");
                    failures = failures.saturating_add(1);
                    first = true;
                    sleep(BACKOFF.0.saturating_mul(1 << failures.min(6)).min(BACKOFF.1)).await;
                }
                Err(Trouble::Busy) => sleep(BUSY).await,
                Err(Trouble::Stopped(why)) => {
                    tracing::error!(service = %self.service(), %source, %why, "a follower has stopped");
                    self.followed.stop(source, why);
                    sleep(STOPPED).await;
                }
            }
        }
    }

    async fn poll<C, R, F, A>(
        self: &Arc<Self>,
        source: Service,
        read: &R,
        apply: &Arc<A>,
        first: bool,
    ) -> Result<(), Trouble>
    where
        C: Change,
        R: Fn(Context, ReadChanges) -> F,
        F: Future<Output = Answer<Changes<C>>>,
        A: Fn(&mut Transaction<'_>, Position, &C) -> Result<(), Fault> + Send + Sync + 'static,
    {
        let (cursor, before) = self
            .db()
            .read(|view| Ok::<_, Fault>((view.cursor(source.name())?, applied(view, self.service())?)))
            .await
            .map_err(Trouble::of)?;
        self.followed.applied(&before);
        let wait = if first { Duration::ZERO } else { WAIT };
        let context = Context::new(self.identity().credential().map_err(Trouble::Away)?, wait + GRACE);
        let request = ReadChanges {
            after: log_cursor(cursor),
            limit: RECORDS_A_BATCH,
            wait_ms: u32::try_from(wait.as_millis()).unwrap_or(0),
            followed: self.followed.now().told(source),
        };
        match read(context, request).await.map_err(Trouble::Away)?.value {
            Changes::Records { epoch, records, watermark, followed } => {
                let next = next_cursor(cursor, epoch, &records).map_err(Trouble::Stopped)?;
                self.lags.note(source, cursor.map_or(0, |cursor| cursor.position), watermark);
                let (records, mut reached) = (Arc::new(records), cursor);
                while reached != Some(next) {
                    let (apply, records) = (Arc::clone(apply), Arc::clone(&records));
                    let after =
                        self.take_over(source, reached, next.epoch, records, apply).await.map_err(Trouble::of)?;
                    self.followed.applied(&after.1);
                    self.lags.note(source, after.0.position, watermark);
                    reached = Some(after.0);
                    self.work_may_have_come();
                }
                self.followed.heard(source, (next.position >= watermark).then_some((followed, next.position)));
                Ok(())
            }
            Changes::Diverged { watermark, .. } => Err(Trouble::Stopped(format!(
                "its log (now at {watermark}) is not the history that was followed to {}: a database was restored, copied \
                 back or emptied; nothing here was changed",
                cursor.map_or(0, |cursor| cursor.position),
            ))),
        }
    }
}

impl Chassis {
    /// Applies those of `records` behind `reached` in one transaction with the cursor, or as many of them as fit. Where the cursor
    /// then is, and how far the effects are.
    async fn take_over<C, A>(
        &self,
        source: Service,
        reached: Option<Cursor>,
        epoch: storage::Epoch,
        records: Arc<Vec<Record<C>>>,
        apply: Arc<A>,
    ) -> Result<(Cursor, Positions), Fault>
    where
        C: Change,
        A: Fn(&mut Transaction<'_>, Position, &C) -> Result<(), Fault> + Send + Sync + 'static,
    {
        let service = self.service();
        let taken = self.db().write(move |tx| {
            let mut reached = reached.unwrap_or(Cursor { epoch, position: 0, digest: Digest::default() });
            let behind = reached.position;
            for record in records.iter().filter(|record| record.position > behind) {
                if tx.changed_rows() >= ROWS_A_TRANSACTION {
                    break;
                }
                apply(tx, Position { epoch: Epoch(epoch.0), at: record.position }, &record.change)?;
                reached = Cursor { epoch, position: record.position, digest: Digest(record.digest) };
            }
            tx.set_cursor(source.name(), reached)?;
            Ok((reached, applied(tx, service)?))
        });
        taken.await
    }
}

enum Trouble {
    /// The owner cannot be reached: it will be tried again soon.
    Away(Error),
    /// The own database takes nothing at the moment: it is busy, its disk is full, or it is closing.
    Busy,
    /// Going on would lose or invent something: an operator must look.
    Stopped(String),
}

impl Trouble {
    fn of(fault: Fault) -> Self {
        match fault {
            Fault::Storage(storage::Error::Busy { .. } | storage::Error::DiskFull { .. } | storage::Error::Closed) => {
                Self::Busy
            }
            other => Self::Stopped(other.to_string()),
        }
    }
}

fn log_cursor(cursor: Option<Cursor>) -> LogCursor {
    cursor.map_or(LogCursor::START, |cursor| LogCursor {
        epoch: Some(Epoch(cursor.epoch.0)),
        position: cursor.position,
        digest: cursor.digest.0,
    })
}

/// The cursor behind `records`, which must join `cursor` without a gap.
fn next_cursor<C>(cursor: Option<Cursor>, epoch: Epoch, records: &[Record<C>]) -> Result<Cursor, String> {
    let mut next = cursor.unwrap_or(Cursor { epoch: storage::Epoch(epoch.0), position: 0, digest: Digest::default() });
    if next.epoch.0 != epoch.0 {
        return Err("it answered with records of another history than was asked for".to_owned());
    }
    for record in records {
        if record.position != next.position.saturating_add(1) {
            return Err(format!("record {} came after record {}", record.position, next.position));
        }
        next.position = record.position;
        next.digest = Digest(record.digest);
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_or_closing_database_is_no_reason_to_call_an_operator() {
        for error in [storage::Error::Busy { waiting: 9 }, storage::Error::Closed] {
            assert!(matches!(Trouble::of(error.into()), Trouble::Busy));
        }
        assert!(matches!(Trouble::of(Fault::broken("a record that cannot be")), Trouble::Stopped(_)));
    }
}
