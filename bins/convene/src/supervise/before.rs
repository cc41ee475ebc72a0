//! What is made sure of before the first service is started, so that there is never half a system.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::net::{IpAddr, TcpListener};
use std::time::Duration;

use certs::Folder;
use domain::Service;
use rustix::process::{Pid, Signal, kill_process};
use transport::cluster::{
    Addresses, DataFolder, Failed, Holder, PATIENCE, Sharing, argument_of, parent_of, program_of,
};
use transport::tls::{Identity, Tls};

/// The file that tells of the supervisor, and is locked by it.
pub(super) const SUPERVISOR: &str = "supervisor.pid";
/// How long a supervisor that is about to end is waited for.
const OTHER_SUPERVISOR: Duration = Duration::from_secs(1);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(20);

/// The sign of being the one supervisor of a folder; wiped when it is dropped.
#[derive(Debug)]
pub(super) struct Badge(File);

impl Drop for Badge {
    fn drop(&mut self) {
        let _ = self.0.set_len(0);
    }
}

/// Makes sure that the folder can be written, that nobody else uses it, and that the ports are free. Blocks for as long as what runs
/// there may need to end.
///
/// # Errors
/// What is not as it should be, by name.
pub(super) fn take(folder: &DataFolder, listen: IpAddr, base_port: u16) -> Result<Badge, Failed> {
    folder.prepare()?;
    let badge = become_supervisor(folder)?;
    let alone = match folder.lock(Sharing::Alone, PATIENCE) {
        Ok(alone) => alone,
        Err(in_use) => {
            let orphans = orphans(folder);
            if orphans.is_empty() {
                return Err(in_use);
            }
            // They had their time to notice that the supervisor which started them is gone, so they hang.
            for orphan in &orphans {
                super::say_aside(&format!(
                    "convene: {} (process {}) was left over and does not end: it is killed",
                    orphan.program, orphan.pid
                ));
                signal(orphan, Signal::KILL);
            }
            folder.lock(Sharing::Alone, PATIENCE)?
        }
    };
    check_ports(listen, base_port)?;
    drop(alone);
    Ok(badge)
}

fn become_supervisor(folder: &DataFolder) -> Result<Badge, Failed> {
    let path = folder.run_file(SUPERVISOR);
    let refused = |error: std::io::Error| Failed(format!("cannot use {}: {error}", path.display()));
    let mut file = File::options().create(true).truncate(false).write(true).open(&path).map_err(refused)?;
    let until = std::time::Instant::now() + OTHER_SUPERVISOR;
    while file.try_lock().is_err() {
        if std::time::Instant::now() >= until {
            let who =
                supervisor(folder).map_or_else(|| "another process".to_owned(), |who| format!("process {}", who.pid));
            return Err(Failed(format!(
                "the services of {} are already run by {who}: stop them first (./run.sh stop), or choose another data folder",
                folder.path().display()
            )));
        }
        std::thread::sleep(BETWEEN_ATTEMPTS);
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(refused)?;
    Ok(Badge(file))
}

/// The supervisor of a folder, if it has one.
pub(super) fn supervisor(folder: &DataFolder) -> Option<Holder> {
    folder.named_in(SUPERVISOR, "convene")
}

/// Services of the folder whose supervisor is gone.
fn orphans(folder: &DataFolder) -> Vec<Holder> {
    let left_alone = |holder: &Holder| {
        let started_by = argument_of(holder.pid, "--with-parent").and_then(|id| id.parse::<u32>().ok());
        started_by.is_some_and(|started_by| parent_of(holder.pid) != Some(started_by))
    };
    Service::ALL.into_iter().filter_map(|service| folder.running(service)).filter(left_alone).collect()
}

/// Sends a signal to a process that was found to be ours.
pub(super) fn signal(holder: &Holder, signal: Signal) {
    if let Some(pid) = i32::try_from(holder.pid).ok().and_then(Pid::from_raw) {
        // It may have ended in the meantime; then all is well.
        let _ = kill_process(pid, signal);
    }
}

fn check_ports(listen: IpAddr, base_port: u16) -> Result<(), Failed> {
    for service in Service::ALL {
        let port = base_port.saturating_add(u16::from(service.number()));
        if let Err(error) = TcpListener::bind((listen, port)) {
            return Err(Failed(format!(
                "port {port} of {listen}, where {service} should listen, cannot be used ({error}): stop what uses it, or choose other \
                 ports with CONVENE_BASE_PORT, or another address of this machine with CONVENE_LISTEN"
            )));
        }
    }
    Ok(())
}

/// Makes sure that all five programs are there.
///
/// # Errors
/// The first that is not.
pub(super) fn check_programs(programs: &std::path::Path) -> Result<(), Failed> {
    for service in Service::ALL {
        let program = programs.join(program_of(service));
        if !program.is_file() {
            return Err(Failed(format!(
                "{} is missing: build all of Convene with `cargo build --release`",
                program.display()
            )));
        }
    }
    Ok(())
}

/// Makes sure that there are certificates where TLS is needed: the operator's, and one for each service.
///
/// # Errors
/// If there are none for this address; or if it is one that leads nowhere.
pub(super) fn check_certificates(tls: &Tls, listen: IpAddr, addresses: &Addresses) -> Result<(), Failed> {
    if listen.is_unspecified() {
        return Err(Failed(format!(
            "{listen} is every address of this machine, and the services have to call each other at one: choose it with CONVENE_LISTEN"
        )));
    }
    for (service, address) in addresses.iter().filter(|(_, address)| tls.is_needed(address)) {
        let refused = |why: String| Failed(format!("{service} cannot listen on {address}, which needs TLS: {why}"));
        let Some(operator) = &tls.identity else { return Err(refused("there are no certificates".to_owned())) };
        let own = Identity::of_service(Folder::at(operator.folder()), service);
        operator.check().and_then(|()| own.check()).and_then(|()| own.check_host(address)).map_err(refused)?;
    }
    Ok(())
}

/// Where the services will listen.
pub(super) fn addresses(listen: IpAddr, base_port: u16) -> Addresses {
    Addresses::after(&listen.to_string(), base_port)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn free_base_port() -> u16 {
        (20_000..30_000).step_by(10).find(|port| check_ports(HERE, *port).is_ok()).unwrap()
    }

    #[test]
    fn a_folder_has_one_supervisor_at_a_time_and_the_next_one_finds_it_as_it_should_be() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path());
        let base_port = free_base_port();
        let badge = take(&folder, HERE, base_port).unwrap();
        let refused = take(&folder, HERE, base_port).unwrap_err().to_string();
        assert!(refused.contains("already run"), "{refused}");
        drop(badge);
        take(&folder, HERE, base_port).unwrap();
    }

    #[test]
    fn a_taken_port_is_named_with_the_service_that_wanted_it() {
        let temporary = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let refused = take(&DataFolder::at(temporary.path()), HERE, port - 5).unwrap_err().to_string();
        assert!(refused.contains("port") && refused.contains("cannot be used"), "{refused}");
    }

    #[test]
    fn a_stale_note_of_a_supervisor_is_no_obstacle() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(temporary.path());
        folder.prepare().unwrap();
        std::fs::write(folder.run_file(SUPERVISOR), "1\n").unwrap();
        assert_eq!(supervisor(&folder), None);
        take(&folder, HERE, free_base_port()).unwrap();
    }
}
