//! The five services as their callers have them, wherever they are.

use std::sync::Arc;

use domain::auth::{Auth, AuthClient, AuthProtocol};
use domain::calendar::{Calendar, CalendarClient, CalendarProtocol};
use domain::events::{Events, EventsClient, EventsProtocol};
use domain::integrity::{AskHealth, Health};
use domain::invitations::{Invitations, InvitationsClient, InvitationsProtocol};
use domain::recovery::{AcceptLoss, LossAccepted};
use domain::sharing::{Sharing, SharingClient, SharingProtocol};
use domain::{Answer, Context, Error, Protocol, Service, Stub};

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

/// Makes the ways to the services, without the layers on the caller's side.
pub(super) trait Ways {
    /// The way to auth.
    fn to_auth(&self) -> Arc<dyn Stub<AuthProtocol>>;
    /// The way to events.
    fn to_events(&self) -> Arc<dyn Stub<EventsProtocol>>;
    /// The way to invitations.
    fn to_invitations(&self) -> Arc<dyn Stub<InvitationsProtocol>>;
    /// The way to calendar.
    fn to_calendar(&self) -> Arc<dyn Stub<CalendarProtocol>>;
    /// The way to sharing.
    fn to_sharing(&self) -> Arc<dyn Stub<SharingProtocol>>;
}

impl Clients {
    /// Over `ways`, with the caller's layers before each.
    pub(super) fn over(ways: &impl Ways, options: &ClientOptions, metrics: &Arc<Metrics>) -> Self {
        Self {
            auth: Arc::new(AuthClient(client_stack(ways.to_auth(), options, metrics))),
            events: Arc::new(EventsClient(client_stack(ways.to_events(), options, metrics))),
            invitations: Arc::new(InvitationsClient(client_stack(ways.to_invitations(), options, metrics))),
            calendar: Arc::new(CalendarClient(client_stack(ways.to_calendar(), options, metrics))),
            sharing: Arc::new(SharingClient(client_stack(ways.to_sharing(), options, metrics))),
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

    /// Has one of them let go of what another has lost.
    ///
    /// # Errors
    /// What the call reports; invalid input (`source`) for auth, which follows nobody.
    pub async fn accept_loss(&self, service: Service, context: &Context, loss: AcceptLoss) -> Answer<LossAccepted> {
        match service {
            Service::Auth => Err(Error::invalid("source", loss.source.name(), "auth follows nobody")),
            Service::Events => self.events.accept_loss(context, loss).await,
            Service::Invitations => self.invitations.accept_loss(context, loss).await,
            Service::Calendar => self.calendar.accept_loss(context, loss).await,
            Service::Sharing => self.sharing.accept_loss(context, loss).await,
        }
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

impl Channels<'_> {
    fn to<P: Protocol>(&self) -> Arc<dyn Stub<P>> {
        let address = self.addresses.of(P::SERVICE).unwrap_or_default();
        Arc::new(Channel::<P>::to(address, self.options.clone()))
    }
}

impl Ways for Channels<'_> {
    fn to_auth(&self) -> Arc<dyn Stub<AuthProtocol>> {
        self.to()
    }

    fn to_events(&self) -> Arc<dyn Stub<EventsProtocol>> {
        self.to()
    }

    fn to_invitations(&self) -> Arc<dyn Stub<InvitationsProtocol>> {
        self.to()
    }

    fn to_calendar(&self) -> Arc<dyn Stub<CalendarProtocol>> {
        self.to()
    }

    fn to_sharing(&self) -> Arc<dyn Stub<SharingProtocol>> {
        self.to()
    }
}
