//! The five services as something that can be started: the only place that knows their crates.

use async_trait::async_trait;
use chassis::{Fault, Running, Setup};
use domain::Protocol;
use domain::auth::AuthProtocol;
use domain::calendar::CalendarProtocol;
use domain::events::EventsProtocol;
use domain::invitations::InvitationsProtocol;
use domain::sharing::SharingProtocol;

use super::options::{AuthArguments, NoArguments};
use crate::cluster::Clients;

/// A service that can be started on a database.
#[async_trait]
pub trait Hosted: Protocol + Sized {
    /// The format version of its data.
    const SCHEMA: u32;
    /// How its own behaviour is set.
    type Config: Clone + Send + Sync + 'static;
    /// The same, on the command line of its program.
    type Arguments: clap::Args + Into<Self::Config> + Send;

    /// Starts it.
    ///
    /// # Errors
    /// What its database reports.
    async fn start(setup: Setup, others: Clients, config: Self::Config) -> Result<Running<Self>, Fault>;
}

#[async_trait]
impl Hosted for AuthProtocol {
    const SCHEMA: u32 = ::auth::SCHEMA;
    type Config = ::auth::Config;
    type Arguments = AuthArguments;

    async fn start(setup: Setup, _: Clients, config: Self::Config) -> Result<Running<Self>, Fault> {
        ::auth::start(setup, config).await
    }
}

#[async_trait]
impl Hosted for EventsProtocol {
    const SCHEMA: u32 = events::SCHEMA;
    type Config = ();
    type Arguments = NoArguments;

    async fn start(setup: Setup, others: Clients, (): ()) -> Result<Running<Self>, Fault> {
        events::start(setup, others.auth).await
    }
}

#[async_trait]
impl Hosted for InvitationsProtocol {
    const SCHEMA: u32 = invitations::SCHEMA;
    type Config = ();
    type Arguments = NoArguments;

    async fn start(setup: Setup, others: Clients, (): ()) -> Result<Running<Self>, Fault> {
        invitations::start(setup, others.auth, others.events).await
    }
}

#[async_trait]
impl Hosted for CalendarProtocol {
    const SCHEMA: u32 = calendar::SCHEMA;
    type Config = ();
    type Arguments = NoArguments;

    async fn start(setup: Setup, others: Clients, (): ()) -> Result<Running<Self>, Fault> {
        calendar::start(setup, others.auth, others.events, others.invitations, others.sharing).await
    }
}

#[async_trait]
impl Hosted for SharingProtocol {
    const SCHEMA: u32 = sharing::SCHEMA;
    type Config = ();
    type Arguments = NoArguments;

    async fn start(setup: Setup, others: Clients, (): ()) -> Result<Running<Self>, Fault> {
        sharing::start(setup, others.auth).await
    }
}
