//! What became of commands: done, refused, or not known, and then asked for under the same identity until it is.

use std::time::Duration;

use domain::invitations::{Invitation, Status};
use domain::{Error, Instance, Ordinal, Reply, Retryable, Service, Username};

use super::{begin_anew, conflicts, importing, instances, sending, telling};
use crate::app::ask::{Command, Done, Found, Outcome, Query};
use crate::app::effect::RequestId;
use crate::app::model::{EventPage, Model, Screen, Sending, Tone};
use crate::app::which;
use crate::session::Session;

/// How soon a command of unknown outcome is sent again at first; each further time twice as late, up to [`LATEST`].
const SOONEST: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_secs(30);
/// How long what holds a secret is tried: whoever signs in waits for it, and can do it anew.
const SIGNING_IN: Duration = Duration::from_secs(30);
/// How often a service may say that something broke in it, before it is believed.
const BROKEN: u32 = 3;

/// Takes in what became of a command.
pub(super) fn arrived(model: &mut Model, request: RequestId, answer: Result<Reply<Outcome>, Error>) {
    match answer {
        Ok(reply) => {
            let Some(sending) = settled(model, request) else { return };
            model.kept.seen.merge(&reply.seen);
            super::watching::answers(model, sending.command.service());
            if let Outcome::Done(done) = reply.value {
                was_done(model, request, &sending, done);
            }
            // Of a session that is renewed nothing was said that this could be about.
            if !reply.settled && !matches!(sending.command, Command::Renew) {
                model.toasts.qualify("but not every service has heard of it yet", model.now.instant);
            }
        }
        Err(error) if importing::waits(model, request, &error) => {}
        Err(error) if is_to_be_asked_for(model, request, &error) => ask_again(model, request),
        Err(error) => refused(model, request, &error),
    }
}

/// Its outcome is known, or of no interest any more: it is neither sent again nor kept.
pub(super) fn settled(model: &mut Model, request: RequestId) -> Option<Sending> {
    let sending = model.sending.remove(&request)?;
    model.kept.unconfirmed.retain(|kept| kept.key != sending.key);
    Some(sending)
}

/// Whether it is not known what became of a command, and can be found out by sending it once more.
fn is_to_be_asked_for(model: &Model, request: RequestId, error: &Error) -> bool {
    let Some(sending) = model.sending.get(&request) else { return false };
    let unknown = match error {
        Error::Deadline { .. } => true,
        Error::Internal { .. } => sending.tries < BROKEN,
        // Certainly not done this time; but an earlier attempt may have been.
        Error::Unavailable { .. } | Error::RateLimited { .. } => sending.unconfirmed,
        _ => false,
    };
    let waited_for = sending.command.given().is_none() && !matches!(sending.command, Command::Import(_));
    let for_long = if waited_for { SIGNING_IN } else { sending::KEPT };
    unknown && model.now.wall < sending.given.plus(for_long)
}

fn ask_again(model: &mut Model, request: RequestId) {
    let now = model.now.instant;
    let Some(sending) = model.sending.get_mut(&request) else { return };
    let first = !sending.unconfirmed;
    sending.unconfirmed = true;
    sending.again_at = Some(now + SOONEST.saturating_mul(1 << sending.tries.min(8)).min(LATEST));
    sending.tries = sending.tries.saturating_add(1);
    let (words, renewing) = (sending.command.words(), matches!(sending.command, Command::Renew));
    if first && !renewing {
        model.toast(format!("unconfirmed: {words}; asking again"), Tone::Careful);
    }
}

/// A service that was away is back: what is not known of commands to it is asked for at once.
pub(super) fn is_back(model: &mut Model, service: Service) {
    let now = model.now.instant;
    let of_it = |sending: &&mut Sending| sending.command.service() == service && sending.again_at.is_some();
    for sending in model.sending.values_mut().filter(of_it) {
        sending.again_at = Some(now);
    }
}

fn refused(model: &mut Model, request: RequestId, error: &Error) {
    let Some(sending) = settled(model, request) else { return };
    if let Command::Renew = sending.command {
        return;
    }
    let signing_in = matches!(sending.command, Command::Login(_) | Command::Register(_));
    if matches!(error, Error::Unauthenticated { .. }) && !signing_in {
        // It was not done under this session; whoever signs in again finds out whether it was before.
        if let (true, Some(kept)) = (sending.unconfirmed, sending::kept(model, &sending)) {
            model.kept.unconfirmed.push(kept);
        }
        // It was not done, so what was typed is not lost with it.
        if !sending.unconfirmed
            && let Some(form) = model.form_mut().filter(|form| form.sent == Some(request))
        {
            form.sent = None;
        }
        return signed_out(model, error);
    }
    if let Command::Import(_) = sending.command {
        return importing::done(model, request, Err(error.clone()));
    }
    if let Some(Screen::Form(form)) = model.screens.iter_mut().rev().find(|screen| is_form_of(screen, request)) {
        form.refuse(error);
        if let (Error::Conflict { current_version: Some(_), .. }, Some(query)) = (error, form.edits())
            && let Some(remote) = model.store.get_mut(&query)
        {
            remote.outdate();
        }
        return;
    }
    // Overtaken by what I said later: that is what counts.
    if error.field() == Some("sequence") {
        return;
    }
    let open = match error {
        Error::Deadline { .. } | Error::Internal { .. } => true,
        // This time it was not; what became of it before is not known.
        other => sending.unconfirmed && other.retryable() != Retryable::Never,
    };
    let outcome = if open { "not known whether done" } else { "not done" };
    let why = match error {
        Error::Deadline { service } => format!("{service} does not answer"),
        other => other.to_string(),
    };
    model.toast(format!("{outcome}: {}: {why}", sending.command.words()), Tone::Bad);
}

fn is_form_of(screen: &Screen, request: RequestId) -> bool {
    matches!(screen, Screen::Form(form) if form.sent == Some(request))
}

/// The session has ended. What is not known of commands, and what was being typed, is kept for when its user signs in again.
pub(super) fn signed_out(model: &mut Model, why: &Error) {
    let name = model.me().map(ToString::to_string).unwrap_or_default();
    let user = model.kept.session.take().map(|session| session.user.id);
    model.sending.clear();
    let import = importing::dropped(model).map_or_else(String::new, |said| format!("; {said}"));
    let draft = match model.screens.pop() {
        Some(Screen::Form(form)) if form.is_draft() => Some(form),
        _ => None,
    };
    model.draft = user.zip(draft);
    begin_anew(model);
    let kept = if model.draft.is_some() { "; what you typed is kept until then" } else { "" };
    if let Some(form) = model.form_mut() {
        let why = match why {
            Error::Unauthenticated { reason } => reason.clone(),
            other => other.to_string(),
        };
        form.error = Some(format!("{why}{kept}{import}"));
        if let Some(field) = form.fields.iter_mut().find(|field| field.name == "user") {
            field.input = tui_input::Input::new(name);
        }
    }
}

/// Whoever was typing when their session ended goes on; anyone else is shown nothing of it.
fn take_up_draft(model: &mut Model) {
    let me = model.kept.session.as_ref().map(|session| session.user.id);
    if let Some((user, form)) = model.draft.take()
        && Some(user) == me
    {
        model.screens.push(Screen::Form(form));
        model.toast("what you had typed is still here", Tone::Good);
    }
}

fn was_done(model: &mut Model, request: RequestId, sending: &Sending, done: Done) {
    let now = model.now.instant;
    match done {
        Done::SignedIn(signed_in) => {
            let renewed = matches!(sending.command, Command::Renew);
            let other = model.me().is_some_and(|me| *me != signed_in.user.username);
            model.kept.session = Some(Session::begun(signed_in, model.now.wall));
            if !renewed || other {
                model.toasts.clear();
                begin_anew(model);
                sending::resume(model);
                take_up_draft(model);
            }
            return;
        }
        Done::SignedOut | Done::AccountDeleted => {
            let said = match (done, model.me()) {
                (Done::AccountDeleted, Some(me)) => format!("the account {me} is deleted"),
                _ => "signed out".to_owned(),
            };
            let said = importing::dropped(model).map_or_else(|| said.clone(), |import| format!("{said}; {import}"));
            model.kept.session = None;
            model.draft = None;
            model.sending.clear();
            model.toasts.clear();
            begin_anew(model);
            model.toast(said, Tone::Good);
            return;
        }
        Done::PasswordChanged => {
            model.screens.retain(|screen| !is_form_of(screen, request));
            model.toast("the password is changed; your other sessions have ended", Tone::Good);
        }
        // One event of many: what is on the screen is asked for anew when the last is done.
        Done::Imported(imported) => return importing::done(model, request, Ok(imported)),
        Done::Event(event) => {
            let id = event.id;
            let instance = sending.command.of_event().map_or(Instance::Series, |(_, instance)| instance);
            let which = which::said(instance);
            let said = match &sending.command {
                Command::Create(_) => format!("made “{}”", event.title),
                Command::Cancel(_) => format!("cancelled “{}”{which}", event.title),
                Command::Invite(invite) => format!("invited {}", named(&invite.invitees)),
                // Who joined a public event needs no invitation, and nothing says who did.
                Command::Uninvite(uninvite) if event.public => {
                    format!("not invited now: {}; whoever joined by themselves still comes", named(&uninvite.invitees))
                }
                Command::Uninvite(uninvite) => format!("no longer invited: {}", named(&uninvite.invitees)),
                _ => format!("changed “{}”{which}", event.title),
            };
            let answered = match instance {
                Instance::On(_) => instance,
                Instance::Series | Instance::From(_) => Instance::Series,
            };
            let timed = match &sending.command {
                Command::Create(_) => true,
                Command::Edit(edit) => edit.time.is_some() || edit.rules.is_some(),
                _ => false,
            };
            if timed {
                // Of what follows an instance, the answer is an event of its own.
                conflicts::look(model, id, answered, &event.series, event.occurrence.as_ref(), &said);
            }
            model.store.entry(which::question(id, answered)).or_default().arrived(Found::Event(event), now);
            instances::changed(model, &sending.command, id);
            model.toast(said, Tone::Good);
            if let Some(at) = model.screens.iter().position(|screen| is_form_of(screen, request)) {
                model.screens.remove(at);
                if matches!(sending.command, Command::Create(_)) {
                    model.screens.push(Screen::Event(EventPage::of(id)));
                }
            }
        }
        Done::Invitation(invitation) => {
            let title = &invitation.event.title;
            let instance = sending.command.answer().map_or(Instance::Series, |(_, instance, _)| instance);
            let which = which::said(instance);
            let said = match (invitation.status, invitation.position) {
                (Status::Going, _) => format!("you come to {title}{which}"),
                (Status::Maybe, _) => format!("you may come to {title}{which}"),
                (Status::Declined, _) => format!("you do not come to {title}{which}"),
                (Status::Pending, _) => format!("not answered: {title}"),
                (Status::Waiting, Some(position)) => format!("full: you are {} in line for {title}", Ordinal(position)),
                (Status::Waiting, None) => format!("full: you wait for a place at {title}"),
            };
            overtake(model, sending);
            // What I did myself is no news.
            instances::answered(model, &sending.command);
            if invitation.instance == Instance::Series {
                telling::note_place(model, &invitation, invitation.status);
                take_in(model, &invitation);
            }
            if invitation.status == Status::Going {
                let event = &invitation.event;
                conflicts::look(model, event.id, instance, &event.series, None, &said);
            }
            model.toast(said, Tone::Good);
        }
        Done::Shares(shares) => {
            model.store.entry(Query::Shares).or_default().arrived(Found::Shares(shares), now);
            model.toast(
                match &sending.command {
                    Command::Share(share) => format!("{} sees your calendar", share.with),
                    Command::Unshare(unshare) => format!("{} no longer sees your calendar", unshare.with),
                    _ => "shared".to_owned(),
                },
                Tone::Good,
            );
            model.screens.retain(|screen| !is_form_of(screen, request));
        }
    }
    if let Some(undo) = &sending.undo {
        model.toasts.offer(undo.clone(), now);
    }
    outdate_lists(model);
    if model.screens.is_empty() {
        begin_anew(model);
    }
}

/// What I did may be seen in these.
pub(super) fn outdate_lists(model: &mut Model) {
    for (query, remote) in &mut model.store {
        if matches!(
            query,
            Query::Entries { .. }
                | Query::Inbox { .. }
                | Query::Pending
                | Query::Mine(_)
                | Query::Participants { .. }
                | Query::Public { .. }
                | Query::Stretch { .. }
                | Query::Instance { .. }
                | Query::Apart { .. }
        ) {
            remote.outdate();
        }
    }
}

/// An answer was given after others to the same event, of which nothing is known yet: it is the one that counts.
fn overtake(model: &mut Model, done: &Sending) {
    let Some((event, instance, _)) = done.command.answer() else { return };
    let overtaken: Vec<RequestId> = model
        .sending
        .iter()
        .filter(|(_, earlier)| earlier.unconfirmed && earlier.sequence < done.sequence)
        .filter(|(_, earlier)| {
            let about = earlier.command.answer();
            about.is_some_and(|(of, said, _)| of == event && which::covers(instance, said))
        })
        .map(|(request, _)| *request)
        .collect();
    for request in overtaken {
        settled(model, request);
    }
}

/// Names as a list, the first few of many.
fn named(names: &[Username]) -> String {
    let shown: Vec<&str> = names.iter().take(3).map(Username::as_str).collect();
    let more = names.len().saturating_sub(3);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// Puts my own answer where it is shown, so that nothing jumps back while the lists are asked for again.
fn take_in(model: &mut Model, invitation: &Invitation) {
    let event = invitation.event.id;
    let now = model.now.instant;
    if let Some(query) = model.my_answer_query(event) {
        // Known from now on, whether or not it was asked for before.
        model.store.entry(query).or_default();
    }
    for (query, remote) in &mut model.store {
        let updated = match (query, remote.data()) {
            (Query::Inbox { .. }, Some(Found::Inbox(listed))) => {
                let mut listed = listed.clone();
                for known in listed.items.iter_mut().filter(|known| known.event.id == event) {
                    (known.status, known.position) = (invitation.status, invitation.position);
                }
                Found::Inbox(listed)
            }
            (Query::Mine(events), Some(Found::Mine(mine))) if events.contains(&event) => {
                let mut mine: Vec<_> = mine.iter().filter(|known| known.event.id != event).cloned().collect();
                mine.push(invitation.clone());
                Found::Mine(mine)
            }
            (Query::MyAnswer { event: of, .. }, _) if *of == event => {
                Found::MyAnswer(Some(Box::new(invitation.clone())))
            }
            _ => continue,
        };
        remote.arrived(updated, now);
        remote.outdate();
    }
}
