//! The queries: the inbox, the participants of an event, the invitations of some people to it, one's own to some events, the answers to
//! one's own events.

use chassis::{Chassis, Fault, cursor};
use domain::events::MAX_INVITEES;
use domain::invitations::{
    Answered, Answers, Inbox, Invitation, ListAnswers, ListParticipants, MAX_EVENTS, OfEvents, OfPeople, Participant,
    Participants, Status,
};
use domain::{Answer, Context, Error, EventId, Instance, Page, Service, UserId};
use storage::Reader as _;

use super::InvitationsService;
use super::reading::{Reading, with_behind};
use crate::store::heard::{self, Heard};
use crate::{sight, store};

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
        let after: Option<(Status, UserId)> = cursor::read(&request.page)?;
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

/// A page of an event's participants by status, then by registration.
fn participants(
    reading: &Reading<'_, '_>,
    viewer: UserId,
    request: &ListParticipants,
    after: Option<(Status, UserId)>,
) -> Result<Participants, Fault> {
    let &ListParticipants { event, instance, status, ref page } = request;
    sight::see(reading.view, event, viewer)?;
    sight::check_instance(instance)?;
    let after = after.map(|(status, user)| (event, instance, status, user));
    let more_by_one = page.limit.get().saturating_add(1);
    let rows = match status {
        Some(status) => {
            reading.view.scan(&store::BY_STATUS, &(event, instance, status), after.as_ref(), more_by_one)?
        }
        None => reading.view.scan(&store::BY_STATUS, &(event, instance), after.as_ref(), more_by_one)?,
    };
    let rows = rows.into_iter().map(|((_, _, status, user), ())| ((status, user), ())).collect();
    let people = cursor::page(page, rows, |&(status, user), ()| {
        Ok(reading.username(user)?.map(|username| Participant { username, status }))
    })?;
    Ok(Participants { counts: store::counts(reading.view, event, instance)?, people: named(people) })
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
