//! `status`: asks all five services how they are, at once; whoever does not answer soon is down.

use std::time::Duration;

use domain::integrity::Health;
use domain::{Answer, Context, Credential, Error, Service};

use super::invocation::answered;
use crate::output::{Notes, Printed, ServiceDocument, ServiceState, StatusDocument};
use crate::reach::{Clients, Reach};

/// How long a service may take to say how it is.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// `status`.
pub(crate) async fn show(reach: &Reach) -> Printed {
    let answers = health_of_all(reach.clients(), &Credential::None, PATIENCE).await;
    let services = answers.into_iter().map(|(service, answer)| described(service, reach.address(service), answer));
    Printed::new(&StatusDocument { services: services.collect() }, Notes::default())
}

/// What each service says of itself, in the order of their numbers.
pub(super) async fn health_of_all(
    clients: &Clients,
    credential: &Credential,
    patience: Duration,
) -> [(Service, Answer<Health>); 5] {
    let ask = async |service: Service| {
        let context = Context::new(credential.clone(), patience);
        (service, answered(service, &context, clients.health(service, &context)).await)
    };
    let [auth, events, invitations, calendar, sharing] = Service::ALL;
    tokio::join!(ask(auth), ask(events), ask(invitations), ask(calendar), ask(sharing)).into()
}

fn described(service: Service, address: String, answer: Answer<Health>) -> ServiceDocument {
    match answer {
        Ok(reply) => {
            let Health { version, behind, stopped, .. } = reply.value;
            ServiceDocument::up(service, address, version, &behind, stopped)
        }
        Err(error) => {
            let (state, reason) = match error {
                Error::Unavailable { reason, .. } if is_starting(&reason) => (ServiceState::Starting, reason),
                Error::Unavailable { reason, .. } => (ServiceState::Down, reason),
                Error::Deadline { .. } => (ServiceState::Down, "it does not answer".to_owned()),
                other => (ServiceState::Down, other.to_string()),
            };
            ServiceDocument::silent(service, address, state, reason)
        }
    }
}

/// Whether a refusal says that the service is on its way.
fn is_starting(reason: &str) -> bool {
    reason.contains("starting")
}

#[cfg(test)]
mod tests {
    use domain::{Positions, Reply};

    use super::*;
    use crate::output::Document as _;

    fn state_of(answer: Answer<Health>) -> serde_json::Value {
        serde_json::to_value(described(Service::Events, "127.0.0.1:7402".to_owned(), answer)).unwrap()
    }

    #[test]
    fn a_service_that_answers_is_up_and_tells_whom_it_is_behind() {
        let health = Health {
            version: "0.1.0".to_owned(),
            positions: Positions::default(),
            behind: vec![Service::Auth],
            stopped: Vec::new(),
        };
        let shown = state_of(Ok(Reply::new(health, Positions::default())));
        let expected = serde_json::json!({
            "name": "events", "state": "up", "address": "127.0.0.1:7402", "version": "0.1.0", "behind": ["auth"]
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_service_that_hangs_or_is_not_there_is_down_and_one_on_its_way_is_starting() {
        assert_eq!(state_of(Err(Error::Deadline { service: Service::Events }))["state"], "down");
        assert_eq!(state_of(Err(Error::unavailable(Service::Events, "connection refused")))["state"], "down");
        assert_eq!(state_of(Err(Error::unavailable(Service::Events, "it is starting")))["state"], "starting");
    }

    #[test]
    fn the_text_names_every_service() {
        let services = Service::ALL.map(|service| {
            described(service, "127.0.0.1:1".to_owned(), Err(Error::unavailable(service, "connection refused")))
        });
        let text = StatusDocument { services: services.into() }.text();
        assert!(Service::ALL.iter().all(|service| text.contains(service.name())), "{text}");
    }
}
