//! The audit of all references between the five databases: what `convene check` and the end of every scenario do.
//!
//! Each service lists the references it holds and what it finds wrong with itself; the owners say which rows exist. While people
//! work, a reference may be on its way to be removed, so what looks wrong counts only if it still does in a second pass, made
//! after the followers have gone on.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::integrity::{Audit, AuditPage, Present, Reference, Target};
use domain::{Context, Credential, Error, Service};
use tokio::time::{Instant, sleep};

use crate::cluster::Clients;

/// How long one question of the audit may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many references were followed.
    pub references: u64,
    /// What is wrong; empty if nothing is.
    pub problems: BTreeSet<Problem>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// A reference to a row that does not exist.
    Dangling {
        /// Which kind of reference: a name of [`domain::integrity::REFERENCES`].
        reference: String,
        /// The referring row.
        row: String,
        /// The row that is missing.
        target: String,
    },
    /// Something that a service found wrong with itself.
    Discrepancy {
        /// Which service.
        service: Service,
        /// What, in words.
        what: String,
    },
}

/// Walks all references of all services, as the operator. `catch_up` is called before the second pass, if one is needed: it
/// should wait until the followers have gone on.
///
/// # Errors
/// Unavailable or deadline, naming the service that cannot be asked; unauthenticated for a credential that is not the
/// operator's.
pub async fn audit<F: Future<Output = ()>>(
    clients: &Clients,
    operator: &Credential,
    catch_up: impl FnOnce() -> F,
) -> Result<Report, Error> {
    audit_of(&Service::ALL, clients, operator, 0, catch_up).await
}

/// The same for the references of some services only. After every page it rests `rest` times as long as that took: an audit in the
/// background must not be felt.
///
/// # Errors
/// As [`audit`].
pub async fn audit_of<F: Future<Output = ()>>(
    services: &[Service],
    clients: &Clients,
    operator: &Credential,
    rest: u32,
    catch_up: impl FnOnce() -> F,
) -> Result<Report, Error> {
    let first = pass(services, clients, operator, rest).await?;
    if first.problems.is_empty() {
        return Ok(first);
    }
    catch_up().await;
    Ok(first.confirmed_by(&pass(services, clients, operator, rest).await?))
}

impl Report {
    /// What was wrong in both passes.
    fn confirmed_by(&self, second: &Self) -> Self {
        let problems = self.problems.intersection(&second.problems).cloned().collect();
        Self { references: second.references, problems }
    }
}

async fn pass(services: &[Service], clients: &Clients, operator: &Credential, rest: u32) -> Result<Report, Error> {
    let mut report = Report::default();
    for &service in services {
        let mut after = None;
        loop {
            let begun = Instant::now();
            let page = page_of(clients, operator, service, Audit { after }).await?;
            report.references += page.references.len() as u64;
            let wrong = page.discrepancies.into_iter().map(|what| Problem::Discrepancy { service, what });
            report.problems.extend(wrong);
            report.problems.extend(dangling(clients, operator, page.references).await?);
            after = page.next;
            if after.is_none() {
                break;
            }
            sleep(begun.elapsed() * rest).await;
        }
    }
    Ok(report)
}

async fn page_of(
    clients: &Clients,
    operator: &Credential,
    service: Service,
    request: Audit,
) -> Result<AuditPage, Error> {
    let context = Context::new(operator.clone(), PATIENCE);
    let reply = match service {
        Service::Auth => clients.auth.audit(&context, request).await,
        Service::Events => clients.events.audit(&context, request).await,
        Service::Invitations => clients.invitations.audit(&context, request).await,
        Service::Calendar => clients.calendar.audit(&context, request).await,
        Service::Sharing => clients.sharing.audit(&context, request).await,
    };
    Ok(reply?.value)
}

/// Those of `references` whose owner does not have the row.
async fn dangling(clients: &Clients, operator: &Credential, references: Vec<Reference>) -> Result<Vec<Problem>, Error> {
    let mut dangling = Vec::new();
    let (users, events): (Vec<_>, Vec<_>) =
        references.into_iter().partition(|reference| reference.target.owner() == Service::Auth);
    for (owner, references) in [(Service::Auth, users), (Service::Events, events)] {
        for batch in references.chunks(1_000) {
            let context = Context::new(operator.clone(), PATIENCE);
            let request = Present { targets: batch.iter().map(|reference| reference.target).collect() };
            let present = match owner {
                Service::Auth => clients.auth.present(&context, request).await,
                _ => clients.events.present(&context, request).await,
            };
            let present = present?.value.into_iter().chain(std::iter::repeat(false));
            let missing = batch.iter().zip(present).filter(|(_, present)| !present);
            dangling.extend(missing.map(|(reference, _)| Problem::Dangling {
                reference: reference.name.clone(),
                row: reference.row.clone(),
                target: match reference.target {
                    Target::User(user) => format!("user {user}"),
                    Target::Event(event) => format!("event {event}"),
                },
            }));
        }
    }
    Ok(dangling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_both_times_is_reported() {
        let wrong = |what: &str| Problem::Discrepancy { service: Service::Sharing, what: what.to_owned() };
        let report =
            |references, whats: &[&str]| Report { references, problems: whats.iter().map(|w| wrong(w)).collect() };
        let confirmed = report(9, &["lasting", "passing"]).confirmed_by(&report(8, &["lasting", "new"]));
        assert_eq!(confirmed, report(8, &["lasting"]));
    }
}
