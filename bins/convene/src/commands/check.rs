//! `check`: follows every reference between the services' databases, and reports those that lead nowhere.
//!
//! The walk itself is [`transport::audit`]. Here is the waiting around it: until every service has heard of everything, before the
//! first look and before a second at what seemed wrong; and what is printed.

use std::time::Duration;

use domain::integrity::Health;
use domain::{Answer, Credential, Error, Service};
use tokio::time::Instant;
use transport::audit::{Problem, audit};

use super::status::{PATIENCE, health_of_all};
use crate::failure::Failure;
use crate::output::{CheckDocument, Finding, Notes, Printed};
use crate::reach::Clients;

/// How long the services may take to hear of everything.
const FOR_CATCHING_UP: Duration = Duration::from_secs(5);
/// How often they are asked whether they have.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// `check`, with the operator's credential.
///
/// # Errors
/// Unavailable, naming a service that does not answer or does not catch up.
pub(crate) async fn run(clients: &Clients, operator: Credential) -> Result<Printed, Failure> {
    let check = Check { clients, operator };
    check.wait_until_all_caught_up().await?;
    let mut late = Ok(());
    let report = audit(clients, &check.operator, async || late = check.wait_until_all_caught_up().await);
    let report = report.await.map_err(nothing_was_to_be_done)?;
    late?;
    let dangling: Vec<Finding> = report.problems.into_iter().map(finding).collect();
    let exit = u8::from(!dangling.is_empty());
    let document = CheckDocument { references: report.references, dangling };
    Ok(Printed::new(&document, Notes::default()).exiting(exit))
}

fn finding(problem: Problem) -> Finding {
    match problem {
        Problem::Dangling { reference, row, target } => Finding::Dangling { reference, row, target },
        Problem::Discrepancy { service, what } => Finding::Discrepancy { discrepancy: what, service: service.name() },
    }
}

struct Check<'a> {
    clients: &'a Clients,
    operator: Credential,
}

impl Check<'_> {
    /// Waits until every service has applied what the others' logs held when this began.
    async fn wait_until_all_caught_up(&self) -> Result<(), Failure> {
        let until = Instant::now() + FOR_CATCHING_UP;
        let goals = self.health().await?;
        loop {
            let health = self.health().await?;
            let Some((late, of)) = first_behind(&goals, &health) else { return Ok(()) };
            if let Some((_, health)) =
                health.iter().find(|(service, health)| *service == late && !health.stopped.is_empty())
            {
                return Err(Failure::HeldUp(late, health.stopped.join("; ")));
            }
            if Instant::now() >= until {
                return Err(Error::unavailable(late, format!("it does not catch up with {of}; try again")).into());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn health(&self) -> Result<Vec<(Service, Health)>, Failure> {
        let answers = health_of_all(self.clients, &self.operator, PATIENCE).await;
        answers.into_iter().map(|(service, answer)| Ok((service, needed(answer)?))).collect()
    }
}

/// The first service that has not applied what `goals` says of a log that it follows, and whose log that is.
fn first_behind(goals: &[(Service, Health)], health: &[(Service, Health)]) -> Option<(Service, Service)> {
    let position = |all: &[(Service, Health)], of: Service, log: Service| {
        all.iter().find(|(service, _)| *service == of).and_then(|(_, health)| health.positions.get(log))
    };
    let has_applied = |follower: Service, owner: Service| match position(goals, owner, owner) {
        Some(goal) if goal.at == 0 => true,
        Some(goal) => position(health, follower, owner).is_some_and(|at| at.epoch == goal.epoch && at.at >= goal.at),
        None => true,
    };
    let pairs =
        Service::ALL.into_iter().flat_map(|follower| follower.follows().iter().map(move |owner| (follower, *owner)));
    pairs.into_iter().find(|(follower, owner)| !has_applied(*follower, *owner))
}

/// The value; a service that does not answer is unavailable, since nothing was to be done.
fn needed<T>(answer: Answer<T>) -> Result<T, Failure> {
    Ok(answer.map_err(nothing_was_to_be_done)?.value)
}

fn nothing_was_to_be_done(error: Error) -> Error {
    match error {
        Error::Deadline { service } => Error::unavailable(service, "it does not answer in time"),
        other => other,
    }
}

#[cfg(test)]
mod tests;
