//! What a command that was done means for single instances of an event that recurs: what I said of them, and pages that show one.

use domain::{EventId, Instance};

use crate::app::ask::{Command, Query};
use crate::app::model::{EventPage, Model, Screen};
use crate::app::which;

/// Remembers an answer to an instance and all that follow; later answers take its place.
pub(super) fn answered(model: &mut Model, command: &Command) {
    let Some((event, instance, status)) = command.answer() else { return };
    if let Instance::Series | Instance::From(_) = instance {
        model.given.retain(|(of, said), _| *of != event || !which::covers(instance, *said));
    }
    if let Instance::From(_) = instance {
        model.given.insert((event, instance), status);
    }
}

/// An event was changed or called off; the answer was `now`, another event if that is what follows an instance from then on.
/// Pages of instances that may not be there any more show all of the event instead.
pub(super) fn changed(model: &mut Model, command: &Command, now: EventId) {
    let Some((event, instance)) = command.of_event() else { return };
    if let Instance::On(_) = instance {
        return;
    }
    if now != event
        && let Some(remote) = model.store.get_mut(&Query::Event(event))
    {
        remote.outdate();
    }
    for screen in &mut model.screens {
        if let Screen::Event(page) = screen
            && page.event == event
            && page.instance != Instance::Series
        {
            *page = EventPage::of(now);
        }
    }
}
