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
        let (from, block) = (counted >> bits, number >> bits);
        let behind = from.checked_sub(1).map(|last| (event, instance, bits, last));
        let blocks = reader.scan(&BLOCKS, &(event, instance, bits), behind.as_ref(), rows(block, from))?;
        let below = blocks.into_iter().take_while(|((.., at), _)| *at < block);
        before = below.fold(before, |sum, (_, Row(count))| sum.saturating_add(count));
        counted = block << bits;
    }
    let behind = counted.checked_sub(1).map(|last| (event, instance, last));
    let people = reader.scan(&LINE, &(event, instance), behind.as_ref(), rows(number, counted))?;
    let below = people.into_iter().take_while(|((.., at), _)| *at < number).count();
    Ok(before.saturating_add(u64::try_from(below).unwrap_or(u64::MAX)).saturating_add(1))
}

/// More rows than this cannot lie from one number to before another.
fn rows(to: u64, from: u64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)
}

/// How many stand in a block.
pub(crate) fn in_block(reader: &impl Reader, block: &Block) -> Result<u64, Fault> {
    Ok(reader.get(&BLOCKS, block)?.map(|Row(count)| count).unwrap_or_default())
}

/// How many stand in a block by the next smaller ones, or by the line itself.
pub(crate) fn recount(reader: &impl Reader, &(event, instance, bits, block): &Block) -> Result<u64, Fault> {
    let Some(smaller) = BITS.into_iter().rev().find(|smaller| *smaller < bits) else {
        let (from, to) = (block << bits, block.saturating_add(1) << bits);
        let behind = from.checked_sub(1).map(|last| (event, instance, last));
        let people = reader.scan(&LINE, &(event, instance), behind.as_ref(), rows(to, from))?;
        let within = people.into_iter().take_while(|((.., at), _)| *at < to).count();
        return Ok(u64::try_from(within).unwrap_or(u64::MAX));
    };
    let finer = bits.saturating_sub(smaller);
    let (from, to) = (block << finer, block.saturating_add(1) << finer);
    let behind = from.checked_sub(1).map(|last| (event, instance, smaller, last));
    let blocks = reader.scan(&BLOCKS, &(event, instance, smaller), behind.as_ref(), rows(to, from))?;
    let within = blocks.into_iter().take_while(|((.., at), _)| *at < to);
    Ok(within.fold(0_u64, |sum, (_, Row(count))| sum.saturating_add(count)))
}
