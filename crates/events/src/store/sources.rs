//! Where imported events come from: which event stands for which `UID` of an organizer, and the text of each.

use chassis::{Fault, Row};
use domain::events::{Age, Source};
use domain::{EventId, Original, Uid, UserId};
use serde::{Deserialize, Serialize};
use storage::{Reader, Transaction, Value};

use super::description::pieces;
use super::{IMPORTED, ORIGINALS, SOURCES};

/// What is kept of an imported event beside its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceRow {
    /// Who imported it.
    pub(crate) organizer: UserId,
    /// Its identity there.
    pub(crate) uid: Uid,
    /// How old the version is that was imported last.
    pub(crate) age: Age,
    /// The digest of all that it said.
    pub(crate) digest: [u8; 32],
}

impl Value for SourceRow {}

/// The event that stands for `uid` among those of `organizer`.
pub(crate) fn imported(reader: &impl Reader, organizer: UserId, uid: &Uid) -> Result<Option<EventId>, Fault> {
    Ok(reader.get(&IMPORTED, &(organizer, uid.to_string()))?.map(|Row(event)| event))
}

/// Where an event came from, if it was imported.
pub(crate) fn source(reader: &impl Reader, event: EventId) -> Result<Option<Source>, Fault> {
    let Some(row) = reader.get(&SOURCES, &event)? else { return Ok(None) };
    let pieces = reader.scan(&ORIGINALS, &event, None, usize::MAX)?;
    let text: String = pieces.into_iter().map(|(_, piece)| piece).collect();
    let original =
        Original::try_from(text).map_err(|error| Fault::broken(format!("the text of event {event}: {error}")))?;
    Ok(Some(Source { uid: row.uid, age: row.age, original }))
}

/// Says where an event came from, in place of what was said before.
pub(crate) fn keep_source(
    tx: &mut Transaction<'_>,
    event: EventId,
    row: &SourceRow,
    original: &Original,
) -> Result<(), Fault> {
    forget_source(tx, event)?;
    tx.put(&IMPORTED, &(row.organizer, row.uid.to_string()), &Row(event))?;
    tx.put(&SOURCES, &event, row)?;
    for (number, piece) in (0_u16..).zip(pieces(original.as_str())) {
        tx.put(&ORIGINALS, &(event, number), &piece.to_owned())?;
    }
    Ok(())
}

/// Forgets where an event came from.
pub(crate) fn forget_source(tx: &mut Transaction<'_>, event: EventId) -> Result<(), Fault> {
    let Some(row) = tx.get(&SOURCES, &event)? else { return Ok(()) };
    tx.delete(&IMPORTED, &(row.organizer, row.uid.to_string()))?;
    tx.delete(&SOURCES, &event)?;
    for (piece, _) in tx.scan(&ORIGINALS, &event, None, usize::MAX)? {
        tx.delete(&ORIGINALS, &piece)?;
    }
    Ok(())
}
