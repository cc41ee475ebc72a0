//! All five services, however they are reached, as one thing that can be asked, stopped, started and watched.
//!
//! * *connected*: they run elsewhere, and their addresses are given;
//! * *linked*: they run in this process, on a data folder or in memory, with no bytes between or (for tests) all of them;
//! * *spawned*: each is a process that this one starts.
//!
//! Callers see [`Clients`] and no difference: the same layers stand in the same order in all three.

mod addresses;
mod catch_up;
mod clients;
mod folder;
mod link;
mod linked;
mod ports;
mod process;
pub mod programs;
mod ready;
mod spawned;
mod unit;

use std::path::Path;
use std::time::Duration;

use chassis::{OperatorKey, SystemClock};
use domain::{Clock as _, Context, Credential, Service};
use tokio::time::{Instant, sleep};

pub use addresses::{Addresses, BASE_PORT};
pub use catch_up::caught_up;
pub use clients::Clients;
pub use folder::{
    DataFolder, FolderLock, Holder, PATIENCE, PidFile, Sharing, argument_of, parent_of, program_of, program_run_by,
};
pub use linked::{LinkedOptions, OpenDatabase};
pub use process::{Launch, ServiceProcess};
pub use ready::ready;
pub use spawned::SpawnedOptions;

use crate::layers::Mismatch;
use crate::{ChannelOptions, ClientOptions, Metrics, Tls};
use linked::Linked;
use spawned::Spawned;

/// How long the services of a client that runs everything inside itself may take to catch up before the first query, and at the end.
const CATCHING_UP: Duration = Duration::from_secs(3);
const STOPPING: Duration = Duration::from_secs(10);
/// How long a service that was started may take to answer.
const ANSWERING: Duration = Duration::from_secs(5);
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(10);

/// Why a cluster could not do what it should, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(pub String);

/// All five services.
pub struct Cluster {
    clients: Clients,
    addresses: Addresses,
    operator: Option<OperatorKey>,
    kind: Kind,
}

enum Kind {
    Connected,
    Linked(Linked),
    /// Linked on the data folder of an installation, for as long as a command takes.
    Visiting(Linked),
    Spawned(Spawned),
}

impl Cluster {
    /// Services that run elsewhere on loopback: on `host`, each at its number after `base_port`. Nothing is connected before it is needed.
    #[must_use]
    pub fn connected(host: &str, base_port: u16, options: &ClientOptions) -> Self {
        Self::connected_to(Addresses::after(host, base_port), options)
    }

    /// Services that run elsewhere, at these addresses, all of them on loopback.
    #[must_use]
    pub fn connected_to(addresses: Addresses, options: &ClientOptions) -> Self {
        Self::connected_through(addresses, Tls::default(), options)
    }

    /// Services that run elsewhere, at these addresses.
    #[must_use]
    pub fn connected_through(addresses: Addresses, tls: Tls, options: &ClientOptions) -> Self {
        let channel = ChannelOptions { tls, ..ChannelOptions::default() };
        let clients = Clients::connected(&addresses, &channel, options, &Metrics::new());
        Self { clients, addresses, operator: None, kind: Kind::Connected }
    }

    /// All five in this process. They live no longer than the runtime that this is called on.
    ///
    /// # Errors
    /// If the data folder is in use (by whom) or cannot be used, or a service cannot start.
    pub async fn linked(options: LinkedOptions) -> Result<Self, Failed> {
        let linked = Linked::start(options).await?;
        Ok(Self {
            clients: linked.clients.clone(),
            addresses: Addresses::default(),
            operator: Some(linked.operator.clone()),
            kind: Kind::Linked(linked),
        })
    }

    /// All five in this process, on the data folder of an installation, caught up with each other as far as that is possible within a few
    /// seconds. [`shutdown`](Self::shutdown) lets them catch up again.
    ///
    /// # Errors
    /// As [`linked`](Self::linked).
    pub async fn in_process(data: &Path) -> Result<Self, Failed> {
        let linked = Linked::start(LinkedOptions::on(data)).await?;
        let cluster = Self {
            clients: linked.clients.clone(),
            addresses: Addresses::default(),
            operator: Some(linked.operator.clone()),
            kind: Kind::Visiting(linked),
        };
        cluster.catch_up_if_possible().await;
        Ok(cluster)
    }

    /// All five as processes of their own, which end when this one does.
    ///
    /// # Errors
    /// If a program is missing or a service does not become ready, with the last lines of its log.
    pub async fn spawned(options: SpawnedOptions) -> Result<Self, Failed> {
        let spawned = Spawned::start(options).await?;
        Ok(Self {
            clients: spawned.clients.clone(),
            addresses: spawned.launch.addresses.clone(),
            operator: Some(spawned.operator.clone()),
            kind: Kind::Spawned(spawned),
        })
    }

    /// What the services are called through.
    #[must_use]
    pub const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Where they listen; nowhere if they are linked.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Lets a connected cluster act as the operator of the installation whose data folder is `data`.
    ///
    /// # Errors
    /// If its key cannot be read.
    pub fn with_operator_of(mut self, data: &Path) -> Result<Self, Failed> {
        let key =
            OperatorKey::load(data).map_err(|error| Failed(format!("the operator's key cannot be had: {error}")))?;
        self.operator = Some(key);
        Ok(self)
    }

    /// What the operator shows, good for an hour.
    ///
    /// # Errors
    /// If the operator's key is not known: a connected cluster needs [`with_operator_of`](Self::with_operator_of).
    pub fn operator(&self) -> Result<Credential, Failed> {
        let key = self.operator.as_ref().ok_or_else(|| Failed("the operator's key is not known".to_owned()))?;
        key.operator_credential(SystemClock.now()).map_err(|error| Failed(error.to_string()))
    }

    /// Ends one service in good order: what it had accepted is finished. One that is not running stays so.
    ///
    /// # Errors
    /// If it is not ours.
    pub async fn stop(&self, service: Service) -> Result<(), Failed> {
        match &self.kind {
            Kind::Connected => Err(not_ours(service)),
            Kind::Linked(linked) | Kind::Visiting(linked) => {
                linked.member(service)?.stop().await;
                Ok(())
            }
            Kind::Spawned(spawned) => spawned.stop(service, STOPPING).await,
        }
    }

    /// Ends one service at once: with SIGKILL, or in memory with a power cut that takes what was not synced.
    ///
    /// # Errors
    /// If it is not ours.
    pub async fn kill(&self, service: Service) -> Result<(), Failed> {
        match &self.kind {
            Kind::Connected => Err(not_ours(service)),
            Kind::Linked(linked) | Kind::Visiting(linked) => {
                linked.member(service)?.kill().await;
                Ok(())
            }
            Kind::Spawned(spawned) => spawned.kill(service).await,
        }
    }

    /// Starts one service again and waits until it answers. One that is running stays so.
    ///
    /// # Errors
    /// If it is not ours, or does not start.
    pub async fn start(&self, service: Service) -> Result<(), Failed> {
        match &self.kind {
            Kind::Connected => Err(not_ours(service)),
            Kind::Linked(linked) | Kind::Visiting(linked) => linked.member(service)?.start().await,
            Kind::Spawned(spawned) => spawned.start_service(service).await,
        }?;
        self.answers(service).await
    }

    /// Waits until a service that was started answers through the clients, whose breakers may remember how it was.
    async fn answers(&self, service: Service) -> Result<(), Failed> {
        let until = Instant::now() + ANSWERING;
        loop {
            let context = Context::new(Credential::None, ANSWERING);
            match self.clients.health(service, &context).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() >= until => {
                    return Err(Failed(format!("{service} does not answer: {error}")));
                }
                Err(_) => sleep(BETWEEN_QUESTIONS).await,
            }
        }
    }

    /// Stops one service in good order and starts it again.
    ///
    /// # Errors
    /// If it is not ours, or does not start.
    pub async fn restart(&self, service: Service) -> Result<(), Failed> {
        self.stop(service).await?;
        self.start(service).await
    }

    /// Makes one service hang: it is there and does not answer, until [`resume`](Self::resume).
    ///
    /// # Errors
    /// If it is not ours.
    pub async fn pause(&self, service: Service) -> Result<(), Failed> {
        self.hang(service, true).await
    }

    /// Lets a service that hangs go on.
    ///
    /// # Errors
    /// If it is not ours.
    pub async fn resume(&self, service: Service) -> Result<(), Failed> {
        self.hang(service, false).await
    }

    async fn hang(&self, service: Service, hung: bool) -> Result<(), Failed> {
        match &self.kind {
            Kind::Connected => Err(not_ours(service)),
            Kind::Linked(linked) | Kind::Visiting(linked) => {
                linked.member(service)?.hang(hung);
                Ok(())
            }
            Kind::Spawned(spawned) => spawned.hang(service, hung).await,
        }
    }

    /// A backup of the database of one service, which goes on meanwhile.
    ///
    /// # Errors
    /// If it is not ours, or cannot be backed up.
    pub async fn backup(&self, service: Service) -> Result<Vec<u8>, Failed> {
        match &self.kind {
            Kind::Connected => Err(not_ours(service)),
            Kind::Linked(linked) | Kind::Visiting(linked) => linked.member(service)?.backup().await,
            Kind::Spawned(spawned) => spawned.backup(service, &self.operator()?).await,
        }
    }

    /// Puts a backup in the place of the database of one service, which is stopped.
    ///
    /// # Errors
    /// If it is not ours, or runs, or the backup cannot be used.
    pub async fn restore(&self, service: Service, backup: Vec<u8>) -> Result<(), Failed> {
        match &self.kind {
            Kind::Connected => Err(not_ours(service)),
            Kind::Linked(linked) | Kind::Visiting(linked) => linked.member(service)?.restore(backup).await,
            Kind::Spawned(spawned) => spawned.restore(service, &backup).await,
        }
    }

    /// The process of a spawned service, while it runs.
    pub async fn pid(&self, service: Service) -> Option<u32> {
        match &self.kind {
            Kind::Spawned(spawned) => spawned.pid(service).await,
            Kind::Connected | Kind::Linked(_) | Kind::Visiting(_) => None,
        }
    }

    /// Waits until every service has taken over all that the others have told, and nothing moves any more.
    ///
    /// # Errors
    /// After `within`: which follower lags, or which service does not answer.
    pub async fn caught_up(&self, within: Duration) -> Result<(), Failed> {
        catch_up::caught_up(&self.clients, &self.operator()?, within).await
    }

    async fn catch_up_if_possible(&self) {
        if let Err(lagging) = self.caught_up(CATCHING_UP).await {
            tracing::debug!(%lagging, "not all services have caught up");
        }
    }

    /// Calls made twice (`wire`) whose two answers differ where they must not, apart from those that tell how things are at the moment.
    #[must_use]
    pub fn mismatches(&self) -> Vec<Mismatch> {
        match &self.kind {
            Kind::Linked(linked) | Kind::Visiting(linked) => linked.mismatches(),
            Kind::Connected | Kind::Spawned(_) => Vec::new(),
        }
    }

    /// Ends all services that are ours in good order, and those at once that need longer than `within`.
    pub async fn shutdown(&self, within: Duration) {
        match &self.kind {
            Kind::Connected => {}
            Kind::Linked(linked) => end(linked, within).await,
            Kind::Visiting(linked) => {
                self.catch_up_if_possible().await;
                end(linked, within).await;
            }
            Kind::Spawned(spawned) => spawned.shutdown(within).await,
        }
    }
}

async fn end(linked: &Linked, within: Duration) {
    if tokio::time::timeout(within, linked.shutdown()).await.is_err() {
        tracing::warn!("the services were not ended in time");
    }
}

fn not_ours(service: Service) -> Failed {
    Failed(format!("{service} runs elsewhere: it is not ours to stop or start"))
}
