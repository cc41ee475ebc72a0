//! Hearing of what others do: a line to each service whose answers are on the screen, and asking again for what may have changed.

use domain::{Error, Positions, Service};

use super::{credential, next_request};
use crate::app::ask::{Call, Query};
use crate::app::effect::{Effect, RequestId, Sent};
use crate::app::line::{GRACE, Said, WAIT};
use crate::app::model::Model;

/// Asks on the lines that are due.
pub(super) fn watch(model: &mut Model, effects: &mut Vec<Effect>) {
    let now = model.now.instant;
    for service in model.watched() {
        let line = model.lines.entry(service).or_default();
        if line.due(now).is_none_or(|due| due > now) {
            continue;
        }
        // After a failure the question is whether it is there, and that is to be answered at once.
        let seen = if line.has_failed() { Positions::default() } else { line.known().clone() };
        let request = next_request(model);
        model.lines.entry(service).or_default().asked(request, now);
        effects.push(Effect::Call(Box::new(Sent {
            request,
            call: Call::Watch { service, seen },
            after: None,
            timeout: WAIT + GRACE,
            identity: None,
            credential: credential(model),
            seen: Positions::default(),
            zone: model.settings.zone.clone(),
        })));
    }
}

/// The positions on which the answers of a service depend. Everyone who signs in moves auth's, and no answer with it.
fn named(service: Service, known: &Positions) -> Positions {
    let mut named = Positions::default();
    let matters = |of: Service| of == service || (service.follows().contains(&of) && of != Service::Auth);
    for (of, position) in known.iter().filter(|(of, _)| matters(*of)) {
        named.set(of, position);
    }
    named
}

/// The service whose line awaits an answer to `request`.
pub(super) fn awaiting(model: &Model, request: RequestId) -> Option<Service> {
    model.lines.iter().find(|(_, line)| line.awaits(request)).map(|(service, _)| *service)
}

/// Takes in what a service told on its line.
pub(super) fn answered(model: &mut Model, service: Service, answer: Result<Positions, Error>) {
    let now = model.now.instant;
    let line = model.lines.entry(service).or_default();
    let said = line.answered(answer.map(|far| named(service, &far)), now);
    let far = line.known().clone();
    match said {
        Said::Away => {}
        Said::Far => heard(model, service, &far),
        Said::Back => {
            heard(model, service, &far);
            is_back(model, service);
        }
        Said::Refused => {
            // What cannot be heard of is asked for from time to time.
            for remote in of(model, service) {
                remote.outdate_slowly();
            }
        }
    }
}

fn heard(model: &mut Model, service: Service, far: &Positions) {
    let now = model.now.instant;
    for remote in of(model, service) {
        remote.heard(far, now);
    }
}

/// A service that was away answers: what failed is asked for again.
fn is_back(model: &mut Model, service: Service) {
    for remote in of(model, service) {
        if remote.failed().is_some() {
            remote.outdate();
        }
    }
    super::outcomes::is_back(model, service);
}

/// A service answered a question, so it is there, whatever its line says.
pub(super) fn answers(model: &mut Model, service: Service) {
    let now = model.now.instant;
    if let Some(line) = model.lines.get_mut(&service)
        && line.answers()
    {
        line.hurry(now);
        is_back(model, service);
    }
}

fn of(
    model: &mut Model,
    service: Service,
) -> impl Iterator<Item = &mut crate::app::remote::Remote<crate::app::ask::Found>> {
    let asked = move |query: &Query| query.service() == service && !matches!(query, Query::Health(_));
    model.store.iter_mut().filter(move |(query, _)| asked(query)).map(|(_, remote)| remote)
}
