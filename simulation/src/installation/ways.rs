//! The five services as the programs on one machine reach them: through the simulated network, behind the same layers as ever.

use std::sync::Arc;

use domain::auth::{AuthClient, AuthProtocol};
use domain::calendar::{CalendarClient, CalendarProtocol};
use domain::events::{EventsClient, EventsProtocol};
use domain::invitations::{InvitationsClient, InvitationsProtocol};
use domain::sharing::{SharingClient, SharingProtocol};
use domain::{Protocol, Stub};
use tokio_util::sync::CancellationToken;
use transport::cluster::Clients;
use transport::{Channel, ChannelOptions, ClientOptions, Metrics, client_stack};

use super::World;
use crate::network::{Node, Way};
use crate::plant;
use crate::wire::Wire;

/// The clients of whoever runs at `node` until `dead`. The messages of people's terminals are followed, and sometimes come twice.
pub(crate) fn clients_of(world: &World, node: Node, dead: &CancellationToken) -> Clients {
    let ways = Ways { world, node, dead, metrics: Metrics::new() };
    let auth = ways.to::<AuthProtocol>();
    let auth = if matches!(node, Node::Of(_)) { plant::in_following(world.plant, auth) } else { auth };
    let events = ways.to::<EventsProtocol>();
    let events = if matches!(node, Node::Of(_)) { plant::in_following_events(world.plant, events) } else { events };
    Clients {
        auth: Arc::new(AuthClient(ways.layered(auth))),
        events: Arc::new(EventsClient(ways.layered(events))),
        invitations: Arc::new(InvitationsClient(ways.layered(ways.to::<InvitationsProtocol>()))),
        calendar: Arc::new(CalendarClient(ways.layered(ways.to::<CalendarProtocol>()))),
        sharing: Arc::new(SharingClient(ways.layered(ways.to::<SharingProtocol>()))),
    }
}

struct Ways<'a> {
    world: &'a World,
    node: Node,
    dead: &'a CancellationToken,
    metrics: Arc<Metrics>,
}

impl Ways<'_> {
    fn to<P: Protocol>(&self) -> Arc<dyn Stub<P>> {
        let way = Way {
            network: self.world.network.clone(),
            from: self.node,
            to: Node::Of(P::SERVICE),
            name: P::SERVICE.name().to_owned(),
            dead: self.dead.clone(),
        };
        let channel = Arc::new(Channel::<P>::over(way, ChannelOptions::default()));
        match self.node {
            Node::Of(_) => channel,
            Node::Terminal(_) => Arc::new(Wire::new(channel, &self.world.history)),
        }
    }

    fn layered<P: Protocol>(&self, way: Arc<dyn Stub<P>>) -> Arc<dyn Stub<P>> {
        client_stack(way, &ClientOptions::default(), &self.metrics)
    }
}
