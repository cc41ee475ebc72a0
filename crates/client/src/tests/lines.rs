//! What the services tell a [`Rig`] on their lines.

use domain::{Epoch, Error, Position, Positions, Service};

use super::rig::Rig;
use crate::app::ask::{Call, Outcome};
use crate::app::effect::Sent;

/// Where every service is at first.
pub(super) fn far() -> Positions {
    let mut far = Positions::default();
    for service in Service::ALL {
        far.set(service, Position { epoch: Epoch([1; 16]), at: 1 });
    }
    far
}

impl Rig {
    /// A service tells on its line how far it is.
    pub(super) fn tells(&mut self, service: Service, at: u64) {
        let sent = self.on_line(service);
        self.far.set(service, Position { epoch: Epoch([1; 16]), at });
        let far = self.far.clone();
        self.answer(&sent, Ok(Outcome::Far(far)));
    }

    /// A service's line fails.
    pub(super) fn loses(&mut self, service: Service, error: Error) {
        let sent = self.on_line(service);
        self.answer(&sent, Err(error));
    }

    fn on_line(&mut self, service: Service) -> Sent {
        let to = |sent: &Sent| matches!(sent.call, Call::Watch { service: of, .. } if of == service);
        let place = self.calls.iter().position(to);
        self.calls.remove(place.unwrap_or_else(|| panic!("no line to {service}; but {:?}", self.calls)))
    }
}
