//! Taking over what events says of an event and of who is invited to it: from its log, or earlier from a vouch.
//!
//! A vouch is what events answers when someone asks for an event that they cannot see by the facts here, because the record
//! that lets them see it has not arrived. It carries the position of events' log at which it was true. Here it counts only
//! while that position has not been reached: from then on the log has said all that the vouch said, and perhaps more (the
//! event is gone, the invitation was taken back), so what is here decides.

use std::collections::BTreeMap;

use chassis::Fault;
use chassis::follow::cursor_of;
use chassis::resync::{Sighting, sighting};
use domain::events::{EventFacts, VouchedEvent};
use domain::{Error, EventId, Instance, Position, Service, UserId};
use storage::{Reader as _, Transaction};

use crate::store::record::record;
use crate::store::{self, EVENTS, EventRow, INVITATIONS, InvitationRow, OF_USER, Origin, Standing, heard};

/// Takes over what events vouched for, unless its log was already followed that far.
pub(crate) fn admit(tx: &mut Transaction<'_>, viewer: UserId, vouched: &VouchedEvent) -> Result<(), Fault> {
    match sighting(tx, Service::Events, vouched.at)? {
        Sighting::Past => return Ok(()),
        // Before events was heard of at all its word is all there is.
        Sighting::Unclear if cursor_of(tx, Service::Events)?.is_some() => {
            let why = "it was restored, and what it holds is still being read; try again in a moment";
            return Err(Error::unavailable(Service::Events, why).into());
        }
        Sighting::Ahead | Sighting::Unclear => {}
    }
    let row = note(tx, &vouched.facts)?;
    // People may now join, or be found to have joined, what the log has not shown yet: when it does, their rows are looked at.
    tx.put(&EVENTS, &vouched.facts.event, &EventRow { conformed: None, ..row })?;
    match vouched.invited_by {
        Some(by) => invite(tx, vouched.facts.event, by, &[viewer], Some(vouched.at)),
        None => Ok(()),
    }
}

/// Keeps the facts of an event, unless newer ones are here; gives the row.
pub(crate) fn note(tx: &mut Transaction<'_>, facts: &EventFacts) -> Result<EventRow, Fault> {
    let row = match tx.get(&EVENTS, &facts.event)? {
        Some(row) if row.facts.version >= facts.version => return Ok(row),
        Some(row) => {
            forget_what_was_told(tx, &row.facts, facts.organizer)?;
            EventRow { facts: facts.clone(), ..row }
        }
        None => EventRow { facts: facts.clone(), conformed: None },
    };
    tx.put(&EVENTS, &facts.event, &row)?;
    Ok(row)
}

/// An organizer who is none any more was told of no answers.
pub(crate) fn forget_what_was_told(
    tx: &mut Transaction<'_>,
    was: &EventFacts,
    now: Option<UserId>,
) -> Result<(), Fault> {
    match was.organizer {
        Some(organizer) if now != Some(organizer) => heard::forget_event(tx, organizer, was.event),
        _ => Ok(()),
    }
}

/// Invites people to an event that was heard of; to one that is gone nobody is invited. Those already invited stay as they
/// are, and whoever joined by themselves keeps their answer. Passed over are accounts that are gone, and the organizer.
pub(crate) fn invite(
    tx: &mut Transaction<'_>,
    event: EventId,
    by: Option<UserId>,
    invitees: &[UserId],
    vouched: Option<Position>,
) -> Result<(), Fault> {
    let Some(facts) = store::facts(tx, event)? else { return Ok(()) };
    let by = match by {
        Some(by) if store::is_gone(tx, by)? => None,
        by => by,
    };
    let origin = Origin::Invited { by, arrived: store::next_arrival(tx)? };
    let mut people = BTreeMap::new();
    for &invitee in invitees {
        if facts.organizer == Some(invitee) || store::is_gone(tx, invitee)? {
            continue;
        }
        let row = match store::row(tx, event, Instance::Series, invitee)? {
            Some(row) if row.was_asked() => continue,
            Some(row) => InvitationRow { origin, vouched, ..row },
            None => InvitationRow { origin, standing: Standing::Pending, author: None, vouched },
        };
        people.insert(invitee, Some(row));
    }
    record(tx, event, Instance::Series, &people.into_iter().collect::<Vec<_>>())
}

/// Takes over who is invited to an event, as a snapshot tells it that was read at `at`: those who are invited already keep their
/// answers, and no record before that takes their invitations back any more.
pub(crate) fn confirm(
    tx: &mut Transaction<'_>,
    event: EventId,
    by: Option<UserId>,
    invitees: &[UserId],
    at: Position,
) -> Result<(), Fault> {
    let by = match by {
        Some(by) if store::is_gone(tx, by)? => None,
        by => by,
    };
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for &invitee in invitees {
        match store::row(tx, event, Instance::Series, invitee)? {
            Some(row @ InvitationRow { origin: Origin::Invited { by: before, arrived }, .. }) => {
                let row = InvitationRow { origin: Origin::Invited { by, arrived }, vouched: Some(at), ..row };
                if before == by {
                    tx.put(&INVITATIONS, &(event, Instance::Series, invitee), &row)?;
                } else {
                    changed.push((invitee, Some(row)));
                }
            }
            _ => new.push(invitee),
        }
    }
    record(tx, event, Instance::Series, &changed)?;
    invite(tx, event, by, &new, Some(at))
}

/// Takes invitations back, and with them the answers, by a record at `at` of events' log. An invitation that was seen later
/// than that is another one, and stays.
pub(crate) fn uninvite(
    tx: &mut Transaction<'_>,
    event: EventId,
    invitees: &[UserId],
    at: Position,
) -> Result<(), Fault> {
    let mut gone: BTreeMap<Instance, BTreeMap<UserId, Option<InvitationRow>>> = BTreeMap::new();
    for &invitee in invitees {
        // As many as there are instances that they answered one by one.
        for ((_, _, instance), ()) in tx.scan(&OF_USER, &(invitee, event), None, usize::MAX)? {
            let row = store::row(tx, event, instance, invitee)?;
            if row.and_then(|row| row.vouched).is_none_or(|seen| !seen.covers(at)) {
                gone.entry(instance).or_default().insert(invitee, None);
            }
        }
    }
    for (instance, people) in gone {
        record(tx, event, instance, &people.into_iter().collect::<Vec<_>>())?;
    }
    Ok(())
}
