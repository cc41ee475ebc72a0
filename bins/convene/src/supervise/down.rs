//! Stopping the services of a data folder from outside, and showing how they are.

use std::time::Duration;

use domain::Service;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};
use transport::Tls;
use transport::cluster::{Addresses, DataFolder, Failed, Holder, argument_of, ready};

use super::before::{signal, supervisor};
use super::{Installation, say};

/// How long the supervisor may take, and then a service that has none: each a little longer than what they wait for themselves.
const SUPERVISOR: Duration = Duration::from_secs(15);
const SERVICE: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Stops the supervisor of the folder, if it has one, and all its services; says what became of each.
pub(super) async fn down(installation: &Installation) -> Result<(), Failed> {
    let folder = installation.folder()?;
    let before: Vec<(Service, Option<Holder>)> = services(&folder);
    if let Some(supervisor) = supervisor(&folder) {
        signal(&supervisor, Signal::TERM);
        if !has_ended(&folder, &supervisor, SUPERVISOR).await {
            signal(&supervisor, Signal::KILL);
        }
    }
    let left: Vec<Holder> = services(&folder).into_iter().filter_map(|(_, holder)| holder).collect();
    left.iter().for_each(|holder| signal(holder, Signal::TERM));
    for holder in &left {
        if !has_ended(&folder, holder, SERVICE).await {
            signal(holder, Signal::KILL);
        }
    }
    for (service, holder) in before {
        let state = match holder {
            Some(holder) if has_ended(&folder, &holder, SERVICE).await => "stopped",
            Some(holder) => return Err(Failed(format!("{service} (process {}) does not end", holder.pid))),
            None => "was not running",
        };
        say(&format!("{:<12} {state}", service.name()));
    }
    Ok(())
}

fn services(folder: &DataFolder) -> Vec<(Service, Option<Holder>)> {
    Service::ALL.into_iter().map(|service| (service, folder.running(service))).collect()
}

async fn has_ended(folder: &DataFolder, holder: &Holder, within: Duration) -> bool {
    let until = Instant::now() + within;
    while folder.is_ours(holder) {
        if Instant::now() >= until {
            return false;
        }
        sleep(BETWEEN_LOOKS).await;
    }
    true
}

/// Says how each service of the folder is.
pub(super) async fn ps(installation: &Installation, tls: &Tls) -> Result<(), Failed> {
    let folder = installation.folder()?;
    let usual = Addresses::after("127.0.0.1", installation.base_port);
    let states = services(&folder).into_iter().map(|(service, holder)| {
        let usual = usual.of(service).unwrap_or_default().to_owned();
        async move {
            let Some(holder) = holder else { return format!("{:<12} down", service.name()) };
            let address = argument_of(holder.pid, "--listen").unwrap_or(usual);
            let state = match ready(service, &address, tls).await {
                Ok(()) => "up".to_owned(),
                Err(why) => format!("down ({why})"),
            };
            format!("{:<12} {state:<8} {address}  process {}", service.name(), holder.pid)
        }
    });
    for line in futures::future::join_all(states).await {
        say(&line);
    }
    Ok(())
}
