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
