//! A signed-in user as a real client is one: a session token, commands numbered and with keys of their own, and what was seen
//! sent back with each call.

use std::time::Duration;

use anyhow::Result;
use domain::auth::Register;
use domain::events::{Alarms, CreateEvent, Invite, MAX_INVITEES};
use domain::time::{Moment, Rules};
use domain::{Context, Credential, EventId, EventTime, IdempotencyKey, Positions, Reply, Username, Zone};
use jiff::civil::date;
use transport::cluster::Clients;

/// How long an answer may take before the benchmark is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everyone's password.
pub(crate) const PASSWORD: &str = "a password of a benchmark";

/// Someone who is signed in.
pub(crate) struct Person {
    pub(crate) clients: Clients,
    pub(crate) name: Username,
    credential: Credential,
    seen: Positions,
    sequence: u64,
}

impl Person {
    /// Registers.
    ///
    /// # Errors
    /// What the call reports.
    pub(crate) async fn registered(clients: Clients, name: String) -> Result<Self> {
        let name: Username = name.parse()?;
        let (credential, seen) = (Credential::None, Positions::default());
        let mut person = Self { clients, name: name.clone(), credential, seen, sequence: 0 };
        let request = Register { username: name, password: PASSWORD.to_owned().try_into()? };
        let context = person.commanding();
        let reply = person.clients.auth.register(&context, request).await?;
        person.credential = Credential::Session(person.heard(reply).token);
        Ok(person)
    }

    /// The context of a question.
    pub(crate) fn asking(&self) -> Context {
        Context::new(self.credential.clone(), PATIENCE).having_seen(self.seen.clone())
    }

    /// The context of the next command.
    pub(crate) fn commanding(&mut self) -> Context {
        self.sequence += 1;
        self.asking().as_command(IdempotencyKey::new(), self.sequence)
    }

    /// Remembers what an answer has seen, and gives what it holds.
    pub(crate) fn heard<T>(&mut self, reply: Reply<T>) -> T {
        self.seen.merge(&reply.seen);
        reply.value
    }

    /// How many commands they have given.
    pub(crate) const fn commands(&self) -> u64 {
        self.sequence
    }

    /// Makes an event and invites `invitees` to it, as many at once as can be.
    ///
    /// # Errors
    /// What a call reports.
    pub(crate) async fn creates(&mut self, invitees: &[Username]) -> Result<EventId> {
        let at = |hour| Moment::in_zone("start", date(2027, 3, 10).at(hour, 0, 0, 0), &Zone::utc());
        let mut batches = invitees.chunks(MAX_INVITEES);
        let request = CreateEvent {
            title: "Review of the plans".parse()?,
            description: "What we have, and what is missing.".parse()?,
            location: "Room 12".parse()?,
            time: EventTime::timed(at(9)?, at(10)?, Zone::utc())?,
            rules: Rules::default(),
            public: false,
            capacity: None,
            alarms: Alarms::default(),
            invite: batches.next().unwrap_or_default().to_vec(),
        };
        let context = self.commanding();
        let reply = self.clients.events.create(&context, request).await?;
        let event = self.heard(reply).id;
        for invitees in batches {
            let context = self.commanding();
            let reply = self.clients.events.invite(&context, Invite { event, invitees: invitees.to_vec() }).await?;
            self.heard(reply);
        }
        Ok(event)
    }
}
