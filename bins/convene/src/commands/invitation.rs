//! `invite`, `uninvite`, `invitations`, `respond`, `attend`, `unattend`, `participants`.

use domain::events::{Event, Invite, Uninvite};
use domain::invitations::{
    self, Counts, EventSummary, Invitation, ListParticipants, OfPeople, Participants, Respond, Response, Status,
    Unattend,
};
use domain::{EventId, Instance, Service, Username};

use super::conflicts::{self, Meant};
use super::event::usernames;
use super::instance;
use super::invocation::{Invocation, PATIENCE};
use crate::arguments::{self, Inbox, OfEventOrInstance, People, WhoComes};
use crate::failure::Failure;
use crate::output::{InvitationDocument, InvitationListDocument, ParticipantsDocument, Printed};

/// `invite`: the invited are in events' books at once; what they answered is asked of invitations, and if that is away or behind,
/// they have not answered.
///
/// # Errors
/// Invalid input, not found for an unknown user, and what events reports.
pub(crate) async fn invite(mut invocation: Invocation<'_>, arguments: &People) -> Result<Printed, Failure> {
    let (event, invitees) = (arguments.event.parse()?, named_once(&arguments.users)?);
    let event = invocation.send(arguments, Invite { event, invitees: invitees.clone() }).await?;
    let known = known_of(&mut invocation, event.id, &invitees).await;
    let items = completed(&event, &invitees, known.as_deref().unwrap_or_default());
    if items.len() > known.map_or(0, |known| known.len()) {
        invocation.without(Service::Invitations);
    }
    Ok(invocation.finish(&InvitationListDocument::of_people(&items)).await)
}

/// `uninvite`: tells what the people named had answered until now, as far as that can be known.
///
/// # Errors
/// Invalid input, not found for an unknown user, and what events reports.
pub(crate) async fn uninvite(mut invocation: Invocation<'_>, arguments: &People) -> Result<Printed, Failure> {
    let (event, invitees): (EventId, _) = (arguments.event.parse()?, named_once(&arguments.users)?);
    let before = known_of(&mut invocation, event, &invitees).await;
    let event = invocation.send(arguments, Uninvite { event, invitees: invitees.clone() }).await?;
    let items = before.unwrap_or_else(|| completed(&event, &invitees, &[]));
    Ok(invocation.finish(&InvitationListDocument::of_people(&items)).await)
}

/// `invitations`.
///
/// # Errors
/// What invitations reports.
pub(crate) async fn inbox(mut invocation: Invocation<'_>, arguments: &Inbox) -> Result<Printed, Failure> {
    let clients = invocation.clients();
    let page = invocation
        .fill(&arguments.paging, async |invocation, page| {
            let request = invitations::Inbox { all: arguments.all, page };
            invocation
                .ask(Service::Invitations, async |context| clients.invitations.inbox(context, request).await)
                .await
        })
        .await?;
    Ok(invocation.finish(&InvitationListDocument::page(&page)).await)
}

/// `respond`.
///
/// # Errors
/// Forbidden for someone who sees the event but was not asked, and what invitations reports.
pub(crate) async fn respond(
    mut invocation: Invocation<'_>,
    arguments: &arguments::Respond,
) -> Result<Printed, Failure> {
    let (event, response) = (arguments.event.parse()?, arguments.answer.into());
    let instance = instance::meant(&mut invocation, Service::Invitations, event, &arguments.which).await?;
    let answer = invocation.send(arguments, Respond { event, instance, response }).await?;
    if response == Response::Accept {
        conflicts::note(&mut invocation, &meant(&answer)).await;
    }
    Ok(invocation.finish(&InvitationDocument::from(&answer)).await)
}

/// `attend`.
///
/// # Errors
/// Forbidden for one's own and for private events, and what invitations reports.
pub(crate) async fn attend(mut invocation: Invocation<'_>, arguments: &arguments::Attend) -> Result<Printed, Failure> {
    let (event, maybe) = (arguments.event.parse()?, arguments.maybe);
    let instance = instance::meant(&mut invocation, Service::Invitations, event, &arguments.which).await?;
    let request = invitations::Attend { event, instance, maybe };
    let answer = invocation.send(arguments, request).await?;
    conflicts::note(&mut invocation, &meant(&answer)).await;
    Ok(invocation.finish(&InvitationDocument::from(&answer)).await)
}

/// `unattend`.
///
/// # Errors
/// What invitations reports.
pub(crate) async fn unattend(
    mut invocation: Invocation<'_>,
    arguments: &OfEventOrInstance,
) -> Result<Printed, Failure> {
    let event = arguments.event.parse()?;
    let instance = instance::meant(&mut invocation, Service::Invitations, event, &arguments.which).await?;
    let request = Unattend { event, instance };
    let answer = invocation.send(arguments, request).await?;
    Ok(invocation.finish(&InvitationDocument::from(&answer)).await)
}

/// `participants`.
///
/// # Errors
/// Not found for those who may not see the event, and what invitations reports.
pub(crate) async fn participants(mut invocation: Invocation<'_>, arguments: &WhoComes) -> Result<Printed, Failure> {
    let event: EventId = arguments.event.parse()?;
    let status = arguments.status.map(Status::from);
    let clients = invocation.clients();
    let mut counts = Counts::default();
    let people = invocation
        .fill(&arguments.paging, async |invocation, page| {
            let request = ListParticipants { event, instance: Instance::Series, status, page };
            let asked = async |context: &domain::Context| clients.invitations.participants(context, request).await;
            let participants = invocation.ask(Service::Invitations, asked).await?;
            counts = participants.counts;
            Ok(participants.people)
        })
        .await?;
    Ok(invocation.finish(&ParticipantsDocument::from(Participants { counts, people })).await)
}

/// What an answer is about.
fn meant(answer: &Invitation) -> Meant<'_> {
    Meant { event: answer.event.id, series: &answer.event.series, instance: answer.instance, occurrence: None }
}

/// What invitations knows of these people's invitations; `None`, and a note, if it cannot be asked now.
async fn known_of(invocation: &mut Invocation<'_>, event: EventId, invitees: &[Username]) -> Option<Vec<Invitation>> {
    let request = OfPeople { event, invitees: invitees.to_vec() };
    let clients = invocation.clients();
    let asked = invocation.ask_within(PATIENCE, Service::Invitations, async |context| {
        clients.invitations.of_people(context, request).await
    });
    match asked.await {
        Ok(known) => Some(known),
        Err(failure) => {
            if failure.is_absence() {
                invocation.without(Service::Invitations);
            }
            None
        }
    }
}

/// The invitations of `invitees` in this order: as `known`, and where nothing is known not yet answered.
fn completed(event: &Event, invitees: &[Username], known: &[Invitation]) -> Vec<Invitation> {
    invitees
        .iter()
        .map(|invitee| {
            known.iter().find(|invitation| invitation.invitee == *invitee).cloned().unwrap_or_else(|| Invitation {
                event: EventSummary {
                    id: event.id,
                    title: event.title.clone(),
                    location: event.location.clone(),
                    series: event.series.clone(),
                    public: event.public,
                    organizer: event.organizer.clone(),
                    cancelled: event.cancelled,
                },
                instance: Instance::Series,
                invitee: invitee.clone(),
                inviter: Some(event.organizer.clone()),
                status: Status::Pending,
                position: None,
            })
        })
        .collect()
}

/// The user names, each once, in the order in which they were first named.
fn named_once(words: &[String]) -> Result<Vec<Username>, Failure> {
    let mut once = Vec::new();
    for username in usernames(words)? {
        if !once.contains(&username) {
            once.push(username);
        }
    }
    Ok(once)
}
