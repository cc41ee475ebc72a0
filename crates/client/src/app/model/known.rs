//! What is known of the services' data, found by question, and how what was said but not yet confirmed changes it.

use std::collections::BTreeMap;

use domain::events::Event;
use domain::integrity::Health;
use domain::invitations::{Counts, Invitation, Participant, Status};
use domain::sharing::Shares;
use domain::{EventId, Instance, SearchText, Service, Username};

use super::{InList, Model};
use crate::app::ask::{Found, Query};
use crate::app::form::Form;
use crate::app::remote::Remote;
use crate::app::trail::Trail;
use crate::app::which;

impl Model {
    pub(crate) fn remote(&self, query: &Query) -> Option<&Remote<Found>> {
        self.store.get(query)
    }

    pub(super) fn found(&self, query: &Query) -> Option<&Found> {
        self.store.get(query).and_then(Remote::data)
    }

    /// What is at hand of my invitations, page after page.
    pub(crate) fn inbox(&self) -> impl Iterator<Item = &Invitation> {
        let list = Query::Inbox { page: 0 };
        let pages = self.trail(&list).map_or(0, Trail::pages);
        (0..pages).flat_map(move |page| match self.found(&list.at(page)) {
            Some(Found::Inbox(found)) => found.items.as_slice(),
            _ => &[],
        })
    }

    /// How many invitations wait for an answer, in words: `3 to answer`; `None` if none do.
    pub(crate) fn to_answer(&self) -> Option<String> {
        let waits =
            |i: &&Invitation| self.status(i.event.id, Instance::Series, Some(i.status)) == Some(Status::Pending);
        let (count, more) = match self.found(&Query::Pending) {
            Some(Found::Pending(found)) if self.wants_pending() => {
                (found.items.iter().filter(waits).count(), found.next.is_some())
            }
            _ => (self.inbox().filter(waits).count(), false),
        };
        (count > 0).then(|| format!("{count}{} to answer", if more { "+" } else { "" }))
    }

    /// Whether those not answered are asked for by themselves, because not all invitations are at hand.
    pub(super) fn wants_pending(&self) -> bool {
        self.trail(&Query::Inbox { page: 0 }).is_some_and(|trail| trail.pages() > 1)
    }

    /// The public events that are looked for.
    pub(crate) fn public_query(&self, list: &InList) -> Query {
        // A search that is none was refused when it was typed.
        let search = list.filter.typed().trim().parse::<SearchText>().ok();
        Query::Public { search, from: self.today(), page: 0 }
    }

    /// An event, or one instance of it.
    pub(crate) fn instance(&self, event: EventId, instance: Instance) -> Option<&Event> {
        match self.found(&which::question(event, instance)) {
            Some(Found::Event(event)) => Some(event),
            _ => None,
        }
    }

    /// How many come, as far as is known.
    pub(crate) fn counts(&self, event: EventId) -> Option<Counts> {
        match self.found(&Query::Participants { event, page: 0 }) {
            Some(Found::Participants(participants)) => Some(participants.counts),
            _ => None,
        }
    }

    pub(crate) fn shares(&self) -> Option<&Shares> {
        match self.found(&Query::Shares) {
            Some(Found::Shares(shares)) => Some(shares),
            _ => None,
        }
    }

    pub(crate) fn health(&self, service: Service) -> Option<&Health> {
        match self.found(&Query::Health(service)) {
            Some(Found::Health(health)) => Some(health),
            _ => None,
        }
    }

    pub(crate) fn names(&self, prefix: &str) -> &[Username] {
        match self.found(&Query::Names(prefix.to_owned())) {
            Some(Found::Names(names)) => names,
            _ => &[],
        }
    }

    /// The names in a folder that begin as the path that is typed goes on.
    pub(crate) fn paths(&self) -> Vec<&str> {
        let Some((folder, begun)) = self.form().and_then(Form::path_begun) else { return Vec::new() };
        let known = self.folder.iter().filter(|known| known.path == folder);
        known.flat_map(|known| &known.names).map(String::as_str).filter(|name| name.starts_with(begun)).collect()
    }

    pub(crate) fn my_answer_query(&self, event: EventId) -> Option<Query> {
        Some(Query::MyAnswer { event, me: self.me()?.clone() })
    }

    /// The questions what I have answered to the public events near the selected one: one a page of them.
    pub(super) fn mine_queries(&self) -> Vec<Query> {
        let Some(list @ Query::Public { .. }) = self.list() else { return Vec::new() };
        let ids = |query: Query| match self.found(&query) {
            Some(Found::Public(page)) => Some(Query::Mine(page.items.iter().map(|event| event.id).collect())),
            _ => None,
        };
        self.pages_near(&list).into_iter().filter_map(ids).filter(|query| *query != Query::Mine(Vec::new())).collect()
    }

    /// What I have answered to the public events near the selected one.
    pub(crate) fn mine(&self) -> BTreeMap<EventId, &Invitation> {
        let found = |query: Query| match self.found(&query) {
            Some(Found::Mine(mine)) => mine.as_slice(),
            _ => &[],
        };
        self.mine_queries().into_iter().flat_map(found).map(|one| (one.event.id, one)).collect()
    }

    /// The answer that a command on its way gives.
    pub(crate) fn assumed(&self, event: EventId, instance: Instance) -> Option<Status> {
        self.sending.values().rev().find_map(|sending| match sending.command.answer() {
            Some((of, said, status)) if of == event && which::covers(said, instance) => Some(status),
            _ => None,
        })
    }

    /// Whether an answer to the event is on its way with unknown outcome.
    pub(crate) fn is_unconfirmed(&self, event: EventId, instance: Instance) -> bool {
        self.sending.values().filter(|sending| sending.unconfirmed).any(|sending| {
            sending.command.answer().is_some_and(|(of, said, _)| of == event && which::covers(said, instance))
        })
    }

    /// My status, as it will be once what I said has arrived.
    pub(crate) fn status(&self, event: EventId, instance: Instance, known: Option<Status>) -> Option<Status> {
        self.assumed(event, instance).or(known)
    }

    /// What I answered to one instance, as far as that is known to differ from what I answered to all of it.
    pub(crate) fn answer_apart(&self, event: EventId, start: i64) -> Option<Status> {
        let apart = self.apart(event, start).iter().find(|person| Some(&person.username) == self.me());
        let given = || {
            let last = self
                .given
                .iter()
                .rev()
                .find(|((of, said), _)| *of == event && which::covers(*said, Instance::On(start)));
            last.map(|(_, status)| *status)
        };
        apart.map(|person| person.status).or_else(given)
    }

    /// Those who have answered to one instance by itself.
    pub(crate) fn apart(&self, event: EventId, start: i64) -> &[Participant] {
        match self.found(&Query::Apart { event, start }) {
            Some(Found::Participants(found)) => &found.people.items,
            _ => &[],
        }
    }

    /// What is known of my own answer to an event: whether I was asked, and what I said.
    pub(crate) fn my_answer(&self, event: EventId) -> (bool, Option<Status>) {
        let invitation = self.invitation_at_hand(event).or_else(|| self.mine().get(&event).copied());
        (invitation.is_some_and(|one| one.inviter.is_some()), invitation.map(|one| one.status))
    }

    /// My invitation to an event, as its page or my inbox shows it.
    pub(crate) fn invitation_at_hand(&self, event: EventId) -> Option<&Invitation> {
        let from_page = match self.my_answer_query(event).and_then(|query| self.found(&query)) {
            Some(Found::MyAnswer(Some(invitation))) => Some(&**invitation),
            _ => None,
        };
        from_page.or_else(|| self.inbox().find(|one| one.event.id == event))
    }
}
