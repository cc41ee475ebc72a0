//! The tables of shares, and the only code that changes them: a share, its index by sharee and what is announced of it change
//! together.
//!
//! A share that has ended leaves a trace of who ended it, apart from the live ones: a command to share that was held up on its
//! way and comes after a later one to unshare must find that it was overtaken.

use chassis::Fault;
use chassis::journal::Author;
use chassis::log::announce;
use domain::UserId;
use domain::sharing::{Level, SharingChange};
use serde::{Deserialize, Serialize};
use storage::{Reader, Table, Transaction, Value};

/// The live shares, by owner and sharee.
pub(crate) const SHARES: Table<(UserId, UserId), ShareRow> = Table::new("shares");
/// The same by sharee and owner.
pub(crate) const SHARES_BY_SHAREE: Table<(UserId, UserId), ()> = Table::new("shares.by-sharee");
/// Shares that have ended, or that were ended before they came to be, by owner and sharee; none of them is live.
pub(crate) const ENDED: Table<(UserId, UserId), EndedRow> = Table::new("ended");
/// The same by sharee and owner.
pub(crate) const ENDED_BY_SHAREE: Table<(UserId, UserId), ()> = Table::new("ended.by-sharee");

/// A live share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShareRow {
    /// How much it shows.
    pub(crate) level: Level,
    /// Which command said so last.
    pub(crate) author: Author,
}

impl Value for ShareRow {}

/// A share that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndedRow {
    /// Which command said so last.
    pub(crate) author: Author,
}

impl Value for EndedRow {}

/// Which command last said anything of this share, live or ended.
pub(crate) fn last_author(reader: &impl Reader, owner: UserId, sharee: UserId) -> Result<Option<Author>, Fault> {
    let share = (owner, sharee);
    match reader.get(&SHARES, &share)? {
        Some(row) => Ok(Some(row.author)),
        None => Ok(reader.get(&ENDED, &share)?.map(|row| row.author)),
    }
}

/// Makes a share, or sets its level; announced unless it was so before.
pub(crate) fn put(
    tx: &mut Transaction<'_>,
    owner: UserId,
    sharee: UserId,
    level: Level,
    author: Author,
) -> Result<(), Fault> {
    let before = tx.get(&SHARES, &(owner, sharee))?;
    tx.put(&SHARES, &(owner, sharee), &ShareRow { level, author })?;
    tx.put(&SHARES_BY_SHAREE, &(sharee, owner), &())?;
    forget_ended(tx, owner, sharee)?;
    if before.is_none_or(|before| before.level != level) {
        announce(tx, SharingChange::Shared { owner, sharee, level })?;
    }
    Ok(())
}

/// Ends a share and remembers by whom; announced if there was one.
pub(crate) fn end(tx: &mut Transaction<'_>, owner: UserId, sharee: UserId, author: Author) -> Result<(), Fault> {
    forget(tx, owner, sharee)?;
    tx.put(&ENDED, &(owner, sharee), &EndedRow { author })?;
    tx.put(&ENDED_BY_SHAREE, &(sharee, owner), &())?;
    Ok(())
}

/// Ends a share without a trace, since its owner or sharee is gone; announced if there was one.
pub(crate) fn forget(tx: &mut Transaction<'_>, owner: UserId, sharee: UserId) -> Result<(), Fault> {
    if tx.contains(&SHARES, &(owner, sharee))? {
        announce(tx, SharingChange::Unshared { owner, sharee })?;
    }
    tx.delete(&SHARES, &(owner, sharee))?;
    tx.delete(&SHARES_BY_SHAREE, &(sharee, owner))?;
    Ok(())
}

/// Removes the trace of an ended share.
pub(crate) fn forget_ended(tx: &mut Transaction<'_>, owner: UserId, sharee: UserId) -> Result<(), Fault> {
    tx.delete(&ENDED, &(owner, sharee))?;
    tx.delete(&ENDED_BY_SHAREE, &(sharee, owner))?;
    Ok(())
}
