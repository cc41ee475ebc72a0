//! What can fill the screen, and what lies over it.

use domain::{EventId, SearchText};
use tui_input::Input;

use crate::app::ask::Command;
use crate::app::form::Form;

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
    /// The number is the selected row, here and below.
    Invitations(usize),
    Public {
        search: Option<SearchText>,
        selected: usize,
    },
    People(usize),
    Services(usize),
}

impl EventPage {
    pub(crate) const fn of(event: EventId) -> Self {
        Self { event, scroll: 0, to_edit: false }
    }
}

/// One event in full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventPage {
    pub(crate) event: EventId,
    /// How many of the participants are scrolled past.
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
    /// A search text being typed.
    Search(Input),
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
    LeaveForm,
}
