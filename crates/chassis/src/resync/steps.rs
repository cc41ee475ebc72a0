//! The steps of a resynchronization, each one transaction together with the note of how far it is.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::log::{Change, Changes};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::{Epoch, Position, Service};
use storage::{Cursor, Digest, Reader as _, Transaction};

use super::{PAST, Stage, State, UNDER_WAY, past, state as state_of, unseen};
use crate::follow::{Follower, Tailing, Trouble, WAIT, WORK_CATCHING_UP, applied, apply_behind, next_cursor};
use crate::held::Listing;
use crate::source::Source;
use crate::{Fault, work};

const ROWS_A_PAGE: u32 = 200;
/// How many listed rows are forgotten, or swept, in one transaction at most.
const LISTED_A_STEP: usize = 500;

impl<C, S, F> Tailing<C, S, F>
where
    C: Change,
    S: Source<C>,
    F: Follower<C>,
{
    /// Does the next step.
    pub(crate) async fn resynchronize(
        &self,
        state: State,
        first: bool,
        attention: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<(), Trouble> {
        let followed = &self.chassis.followed;
        followed.resynchronizes(self.source);
        match state.stage.clone() {
            Stage::Clearing => self.clear(state).await,
            Stage::Listing(after) => self.list(state, after).await,
            Stage::Paging(next) => self.page(state, next).await,
            Stage::Replaying(cursor) => self.replay(state, cursor, Duration::ZERO).await,
            Stage::HeldUp(cursor) => {
                let wait = if first { Duration::ZERO } else { WAIT };
                tokio::select! {
                    replayed = self.replay(state, cursor, wait) => replayed,
                    () = attention => Ok(()),
                }
            }
            Stage::Sweeping(cursor) => self.sweep(state, cursor).await,
        }
    }

    /// Makes `state` the present one.
    pub(crate) async fn store(&self, state: State) -> Result<(), Trouble> {
        let source = self.source;
        self.write(move |tx| Ok(tx.put(&UNDER_WAY, &source, &state)?)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (service, source) = (self.chassis.service(), self.source);
        let written = self.chassis.db().write(move |tx| {
            let before = others_under_way(tx, service, source)?;
            let result = step(tx)?;
            Ok((result, others_under_way(tx, service, source)? != before))
        });
        let (result, requested) = written.await.map_err(Trouble::of)?;
        self.chassis.work_may_have_come();
        // It has requested another source's rows: that one's poll is not waited for.
        if requested {
            self.chassis.attention.notify_waiters();
        }
        Ok(result)
    }

    async fn clear(&self, state: State) -> Result<(), Trouble> {
        let source = self.source;
        let done = self.write(move |tx| {
            let listed = tx.scan(&unseen::<C::Row>(), &source, None, LISTED_A_STEP)?;
            for (row, ()) in &listed {
                tx.delete(&unseen(), row)?;
            }
            if listed.len() < LISTED_A_STEP && work::first_pending(tx, source)?.is_none() {
                tx.put(&UNDER_WAY, &source, &state.at(Stage::Listing(None)))?;
                return Ok(true);
            }
            Ok(!listed.is_empty())
        });
        if done.await? { Ok(()) } else { Err(Trouble::Busy) }
    }

    async fn list(&self, mut state: State, after: Option<Vec<u8>>) -> Result<(), Trouble> {
        let (source, follower) = (self.source, Arc::clone(&self.follower));
        let listed = self.write(move |tx| {
            let (rows, next) = follower.held(Listing::behind(tx, after.as_deref())?)?.page()?;
            for row in rows {
                let lasting = C::is_lasting(&row);
                let row = (source, row);
                if !tx.contains(&unseen(), &row)? {
                    tx.put(&unseen(), &row, &())?;
                    state.held += u64::from(lasting);
                    state.unseen += u64::from(lasting);
                }
            }
            state.stage = next.map_or(Stage::Paging(None), |next| Stage::Listing(Some(next)));
            Ok(tx.put(&UNDER_WAY, &source, &state)?)
        });
        listed.await
    }

    async fn page(&self, state: State, next: Option<Vec<u8>>) -> Result<(), Trouble> {
        let request = ReadSnapshot { after: next, limit: ROWS_A_PAGE };
        let page = self.log.snapshot(&self.asking(Duration::ZERO)?, request).await.map_err(Trouble::Away)?.value;
        self.chassis.followed.heard(self.source, None);
        let Snapshot { epoch, at, digest, rows, next } = page;
        let shown = Cursor { epoch: storage::Epoch(epoch.0), position: at, digest: Digest(digest) };
        let joins = match state.page {
            Some(before) if before == shown => true,
            Some(before) => {
                epoch.0 == before.epoch.0 && before.position <= at && self.is_in_its_history(before).await?
            }
            None => self.may_be_read_anew(epoch).await?,
        };
        if !joins {
            return self.store(State::new()).await;
        }
        let begun = state.start.unwrap_or(shown);
        let (source, count, rows) = (self.source, rows.len(), Arc::new(rows));
        let (mut state, mut adopted) = (State { start: Some(begun), page: Some(shown), ..state }, 0);
        // More than one transaction should hold: then a crash in between repeats some of them, which does no harm.
        loop {
            let (follower, rows, next) = (Arc::clone(&self.follower), Arc::clone(&rows), next.clone());
            let mut reached = state;
            let step = self.write(move |tx| {
                let at = Position { epoch, at };
                let mut behind = adopted;
                for row in rows.iter().skip(adopted) {
                    if tx.work() >= WORK_CATCHING_UP {
                        break;
                    }
                    follower.adopt(tx, at, row)?;
                    see::<C>(tx, source, &mut reached, row)?;
                    behind += 1;
                }
                if behind == count {
                    let stage = next.map_or(Stage::Replaying(begun), |next| Stage::Paging(Some(next)));
                    reached.stage = stage;
                }
                reached.again |= state_of(tx, source)?.is_some_and(|state| state.again);
                tx.put(&UNDER_WAY, &source, &reached)?;
                Ok((reached, behind))
            });
            (state, adopted) = step.await?;
            if adopted == count {
                return Ok(());
            }
        }
    }

    /// Whether the history that the source calls `epoch` may be read from its first page on. One that was followed here under that name may,
    /// if it still holds what was followed. Otherwise its folder was copied back once more: it has been shown what was followed
    /// now, and takes another name for its history. Until then the cursor, which stays where it is, would claim positions of it that
    /// were not read.
    async fn may_be_read_anew(&self, epoch: Epoch) -> Result<bool, Trouble> {
        let source = self.source;
        let followed = self.chassis.db().read(move |view| Ok::<_, Fault>(view.cursor(source.name())?));
        match followed.await.map_err(Trouble::of)? {
            Some(cursor) if cursor.epoch.0 == epoch.0 => self.is_in_its_history(cursor).await,
            _ => Ok(true),
        }
    }

    /// Whether the source's log leads through this position.
    async fn is_in_its_history(&self, cursor: Cursor) -> Result<bool, Trouble> {
        Ok(matches!(self.read(Some(cursor), Duration::ZERO).await?, Changes::Records { .. }))
    }

    async fn replay(&self, state: State, cursor: Cursor, wait: Duration) -> Result<(), Trouble> {
        let source = self.source;
        let changes = self.read(Some(cursor), wait).await?;
        let Changes::Records { epoch, records, watermark, .. } = changes else {
            return self.store(State::new()).await;
        };
        let next = next_cursor(Some(cursor), epoch, &records).map_err(Trouble::Stopped)?;
        let records = Arc::new(records);
        self.chassis.lags.note(source, cursor.position, watermark);
        let (mut reached, mut latest) = (cursor, state);
        while reached != next {
            let (follower, records) = (Arc::clone(&self.follower), Arc::clone(&records));
            let step = self.write(move |tx| {
                // An operator may have said a word in between.
                let Some(mut state) = state_of(tx, source)? else { return Err(gone()) };
                let seen = RefCell::new(&mut state);
                let reached = apply_behind(tx, reached, &records, WORK_CATCHING_UP, |tx, at, change| {
                    follower.apply(tx, at, change)?;
                    see::<C>(tx, source, &mut seen.borrow_mut(), change)
                })?;
                state.stage = match state.stage {
                    Stage::HeldUp(_) => Stage::HeldUp(reached),
                    _ => Stage::Replaying(reached),
                };
                tx.put(&UNDER_WAY, &source, &state)?;
                Ok((reached, state))
            });
            (reached, latest) = step.await?;
            self.chassis.lags.note(source, reached.position, watermark);
        }
        if next.position < watermark {
            return Ok(());
        }
        if let Some(page) = latest.page
            && page != next
            && !self.is_in_its_history(page).await?
        {
            return self.store(State::new()).await;
        }
        if latest.is_tolerable() {
            self.chassis.followed.heard(source, None);
            return self.move_to(Stage::Sweeping(next)).await;
        }
        let why = latest.why_it_waits(self.chassis.service(), source);
        // It waits before it says so: whoever reads that gives their word at once.
        if !matches!(latest.stage, Stage::HeldUp(_)) {
            self.move_to(Stage::HeldUp(next)).await?;
        }
        self.chassis.followed.reached(source);
        if self.chassis.followed.stop(source, why.clone()) {
            tracing::error!(service = %self.chassis.service(), %source, %why, "a follower waits for an operator's word");
        }
        Ok(())
    }

    async fn move_to(&self, stage: Stage) -> Result<(), Trouble> {
        let source = self.source;
        let moved = self.write(move |tx| {
            let state = state_of(tx, source)?.ok_or_else(gone)?;
            // A word that was said in between is not overheard.
            let stage = match stage {
                Stage::HeldUp(cursor) if state.accepted => Stage::Replaying(cursor),
                stage => stage,
            };
            Ok(tx.put(&UNDER_WAY, &source, &state.at(stage))?)
        });
        moved.await
    }

    async fn sweep(&self, state: State, cursor: Cursor) -> Result<(), Trouble> {
        let (source, service) = (self.source, self.chassis.service());
        let follower = Arc::clone(&self.follower);
        let lost = state.unseen;
        let swept = self.write(move |tx| {
            let at = Position { epoch: Epoch(cursor.epoch.0), at: cursor.position };
            let left = tx.scan(&unseen::<C::Row>(), &source, None, LISTED_A_STEP)?;
            for (row, ()) in &left {
                if tx.work() >= WORK_CATCHING_UP {
                    return Ok(None);
                }
                follower.apply(tx, at, &C::removal(&row.1))?;
                tx.delete(&unseen(), row)?;
            }
            if left.len() == LISTED_A_STEP {
                return Ok(None);
            }
            go_over(tx, source, cursor)?;
            applied(tx, service).map(Some)
        });
        if let Some(applied) = swept.await? {
            let past = self.chassis.db().read(|view| past(view, source)).await.map_err(Trouble::of)?;
            self.chassis.followed.past(source, &past);
            self.chassis.followed.applied(&applied);
            self.chassis.followed.resynchronized(source);
            tracing::warn!(%service, %source, lost, at = cursor.position, "what is kept here is what it holds again");
        }
        Ok(())
    }
}

/// The last step: the cursor moves to the new history.
pub(super) fn go_over(tx: &mut Transaction<'_>, source: Service, cursor: Cursor) -> Result<(), Fault> {
    if let Some(old) = tx.cursor(source.name())?
        && old.epoch != cursor.epoch
    {
        tx.put(&PAST, &(source, old.epoch.0), &())?;
    }
    // One that was left may be the true one after all.
    tx.delete(&PAST, &(source, cursor.epoch.0))?;
    tx.set_cursor(source.name(), cursor)?;
    if state_of(tx, source)?.is_some_and(|state| state.again) {
        return Ok(tx.put(&UNDER_WAY, &source, &State::new())?);
    }
    Ok(tx.delete(&UNDER_WAY, &source)?)
}

/// For which other sources a resynchronization is under way, and which of those begin again when they are done.
fn others_under_way(tx: &Transaction<'_>, service: Service, source: Service) -> Result<Vec<Option<bool>>, Fault> {
    let others = service.follows().iter().filter(|other| **other != source);
    others.map(|other| Ok(state_of(tx, *other)?.map(|state| state.again))).collect()
}

/// What `record` names has been seen.
fn see<C: Change>(tx: &mut Transaction<'_>, source: Service, state: &mut State, record: &C) -> Result<(), Fault> {
    for row in record.rows() {
        let lasting = C::is_lasting(&row);
        let row = (source, row);
        if tx.contains(&unseen(), &row)? {
            tx.delete(&unseen(), &row)?;
            state.unseen = state.unseen.saturating_sub(u64::from(lasting));
        }
    }
    Ok(())
}

pub(super) fn gone() -> Fault {
    Fault::broken("a resynchronization that is under way is not noted")
}
