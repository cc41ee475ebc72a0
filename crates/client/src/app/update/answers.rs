//! What services answer, and where it goes: what was asked is kept, what was done is settled, what others did is told.

use domain::{Error, Reply};

use super::{conflicts, outcomes, telling, watching};
use crate::app::ask::{Command, Found, Outcome, Query};
use crate::app::effect::RequestId;
use crate::app::model::{Model, Screen};

/// Takes in an answer. One that nobody waits for any more is dropped.
pub(super) fn arrived(model: &mut Model, request: RequestId, answer: Result<Reply<Outcome>, Error>) {
    if model.sending.contains_key(&request) {
        return outcomes::arrived(model, request, answer);
    }
    // Whoever is leaving knows, and is told once that is answered.
    let leaves = |command: &Command| matches!(command, Command::Logout | Command::DeleteAccount);
    let leaving = model.sending.values().any(|sending| leaves(&sending.command));
    let signed_in = model.kept.session.is_some() && !leaving;
    let ended = |error: &Error| matches!(error, Error::Unauthenticated { .. }) && signed_in;
    if let Some(service) = watching::awaiting(model, request) {
        return match answer {
            Ok(Reply { value: Outcome::Far(far), .. }) => watching::answered(model, service, Ok(far)),
            Ok(_) => {}
            Err(error) if ended(&error) => outcomes::signed_out(model, &error),
            Err(error) => watching::answered(model, service, Err(error)),
        };
    }
    let asked = model.store.iter().find(|(_, remote)| remote.awaits(request)).map(|(query, _)| query.clone());
    match (asked, answer) {
        (Some(query), Ok(Reply { value: Outcome::Found(found), seen, .. })) => {
            if !matches!(query, Query::Health(_)) {
                model.kept.seen.merge(&seen);
            }
            found_out(model, &query, found, &seen);
        }
        (Some(query), Ok(Reply { value: Outcome::Heard(answers), seen, .. })) => {
            telling::answers(model, &answers);
            found_out(model, &query, Found::Answers(answers.items), &seen);
        }
        (Some(_), Err(error)) if ended(&error) => outcomes::signed_out(model, &error),
        (Some(query), Err(error)) => {
            telling::not_found(model, &query, &error);
            conflicts::not_found(model, &query);
            model.store.entry(query).or_default().failed_with(error, model.now.instant);
        }
        (None, _) | (Some(_), Ok(_)) => {}
    }
}

fn found_out(model: &mut Model, query: &Query, found: Found, seen: &domain::Positions) {
    let now = model.now.instant;
    let news = found.clone();
    model.walked(query, &news);
    let before = model.store.entry(query.clone()).or_default().answered(found, seen, now);
    watching::answers(model, query.service());
    telling::tell(model, query, before, &news);
    conflicts::found(model, query);
    if let Found::Event(event) = &news {
        super::opening::edit_if_wanted(model, query, event);
        let zone = model.settings.zone.clone();
        for screen in &mut model.screens {
            if let Screen::Form(form) = screen
                && form.edits().as_ref() == Some(query)
            {
                form.follow(event, &zone);
            }
        }
    }
}
