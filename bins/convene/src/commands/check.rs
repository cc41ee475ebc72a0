//! `check`: follows every reference between the services' databases, and reports those that lead nowhere.
//!
//! While people work, a reference and its target are not written in the same instant, so a single look could see what is only on
//! its way. The check therefore waits until every service has heard of everything, looks, and looks a second time, after
//! another such wait, at the services where something seemed wrong: only what is wrong both times is reported.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use domain::events::MAX_INVITEES;
use domain::integrity::{Audit, AuditPage, Health, Present, Reference, Target};
use domain::{Answer, Context, Credential, Error, Service};
use tokio::time::Instant;

use super::invocation::answered;
use super::status::{PATIENCE, health_of_all};
use crate::failure::Failure;
use crate::output::{CheckDocument, Finding, Notes, Printed};
use crate::reach::Clients;

/// How long one call may take.
const FOR_A_CALL: Duration = Duration::from_secs(8);
/// How long the services may take to hear of everything.
const FOR_CATCHING_UP: Duration = Duration::from_secs(5);
/// How often they are asked whether they have.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// Most rows that an owner is asked about at once.
const BATCH: usize = MAX_INVITEES;

/// `check`, with the operator's credential.
///
/// # Errors
/// Unavailable, naming a service that does not answer or does not catch up.
pub(crate) async fn run(clients: &Clients, operator: Credential) -> Result<Printed, Failure> {
    let check = Check { clients, operator };
    check.wait_until_all_caught_up().await?;
    let mut found = BTreeMap::new();
    for service in Service::ALL {
        found.insert(service, check.audit(service).await?);
    }
    if found.values().any(Found::is_suspicious) {
        check.wait_until_all_caught_up().await?;
        for (service, first) in found.iter_mut().filter(|(_, found)| found.is_suspicious()) {
            let second = check.audit(*service).await?;
            *first = std::mem::take(first).confirmed_by(second);
        }
    }
    let references = found.values().map(|found| found.references).sum();
    let dangling: Vec<Finding> = found.into_iter().flat_map(|(service, found)| found.findings(service)).collect();
    let exit = u8::from(!dangling.is_empty());
    Ok(Printed::new(&CheckDocument { references, dangling }, Notes::default()).exiting(exit))
}

struct Check<'a> {
    clients: &'a Clients,
    operator: Credential,
}

/// What one look at a service found.
#[derive(Debug, Default)]
struct Found {
    references: u64,
    dangling: Vec<Reference>,
    discrepancies: BTreeSet<String>,
}

impl Check<'_> {
    /// Waits until every service has applied what the others' logs held when this began.
    async fn wait_until_all_caught_up(&self) -> Result<(), Failure> {
        let until = Instant::now() + FOR_CATCHING_UP;
        let goals = self.health().await?;
        loop {
            let health = self.health().await?;
            let Some((late, of)) = first_behind(&goals, &health) else { return Ok(()) };
            if let Some(why) = health.iter().flat_map(|(_, health)| &health.stopped).next() {
                return Err(Error::unavailable(late, format!("it follows {of} no longer: {why}")).into());
            }
            if Instant::now() >= until {
                return Err(Error::unavailable(late, format!("it does not catch up with {of}; try again")).into());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn health(&self) -> Result<Vec<(Service, Health)>, Failure> {
        let answers = health_of_all(self.clients, &self.operator, PATIENCE).await;
        answers.into_iter().map(|(service, answer)| Ok((service, needed(service, answer)?))).collect()
    }

    /// Looks at all references of a service.
    async fn audit(&self, service: Service) -> Result<Found, Failure> {
        let mut found = Found::default();
        let mut after = None;
        loop {
            let AuditPage { references, discrepancies, next } = self.audit_page(service, after.clone()).await?;
            found.references += u64::try_from(references.len()).unwrap_or(u64::MAX);
            found.discrepancies.extend(discrepancies);
            found.dangling.extend(self.dangling_of(references).await?);
            if next.is_none() || next == after {
                return Ok(found);
            }
            after = next;
        }
    }

    async fn audit_page(&self, service: Service, after: Option<Vec<u8>>) -> Result<AuditPage, Failure> {
        let context = Context::new(self.operator.clone(), FOR_A_CALL);
        let request = Audit { after };
        let call = async {
            match service {
                Service::Auth => self.clients.auth.audit(&context, request).await,
                Service::Events => self.clients.events.audit(&context, request).await,
                Service::Invitations => self.clients.invitations.audit(&context, request).await,
                Service::Calendar => self.clients.calendar.audit(&context, request).await,
                Service::Sharing => self.clients.sharing.audit(&context, request).await,
            }
        };
        needed(service, answered(service, &context, call).await)
    }

    /// Those of the references whose target does not exist.
    async fn dangling_of(&self, references: Vec<Reference>) -> Result<Vec<Reference>, Failure> {
        let targets: HashSet<Target> = references.iter().map(|reference| reference.target).collect();
        let mut missing = HashSet::new();
        for owner in [Service::Auth, Service::Events] {
            let owned: Vec<Target> = targets.iter().copied().filter(|target| target.owner() == owner).collect();
            for batch in owned.chunks(BATCH) {
                let present = self.present(owner, batch.to_vec()).await?;
                if present.len() != batch.len() {
                    return Err(Failure::Here(format!(
                        "{owner} answered about {} of {} rows",
                        present.len(),
                        batch.len()
                    )));
                }
                missing.extend(batch.iter().zip(present).filter(|(_, present)| !present).map(|(target, _)| *target));
            }
        }
        Ok(references.into_iter().filter(|reference| missing.contains(&reference.target)).collect())
    }

    async fn present(&self, owner: Service, targets: Vec<Target>) -> Result<Vec<bool>, Failure> {
        let context = Context::new(self.operator.clone(), FOR_A_CALL);
        let request = Present { targets };
        let call = async {
            if owner == Service::Auth {
                self.clients.auth.present(&context, request).await
            } else {
                self.clients.events.present(&context, request).await
            }
        };
        needed(owner, answered(owner, &context, call).await)
    }
}

impl Found {
    fn is_suspicious(&self) -> bool {
        !self.dangling.is_empty() || !self.discrepancies.is_empty()
    }

    /// What was seen both times; of the second look's references.
    fn confirmed_by(self, second: Self) -> Self {
        Self {
            references: second.references,
            dangling: second.dangling.into_iter().filter(|reference| self.dangling.contains(reference)).collect(),
            discrepancies: second.discrepancies.intersection(&self.discrepancies).cloned().collect(),
        }
    }

    fn findings(self, service: Service) -> impl Iterator<Item = Finding> {
        let dangling = self.dangling.into_iter().map(|Reference { name, row, target }| Finding::Dangling {
            reference: name,
            row,
            target: match target {
                Target::User(user) => format!("user {user}"),
                Target::Event(event) => format!("event {event}"),
            },
        });
        let service = service.name();
        dangling
            .chain(self.discrepancies.into_iter().map(move |discrepancy| Finding::Discrepancy { discrepancy, service }))
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
fn needed<T>(service: Service, answer: Answer<T>) -> Result<T, Failure> {
    match answer {
        Ok(reply) => Ok(reply.value),
        Err(Error::Deadline { .. }) => Err(Error::unavailable(service, "it does not answer in time").into()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
