//! The one place where an answer changes: the row, its indexes, the counts, the line of those who wait, the announcement and
//! what the organizer is told, always together.
//!
//! Followers, cascades and answers all come through here. Whether someone may do what is done is not asked here; whether there
//! is a place for them is: nobody else makes anyone `going`. Three rules make that fair and never too many:
//!
//! * Whoever wants to come gets a place if one is free *and nobody waits*; otherwise the next number in the line.
//! * Who comes keeps the place, and who waits the number, however often they say so again.
//! * A place that becomes free is the first one's in line, in the same transaction. Where many become free at once (the capacity
//!   was raised), a cascade gives them away in steps, by [`promote`], and newcomers wait behind the line meanwhile.

use chassis::Fault;
use domain::events::{EventFacts, MAX_PEOPLE_A_RECORD};
use domain::invitations::{Counts, InvitationChange, Status};
use domain::{EventId, Instance, UserId};
use storage::{Reader as _, Transaction};

use super::{
    BY_INVITER, BY_STATUS, COUNTS, INBOX, INVITATIONS, InboxKey, InvitationRow, OF_USER, Origin, Place, Standing,
    Tally, UNANSWERED, heard, line,
};

/// Makes the rows of `people` what is given, `None` for none, and everything that depends on them accordingly: of those who want
/// to come ([`Standing::Going`]), whoever finds no place waits; for each place that becomes free, the first in line comes. Those
/// whose status changed are announced. No one may be named twice. Given again the row that someone has, it brings their place in
/// the inbox to what the event's facts now say.
///
/// # Errors
/// What the database reports; a fault if counts are lower than what they count.
pub(crate) fn record(
    tx: &mut Transaction<'_>,
    event: EventId,
    instance: Instance,
    people: &[(UserId, Option<InvitationRow>)],
) -> Result<(), Fault> {
    let mut recording = Recording::begin(tx, event, instance)?;
    let mut freed = 0_usize;
    for (user, next) in people {
        let last = recording.row(*user)?;
        let next = next.map(|next| InvitationRow { standing: recording.placed(last.as_ref(), next.standing), ..next });
        let comes = |row: &Option<InvitationRow>| row.is_some_and(|row| row.standing == Standing::Going);
        if comes(&last) && !comes(&next) {
            freed = freed.saturating_add(1);
        }
        recording.change(*user, last, next)?;
    }
    recording.promote(freed)?;
    recording.end()
}

/// Lets the first in line come, as far as places are free, but no more than `most`; whether others can come too.
///
/// # Errors
/// As [`record`].
pub(crate) fn promote(
    tx: &mut Transaction<'_>,
    event: EventId,
    instance: Instance,
    most: usize,
) -> Result<bool, Fault> {
    let mut recording = Recording::begin(tx, event, instance)?;
    let promoted = recording.promote(most)?;
    let more = promoted == most && recording.promotable() > 0;
    recording.end()?;
    Ok(more)
}

/// How many can still come: those who come now may be more than there is room for, when the capacity was lowered. A capacity is that
/// of the whole series.
pub(crate) fn free(facts: Option<&EventFacts>, instance: Instance, counts: &Counts) -> u64 {
    match facts.and_then(|facts| facts.capacity) {
        Some(capacity) if instance == Instance::Series => u64::from(capacity.get()).saturating_sub(counts.going),
        _ => u64::MAX,
    }
}

/// Changes to the people of one event and instance, under way.
struct Recording<'r, 't> {
    tx: &'r mut Transaction<'t>,
    event: EventId,
    instance: Instance,
    /// `None` for an event that is gone.
    facts: Option<EventFacts>,
    tally: Tally,
    /// Whose status is another than before, in the order of the changes.
    told: Vec<(UserId, Option<Status>)>,
}

impl<'r, 't> Recording<'r, 't> {
    fn begin(tx: &'r mut Transaction<'t>, event: EventId, instance: Instance) -> Result<Self, Fault> {
        let facts = super::facts(tx, event)?;
        let tally = super::tally(tx, event, instance)?;
        Ok(Self { tx, event, instance, facts, tally, told: Vec::new() })
    }

    fn row(&self, user: UserId) -> Result<Option<InvitationRow>, Fault> {
        super::row(self.tx, self.event, self.instance, user)
    }

    /// What becomes of someone who wants to stand so.
    fn placed(&mut self, last: Option<&InvitationRow>, wanted: Standing) -> Standing {
        match (last.map(|last| last.standing), wanted.answers()) {
            (Some(kept @ (Standing::Going | Standing::Waiting(_))), Standing::Going) => kept,
            (_, Standing::Going) if self.tally.counts.waiting > 0 || self.free() == 0 => {
                self.tally.last_in_line = self.tally.last_in_line.saturating_add(1);
                Standing::Waiting(self.tally.last_in_line)
            }
            (_, wanted) => wanted,
        }
    }

    fn free(&self) -> u64 {
        free(self.facts.as_ref(), self.instance, &self.tally.counts)
    }

    /// How many of those who wait could come now. Nobody comes to what is cancelled or gone.
    fn promotable(&self) -> u64 {
        match &self.facts {
            Some(facts) if !facts.cancelled => self.free().min(self.tally.counts.waiting),
            _ => 0,
        }
    }

    /// Lets the first in line come, at most so many; how many did.
    fn promote(&mut self, most: usize) -> Result<usize, Fault> {
        let many = usize::try_from(self.promotable()).unwrap_or(usize::MAX).min(most);
        if many == 0 {
            return Ok(0);
        }
        let is_public = self.facts.as_ref().is_some_and(|facts| facts.public);
        let mut promoted = 0;
        for (_, user) in line::first(self.tx, (self.event, self.instance), many)? {
            let last = self.row(user)?;
            let Some(row) = last else {
                return Err(Fault::broken(format!("{user} stands in the line of {} without an answer", self.event)));
            };
            // Who joined a public event that has become private is about to be taken out, and the cascade that does so goes on here.
            if !row.was_asked() && !is_public {
                break;
            }
            self.change(user, last, Some(InvitationRow { standing: Standing::Going, ..row }))?;
            promoted += 1;
        }
        Ok(promoted)
    }

    fn change(&mut self, user: UserId, last: Option<InvitationRow>, next: Option<InvitationRow>) -> Result<(), Fault> {
        let place = (self.event, self.instance, user);
        let listed = self.facts.as_ref().is_some_and(|facts| !facts.cancelled);
        match (&last, &next) {
            (Some(last), Some(next)) if last.origin == next.origin => put_anew(self.tx, &place, last, next, listed)?,
            (last, next) => {
                last.as_ref().map_or(Ok(()), |last| take_out(self.tx, &place, last))?;
                next.as_ref().map_or(Ok(()), |next| put_in(self.tx, &place, next, listed))?;
            }
        }
        if let Some(last) = &last {
            let count = count_of(&mut self.tally.counts, last.status());
            *count = count
                .checked_sub(1)
                .ok_or_else(|| Fault::broken(format!("the counts of {} are lower than what they count", self.event)))?;
        }
        if let Some(next) = &next {
            let count = count_of(&mut self.tally.counts, next.status());
            *count = count.saturating_add(1);
        }
        let status = next.map(|next| next.status());
        if last.map(|last| last.status()) != status {
            self.told.push((user, status));
        }
        Ok(())
    }

    /// Keeps the counts, and tells what changed.
    fn end(self) -> Result<(), Fault> {
        let Self { tx, event, instance, facts, tally, told } = self;
        if tally.counts == Counts::default() {
            tx.delete(&COUNTS, &(event, instance))?;
        } else {
            tx.put(&COUNTS, &(event, instance), &tally)?;
        }
        let organizer = facts.and_then(|facts| facts.organizer);
        for people in told.chunks(MAX_PEOPLE_A_RECORD) {
            let change = InvitationChange::Answered { event, instance, people: people.to_vec() };
            let at = chassis::log::announce(tx, change)?;
            if let Some(organizer) = organizer {
                heard::tell(tx, organizer, (event, instance), people, at)?;
            }
        }
        if let Some(organizer) = organizer {
            let gone: Vec<UserId> = told.iter().filter(|(_, status)| status.is_none()).map(|(user, _)| *user).collect();
            heard::forget(tx, organizer, (event, instance), &gone)?;
        }
        Ok(())
    }
}

/// The count of a status.
pub(crate) const fn count_of(counts: &mut Counts, status: Status) -> &mut u64 {
    match status {
        Status::Going => &mut counts.going,
        Status::Maybe => &mut counts.maybe,
        Status::Pending => &mut counts.pending,
        Status::Declined => &mut counts.declined,
        Status::Waiting => &mut counts.waiting,
    }
}

/// Where an invitation stands in its invitee's inbox.
pub(crate) const fn inbox_key(&(event, instance, user): &Place, arrived: u64) -> InboxKey {
    (user, arrived, event, instance)
}

fn take_out(tx: &mut Transaction<'_>, place: &Place, row: &InvitationRow) -> Result<(), Fault> {
    let &(event, instance, user) = place;
    tx.delete(&INVITATIONS, place)?;
    stand_no_more(tx, place, row.standing)?;
    tx.delete(&OF_USER, &(user, event, instance))?;
    if let Origin::Invited { by, arrived } = row.origin {
        tx.delete(&INBOX, &inbox_key(place, arrived))?;
        tx.delete(&UNANSWERED, &inbox_key(place, arrived))?;
        if let Some(by) = by {
            tx.delete(&BY_INVITER, &(by, event, instance, user))?;
        }
    }
    Ok(())
}

fn put_in(tx: &mut Transaction<'_>, place: &Place, row: &InvitationRow, listed: bool) -> Result<(), Fault> {
    let &(event, instance, user) = place;
    tx.put(&INVITATIONS, place, row)?;
    stand(tx, place, row.standing)?;
    tx.put(&OF_USER, &(user, event, instance), &())?;
    if let Origin::Invited { by, arrived } = row.origin {
        if listed {
            tx.put(&INBOX, &inbox_key(place, arrived), &())?;
        }
        if listed && row.standing == Standing::Pending {
            tx.put(&UNANSWERED, &inbox_key(place, arrived), &())?;
        }
        if let Some(by) = by {
            tx.put(&BY_INVITER, &(by, event, instance, user), &())?;
        }
    }
    Ok(())
}

/// [`take_out`] and [`put_in`] of a row that came about as the last one did: an answer. What stays as it is is not written again, and
/// that is most of it.
fn put_anew(
    tx: &mut Transaction<'_>,
    place: &Place,
    last: &InvitationRow,
    next: &InvitationRow,
    listed: bool,
) -> Result<(), Fault> {
    if last != next {
        tx.put(&INVITATIONS, place, next)?;
    }
    if last.standing != next.standing {
        stand_no_more(tx, place, last.standing)?;
        stand(tx, place, next.standing)?;
    }
    let Origin::Invited { arrived, .. } = next.origin else { return Ok(()) };
    let key = inbox_key(place, arrived);
    for (list, is_in) in [(&INBOX, listed), (&UNANSWERED, listed && next.standing == Standing::Pending)] {
        match (tx.contains(list, &key)?, is_in) {
            (false, true) => tx.put(list, &key, &())?,
            (true, false) => tx.delete(list, &key)?,
            (false, false) | (true, true) => {}
        }
    }
    Ok(())
}

/// Among those of a status, or in the line.
fn stand(tx: &mut Transaction<'_>, &(event, instance, user): &Place, standing: Standing) -> Result<(), Fault> {
    match standing {
        Standing::Waiting(number) => line::join(tx, (event, instance), number, user),
        standing => Ok(tx.put(&BY_STATUS, &(event, instance, standing.status(), user), &())?),
    }
}

fn stand_no_more(tx: &mut Transaction<'_>, &(event, instance, user): &Place, standing: Standing) -> Result<(), Fault> {
    match standing {
        Standing::Waiting(number) => line::leave(tx, (event, instance), number),
        standing => Ok(tx.delete(&BY_STATUS, &(event, instance, standing.status(), user))?),
    }
}

#[cfg(test)]
mod tests;
