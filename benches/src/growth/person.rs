//! People who use all five services as clients do, through every layer and over sockets.

use std::time::Duration;

use anyhow::Result;
use domain::auth::Register;
use domain::calendar::ListEntries;
use domain::events::{Alarms, CancelEvent, CreateEvent, Invite, MAX_INVITEES};
use domain::invitations::{Inbox, Respond, Response};
use domain::time::{Moment, Rules, Window};
use domain::{
    Context, Credential, EventId, EventTime, IdempotencyKey, Instance, PageRequest, Positions, Reply, Username, Zone,
};
use jiff::civil::date;
use transport::cluster::Clients;

/// How long an answer may take before the benchmark is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Someone who is signed in.
pub(super) struct Person {
    clients: Clients,
    pub(super) name: Username,
    credential: Credential,
    seen: Positions,
    sequence: u64,
}

impl Person {
    /// Registers.
    ///
    /// # Errors
    /// What the call reports.
    pub(super) async fn registered(clients: Clients, name: String) -> Result<Self> {
        let name: Username = name.parse()?;
        let (credential, seen) = (Credential::None, Positions::default());
        let mut person = Self { clients, name: name.clone(), credential, seen, sequence: 0 };
        let request = Register { username: name, password: "a password of a benchmark".to_owned().try_into()? };
        let context = person.commanding();
        let reply = person.clients.auth.register(&context, request).await?;
        person.credential = Credential::Session(person.heard(reply).token);
        Ok(person)
    }

    fn asking(&self) -> Context {
        Context::new(self.credential.clone(), PATIENCE).having_seen(self.seen.clone())
    }

    fn commanding(&mut self) -> Context {
        self.sequence += 1;
        self.asking().as_command(IdempotencyKey::new(), self.sequence)
    }

    fn heard<T>(&mut self, reply: Reply<T>) -> T {
        self.seen.merge(&reply.seen);
        reply.value
    }

    /// Makes an event and invites `invitees` to it, as many at once as can be.
    ///
    /// # Errors
    /// What a call reports.
    pub(super) async fn creates(&mut self, invitees: &[Username]) -> Result<EventId> {
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

    /// Cancels an event.
    ///
    /// # Errors
    /// What the call reports.
    pub(super) async fn cancels(&mut self, event: EventId) -> Result<()> {
        let context = self.commanding();
        let reply = self.clients.events.cancel(&context, CancelEvent { event, instance: Instance::Series }).await?;
        self.heard(reply);
        Ok(())
    }

    /// Waits until the calendar has taken over all that this person has seen, with all that follows from it.
    ///
    /// # Errors
    /// What a call reports.
    pub(super) async fn waits_for_the_calendar(&mut self) -> Result<()> {
        while !self.looks_at_the_month().await? {}
        Ok(())
    }

    /// Whether the answer was behind with nothing.
    async fn looks_at_the_month(&mut self) -> Result<bool> {
        let window = Window::new(Some(date(2027, 3, 1)), Some(date(2027, 3, 31)), Zone::utc())?;
        let request = ListEntries { of: None, window, page: PageRequest::default() };
        let reply = self.clients.calendar.entries(&self.asking(), request).await?;
        let whole = reply.behind.is_empty();
        self.heard(reply);
        Ok(whole)
    }

    /// Answers an invitation, looks at the inbox, or at the month, in turns.
    ///
    /// # Errors
    /// What the call reports.
    pub(super) async fn does_something(&mut self, turn: usize, invited_to: EventId) -> Result<()> {
        match turn % 3 {
            0 => {
                let response = if turn.is_multiple_of(2) { Response::Accept } else { Response::Decline };
                let request = Respond { event: invited_to, instance: Instance::Series, response };
                let context = self.commanding();
                let reply = self.clients.invitations.respond(&context, request).await?;
                self.heard(reply);
            }
            1 => {
                let reply = self.clients.invitations.inbox(&self.asking(), Inbox::default()).await?;
                self.heard(reply);
            }
            _ => {
                self.looks_at_the_month().await?;
            }
        }
        Ok(())
    }
}
