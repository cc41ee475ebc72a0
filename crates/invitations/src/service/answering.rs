//! The commands: answering an invitation, joining a public event, leaving it.
//!
//! They differ in who may give them; what then happens is the same. Rights are judged before states.

use chassis::journal::Author;
use chassis::{Fault, Settle, directory};
use domain::invitations::{Attend, Invitation, Respond, Response, Status, Unattend};
use domain::{Answer, Context, Error, EventId, Instance, Service};
use serde::Serialize;
use storage::Transaction;

use super::InvitationsService;
use super::reading::with_behind;
use crate::sight::{self, Seen};
use crate::store::record::record;
use crate::store::{self, InvitationRow, Origin};

/// A command that makes someone's status another.
struct Command {
    method: &'static str,
    event: EventId,
    instance: Instance,
    /// What it becomes.
    status: Status,
    /// Whether someone who sees the event, and is this to it, need not be asked about at events.
    enough: fn(&Seen) -> bool,
    /// Whether someone who sees the event may give it.
    may: fn(&Seen) -> Result<(), Error>,
}

impl InvitationsService {
    pub(super) async fn answer_invitation(&self, context: &Context, request: Respond) -> Answer<Invitation> {
        let Respond { event, instance, response } = request;
        let status = match response {
            Response::Accept => Status::Going,
            Response::Maybe => Status::Maybe,
            Response::Decline => Status::Declined,
        };
        // Seeing a public event is not enough: the invitation to it may be on its way.
        let enough = |seen: &Seen| was_asked(seen).is_ok() || seen.organizes;
        let command = Command { method: "respond", event, instance, status, enough, may: was_asked };
        self.carry_out(context, &request, command).await
    }

    pub(super) async fn join_event(&self, context: &Context, request: Attend) -> Answer<Invitation> {
        let Attend { event, instance, maybe } = request;
        let status = if maybe { Status::Maybe } else { Status::Going };
        let command = Command { method: "attend", event, instance, status, enough: |_| true, may: may_join };
        self.carry_out(context, &request, command).await
    }

    pub(super) async fn leave_event(&self, context: &Context, request: Unattend) -> Answer<Invitation> {
        let Unattend { event, instance } = request;
        let status = Status::Declined;
        let command = Command { method: "unattend", event, instance, status, enough: |_| true, may: may_leave };
        self.carry_out(context, &request, command).await
    }

    async fn carry_out<R: Serialize + Sync>(
        &self,
        context: &Context,
        request: &R,
        command: Command,
    ) -> Answer<Invitation> {
        let refused = |fault: Fault| fault.into_error(Service::Invitations);
        let (user, author) = (context.user()?, Author::of(context)?);
        let (context, behind) = self.caught_up(context).await;
        self.know_actor(&context, user).await.map_err(refused)?;
        let Command { method, event, instance, enough, .. } = command;
        self.bring_into_sight(&context, event, user, enough).await.map_err(refused)?;
        let actor = context.clone();
        let change = move |tx: &mut Transaction<'_>| answer(tx, &actor, author, &command);
        let done = self.chassis.command(&context, method, request, Settle::No, change, |_, ()| Ok(())).await?;
        let reply = self
            .read(&context, |reading| {
                // Between the command and this, the event or the account may have gone.
                Ok(reading.invitation(event, instance, user)?.ok_or_else(|| sight::unseen(event))?)
            })
            .await
            .map_err(|error| self.chassis.unread(error))?;
        Ok(with_behind(with_behind(reply, &behind), &done.behind))
    }
}

/// The rule of all three commands, in the transaction that they are.
fn answer(tx: &mut Transaction<'_>, context: &Context, author: Author, command: &Command) -> Result<(), Fault> {
    let &Command { event, instance, status, may, .. } = command;
    let user = directory::admit_actor(tx, context)?;
    let seen = sight::see(tx, event, user)?;
    may(&seen)?;
    sight::check_instance(instance)?;
    if seen.facts.cancelled {
        return Err(Error::conflict("event", "this event was cancelled, so there is nothing to answer any more").into());
    }
    let next = match store::row(tx, event, instance, user)? {
        Some(last) => match author.may_overwrite(last.author) {
            Ok(()) => InvitationRow { status, author: Some(author), ..last },
            // Late, but it says what the later one said.
            Err(_) if last.status == status => return Ok(()),
            Err(late) => return Err(late.into()),
        },
        None => {
            let origin = seen.row.map_or(Origin::Joined, |series| series.origin);
            InvitationRow { origin, status, author: Some(author), vouched: None }
        }
    };
    record(tx, event, instance, &[(user, Some(next))])
}

fn was_asked(seen: &Seen) -> Result<(), Error> {
    refuse_organizer(seen)?;
    match seen.row {
        Some(row) if row.was_asked() => Ok(()),
        _ => Err(Error::forbidden("you are not invited to this event; it is public: attend or unattend it instead")),
    }
}

fn may_join(seen: &Seen) -> Result<(), Error> {
    refuse_organizer(seen)?;
    if seen.facts.public {
        return Ok(());
    }
    Err(Error::forbidden("this event is not public; answer the invitation to it instead (respond)"))
}

fn may_leave(seen: &Seen) -> Result<(), Error> {
    may_join(seen)?;
    match seen.row {
        Some(_) => Ok(()),
        None => Err(Error::forbidden("you do not attend this event, so there is nothing to leave")),
    }
}

fn refuse_organizer(seen: &Seen) -> Result<(), Error> {
    if seen.organizes {
        return Err(Error::forbidden("you organize this event; organizers are not among its participants"));
    }
    Ok(())
}
