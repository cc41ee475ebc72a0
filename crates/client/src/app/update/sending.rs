//! Commands on their way out: each has an identity that it keeps until its outcome is known.

use std::time::Duration;

use domain::events::{Invite, Uninvite};
use domain::invitations::{Attend, Respond, Response, Status, Unattend};
use domain::sharing::{Level, ShareCalendar};
use domain::{Credential, Instance};

use super::{credential, next_request};
use crate::app::ask::{Call, Command};
use crate::app::effect::{Effect, RequestId, Sent};
use crate::app::model::{Model, Pick, Sending};
use crate::session::Unconfirmed;

const FOR_A_COMMAND: Duration = Duration::from_secs(8);
/// How long a command is sent again to find out what became of it. What one wanted longer ago one has given up or done otherwise,
/// and services remember commands for longer than this.
pub(super) const KEPT: Duration = Duration::from_secs(86_400);

impl Model {
    /// Whether a command is on its way whose outcome may still come in time.
    pub(crate) fn awaits_outcomes(&self) -> bool {
        self.sending.values().any(|sending| !sending.unconfirmed)
    }
}

/// Sends a command for the first time.
pub(super) fn send(model: &mut Model, command: Command, effects: &mut Vec<Effect>) -> RequestId {
    let request = next_request(model);
    let time = u64::try_from(model.now.wall.as_micros()).unwrap_or(0);
    model.kept.sequence = model.kept.sequence.saturating_add(1).max(time);
    let undo = undo_of(model, &command);
    let sending = Sending {
        command,
        key: model.now.key,
        sequence: model.kept.sequence,
        given: model.now.wall,
        since: model.now.instant,
        tries: 0,
        again_at: None,
        unconfirmed: false,
        undo,
    };
    // Whatever becomes of this run, the next one finds out what became of the command.
    let kept = kept(model, &sending);
    model.kept.unconfirmed.extend(kept);
    effects.push(call(model, request, &sending));
    model.sending.insert(request, sending);
    request
}

/// A command as it outlives this run.
pub(super) fn kept(model: &Model, sending: &Sending) -> Option<Unconfirmed> {
    let user = model.kept.session.as_ref()?.user.id;
    let Sending { key, sequence, given: since, .. } = *sending;
    Some(Unconfirmed { key, sequence, since, user, command: sending.command.given()? })
}

/// Takes up the commands of whoever is signed in now that were sent before and whose outcome is not known.
pub(super) fn resume(model: &mut Model) {
    let (now, wall) = (model.now.instant, model.now.wall);
    model.kept.unconfirmed.retain(|kept| wall < kept.since.plus(KEPT));
    let Some(me) = model.kept.session.as_ref().map(|session| session.user.id) else { return };
    let mine: Vec<Unconfirmed> = model.kept.unconfirmed.iter().filter(|kept| kept.user == me).cloned().collect();
    for Unconfirmed { key, sequence, since, command, .. } in mine {
        let known = model.sending.values().any(|sending| sending.key == key);
        let Some(command) = Command::of_given(command).filter(|_| !known) else { continue };
        let (again_at, unconfirmed, undo) = (Some(now), true, None);
        let sending =
            Sending { command, key, sequence, given: since, since: now, tries: 0, again_at, unconfirmed, undo };
        let request = next_request(model);
        model.sending.insert(request, sending);
    }
}

/// Sends those again whose outcome is unknown, under the same identity: they are done once, however often they arrive.
pub(super) fn send_again(model: &mut Model, effects: &mut Vec<Effect>) {
    let now = model.now.instant;
    let due: Vec<RequestId> = model
        .sending
        .iter()
        .filter(|(_, sending)| sending.again_at.is_some_and(|at| at <= now))
        .map(|(request, _)| *request)
        .collect();
    for request in due {
        if let Some(sending) = model.sending.get_mut(&request) {
            sending.again_at = None;
        }
        if let Some(sending) = model.sending.get(&request) {
            effects.push(call(model, request, sending));
        }
    }
}

/// Asks for a fresh token in the second half of the old one's life.
pub(super) fn renew_if_due(model: &mut Model, effects: &mut Vec<Effect>) {
    let due = model.kept.session.as_ref().is_some_and(|session| session.wants_renewal(model.now.wall));
    let under_way = model.sending.values().any(|sending| matches!(sending.command, Command::Renew));
    // A message sends at most one new command, because it brings one identity.
    let key_is_used = model.sending.values().any(|sending| sending.key == model.now.key);
    if due && !under_way && !key_is_used {
        send(model, Command::Renew, effects);
    }
}

fn call(model: &Model, request: RequestId, sending: &Sending) -> Effect {
    let anonymous = matches!(sending.command, Command::Register(_) | Command::Login(_));
    Effect::Call(Box::new(Sent {
        request,
        call: Call::Do(sending.command.clone()),
        after: None,
        timeout: FOR_A_COMMAND,
        identity: Some((sending.key, sending.sequence)),
        credential: if anonymous { Credential::None } else { credential(model) },
        seen: model.kept.seen.clone(),
        zone: model.settings.zone.clone(),
    }))
}

/// The command that gives `response`: those who were asked answer, others join or leave.
pub(super) fn answer(pick: &Pick, instance: Instance, response: Response) -> Command {
    let event = pick.event;
    match (pick.invited, response) {
        (true, _) => Command::Respond(Respond { event, instance, response }),
        (false, Response::Accept) => Command::Attend(Attend { event, instance, maybe: false }),
        (false, Response::Maybe) => Command::Attend(Attend { event, instance, maybe: true }),
        (false, Response::Decline) => Command::Unattend(Unattend { event, instance }),
    }
}

/// What takes a command back, as far as that is possible.
fn undo_of(model: &Model, command: &Command) -> Option<Command> {
    match command {
        Command::Respond(Respond { instance, response: Response::Decline, .. })
        | Command::Unattend(Unattend { instance, .. }) => {
            let pick = model.pick()?;
            let status = match instance {
                // What was answered to the instance that is selected may differ from it.
                Instance::Series => model.status(pick.event, *instance, model.my_answer(pick.event).1).or(pick.status),
                Instance::On(_) | Instance::From(_) => pick.status,
            };
            let before = match status? {
                // Who stood in line stands at its end then.
                Status::Going | Status::Waiting => Response::Accept,
                Status::Maybe => Response::Maybe,
                // Nothing makes an answered invitation unanswered again.
                Status::Pending | Status::Declined => return None,
            };
            Some(answer(&pick, *instance, before))
        }
        // Who joined a public event by themselves was not invited, and nothing says who did.
        Command::Uninvite(_) if model.pick()?.public => None,
        Command::Uninvite(Uninvite { event, invitees }) => {
            Some(Command::Invite(Invite { event: *event, invitees: invitees.clone() }))
        }
        Command::Unshare(unshare) => {
            let shares = model.shares()?;
            let level: Level = shares.shared_with.iter().find(|share| share.username == unshare.with)?.level;
            Some(Command::Share(ShareCalendar { with: unshare.with.clone(), level }))
        }
        _ => None,
    }
}
