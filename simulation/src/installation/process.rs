//! One service on its machine: its process comes and goes, its disk and clock stay.
//!
//! A process that dies is cut off from the network and from its disk in the same instant. Some of its tasks may be polled once more
//! before they end; nothing that they do then reaches anybody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use chassis::{Running, Setup};
use domain::Peer;
use parking_lot::Mutex;
use storage::{Database, Epoch, MemoryDisk};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use transport::host::Hosted;
use transport::stream::BoxStream;
use transport::{ListenOptions, Metrics, Ready, Server, ServerOptions, server_stack};

use super::{Death, Member, World, clients_of};
use crate::network::{Accept, Node};
use crate::plant::{self, Plant};
use crate::time::MachineClock;

/// How long calls under way may take to finish when a service is stopped in good order.
const DRAINING: Duration = Duration::from_secs(2);

pub(super) struct Machine<P: Hosted> {
    world: World,
    disk: MemoryDisk,
    clock: Arc<MachineClock>,
    config: P::Config,
    process: Arc<Mutex<Option<Process<P>>>>,
    starts: AtomicU64,
    /// How its log was called at first.
    log: OnceLock<Epoch>,
}

/// A process, from its start to its end.
struct Process<P: Hosted> {
    number: u64,
    dead: CancellationToken,
    db: Database,
    up: Option<(Running<P>, Arc<Server<P>>)>,
    starting: Option<AbortOnDropHandle<()>>,
    _writer: AbortOnDropHandle<()>,
}

impl<P: Hosted> Machine<P> {
    pub(super) fn boxed(world: &World, config: P::Config) -> Arc<dyn Member> {
        let disk = MemoryDisk::new();
        if world.plant == Some(Plant::LostAcknowledgement) {
            disk.lie_about_syncs();
        }
        let clock = MachineClock::of(world.time);
        Arc::new(Self {
            world: world.clone(),
            disk,
            clock,
            config,
            process: Arc::default(),
            starts: AtomicU64::new(0),
            log: OnceLock::new(),
        })
    }

    /// Opens the database; its writer works until the handle is dropped.
    fn open(&self) -> (Database, AbortOnDropHandle<()>) {
        let world = self.world.clone();
        let syncing = move || tokio::time::sleep(world.sync_time());
        let tell_early = self.world.plant == Some(Plant::UndurableRead);
        let options = storage::Options::new(P::SERVICE.name(), P::SCHEMA);
        let opened = Database::simulated(&self.disk, options, syncing, tell_early);
        let (database, writer) = opened.expect("a disk in memory that nobody else has open");
        (database, AbortOnDropHandle::new(tokio::spawn(writer)))
    }
}

struct Listener<P: Hosted>(Arc<Server<P>>);

impl<P: Hosted> Accept for Listener<P> {
    fn accept(&self, stream: BoxStream) {
        self.0.accept(stream, Peer::Linked);
    }
}

#[async_trait]
impl<P: Hosted> Member for Machine<P> {
    fn clock(&self) -> &Arc<MachineClock> {
        &self.clock
    }

    fn start(&self) {
        let mut process = self.process.lock();
        if process.is_some() {
            return;
        }
        let (world, config) = (self.world.clone(), self.config.clone());
        world.trace.say(format_args!("{} starts", P::SERVICE));
        let dead = CancellationToken::new();
        let others = clients_of(&world, Node::Of(P::SERVICE), &dead);
        let (db, writer) = self.open();
        world.history.opened(P::SERVICE, db.durable_position());
        let _ = self.log.set(db.epoch());
        let setup = Setup { db: db.clone(), clock: Arc::clone(&self.clock) as _, operator: world.operator.clone() };
        let place = Arc::downgrade(&self.process);
        let number = self.starts.fetch_add(1, Ordering::Relaxed);
        let starting = async move {
            let running = match P::start(setup, others, config).await {
                Ok(running) => running,
                Err(fault) => return world.history.violation(format!("{} does not start: {fault}", P::SERVICE)),
            };
            let metrics = Metrics::new();
            let stub = plant::in_service(world.plant, running.stub());
            let stack = server_stack(stub, running.authenticate(), &ServerOptions::default(), &metrics);
            let listen = ListenOptions { drain_timeout: DRAINING, ..ListenOptions::default() };
            let server = Arc::new(Server::new(stack, Arc::new(Ready::default), metrics, listen));
            if let Some(place) = place.upgrade()
                && let Some(process) = place.lock().as_mut()
                && process.number == number
            {
                world.network.listen(Node::Of(P::SERVICE), Arc::new(Listener(Arc::clone(&server))));
                world.trace.say(format_args!("{} serves", P::SERVICE));
                process.up = Some((running, server));
            }
        };
        let starting = Some(AbortOnDropHandle::new(tokio::spawn(starting)));
        *process = Some(Process { number, dead, db, up: None, starting, _writer: writer });
    }

    fn die(&self, how: Death) {
        let process = self.process.lock().take();
        let Some(process) = process else { return };
        self.world.trace.say(format_args!("{} dies: {how:?}", P::SERVICE));
        process.dead.cancel();
        self.world.network.die(Node::Of(P::SERVICE), how == Death::Killed);
        match how {
            Death::Killed => self.disk.kill(),
            Death::PowerCut => self.disk.lose_unsynced(),
        }
        drop(process);
    }

    async fn stop(&self) {
        let (number, up) = match self.process.lock().as_mut() {
            Some(process) => {
                drop(process.starting.take());
                (process.number, process.up.take())
            }
            None => return,
        };
        self.world.trace.say(format_args!("{} is stopped", P::SERVICE));
        if let Some((running, server)) = up {
            server.shutdown().await;
            drop(server);
            running.stop().await;
        }
        let mut process = self.process.lock();
        if process.as_ref().is_some_and(|process| process.number == number) {
            process.take().into_iter().for_each(|process| process.dead.cancel());
            self.world.network.die(Node::Of(P::SERVICE), true);
            // All that it had finished is synced; if it was still starting, this is as good as a kill.
            self.disk.kill();
        }
    }

    fn is_down(&self) -> bool {
        self.process.lock().is_none()
    }

    fn has_another_history(&self) -> bool {
        self.process.lock().as_ref().is_some_and(|process| self.log.get() != Some(&process.db.epoch()))
    }
}
