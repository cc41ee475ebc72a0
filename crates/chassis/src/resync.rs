//! Resynchronization: going over to another history of a log that is followed.
//!
//! A source that was restored from a backup, copied back or emptied answers [`Diverged`](domain::log::Changes::Diverged). What is
//! kept here of its rows is then brought to what it holds, in steps that are each one transaction and so survive a crash:
//!
//! 1. **Listing.** Every row of the source of which anything is kept here is listed as not seen yet. (First, the cascades of the old
//!    history are worked off: what they do must not hit what comes back with the new one.)
//! 2. **Paging.** The source's snapshot is read page by page and *adopted*: what the source has counts, whatever is here. Whatever a
//!    page names has been seen. The first page notes the start position.
//! 3. **Replaying.** The log is applied from the start position to its end, since pages were read while people went on working.
//!    What it names has been seen, too.
//! 4. **Sweeping.** What has still not been seen is gone from the source, and is taken away here as its deletion would have done, cascades
//!    and all. It was all listed *before* the start position was noted, so that what it referred to lay before that: nothing that was
//!    vouched later can be hit. Then the cursor moves to the new history.
//!
//! **A source that has lost much is not believed.** Were more than a hundredth of the listed rows (and more than 20) to be swept, or
//! had not a single one been seen (an emptied folder), the sweep waits for an operator's word ([`Chassis::accept_loss`]): the follower
//! says so in its health and the log, keeps what it has, serves it, and goes on applying the new log. Restoring the right backup ends
//! that too: another history begins the resynchronization anew. Passing rows (sessions) do not count.
//!
//! **Positions stay honest.** Until the last step the cursor remains in the old history, so whoever has seen the new one is told that this
//! service is behind. A history that was left is remembered, so that what still speaks of it is not waited for.
//!
//! **What came back.** A row that had gone and is there again may have left a tombstone, because of which records of *other* logs were
//! passed over. Whoever removes the tombstone [`request`]s those logs' snapshots.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::log::{Change, Changes};
use domain::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use domain::{Actor, Answer, Context, Epoch, Error, Position, Service};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use storage::{Cursor, Digest, Reader, Table, Transaction, Value};

use crate::follow::{Follower, ROWS_A_TRANSACTION, Tailing, Trouble, WAIT, applied, apply_behind, next_cursor};
use crate::held::Listing;
use crate::source::Source;
use crate::{Chassis, Fault, Settle, work};

/// What is under way, by source.
const UNDER_WAY: Table<Service, State> = Table::new("resync");
/// The histories that were followed once and are no more.
const PAST: Table<(Service, [u8; 16]), ()> = Table::new("resync.past");
/// More histories than one source ever had.
const MOST_HISTORIES: usize = 1_000;

/// The listed rows of a source that were not seen yet.
const fn unseen<R>() -> Table<(Service, R), ()> {
    Table::new("resync.unseen")
}

const ROWS_A_PAGE: u32 = 200;
/// How many listed rows are forgotten, or swept, in one transaction at most.
const LISTED_A_STEP: usize = 500;
/// So few may be swept unasked, however few there are.
const FEW: u64 = 20;
/// And of many this part.
const SMALL_PART: u64 = 100;

/// How far a resynchronization is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    stage: Stage,
    /// How many lasting rows were listed.
    held: u64,
    /// How many of them were not seen yet.
    unseen: u64,
    /// The operator has said that they may go.
    accepted: bool,
    /// It was requested while it was under way: it begins again when it is done.
    again: bool,
}

impl Value for State {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// What an earlier one has listed is forgotten.
    Clearing,
    /// Behind this place, rows are still to be listed.
    Listing(Option<Vec<u8>>),
    /// Where the first page was read, and where the next one begins.
    Paging(Option<Cursor>, Option<Vec<u8>>),
    /// How far the log of the new history is applied.
    Replaying(Cursor),
    /// The same, while an operator's word is waited for.
    HeldUp(Cursor),
    /// The same, when what is not seen is taken away.
    Sweeping(Cursor),
}

impl State {
    pub(crate) const fn new() -> Self {
        Self { stage: Stage::Clearing, held: 0, unseen: 0, accepted: false, again: false }
    }

    fn at(&self, stage: Stage) -> Self {
        Self { stage, ..self.clone() }
    }

    /// Whether what was not seen may go unasked.
    const fn is_tolerable(&self) -> bool {
        let seen = self.held.saturating_sub(self.unseen);
        let few = self.unseen <= FEW || self.unseen <= self.held / SMALL_PART;
        self.accepted || self.unseen == 0 || (seen > 0 && few)
    }

    fn why_it_waits(&self, service: Service, source: Service) -> String {
        format!(
            "{source} no longer holds {} of the {} rows that are kept here: its database was emptied, or restored or copied back \
             from long ago. Nothing was removed here. Restore a newer backup (convene-{source} restore), or, if they are to \
             go here too, say so (convene-{service} accept-loss {source})",
            self.unseen, self.held
        )
    }
}

/// What is under way for `source`.
pub(crate) fn state(reader: &impl Reader, source: Service) -> Result<Option<State>, Fault> {
    Ok(reader.get(&UNDER_WAY, &source)?)
}

/// The histories of `source` that were left.
pub(crate) fn past(reader: &impl Reader, source: Service) -> Result<Vec<Epoch>, Fault> {
    let past = reader.scan(&PAST, &source, None, MOST_HISTORIES)?;
    Ok(past.into_iter().map(|((_, epoch), ())| Epoch(epoch)).collect())
}

/// Whether `at` is of a history of `source` that was followed here and is over: what was vouched there counts no more.
///
/// # Errors
/// What the database reports.
pub fn is_past(reader: &impl Reader, source: Service, at: Position) -> Result<bool, Fault> {
    Ok(reader.contains(&PAST, &(source, at.epoch.0))?)
}

/// Has all rows of `source` read again, because some of its records were passed over here and would now have an effect.
///
/// # Errors
/// What the database reports.
pub fn request(tx: &mut Transaction<'_>, source: Service) -> Result<(), Fault> {
    let next = match state(tx, source)? {
        None if tx.cursor(source.name())?.is_none() => return Ok(()),
        None => State::new(),
        Some(State { stage: Stage::Clearing | Stage::Listing(_), .. }) => return Ok(()),
        Some(state) => State { again: true, ..state },
    };
    Ok(tx.put(&UNDER_WAY, &source, &next)?)
}

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
            Stage::Paging(start, next) => self.page(state, start, next).await,
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
        let written = self.chassis.db().write(step).await.map_err(Trouble::of);
        // It may have left work, or have requested another source's rows.
        self.chassis.work_may_have_come();
        self.chassis.attention.notify_waiters();
        written
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
            state.stage = next.map_or(Stage::Paging(None, None), |next| Stage::Listing(Some(next)));
            Ok(tx.put(&UNDER_WAY, &source, &state)?)
        });
        listed.await
    }

    async fn page(&self, state: State, start: Option<Cursor>, next: Option<Vec<u8>>) -> Result<(), Trouble> {
        let request = ReadSnapshot { after: next, limit: ROWS_A_PAGE };
        let page = self.log.snapshot(&self.asking(Duration::ZERO)?, request).await.map_err(Trouble::Away)?.value;
        self.chassis.followed.heard(self.source, None);
        let Snapshot { epoch, at, digest, rows, next } = page;
        let begun = start.unwrap_or(Cursor { epoch: storage::Epoch(epoch.0), position: at, digest: Digest(digest) });
        if begun.epoch.0 != epoch.0 {
            return self.store(State::new()).await;
        }
        let (source, count, rows) = (self.source, rows.len(), Arc::new(rows));
        let (mut state, mut adopted) = (state, 0);
        // More than one transaction should hold: then a crash in between repeats some of them, which does no harm.
        loop {
            let (follower, rows, next) = (Arc::clone(&self.follower), Arc::clone(&rows), next.clone());
            let mut reached = state;
            let step = self.write(move |tx| {
                let at = Position { epoch, at };
                let mut behind = adopted;
                for row in rows.iter().skip(adopted) {
                    if tx.changed_rows() >= ROWS_A_TRANSACTION {
                        break;
                    }
                    follower.adopt(tx, at, row)?;
                    see::<C>(tx, source, &mut reached, row)?;
                    behind += 1;
                }
                if behind == count {
                    let stage = next.map_or(Stage::Replaying(begun), |next| Stage::Paging(Some(begun), Some(next)));
                    reached.stage = stage;
                }
                reached.again |= self::state(tx, source)?.is_some_and(|state| state.again);
                tx.put(&UNDER_WAY, &source, &reached)?;
                Ok((reached, behind))
            });
            (state, adopted) = step.await?;
            if adopted == count {
                return Ok(());
            }
        }
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
                let Some(mut state) = self::state(tx, source)? else { return Err(gone()) };
                let seen = std::cell::RefCell::new(&mut state);
                let reached = apply_behind(tx, reached, &records, |tx, at, change| {
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
        if latest.is_tolerable() {
            self.chassis.followed.heard(source, None);
            return self.move_to(Stage::Sweeping(next)).await;
        }
        let why = latest.why_it_waits(self.chassis.service(), source);
        self.chassis.followed.reached(source);
        if self.chassis.followed.stop(source, why.clone()) {
            tracing::error!(service = %self.chassis.service(), %source, %why, "a follower waits for an operator's word");
        }
        if matches!(latest.stage, Stage::HeldUp(_)) { Ok(()) } else { self.move_to(Stage::HeldUp(next)).await }
    }

    async fn move_to(&self, stage: Stage) -> Result<(), Trouble> {
        let source = self.source;
        let moved = self.write(move |tx| {
            let state = state(tx, source)?.ok_or_else(gone)?;
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
                if tx.changed_rows() >= ROWS_A_TRANSACTION {
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
fn go_over(tx: &mut Transaction<'_>, source: Service, cursor: Cursor) -> Result<(), Fault> {
    if let Some(old) = tx.cursor(source.name())?
        && old.epoch != cursor.epoch
    {
        tx.put(&PAST, &(source, old.epoch.0), &())?;
    }
    // One that was left may be the true one after all.
    tx.delete(&PAST, &(source, cursor.epoch.0))?;
    tx.set_cursor(source.name(), cursor)?;
    if state(tx, source)?.is_some_and(|state| state.again) {
        return Ok(tx.put(&UNDER_WAY, &source, &State::new())?);
    }
    Ok(tx.delete(&UNDER_WAY, &source)?)
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

fn gone() -> Fault {
    Fault::broken("a resynchronization that is under way is not noted")
}

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
        read: impl FnOnce(&storage::View<'_>, Option<P>, usize) -> Result<(Vec<(P, C)>, bool), Fault>,
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
        let seen = domain::Positions::of(self.service(), Position { epoch: page.epoch, at: page.at });
        Ok(domain::Reply::new(page, seen))
    }

    /// Takes the operator's word that what `source` has lost may go here too, for the resynchronization that waits for it.
    ///
    /// # Errors
    /// Forbidden for anyone but the operator; invalid input (`source`) for one that is not followed; conflict if nothing waits.
    pub async fn accept_loss(&self, context: &Context, request: AcceptLoss) -> Answer<LossAccepted> {
        let (service, source) = (self.service(), request.source);
        if context.actor != Actor::Operator {
            return Err(Error::forbidden("only the operator of the installation may accept a loss"));
        }
        if !service.follows().contains(&source) {
            let follows: Vec<_> = service.follows().iter().map(|service| service.name()).collect();
            let why = format!("{service} follows {}", follows.join(", "));
            return Err(Error::invalid("source", source.name(), why));
        }
        let change = move |tx: &mut Transaction<'_>| match state(tx, source)? {
            Some(state @ State { stage: Stage::HeldUp(_), .. }) => {
                let Stage::HeldUp(cursor) = state.stage else { return Err(gone()) };
                let rows = state.unseen;
                let accepted = State { accepted: true, stage: Stage::Replaying(cursor), ..state };
                tx.put(&UNDER_WAY, &source, &accepted)?;
                Ok(rows)
            }
            _ => {
                let why = format!("{service} has not stopped over anything that {source} has lost");
                Err(Error::conflict("source", why).into())
            }
        };
        let show = |_: &storage::View<'_>, rows: &u64| Ok(LossAccepted { source, rows: *rows });
        let accepted = self.command(context, "accept_loss", &request, Settle::No, change, show).await?;
        tracing::warn!(%service, %source, rows = accepted.value.rows, "the operator has accepted a loss");
        self.attention.notify_waiters();
        Ok(accepted)
    }
}
