//! What people were told was done, and when; and whether a system agrees.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use parking_lot::Mutex;
use tokio::sync::watch;
use transport::cluster::Cluster;

use super::found::{self, Found};
use super::{Micros, now};
use crate::Person;

/// Something of which one thing is true at a time. One person at a time changes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Whether someone has an account.
    Account(String),
    /// The title that the organizer's event of a number has; the first word of it names the number.
    Title {
        /// Whose event.
        organizer: String,
        /// Which of theirs.
        number: usize,
    },
    /// What someone who was invited to it, or joined it, has answered.
    Answer {
        /// Whose event.
        organizer: String,
        /// Which of theirs.
        number: usize,
        /// Who answered.
        invitee: String,
    },
    /// At which level someone lets another see their calendar.
    Share {
        /// Whose calendar.
        owner: String,
        /// Who sees it.
        with: String,
    },
}

/// What a fact is; `None` if there is nothing of the kind.
pub type Value = Option<String>;

/// What a command is to make of a fact.
pub type Effect = (Fact, Value);

/// How long the services may take to catch up with each other before they are compared with the ledger.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many people are asked about at a time.
const AT_A_TIME: usize = 8;

struct Command {
    effects: Vec<Effect>,
    begun: Micros,
    acknowledged: Option<Micros>,
}

/// The commands of everyone, in the order in which they were begun. Clones are the same ledger.
#[derive(Clone)]
pub struct Ledger {
    commands: Arc<Mutex<Vec<Command>>>,
    acknowledged: watch::Sender<usize>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { commands: Arc::default(), acknowledged: watch::Sender::new(0) }
    }
}

impl Ledger {
    /// A command that is to have `effects` is about to be sent; its place in the ledger.
    pub fn begins(&self, effects: Vec<Effect>) -> usize {
        let mut commands = self.commands.lock();
        commands.push(Command { effects, begun: now(), acknowledged: None });
        commands.len() - 1
    }

    /// It was acknowledged.
    pub fn acknowledges(&self, place: usize) {
        self.commands.lock()[place].acknowledged = Some(now());
        self.acknowledged.send_modify(|acknowledged| *acknowledged += 1);
    }

    /// How many commands have been acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        *self.acknowledged.borrow()
    }

    /// Waits until `more` further commands have been acknowledged.
    pub async fn acknowledges_further(&self, more: usize) {
        let enough = self.acknowledged() + more;
        let mut acknowledged = self.acknowledged.subscribe();
        let waited = tokio::time::timeout(PATIENCE, acknowledged.wait_for(|now| *now >= enough)).await;
        waited.unwrap_or_else(|_| panic!("of {more} commands only {} were acknowledged", self.acknowledged())).unwrap();
    }

    /// How many commands had been acknowledged at `moment`.
    #[must_use]
    pub fn acknowledged_by(&self, moment: Micros) -> usize {
        let at_or_before = |command: &&Command| command.acknowledged.is_some_and(|at| at <= moment);
        self.commands.lock().iter().filter(at_or_before).count()
    }

    /// From the first command's beginning to the last acknowledgement.
    #[must_use]
    pub fn span(&self) -> (Micros, Micros) {
        let commands = self.commands.lock();
        (commands[0].begun, commands.iter().filter_map(|command| command.acknowledged).max().unwrap())
    }

    /// What each fact may be if the power failed at `moment`: the last acknowledged value, or one whose command was under way.
    fn possible(&self, moment: Micros) -> BTreeMap<Fact, Vec<Value>> {
        let mut possible: BTreeMap<Fact, Vec<Value>> = BTreeMap::new();
        for command in self.commands.lock().iter() {
            for (fact, value) in &command.effects {
                let values = possible.entry(fact.clone()).or_insert_with(|| vec![None]);
                if command.acknowledged.is_some_and(|acknowledged| acknowledged <= moment) {
                    *values = vec![value.clone()];
                } else if command.begun <= moment {
                    values.push(value.clone());
                }
            }
        }
        possible
    }

    /// Waits until the services of a system have caught up with each other, asks it about everything, and audits it.
    ///
    /// # Errors
    /// What is not there although it was acknowledged before `moment`, is there although nobody did it, is told differently by two
    /// services, or refers to nothing.
    pub async fn is_kept_by(&self, cluster: &Cluster, moment: Micros) -> Result<(), String> {
        cluster.caught_up(PATIENCE).await.map_err(|error| format!("did not catch up: {error}"))?;
        self.compare(cluster, moment).await?;
        let operator = cluster.operator().map_err(|error| error.to_string())?;
        let settles = || async { cluster.caught_up(PATIENCE).await.unwrap() };
        let report =
            transport::audit::audit(cluster.clients(), &operator, settles).await.map_err(|error| error.to_string())?;
        if report.problems.is_empty() { Ok(()) } else { Err(format!("the audit found {:#?}", report.problems)) }
    }

    async fn compare(&self, cluster: &Cluster, moment: Micros) -> Result<(), String> {
        let possible = self.possible(moment);
        let accounts = possible.iter().filter_map(|(fact, values)| match fact {
            Fact::Account(name) => Some((Person::named(name, cluster.clients()), values.contains(&None))),
            Fact::Title { .. } | Fact::Answer { .. } | Fact::Share { .. } => None,
        });
        let mut asked = stream::iter(accounts)
            .map(|(person, may_be_gone)| async move {
                match person.signs_in().await {
                    Ok(_) => Ok(Some(person)),
                    Err(error) if error.code() == "unauthenticated" && may_be_gone => Ok(None),
                    Err(error) => Err(format!("{} cannot sign in: {error}", person.name())),
                }
            })
            .buffer_unordered(AT_A_TIME);
        let mut people = Vec::new();
        while let Some(answer) = asked.next().await {
            people.extend(answer?);
        }
        let mut found = found::everything(&people).await?;
        found::is_agreed_on(&people, &found).await?;
        for (fact, values) in &possible {
            let there = found.remove(fact);
            if !values.contains(&there) {
                return Err(format!("{fact:?} is {there:?}, and may be only {values:?}"));
            }
        }
        let nobodys: Found = found;
        if nobodys.is_empty() { Ok(()) } else { Err(format!("nobody ever did this: {nobodys:?}")) }
    }
}
