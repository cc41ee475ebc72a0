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
//! service is behind. A history that was left is remembered, so that what still speaks of it is not waited for. What was vouched counts
//! meanwhile only from the start position on ([`sighting`]): what was vouched before might be listed no more, and gone. What the new log
//! has said since counts as it always does: who is deleted, or signs out, while an operator's word is waited for, is gone.
//!
//! **One history, to the end.** A source may be restored or copied back once more at any moment. So each page that shows another position
//! than the one before is followed by the question whether that one is still in the log; the end of the replay asks it of the
//! last page. What was adopted from a history that is no more begins the resynchronization anew.
//!
//! # Who offers what, and what becomes of what is not seen
//!
//! | source | its snapshot, in this order | is kept by | what a row that is not seen means there |
//! |---|---|---|---|
//! | auth | signing keys; users; live sessions | events | the user was deleted: their events are cancelled, their invitations go |
//! | | | invitations | the same: their invitations and answers go; whom they invited was invited by a deleted user |
//! | | | calendar | the same: their calendar, entries and shares go |
//! | | | sharing | the same: their shares go |
//! | | | all four | the session has ended. (Signing keys stay: without sessions they are good for nothing.) |
//! | events | each event with its facts, and who is invited to it | invitations | the event was removed, or the invitation taken back: answers go with them |
//! | | | calendar | the event was removed: its entries go |
//! | invitations | everyone's status at each event | calendar | the answer is gone: so is the entry, unless one organizes the event |
//! | sharing | the live shares | calendar | the share has ended |
//!
//! Calendar keeps no log and offers no snapshot: nobody keeps anything of it. A restored service itself needs none of this for those
//! that *it* follows: its cursors were restored with it, and it follows on from there.
//!
//! **What came back.** A row that had gone and is there again may have left a tombstone, because of which records of *other* logs were
//! passed over. Whoever removes the tombstone [`request`]s those logs' snapshots.

mod steps;
#[cfg(test)]
mod tests;

use domain::recovery::{AcceptLoss, LossAccepted};
use domain::{Actor, Answer, Context, Epoch, Error, Position, Service};
use serde::{Deserialize, Serialize};
use storage::{Cursor, Reader, Table, Transaction, Value};

use crate::follow::cursor_of;
use crate::{Chassis, Fault, Settle};

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

/// So few may be swept unasked, however few there are.
const FEW: u64 = 20;
/// And of many this part.
const SMALL_PART: u64 = 100;

/// How far a resynchronization is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    stage: Stage,
    /// Where the first page was read.
    start: Option<Cursor>,
    /// Where the latest page was read: what that told must be in the history that is gone over to.
    page: Option<Cursor>,
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
    /// Where the next page begins.
    Paging(Option<Vec<u8>>),
    /// How far the log of the new history is applied.
    Replaying(Cursor),
    /// The same, while an operator's word is waited for.
    HeldUp(Cursor),
    /// The same, when what is not seen is taken away.
    Sweeping(Cursor),
}

impl State {
    pub(crate) const fn new() -> Self {
        Self { stage: Stage::Clearing, start: None, page: None, held: 0, unseen: 0, accepted: false, again: false }
    }

    fn at(&self, stage: Stage) -> Self {
        Self { stage, ..self.clone() }
    }

    /// How far the log of the new history is applied, once that has begun.
    const fn replayed_to(&self) -> Option<Cursor> {
        match self.stage {
            Stage::Clearing | Stage::Listing(_) | Stage::Paging(_) => None,
            Stage::Replaying(cursor) | Stage::HeldUp(cursor) | Stage::Sweeping(cursor) => Some(cursor),
        }
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

/// Whether a history of `source` was followed here and is over.
///
/// # Errors
/// What the database reports.
pub fn is_past(reader: &impl Reader, source: Service, history: Epoch) -> Result<bool, Fault> {
    Ok(reader.contains(&PAST, &(source, history.0))?)
}

/// What it means here that a row of another service, which is not here, was seen alive at a position of that service's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// The log was not followed that far: the row may be referred to, since its deletion would still arrive.
    Ahead,
    /// The log was followed that far and further: the row is gone.
    Past,
    /// It cannot be told yet, because this service goes over to another history of that log, or has not heard of it at all.
    Unclear,
}

/// What a sighting at `at` of the log of `source` means.
///
/// # Errors
/// What the database reports.
pub fn sighting(reader: &impl Reader, source: Service, at: Position) -> Result<Sighting, Fault> {
    // What was listed does not come to be listed again, so that what is let in now must be sure to be in the log from the start on.
    if let Some(state) = state(reader, source)? {
        let here = |cursor: Cursor| Position { epoch: Epoch(cursor.epoch.0), at: cursor.position };
        return Ok(match (state.start.map(here), state.replayed_to().map(here)) {
            (Some(start), _) if !at.covers(start) => Sighting::Unclear,
            (Some(_), Some(replayed)) if replayed.covers(at) => Sighting::Past,
            (Some(_), _) => Sighting::Ahead,
            (None, _) => Sighting::Unclear,
        });
    }
    Ok(match cursor_of(reader, source)? {
        Some(heard) if heard.epoch == at.epoch => {
            if heard.at < at.at {
                Sighting::Ahead
            } else {
                Sighting::Past
            }
        }
        Some(_) if is_past(reader, source, at.epoch)? => Sighting::Past,
        Some(_) | None => Sighting::Unclear,
    })
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

impl Chassis {
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
            let why = format!("{service} does not follow {source}; it follows {}", follows.join(" and "));
            return Err(Error::invalid("source", source.name(), why));
        }
        let change = move |tx: &mut Transaction<'_>| match state(tx, source)? {
            Some(state @ State { stage: Stage::HeldUp(_), .. }) => {
                let Stage::HeldUp(cursor) = state.stage else { return Err(steps::gone()) };
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
