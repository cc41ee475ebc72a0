//! The commands: answering an invitation, joining a public event, leaving it.
//!
//! They differ in who may give them; what then happens is the same. Rights are judged before states.

use chassis::journal::Author;
use chassis::{Fault, Settle, directory};
use domain::invitations::{Attend, Invitation, Respond, Response, Unattend};
use domain::{Answer, Context, Error, EventId, Instance, Service, UserId};
use serde::Serialize;
use storage::{Reader as _, Transaction};

use super::InvitationsService;
use super::reading::with_behind;
use crate::sight::{self, Seen};
use crate::store::record::record;
use crate::store::{self, InvitationRow, OF_USER, Origin, Standing};

/// A command that gives someone's answer.
struct Command {
    method: &'static str,
    event: EventId,
    instance: Instance,
    /// What it becomes, if there is a place for whoever wants one.
    wanted: Standing,
    /// Whether someone who sees the event, and is this to it, need not be asked about at events.
    enough: fn(&Seen) -> bool,
    /// Whether someone who sees the event may give it.
    may: fn(&Seen) -> Result<(), Error>,
}

impl InvitationsService {
    pub(super) async fn answer_invitation(&self, context: &Context, request: Respond) -> Answer<Invitation> {
        let Respond { event, instance, response } = request;
        let wanted = match response {
            Response::Accept => Standing::Going,
            Response::Maybe => Standing::Maybe,
            Response::Decline => Standing::Declined,
        };
        // Seeing a public event is not enough: the invitation to it may be on its way.
        let enough = |seen: &Seen| was_asked(seen).is_ok() || seen.organizes;
        let command = Command { method: "respond", event, instance, wanted, enough, may: was_asked };
        self.carry_out(context, &request, command).await
    }

    pub(super) async fn join_event(&self, context: &Context, request: Attend) -> Answer<Invitation> {
        let Attend { event, instance, maybe } = request;
        let wanted = if maybe { Standing::Maybe } else { Standing::Going };
        let command = Command { method: "attend", event, instance, wanted, enough: |_| true, may: may_join };
        self.carry_out(context, &request, command).await
    }

    pub(super) async fn leave_event(&self, context: &Context, request: Unattend) -> Answer<Invitation> {
        let Unattend { event, instance } = request;
        let wanted = Standing::Declined;
        let command = Command { method: "unattend", event, instance, wanted, enough: |_| true, may: may_leave };
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
    let &Command { event, instance, wanted, may, .. } = command;
    let user = directory::admit_actor(tx, context)?;
    let seen = sight::see(tx, event, user)?;
    may(&seen)?;
    if seen.facts.cancelled {
        return Err(Error::conflict("event", "this event was cancelled, so there is nothing to answer any more").into());
    }
    sight::check_instance(tx, &seen.facts, instance)?;
    check_place(&seen, instance, wanted)?;
    let next = match store::row(tx, event, instance, user)? {
        Some(last) => match author.may_overwrite(last.author) {
            Ok(()) => InvitationRow { standing: wanted, author: Some(author), ..last },
            // Late, but it says what the later one said.
            Err(_) if last.standing.answers() == wanted => return Ok(()),
            Err(late) => return Err(late.into()),
        },
        None => {
            // A later answer to all of it holds for the instance too.
            author.may_overwrite(seen.row.and_then(|series| series.author))?;
            let origin = seen.row.map_or(Origin::Joined, |series| series.origin);
            InvitationRow { origin, standing: wanted, author: Some(author), vouched: None }
        }
    };
    record(tx, event, instance, &[(user, Some(next))])?;
    supersede(tx, (event, instance), user, author)
}

/// An answer to all of an event, or to an instance and all that follow, takes the place of the answers to what it is about.
fn supersede(
    tx: &mut Transaction<'_>,
    (event, instance): (EventId, Instance),
    user: UserId,
    author: Author,
) -> Result<(), Fault> {
    // As many as there are instances that they answered one by one.
    for ((_, _, of), ()) in tx.scan(&OF_USER, &(user, event), None, usize::MAX)? {
        let is_within = match (instance, of) {
            (Instance::Series, Instance::On(_) | Instance::From(_)) => true,
            (Instance::From(start), Instance::On(of)) => of >= start,
            (Instance::From(start), Instance::From(of)) => of > start,
            (_, Instance::Series) | (Instance::On(_), _) => false,
        };
        if is_within
            && let Some(row) = store::row(tx, event, of, user)?
            && author.may_overwrite(row.author).is_ok()
        {
            record(tx, event, of, &[(user, None)])?;
        }
    }
    Ok(())
}

/// Places are for all of an event: whoever has none cannot take one for single instances.
fn check_place(seen: &Seen, instance: Instance, wanted: Standing) -> Result<(), Error> {
    let goes = seen.row.is_some_and(|row| row.standing == Standing::Going);
    if seen.facts.capacity.is_none() || instance == Instance::Series || wanted != Standing::Going || goes {
        return Ok(());
    }
    Err(Error::conflict("instance", "places at this event are for all of it: accept without an instance first"))
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
