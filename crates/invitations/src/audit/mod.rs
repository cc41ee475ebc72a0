//! Walking all that this service refers to, and all that must agree within it: rows with indexes, counts with what they count.
//!
//! An audit is a sequence of pages, each a view of its own. Counts are compared over as many pages as an event's rows take, so
//! they are compared only if nothing was announced meanwhile; when all is quiet, every count is.

mod waiting;

use chassis::{Fault, cursor};
use domain::integrity::{Audit, AuditPage, Reference, Target};
use domain::invitations::{Counts, Status};
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::{Key, Reader, Table};

use crate::store::heard::ANSWERS;
use crate::store::line::{self, Block};
use crate::store::record::{count_of, inbox_key};
use crate::store::{
    self, BY_INVITER, BY_STATUS, COUNTS, EVENTS, INBOX, INVITATIONS, InboxKey, InvitationRow, OF_USER, Origin, Place,
    Standing, UNANSWERED,
};

/// Most references of one page.
const REFERENCES_A_PAGE: usize = 1_000;
/// A row refers to its event, its invitee and its inviter.
const ROWS_A_PAGE: usize = REFERENCES_A_PAGE / 3;

const EVENT: &str = "invitations.invitation.event";
const INVITEE: &str = "invitations.invitation.invitee";
const INVITER: &str = "invitations.invitation.inviter";
const TOLD: &str = "invitations.answer.organizer";

/// Where an audit goes on.
#[derive(Serialize, Deserialize)]
enum Stage {
    Events(Option<EventId>),
    Invitations(Option<(Place, Recount)>),
    ByStatus(Option<(EventId, Instance, Status, UserId)>),
    OfUser(Option<(UserId, EventId, Instance)>),
    ByInviter(Option<(UserId, EventId, Instance, UserId)>),
    Inbox(Option<InboxKey>),
    Unanswered(Option<InboxKey>),
    Counts(Option<(EventId, Instance)>),
    Lines(Option<(EventId, Instance, u64)>),
    Blocks(Option<Block>),
    Places(Option<(EventId, Instance)>),
    Answers(Option<(UserId, u64)>),
}

/// The rows of one event and instance, counted so far.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Recount {
    event: EventId,
    instance: Instance,
    counted: Counts,
    /// The end of this service's log when counting began.
    at: u64,
}

/// A page of the audit.
///
/// # Errors
/// Invalid input (`after`) for a cursor that no page gave; what the database reports.
pub(crate) fn page(reader: &impl Reader, request: &Audit) -> Result<AuditPage, Fault> {
    let stage = cursor::of_audit(request)?.unwrap_or(Stage::Events(None));
    let mut found = AuditPage { references: Vec::new(), discrepancies: Vec::new(), next: None };
    let next = match stage {
        Stage::Events(after) => Some(events(reader, after, &mut found)?),
        Stage::Invitations(after) => Some(invitations(reader, after, &mut found)?),
        Stage::ByStatus(after) => {
            let agrees = |&(event, instance, status, user): &_| {
                Ok(store::row(reader, event, instance, user)?.is_some_and(|row| row.status() == status))
            };
            let next = entries(reader, &BY_STATUS, after.as_ref(), &mut found, agrees)?;
            Some(next.map_or(Stage::OfUser(None), |after| Stage::ByStatus(Some(after))))
        }
        Stage::OfUser(after) => {
            let agrees = |&(user, event, instance): &_| Ok(store::row(reader, event, instance, user)?.is_some());
            let next = entries(reader, &OF_USER, after.as_ref(), &mut found, agrees)?;
            Some(next.map_or(Stage::ByInviter(None), |after| Stage::OfUser(Some(after))))
        }
        Stage::ByInviter(after) => {
            let agrees = |&(by, event, instance, user): &_| {
                let row = store::row(reader, event, instance, user)?;
                Ok(row.is_some_and(|row| matches!(row.origin, Origin::Invited { by: Some(found), .. } if found == by)))
            };
            let next = entries(reader, &BY_INVITER, after.as_ref(), &mut found, agrees)?;
            Some(next.map_or(Stage::Inbox(None), |after| Stage::ByInviter(Some(after))))
        }
        Stage::Inbox(after) => {
            let next = entries(reader, &INBOX, after.as_ref(), &mut found, |key| Ok(in_inbox(reader, key)?.is_some()))?;
            Some(next.map_or(Stage::Unanswered(None), |after| Stage::Inbox(Some(after))))
        }
        Stage::Unanswered(after) => {
            let agrees = |key: &_| Ok(in_inbox(reader, key)?.is_some_and(|row| row.status() == Status::Pending));
            let next = entries(reader, &UNANSWERED, after.as_ref(), &mut found, agrees)?;
            Some(next.map_or(Stage::Counts(None), |after| Stage::Unanswered(Some(after))))
        }
        Stage::Counts(after) => {
            let agrees =
                |&(event, instance): &_| Ok(!reader.scan(&INVITATIONS, &(event, instance), None, 1)?.is_empty());
            let next = entries(reader, &COUNTS, after.as_ref(), &mut found, agrees)?;
            Some(next.map_or(Stage::Lines(None), |after| Stage::Counts(Some(after))))
        }
        Stage::Lines(after) => {
            let next = waiting::lines(reader, after.as_ref(), &mut found)?;
            Some(next.map_or(Stage::Blocks(None), |after| Stage::Lines(Some(after))))
        }
        Stage::Blocks(after) => {
            let next = waiting::blocks(reader, after.as_ref(), &mut found)?;
            Some(next.map_or(Stage::Places(None), |after| Stage::Blocks(Some(after))))
        }
        Stage::Places(after) => {
            let next = waiting::places(reader, after.as_ref(), &mut found)?;
            Some(next.map_or(Stage::Answers(None), |after| Stage::Places(Some(after))))
        }
        Stage::Answers(after) => answers(reader, after, &mut found)?,
    };
    found.next = next.map(|stage| storage::encode(&stage)).transpose()?;
    Ok(found)
}

fn events(reader: &impl Reader, after: Option<EventId>, found: &mut AuditPage) -> Result<Stage, Fault> {
    let rows = reader.scan(&EVENTS, &(), after.as_ref(), REFERENCES_A_PAGE)?;
    let more = rows.len() == REFERENCES_A_PAGE;
    let last = rows.last().map(|(event, _)| *event);
    found.references.extend(rows.into_iter().map(|(event, _)| Reference {
        name: EVENT.to_owned(),
        row: format!("facts of event {event}"),
        target: Target::Event(event),
    }));
    Ok(if more { Stage::Events(last) } else { Stage::Invitations(None) })
}

fn invitations(reader: &impl Reader, after: Option<(Place, Recount)>, found: &mut AuditPage) -> Result<Stage, Fault> {
    let (after, mut recount) = after.map_or((None, None), |(place, recount)| (Some(place), Some(recount)));
    let rows = reader.scan(&INVITATIONS, &(), after.as_ref(), ROWS_A_PAGE)?;
    let more = rows.len() == ROWS_A_PAGE;
    let mut last = None;
    for (place, row) in rows {
        let (event, instance, _) = place;
        let mut counting = match recount.take() {
            Some(counting) if (counting.event, counting.instance) == (event, instance) => counting,
            done => {
                compare(reader, done, found)?;
                Recount { event, instance, counted: Counts::default(), at: reader.position() }
            }
        };
        let count = count_of(&mut counting.counted, row.status());
        *count = count.saturating_add(1);
        look_at(reader, &place, &row, found)?;
        recount = Some(counting);
        last = Some((place, counting));
    }
    if more {
        return Ok(Stage::Invitations(last));
    }
    compare(reader, recount, found)?;
    Ok(Stage::ByStatus(None))
}

/// The references of a row, and whether it has its facts and its index entries.
fn look_at(reader: &impl Reader, place: &Place, row: &InvitationRow, found: &mut AuditPage) -> Result<(), Fault> {
    let &(event, instance, user) = place;
    let name = format!("invitation of {user} to {event} ({instance:?})");
    let mut refers = |to: &str, target| {
        found.references.push(Reference { name: to.to_owned(), row: name.clone(), target });
    };
    refers(EVENT, Target::Event(event));
    refers(INVITEE, Target::User(user));
    let mut indexed = match row.standing {
        Standing::Waiting(number) => line::stands(reader, (event, instance), number, user)?,
        standing => reader.contains(&BY_STATUS, &(event, instance, standing.status(), user))?,
    };
    indexed = indexed && reader.contains(&OF_USER, &(user, event, instance))?;
    let facts = store::facts(reader, event)?;
    if let Origin::Invited { by, arrived } = row.origin {
        let listed = facts.as_ref().is_some_and(|facts| !facts.cancelled);
        let key = inbox_key(place, arrived);
        indexed &= reader.contains(&INBOX, &key)? == listed
            && reader.contains(&UNANSWERED, &key)? == (listed && row.status() == Status::Pending);
        if let Some(by) = by {
            refers(INVITER, Target::User(by));
            indexed &= reader.contains(&BY_INVITER, &(by, event, instance, user))?;
        }
    }
    if !indexed {
        found.discrepancies.push(format!("an index does not agree with the {name}"));
    }
    if facts.is_none() {
        found.discrepancies.push(format!("the facts of the event are missing for the {name}"));
    }
    Ok(())
}

fn compare(reader: &impl Reader, recount: Option<Recount>, found: &mut AuditPage) -> Result<(), Fault> {
    let Some(Recount { event, instance, counted, at }) = recount else { return Ok(()) };
    let kept = store::tally(reader, event, instance)?.counts;
    if at == reader.position() && kept != counted {
        found
            .discrepancies
            .push(format!("the counts of event {event} ({instance:?}) are {kept:?}, its rows {counted:?}"));
    }
    Ok(())
}

/// The row that an inbox entry is for, if it is rightly there.
fn in_inbox(reader: &impl Reader, key: &InboxKey) -> Result<Option<InvitationRow>, Fault> {
    let &(user, arrived, event, instance) = key;
    let listed = store::facts(reader, event)?.is_some_and(|facts| !facts.cancelled);
    let row = store::row(reader, event, instance, user)?;
    let stands_there = |row: &InvitationRow| matches!(row.origin, Origin::Invited { arrived: at, .. } if at == arrived);
    Ok(row.filter(|row| listed && stands_there(row)))
}

/// What organizers were told of: each was answered by a row that is there, and goes with its organizer.
fn answers(reader: &impl Reader, after: Option<(UserId, u64)>, found: &mut AuditPage) -> Result<Option<Stage>, Fault> {
    let rows = reader.scan(&ANSWERS, &(), after.as_ref(), REFERENCES_A_PAGE)?;
    let next = if rows.len() == REFERENCES_A_PAGE { rows.last().map(|(key, _)| *key) } else { None };
    for ((organizer, place), heard) in rows {
        let row = format!("answer {place} that {organizer} was told of");
        if store::row(reader, heard.event, heard.instance, heard.user)?.is_none() {
            found.discrepancies.push(format!("{} has an entry without its row: {row}", ANSWERS.name()));
        }
        found.references.push(Reference { name: TOLD.to_owned(), row, target: Target::User(organizer) });
    }
    Ok(next.map(|after| Stage::Answers(Some(after))))
}

/// Looks at a page of an index, whether each entry agrees with its row; where the next page begins.
fn entries<K: Key + std::fmt::Debug, V: storage::Value>(
    reader: &impl Reader,
    table: &Table<K, V>,
    after: Option<&K>,
    found: &mut AuditPage,
    agrees: impl Fn(&K) -> Result<bool, Fault>,
) -> Result<Option<K>, Fault> {
    let mut rows = reader.scan(table, &(), after, REFERENCES_A_PAGE)?;
    for (key, _) in &rows {
        if !agrees(key)? {
            found.discrepancies.push(format!("{} has an entry without its row: {key:?}", table.name()));
        }
    }
    let last = if rows.len() == REFERENCES_A_PAGE { rows.pop() } else { None };
    Ok(last.map(|(key, _)| key))
}
