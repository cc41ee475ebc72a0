//! All five services as processes of this one: five programs, five databases, real sockets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chassis::OperatorKey;
use domain::{Credential, Service};
use rustix::process::Signal;
use tokio::sync::Mutex;

use super::linked::MANY;
use super::ports::ReservedPorts;
use super::process::{Launch, ServiceProcess};
use super::{Addresses, Clients, DataFolder, Failed, program_of, programs};
use crate::host::backup_in;
use crate::{ChannelOptions, ClientOptions, Metrics, Tcp, Tls, backup};

/// How long a service may take to become ready, and to end.
const STARTING: Duration = Duration::from_secs(30);
const STOPPING: Duration = Duration::from_secs(10);

/// How the five processes are started.
#[derive(Clone, Debug)]
pub struct SpawnedOptions {
    /// The data folder.
    pub data: PathBuf,
    /// The services listen at their numbers after it; `None` for ports that are free.
    pub base_port: Option<u16>,
    /// The folder with the five programs; `None` for those of this build, built if need be.
    pub programs: Option<PathBuf>,
    /// Further arguments for single services.
    pub arguments: BTreeMap<Service, Vec<String>>,
    /// Further environment variables for all.
    pub environment: BTreeMap<String, String>,
    /// How callers behave.
    pub client: ClientOptions,
    /// Where TLS is spoken, and as whom this process calls.
    pub tls: Tls,
}

impl SpawnedOptions {
    /// For tests: the programs of this build, free ports, cheap passwords and no limit to speak of on registrations and sign-ins.
    #[must_use]
    pub fn for_tests(data: &Path) -> Self {
        let many = MANY.to_string();
        let words =
            ["--password-cost", "cheapest", "--registrations-per-minute", &many, "--failed-logins-per-minute", &many];
        Self {
            data: data.to_owned(),
            base_port: None,
            programs: None,
            arguments: BTreeMap::from([(Service::Auth, words.map(str::to_owned).to_vec())]),
            environment: BTreeMap::new(),
            client: ClientOptions::default(),
            tls: Tls::default(),
        }
    }
}

/// The five, as processes.
pub(super) struct Spawned {
    pub(super) clients: Clients,
    pub(super) operator: OperatorKey,
    pub(super) launch: Launch,
    processes: BTreeMap<Service, Mutex<Option<ServiceProcess>>>,
    /// Given up last.
    _ports: Option<ReservedPorts>,
}

impl Spawned {
    pub(super) async fn start(options: SpawnedOptions) -> Result<Self, Failed> {
        let data = DataFolder::at(options.data);
        let programs = match options.programs {
            Some(programs) => programs,
            None => join(tokio::task::spawn_blocking(programs::of_this_build).await)?,
        };
        let (addresses, ports) = match options.base_port {
            Some(base_port) => (Addresses::after("127.0.0.1", base_port), None),
            None => free_addresses()?,
        };
        data.prepare()?;
        let operator = OperatorKey::load_or_create(data.path()).map_err(|error| Failed(error.to_string()))?;
        let launch = Launch {
            programs,
            data,
            addresses,
            tls: options.tls,
            arguments: options.arguments,
            environment: options.environment,
        };
        let channel = ChannelOptions { tls: launch.tls.clone(), ..ChannelOptions::default() };
        let clients = Clients::connected(&launch.addresses, &channel, &options.client, &Metrics::new());
        let processes = Service::ALL.into_iter().map(|service| (service, Mutex::default())).collect();
        let spawned = Self { clients, operator, launch, processes, _ports: ports };
        let started = futures::future::join_all(Service::ALL.map(|service| spawned.start_service(service))).await;
        started.into_iter().collect::<Result<(), Failed>>()?;
        Ok(spawned)
    }

    fn process(&self, service: Service) -> Result<&Mutex<Option<ServiceProcess>>, Failed> {
        self.processes.get(&service).ok_or_else(|| Failed(format!("{service} is not among the processes")))
    }

    pub(super) async fn start_service(&self, service: Service) -> Result<(), Failed> {
        let mut process = self.process(service)?.lock().await;
        if let Some(running) = process.as_mut()
            && running.ended().is_none()
        {
            return Ok(());
        }
        let mut started = self.launch.start(service)?;
        self.launch.until_ready(&mut started, STARTING).await?;
        *process = Some(started);
        Ok(())
    }

    pub(super) async fn stop(&self, service: Service, within: Duration) -> Result<(), Failed> {
        match self.process(service)?.lock().await.take() {
            Some(mut running) => running.stop(within).await.map(drop),
            None => Ok(()),
        }
    }

    pub(super) async fn kill(&self, service: Service) -> Result<(), Failed> {
        match self.process(service)?.lock().await.take() {
            Some(mut running) => running.kill().await.map(drop),
            None => Ok(()),
        }
    }

    pub(super) async fn hang(&self, service: Service, hung: bool) -> Result<(), Failed> {
        if let Some(running) = self.process(service)?.lock().await.as_mut() {
            running.signal(if hung { Signal::STOP } else { Signal::CONT });
        }
        Ok(())
    }

    pub(super) async fn backup(&self, service: Service, operator: &Credential) -> Result<Vec<u8>, Failed> {
        let way = Tcp::to(self.launch.address(service)?, service, self.launch.tls.clone());
        let mut bytes = Vec::new();
        let put = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            Ok(())
        };
        backup::fetch(&way, service, operator, put).await.map_err(Failed)?;
        Ok(bytes)
    }

    /// By the service's own program.
    pub(super) async fn restore(&self, service: Service, backup: &[u8]) -> Result<(), Failed> {
        let folder = self.launch.data.path().join("backups");
        let refused = |error: std::io::Error| Failed(format!("{service} was not restored: {error}"));
        tokio::fs::create_dir_all(&folder).await.map_err(refused)?;
        tokio::fs::write(backup_in(&folder, service), backup).await.map_err(refused)?;
        let program = self.launch.programs.join(program_of(service));
        let mut command = tokio::process::Command::new(program);
        command.arg("restore").arg(&folder).arg("--force").arg("--data").arg(self.launch.data.path());
        let ended = command.output().await.map_err(refused)?;
        let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
        if ended.status.success() { Ok(()) } else { Err(Failed(said)) }
    }

    pub(super) async fn pid(&self, service: Service) -> Option<u32> {
        self.process(service).ok()?.lock().await.as_ref().map(ServiceProcess::pid)
    }

    pub(super) async fn shutdown(&self, within: Duration) {
        let stopped = Service::ALL.map(|service| self.stop(service, within.min(STOPPING)));
        for failed in futures::future::join_all(stopped).await.into_iter().filter_map(Result::err) {
            tracing::warn!(%failed, "a service was not stopped in good order");
        }
    }
}

/// In a row, so that a base port leads to them, as everywhere.
fn free_addresses() -> Result<(Addresses, Option<ReservedPorts>), Failed> {
    let ports = ReservedPorts::find(5).map_err(|error| Failed(format!("no ports: {error}")))?;
    Ok((Addresses::after("127.0.0.1", ports.first.saturating_sub(1)), Some(ports)))
}

fn join<T>(joined: Result<Result<T, Failed>, tokio::task::JoinError>) -> Result<T, Failed> {
    joined.map_err(|error| Failed(error.to_string()))?
}
