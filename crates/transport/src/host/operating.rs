//! What an operator does with one service besides running it: backing its database up, putting a backup in its place, and accepting
//! that what another service has lost goes here too.
//!
//! A backup of a running service is made by the service itself (its database is its own), one of a stopped service from its folder.
//! Either is written aside, read to its end, and only then gets its name: what is called a backup is one.

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chassis::{OperatorKey, SystemClock};
use clap::Subcommand;
use domain::recovery::AcceptLoss;
use domain::{Clock as _, Context, Credential, IdempotencyKey, Service};
use storage::{Database, Hold, examine_backup};

use super::Hosted;
use super::options::Options;
use super::restoring::restore;
use crate::cluster::{Addresses, Clients, DataFolder, Failed, PATIENCE, Sharing, argument_of};
use crate::{ChannelOptions, ClientOptions, Metrics, Tcp, backup};

/// How long an operator's word may take.
const ANSWERING: Duration = Duration::from_secs(10);

/// What a service's program does instead of serving.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum Operation {
    /// Write a backup of this service's database into a folder, while the service runs or when it is stopped
    Backup {
        /// The folder; it is made if need be, and must not hold a backup of this service yet
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Put the backup in a folder in the place of this service's database; the service must be stopped
    Restore {
        /// The folder that `backup` wrote into
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Move a database that is there aside
        #[arg(long)]
        force: bool,
    },
    /// Let go of what this service keeps of another that has lost it, though it is much: this service waits for that word
    AcceptLoss {
        /// The service that has lost it
        #[arg(value_name = "SERVICE")]
        source: Service,
    },
}

/// Does it; what to tell whoever asked for it.
pub(super) async fn operate<P: Hosted>(
    options: &Options<P::Arguments>,
    operation: &Operation,
) -> Result<String, Failed> {
    let folder = DataFolder::at(options.data.clone());
    match operation {
        Operation::Backup { folder: target } => {
            let file = back_up::<P>(options, &folder, target).await?;
            Ok(format!("{} is backed up in {}", P::SERVICE, file.display()))
        }
        Operation::Restore { folder: source, force } => {
            let (source, force) = (backup_in(source, P::SERVICE), *force);
            let restored = tokio::task::spawn_blocking(move || restore::<P>(&folder, &source, force));
            restored.await.map_err(|error| Failed(format!("nothing was restored: {error}")))?
        }
        Operation::AcceptLoss { source } => accept_loss::<P>(options, &folder, *source).await,
    }
}

/// The file of a backup of `service` in `folder`.
#[must_use]
pub fn backup_in(folder: &Path, service: Service) -> PathBuf {
    folder.join(format!("{service}.backup"))
}

async fn back_up<P: Hosted>(
    options: &Options<P::Arguments>,
    folder: &DataFolder,
    target: &Path,
) -> Result<PathBuf, Failed> {
    let file = backup_in(target, P::SERVICE);
    if file.exists() {
        return Err(Failed(format!("{} exists already: choose another folder", file.display())));
    }
    if target.exists() && !target.is_dir() {
        return Err(Failed(format!("{} is no folder: a backup is written into one", target.display())));
    }
    let refused = |path: &Path, error: &io::Error| Failed(format!("cannot write {}: {error}", path.display()));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(target);
    made.map_err(|error| refused(target, &error))?;
    let aside = Aside(target.join(format!("{}.backup.{}.part", P::SERVICE, std::process::id())));
    let refused_aside = |error: io::Error| refused(&aside.0, &error);
    // It holds what proves who one is.
    let opened = File::options().create(true).truncate(true).write(true).mode(0o600).open(&aside.0);
    let mut out = opened.map_err(refused_aside)?;
    if folder.running(P::SERVICE).is_some() {
        fetch::<P>(options, folder, &mut out).await?;
    } else {
        copy_out::<P>(folder, &mut out).await?;
    }
    out.sync_all().map_err(refused_aside)?;
    let read = File::open(&aside.0).map_err(refused_aside)?;
    let examined = examine_backup(BufReader::new(read), P::SERVICE.name(), P::SCHEMA);
    examined.map_err(|error| Failed(format!("the backup of {} failed: {error}", P::SERVICE)))?;
    // Whoever was quicker keeps their backup.
    fs::hard_link(&aside.0, &file).map_err(|error| refused(&file, &error))?;
    File::open(target).and_then(|folder| folder.sync_all()).map_err(|error| refused(target, &error))?;
    Ok(file)
}

/// What is not a backup yet; removed however that ends.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// From the service that runs.
async fn fetch<P: Hosted>(options: &Options<P::Arguments>, folder: &DataFolder, out: &mut File) -> Result<(), Failed> {
    let way = Tcp::to(address::<P>(options, folder), P::SERVICE, options.tls(P::SERVICE)?);
    let put = |piece: &[u8]| out.write_all(piece);
    backup::fetch(&way, P::SERVICE, &operator(folder)?, put).await.map_err(Failed)
}

/// From the folder of a service that is stopped.
async fn copy_out<P: Hosted>(folder: &DataFolder, out: &mut File) -> Result<(), Failed> {
    let path = folder.database(P::SERVICE);
    if Hold::is_empty(&path).map_err(failed)? {
        return Err(Failed(format!("there is no database in {}", path.display())));
    }
    let _lock = folder.lock(Sharing::WithServices, PATIENCE)?;
    let db = Database::open(&path, storage::Options::new(P::SERVICE.name(), P::SCHEMA)).map_err(failed)?;
    let copied = async {
        let mut backup = db.backup()?;
        while let Some(piece) = backup.next().await? {
            let written = out.write_all(&piece);
            written.map_err(|error| storage::Error::Backup { why: format!("it cannot be written: {error}") })?;
        }
        Ok::<_, storage::Error>(())
    };
    let copied = copied.await;
    db.close().await;
    copied.map_err(|error| Failed(format!("the backup of {} failed: {error}", P::SERVICE)))
}

async fn accept_loss<P: Hosted>(
    options: &Options<P::Arguments>,
    folder: &DataFolder,
    source: Service,
) -> Result<String, Failed> {
    let service = P::SERVICE;
    if folder.running(service).is_none() {
        return Err(Failed(format!(
            "{service} does not run: start it first, so that it can tell what it would let go of"
        )));
    }
    let addresses = Addresses::default().with(service, address::<P>(options, folder));
    let channel = ChannelOptions { tls: options.tls(service)?, ..ChannelOptions::default() };
    let clients = Clients::connected(&addresses, &channel, &ClientOptions::default(), &Metrics::new());
    let context = Context::new(operator(folder)?, ANSWERING).as_command(IdempotencyKey::new(), 1);
    let accepted = clients.accept_loss(service, &context, AcceptLoss { source }).await;
    let accepted = accepted.map_err(|error| Failed(error.to_string()))?.value;
    Ok(format!("{service} lets go of the {} rows that {source} has lost", accepted.rows))
}

/// Where the service that runs listens.
fn address<P: Hosted>(options: &Options<P::Arguments>, folder: &DataFolder) -> String {
    let told = folder.running(P::SERVICE).and_then(|holder| argument_of(holder.pid, "--listen"));
    told.unwrap_or_else(|| options.address(P::SERVICE).to_string())
}

fn operator(folder: &DataFolder) -> Result<Credential, Failed> {
    let key = OperatorKey::load(folder.path())
        .map_err(|error| Failed(format!("the operator's key cannot be had: {error}")))?;
    key.operator_credential(SystemClock.now()).map_err(|error| Failed(error.to_string()))
}

#[allow(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(super) fn failed(error: storage::Error) -> Failed {
    Failed(error.to_string())
}
