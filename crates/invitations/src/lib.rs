//! The invitations service: who was asked, what they answered, who comes.
//!
//! **Features.** The inbox (received invitations, newest first), the three answers, joining and leaving public events, the
//! participants of an event with their counts. Where an event has a capacity, whoever finds no place stands in a strict line, and
//! comes when a place becomes free.
//!
//! **Data.** One row for each person and event (or instance of it): how they came to it (invited, or joined by themselves),
//! their status, who answered last. Four indexes, the counts and the line of those who wait ([`store::line`]) stand beside the
//! rows, and one function, [`store::record::record`], changes all of them, decides who gets a place, and announces it. Of each event it keeps the facts that a list shows.
//!
//! **Followed.** Events: an event's facts and who is invited to it; from that the invitations are made. Auth: users and
//! sessions; a deleted user's rows go, and whoever they invited reads "deleted user". Both in bounded steps ([`cascade`]).
//!
//! **When others are away.** Everything about events known here goes on without events and without auth. Only what the asker
//! cannot see by the facts here is asked of events (an invitation may be on its way): that alone becomes `unavailable`.

mod admission;
mod audit;
mod cascade;
mod continuing;
mod follow;
mod service;
mod sight;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use chassis::authenticator::Authenticator;
use chassis::{Chassis, Fault, Running, Setup, directory};
use domain::Service;
use domain::auth::Auth;
use domain::events::Events;
use domain::invitations::{Invitations, InvitationsProtocol, InvitationsServer};

use crate::service::InvitationsService;

/// The format of this service's data.
pub const SCHEMA: u32 = 1;

/// Starts the service over its database: its methods, its two followers and the worker of long cascades.
///
/// # Errors
/// None today; starting may one day have to read something.
#[allow(clippy::unused_async, reason = "all five services are started alike, and others have to read first")]
pub async fn start(
    setup: Setup,
    auth: Arc<dyn Auth>,
    events: Arc<dyn Events>,
) -> Result<Running<InvitationsProtocol>, Fault> {
    let (operator, clock) = (setup.operator.clone(), Arc::clone(&setup.clock));
    let chassis = Chassis::new(Service::Invitations, setup);
    let book = directory::Followed(Arc::clone(&chassis));
    let authenticate = Arc::new(Authenticator::new(Service::Invitations, operator, clock, book));
    let service = InvitationsService::new(Arc::clone(&chassis), Arc::clone(&auth), Arc::clone(&events));
    let service: Arc<dyn Invitations> = Arc::new(service);
    Ok(Running::new(Arc::clone(&chassis), Arc::new(InvitationsServer(service)), authenticate)
        .with(Arc::clone(&chassis).follow(Service::Auth, auth, follow::OfAuth))
        .with(Arc::clone(&chassis).follow(Service::Events, events, follow::OfEvents))
        .with(chassis.work_off(cascade::step)))
}
