//! What can fill the screen, and what lies over it.

use domain::EventId;
use tui_input::Input;

use super::lists::InList;
use crate::app::ask::Command;
use crate::app::filter::Filter;
use crate::app::form::Form;
use crate::app::keymap::Action;

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
}

impl EventPage {
    pub(crate) fn of(event: EventId) -> Self {
        Self { event, people: InList::default(), scroll: 0, to_edit: false }
    }
}

/// One event in full.
#[derive(Clone, Debug)]
pub(crate) struct EventPage {
    pub(crate) event: EventId,
    /// Where one is among the participants.
    pub(crate) people: InList,
    /// Lines of what is said of the event that are scrolled past.
    pub(crate) scroll: usize,
    /// Whether the form that changes it opens as soon as the event is known.
    pub(crate) to_edit: bool,
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
    /// Something that cannot be undone.
    Confirm {
        question: String,
        then: Confirmed,
    },
}

/// What is done after a yes.
#[derive(Clone, Debug)]
pub(crate) enum Confirmed {
    Send(Command),
    /// And then what was wanted instead of it.
    LeaveForm {
        and: Option<Action>,
    },
}
