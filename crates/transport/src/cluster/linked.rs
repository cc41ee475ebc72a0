//! All five services in this process, each with its own database and behind the same layers as if it were far away.
//!
//! What a service does not notice: its database is a folder of the installation, or a disk in memory that survives its death. What its
//! callers do not notice: they reach it without a byte, or (`wire`) over pipes in memory through the same channel and server that sockets
//! have, every repeatable call made twice.

use std::path::PathBuf;
use std::sync::Arc;

use chassis::{OperatorKey, SystemClock};
use domain::auth::AuthProtocol;
use domain::calendar::CalendarProtocol;
use domain::events::EventsProtocol;
use domain::invitations::InvitationsProtocol;
use domain::sharing::SharingProtocol;
use domain::{Clock, Protocol, Service, Stub};
use futures::future::join_all;
use parking_lot::Mutex;
use storage::MemoryDisk;

use super::clients::Ways;
use super::link::{Piped, Place};
use super::unit::{Common, Disk, Member, Unit};
use super::{Clients, DataFolder, Failed, FolderLock, PATIENCE, Sharing};
use crate::layers::{Mismatch, Twice};
use crate::{Channel, ChannelOptions, ClientOptions, Metrics};

/// Opens the database of one service in its folder.
pub type OpenDatabase =
    Arc<dyn Fn(&std::path::Path, storage::Options) -> Result<storage::Database, storage::Error> + Send + Sync>;

/// How the five services are linked.
#[derive(Clone)]
pub struct LinkedOptions {
    /// The data folder, which nobody else may use in the meantime; `None` for databases in memory that are gone with the cluster.
    pub data: Option<PathBuf>,
    /// What opens the databases in the data folder: [`storage::Database::open`], or that of another engine.
    pub open: OpenDatabase,
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
        let open: OpenDatabase = Arc::new(storage::Database::open);
        Self { data: None, open, wire: false, clock: Arc::new(SystemClock), auth, client: ClientOptions::default() }
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
        // Each caller has a stack of its own, as each process would have: what one has given up another may still ask.
        let clients = || Clients::over(&ways, &options.client, &metrics);
        let outside = clients();
        let common = || Common {
            clients: clients(),
            clock: Arc::clone(&options.clock),
            operator: operator.clone(),
            metrics: Arc::clone(&metrics),
            wire: options.wire,
        };
        let disk = |service: Service| match &options.data {
            Some(data) => Disk::Folder(DataFolder::at(data).database(service), Arc::clone(&options.open)),
            None => Disk::Memory(MemoryDisk::new()),
        };
        // In the order in which they follow each other.
        let members: Vec<Box<dyn Member>> = vec![
            Unit::boxed(&places.auth, disk(Service::Auth), options.auth.clone(), common()),
            Unit::boxed(&places.events, disk(Service::Events), (), common()),
            Unit::boxed(&places.sharing, disk(Service::Sharing), (), common()),
            Unit::boxed(&places.invitations, disk(Service::Invitations), (), common()),
            Unit::boxed(&places.calendar, disk(Service::Calendar), (), common()),
        ];
        let linked = Self { clients: outside, operator, members, mismatches, _lock: lock };
        linked.start_all().await?;
        Ok(linked)
    }

    /// Opens all databases at once, and then starts those first whom others follow, so that nobody is asked before they are there.
    async fn start_all(&self) -> Result<(), Failed> {
        let opened = join_all(self.members.iter().map(|member| member.open())).await;
        opened.into_iter().collect::<Result<(), Failed>>()?;
        for member in &self.members {
            member.start().await?;
        }
        Ok(())
    }

    pub(super) fn member(&self, service: Service) -> Result<&dyn Member, Failed> {
        let found = self.members.iter().find(|member| member.service() == service);
        found.map(Box::as_ref).ok_or_else(|| Failed(format!("{service} is not linked")))
    }

    pub(super) fn mismatches(&self) -> Vec<Mismatch> {
        self.mismatches.lock().clone()
    }

    /// Stops all five.
    pub(super) async fn shutdown(&self) {
        join_all(self.members.iter().map(|member| member.stop())).await;
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
