//! The event that keys act on, wherever it is selected.

use domain::events::{Event, Person};
use domain::invitations::{Invitation, Participant, Status};
use domain::{EventId, Instance};

use super::{Model, Screen};
use crate::app::ask::Query;
use crate::app::item::{Item, Kind};

/// The event that keys act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) event: EventId,
    /// All of it, or the instance that is selected.
    pub(crate) instance: Instance,
    pub(crate) title: String,
    pub(crate) organizing: bool,
    pub(crate) public: bool,
    /// Whether I was asked, rather than joined by myself.
    pub(crate) invited: bool,
    pub(crate) status: Option<Status>,
    pub(crate) cancelled: bool,
}

impl Pick {
    /// Whether it is open to me without having been asked.
    pub(crate) const fn may_join(&self) -> bool {
        self.public && !self.organizing && !self.invited
    }

    /// Whether I joined it by myself.
    pub(crate) const fn has_joined(&self) -> bool {
        self.may_join() && self.status.is_some()
    }

    /// Whether I may give this answer, which I have not given.
    pub(crate) fn may_answer(&self, status: Status) -> bool {
        // Who waits has said that they come.
        let given = match self.status {
            Some(Status::Waiting) => Some(Status::Going),
            given => given,
        };
        !self.organizing && !self.cancelled && given != Some(status)
    }
}

impl Model {
    /// The participant that is selected on the page of an event.
    pub(crate) fn selected_participant(&self) -> Option<&Participant> {
        let (Screen::Event(page), Some(list)) = (self.screen(), self.list()) else { return None };
        self.row::<Participant>(&list, page.people.selected)
    }

    fn organizes(&self, organizer: &Person) -> bool {
        matches!((organizer, self.me()), (Person::Named(name), Some(me)) if name == me)
    }

    /// The event that keys act on now.
    pub(crate) fn pick(&self) -> Option<Pick> {
        self.me()?;
        match self.screen() {
            Screen::Calendar => self.pick_of_item(self.selected_item()?),
            Screen::Event(page) => {
                self.instance(page.event, page.instance).map(|event| self.pick_of_event(event, page.instance))
            }
            Screen::Invitations(list) => {
                let invitation = self.row::<Invitation>(&Query::Inbox { page: 0 }, list.selected)?;
                let event = &invitation.event;
                Some(Pick {
                    event: event.id,
                    instance: Instance::Series,
                    title: event.title.to_string(),
                    organizing: false,
                    public: event.public,
                    invited: invitation.inviter.is_some(),
                    status: self.status(event.id, Instance::Series, Some(invitation.status)),
                    cancelled: event.cancelled,
                })
            }
            Screen::Public(list) => {
                let event = self.row::<Event>(&self.public_query(list), list.selected)?;
                Some(self.pick_of_event(event, Instance::Series))
            }
            Screen::Form(_) | Screen::People(_) | Screen::Services(_) | Screen::Import(_) => None,
        }
    }

    fn pick_of_event(&self, event: &Event, instance: Instance) -> Pick {
        let (invited, of_all) = self.my_answer(event.id);
        let known = match instance {
            Instance::On(start) => self.answer_apart(event.id, start).or(of_all),
            Instance::Series | Instance::From(_) => of_all,
        };
        Pick {
            event: event.id,
            instance,
            title: event.title.to_string(),
            organizing: self.organizes(&event.organizer),
            public: event.public,
            invited,
            status: self.status(event.id, instance, known),
            cancelled: event.cancelled,
        }
    }

    fn pick_of_item(&self, item: &Item) -> Option<Pick> {
        let event = item.event?;
        let (invited, known) = self.my_answer(event);
        let mine = !item.theirs;
        // To one instance there may be an answer of its own: then it is what the calendar says.
        let known = known.filter(|_| !(mine && item.recurs()));
        let (organizing, status) = match (mine, item.kind) {
            (true, Kind::Organizing) => (true, None),
            (true, Kind::Going) => (false, known.or(Some(Status::Going))),
            (true, Kind::Maybe) => (false, known.or(Some(Status::Maybe))),
            _ => (false, known),
        };
        Some(Pick {
            event,
            instance: item.instance,
            title: item.title.clone(),
            organizing,
            // In my calendar without having been asked: I joined, so it is public.
            public: mine && !organizing && !invited,
            invited,
            status: self.status(event, item.instance, status),
            cancelled: false,
        })
    }
}
