//! When all is well again and nothing moves any more: what there is, against what people were told and against itself.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use transport::cluster::{Clients, caught_up};

use super::sights::Sights;
use crate::history::Book;
use crate::installation::{Installation, World, clients_of};
use crate::network::Node;
use crate::people::Person;

/// Within which all logs must have been followed to their ends.
const CONVERGING: Duration = Duration::from_secs(90);
/// The number of the terminal from which it is looked.
const LOOKOUT: usize = 99;

/// Checks everything.
pub(crate) async fn check(world: &World, installation: &Installation, people: &mut [Person]) {
    let clients = clients_of(world, Node::Terminal(LOOKOUT), &CancellationToken::new());
    while world.history.is_haunted() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if installation.members().iter().any(|member| member.is_down()) {
        world.history.violation("a service did not come back".to_owned());
    }
    // The others have healed from it, as they would from a restored backup; but nothing was restored here.
    if installation.members().iter().any(|member| member.has_another_history()) {
        world.history.violation("a follower was told what its source does not hold: it was not durable".to_owned());
    }
    if !converge(world, &clients).await {
        return;
    }
    world.trace.say(format_args!("people find out what was done"));
    for person in people {
        person.finds_out_what_was_done().await;
    }
    if !converge(world, &clients).await {
        return;
    }
    world.trace.say(format_args!("the audit"));
    let operator = world.operator_credential();
    match transport::audit::audit(&clients, &operator, || tokio::time::sleep(Duration::from_secs(5))).await {
        Ok(report) => {
            for problem in report.problems {
                world.history.violation(format!("the audit found: {problem:?}"));
            }
        }
        Err(error) => world.history.violation(format!("no audit: {error}")),
    }
    let sights = Sights::see(world, &clients).await;
    let wrong = world.history.look(|book| sights.wrong(book));
    wrong.into_iter().for_each(|wrong| world.history.violation(wrong));
}

async fn converge(world: &World, clients: &Clients) -> bool {
    let operator = world.operator_credential();
    let converged = caught_up(clients, &operator, CONVERGING).await;
    if let Err(lagging) = &converged {
        world.history.violation(format!("all is well, and the services do not catch up: {lagging}"));
    }
    converged.is_ok()
}

impl Sights {
    fn wrong(&self, book: &Book) -> Vec<String> {
        let mut wrong = Vec::new();
        self.accounts(book, &mut wrong);
        self.creations(book, &mut wrong);
        for (name, sight) in &self.sights {
            for event in sight.events.values() {
                if let Some(wrong_with) =
                    book.creation(event.id).and_then(|_| book.wrong_with(event, u64::MAX, u64::MAX))
                {
                    wrong.push(format!("event {} {wrong_with}", event.title));
                }
            }
            wrong.extend(self.rights_of(book, name, sight));
            wrong.extend(self.answers_of(book, name, sight));
            for (event, instances) in &sight.instances {
                wrong.extend(instances.not_as_wanted(book, *event));
            }
            wrong.extend(self.lists_of(book, name, sight));
            wrong.extend(self.shares_of(book, name, sight));
        }
        wrong
    }
}
