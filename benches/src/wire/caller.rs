//! A signed-in user as a real client is one: a session token, commands numbered and with keys of their own, and what was seen
//! sent back with each call.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use domain::auth::{Register, WhoAmI};
use domain::calendar::{Entry, ListEntries};
use domain::events::CreateEvent;
use domain::invitations::{Respond, Response};
use domain::time::{Moment, Window};
use domain::{
    Context, Credential, EventId, EventTime, IdempotencyKey, Instance, Limit, PageRequest, Positions, Reply, Username,
    Zone,
};
use jiff::civil::date;
use tokio::task::JoinSet;
use transport::cluster::{Clients, Cluster};

use crate::results::Call;

/// How long an answer may take before the benchmark is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many people are made at the same time: auth refuses more than it can hash soon.
const MADE_AT_ONCE: usize = 32;

/// One caller, with an invitation that they answer again and again.
pub(crate) struct Caller {
    clients: Clients,
    name: Username,
    credential: Credential,
    seen: Positions,
    sequence: u64,
    /// What they are invited to; `None` until they are.
    invited_to: Option<EventId>,
    comes: bool,
}

impl Caller {
    async fn registered(clients: Clients, name: String) -> Result<Self> {
        let name: Username = name.parse()?;
        let mut caller = Self {
            clients,
            name: name.clone(),
            credential: Credential::None,
            seen: Positions::default(),
            sequence: 0,
            invited_to: None,
            comes: false,
        };
        let request = Register { username: name, password: "a password of a benchmark".to_owned().try_into()? };
        let context = caller.commanding();
        let reply = caller.clients.auth.register(&context, request).await?;
        caller.credential = Credential::Session(caller.heard(reply).token);
        Ok(caller)
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

    /// How many commands they have given.
    pub(crate) const fn commands(&self) -> u64 {
        self.sequence
    }

    /// Makes one call and waits for its answer.
    ///
    /// # Errors
    /// What the call reports.
    pub(crate) async fn call(&mut self, call: Call) -> Result<()> {
        match call {
            Call::Whoami => {
                let reply = self.clients.auth.whoami(&self.asking(), WhoAmI).await?;
                self.heard(reply);
            }
            Call::Respond => {
                self.answer().await?;
            }
            Call::Journey => {
                let event = self.answer().await?;
                let window = Window::new(Some(date(2027, 3, 1)), Some(date(2027, 3, 31)), Zone::utc())?;
                let page = PageRequest { limit: Limit::MAX, after: None };
                let request = ListEntries { of: None, window, page };
                let reply = self.clients.calendar.entries(&self.asking(), request).await?;
                let entries = self.heard(reply).items;
                let is_there =
                    entries.iter().any(|entry| matches!(entry, Entry::Event { event: of, .. } if *of == event));
                ensure!(is_there == self.comes, "the calendar does not show what was just answered");
            }
        }
        Ok(())
    }

    /// Answers the invitation once one way and once the other; to which event it is.
    async fn answer(&mut self) -> Result<EventId> {
        let event = self.invited_to.context("not invited to anything")?;
        self.comes = !self.comes;
        let response = if self.comes { Response::Accept } else { Response::Decline };
        let request = Respond { event, instance: Instance::Series, response };
        let context = self.commanding();
        let reply = self.clients.invitations.respond(&context, request).await?;
        self.heard(reply);
        Ok(event)
    }

    async fn creates_for(&mut self, invitee: Username) -> Result<EventId> {
        let at = |hour| Moment::in_zone("start", date(2027, 3, 10).at(hour, 0, 0, 0), &Zone::utc());
        let request = CreateEvent {
            alarms: domain::events::Alarms::default(),
            capacity: None,
            rules: domain::time::Rules::default(),
            title: "Review of the plans".parse()?,
            description: "What we have, and what is missing.".parse()?,
            location: "Room 12".parse()?,
            time: EventTime::timed(at(9)?, at(10)?, Zone::utc())?,
            public: false,
            invite: vec![invitee],
        };
        let context = self.commanding();
        let reply = self.clients.events.create(&context, request).await?;
        Ok(self.heard(reply).id)
    }
}

/// Registers so many people, and as many organizers with an event for one of them each; returns when all invitations have arrived.
///
/// # Errors
/// What a call reports, or that followers did not catch up within `patience`.
pub(crate) async fn people_with_invitations(
    cluster: &Cluster,
    people: usize,
    patience: Duration,
) -> Result<Vec<Caller>> {
    let mut callers =
        in_turns(0..people, |number| Caller::registered(cluster.clients().clone(), format!("caller-{number}"))).await?;
    cluster.caught_up(patience).await?;
    let names: Vec<(usize, Username)> = callers.iter().map(|caller| caller.name.clone()).enumerate().collect();
    let invitations = in_turns(names, |(number, name)| {
        let clients = cluster.clients().clone();
        async move {
            let mut organizer = Caller::registered(clients, format!("organizer-{number}")).await?;
            organizer.creates_for(name).await
        }
    })
    .await?;
    callers.iter_mut().zip(invitations).for_each(|(caller, event)| caller.invited_to = Some(event));
    cluster.caught_up(patience).await?;
    Ok(callers)
}

/// The results of `work` on all of `items`, in their order, a few at a time.
async fn in_turns<I, T, F>(items: impl IntoIterator<Item = I>, work: impl Fn(I) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    let (mut under_way, mut done) = (JoinSet::new(), Vec::new());
    for (place, item) in items.into_iter().enumerate() {
        if under_way.len() >= MADE_AT_ONCE
            && let Some(finished) = under_way.join_next().await
        {
            done.push(finished?);
        }
        let future = work(item);
        under_way.spawn(async move { (place, future.await) });
    }
    while let Some(finished) = under_way.join_next().await {
        done.push(finished?);
    }
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_in_turns_is_done_whole_and_in_order() {
        let doubled = in_turns(0..100_u32, |number| async move { Ok(number * 2) }).await.unwrap();
        assert_eq!(doubled, (0..100).map(|number| number * 2).collect::<Vec<_>>());
        let refused =
            in_turns(0..100_u32, |number| async move { if number == 70 { anyhow::bail!("no") } else { Ok(()) } });
        assert!(refused.await.is_err());
    }

    #[tokio::test]
    async fn callers_ask_who_they_are_and_answer_their_own_invitation() {
        let cluster = Cluster::linked(transport::cluster::LinkedOptions::for_tests()).await.unwrap();
        let mut callers = people_with_invitations(&cluster, 2, PATIENCE).await.unwrap();
        let caller = &mut callers[0];
        for _ in 0..3 {
            caller.call(Call::Whoami).await.unwrap();
            caller.call(Call::Respond).await.unwrap();
        }
        for _ in 0..2 {
            caller.call(Call::Journey).await.unwrap();
        }
        assert!(caller.comes);
        let request = domain::invitations::ListParticipants {
            event: caller.invited_to.unwrap(),
            instance: Instance::Series,
            status: None,
            page: domain::PageRequest::default(),
        };
        let found = caller.clients.invitations.participants(&caller.asking(), request).await.unwrap().value;
        assert_eq!((found.counts.going, found.counts.pending, found.counts.declined), (1, 0, 0));
        cluster.shutdown(PATIENCE).await;
    }
}
