//! All five services in this process, each with its own database and behind the same layers as if it were far away.
//!
//! What a service does not notice: its database is a folder of the installation, or a disk in memory that survives its death. What its
//! callers do not notice: they reach it without a byte, or (`wire`) over pipes in memory through the same channel and server that sockets
//! have, every repeatable call made twice.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::{OperatorKey, SystemClock};
use domain::auth::AuthProtocol;
use domain::calendar::CalendarProtocol;
use domain::events::EventsProtocol;
use domain::invitations::InvitationsProtocol;
use domain::sharing::SharingProtocol;
use domain::{Clock, Protocol, Service, Stub};
use parking_lot::Mutex;
use storage::{Database, MemoryDisk};
use tokio::time::timeout;

use super::clients::Ways;
use super::link::{Piped, Place, Standing};
use super::{Clients, DataFolder, Failed, FolderLock, PATIENCE, Sharing};
use crate::host::{Hosted, Stood};
use crate::layers::{Mismatch, Twice};
use crate::{Channel, ChannelOptions, ClientOptions, ListenOptions, Metrics, Server};

/// How long calls under way may take to finish when a service is stopped.
const DRAINING: Duration = Duration::from_secs(5);

/// How the five services are linked.
#[derive(Clone)]
pub struct LinkedOptions {
    /// The data folder, which nobody else may use in the meantime; `None` for databases in memory that are gone with the cluster.
    pub data: Option<PathBuf>,
    /// Whether every call is encoded and sent over a connection in memory, and every repeatable one made twice.
    pub wire: bool,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// How auth behaves.
    pub auth: auth::Config,
    /// How callers behave.
    pub client: ClientOptions,
}

impl LinkedOptions {
    /// For the real thing: on the data folder, without bytes.
    #[must_use]
    pub fn on(data: impl Into<PathBuf>) -> Self {
        Self { data: Some(data.into()), auth: auth::Config::default(), ..Self::for_tests() }
    }

    /// For tests: in memory, without bytes, with cheap passwords and no limit to speak of on registrations and sign-ins.
    #[must_use]
    pub fn for_tests() -> Self {
        let auth = auth::Config {
            hashing: auth::PasswordCost::cheapest(),
            registrations_per_minute: MANY,
            failed_logins_per_minute: MANY,
            ..auth::Config::default()
        };
        Self { data: None, wire: false, clock: Arc::new(SystemClock), auth, client: ClientOptions::default() }
    }
}

/// More registrations or wrong passwords a minute than any test makes.
pub(super) const MANY: u32 = 1_000_000;

/// The five, linked.
pub(super) struct Linked {
    pub(super) clients: Clients,
    pub(super) operator: OperatorKey,
    members: Vec<Box<dyn Member>>,
    mismatches: Arc<Mutex<Vec<Mismatch>>>,
    /// Given up last.
    _lock: Option<FolderLock>,
}

/// Where one service keeps its database.
#[derive(Clone)]
enum Disk {
    Folder(PathBuf),
    Memory(MemoryDisk),
}

/// One of the five, whatever its protocol.
#[async_trait]
pub(super) trait Member: Send + Sync {
    fn service(&self) -> Service;
    async fn start(&self) -> Result<(), Failed>;
    async fn stop(&self);
    async fn kill(&self);
    fn hang(&self, hung: bool);
}

struct Unit<P: Hosted> {
    place: Arc<Place<P>>,
    disk: Disk,
    config: P::Config,
    common: Common,
    /// The service while it runs. The lock is held while it starts or stops.
    stood: tokio::sync::Mutex<Option<Stood<P>>>,
}

/// What all five need.
#[derive(Clone)]
struct Common {
    clients: Clients,
    clock: Arc<dyn Clock>,
    operator: OperatorKey,
    metrics: Arc<Metrics>,
    wire: bool,
}

impl Linked {
    pub(super) async fn start(options: LinkedOptions) -> Result<Self, Failed> {
        let (lock, operator) = match options.data.clone() {
            Some(data) => take_folder(DataFolder::at(data)).await?,
            None => (None, OperatorKey::random().map_err(no_key)?),
        };
        let places = Places::default();
        let metrics = Metrics::new();
        let mismatches = Arc::<Mutex<Vec<Mismatch>>>::default();
        let ways = Linking { places: &places, wire: options.wire, mismatches: &mismatches };
        let clients = Clients::over(&ways, &options.client, &metrics);
        let common = Common {
            clients: clients.clone(),
            clock: options.clock,
            operator: operator.clone(),
            metrics,
            wire: options.wire,
        };
        let disk = |service: Service| match &options.data {
            Some(data) => Disk::Folder(DataFolder::at(data).database(service)),
            None => Disk::Memory(MemoryDisk::new()),
        };
        let Places { auth, events, invitations, calendar, sharing } = places;
        let members: Vec<Box<dyn Member>> = vec![
            Unit::boxed(auth, disk(Service::Auth), options.auth, &common),
            Unit::boxed(events, disk(Service::Events), (), &common),
            Unit::boxed(invitations, disk(Service::Invitations), (), &common),
            Unit::boxed(calendar, disk(Service::Calendar), (), &common),
            Unit::boxed(sharing, disk(Service::Sharing), (), &common),
        ];
        let started = futures::future::join_all(members.iter().map(|member| member.start())).await;
        started.into_iter().collect::<Result<(), Failed>>()?;
        Ok(Self { clients, operator, members, mismatches, _lock: lock })
    }

    pub(super) fn member(&self, service: Service) -> Result<&dyn Member, Failed> {
        let found = self.members.iter().find(|member| member.service() == service);
        found.map(Box::as_ref).ok_or_else(|| Failed(format!("{service} is not linked")))
    }

    pub(super) fn mismatches(&self) -> Vec<Mismatch> {
        self.mismatches.lock().clone()
    }

    /// Stops all five, those first who follow most.
    pub(super) async fn shutdown(&self) {
        futures::future::join_all(self.members.iter().map(|member| member.stop())).await;
    }
}

async fn take_folder(folder: DataFolder) -> Result<(Option<FolderLock>, OperatorKey), Failed> {
    let taken = tokio::task::spawn_blocking(move || {
        folder.prepare()?;
        let lock = folder.lock(Sharing::Alone, PATIENCE)?;
        let operator = OperatorKey::load_or_create(folder.path()).map_err(no_key)?;
        Ok((Some(lock), operator))
    });
    taken.await.map_err(|error| Failed(format!("the data folder was not taken: {error}")))?
}

#[allow(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn no_key(error: std::io::Error) -> Failed {
    Failed(format!("the operator's key cannot be had: {error}"))
}

impl<P: Hosted> Unit<P> {
    fn boxed(place: Arc<Place<P>>, disk: Disk, config: P::Config, common: &Common) -> Box<dyn Member> {
        Box::new(Self { place, disk, config, common: common.clone(), stood: tokio::sync::Mutex::new(None) })
    }

    async fn open(&self) -> Result<Database, Failed> {
        let disk = self.disk.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let options = storage::Options::new(P::SERVICE.name(), P::SCHEMA);
            match disk {
                Disk::Folder(folder) => Database::open(&folder, options),
                Disk::Memory(disk) => Database::on_memory_disk(&disk, options),
            }
        });
        let opened = opened.await.map_err(|error| Failed(format!("{} cannot start: {error}", P::SERVICE)))?;
        opened.map_err(|error| Failed(error.to_string()))
    }
}

#[async_trait]
impl<P: Hosted> Member for Unit<P> {
    fn service(&self) -> Service {
        P::SERVICE
    }

    async fn start(&self) -> Result<(), Failed> {
        let mut stood = self.stood.lock().await;
        if stood.is_some() {
            return Ok(());
        }
        let Common { clients, clock, operator, metrics, wire } = self.common.clone();
        let started =
            Stood::<P>::start(self.open().await?, clock, operator, clients, self.config.clone(), &metrics).await?;
        let stub = self.place.gate(Arc::clone(&started.stub));
        let server = wire.then(|| {
            let listen = ListenOptions { drain_timeout: DRAINING, ..ListenOptions::default() };
            Server::new(Arc::clone(&stub), Arc::clone(&started.readiness), metrics, listen)
        });
        self.place.put(Standing::new(stub, server));
        *stood = Some(started);
        Ok(())
    }

    async fn stop(&self) {
        let mut stood = self.stood.lock().await;
        let Some(ending) = stood.take() else { return };
        ending.ends();
        if let Some(standing) = self.place.take() {
            if timeout(DRAINING, standing.finish()).await.is_err() {
                tracing::warn!(service = %P::SERVICE, "calls were still under way when the time to finish them was over");
            }
            standing.kill();
        }
        ending.stop().await;
    }

    async fn kill(&self) {
        let mut stood = self.stood.lock().await;
        let Some(ended) = stood.take() else { return };
        if let Disk::Memory(disk) = &self.disk {
            disk.lose_unsynced();
        }
        if let Some(standing) = self.place.take() {
            standing.kill();
        }
        let db = ended.abandon();
        if matches!(self.disk, Disk::Folder(_)) {
            // A thread of one's own process cannot be killed, so what it had accepted is written after all.
            db.close().await;
        }
    }

    fn hang(&self, hung: bool) {
        self.place.hang(hung);
    }
}

/// The places of all five.
#[derive(Default)]
struct Places {
    auth: Arc<Place<AuthProtocol>>,
    events: Arc<Place<EventsProtocol>>,
    invitations: Arc<Place<InvitationsProtocol>>,
    calendar: Arc<Place<CalendarProtocol>>,
    sharing: Arc<Place<SharingProtocol>>,
}

/// How the places are reached.
struct Linking<'a> {
    places: &'a Places,
    wire: bool,
    mismatches: &'a Arc<Mutex<Vec<Mismatch>>>,
}

impl Linking<'_> {
    fn way<P: Protocol>(&self, place: &Arc<Place<P>>) -> Arc<dyn Stub<P>> {
        if !self.wire {
            return Arc::<Place<P>>::clone(place);
        }
        let channel = Channel::over(Piped(Arc::clone(place)), ChannelOptions::default());
        let mismatches = Arc::clone(self.mismatches);
        Arc::new(Twice::new(Arc::new(channel), Arc::new(move |mismatch| mismatches.lock().push(mismatch))))
    }
}

impl Ways for Linking<'_> {
    fn to_auth(&self) -> Arc<dyn Stub<AuthProtocol>> {
        self.way(&self.places.auth)
    }

    fn to_events(&self) -> Arc<dyn Stub<EventsProtocol>> {
        self.way(&self.places.events)
    }

    fn to_invitations(&self) -> Arc<dyn Stub<InvitationsProtocol>> {
        self.way(&self.places.invitations)
    }

    fn to_calendar(&self) -> Arc<dyn Stub<CalendarProtocol>> {
        self.way(&self.places.calendar)
    }

    fn to_sharing(&self) -> Arc<dyn Stub<SharingProtocol>> {
        self.way(&self.places.sharing)
    }
}
