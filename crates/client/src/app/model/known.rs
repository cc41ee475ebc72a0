//! What is known of the services' data, found by question, and how what was said but not yet confirmed changes it.

use domain::calendar::Entry;
use domain::events::Event;
use domain::integrity::Health;
use domain::invitations::{Invitation, Participants, Status};
use domain::sharing::Shares;
use domain::{EventId, SearchText, Service, Username};

use super::Model;
use crate::app::ask::{Found, Listed, Query};
use crate::app::remote::Remote;

impl Model {
    pub(crate) fn remote(&self, query: &Query) -> Option<&Remote<Found>> {
        self.store.get(query)
    }

    pub(super) fn found(&self, query: &Query) -> Option<&Found> {
        self.store.get(query).and_then(Remote::data)
    }

    pub(crate) fn entries(&self, query: &Query) -> Option<&Listed<Entry>> {
        match self.found(query) {
            Some(Found::Entries(listed)) => Some(listed),
            _ => None,
        }
    }

    pub(crate) fn inbox(&self) -> &[Invitation] {
        match self.found(&Query::Inbox) {
            Some(Found::Inbox(listed)) => &listed.items,
            _ => &[],
        }
    }

    pub(crate) fn pending_invitations(&self) -> usize {
        self.inbox().iter().filter(|i| self.status(i.event.id, Some(i.status)) == Some(Status::Pending)).count()
    }

    pub(crate) fn public(&self, search: &Option<SearchText>) -> &[Event] {
        match self.found(&self.public_query(search)) {
            Some(Found::Public(listed)) => &listed.items,
            _ => &[],
        }
    }

    pub(crate) fn public_query(&self, search: &Option<SearchText>) -> Query {
        Query::Public { search: search.clone(), from: self.today() }
    }

    pub(crate) fn event(&self, event: EventId) -> Option<&Event> {
        match self.found(&Query::Event(event)) {
            Some(Found::Event(event)) => Some(event),
            _ => None,
        }
    }

    pub(crate) fn participants(&self, event: EventId) -> Option<&Participants> {
        match self.found(&Query::Participants(event)) {
            Some(Found::Participants(participants)) => Some(participants),
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

    pub(crate) fn my_answer_query(&self, event: EventId) -> Option<Query> {
        Some(Query::MyAnswer { event, me: self.me()?.clone() })
    }

    /// The answer that a command on its way gives.
    pub(crate) fn assumed(&self, event: EventId) -> Option<Status> {
        self.sending.values().rev().find_map(|sending| match sending.command.answer() {
            Some((of, status)) if of == event => Some(status),
            _ => None,
        })
    }

    /// Whether an answer to the event is on its way with unknown outcome.
    pub(crate) fn is_unconfirmed(&self, event: EventId) -> bool {
        self.sending
            .values()
            .any(|sending| sending.unconfirmed && sending.command.answer().is_some_and(|(of, _)| of == event))
    }

    /// My status, as it will be once what I said has arrived.
    pub(crate) fn status(&self, event: EventId, known: Option<Status>) -> Option<Status> {
        self.assumed(event).or(known)
    }

    /// What is known of my own answer to an event: from its page or from the inbox.
    pub(crate) fn my_answer(&self, event: EventId) -> (bool, Option<Status>) {
        let from_page = match self.my_answer_query(event).and_then(|query| self.found(&query)) {
            Some(Found::MyAnswer(Some(invitation))) => Some(&**invitation),
            _ => None,
        };
        let invitation = from_page.or_else(|| self.inbox().iter().find(|one| one.event.id == event));
        (invitation.is_some_and(|one| one.inviter.is_some()), invitation.map(|one| one.status))
    }
}
