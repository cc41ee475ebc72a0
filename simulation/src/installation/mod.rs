//! The five services, each a process on a machine of its own: with a disk that outlives it, a clock, and a place in the network.

mod process;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::OperatorKey;
use domain::auth::AuthProtocol;
use domain::calendar::CalendarProtocol;
use domain::events::EventsProtocol;
use domain::invitations::InvitationsProtocol;
use domain::sharing::SharingProtocol;
use domain::{Credential, Service};
use parking_lot::Mutex;

use crate::history::History;
use crate::network::Network;
use crate::plant::Plant;
use crate::time::{MachineClock, Time};
use crate::trace::Trace;
use process::Machine;
pub(crate) use ways::clients_of;

/// How a process ends against its will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// What it has written stays, synced or not, and the machine closes its connections.
    Killed,
    /// What was not synced is lost, and nobody is told.
    PowerCut,
}

/// One of the five, whatever its protocol.
#[async_trait]
pub(crate) trait Member: Send + Sync {
    fn clock(&self) -> &Arc<MachineClock>;
    /// Starts it, if it is down. It may serve only after a while.
    fn start(&self);
    /// Ends it at once.
    fn die(&self, how: Death);
    /// Ends it in good order.
    async fn stop(&self);
    fn is_down(&self) -> bool;
    /// Whether it has given its log another name since its first start, because it was shown what it did not know.
    fn has_another_history(&self) -> bool;
}

/// What every part of a simulation can reach.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) time: Time,
    pub(crate) trace: Trace,
    pub(crate) network: Network,
    pub(crate) history: History,
    pub(crate) operator: OperatorKey,
    pub(crate) plant: Option<Plant>,
    /// How long a disk needs to sync at most, in milliseconds.
    pub(crate) syncing: Arc<Mutex<(fastrand::Rng, u64)>>,
}

impl World {
    /// How long the next sync takes.
    fn sync_time(&self) -> Duration {
        let mut syncing = self.syncing.lock();
        let most = syncing.1;
        Duration::from_millis(syncing.0.u64(1..=most.max(1)))
    }

    /// What the operator shows, by an honest clock.
    pub(crate) fn operator_credential(&self) -> Credential {
        self.operator.operator_credential(self.time.now()).expect("randomness")
    }
}

/// All five.
#[derive(Clone)]
pub(crate) struct Installation {
    members: Arc<[Arc<dyn Member>; 5]>,
}

impl Installation {
    /// On five empty disks; nothing is started.
    pub(crate) fn new(world: &World) -> Self {
        let auth = auth::Config {
            hashing: auth::PasswordCost::cheapest(),
            hashed_on: auth::HashedOn::CallersThread,
            registrations_per_minute: 1_000_000,
            failed_logins_per_minute: 1_000_000,
            ..auth::Config::default()
        };
        let members: [Arc<dyn Member>; 5] = [
            Machine::<AuthProtocol>::boxed(world, auth),
            Machine::<EventsProtocol>::boxed(world, ()),
            Machine::<InvitationsProtocol>::boxed(world, ()),
            Machine::<CalendarProtocol>::boxed(world, ()),
            Machine::<SharingProtocol>::boxed(world, ()),
        ];
        Self { members: Arc::new(members) }
    }

    pub(crate) fn members(&self) -> &[Arc<dyn Member>; 5] {
        &self.members
    }

    pub(crate) fn member(&self, service: Service) -> &Arc<dyn Member> {
        &self.members[usize::from(service.number()) - 1]
    }
}
