//! What people were told was done, and when; and whether a system agrees.

use std::collections::BTreeMap;
use std::sync::Arc;

use convene_tests::{Person, days};
use domain::events::Listing;
use domain::invitations::Status;
use domain::sharing::Level;
use domain::{EventId, Limit, Page, PageRequest};
use parking_lot::Mutex;
use transport::cluster::Cluster;

use super::Micros;

/// Something of which one thing is true at a time. One person at a time changes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fact {
    /// Whether someone has an account.
    Account(String),
    /// The title that the organizer's event of a number has; the first of it names the number.
    Title { organizer: String, number: usize },
    /// What an invited person answered to it.
    Answer { organizer: String, number: usize, invitee: String },
    /// At which level someone lets another see their calendar.
    Share { owner: String, with: String },
}

/// What a fact is; `None` if there is nothing of the kind.
pub(crate) type Value = Option<String>;

struct Command {
    fact: Fact,
    value: Value,
    begun: Micros,
    acknowledged: Option<Micros>,
}

/// The commands of everyone, in the order in which they were begun.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Vec<Command>>>);

impl Ledger {
    /// A command that is to make `fact` be `value` is about to be sent; its place in the ledger.
    pub(crate) fn begins(&self, fact: Fact, value: Value) -> usize {
        let mut commands = self.0.lock();
        commands.push(Command { fact, value, begun: super::now(), acknowledged: None });
        commands.len() - 1
    }

    /// It was acknowledged.
    pub(crate) fn acknowledges(&self, place: usize) {
        self.0.lock()[place].acknowledged = Some(super::now());
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().iter().filter(|command| command.acknowledged.is_some()).count()
    }

    /// How many commands had been acknowledged at `moment`.
    pub(crate) fn acknowledged_by(&self, moment: Micros) -> usize {
        let at_or_before = |command: &&Command| command.acknowledged.is_some_and(|at| at <= moment);
        self.0.lock().iter().filter(at_or_before).count()
    }

    /// From the first command's beginning to the last acknowledgement.
    pub(crate) fn span(&self) -> (Micros, Micros) {
        let commands = self.0.lock();
        (commands[0].begun, commands.iter().filter_map(|command| command.acknowledged).max().unwrap())
    }

    /// What each fact may be if the power failed at `moment`: the last acknowledged value, or one whose command was under way.
    fn possible(&self, moment: Micros) -> BTreeMap<Fact, Vec<Value>> {
        let mut possible: BTreeMap<Fact, Vec<Value>> = BTreeMap::new();
        for command in self.0.lock().iter() {
            let values = possible.entry(command.fact.clone()).or_insert_with(|| vec![None]);
            if command.acknowledged.is_some_and(|acknowledged| acknowledged <= moment) {
                *values = vec![command.value.clone()];
            } else if command.begun <= moment {
                values.push(command.value.clone());
            }
        }
        possible
    }

    /// Asks a system that was opened again about everything.
    pub(crate) async fn compare(&self, cluster: &Cluster, moment: Micros) -> Result<(), String> {
        let possible = self.possible(moment);
        let mut found = BTreeMap::new();
        for (fact, values) in &possible {
            let Fact::Account(name) = fact else { continue };
            let person = Person::named(name, cluster.clients());
            match person.signs_in().await {
                Ok(_) => {
                    found.insert(fact.clone(), "yes".to_owned());
                    collect(&person, &mut found).await?;
                }
                Err(error) if error.code() == "unauthenticated" && values.contains(&None) => {}
                Err(error) => return Err(format!("{name} cannot sign in: {error}")),
            }
        }
        for (fact, values) in &possible {
            let there = found.remove(fact);
            if !values.contains(&there) {
                return Err(format!("{fact:?} is {there:?}, and may be only {values:?}"));
            }
        }
        if !found.is_empty() {
            return Err(format!("nobody ever did this: {found:?}"));
        }
        Ok(())
    }
}

/// Everything that is a person's to say: their events and the answers to them, and whom they share with.
async fn collect(person: &Person, found: &mut BTreeMap<Fact, String>) -> Result<(), String> {
    let organizer = person.name().to_owned();
    let mut after = None;
    loop {
        let page = PageRequest { limit: Limit::MAX, after };
        let Page { items, next } =
            told(person.lists_in(Listing::Mine, None, days("2027-01-01", "2027-12-31"), page).await)?;
        for event in items {
            let title = event.title.to_string();
            let number = title.split_whitespace().next().and_then(|word| word.parse().ok());
            let Some(number) = number.filter(|_| event.organizer == domain::events::Person::Named(person.username()))
            else {
                continue;
            };
            let fact = Fact::Title { organizer: organizer.clone(), number };
            if let Some(twice) = found.insert(fact, title.clone()) {
                return Err(format!("{organizer} has {title:?} and {twice:?}"));
            }
            answers(person, number, event.id, found).await?;
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    for share in told(person.shares().await)?.shared_with {
        let level = if share.level == Level::Busy { "busy" } else { "details" };
        found.insert(Fact::Share { owner: organizer.clone(), with: share.username.to_string() }, level.to_owned());
    }
    Ok(())
}

async fn answers(
    person: &Person,
    number: usize,
    event: EventId,
    found: &mut BTreeMap<Fact, String>,
) -> Result<(), String> {
    for participant in told(person.participants(event).await)?.people.items {
        if participant.status == Status::Pending {
            continue;
        }
        let invitee = participant.username.to_string();
        let fact = Fact::Answer { organizer: person.name().to_owned(), number, invitee };
        found.insert(fact, format!("{:?}", participant.status));
    }
    Ok(())
}

fn told<T>(asked: Result<T, domain::Error>) -> Result<T, String> {
    asked.map_err(|error| error.to_string())
}
