//! Descriptions, which can be longer than one stored value may be.

use chassis::Fault;
use domain::{Description, EventId};
use storage::{Reader, Transaction};

use super::DESCRIPTIONS;

/// The most bytes of one piece.
const PIECE: usize = 4 * 1_024;
/// More pieces than any description has.
const MOST_PIECES: usize = 64;

/// What an event is about.
pub(crate) fn description(reader: &impl Reader, event: EventId) -> Result<Description, Fault> {
    let pieces = reader.scan(&DESCRIPTIONS, &event, None, MOST_PIECES)?;
    let text: String = pieces.into_iter().map(|(_, piece)| piece).collect();
    Description::try_from(text).map_err(|error| Fault::broken(format!("the description of event {event}: {error}")))
}

/// Says what an event is about, in place of what was said before.
pub(crate) fn describe(tx: &mut Transaction<'_>, event: EventId, description: &Description) -> Result<(), Fault> {
    forget(tx, event)?;
    for (number, piece) in (0_u16..).zip(pieces(description.as_str())) {
        tx.put(&DESCRIPTIONS, &(event, number), &piece.to_owned())?;
    }
    Ok(())
}

pub(super) fn forget(tx: &mut Transaction<'_>, event: EventId) -> Result<(), Fault> {
    for (piece, _) in tx.scan(&DESCRIPTIONS, &event, None, MOST_PIECES)? {
        tx.delete(&DESCRIPTIONS, &piece)?;
    }
    Ok(())
}

/// `text` in pieces of at most [`PIECE`] bytes, none of which parts a character.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
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
