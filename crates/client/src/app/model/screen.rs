//! What can fill the screen, and what lies over it.

use domain::invitations::Response;
use domain::{EventId, Instance};
use tui_input::Input;

use super::lists::InList;
use super::pick::Pick;
use crate::app::ask::{Command, Query};
use crate::app::filter::Filter;
use crate::app::form::Form;
use crate::app::keymap::Action;
use crate::app::which;

/// The four ways to look at a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Month,
    Week,
    Day,
    Agenda,
}

/// What fills the screen.
#[derive(Debug)]
pub(crate) enum Screen {
    /// A calendar, in the model's view.
    Calendar,
    Event(EventPage),
    Form(Box<Form>),
    Invitations(InList),
    Public(InList),
    People(InList),
    Services(InList),
    /// How far the import of a file is, and what became of it.
    Import(InList),
}

impl EventPage {
    /// All of an event.
    pub(crate) fn of(event: EventId) -> Self {
        Self::of_instance(event, Instance::Series)
    }

    /// An event, or one instance of it.
    pub(crate) fn of_instance(event: EventId, instance: Instance) -> Self {
        Self { event, instance, people: InList::default(), scroll: 0, to_edit: None }
    }

    /// The question what it shows.
    pub(crate) const fn question(&self) -> Query {
        which::question(self.event, self.instance)
    }
}

/// One event in full.
#[derive(Clone, Debug)]
pub(crate) struct EventPage {
    pub(crate) event: EventId,
    /// All of it, or one instance.
    pub(crate) instance: Instance,
    /// Where one is among the participants.
    pub(crate) people: InList,
    /// Lines of what is said of the event that are scrolled past.
    pub(crate) scroll: usize,
    /// What of it is to be changed: the form for that opens as soon as the event is known.
    pub(crate) to_edit: Option<Instance>,
}

/// What lies over the screen and takes the keys.
#[derive(Debug)]
pub(crate) enum Layer {
    Palette {
        input: Input,
        selected: usize,
    },
    Help {
        scroll: usize,
    },
    /// A filter being typed, and the one before it.
    Search {
        input: Input,
        before: Filter,
    },
    /// What of an event that recurs is meant: the instance that is selected, it and all that follow, or all of it.
    Which {
        pick: Pick,
        acting: Acting,
        selected: usize,
    },
    /// Something that cannot be undone.
    Confirm {
        question: String,
        then: Confirmed,
    },
}

/// What is done to an event, once it is said what of it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acting {
    Edit,
    Cancel,
    Answer(Response),
}

/// What is done after a yes.
#[derive(Clone, Debug)]
pub(crate) enum Confirmed {
    Send(Command),
    /// Although a file is being imported.
    Quit,
    /// And then what was wanted instead of it.
    LeaveForm {
        and: Option<Action>,
    },
}
