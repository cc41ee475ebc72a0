//! The sharing service: who lets whom see their calendar, and how much of it.
//!
//! A share goes from one user, the owner of a calendar, to another, the sharee, at a level; it never implies its reverse. Only
//! its owner makes or ends it. This service owns the shares, in a database of its own, and shows nothing of any calendar: the
//! calendar service follows its log and decides by it what a reader sees.
//!
//! It follows auth, so it knows by itself who is calling and whom a name means; auth is asked only about names not heard of
//! yet. While auth is away everything else goes on. While this service is away, shared calendars stay visible as they were.
//!
//! * [`service`]: the rules. [`store`]: the tables, in which a share, its index and what is announced change together.
//! * [`follow`]: what is taken over from auth; above all, that shares go with their users.
//! * [`audit`]: the references to users, and the tables held against each other. [`snapshot`]: what followers of another history
//!   are told.

mod audit;
mod follow;
#[cfg(test)]
mod scenarios;
mod service;
mod snapshot;
mod store;

use std::sync::Arc;

use chassis::authenticator::Authenticator;
use chassis::directory::{Followed, People};
use chassis::{Chassis, Fault, Running, Setup};
use domain::Service;
use domain::auth::Auth;
use domain::sharing::{SharingProtocol, SharingServer};

use service::SharingService;

/// The version of the database's tables; the caller opens the database with it.
pub const SCHEMA: u32 = 1;

/// Starts the service on its database, following `auth`, which need not be there yet.
///
/// # Errors
/// None at present; what can fail while starting is in the database that the caller opened.
pub async fn start(setup: Setup, auth: Arc<dyn Auth>) -> Result<Running<SharingProtocol>, Fault> {
    let chassis = Chassis::new(Service::Sharing, setup);
    let (operator, clock) = (chassis.operator().clone(), Arc::clone(chassis.clock()));
    let known = Followed(Arc::clone(&chassis));
    let authenticate = Arc::new(Authenticator::new(Service::Sharing, operator, clock, known));
    let people = People::new(Arc::clone(&chassis), Arc::clone(&auth));
    let stub = Arc::new(SharingServer(Arc::new(SharingService::new(Arc::clone(&chassis), people))));
    let following = Arc::clone(&chassis).follow(Service::Auth, auth, follow::OfAuth);
    let working = Arc::clone(&chassis).work_off(follow::step);
    Ok(Running::new(chassis, stub, authenticate).with(following).with(working))
}
