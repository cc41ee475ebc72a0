//! The calendar service: one calendar a user, and in it the events they organize, attend or may attend.
//!
//! **What it does.** It shows a stretch of a calendar by start: one's own with everything, another's as far as they share it (the
//! entries, or only when they are busy). An invitation that was not answered, or was declined, is in no calendar.
//!
//! **What it owns.** Calendars (made when a user registers, gone when the account is) and their entries, with an index by time.
//! Nobody refers to its rows, so it keeps no log; it has no commands either.
//!
//! **Whom it follows.** Auth (who has a calendar), events (what is when), invitations (who comes), sharing (who may look). The four
//! logs arrive independently: an answer may be here before its event, or after the event or the user is gone. So an entry is
//! never the effect of one record: what invitations said is kept whatever is known of the event, and one function (`entry`)
//! works out from all that is *presently* known whether the event is in the calendar, and where in the index. Removed events and
//! deleted users leave a tombstone, since their ids are never used again and late records must not bring them back.
//!
//! **Large events.** When an event moves or is cancelled, its entries are brought up to date in bounded steps (`cascade`). Until
//! that is done, every hit of the index is checked against the event, so nothing is shown at a time that is no longer true and
//! nothing that is cancelled; but an event whose row in the index has not been moved yet is not found at its new place. The
//! service does not claim to have applied such a change before the last step, so whoever has seen the change waits for it, or is
//! told that the answer is behind.
//!
//! **When others are away.** It goes on answering from what it has, whichever of them is away. Only a name that it has never
//! heard of makes it ask, and that is auth.

mod audit;
mod cascade;
mod entry;
mod follow;
mod service;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chassis::authenticator::Authenticator;
use chassis::directory::{Followed, People};
use chassis::{Chassis, Fault, Running, Setup};
use domain::Service;
use domain::auth::Auth;
use domain::calendar::{CalendarProtocol, CalendarServer};
use domain::events::Events;
use domain::invitations::Invitations;
use domain::sharing::Sharing;

/// The format of this service's data: its database is opened with it.
pub const SCHEMA: u32 = 1;

/// Starts the service on its database; the other services are where it follows, and where it asks.
///
/// # Errors
/// None so far: what is not there yet is followed as soon as it is.
pub async fn start(
    setup: Setup,
    auth: Arc<dyn Auth>,
    events: Arc<dyn Events>,
    invitations: Arc<dyn Invitations>,
    sharing: Arc<dyn Sharing>,
) -> Result<Running<CalendarProtocol>, Fault> {
    let chassis = Chassis::new(Service::Calendar, setup);
    let authenticator = Authenticator::new(
        Service::Calendar,
        chassis.operator().clone(),
        Arc::clone(chassis.clock()),
        Followed(Arc::clone(&chassis)),
    );
    let people = People::new(Arc::clone(&chassis), Arc::clone(&auth));
    let calendars = service::Calendars::new(Arc::clone(&chassis), people);
    let stub = Arc::new(CalendarServer(Arc::new(calendars)));
    let follower = || Arc::clone(&chassis);
    Ok(Running::new(Arc::clone(&chassis), stub, Arc::new(authenticator))
        .with(follower().follow(Service::Auth, auth, follow::OfAuth))
        .with(follower().follow(Service::Events, events, follow::OfEvents))
        .with(follower().follow(Service::Invitations, invitations, follow::OfInvitations))
        .with(follower().follow(Service::Sharing, sharing, follow::OfSharing))
        .with(follower().work_off(cascade::step)))
}
