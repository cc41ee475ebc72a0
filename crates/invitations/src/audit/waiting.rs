//! The lines of those who wait: that they agree with the rows and with their own counts, and that nobody waits beside a free place.

use chassis::{Fault, Row, work};
use domain::integrity::AuditPage;
use domain::{EventId, Instance};
use storage::Reader;

use super::REFERENCES_A_PAGE;
use crate::store::line::{self, BITS, BLOCKS, Block, LINE};
use crate::store::record::free;
use crate::store::{self, COUNTS, EVENTS, Shape, Standing};

/// A block is recounted from at most 128 rows.
const BLOCKS_A_PAGE: usize = 16;

/// Whether everyone who stands in line waits, with the number at which they stand.
pub(super) fn lines(
    reader: &impl Reader,
    after: Option<&(EventId, Instance, u64)>,
    found: &mut AuditPage,
) -> Result<Option<(EventId, Instance, u64)>, Fault> {
    let mut rows = reader.scan(&LINE, &(), after, REFERENCES_A_PAGE)?;
    for ((event, instance, number), Row(user)) in &rows {
        let row = store::row(reader, *event, *instance, *user)?;
        let is_given = *number <= store::tally(reader, *event, *instance)?.last_in_line;
        let mut is_counted = true;
        for bits in BITS {
            is_counted &= line::in_block(reader, &(*event, *instance, bits, number >> bits))? > 0;
        }
        if row.is_none_or(|row| row.standing != Standing::Waiting(*number)) || !is_given || !is_counted {
            found
                .discrepancies
                .push(format!("{user} stands wrongly at {number} in the line of {event} ({instance:?})"));
        }
    }
    Ok(if rows.len() == REFERENCES_A_PAGE { rows.pop().map(|(key, _)| key) } else { None })
}

/// Whether the blocks of numbers count what they hold.
pub(super) fn blocks(
    reader: &impl Reader,
    after: Option<&Block>,
    found: &mut AuditPage,
) -> Result<Option<Block>, Fault> {
    let mut rows = reader.scan(&BLOCKS, &(), after, BLOCKS_A_PAGE)?;
    for (block, Row(count)) in &rows {
        let held = line::recount(reader, block)?;
        if held != *count {
            let (event, instance, bits, number) = block;
            found.discrepancies.push(format!(
                "block {number} of 2^{bits} numbers in the line of {event} ({instance:?}) counts {count} and holds {held}"
            ));
        }
    }
    Ok(if rows.len() == BLOCKS_A_PAGE { rows.pop().map(|(key, _)| key) } else { None })
}

/// Whether anybody waits though there is a place for them, and nothing is under way that will give it to them.
pub(super) fn places(
    reader: &impl Reader,
    after: Option<&(EventId, Instance)>,
    found: &mut AuditPage,
) -> Result<Option<(EventId, Instance)>, Fault> {
    let mut rows = reader.scan(&COUNTS, &(), after, REFERENCES_A_PAGE)?;
    let is_under_way = work::is_under_way(reader)?;
    for ((event, instance), tally) in &rows {
        if is_under_way || tally.counts.waiting == 0 {
            continue;
        }
        let Some(row) = reader.get(&EVENTS, event)? else { continue };
        // Facts that came by a vouch are acted on when the log has them too.
        let is_settled = row.conformed == Some(Shape::of(&row.facts)) && !row.facts.cancelled;
        let free = free(Some(&row.facts), *instance, &tally.counts);
        if is_settled && free > 0 {
            let waiting = tally.counts.waiting;
            found
                .discrepancies
                .push(format!("{waiting} wait for a place at {event} ({instance:?}), and {free} are free"));
        }
    }
    Ok(if rows.len() == REFERENCES_A_PAGE { rows.pop().map(|(key, _)| key) } else { None })
}
