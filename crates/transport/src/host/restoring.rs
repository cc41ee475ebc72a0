//! Putting a backup in the place of a service's database, which loses nothing: what was there before is moved aside under a name of its
//! own, and whenever the process dies there is one database in the place, the old one or the new one.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use chassis::SystemClock;
use domain::{Clock as _, Service};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use storage::{Database, Hold, examine_backup};

use super::Hosted;
use super::operating::failed;
use crate::cluster::{DataFolder, Failed, PATIENCE, Sharing};

/// Puts the backup `source` in the place of the service's database. Nothing is changed before all of it was read. Blocks.
pub(super) fn restore<P: Hosted>(folder: &DataFolder, source: &Path, force: bool) -> Result<String, Failed> {
    let (service, path) = (P::SERVICE, folder.database(P::SERVICE));
    let unusable = |error: &dyn std::fmt::Display| {
        Failed(format!("the backup {} cannot be used: {error}; nothing was changed", source.display()))
    };
    let open = || match File::open(source) {
        Ok(file) => Ok(BufReader::new(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failed(format!("there is no backup of {service}: {} does not exist", source.display())))
        }
        Err(error) => Err(unusable(&error)),
    };
    examine_backup(open()?, service.name(), P::SCHEMA).map_err(|error| unusable(&error))?;
    folder.prepare()?;
    let _lock = folder.lock(Sharing::WithServices, PATIENCE)?;
    let running = |holder: &str| {
        Failed(format!(
            "{service} is running{holder}: stop it first, with `./run.sh stop` if run.sh started it (one that merely dies is started \
             again); nothing was changed"
        ))
    };
    if let Some(holder) = folder.running(service) {
        return Err(running(&format!(" (process {})", holder.pid)));
    }
    let is_new = Hold::is_empty(&path).map_err(failed)?;
    if !is_new && !force {
        let path = path.display();
        return Err(Failed(format!("{path} holds a database: with --force it is moved aside; nothing was changed")));
    }
    let hold = Hold::take(&path).map_err(|error| match error {
        storage::Error::InUse { .. } => running(""),
        error => failed(error),
    })?;

    let unplaced = |error: &dyn std::fmt::Display| {
        let place = folder.path().display();
        Failed(format!("the backup is sound, and cannot be made a database in {place}: {error}; nothing was changed"))
    };
    let aside = folder.path().join(format!("{service}.restoring"));
    clear(folder, service, &aside).map_err(|error| unplaced(&error))?;
    let options = storage::Options::new(service.name(), P::SCHEMA);
    if let Err(error) = Database::restore(&aside, options, open()?) {
        // Half a database, which takes room.
        let _ = fs::remove_dir_all(&aside);
        return Err(match error {
            storage::Error::Backup { .. } => unusable(&error),
            error => unplaced(&error),
        });
    }
    let old = change_places(folder, service, &aside).map_err(|error| unplaced(&error))?;
    drop(hold);
    let synced = File::open(folder.path()).and_then(|folder| folder.sync_all());
    synced.map_err(|error| {
        Failed(format!(
            "{service} is restored, but that may not outlive a power cut: {error}; the old one is in {}",
            old.display()
        ))
    })?;
    let before = if is_new {
        // Nothing but a lock is in it.
        let _ = fs::remove_dir_all(&old);
        String::new()
    } else {
        format!("; what was there before is in {}", old.display())
    };
    Ok(format!("{service} is restored from {}{before}", source.display()))
}

/// Makes the place free where a database is put together. What an attempt that did not end has left there may be a whole database, and
/// then is kept.
fn clear(folder: &DataFolder, service: Service, aside: &Path) -> io::Result<()> {
    if Hold::is_database(aside) {
        fs::rename(aside, aside_of(folder, service))
    } else if aside.exists() {
        fs::remove_dir_all(aside)
    } else {
        Ok(())
    }
}

/// Puts the database in `new` in the service's place; where what was there before is then.
///
/// It gets the name of an old one *before* the two change places, at once: so there is never no database, which a service would take
/// for a new one, and the old one is never under a name that somebody removes.
fn change_places(folder: &DataFolder, service: Service, new: &Path) -> io::Result<PathBuf> {
    let old = aside_of(folder, service);
    fs::rename(new, &old)?;
    if let Err(error) = renameat_with(CWD, &old, CWD, folder.database(service), RenameFlags::EXCHANGE) {
        let _ = fs::remove_dir_all(&old);
        return Err(error.into());
    }
    Ok(old)
}

/// Where a database is moved to: a name that is free, with the time.
fn aside_of(folder: &DataFolder, service: Service) -> PathBuf {
    let named = |number: u32| {
        let again = if number == 0 { String::new() } else { format!("-{number}") };
        folder.path().join(format!("{service}.old-{}{again}", SystemClock.now().as_seconds()))
    };
    (0..).map(named).find(|path| !path.exists()).unwrap_or_else(|| named(u32::MAX))
}
