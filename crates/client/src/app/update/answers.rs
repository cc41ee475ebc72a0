//! What services answer, and what becomes of it on the screen.

use std::time::Duration;

use domain::invitations::{Participant, Participants, Status};
use domain::{Error, EventId, Reply, Service};

use super::begin_anew;
use crate::app::ask::{Command, Done, Found, Outcome, Query};
use crate::app::effect::RequestId;
use crate::app::model::{EventPage, Model, Screen, Sending, Tone};
use crate::session::Session;

/// How soon a command with unknown outcome is sent again.
const AGAIN: Duration = Duration::from_secs(2);
/// For how long; after that it is given up, and said so.
const GIVING_UP: Duration = Duration::from_secs(120);

/// Takes in an answer. One that nobody waits for any more is dropped.
pub(super) fn arrived(model: &mut Model, request: RequestId, answer: Result<Reply<Outcome>, Error>) {
    if model.sending.contains_key(&request) {
        return of_command(model, request, answer);
    }
    let asked = model.store.iter().find(|(_, remote)| remote.awaits(request)).map(|(query, _)| query.clone());
    if let Some(query) = asked {
        of_query(model, &query, answer);
    }
}

fn of_query(model: &mut Model, query: &Query, answer: Result<Reply<Outcome>, Error>) {
    let now = model.now.instant;
    match answer {
        Ok(Reply { value: Outcome::Found(found), seen, .. }) => {
            if !matches!(query, Query::Health(_)) {
                model.kept.seen.merge(&seen);
            }
            let news = found.clone();
            model.walked(query, &news);
            let before = model.store.entry(query.clone()).or_default().arrived(found, now);
            match query {
                Query::Health(service) => changed(model, *service, before.as_ref(), &news),
                _ => tell(model, query, before.as_ref(), &news),
            }
            if let (Query::Event(_), Found::Event(event)) = (query, &news) {
                super::opening::edit_if_wanted(model, event);
            }
        }
        Ok(_) => {}
        Err(Error::Unauthenticated { reason }) if model.kept.session.is_some() => signed_out(model, &reason),
        Err(error) => model.store.entry(query.clone()).or_default().failed_with(error, now),
    }
}

/// After news of a service: what it answered before is outdated.
fn changed(model: &mut Model, service: Service, before: Option<&Found>, now: &Found) {
    let recovered = |remote: &crate::app::remote::Remote<Found>| remote.failed().is_some();
    let news = match (before, now) {
        (Some(Found::Health(before)), Found::Health(now)) => before.positions != now.positions,
        _ => false,
    };
    for (query, remote) in &mut model.store {
        let concerned = query.service() == service && !matches!(query, Query::Health(_));
        if concerned && !remote.is_loading() && (news || recovered(remote)) {
            remote.outdate();
        }
    }
}

/// Says in passing what others did, as far as the open screen is about it.
fn tell(model: &mut Model, query: &Query, before: Option<&Found>, now: &Found) {
    match (query, before, now) {
        (Query::Participants { event, .. }, Some(Found::Participants(before)), Found::Participants(now)) => {
            let said: Vec<String> = answers_since(model, *event, before, now);
            for text in said {
                model.toast(text, Tone::Good);
            }
        }
        (Query::Inbox { page: 0 }, Some(Found::Inbox(before)), Found::Inbox(now)) => {
            let new = now.items.iter().filter(|i| i.status == Status::Pending);
            let new: Vec<String> = new
                .filter(|invitation| !before.items.iter().any(|known| known.event.id == invitation.event.id))
                .map(|invitation| format!("{} invites you to {}", inviter(invitation), invitation.event.title))
                .collect();
            for text in new {
                model.toast(text, Tone::Good);
            }
        }
        _ => {}
    }
}

fn inviter(invitation: &domain::invitations::Invitation) -> String {
    match &invitation.inviter {
        Some(domain::events::Person::Named(name)) => name.to_string(),
        Some(domain::events::Person::Deleted) | None => "somebody".to_owned(),
    }
}

fn answers_since(model: &Model, event: EventId, before: &Participants, now: &Participants) -> Vec<String> {
    let Some(event) = model.event(event) else { return Vec::new() };
    let mine = matches!(&event.organizer, domain::events::Person::Named(name) if Some(name) == model.me());
    if !mine {
        return Vec::new();
    }
    let was = |name| before.people.items.iter().find(|p: &&Participant| p.username == name).map(|p| p.status);
    now.people
        .items
        .iter()
        .filter(|person| was(person.username.clone()) != Some(person.status))
        .filter_map(|person| {
            let did = match person.status {
                Status::Going => "accepted",
                Status::Maybe => "may come to",
                Status::Declined => "declined",
                Status::Pending => return None,
            };
            Some(format!("{} {did} {}", person.username, event.title))
        })
        .collect()
}

fn of_command(model: &mut Model, request: RequestId, answer: Result<Reply<Outcome>, Error>) {
    match answer {
        Ok(reply) => {
            let Some(sending) = model.sending.remove(&request) else { return };
            model.kept.seen.merge(&reply.seen);
            if !reply.settled {
                model.toast("done, but not every service has heard of it yet", Tone::Careful);
            }
            if let Outcome::Done(done) = reply.value {
                was_done(model, request, &sending, done);
            }
        }
        Err(error @ (Error::Deadline { .. } | Error::Internal { .. })) if may_repeat(model, request, &error) => {
            let again_at = model.now.instant + AGAIN;
            let Some(sending) = model.sending.get_mut(&request) else { return };
            let first = !sending.unconfirmed;
            sending.unconfirmed = true;
            sending.again_at = Some(again_at);
            let words = sending.command.words();
            if first && !matches!(sending.command, Command::Renew) {
                model.toast(format!("unconfirmed: {words}; asking again"), Tone::Careful);
            }
        }
        Err(error) => refused(model, request, &error),
    }
}

/// An unknown outcome is made known by sending the command again, for some time.
fn may_repeat(model: &Model, request: RequestId, error: &Error) -> bool {
    matches!(error, Error::Deadline { .. })
        && model
            .sending
            .get(&request)
            .is_some_and(|sending| model.now.instant.saturating_duration_since(sending.since) < GIVING_UP)
}

fn refused(model: &mut Model, request: RequestId, error: &Error) {
    let again = model.now.instant + AGAIN;
    // Certainly not done this time; but an earlier attempt may have been, so it is asked for until there is an answer.
    if let (Error::Unavailable { .. } | Error::RateLimited { .. }, Some(sending)) =
        (error, model.sending.get_mut(&request))
        && sending.unconfirmed
        && model.now.instant.saturating_duration_since(sending.since) < GIVING_UP
    {
        sending.again_at = Some(again);
        return;
    }
    let Some(sending) = model.sending.remove(&request) else { return };
    if let Command::Renew = sending.command {
        return;
    }
    let signing_in = matches!(sending.command, Command::Login(_) | Command::Register(_));
    if let (Error::Unauthenticated { reason }, false) = (error, signing_in) {
        return signed_out(model, reason);
    }
    if let Some(Screen::Form(form)) = model.screens.iter_mut().rev().find(|screen| is_form_of(screen, request)) {
        form.refuse(error);
        if let (Error::Conflict { current_version: Some(_), .. }, crate::app::form::Purpose::EditEvent(event)) =
            (error, &form.purpose)
            && let Some(remote) = model.store.get_mut(&Query::Event(event.id))
        {
            remote.outdate();
        }
        return;
    }
    let outcome = if matches!(error, Error::Deadline { .. }) { "not known whether done" } else { "not done" };
    model.toast(format!("{outcome}: {}: {error}", sending.command.words()), Tone::Bad);
}

fn is_form_of(screen: &Screen, request: RequestId) -> bool {
    matches!(screen, Screen::Form(form) if form.sent == Some(request))
}

fn signed_out(model: &mut Model, reason: &str) {
    let name = model.me().map(ToString::to_string).unwrap_or_default();
    model.kept.session = None;
    model.sending.clear();
    begin_anew(model);
    if let Some(form) = model.form_mut() {
        form.error = Some(reason.to_owned());
        if let Some(field) = form.fields.iter_mut().find(|field| field.name == "user") {
            field.input = tui_input::Input::new(name);
        }
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
                begin_anew(model);
            }
            return;
        }
        Done::SignedOut => {
            model.kept.session = None;
            model.sending.clear();
            begin_anew(model);
            model.toast("signed out", Tone::Good);
            return;
        }
        Done::Event(event) => {
            let id = event.id;
            let said = match &sending.command {
                Command::Create(_) => format!("made “{}”", event.title),
                Command::Cancel(_) => format!("cancelled “{}”", event.title),
                Command::Invite(invite) => format!("invited {}", invite.invitees.len()),
                _ => format!("changed “{}”", event.title),
            };
            model.store.entry(Query::Event(id)).or_default().arrived(Found::Event(event), now);
            model.toast(said, Tone::Good);
            if let Some(at) = model.screens.iter().position(|screen| is_form_of(screen, request)) {
                model.screens.remove(at);
                if matches!(sending.command, Command::Create(_)) {
                    model.screens.push(Screen::Event(EventPage::of(id)));
                }
            }
        }
        Done::Invitation(invitation) => {
            let said = match invitation.status {
                Status::Going => "you come to",
                Status::Maybe => "you may come to",
                Status::Declined => "you do not come to",
                Status::Pending => "not answered:",
            };
            take_in(model, &invitation);
            model.toast(format!("{said} {}", invitation.event.title), Tone::Good);
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
    if let (Some(undo), Some(toast)) = (&sending.undo, model.toasts.last_mut()) {
        toast.undo = Some(undo.clone());
        toast.until = now + Duration::from_secs(8);
    }
    for (query, remote) in &mut model.store {
        if matches!(
            query,
            Query::Entries { .. }
                | Query::Inbox { .. }
                | Query::Pending
                | Query::Participants { .. }
                | Query::Public { .. }
        ) {
            remote.outdate();
        }
    }
    if model.screens.is_empty() {
        begin_anew(model);
    }
}

/// Puts my own answer where it is shown, so that nothing jumps back while the lists are asked for again.
fn take_in(model: &mut Model, invitation: &domain::invitations::Invitation) {
    let event = invitation.event.id;
    let now = model.now.instant;
    if let Some(query) = model.my_answer_query(event) {
        // Known from now on, whether or not it was asked for before.
        model.store.entry(query).or_default();
    }
    for (query, remote) in &mut model.store {
        let updated = match (query, remote.data()) {
            (Query::Inbox { page: 0 }, Some(Found::Inbox(listed))) => {
                let mut listed = listed.clone();
                for known in listed.items.iter_mut().filter(|known| known.event.id == event) {
                    known.status = invitation.status;
                }
                Found::Inbox(listed)
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
