//! One of the five services in this process: it starts, stops, dies and comes back, its place and its disk stay.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::OperatorKey;
use domain::{Clock, Service};
use storage::{Database, MemoryDisk};
use tokio::time::timeout;

use super::link::{Place, Standing};
use super::linked::OpenDatabase;
use super::{Clients, Failed};
use crate::host::{Hosted, Stood};
use crate::{ListenOptions, Metrics, Server};

/// How long calls under way may take to finish when a service is stopped.
const DRAINING: Duration = Duration::from_secs(5);

/// Where one service keeps its database.
#[derive(Clone)]
pub(super) enum Disk {
    /// And what opens it there.
    Folder(PathBuf, OpenDatabase),
    Memory(MemoryDisk),
}

/// One of the five, whatever its protocol.
#[async_trait]
pub(super) trait Member: Send + Sync {
    fn service(&self) -> Service;
    /// Opens its database, if it is not open.
    async fn open(&self) -> Result<(), Failed>;
    async fn start(&self) -> Result<(), Failed>;
    async fn stop(&self);
    async fn kill(&self);
    fn hang(&self, hung: bool);
    /// A backup of its database, while it runs.
    async fn backup(&self) -> Result<Vec<u8>, Failed>;
    /// Puts a backup in the place of its database, while it is stopped.
    async fn restore(&self, backup: Vec<u8>) -> Result<(), Failed>;
}

pub(super) struct Unit<P: Hosted> {
    place: Arc<Place<P>>,
    disk: Disk,
    config: P::Config,
    common: Common,
    /// The lock is held while the service starts or stops.
    state: tokio::sync::Mutex<State<P>>,
}

/// How far a service is.
enum State<P: Hosted> {
    Down,
    /// Its database is open.
    Opened(Database),
    Up(Stood<P>),
}

/// What all five need.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) clients: Clients,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) operator: OperatorKey,
    pub(super) metrics: Arc<Metrics>,
    pub(super) wire: bool,
}

impl<P: Hosted> Unit<P> {
    pub(super) fn boxed(place: &Arc<Place<P>>, disk: Disk, config: P::Config, common: Common) -> Box<dyn Member> {
        Box::new(Self { place: Arc::clone(place), disk, config, common, state: tokio::sync::Mutex::new(State::Down) })
    }

    async fn database(&self) -> Result<Database, Failed> {
        let disk = self.disk.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let options = storage::Options::new(P::SERVICE.name(), P::SCHEMA);
            match disk {
                Disk::Folder(folder, open) => open(&folder, options),
                Disk::Memory(disk) => Database::on_memory_disk(&disk, options),
            }
        });
        let opened = opened.await.map_err(|error| Failed(format!("{} cannot start: {error}", P::SERVICE)))?;
        opened.map_err(|error| Failed(error.to_string()))
    }

    async fn stand(&self, db: Database) -> Result<Stood<P>, Failed> {
        let Common { clients, clock, operator, metrics, wire } = self.common.clone();
        let stood = Stood::<P>::start(db, clock, operator, clients, self.config.clone(), &metrics).await?;
        let stub = self.place.gate(Arc::clone(&stood.stub));
        let server = wire.then(|| {
            let listen = ListenOptions { drain_timeout: DRAINING, ..ListenOptions::default() };
            Server::new(Arc::clone(&stub), Arc::clone(&stood.readiness), metrics, listen)
        });
        self.place.put(Standing::new(stub, server));
        Ok(stood)
    }
}

#[async_trait]
impl<P: Hosted> Member for Unit<P> {
    fn service(&self) -> Service {
        P::SERVICE
    }

    async fn open(&self) -> Result<(), Failed> {
        let mut state = self.state.lock().await;
        if let State::Down = *state {
            *state = State::Opened(self.database().await?);
        }
        Ok(())
    }

    async fn start(&self) -> Result<(), Failed> {
        let mut state = self.state.lock().await;
        let db = match std::mem::replace(&mut *state, State::Down) {
            State::Up(stood) => {
                *state = State::Up(stood);
                return Ok(());
            }
            State::Opened(db) => db,
            State::Down => self.database().await?,
        };
        *state = State::Up(self.stand(db).await?);
        Ok(())
    }

    async fn stop(&self) {
        let mut state = self.state.lock().await;
        match std::mem::replace(&mut *state, State::Down) {
            State::Down => {}
            State::Opened(db) => db.close().await,
            State::Up(stood) => {
                stood.ends();
                if let Some(standing) = self.place.take() {
                    if timeout(DRAINING, standing.finish()).await.is_err() {
                        tracing::warn!(service = %P::SERVICE, "calls were still under way when the time to finish them was over");
                    }
                    standing.kill();
                }
                stood.stop().await;
            }
        }
    }

    async fn kill(&self) {
        let mut state = self.state.lock().await;
        if let Disk::Memory(disk) = &self.disk {
            disk.lose_unsynced();
        }
        if let Some(standing) = self.place.take() {
            standing.kill();
        }
        let db = match std::mem::replace(&mut *state, State::Down) {
            State::Down => return,
            State::Opened(db) => db,
            State::Up(stood) => stood.abandon(),
        };
        if matches!(self.disk, Disk::Folder(..)) {
            // A thread of one's own process cannot be killed, so what it had accepted is written after all.
            db.close().await;
        }
    }

    fn hang(&self, hung: bool) {
        self.place.hang(hung);
    }

    async fn backup(&self) -> Result<Vec<u8>, Failed> {
        let state = self.state.lock().await;
        let State::Up(stood) = &*state else { return Err(Failed(format!("{} does not run", P::SERVICE))) };
        let failed = |error: storage::Error| Failed(format!("the backup of {} failed: {error}", P::SERVICE));
        let mut backup = stood.db().backup().map_err(failed)?;
        let mut bytes = Vec::new();
        while let Some(piece) = backup.next().await.map_err(failed)? {
            bytes.extend(piece);
        }
        Ok(bytes)
    }

    async fn restore(&self, backup: Vec<u8>) -> Result<(), Failed> {
        let state = self.state.lock().await;
        if !matches!(*state, State::Down) {
            return Err(Failed(format!("{} is running: stop it first", P::SERVICE)));
        }
        let disk = self.disk.clone();
        let restored = tokio::task::spawn_blocking(move || match disk {
            Disk::Memory(disk) => {
                let options = storage::Options::new(P::SERVICE.name(), P::SCHEMA);
                let restored = Database::restore_on_memory_disk(&disk, options, backup.as_slice());
                restored.map_err(|error| Failed(error.to_string()))
            }
            Disk::Folder(path, _) => Err(Failed(format!("{} is restored by its own program", path.display()))),
        });
        restored.await.map_err(|error| Failed(error.to_string()))?
    }
}
