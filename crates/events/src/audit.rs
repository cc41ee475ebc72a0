//! The references this service holds, and what it finds wrong with itself on the way.
//!
//! An audit walks the tables one after the other, a page at a time, each table by its own key.

use chassis::timeline::Entry;
use chassis::{Fault, cursor};
use domain::integrity::{Audit, AuditPage, Reference, Target};
use domain::{EventId, Instance, UserId};
use serde::{Deserialize, Serialize};
use storage::Reader;

use crate::store::{
    self, DESCRIPTIONS, ENDED, ENDED_OF, EVENTS, EXCEPTIONS, EventRow, INVITED, INVITED_OF, Invited, ORGANIZED_BY,
    REINDEXING, Scope, TIMELINE,
};

/// Rows of one page.
const ROWS: usize = 1_000;

/// Behind which row of which table a page begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Place {
    Events(Option<EventId>),
    Invited(Option<(EventId, UserId)>),
    InvitedOf(Option<(UserId, EventId)>),
    Ended(Option<(EventId, UserId)>),
    EndedOf(Option<(UserId, EventId)>),
    OrganizedBy(Option<(UserId, EventId)>),
    Descriptions(Option<(EventId, u16)>),
    Timeline(Option<Entry<Scope>>),
}

/// A page of the audit.
///
/// # Errors
/// Invalid input (`after`) for a place that no audit gave.
pub(crate) fn page(reader: &impl Reader, request: &Audit) -> Result<AuditPage, Fault> {
    let place = cursor::of_audit(request)?.unwrap_or(Place::Events(None));
    let mut findings = Findings { reader, references: Vec::new(), discrepancies: Vec::new() };
    let next = findings.walk(place)?;
    let next = next.map(|place| storage::encode(&place)).transpose()?;
    Ok(AuditPage { references: findings.references, discrepancies: findings.discrepancies, next })
}

struct Findings<'a, R> {
    reader: &'a R,
    references: Vec<Reference>,
    discrepancies: Vec<String>,
}

/// The key of the last row, if there may be more.
fn last<K, V>(rows: Vec<(K, V)>) -> Option<K> {
    let full = rows.len() == ROWS;
    rows.into_iter().next_back().filter(|_| full).map(|(key, _)| key)
}

impl<R: Reader> Findings<'_, R> {
    /// Looks at the rows behind `place`; where the next page begins.
    fn walk(&mut self, place: Place) -> Result<Option<Place>, Fault> {
        let next = match place {
            Place::Events(after) => {
                let rows = self.reader.scan(&EVENTS, &(), after.as_ref(), ROWS)?;
                rows.iter().try_for_each(|(event, row)| self.event(*event, row))?;
                last(rows).map_or(Place::Invited(None), |event| Place::Events(Some(event)))
            }
            Place::Invited(after) => {
                let rows = self.reader.scan(&INVITED, &(), after.as_ref(), ROWS)?;
                rows.iter().try_for_each(|((event, user), row)| self.invited(*event, *user, row))?;
                last(rows).map_or(Place::InvitedOf(None), |key| Place::Invited(Some(key)))
            }
            Place::InvitedOf(after) => {
                let rows = self.reader.scan(&INVITED_OF, &(), after.as_ref(), ROWS)?;
                for ((user, event), ()) in &rows {
                    let there = self.reader.contains(&INVITED, &(*event, *user))?;
                    self.expect(there, || format!("user {user} is listed as invited to event {event}, and is not"));
                }
                last(rows).map_or(Place::Ended(None), |key| Place::InvitedOf(Some(key)))
            }
            Place::Ended(after) => {
                let rows = self.reader.scan(&ENDED, &(), after.as_ref(), ROWS)?;
                rows.iter().try_for_each(|((event, user), _)| self.ended(*event, *user))?;
                last(rows).map_or(Place::EndedOf(None), |key| Place::Ended(Some(key)))
            }
            Place::EndedOf(after) => {
                let rows = self.reader.scan(&ENDED_OF, &(), after.as_ref(), ROWS)?;
                for ((user, event), ()) in &rows {
                    let there = self.reader.contains(&ENDED, &(*event, *user))?;
                    self.expect(there, || {
                        format!("an invitation of user {user} to event {event} is wrongly listed as ended")
                    });
                }
                last(rows).map_or(Place::OrganizedBy(None), |key| Place::EndedOf(Some(key)))
            }
            Place::OrganizedBy(after) => {
                let rows = self.reader.scan(&ORGANIZED_BY, &(), after.as_ref(), ROWS)?;
                for ((user, event), ()) in &rows {
                    let theirs = self.reader.get(&EVENTS, event)?.is_some_and(|row| row.organizer == Some(*user));
                    self.expect(theirs, || format!("event {event} is listed as user {user}'s, and is not"));
                }
                last(rows).map_or(Place::Descriptions(None), |key| Place::OrganizedBy(Some(key)))
            }
            Place::Descriptions(after) => {
                let rows = self.reader.scan(&DESCRIPTIONS, &(), after.as_ref(), ROWS)?;
                for ((event, number), _) in &rows {
                    let there = self.reader.contains(&EVENTS, event)?;
                    self.expect(there, || format!("piece {number} of a description has no event {event}"));
                }
                last(rows).map_or(Place::Timeline(None), |key| Place::Descriptions(Some(key)))
            }
            Place::Timeline(after) => {
                let mut entries = TIMELINE.entries(self.reader, after.as_ref(), ROWS)?;
                entries.iter().try_for_each(|entry| self.entry(entry))?;
                let full = entries.len() == ROWS;
                return Ok(entries.pop().filter(|_| full).map(|entry| Place::Timeline(Some(entry))));
            }
        };
        Ok(Some(next))
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.discrepancies.push(otherwise());
        }
    }

    fn refer(&mut self, name: &str, row: String, user: UserId) {
        self.references.push(Reference { name: name.to_owned(), row, target: Target::User(user) });
    }

    fn event(&mut self, event: EventId, row: &EventRow) -> Result<(), Fault> {
        if let Some(organizer) = row.organizer {
            self.refer("events.event.organizer", format!("event {event}"), organizer);
            let listed = self.reader.contains(&ORGANIZED_BY, &(organizer, event))?;
            self.expect(listed, || format!("event {event} is not listed as its organizer {organizer}'s"));
            let invited = self.reader.contains(&INVITED, &(event, organizer))?;
            self.expect(!invited, || format!("event {event} has its own organizer {organizer} as an invitee"));
        } else {
            self.expect(row.cancelled, || format!("event {event} has lost its organizer and is not cancelled"));
            let deserted = store::is_deserted(self.reader, event)?;
            self.expect(!deserted, || format!("event {event} has nobody left who may see it"));
        }
        let extent = EXCEPTIONS.hull(self.reader, event, &row.series)?;
        self.expect(row.extent == extent, || {
            format!(
                "event {event} is indexed as from {} to {}, and is from {} to {}",
                row.extent.start, row.extent.end, extent.start, extent.end
            )
        });
        for (scope, extent) in store::own_places(row) {
            let there = TIMELINE.contains(self.reader, &scope, extent, event, Instance::Series)?;
            self.expect(there, || format!("the index by time lacks event {event} for {scope:?}"));
        }
        if let Err(Fault::Broken(why)) = store::description(self.reader, event) {
            self.discrepancies.push(why);
        }
        Ok(())
    }

    fn invited(&mut self, event: EventId, user: UserId, invited: &Invited) -> Result<(), Fault> {
        self.refer("events.invited.user", format!("invitation of user {user} to event {event}"), user);
        let listed = self.reader.contains(&INVITED_OF, &(user, event))?;
        self.expect(listed, || format!("the invitation to event {event} is not listed as user {user}'s"));
        let Some(row) = self.reader.get(&EVENTS, &event)? else {
            self.discrepancies.push(format!("user {user} is invited to event {event}, which does not exist"));
            return Ok(());
        };
        let on_the_move = self.reader.contains(&REINDEXING, &event)?;
        self.expect(on_the_move || invited.indexed == row.listed(), || {
            format!("the index by time is out of date with event {event} for invitee {user}")
        });
        if let Some(extent) = invited.indexed {
            let there = TIMELINE.contains(self.reader, &Scope::Of(user), extent, event, Instance::Series)?;
            self.expect(there, || format!("the index by time lacks event {event} for invitee {user}"));
        }
        Ok(())
    }

    /// An invitation that was taken back refers to its user like a live one. Of an event that is gone there may be some still: they
    /// go in steps.
    fn ended(&mut self, event: EventId, user: UserId) -> Result<(), Fault> {
        self.refer("events.invited.user", format!("ended invitation of user {user} to event {event}"), user);
        let listed = self.reader.contains(&ENDED_OF, &(user, event))?;
        self.expect(listed, || format!("the ended invitation to event {event} is not listed as user {user}'s"));
        let live = self.reader.contains(&INVITED, &(event, user))?;
        self.expect(!live, || format!("the invitation of user {user} to event {event} is live and has ended"));
        Ok(())
    }

    /// An index entry must be one that the event has by itself, or the one noted in an invitation.
    fn entry(&mut self, entry: &Entry<Scope>) -> Result<(), Fault> {
        let row = self.reader.get(&EVENTS, &entry.event)?;
        let by_itself = row.is_some_and(|row| store::own_places(&row).any(|own| own == (entry.scope, entry.extent)));
        let by_invitation = match entry.scope {
            Scope::Of(user) => {
                let invited = self.reader.get(&INVITED, &(entry.event, user))?;
                invited.is_some_and(|invited| invited.indexed == Some(entry.extent))
            }
            Scope::Public => false,
        };
        let whole = entry.instance == Instance::Series;
        self.expect(whole && (by_itself || by_invitation), || {
            format!("the index by time has event {} for {:?} where it is not", entry.event, entry.scope)
        });
        Ok(())
    }
}
