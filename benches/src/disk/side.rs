//! The services with one kind of database, reached one way, and people who answer invitations.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use domain::Service;
use tempfile::TempDir;
use transport::cluster::{Cluster, LinkedOptions, SpawnedOptions, programs};

use super::figures::Contender;
use crate::results::Call;
use crate::wire::Plan;
use crate::wire::caller::{Caller, people_with_invitations};
use crate::wire::load::{self, Measured};

/// The longest that followers may take to come to rest before a measurement.
const PATIENCE: Duration = Duration::from_secs(120);
const ENDING: Duration = Duration::from_secs(30);

/// Which of the contenders are services.
pub(super) fn contenders() -> Vec<Contender> {
    let mut contenders = vec![Contender::Linked, Contender::Spawned];
    contenders.extend(sqlite_version().map(|_| Contender::SqliteLinked));
    contenders
}

/// The version of SQLite in this program, if it is there.
pub(super) fn sqlite_version() -> Option<String> {
    #[cfg(feature = "peers")]
    return Some(super::sqlite::version().to_owned());
    #[cfg(not(feature = "peers"))]
    None
}

/// The services, and those who call them.
pub(super) struct Side {
    contender: Contender,
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
    pub(super) async fn start(contender: Contender, data: &Path, people: usize) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("convene-benches-").tempdir_in(data)?;
        let linked = LinkedOptions { data: Some(data.path().to_owned()), ..LinkedOptions::for_tests() };
        let cluster = match contender {
            Contender::Linked => Cluster::linked(linked).await?,
            Contender::Spawned => {
                let programs = tokio::task::spawn_blocking(programs::of_this_build).await?;
                let programs = programs.context("the programs of the services are needed (cargo build --release)")?;
                let options = SpawnedOptions { programs: Some(programs), ..SpawnedOptions::for_tests(data.path()) };
                Cluster::spawned(options).await?
            }
            #[cfg(feature = "peers")]
            Contender::SqliteLinked => {
                let open = std::sync::Arc::new(super::sqlite::open);
                Cluster::linked(LinkedOptions { open, ..linked }).await?
            }
            other => bail!("{} is no service", other.word()),
        };
        let callers = people_with_invitations(&cluster, people, PATIENCE).await?;
        Ok(Self { contender, cluster, callers, _data: data })
    }

    /// Which it is.
    pub(super) const fn contender(&self) -> Contender {
        self.contender
    }

    /// Measures one call with so many callers, once nothing moves any more; also how many bytes were written to the disk for each,
    /// those by which others follow included.
    ///
    /// # Errors
    /// What a call reports.
    pub(super) async fn measure(&mut self, call: Call, callers: usize, plan: &Plan) -> Result<(Measured, f64)> {
        self.cluster.caught_up(PATIENCE).await?;
        // Those who have called go to the end of the line.
        let callers: Vec<Caller> = self.callers.drain(..callers.min(self.callers.len())).collect();
        let commands_of = |callers: &[Caller]| callers.iter().map(Caller::commands).sum::<u64>();
        let (before, made) = (self.written().await?, commands_of(&callers));
        let (callers, measured) = load::measure(callers, call, plan).await?;
        self.cluster.caught_up(PATIENCE).await?;
        let (after, commands) = (self.written().await?, commands_of(&callers) - made);
        self.callers.extend(callers);
        let measured =
            measured.context("not one call was answered in the time of the measurement: give it more (--seconds)")?;
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        Ok((measured, (after - before) as f64 / commands.max(1) as f64))
    }

    /// How many bytes the services have written to the disk, as the kernel counts them: whole pages.
    async fn written(&self) -> Result<u64> {
        let mut processes = Vec::new();
        for service in Service::ALL {
            processes.extend(self.cluster.pid(service).await);
        }
        if processes.is_empty() {
            processes.push(std::process::id());
        }
        processes.into_iter().map(written_by).sum()
    }

    /// Ends the services.
    pub(super) async fn end(self) {
        self.cluster.shutdown(ENDING).await;
    }
}

fn written_by(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/io");
    let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
    let count = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    count.and_then(|count| count.parse().ok()).with_context(|| format!("{path} does not say what was written"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_this_process_writes_is_counted() {
        let before = written_by(std::process::id()).unwrap();
        let mut file = tempfile::tempfile_in(".").unwrap();
        file.write_all(&[7; 100_000]).unwrap();
        file.sync_all().unwrap();
        assert!(written_by(std::process::id()).unwrap() >= before + 90_000);
    }
}
