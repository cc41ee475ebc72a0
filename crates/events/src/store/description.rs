//! Descriptions, which can be longer than one stored value may be.

use chassis::Fault;
use domain::{Description, EventId};
use storage::{Reader, Transaction};

use super::{DESCRIPTIONS, INSTANCE_DESCRIPTIONS};

/// The most bytes of one piece.
const PIECE: usize = 4 * 1_024;
/// More pieces than any description has.
const MOST_PIECES: usize = 64;

/// What an event is about.
pub(crate) fn description(reader: &impl Reader, event: EventId) -> Result<Description, Fault> {
    let pieces = reader.scan(&DESCRIPTIONS, &event, None, MOST_PIECES)?;
    joined(event, pieces.into_iter().map(|(_, piece)| piece).collect())
}

/// What one instance is about, if that is not what its event is about.
pub(crate) fn description_of_instance(
    reader: &impl Reader,
    event: EventId,
    start: i64,
) -> Result<Option<Description>, Fault> {
    let pieces = reader.scan(&INSTANCE_DESCRIPTIONS, &(event, start), None, MOST_PIECES)?;
    if pieces.is_empty() {
        return Ok(None);
    }
    joined(event, pieces.into_iter().map(|(_, piece)| piece).collect()).map(Some)
}

fn joined(event: EventId, text: String) -> Result<Description, Fault> {
    Description::try_from(text).map_err(|error| Fault::broken(format!("the description of event {event}: {error}")))
}

/// Says what an event is about, in place of what was said before.
pub(crate) fn describe(tx: &mut Transaction<'_>, event: EventId, description: &Description) -> Result<(), Fault> {
    forget_own(tx, event)?;
    for (number, piece) in (0_u16..).zip(pieces(description.as_str())) {
        tx.put(&DESCRIPTIONS, &(event, number), &piece.to_owned())?;
    }
    Ok(())
}

/// Says what one instance is about, in place of what was said before; `None`: what its event is about. An empty text is one.
pub(crate) fn describe_instance(
    tx: &mut Transaction<'_>,
    event: EventId,
    start: i64,
    description: Option<&Description>,
) -> Result<(), Fault> {
    for (piece, _) in tx.scan(&INSTANCE_DESCRIPTIONS, &(event, start), None, MOST_PIECES)? {
        tx.delete(&INSTANCE_DESCRIPTIONS, &piece)?;
    }
    let Some(text) = description.map(Description::as_str) else { return Ok(()) };
    if text.is_empty() {
        tx.put(&INSTANCE_DESCRIPTIONS, &(event, start, 0), &String::new())?;
    }
    for (number, piece) in (0_u16..).zip(pieces(text)) {
        tx.put(&INSTANCE_DESCRIPTIONS, &(event, start, number), &piece.to_owned())?;
    }
    Ok(())
}

/// Forgets what an event is about; what single instances are about stays.
fn forget_own(tx: &mut Transaction<'_>, event: EventId) -> Result<(), Fault> {
    for (piece, _) in tx.scan(&DESCRIPTIONS, &event, None, MOST_PIECES)? {
        tx.delete(&DESCRIPTIONS, &piece)?;
    }
    Ok(())
}

/// Forgets what an event and its instances are about.
pub(super) fn forget(tx: &mut Transaction<'_>, event: EventId) -> Result<(), Fault> {
    forget_own(tx, event)?;
    for (piece, _) in tx.scan(&INSTANCE_DESCRIPTIONS, &event, None, usize::MAX)? {
        tx.delete(&INSTANCE_DESCRIPTIONS, &piece)?;
    }
    Ok(())
}

/// `text` in pieces of at most [`PIECE`] bytes, none of which parts a character.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at_checked(rest.floor_char_boundary(PIECE))?;
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_are_small_and_make_up_the_text(text in "[a-zäöü会🎉\n]{0,4000}") {
            let pieces: Vec<&str> = pieces(&text).collect();
            prop_assert!(pieces.iter().all(|piece| piece.len() <= PIECE && piece.len() > PIECE - 4 || *piece == *pieces.last().unwrap()));
            prop_assert_eq!(pieces.concat(), text);
        }
    }
}
