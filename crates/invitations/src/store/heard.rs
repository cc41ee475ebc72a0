//! What an organizer is told of: the last answers to their events, so many and no more.
//!
//! Each organizer has a ring of [`MAX_ANSWERS`] places; an answer takes the next one, in the transaction that it is, and what
//! stood there is forgotten. The status is not kept here: the row of the answer has it. An entry goes with that row, and all of
//! them with their organizer.

use chassis::Fault;
use domain::invitations::{MAX_ANSWERS, Status};
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader, Table, Transaction, Value};

/// The ring: organizer, place in it.
pub(crate) const ANSWERS: Table<(UserId, u64), Heard> = Table::new("answers");

/// How many answers an organizer was told of, ever.
const COUNTS: Table<UserId, u64> = Table::new("answers.count");

const PLACES: u64 = MAX_ANSWERS as u64;

/// That someone answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// The position of this service's log at which it was announced.
    pub(crate) at: u64,
    /// To what.
    pub(crate) event: EventId,
    /// All of it, or one instance.
    pub(crate) instance: Instance,
    /// Who.
    pub(crate) user: UserId,
}

impl Value for Heard {}

/// Tells `organizer` that people have answered, as announced at `at`. Nobody tells an account that is gone.
pub(crate) fn tell(
    tx: &mut Transaction<'_>,
    organizer: UserId,
    (event, instance): (EventId, Instance),
    people: &[(UserId, Option<Status>)],
    at: u64,
) -> Result<(), Fault> {
    let answered = |status: &Option<Status>| status.is_some_and(|status| status != Status::Pending);
    let mut answers = people.iter().filter(|(_, status)| answered(status)).peekable();
    if answers.peek().is_none() || super::is_gone(tx, organizer)? {
        return Ok(());
    }
    let mut count = tx.get(&COUNTS, &organizer)?.unwrap_or_default();
    for &(user, _) in answers {
        tx.put(&ANSWERS, &(organizer, count % PLACES), &Heard { at, event, instance, user })?;
        count = count.saturating_add(1);
    }
    tx.put(&COUNTS, &organizer, &count)?;
    Ok(())
}

/// Forgets the answers of people whose rows are gone.
pub(crate) fn forget(
    tx: &mut Transaction<'_>,
    organizer: UserId,
    (event, instance): (EventId, Instance),
    gone: &[UserId],
) -> Result<(), Fault> {
    if gone.is_empty() {
        return Ok(());
    }
    let means = |heard: &Heard| (heard.event, heard.instance) == (event, instance) && gone.contains(&heard.user);
    forget_those(tx, organizer, means)
}

/// Forgets the answers to an event that is gone, or is no longer theirs.
pub(crate) fn forget_event(tx: &mut Transaction<'_>, organizer: UserId, event: EventId) -> Result<(), Fault> {
    forget_those(tx, organizer, |heard| heard.event == event)
}

fn forget_those(tx: &mut Transaction<'_>, organizer: UserId, gone: impl Fn(&Heard) -> bool) -> Result<(), Fault> {
    for (key, heard) in tx.scan(&ANSWERS, &organizer, None, MAX_ANSWERS)? {
        if gone(&heard) {
            tx.delete(&ANSWERS, &key)?;
        }
    }
    Ok(())
}

/// Forgets all that an account that goes was told of.
pub(crate) fn forget_all(tx: &mut Transaction<'_>, organizer: UserId) -> Result<(), Fault> {
    forget_those(tx, organizer, |_| true)?;
    tx.delete(&COUNTS, &organizer)?;
    Ok(())
}

/// What `organizer` was told of after a position of this service's log, in its order; of someone who answered the same more than
/// once, the last.
pub(crate) fn after(reader: &impl Reader, organizer: UserId, position: u64) -> Result<Vec<Heard>, Fault> {
    let ring = reader.scan(&ANSWERS, &organizer, None, MAX_ANSWERS)?;
    let mut heard: Vec<Heard> = ring.into_iter().map(|(_, heard)| heard).filter(|heard| heard.at > position).collect();
    heard.sort_by_key(|heard| (heard.event, heard.instance, heard.user, std::cmp::Reverse(heard.at)));
    heard.dedup_by_key(|heard| (heard.event, heard.instance, heard.user));
    heard.sort_by_key(|heard| heard.at);
    Ok(heard)
}
