//! The line of those who wait for a place: in the order of numbers that were given as they came, never of times.
//!
//! Someone's position is how many stand before them. Counting them one by one would cost the whole line, and a number for each
//! position would have to be written anew for everyone whenever somebody leaves. So the line is also counted in blocks of
//! numbers, small ones and large ones, and a position is a sum: some large blocks, less than 128 small ones, less than 128 people.
//!
//! Who joins and leaves is decided in [`super::record`].

use chassis::{Fault, Row};
use domain::{EventId, Instance, UserId};
use storage::{Reader, Table, Transaction};

/// Who stands at which number.
pub(crate) const LINE: Table<(EventId, Instance, u64), Row<UserId>> = Table::new("line");

/// A block: of which line, its size ([`BITS`]), and which it is.
pub(crate) type Block = (EventId, Instance, u8, u64);

/// How many stand in a block; no row for an empty one.
pub(crate) const BLOCKS: Table<Block, Row<u64>> = Table::new("line.blocks");

/// Blocks of 2^7 numbers, and of 2^14.
pub(crate) const BITS: [u8; 2] = [7, 14];

/// Puts someone at a number that is free.
pub(crate) fn join(
    tx: &mut Transaction<'_>,
    (event, instance): (EventId, Instance),
    number: u64,
    user: UserId,
) -> Result<(), Fault> {
    tx.put(&LINE, &(event, instance, number), &Row(user))?;
    for bits in BITS {
        let block = (event, instance, bits, number >> bits);
        let count = in_block(tx, &block)?.saturating_add(1);
        tx.put(&BLOCKS, &block, &Row(count))?;
    }
    Ok(())
}

/// Takes someone out of the line.
pub(crate) fn leave(
    tx: &mut Transaction<'_>,
    (event, instance): (EventId, Instance),
    number: u64,
) -> Result<(), Fault> {
    tx.delete(&LINE, &(event, instance, number))?;
    for bits in BITS {
        let block = (event, instance, bits, number >> bits);
        match in_block(tx, &block)?.checked_sub(1) {
            Some(0) => tx.delete(&BLOCKS, &block)?,
            Some(left) => tx.put(&BLOCKS, &block, &Row(left))?,
            None => return Err(Fault::broken(format!("the line of {event} has fewer people than stand in it"))),
        }
    }
    Ok(())
}

/// The first of the line, at most so many.
pub(crate) fn first(reader: &impl Reader, of: (EventId, Instance), most: usize) -> Result<Vec<(u64, UserId)>, Fault> {
    after(reader, of, None, most)
}

/// Those behind a number, at most so many.
pub(crate) fn after(
    reader: &impl Reader,
    (event, instance): (EventId, Instance),
    number: Option<u64>,
    most: usize,
) -> Result<Vec<(u64, UserId)>, Fault> {
    let number = number.map(|number| (event, instance, number));
    let rows = reader.scan(&LINE, &(event, instance), number.as_ref(), most)?;
    Ok(rows.into_iter().map(|((.., number), Row(user))| (number, user)).collect())
}

/// Whether someone stands at a number.
pub(crate) fn stands(
    reader: &impl Reader,
    (event, instance): (EventId, Instance),
    number: u64,
    user: UserId,
) -> Result<bool, Fault> {
    Ok(reader.get(&LINE, &(event, instance, number))? == Some(Row(user)))
}

/// The position of whoever stands at a number: 1 for the first.
pub(crate) fn position(
    reader: &impl Reader,
    (event, instance): (EventId, Instance),
    number: u64,
) -> Result<u64, Fault> {
    let mut before = 0_u64;
    // Everyone below this number is counted; it begins a block of the size before.
    let mut counted = 0_u64;
    for bits in BITS.into_iter().rev() {
        let block = number >> bits;
        before = before.saturating_add(sum(reader, (event, instance, bits, counted >> bits), block)?);
        counted = block << bits;
    }
    Ok(before.saturating_add(people(reader, (event, instance, counted), number)?).saturating_add(1))
}

/// How many stand in the blocks from one to before another.
fn sum(reader: &impl Reader, from: Block, to: u64) -> Result<u64, Fault> {
    let (event, instance, bits, _) = from;
    let blocks = reader.range(&BLOCKS, &from, Some(&(event, instance, bits, to)), usize::MAX)?;
    Ok(blocks.into_iter().fold(0, |sum, (_, Row(count))| u64::saturating_add(sum, count)))
}

/// How many stand at the numbers from one to before another.
fn people(reader: &impl Reader, from: (EventId, Instance, u64), to: u64) -> Result<u64, Fault> {
    let (event, instance, _) = from;
    let people = reader.range(&LINE, &from, Some(&(event, instance, to)), usize::MAX)?;
    Ok(u64::try_from(people.len()).unwrap_or(u64::MAX))
}

/// How many stand in a block.
pub(crate) fn in_block(reader: &impl Reader, block: &Block) -> Result<u64, Fault> {
    Ok(reader.get(&BLOCKS, block)?.map(|Row(count)| count).unwrap_or_default())
}

/// How many stand in a block by the next smaller ones, or by the line itself.
pub(crate) fn recount(reader: &impl Reader, &(event, instance, bits, block): &Block) -> Result<u64, Fault> {
    let Some(smaller) = BITS.into_iter().rev().find(|smaller| *smaller < bits) else {
        return people(reader, (event, instance, block << bits), block.saturating_add(1) << bits);
    };
    let finer = bits.saturating_sub(smaller);
    sum(reader, (event, instance, smaller, block << finer), block.saturating_add(1) << finer)
}
