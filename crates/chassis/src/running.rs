//! A service that runs: what can be called, and the tasks that end with it.

use std::future::Future;
use std::sync::Arc;

use domain::{Authenticate, Protocol, Stub};
use tokio::task::JoinSet;

use crate::Chassis;

/// A running service. Dropping it ends its tasks; [`Running::stop`] also closes its database, and waits for both.
pub struct Running<P: Protocol> {
    stub: Arc<dyn Stub<P>>,
    authenticate: Arc<dyn Authenticate>,
    chassis: Arc<Chassis>,
    tasks: JoinSet<()>,
}

/// A figure about a running service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    /// Its name, as Prometheus has names.
    pub name: &'static str,
    /// What it tells, with its unit.
    pub help: &'static str,
    /// The figure.
    pub value: f64,
}

impl<P: Protocol> Running<P> {
    /// The bare service: nobody is authenticated before it, no deadline kept. The transport wraps it.
    pub fn new(chassis: Arc<Chassis>, stub: Arc<dyn Stub<P>>, authenticate: Arc<dyn Authenticate>) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&chassis).keep_house());
        Self { stub, authenticate, chassis, tasks }
    }

    /// Runs `task` for as long as the service runs.
    #[must_use]
    pub fn with(mut self, task: impl Future<Output = ()> + Send + 'static) -> Self {
        self.tasks.spawn(task);
        self
    }

    /// The service itself.
    #[must_use]
    pub fn stub(&self) -> Arc<dyn Stub<P>> {
        Arc::clone(&self.stub)
    }

    /// Who tells its callers apart.
    #[must_use]
    pub fn authenticate(&self) -> Arc<dyn Authenticate> {
        Arc::clone(&self.authenticate)
    }

    /// What it stands on: its health, database and log.
    #[must_use]
    pub const fn chassis(&self) -> &Arc<Chassis> {
        &self.chassis
    }

    /// Ends the tasks and closes the database; what was accepted is finished first.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.chassis.db().close().await;
    }
}

impl Chassis {
    /// Figures for `/metrics`.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    pub fn gauges(&self) -> Vec<Gauge> {
        let stats = self.db().stats();
        let health = self.health();
        let gauge = |name, help, value| Gauge { name, help, value };
        vec![
            gauge("convene_database_bytes", "Size of the database on disk, in bytes.", stats.size_on_disk as f64),
            gauge("convene_database_queue", "Transactions waiting to be written.", stats.queued as f64),
            gauge("convene_database_batches", "Batches written since the start.", stats.batches as f64),
            gauge("convene_database_transactions", "Transactions written since the start.", stats.transactions as f64),
            gauge(
                "convene_log_position",
                "The last durable position of the change log.",
                self.db().durable_position() as f64,
            ),
            gauge(
                "convene_followers_out_of_contact",
                "Followed services that do not answer.",
                health.behind.len() as f64,
            ),
            gauge(
                "convene_followers_stopped",
                "Followers that have stopped and need an operator.",
                health.stopped.len() as f64,
            ),
        ]
    }
}
