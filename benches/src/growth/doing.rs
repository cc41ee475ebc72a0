//! What people do while others make and cancel events with many invitees.

use anyhow::Result;
use domain::calendar::ListEntries;
use domain::events::CancelEvent;
use domain::invitations::{Inbox, Respond, Response};
use domain::time::Window;
use domain::{EventId, Instance, PageRequest, Zone};
use jiff::civil::date;

use crate::person::Person;

impl Person {
    /// Cancels an event.
    ///
    /// # Errors
    /// What the call reports.
    pub(super) async fn cancels(&mut self, event: EventId) -> Result<()> {
        let context = self.commanding();
        let reply = self.clients.events.cancel(&context, CancelEvent { event, instance: Instance::Series }).await?;
        self.heard(reply);
        Ok(())
    }

    /// Waits until the calendar has taken over all that this person has seen, with all that follows from it.
    ///
    /// # Errors
    /// What a call reports.
    pub(super) async fn waits_for_the_calendar(&mut self) -> Result<()> {
        while !self.looks_at_the_month().await? {}
        Ok(())
    }

    /// Whether the answer was behind with nothing.
    async fn looks_at_the_month(&mut self) -> Result<bool> {
        let window = Window::new(Some(date(2027, 3, 1)), Some(date(2027, 3, 31)), Zone::utc())?;
        let request = ListEntries { of: None, window, page: PageRequest::default() };
        let reply = self.clients.calendar.entries(&self.asking(), request).await?;
        let whole = reply.behind.is_empty();
        self.heard(reply);
        Ok(whole)
    }

    /// Answers an invitation, looks at the inbox, or at the month, in turns.
    ///
    /// # Errors
    /// What the call reports.
    pub(super) async fn does_something(&mut self, turn: usize, invited_to: EventId) -> Result<()> {
        match turn % 3 {
            0 => {
                let response = if turn.is_multiple_of(2) { Response::Accept } else { Response::Decline };
                let request = Respond { event: invited_to, instance: Instance::Series, response };
                let context = self.commanding();
                let reply = self.clients.invitations.respond(&context, request).await?;
                self.heard(reply);
            }
            1 => {
                let reply = self.clients.invitations.inbox(&self.asking(), Inbox::default()).await?;
                self.heard(reply);
            }
            _ => {
                self.looks_at_the_month().await?;
            }
        }
        Ok(())
    }
}
