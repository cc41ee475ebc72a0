//! Following another service's log: each change takes effect here exactly once, however often it is delivered.
//!
//! The effects of some changes and the cursor behind them are one transaction, of bounded size. A change that cannot be applied
//! stops the follower, which says so and tries again; nothing is ever skipped. Where the history is not the one that was followed
//! (a database restored, copied back or emptied), [`crate::resync`] takes over until another one is.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use domain::log::{Change, Changes, LogCursor, ReadChanges, Record};
use domain::{Context, Epoch, Error, Position, Positions, Service};
use storage::{Cursor, Digest, Reader, Transaction};
use tokio::time::{Instant, sleep};

use crate::held::Listing;
use crate::resync::{self, State};
use crate::source::Source;
use crate::{Chassis, Fault, work};

const RECORDS_A_BATCH: u32 = 200;
/// How long one poll waits for news at the owner.
pub(crate) const WAIT: Duration = Duration::from_secs(20);
/// What a poll may take beyond that.
const GRACE: Duration = Duration::from_secs(3);
/// Between attempts to reach a service that is away: from the first to the last.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(400));
/// Between attempts to write when the own database is busy.
const BUSY: Duration = Duration::from_millis(50);
/// No further change joins a transaction that has done this much [`Transaction::work`]: with those that remain the next one begins.
/// The service's own commands are carried out in between.
const WORK_KEEPING_UP: usize = 256;
/// The same while a follower is [`FAR_BEHIND`]: whoever asks cannot wait for it to catch up, so it does with fewer syncs.
pub(crate) const WORK_CATCHING_UP: usize = 4_000;
/// More records of a log than can be taken over while somebody waits for it.
const FAR_BEHIND: u64 = 1_000;
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

/// What following one log does to the rows here: written by each service for each log that it follows.
pub trait Follower<C: Change>: Send + Sync + 'static {
    /// Takes over one change, which stands at `at` in its log. It may be called again with the same change after a failure, and
    /// during a resynchronization with one whose effect is here already; never with an older one after a newer one otherwise.
    ///
    /// # Errors
    /// What the database reports; a fault for what cannot be.
    fn apply(&self, tx: &mut Transaction<'_>, at: Position, change: &C) -> Result<(), Fault>;

    /// Takes over one row of a snapshot, read at `at`: as its owner has it, whatever is here, also if what is here looks newer.
    ///
    /// # Errors
    /// As [`Follower::apply`].
    fn adopt(&self, tx: &mut Transaction<'_>, at: Position, row: &C) -> Result<(), Fault> {
        self.apply(tx, at, row)
    }

    /// Lists the rows of that log's owner of which anything is kept here, also those that are only referred to. One that is
    /// named twice counts once.
    ///
    /// # Errors
    /// What the database reports.
    fn held<'a, 'tx>(&self, rows: Listing<'a, 'tx, C::Row>) -> Result<Listing<'a, 'tx, C::Row>, Fault>;
}

impl Chassis {
    /// Follows the log of `source` for as long as the future is polled: reads it from `log` and has `follower` apply each change in
    /// one transaction with the cursor.
    pub fn follow<C, S, F>(self: Arc<Self>, source: Service, log: S, follower: F) -> impl Future<Output = ()> + Send
    where
        C: Change,
        S: Source<C>,
        F: Follower<C>,
    {
        let tailing =
            Tailing { chassis: self, source, log, follower: Arc::new(follower), changes: PhantomData::<fn() -> C> };
        tailing.run()
    }
}

/// One log that is followed.
pub(crate) struct Tailing<C, S, F> {
    pub(crate) chassis: Arc<Chassis>,
    pub(crate) source: Service,
    pub(crate) log: S,
    pub(crate) follower: Arc<F>,
    changes: PhantomData<fn() -> C>,
}

impl<C: Change, S: Source<C>, F: Follower<C>> Tailing<C, S, F> {
    async fn run(self) {
        let (source, service) = (self.source, self.chassis.service());
        let followed = &self.chassis.followed;
        let mut failures = 0_u32;
        let mut first = true;
        loop {
            match self.poll(first).await {
                Ok(()) => (failures, first) = (0, false),
                Err(Trouble::Away(error)) => {
                    followed.lost(source);
                    self.chassis.lags.lost(source);
                    tracing::debug!(%service, %source, %error, "cannot follow now");
                    failures = failures.saturating_add(1);
                    first = true;
                    sleep(BACKOFF.0.saturating_mul(1 << failures.min(6)).min(BACKOFF.1)).await;
                }
                Err(Trouble::Busy) => sleep(BUSY).await,
                Err(Trouble::Stopped(why)) => {
                    tracing::error!(%service, %source, %why, "a follower has stopped");
                    followed.stop(source, why);
                    sleep(STOPPED).await;
                }
            }
        }
    }

    async fn poll(&self, first: bool) -> Result<(), Trouble> {
        let (chassis, source) = (&self.chassis, self.source);
        // Before anything is looked at: what is asked of this follower from then on ends its wait.
        let attention = chassis.attention.notified();
        tokio::pin!(attention);
        attention.as_mut().enable();
        let seen = chassis.db().read(|view| {
            let (cursor, applied) = (view.cursor(source.name())?, applied(view, chassis.service())?);
            Ok::<_, Fault>((cursor, applied, resync::state(view, source)?, resync::past(view, source)?))
        });
        let (cursor, before, under_way, past) = seen.await.map_err(Trouble::of)?;
        chassis.followed.past(source, &past);
        chassis.followed.applied(&before);
        if let Some(state) = under_way {
            return self.resynchronize(state, first, attention).await;
        }
        let wait = if first { Duration::ZERO } else { WAIT };
        let changes = tokio::select! {
            changes = self.read(cursor, wait) => changes?,
            () = &mut attention => return Ok(()),
        };
        let Changes::Records { epoch, records, watermark, followed } = changes else {
            tracing::warn!(service = %chassis.service(), %source, followed_to = cursor.map_or(0, |cursor| cursor.position),
                "its log is not the history that was followed: a snapshot of what it holds is read");
            return self.store(State::new()).await;
        };
        let next = next_cursor(cursor, epoch, &records).map_err(Trouble::Stopped)?;
        chassis.lags.note(source, cursor.map_or(0, |cursor| cursor.position), watermark);
        let records = Arc::new(records);
        let mut reached = cursor;
        while reached != Some(next) {
            let behind = watermark.saturating_sub(reached.map_or(0, |reached| reached.position));
            let most = if behind > FAR_BEHIND { WORK_CATCHING_UP } else { WORK_KEEPING_UP };
            let begun = Instant::now();
            let after = self.take_over(reached, next.epoch, &records, most).await.map_err(Trouble::of)?;
            chassis.followed.applied(&after.1);
            chassis.lags.note(source, after.0.position, watermark);
            reached = Some(after.0);
            chassis.work_may_have_come();
            if reached != Some(next) && behind <= FAR_BEHIND {
                chassis.pace.pause(begun).await;
            }
        }
        chassis.followed.heard(source, (next.position >= watermark).then_some((followed, next.position)));
        Ok(())
    }

    /// What changed behind `cursor`, after waiting up to `wait` for it.
    pub(crate) async fn read(&self, cursor: Option<Cursor>, wait: Duration) -> Result<Changes<C>, Trouble> {
        let request = ReadChanges {
            after: log_cursor(cursor),
            limit: RECORDS_A_BATCH,
            wait_ms: u32::try_from(wait.as_millis()).unwrap_or(0),
            followed: self.chassis.followed.now().told(self.source),
        };
        Ok(self.log.changes(&self.asking(wait)?, request).await.map_err(Trouble::Away)?.value)
    }

    /// The context of a question whose answer may take `wait` by design.
    pub(crate) fn asking(&self, wait: Duration) -> Result<Context, Trouble> {
        let credential = self.chassis.identity().credential().map_err(Trouble::Away)?;
        Ok(Context::new(credential, wait + GRACE))
    }

    /// Applies those of `records` behind `reached` in one transaction with the cursor, or as many of them as fit into `most` work.
    /// Where the cursor then is, and how far the effects are.
    async fn take_over(
        &self,
        reached: Option<Cursor>,
        epoch: storage::Epoch,
        records: &Arc<Vec<Record<C>>>,
        most: usize,
    ) -> Result<(Cursor, Positions), Fault> {
        let (service, source) = (self.chassis.service(), self.source);
        let (follower, records) = (Arc::clone(&self.follower), Arc::clone(records));
        let taken = self.chassis.db().write_giving_way(move |tx| {
            let reached = reached.unwrap_or(Cursor { epoch, position: 0, digest: Digest::default() });
            let reached = apply_behind(tx, reached, &records, most, |tx, at, change| follower.apply(tx, at, change))?;
            tx.set_cursor(source.name(), reached)?;
            Ok((reached, applied(tx, service)?))
        });
        taken.await
    }
}

/// Applies those of `records` behind `reached`, or as many until the transaction has done `most` work; the cursor behind them.
pub(crate) fn apply_behind<C>(
    tx: &mut Transaction<'_>,
    mut reached: Cursor,
    records: &[Record<C>],
    most: usize,
    apply: impl Fn(&mut Transaction<'_>, Position, &C) -> Result<(), Fault>,
) -> Result<Cursor, Fault> {
    let (epoch, behind) = (reached.epoch, reached.position);
    for record in records.iter().filter(|record| record.position > behind) {
        if tx.work() >= most {
            break;
        }
        apply(tx, Position { epoch: Epoch(epoch.0), at: record.position }, &record.change)?;
        reached = Cursor { epoch, position: record.position, digest: Digest(record.digest) };
    }
    Ok(reached)
}

/// Why a follower cannot go on at the moment.
pub(crate) enum Trouble {
    /// The owner cannot be reached: it will be tried again soon.
    Away(Error),
    /// The own database takes nothing at the moment: it is busy, its disk is full, or it is closing.
    Busy,
    /// Going on would lose or invent something: an operator must look.
    Stopped(String),
}

impl Trouble {
    pub(crate) fn of(fault: Fault) -> Self {
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
pub(crate) fn next_cursor<C>(cursor: Option<Cursor>, epoch: Epoch, records: &[Record<C>]) -> Result<Cursor, String> {
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
