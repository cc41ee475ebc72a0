//! Starting the services, and staying with them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chassis::SystemClock;
use domain::{Clock as _, Service, Zone};
use futures::future::join_all;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use transport::cluster::{Cluster, Failed, Launch, ServiceProcess};
use transport::host::DAMAGED;
use transport::{ClientOptions, Tls};

use super::client::{self, Reports};
use super::{Up, before, say};
use crate::demo;
use crate::output::Document as _;
use crate::when::Here;

/// How long all services may take to become ready, and each to end.
const STARTING: Duration = Duration::from_secs(30);
const STOPPING: Duration = Duration::from_secs(10);
/// How long services that are ready may take to hear of each other.
const GETTING_ACQUAINTED: Duration = Duration::from_secs(3);
/// Between the death of a service and its next start: the first time, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// A service that ran for this long had started well: its next death counts as its first.
const WELL: Duration = Duration::from_secs(30);

/// Starts all services, or none; then stays with them until told to end, or until the terminal client ends.
pub(super) async fn up(up: Up, tls: &Tls) -> Result<(), Failed> {
    let mut told_to_end = ToldToEnd::listen()?;
    let folder = up.installation.folder()?;
    let base_port = up.installation.base_port;
    let programs = programs(up.programs.clone())?;
    before::check_programs(&programs)?;
    let (listen, addresses) = (up.listen, before::addresses(up.listen, base_port));
    before::check_certificates(tls, listen, &addresses)?;
    let taking = {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || before::take(&folder, listen, base_port))
    };
    let badge = taking.await.map_err(|error| Failed(error.to_string()))??;
    let launch = Launch {
        programs,
        data: folder,
        addresses,
        tls: tls.clone(),
        arguments: BTreeMap::new(),
        environment: BTreeMap::new(),
    };

    let mut processes = Vec::new();
    let started = tokio::select! {
        started = start(&launch, &mut processes) => started,
        why = told_to_end.wait() => Err(Failed(format!("{why} came before the services were ready"))),
    };
    if let Err(failed) = started {
        join_all(processes.iter_mut().map(|process| process.stop(STOPPING))).await;
        return Err(failed);
    }

    let ending = CancellationToken::new();
    let reports = Reports::of(&launch.data, up.opens_client());
    let mut keepers = JoinSet::new();
    for process in processes {
        let (reports, ending) = (reports.clone(), ending.clone());
        let keeper = Keeper { launch: launch.clone(), restart: up.restart.trim() != "0", ending, reports };
        keepers.spawn(keeper.keep(process));
    }
    let done = tokio::select! {
        done = serve(&up, &launch) => done,
        _ = told_to_end.wait() => Ok(()),
    };
    ending.cancel();
    while keepers.join_next().await.is_some() {}
    drop(badge);
    done
}

fn programs(told: Option<PathBuf>) -> Result<PathBuf, Failed> {
    if let Some(programs) = told {
        return Ok(programs);
    }
    let own = std::env::current_exe().map_err(|error| Failed(format!("where the programs are: {error}")))?;
    own.parent().map(PathBuf::from).ok_or_else(|| Failed(format!("{} is in no folder", own.display())))
}

/// Starts all five and waits until all are ready. What was started is in `processes`, also after a failure.
async fn start(launch: &Launch, processes: &mut Vec<ServiceProcess>) -> Result<(), Failed> {
    for service in Service::ALL {
        processes.push(launch.start(service)?);
    }
    let ready = processes.iter_mut().map(|process| launch.until_ready(process, STARTING));
    join_all(ready).await.into_iter().collect()
}

/// What there is to do while the services run.
async fn serve(up: &Up, launch: &Launch) -> Result<(), Failed> {
    let services = Cluster::connected_through(launch.addresses.clone(), launch.tls.clone(), &ClientOptions::default())
        .with_operator_of(launch.data.path())?;
    // They are ready without, but whoever asks first should not meet services that have not heard of each other yet. One that cannot
    // follow now says so in its answers, and in its log.
    let _ = services.caught_up(GETTING_ACQUAINTED).await;
    let demo = if up.demo { Some(load_demo(&services).await?) } else { None };
    say(&format!("ready {}", launch.addresses));
    if let Some(demo) = demo {
        say(demo.trim_end());
    }
    if !up.opens_client() {
        return std::future::pending().await;
    }
    if up.demo {
        say("Press Enter to open the terminal client.");
        client::until_read().await;
    }
    client::until_left(up.listen, up.installation.base_port, &launch.tls).await
}

/// Loads the demonstration set; gives what is to be said of it, with the password.
async fn load_demo(services: &Cluster) -> Result<String, Failed> {
    let here = Here { now: SystemClock.now(), zone: Zone::of_this_machine() };
    let loaded = demo::load(services.clients(), &here).await;
    loaded
        .map(|loaded| loaded.text())
        .map_err(|failure| Failed(format!("the demonstration set: {}", failure.message())))
}

/// Stays with one service for as long as the supervisor runs.
struct Keeper {
    launch: Launch,
    restart: bool,
    ending: CancellationToken,
    reports: Reports,
}

impl Keeper {
    async fn keep(self, mut process: ServiceProcess) {
        let service = process.service();
        let mut deaths = 0;
        loop {
            let since = Instant::now();
            tokio::select! {
                ended = process.wait() => {
                    if ended.as_ref().is_ok_and(|status| status.code() == Some(i32::from(DAMAGED))) {
                        return self.report_damage(&process);
                    }
                    let how = ended.map_or_else(|failed| failed.to_string(), |status| status.to_string());
                    self.reports.say(&format!("convene: {service} (process {}) has died: {how}", process.pid()));
                }
                () = self.ending.cancelled() => return self.stop(process).await,
            }
            if !self.restart {
                self.reports.say(&format!("convene: {service} stays down"));
                return;
            }
            if since.elapsed() >= WELL {
                deaths = 0;
            }
            match self.start_again(service, &mut deaths).await {
                Some(started) => process = started,
                None => return,
            }
        }
    }

    /// Says that a service is not started again, since its database is damaged, and what to do.
    fn report_damage(&self, process: &ServiceProcess) {
        let (service, pid) = (process.service(), process.pid());
        let why = self.launch.last_word(process).unwrap_or_else(|| "its database is damaged".to_owned());
        self.reports.say(&format!(
            "convene: {service} (process {pid}) has ended and stays down: {why}; then stop all services (./run.sh stop) and start again"
        ));
    }

    /// Starts the service again, after a pause that grows with each attempt in vain; `None` when the supervisor ends.
    async fn start_again(&self, service: Service, deaths: &mut u32) -> Option<ServiceProcess> {
        loop {
            let pause = BACKOFF.0.saturating_mul(1 << (*deaths).min(10)).min(BACKOFF.1);
            *deaths = deaths.saturating_add(1);
            tokio::select! {
                () = sleep(pause) => {}
                () = self.ending.cancelled() => return None,
            }
            match self.launch.start(service) {
                Ok(process) => {
                    self.reports.say(&format!("convene: {service} is started again (process {})", process.pid()));
                    return Some(process);
                }
                Err(failed) => self.reports.say(&format!("convene: {service} cannot be started again: {failed}")),
            }
        }
    }

    async fn stop(&self, mut process: ServiceProcess) {
        if let Err(failed) = process.stop(STOPPING).await {
            self.reports.say(&format!("convene: {failed}"));
        }
    }
}

/// The signals that end a supervisor.
struct ToldToEnd {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl ToldToEnd {
    fn listen() -> Result<Self, Failed> {
        let listen = |kind| signal(kind).map_err(|error| Failed(format!("cannot listen for signals: {error}")));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}
