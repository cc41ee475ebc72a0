//! The queries: the inbox, the participants of an event, the invitations of some people to it, one's own to some events, the answers to
//! one's own events.

use chassis::{Chassis, Fault, cursor};
use domain::events::MAX_INVITEES;
use domain::invitations::{
    Answered, Answers, Inbox, Invitation, ListAnswers, ListParticipants, MAX_EVENTS, OfEvents, OfPeople, Participant,
    Participants, Status,
};
use domain::{Answer, Context, Error, EventId, Instance, Page, Service, UserId};
use serde::{Deserialize, Serialize};
use storage::Reader as _;

use super::InvitationsService;
use super::reading::{Reading, with_behind};
use crate::sight;
use crate::store::heard::{self, Heard};
use crate::store::{self, BY_STATUS, line};

impl InvitationsService {
    /// Those who may ask for it are oneself: it holds only one's own.
    pub(super) async fn list_inbox(&self, context: &Context, request: Inbox) -> Answer<Page<Invitation>> {
        let user = context.user()?;
        let after: Option<(u64, EventId, Instance)> = cursor::read(&request.page)?;
        self.read(context, |reading| inbox(reading, user, &request, after)).await
    }

    /// Those who may ask for it are oneself: it holds only the answers to one's own events.
    pub(super) async fn list_answers(&self, context: &Context, request: ListAnswers) -> Answer<Answers> {
        let user = context.user()?;
        self.read(context, |reading| answers(reading, user, request)).await
    }

    pub(super) async fn list_participants(&self, context: &Context, request: ListParticipants) -> Answer<Participants> {
        let viewer = context.user()?;
        let after: Option<Listed> = cursor::read(&request.page)?;
        let (context, behind) = self.caught_up(context).await;
        let brought = self.bring_into_sight(&context, request.event, viewer, |_| true).await;
        brought.map_err(|fault| fault.into_error(Service::Invitations))?;
        let reply = self.read(&context, |reading| participants(reading, viewer, &request, after)).await?;
        Ok(with_behind(reply, &behind))
    }

    pub(super) async fn list_of_people(&self, context: &Context, request: OfPeople) -> Answer<Vec<Invitation>> {
        let viewer = context.user()?;
        if request.invitees.len() > MAX_INVITEES {
            let why = format!("at most {MAX_INVITEES} people can be asked about at once");
            return Err(Error::invalid("invitees", request.invitees.len().to_string(), why));
        }
        let (context, behind) = self.caught_up(context).await;
        let brought = self.bring_into_sight(&context, request.event, viewer, |_| true).await;
        brought.map_err(|fault| fault.into_error(Service::Invitations))?;
        let reply = self.read(&context, |reading| of_people(reading, viewer, &request)).await?;
        Ok(with_behind(reply, &behind))
    }

    /// Those who may ask for it are oneself: it holds only one's own.
    pub(super) async fn list_mine(&self, context: &Context, request: OfEvents) -> Answer<Vec<Invitation>> {
        let user = context.user()?;
        if request.events.len() > MAX_EVENTS {
            let why = format!("at most {MAX_EVENTS} events can be asked about at once");
            return Err(Error::invalid("events", request.events.len().to_string(), why));
        }
        self.read(context, |reading| mine(reading, user, &request)).await
    }
}

/// A page of someone's invitations, the last to arrive first. One to an event that was just cancelled, and whose turn to
/// leave the index has not come, is passed over: such a page is short.
fn inbox(
    reading: &Reading<'_, '_>,
    user: UserId,
    request: &Inbox,
    after: Option<(u64, EventId, Instance)>,
) -> Result<Page<Invitation>, Fault> {
    let table = if request.all { store::INBOX } else { store::UNANSWERED };
    let before = after.map(|(arrived, event, instance)| (user, arrived, event, instance));
    let more_by_one = request.page.limit.get().saturating_add(1);
    let rows = reading.view.scan_back(&table, &user, before.as_ref(), more_by_one)?;
    let rows = rows.into_iter().map(|((_, arrived, event, instance), ())| ((arrived, event, instance), ())).collect();
    let page = cursor::page(&request.page, rows, |&(_, event, instance), ()| {
        Ok(reading.invitation(event, instance, user)?.filter(|invitation| !invitation.event.cancelled))
    })?;
    Ok(named(page))
}

/// What someone was told of: all of it, or what came after a position.
fn answers(reading: &Reading<'_, '_>, user: UserId, request: ListAnswers) -> Result<Answers, Fault> {
    let until = Chassis::position(reading.view);
    let heard = match request.after {
        Some(after) if after.epoch != until.epoch => Vec::new(),
        after => heard::after(reading.view, user, after.map_or(0, |after| after.at))?,
    };
    let mut items = Vec::new();
    for Heard { event, instance, user, .. } in heard {
        // Whoever cannot be named (yet) is left out, as everywhere.
        if let Some(Invitation { event, instance, invitee, status, .. }) = reading.invitation(event, instance, user)? {
            items.push(Answered { event: event.id, instance, title: event.title, username: invitee, status });
        }
    }
    Ok(Answers { items, until })
}

/// A page of an event's participants by status, then by registration; who waits, by their place in line.
fn participants(
    reading: &Reading<'_, '_>,
    viewer: UserId,
    request: &ListParticipants,
    after: Option<Listed>,
) -> Result<Participants, Fault> {
    let &ListParticipants { event, instance, status, ref page } = request;
    let seen = sight::see(reading.view, event, viewer)?;
    sight::check_instance(reading.view, &seen.facts, instance)?;
    let more_by_one = page.limit.get().saturating_add(1);
    let rows = listed(reading, (event, instance), status, after, more_by_one)?;
    // The line is strict: whoever stands behind another on a page is next.
    let mut last: Option<u64> = None;
    let people = cursor::page(page, rows, |listed, user| {
        let position = match (*listed, last) {
            (Listed::ByStatus(..), _) => None,
            (Listed::InLine(_), Some(last)) => Some(last.saturating_add(1)),
            (Listed::InLine(number), None) => Some(line::position(reading.view, (event, instance), number)?),
        };
        last = position.or(last);
        Ok(reading.username(user)?.map(|username| Participant { username, status: listed.status(), position }))
    })?;
    Ok(Participants { counts: store::tally(reading.view, event, instance)?.counts, people: named(people) })
}

/// Where someone stands in the list of an event's participants.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Listed {
    /// Among those of a status, in the order of registration.
    ByStatus(Status, UserId),
    /// In the line of those who wait, with this number.
    InLine(u64),
}

impl Listed {
    const fn status(&self) -> Status {
        match self {
            Self::ByStatus(status, _) => *status,
            Self::InLine(_) => Status::Waiting,
        }
    }
}

/// At most so many participants behind a place in their list: those of one status, or all of them status by status.
fn listed(
    reading: &Reading<'_, '_>,
    (event, instance): (EventId, Instance),
    only: Option<Status>,
    after: Option<Listed>,
    most: usize,
) -> Result<Vec<(Listed, UserId)>, Fault> {
    let begun = after.map(|after| after.status());
    let unread = Status::LISTED.into_iter().skip_while(|status| begun.is_some_and(|begun| *status != begun));
    let mut rows = Vec::new();
    for status in unread.filter(|status| only.is_none_or(|only| *status == only)) {
        let left = most.saturating_sub(rows.len());
        match (status, after) {
            (Status::Waiting, after) => {
                let behind = match after {
                    Some(Listed::InLine(number)) => Some(number),
                    _ => None,
                };
                let line = line::after(reading.view, (event, instance), behind, left)?;
                rows.extend(line.into_iter().map(|(number, user)| (Listed::InLine(number), user)));
            }
            (status, after) => {
                let behind = match after {
                    Some(Listed::ByStatus(of, user)) if of == status => Some((event, instance, of, user)),
                    _ => None,
                };
                let people = reading.view.scan(&BY_STATUS, &(event, instance, status), behind.as_ref(), left)?;
                rows.extend(people.into_iter().map(|((.., user), ())| (Listed::ByStatus(status, user), user)));
            }
        }
    }
    Ok(rows)
}

/// The invitations of some people to all of an event, in the order of the question.
fn of_people(reading: &Reading<'_, '_>, viewer: UserId, request: &OfPeople) -> Result<Vec<Invitation>, Fault> {
    sight::see(reading.view, request.event, viewer)?;
    let mut found = Vec::new();
    for name in &request.invitees {
        if let Some(user) = reading.user(name)? {
            found.extend(reading.invitation(request.event, Instance::Series, user)?);
        }
    }
    Ok(found)
}

/// Someone's invitations to all of some events, in the order of the question.
fn mine(reading: &Reading<'_, '_>, user: UserId, request: &OfEvents) -> Result<Vec<Invitation>, Fault> {
    let mut found = Vec::new();
    for event in &request.events {
        found.extend(reading.invitation(*event, Instance::Series, user)?);
    }
    Ok(found)
}

/// A page without those who could not be shown.
fn named<T>(page: Page<Option<T>>) -> Page<T> {
    Page { items: page.items.into_iter().flatten().collect(), next: page.next }
}
