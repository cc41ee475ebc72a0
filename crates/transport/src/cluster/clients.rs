//! The five services as their callers have them, wherever they are.

use std::sync::Arc;

use domain::auth::{Auth, AuthClient, AuthProtocol};
use domain::calendar::{Calendar, CalendarClient, CalendarProtocol};
use domain::events::{Events, EventsClient, EventsProtocol};
use domain::integrity::{AskHealth, Health};
use domain::invitations::{Invitations, InvitationsClient, InvitationsProtocol};
use domain::sharing::{Sharing, SharingClient, SharingProtocol};
use domain::{Answer, Context, Protocol, Service, Stub};

use super::Addresses;
use crate::{Channel, ChannelOptions, ClientOptions, Metrics, client_stack};

/// The five services. Clones lead to the same ones.
#[derive(Clone)]
pub struct Clients {
    /// Users, passwords, sessions.
    pub auth: Arc<dyn Auth>,
    /// Events and who is invited.
    pub events: Arc<dyn Events>,
    /// Answers and participants.
    pub invitations: Arc<dyn Invitations>,
    /// Calendars.
    pub calendar: Arc<dyn Calendar>,
    /// Who sees whose calendar.
    pub sharing: Arc<dyn Sharing>,
}

/// Makes the way to any of the services, without the layers on the caller's side.
pub(super) trait Ways {
    /// The way to one of them.
    fn to<P: Protocol>(&self) -> Arc<dyn Stub<P>>;
}

impl Clients {
    /// Over `ways`, with the caller's layers before each.
    pub(super) fn over(ways: &impl Ways, options: &ClientOptions, metrics: &Arc<Metrics>) -> Self {
        fn layered<P: Protocol>(ways: &impl Ways, options: &ClientOptions, metrics: &Arc<Metrics>) -> Arc<dyn Stub<P>> {
            client_stack(ways.to::<P>(), options, metrics)
        }
        Self {
            auth: Arc::new(AuthClient(layered::<AuthProtocol>(ways, options, metrics))),
            events: Arc::new(EventsClient(layered::<EventsProtocol>(ways, options, metrics))),
            invitations: Arc::new(InvitationsClient(layered::<InvitationsProtocol>(ways, options, metrics))),
            calendar: Arc::new(CalendarClient(layered::<CalendarProtocol>(ways, options, metrics))),
            sharing: Arc::new(SharingClient(layered::<SharingProtocol>(ways, options, metrics))),
        }
    }

    /// Over channels to `addresses`, which connect when they are first used.
    #[must_use]
    pub fn connected(
        addresses: &Addresses,
        channel: &ChannelOptions,
        options: &ClientOptions,
        metrics: &Arc<Metrics>,
    ) -> Self {
        Self::over(&Channels { addresses, options: channel }, options, metrics)
    }

    /// Asks one of them how it is.
    ///
    /// # Errors
    /// What the call reports.
    pub async fn health(&self, service: Service, context: &Context) -> Answer<Health> {
        match service {
            Service::Auth => self.auth.health(context, AskHealth).await,
            Service::Events => self.events.health(context, AskHealth).await,
            Service::Invitations => self.invitations.health(context, AskHealth).await,
            Service::Calendar => self.calendar.health(context, AskHealth).await,
            Service::Sharing => self.sharing.health(context, AskHealth).await,
        }
    }
}

struct Channels<'a> {
    addresses: &'a Addresses,
    options: &'a ChannelOptions,
}

impl Ways for Channels<'_> {
    fn to<P: Protocol>(&self) -> Arc<dyn Stub<P>> {
        let address = self.addresses.of(P::SERVICE).unwrap_or_default();
        Arc::new(Channel::<P>::to(address, self.options.clone()))
    }
}
