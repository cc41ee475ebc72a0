//! The five services of one scenario, in one of three modes.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use domain::recovery::{AcceptLoss, LossAccepted};
use domain::{Answer, Context, Credential, Error, IdempotencyKey, Position, Service};
use tempfile::TempDir;
use transport::cluster::{Clients, Cluster, LinkedOptions, SpawnedOptions};

use crate::Person;

/// How the services of a scenario are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Linked into the test; no bytes.
    Direct,
    /// Linked, but every call is encoded and sent over a connection in memory, and every repeatable one made twice.
    Wire,
    /// Five processes with five databases, over real sockets.
    Spawned,
}

/// The services of one scenario, and where its people come from.
pub struct World {
    mode: Mode,
    cluster: Cluster,
    /// The data folder of spawned services; removed with the world.
    data: Option<TempDir>,
}

/// The longest that following may take before a scenario gives up; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at a service that comes or goes.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

impl World {
    /// Runs one scenario in one mode; sessions last for `session_life`, or as long as they usually do.
    pub fn run<F: Future<Output = ()>>(mode: Mode, session_life: Option<Duration>, scenario: impl FnOnce(Self) -> F) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async { scenario(Self::begins(mode, session_life).await).await });
    }

    async fn begins(mode: Mode, session_life: Option<Duration>) -> Self {
        let (cluster, data) = match mode {
            Mode::Direct | Mode::Wire => {
                let mut options = LinkedOptions { wire: mode == Mode::Wire, ..LinkedOptions::for_tests() };
                options.auth.session_life = session_life.unwrap_or(options.auth.session_life);
                (Cluster::linked(options).await.unwrap(), None)
            }
            Mode::Spawned => {
                let data = TempDir::new().unwrap();
                let mut options = SpawnedOptions::for_tests(data.path());
                if let Some(life) = session_life {
                    let words = ["--session-life".to_owned(), life.as_secs().to_string()];
                    options.arguments.entry(Service::Auth).or_default().extend(words);
                }
                (Cluster::spawned(options).await.unwrap(), Some(data))
            }
        };
        Self { mode, cluster, data }
    }

    /// In which mode this is.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The clients of all five services.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        self.cluster.clients()
    }

    /// The services themselves.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The data folder of spawned services.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.as_ref().expect("spawned services have a folder").path()
    }

    /// The port after which spawned services listen.
    #[must_use]
    pub fn base_port(&self) -> u16 {
        let address: SocketAddr = self.cluster.addresses().of(Service::Auth).unwrap().parse().unwrap();
        address.port() - u16::from(Service::Auth.number())
    }

    /// Someone of this name, registered and signed in.
    pub async fn person(&self, name: &str) -> Person {
        let person = self.stranger(name);
        person.registers().await.unwrap();
        person
    }

    /// Several people, registered and signed in.
    pub async fn people<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        let mut people = Vec::new();
        for name in names {
            people.push(self.person(name).await);
        }
        people.try_into().ok().unwrap()
    }

    /// Someone of this name who is not registered.
    #[must_use]
    pub fn stranger(&self, name: &str) -> Person {
        Person::named(name, self.cluster.clients())
    }

    /// Waits until every service has taken over what the others have told.
    pub async fn settles(&self) {
        self.cluster.caught_up(PATIENCE).await.unwrap();
    }

    /// Makes a backup of one service's database, which goes on meanwhile.
    pub async fn backs_up(&self, service: Service) -> Vec<u8> {
        self.cluster.backup(service).await.unwrap()
    }

    /// Stops one service, puts a backup in the place of its database, and starts it again.
    pub async fn restores(&mut self, service: Service, backup: &[u8]) {
        self.stops(service).await;
        self.cluster.restore(service, backup.to_vec()).await.unwrap();
        self.starts(service).await;
    }

    /// Says, as the operator, that what `source` has lost may go at `service` too.
    pub async fn accepts_loss(&self, service: Service, source: Service) -> Answer<LossAccepted> {
        let operator = self.cluster.operator().unwrap();
        let context = Context::new(operator, PATIENCE).as_command(IdempotencyKey::new(), 1);
        self.clients().accept_loss(service, &context, AcceptLoss { source }).await
    }

    /// Waits until a service says that one of its followers has stopped; why.
    pub async fn stops_following(&self, service: Service) -> String {
        let began = std::time::Instant::now();
        loop {
            let context = Context::new(Credential::None, PATIENCE);
            if let Ok(reply) = self.clients().health(service, &context).await
                && let Some(why) = reply.value.stopped.first()
            {
                return why.clone();
            }
            assert!(began.elapsed() < PATIENCE, "{service} goes on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops one service gracefully.
    pub async fn stops(&mut self, service: Service) {
        self.cluster.stop(service).await.unwrap();
    }

    /// Ends one service at once: `kill -9`, or a power cut of its database in memory.
    pub async fn kills(&mut self, service: Service) {
        self.cluster.kill(service).await.unwrap();
    }

    /// Starts one service again, and waits until its callers reach it (those who have just found it missing give it a rest).
    pub async fn starts(&mut self, service: Service) {
        self.cluster.start(service).await.unwrap();
        reached(self.clients(), service).await;
    }

    /// Stops one service in the middle of whatever it does: it is there, and does not answer.
    pub async fn hangs(&mut self, service: Service) {
        self.cluster.pause(service).await.unwrap();
        let pid = self.cluster.pid(service).await.unwrap();
        let mut again = tokio::time::interval(BETWEEN_LOOKS);
        while !stands_still(pid) {
            again.tick().await;
        }
    }

    /// Lets one service that hangs go on, and waits until its callers reach it.
    pub async fn goes_on(&mut self, service: Service) {
        self.cluster.resume(service).await.unwrap();
        reached(self.clients(), service).await;
    }

    /// Waits until its callers know of a service that was ended that it is away.
    pub async fn misses(&self, service: Service) {
        missed(self.clients(), service).await;
    }

    /// Where the logs of the services end.
    pub async fn log_ends(&self) -> Vec<(Service, Option<Position>)> {
        let context = Context::new(self.cluster.operator().unwrap(), PATIENCE);
        let mut ends = Vec::new();
        for service in Service::ALL {
            let health = self.clients().health(service, &context).await.unwrap().value;
            ends.push((service, health.positions.get(service)));
        }
        ends
    }

    /// Waits until nothing moves, audits all references and counts, and ends everything.
    pub async fn ends_whole(self) {
        self.settles().await;
        let operator = self.cluster.operator().unwrap();
        let report = transport::audit::audit(self.cluster.clients(), &operator, || self.settles()).await.unwrap();
        assert!(report.problems.is_empty(), "{:#?}", report.problems);
        assert!(self.cluster.mismatches().is_empty(), "answered differently again: {:#?}", self.cluster.mismatches());
        self.cluster.shutdown(Duration::from_secs(10)).await;
    }
}

/// Waits until `clients` know of a service that was ended that it is away.
pub async fn missed(clients: &Clients, service: Service) {
    let mut again = tokio::time::interval(BETWEEN_LOOKS);
    while !matches!(health(clients, service).await, Err(Error::Unavailable { .. })) {
        again.tick().await;
    }
}

/// Waits until `clients` reach a service that is there again.
pub async fn reached(clients: &Clients, service: Service) {
    let mut again = tokio::time::interval(BETWEEN_LOOKS);
    while let Err(error) = health(clients, service).await {
        assert_eq!(error.service(), Some(service), "{error}");
        again.tick().await;
    }
}

async fn health(clients: &Clients, service: Service) -> Result<(), Error> {
    clients.health(service, &Context::new(Credential::None, PATIENCE)).await.map(drop)
}

/// Whether all threads of a process that was stopped have come to rest; until then they may still answer.
#[must_use]
pub fn stands_still(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads.flatten().all(|thread| {
        let state = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // Behind the name, which may hold anything.
        state.rsplit(") ").next().is_some_and(|state| state.starts_with('T'))
    })
}
