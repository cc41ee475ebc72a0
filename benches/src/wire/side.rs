//! One of the two ways to reach the services: five real databases on disk, in this process or in five of their own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use transport::cluster::{Cluster, LinkedOptions, SpawnedOptions, programs};

use super::Plan;
use super::caller::{Caller, people_with_invitations};
use super::load::{self, Measured};
use crate::results::{Call, Reached};

/// The longest that followers may take to come to rest before a measurement.
const PATIENCE: Duration = Duration::from_secs(120);
const ENDING: Duration = Duration::from_secs(30);

/// The services, reached one way, and people who call them.
pub(super) struct Side {
    reached: Reached,
    cluster: Cluster,
    callers: Vec<Caller>,
    /// Removed after the services have ended.
    _data: TempDir,
}

impl Side {
    /// Starts the services on databases below `data` and makes `people`, each with an invitation.
    ///
    /// # Errors
    /// If a service does not start, or refuses the people.
    pub(super) async fn start(reached: Reached, data: &Path, people: usize) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("convene-benches-").tempdir_in(data)?;
        let cluster = match reached {
            Reached::Linked => {
                let options = LinkedOptions { data: Some(data.path().to_owned()), ..LinkedOptions::for_tests() };
                Cluster::linked(options).await?
            }
            Reached::Loopback => {
                let programs = tokio::task::spawn_blocking(programs::of_this_build).await?;
                let programs = programs.context("the programs of the services are needed (cargo build --release)")?;
                let options = SpawnedOptions { programs: Some(programs), ..SpawnedOptions::for_tests(data.path()) };
                Cluster::spawned(options).await?
            }
        };
        let callers = people_with_invitations(&cluster, people, PATIENCE).await?;
        Ok(Self { reached, cluster, callers, _data: data })
    }

    /// Which way.
    pub(super) const fn reached(&self) -> Reached {
        self.reached
    }

    /// Measures one call with so many callers, once nothing moves any more.
    ///
    /// # Errors
    /// What a call reports.
    pub(super) async fn measure(&mut self, call: Call, in_flight: usize, plan: &Plan) -> Result<Measured> {
        self.cluster.caught_up(PATIENCE).await?;
        // Those who have called go to the end of the line.
        let callers = self.callers.drain(..in_flight.min(self.callers.len())).collect();
        let (callers, measured) = load::measure(callers, call, plan).await?;
        self.callers.extend(callers);
        measured.context("not one call was answered in the time of the measurement: give it more (--seconds)")
    }

    /// Ends the services.
    pub(super) async fn end(self) {
        self.cluster.shutdown(ENDING).await;
    }
}
