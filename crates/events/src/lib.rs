//! The events service: what happens when, and who is invited to it.
//!
//! **What it does.** People make, show, change and cancel events, invite others and take invitations back, and list the public
//! events or their own by start. Who may see an event is decided here and nowhere else, in [`rights`].
//!
//! **What it keeps** ([`store`]): events, their descriptions in pieces, who is invited to each, and an index by time for the
//! public list and for everybody's own list. What is found in the index is always held against the event and the membership
//! before it is shown.
//!
//! **Whom it follows** ([`follow`]): auth. When an account goes, its events are cancelled and its invitations go; an event that
//! nobody is left to see goes too.
//!
//! **When others are away.** Without auth everything goes on for those signed in, except inviting someone of whom nothing has
//! been heard here. Without invitations and calendar everything goes on; what they must know waits for them in the log.
//!
//! Someone who joined a public event is known to invitations only. Once such an event is cancelled or made private, its page
//! here is `not_found` for them; what became of it they read in their invitations.

mod audit;
#[cfg(feature = "bulk")]
pub mod bulk;
mod follow;
mod rights;
mod service;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chassis::authenticator::Authenticator;
use chassis::directory::{Followed, People};
use chassis::{Chassis, Fault, Running, Setup};
use domain::Service;
use domain::auth::Auth;
use domain::events::{EventsProtocol, EventsServer};

/// The version of what this service keeps in its database.
pub const SCHEMA: u32 = 1;

/// Starts the service over its database, following `auth`.
///
/// # Errors
/// None so far: what goes wrong later is told by the service's health.
pub async fn start(setup: Setup, auth: Arc<dyn Auth>) -> Result<Running<EventsProtocol>, Fault> {
    let chassis = Chassis::new(Service::Events, setup);
    let people = People::new(Arc::clone(&chassis), Arc::clone(&auth));
    let events = service::EventsService::new(Arc::clone(&chassis), people);
    let (operator, clock) = (chassis.operator().clone(), Arc::clone(chassis.clock()));
    let authenticator = Authenticator::new(Service::Events, operator, clock, Followed(Arc::clone(&chassis)));
    let following = Arc::clone(&chassis).follow(Service::Auth, auth, follow::OfAuth);
    let working = Arc::clone(&chassis).work_off(store::work::step);
    let stub = Arc::new(EventsServer(Arc::new(events)));
    Ok(Running::new(chassis, stub, Arc::new(authenticator)).with(following).with(working))
}
