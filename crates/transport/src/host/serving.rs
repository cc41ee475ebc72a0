//! The life of a service's process, from taking its port to closing its database.

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chassis::{OperatorKey, SystemClock};
use storage::Database;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::arriving::Arriving;
use super::auditing::audit_now_and_then;
use super::options::Options;
use super::{Ended, Hosted, Stood};
use crate::cluster::{Clients, DataFolder, Failed, FolderLock, Holder, PATIENCE, Sharing};
use crate::{ChannelOptions, ClientOptions, ListenOptions, Metrics, Server, Tls, bind};

/// How long calls under way may take to finish, and then the tasks and the database: together less than a supervisor waits.
const DRAINING: Duration = Duration::from_secs(4);
const CLOSING: Duration = Duration::from_secs(4);
const BETWEEN_HEALTH_CHECKS: Duration = Duration::from_millis(250);

pub(super) async fn serve<P: Hosted>(options: Options<P::Arguments>) -> Result<(), Ended> {
    let mut told_to_end = ToldToEnd::listen(options.with_parent)?;
    let address = options.address(P::SERVICE);
    let tls = options.tls(P::SERVICE)?;
    let listener = bind(address).await.map_err(|error| Failed(error.to_string()))?;

    let metrics = Metrics::new();
    metrics.of_this_process();
    let secured = tls.is_needed(&address.to_string());
    let listen = ListenOptions {
        drain_timeout: DRAINING,
        tls: tls.identity.clone().filter(|_| secured),
        ..ListenOptions::default()
    };
    if let Some(identity) = listen.tls.as_ref().filter(|_| !address.ip().is_unspecified())
        && let Err(why) = identity.check_host(&address.to_string())
    {
        // Callers may know it by another name, which its certificate has.
        tracing::warn!(service = %P::SERVICE, %address, why, "nobody can call it by this address");
    }
    let arriving = Arriving::<P>::new();
    let server = Server::new(Arc::clone(&arriving) as _, arriving.readiness(), Arc::clone(&metrics), listen);
    let mut serving = Box::pin(server.serve(listener));

    let folder = DataFolder::at(options.data.clone());
    let starting = start::<P>(options, tls, &folder, &metrics);
    let (stood, lock, auditing) = tokio::select! {
        started = starting => started?,
        () = &mut serving => return Err(Failed("it listens no more".to_owned()).into()),
        why = told_to_end.wait() => {
            tracing::info!(service = %P::SERVICE, why, "ended while starting");
            return Ok(());
        }
    };
    arriving.arrived(&stood);
    server.makes_backups(stood.backups());
    drop(arriving);
    let noted = folder.note_process(P::SERVICE)?;
    tracing::info!(service = %P::SERVICE, %address, tls = secured, data = %folder.path().display(), "serving");

    let failure = serve_until_the_end(serving, &stood, told_to_end).await;

    drop(auditing);
    stood.ends();
    server.shutdown().await;
    drop(server);
    if timeout(CLOSING, stood.stop()).await.is_err() {
        tracing::warn!(service = %P::SERVICE, "the database was not closed in time");
    }
    drop((noted, lock));
    tracing::info!(service = %P::SERVICE, "ended");
    match failure {
        None => Ok(()),
        Some(Stopped::Listening) => Err(Failed(format!("{} listens no more", P::SERVICE)).into()),
        Some(Stopped::Database(error)) => Err(Ended::because_of::<P>(&error)),
    }
}

/// What keeps a service from going on.
enum Stopped {
    Listening,
    Database(storage::Error),
}

/// Opens the data folder and starts the service on it.
async fn start<P: Hosted>(
    options: Options<P::Arguments>,
    tls: Tls,
    folder: &DataFolder,
    metrics: &Arc<Metrics>,
) -> Result<(Stood<P>, FolderLock, AbortOnDropHandle<()>), Ended> {
    let opened = {
        let (folder, of_database) = (folder.clone(), options.of_database(P::SERVICE, P::SCHEMA));
        tokio::task::spawn_blocking(move || open::<P>(&folder, of_database))
    };
    let (lock, operator, db) =
        opened.await.map_err(|error| Failed(format!("the database was not opened: {error}")))??;
    // Its own place is among them: the audit in the background asks it as `convene check` does.
    let peers = options.peers().with(P::SERVICE, options.address(P::SERVICE).to_string());
    let others = Clients::connected(
        &peers,
        &ChannelOptions { tls, ..ChannelOptions::default() },
        &ClientOptions::default(),
        metrics,
    );
    metrics.show_disk(P::SERVICE, folder.path().to_owned());
    let every = Duration::from_secs(options.audit_every);
    let auditing = audit_now_and_then(P::SERVICE, others.clone(), operator.clone(), Arc::clone(metrics), every);
    let stood = Stood::<P>::start(db, Arc::new(SystemClock), operator, others, options.own.into(), metrics).await?;
    Ok((stood, lock, AbortOnDropHandle::new(tokio::spawn(auditing))))
}

type Opened = (FolderLock, OperatorKey, Database);

/// Takes the data folder and what is needed of it. Blocks.
fn open<P: Hosted>(folder: &DataFolder, options: storage::Options) -> Result<Opened, Ended> {
    folder.prepare()?;
    let lock = folder.lock(Sharing::WithServices, PATIENCE)?;
    let operator = OperatorKey::load_or_create(folder.path())
        .map_err(|error| Failed(format!("the operator's key cannot be had: {error}")))?;
    let path = folder.database(P::SERVICE);
    let db = Database::open(&path, options).map_err(|error| match (&error, folder.running(P::SERVICE)) {
        (storage::Error::InUse { path }, Some(holder)) => in_use(path, &holder).into(),
        _ => Ended::because_of::<P>(&error),
    })?;
    Ok((lock, operator, db))
}

fn in_use(database: &Path, holder: &Holder) -> Failed {
    let Holder { pid, program } = holder;
    let database = database.display();
    Failed(format!("{database} is in use by {program} (process {pid}): stop it, or choose another data folder"))
}

/// Serves until told to end, or until the service cannot go on: why.
async fn serve_until_the_end<P: Hosted>(
    serving: impl Future<Output = ()>,
    stood: &Stood<P>,
    mut told_to_end: ToldToEnd,
) -> Option<Stopped> {
    let mut checks = interval(BETWEEN_HEALTH_CHECKS);
    let failure = async {
        loop {
            checks.tick().await;
            if let Some(why) = stood.failure() {
                return why;
            }
        }
    };
    tokio::select! {
        () = serving => Some(Stopped::Listening),
        why = failure => Some(Stopped::Database(why)),
        why = told_to_end.wait() => {
            tracing::info!(service = %P::SERVICE, why, "ending");
            None
        }
    }
}

/// The ways in which a program is told to end.
struct ToldToEnd {
    terminate: Signal,
    interrupt: Signal,
    orphaned: CancellationToken,
}

impl ToldToEnd {
    fn listen(parent: Option<u32>) -> Result<Self, Failed> {
        let listen = |kind| signal(kind).map_err(|error| Failed(format!("cannot listen for signals: {error}")));
        let orphaned = CancellationToken::new();
        if parent.is_some() {
            let orphaned = orphaned.clone();
            // A thread of its own, since a blocking read on the runtime's would hold up its end.
            std::thread::Builder::new()
                .name("parent".to_owned())
                .spawn(move || {
                    wait_for_end_of_input();
                    orphaned.cancel();
                })
                .map_err(|error| Failed(format!("cannot start a thread: {error}")))?;
        }
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())?, orphaned })
    }

    async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            () = self.orphaned.cancelled() => "the process that started it has ended",
        }
    }
}

fn wait_for_end_of_input() {
    let mut bytes = [0; 64];
    let mut input = io::stdin().lock();
    loop {
        match input.read(&mut bytes) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
            Ok(_) | Err(_) => {}
        }
    }
}
