//! Asking events about an event that the asker cannot see by what is known here.
//!
//! What does not exist and what they may not see take this same path, so that neither the answer nor its time tells the two
//! apart.

use std::time::Duration;

use chassis::{Fault, WAY_HOME};
use domain::events::{VouchEvent, VouchedEvent};
use domain::{Context, Error, EventId, Service, UserId};

use super::InvitationsService;
use crate::admission;
use crate::sight::{self, Seen};

/// How long events may take.
const ASKING: Duration = Duration::from_secs(2);

impl InvitationsService {
    /// Makes sure that what lets `viewer` see the event, and be to it what is `enough` for what they want, is here, if
    /// anything does. Whether they may is judged afterwards, in the view or transaction that relies on it.
    ///
    /// # Errors
    /// Of an event that they cannot see by what is known here: not found (`event`) if events says so, unavailable (events) if
    /// it cannot be asked. Of one that they see but are not enough to: unavailable (events) if it cannot be asked, since what
    /// is missing here may be on its way; otherwise what is known here decides.
    pub(super) async fn bring_into_sight(
        &self,
        context: &Context,
        event: EventId,
        viewer: UserId,
        enough: fn(&Seen) -> bool,
    ) -> Result<(), Fault> {
        let db = self.chassis.db();
        let seen = db.read(|view| sight::seen_by(view, event, viewer)).await?;
        if seen.as_ref().is_some_and(enough) {
            return Ok(());
        }
        match self.vouched(context, event, viewer).await {
            Ok(vouched) => db.write(move |tx| admission::admit(tx, viewer, &vouched)).await,
            Err(Error::NotFound { .. }) if seen.is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn vouched(&self, context: &Context, event: EventId, viewer: UserId) -> Result<VouchedEvent, Error> {
        let within = ASKING.min(context.remaining().saturating_sub(WAY_HOME));
        let mut asking = self.chassis.calling(context)?;
        asking.deadline = tokio::time::Instant::now() + within;
        let silent = || {
            let why = "it did not say in time whether you may see this event; nothing was done, try again";
            Error::unavailable(Service::Events, why)
        };
        let asked = self.events.vouch(&asking, VouchEvent { event, viewer });
        match tokio::time::timeout_at(asking.deadline, asked).await {
            Ok(Ok(reply)) => Ok(reply.value),
            Ok(Err(Error::NotFound { .. })) => Err(sight::unseen(event)),
            // Asking changes nothing, so that this call did nothing is certain.
            Ok(Err(Error::Deadline { .. })) | Err(_) => Err(silent()),
            Ok(Err(error)) => Err(self.chassis.told_by(Service::Events, error)),
        }
    }
}
