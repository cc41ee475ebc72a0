//! Knowing when nothing moves any more: every service has taken over all that the others have told.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::integrity::Health;
use domain::{Context, Credential, Position, Service};
use futures::future::join_all;
use tokio::time::{Instant, sleep};

use super::{Clients, Failed};

/// Between two looks, and the most that one look may take.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
const LOOK: Duration = Duration::from_secs(2);

type Healths = BTreeMap<Service, Health>;

/// Waits until two looks in a row find every log as long as before and every follower, over all ways, at its end. A service that is down
/// does not get there.
///
/// # Errors
/// After `within`: which follower lags, or which service does not answer.
pub async fn caught_up(clients: &Clients, operator: &Credential, within: Duration) -> Result<(), Failed> {
    let until = Instant::now() + within;
    let mut before: Option<Healths> = None;
    loop {
        let lagging = match look(clients, operator).await {
            Ok(now) => {
                let lagging = before.as_ref().map_or_else(Vec::new, |before| lagging(before, &now));
                if before.is_some() && lagging.is_empty() {
                    return Ok(());
                }
                before = Some(now);
                lagging
            }
            Err(why) => {
                before = None;
                why
            }
        };
        if Instant::now() >= until && (before.is_none() || !lagging.is_empty()) {
            return Err(Failed(lagging.join("; ")));
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

async fn look(clients: &Clients, operator: &Credential) -> Result<Healths, Vec<String>> {
    let asked = Service::ALL.map(|service| async move {
        let context = Context::new(operator.clone(), LOOK);
        (service, clients.health(service, &context).await)
    });
    let mut healths = Healths::new();
    let mut failures = Vec::new();
    for (service, answer) in join_all(asked).await {
        match answer {
            Ok(reply) => drop(healths.insert(service, reply.value)),
            Err(error) => failures.push(format!("{service}: {error}")),
        }
    }
    if failures.is_empty() { Ok(healths) } else { Err(failures) }
}

/// What is still to come: of the logs as they were `before`, or since.
fn lagging(before: &Healths, now: &Healths) -> Vec<String> {
    let own = |healths: &Healths, service| -> Option<Position> { healths.get(&service)?.positions.get(service) };
    let mut lagging = Vec::new();
    for (&service, health) in now {
        for &source in service.follows() {
            let Some(end) = own(now, source).filter(|end| end.at > 0) else { continue };
            let there =
                health.positions.get(source).filter(|there| there.epoch == end.epoch).map_or(0, |there| there.at);
            if there < end.at {
                lagging.push(format!("{service} has followed {source} to {there} of {}", end.at));
            }
        }
        lagging.extend(health.behind.iter().map(|source| format!("{service} is not in contact with {source}")));
        lagging.extend(health.stopped.iter().map(|why| format!("{service}: {why}")));
        if own(before, service) != own(now, service) {
            lagging.push(format!("{service} is still writing"));
        }
    }
    lagging
}

#[cfg(test)]
mod tests {
    use domain::{Epoch, Positions};

    use super::*;

    fn health(positions: &[(Service, u64)]) -> Health {
        let mut all = Positions::default();
        positions.iter().for_each(|&(service, at)| all.set(service, Position { epoch: Epoch([7; 16]), at }));
        Health { version: String::new(), positions: all, behind: Vec::new(), stopped: Vec::new() }
    }

    #[test]
    fn a_follower_lags_until_it_is_at_the_end_of_the_log_and_the_log_has_come_to_rest() {
        let at = |auth, followed| {
            Healths::from([
                (Service::Auth, health(&[(Service::Auth, auth)])),
                (Service::Sharing, health(&[(Service::Sharing, 0), (Service::Auth, followed)])),
            ])
        };
        assert_eq!(lagging(&at(3, 3), &at(3, 3)), [""; 0]);
        assert_eq!(lagging(&at(3, 2), &at(3, 2)), ["sharing has followed auth to 2 of 3"]);
        assert_eq!(lagging(&at(2, 2), &at(3, 3)), ["auth is still writing"]);
    }

    #[test]
    fn a_follower_out_of_contact_lags_although_nothing_may_be_to_come() {
        let mut alone = health(&[(Service::Sharing, 0)]);
        alone.behind.push(Service::Auth);
        let healths = Healths::from([(Service::Sharing, alone)]);
        assert_eq!(lagging(&healths, &healths), ["sharing is not in contact with auth"]);
    }

    #[test]
    fn a_follower_that_has_stopped_is_named_with_its_reason() {
        let mut stopped = health(&[(Service::Sharing, 0)]);
        stopped.stopped.push("following auth: why".to_owned());
        let healths = Healths::from([(Service::Sharing, stopped)]);
        assert_eq!(lagging(&healths, &healths), ["sharing: following auth: why"]);
    }
}
