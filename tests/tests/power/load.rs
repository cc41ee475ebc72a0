//! People who use the system while it is recorded: each makes events, changes their titles, invites the next person, answers what
//! the one before invited them to, and shares or stops sharing. Each command goes into the ledger before it is sent.

use std::sync::Arc;

use convene_tests::{Asking, Person, Plan};
use domain::EventId;
use domain::invitations::Response;
use domain::sharing::Level;
use tokio::sync::mpsc;
use transport::cluster::Cluster;

use super::ledger::{Fact, Ledger, Value};

const PEOPLE: usize = 6;
const EVENTS_EACH: usize = 24;

/// Runs all of it; what was acknowledged.
pub(crate) async fn run(cluster: &Cluster) -> Ledger {
    let ledger = Ledger::default();
    let names: Vec<String> = (0..PEOPLE).map(|number| format!("person-{number}")).collect();
    let mut people = Vec::new();
    for name in &names {
        let person = Person::named(name, cluster.clients());
        does(&ledger, Fact::Account(name.clone()), Some("yes".to_owned()), person.registers()).await;
        people.push(Arc::new(person));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (index, person) in people.iter().enumerate() {
        let next = Arc::clone(&people[(index + 1) % PEOPLE]);
        // One tells the other which events they were invited to; answering goes on beside all else.
        let (invited, invitations) = mpsc::unbounded_channel();
        tasks.spawn(organizes(Arc::clone(person), Arc::clone(&next), ledger.clone(), invited));
        tasks.spawn(answers(Arc::clone(person), next, ledger.clone(), invitations));
        tasks.spawn(shares(Arc::clone(person), Arc::clone(&people[(index + 2) % PEOPLE]), ledger.clone()));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    ledger
}

/// Does one command that is to make `fact` be `value`.
async fn does<T>(ledger: &Ledger, fact: Fact, value: Value, command: impl Future<Output = Asking<T>>) -> T {
    let place = ledger.begins(fact, value);
    let done = command.await.unwrap();
    ledger.acknowledges(place);
    done
}

async fn organizes(
    person: Arc<Person>,
    next: Arc<Person>,
    ledger: Ledger,
    invited: mpsc::UnboundedSender<(usize, EventId)>,
) {
    for number in 0..EVENTS_EACH {
        let title = |version: usize| format!("{number} version {version}");
        let fact = Fact::Title { organizer: person.name().to_owned(), number };
        let plan = Plan::for_a(&title(1)).at(&format!("2027-03-{:02}T10:00", number + 1)).inviting(&[next.name()]);
        let event = does(&ledger, fact.clone(), Some(title(1)), person.creates(plan)).await.id;
        invited.send((number, event)).unwrap();
        for version in 2..4 {
            let edit = person.edits(event, |edit| edit.title = Some(title(version).parse().unwrap()));
            does(&ledger, fact.clone(), Some(title(version)), edit).await;
        }
        if number % 4 == 3 {
            // A cancelled event is in no list any more.
            does(&ledger, fact, None, person.cancels(event)).await;
        }
    }
}

async fn answers(
    organizer: Arc<Person>,
    person: Arc<Person>,
    ledger: Ledger,
    mut invitations: mpsc::UnboundedReceiver<(usize, EventId)>,
) {
    while let Some((number, event)) = invitations.recv().await {
        // Those of events that will be cancelled cannot be asked for afterwards.
        if number % 4 == 3 {
            continue;
        }
        for (response, status) in [
            (Response::Maybe, "Maybe"),
            (Response::Accept, "Going"),
            (Response::Decline, "Declined"),
            (Response::Accept, "Going"),
        ] {
            let (organizer, invitee) = (organizer.name().to_owned(), person.name().to_owned());
            let fact = Fact::Answer { organizer, number, invitee };
            does(&ledger, fact, Some(status.to_owned()), person.answers(event, response)).await;
        }
    }
}

async fn shares(owner: Arc<Person>, with: Arc<Person>, ledger: Ledger) {
    let fact = Fact::Share { owner: owner.name().to_owned(), with: with.name().to_owned() };
    for _ in 0..EVENTS_EACH {
        does(&ledger, fact.clone(), Some("details".to_owned()), owner.shares_with(&with, Level::Details)).await;
        does(&ledger, fact.clone(), Some("busy".to_owned()), owner.shares_with(&with, Level::Busy)).await;
        does(&ledger, fact.clone(), None, owner.stops_sharing_with(&with)).await;
    }
}
