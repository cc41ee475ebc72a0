//! How instances of events that recur are named: by the start that the rules gave them, in the civil time of the event's zone.
//!
//! What `calendar` prints as `instance` can be given back as it is. A start without an offset is the civil time itself; for one with
//! an offset the event's zone has to be known, and whichever service is asked anyway is asked for it.

use domain::events::ShowEvent;
use domain::invitations::OfEvents;
use domain::time::civil_seconds;
use domain::{EventId, Instance, Series, Service, Zone};
use jiff::civil::Time;

use super::invocation::Invocation;
use crate::arguments::Which;
use crate::failure::Failure;
use crate::when::Point;

/// The instances that a command is about.
///
/// # Errors
/// Invalid input naming `instance`; what `service` reports, if it has to be asked.
pub(super) async fn meant(
    invocation: &mut Invocation<'_>,
    service: Service,
    event: EventId,
    which: &Which,
) -> Result<Instance, Failure> {
    let Some(text) = &which.instance else { return Ok(Instance::Series) };
    let here = invocation.here().clone();
    let start = match Point::parse("instance", text, here.now, &here.zone)? {
        Point::Date(date) => civil_seconds(date.to_datetime(Time::midnight())),
        Point::Civil(civil) => civil_seconds(civil),
        Point::Instant(instant) => {
            let zone = zone_of(invocation, service, event).await?.unwrap_or(here.zone);
            civil_seconds(instant.to_zoned(zone.rules()).datetime())
        }
    };
    Ok(if which.following { Instance::From(start) } else { Instance::On(start) })
}

/// The zone of an event's times, if it has one.
async fn zone_of(invocation: &mut Invocation<'_>, service: Service, event: EventId) -> Result<Option<Zone>, Failure> {
    let clients = invocation.clients();
    let zone = |series: &Series| series.first.zone().cloned();
    if service == Service::Invitations {
        let request = OfEvents { events: vec![event] };
        let mine = async |context: &domain::Context| clients.invitations.mine(context, request).await;
        let known = invocation.ask(service, mine).await?;
        if let Some(invitation) = known.first() {
            return Ok(zone(&invitation.event.series));
        }
    }
    let request = ShowEvent { event, instance: Instance::Series };
    let shown = async |context: &domain::Context| clients.events.show(context, request).await;
    Ok(zone(&invocation.ask(Service::Events, shown).await?.series))
}
