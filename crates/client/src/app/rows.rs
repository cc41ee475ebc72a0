//! What stands in lists: how a row is known again, and what of it a filter looks at.

use domain::events::{Event, Person};
use domain::invitations::{Invitation, Participant, Status};
use domain::sharing::{Level, Share};
use domain::{EventId, Page, PageCursor, Username};

use super::ask::Found;
use super::filter::Filter;
use super::item::Item;

/// By what a row is known again when the list has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowId {
    Event(EventId),
    Participant(Username),
    /// Who sees my calendar.
    SharedWith(Username),
    /// Whose calendar I see.
    SharedWithMe(Username),
}

/// Something that lists that come in pages consist of.
pub(crate) trait Listable: Sized {
    /// The page, if it is one of these.
    fn page(found: &Found) -> Option<&Page<Self>>;

    /// By what it is known again.
    fn id(&self) -> RowId;

    /// Whether a filter lets it through.
    fn passes(&self, filter: &Filter) -> bool;
}

impl Listable for Invitation {
    fn page(found: &Found) -> Option<&Page<Self>> {
        match found {
            Found::Inbox(page) => Some(page),
            _ => None,
        }
    }

    fn id(&self) -> RowId {
        RowId::Event(self.event.id)
    }

    fn passes(&self, filter: &Filter) -> bool {
        let event = &self.event;
        let inviter = self.inviter.as_ref().map_or("joined", name_of);
        let texts =
            [event.title.as_str(), event.location.as_str(), name_of(&event.organizer), inviter, word_of(self.status)];
        filter.lets_through(&texts)
    }
}

impl Listable for Participant {
    fn page(found: &Found) -> Option<&Page<Self>> {
        match found {
            Found::Participants(found) => Some(&found.people),
            _ => None,
        }
    }

    fn id(&self) -> RowId {
        RowId::Participant(self.username.clone())
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.lets_through(&[self.username.as_str(), word_of(self.status)])
    }
}

impl Listable for Event {
    fn page(found: &Found) -> Option<&Page<Self>> {
        match found {
            Found::Public(page) => Some(page),
            _ => None,
        }
    }

    fn id(&self) -> RowId {
        RowId::Event(self.id)
    }

    /// The service has searched already.
    fn passes(&self, _: &Filter) -> bool {
        true
    }
}

impl Listable for Item {
    fn page(found: &Found) -> Option<&Page<Self>> {
        match found {
            Found::Entries(page) => Some(page),
            _ => None,
        }
    }

    /// Times that are taken have no identity; none of them is an event's.
    fn id(&self) -> RowId {
        RowId::Event(self.event.unwrap_or(EventId::from_bytes([0; 16])))
    }

    fn passes(&self, filter: &Filter) -> bool {
        filter.lets_through(&[&self.title, &self.location])
    }
}

/// Whether a filter lets a share through.
pub(crate) fn share_passes(share: &Share, filter: &Filter) -> bool {
    filter.lets_through(&[share.username.as_str(), word_of_level(share.level)])
}

impl Found {
    /// How many items a page has, and how many of them a filter lets through. `None` for what comes whole.
    pub(crate) fn counted(&self, filter: &Filter) -> Option<(usize, usize)> {
        fn count<T: Listable>(page: &Page<T>, filter: &Filter) -> (usize, usize) {
            (page.items.len(), page.items.iter().filter(|item| item.passes(filter)).count())
        }
        match self {
            Self::Entries(page) => Some(count(page, filter)),
            Self::Inbox(page) => Some(count(page, filter)),
            Self::Public(page) => Some(count(page, filter)),
            Self::Participants(found) => Some(count(&found.people, filter)),
            _ => None,
        }
    }

    /// Where the next page begins, if it is a page and there is one.
    pub(crate) fn next(&self) -> Option<PageCursor> {
        match self {
            Self::Entries(page) => page.next.clone(),
            Self::Inbox(page) => page.next.clone(),
            Self::Public(page) => page.next.clone(),
            Self::Participants(found) => found.people.next.clone(),
            _ => None,
        }
    }
}

fn name_of(person: &Person) -> &str {
    match person {
        Person::Named(name) => name.as_str(),
        Person::Deleted => "deleted user",
    }
}

/// The word of an answer, as everywhere.
pub(crate) const fn word_of(status: Status) -> &'static str {
    match status {
        Status::Going => "going",
        Status::Maybe => "maybe",
        Status::Pending => "pending",
        Status::Declined => "declined",
        Status::Waiting => "waiting",
    }
}

/// The words of how much a share shows.
pub(crate) const fn word_of_level(level: Level) -> &'static str {
    match level {
        Level::Details => "details",
        Level::Busy => "busy times only",
    }
}
