//! What everyone sees when nothing moves any more: asked of the services, and not judged yet.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::calendar::{Entry, ListEntries};
use domain::events::{Event, ListEvents, Listing, ShowEvent};
use domain::invitations::{Inbox, ListParticipants, Participants, Status};
use domain::sharing::{ListShares, Shares};
use domain::{Answer, Context, Credential, Error, EventId, IdempotencyKey, Instance, Username};
use transport::cluster::Clients;

use super::instances::Instances;
use crate::installation::World;
use crate::people::looks::all;
use crate::people::sign_in;
use crate::time::always;

const PATIENCE: Duration = Duration::from_secs(20);

/// What there is, as everyone sees it.
pub(super) struct Sights {
    /// Who can sign in, and what they then see.
    pub(super) sights: BTreeMap<Username, Sight>,
}

/// What one person sees.
pub(super) struct Sight {
    pub(super) events: BTreeMap<EventId, Event>,
    pub(super) participants: BTreeMap<EventId, Participants>,
    /// The instances of those events that come again.
    pub(super) instances: BTreeMap<EventId, Instances>,
    pub(super) mine: Vec<EventId>,
    pub(super) public: Vec<EventId>,
    pub(super) inbox: BTreeMap<EventId, Status>,
    pub(super) unanswered: Vec<EventId>,
    pub(super) calendar: Vec<Entry>,
    pub(super) shares: Shares,
    /// The calendars of others, or why not.
    pub(super) others: BTreeMap<Username, Result<Vec<Entry>, &'static str>>,
}

impl Sights {
    pub(super) async fn see(world: &World, clients: &Clients) -> Self {
        let (names, mut events): (Vec<Username>, Vec<EventId>) =
            world.history.look(|book| (book.accounts.keys().cloned().collect(), book.events.keys().copied().collect()));
        let mut credentials = BTreeMap::new();
        for name in names {
            let context = Context::new(Credential::None, PATIENCE).as_command(IdempotencyKey::new(), 1);
            match sign_in(clients, &context, name.clone()).await {
                Ok(reply) => {
                    world.history.is_account(&name, reply.value.user.id);
                    credentials.insert(name, (Credential::Session(reply.value.token), reply.seen));
                }
                Err(Error::Unauthenticated { .. }) => {}
                Err(error) => world.history.violation(format!("all is well, and {name} cannot sign in: {error}")),
            }
        }
        // Events that were made and of whose making nobody was told are in somebody's list.
        for (credential, seen) in credentials.values() {
            let looker = Looker { world, clients, credential, seen };
            for listing in [Listing::Mine, Listing::Public] {
                events.extend(looker.list(listing).await.into_iter().map(|event| event.id));
            }
        }
        events.sort_unstable();
        events.dedup();
        let mut sights = BTreeMap::new();
        for (name, (credential, seen)) in &credentials {
            let looker = Looker { world, clients, credential, seen };
            sights.insert(name.clone(), looker.sight(&events, credentials.keys().filter(|other| *other != name)).await);
        }
        Self { sights }
    }
}

/// Someone who looks around.
pub(super) struct Looker<'a> {
    world: &'a World,
    pub(super) clients: &'a Clients,
    credential: &'a Credential,
    seen: &'a domain::Positions,
}

impl Looker<'_> {
    pub(super) fn context(&self) -> Context {
        Context::new(self.credential.clone(), PATIENCE).having_seen(self.seen.clone())
    }

    /// The answer; all is well, so there is one, unless the question itself is refused.
    pub(super) fn value<T>(&self, answer: Answer<T>) -> Result<T, Error> {
        match &answer {
            Ok(reply) if !reply.behind.is_empty() => {
                self.world.history.violation(format!("all is well, and an answer is behind with {:?}", reply.behind));
            }
            Ok(_) | Err(Error::NotFound { .. } | Error::Forbidden { .. }) => {}
            Err(error) => self.world.history.violation(format!("all is well, and a question is answered: {error}")),
        }
        answer.map(|reply| reply.value)
    }

    async fn list(&self, listing: Listing) -> Vec<Event> {
        let request = ListEvents { listing, search: None, window: always(), page: all() };
        self.value(self.clients.events.list(&self.context(), request).await).map_or(Vec::new(), |page| page.items)
    }

    async fn inbox(&self, all_of_them: bool) -> Vec<(EventId, Status)> {
        let request = Inbox { all: all_of_them, page: all() };
        let page = self.value(self.clients.invitations.inbox(&self.context(), request).await);
        let items = page.map_or(Vec::new(), |page| page.items);
        let of_all = items.into_iter().filter(|invitation| invitation.instance == Instance::Series);
        of_all.map(|invitation| (invitation.event.id, invitation.status)).collect()
    }

    async fn calendar(&self, of: Option<Username>) -> Result<Vec<Entry>, &'static str> {
        let request = ListEntries { of, window: always(), page: all() };
        let page = self.value(self.clients.calendar.entries(&self.context(), request).await);
        page.map(|page| page.items).map_err(|error| error.code())
    }

    async fn sight(&self, events: &[EventId], others: impl Iterator<Item = &Username>) -> Sight {
        let mut sight = Sight {
            events: BTreeMap::new(),
            participants: BTreeMap::new(),
            instances: BTreeMap::new(),
            mine: self.list(Listing::Mine).await.into_iter().map(|event| event.id).collect(),
            public: self.list(Listing::Public).await.into_iter().map(|event| event.id).collect(),
            inbox: self.inbox(true).await.into_iter().collect(),
            unanswered: self.inbox(false).await.into_iter().map(|(event, _)| event).collect(),
            calendar: self.calendar(None).await.unwrap_or_default(),
            shares: self.value(self.clients.sharing.shares(&self.context(), ListShares).await).unwrap_or_default(),
            others: BTreeMap::new(),
        };
        for &event in events {
            let shown = self
                .clients
                .events
                .show(&self.context(), ShowEvent { instance: domain::Instance::Series, event })
                .await;
            if let Ok(shown) = self.value(shown) {
                if shown.series.recurs() {
                    sight.instances.insert(event, Instances::see(self, &shown).await);
                }
                sight.events.insert(event, shown);
            }
            let request = ListParticipants { event, instance: Instance::Series, status: None, page: all() };
            let participants = self.clients.invitations.participants(&self.context(), request).await;
            if let Ok(participants) = self.value(participants) {
                sight.participants.insert(event, participants);
            }
        }
        for other in others {
            sight.others.insert(other.clone(), self.calendar(Some(other.clone())).await);
        }
        sight
    }
}
