//! All certificates of an installation at once: what `convene certs` does.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use domain::Timestamp;

use crate::authority::san_of_host;
use crate::folder::{PUBLIC, replace};
use crate::{Authority, Certificate, Error, Folder, Holder};

/// Clocks differ: a certificate is good from a little before it was made.
const LEEWAY: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// For how long an authority is good, in days: renewing it means going to everybody again.
const AUTHORITY_DAYS: u32 = 3_650;
/// From how many days before its end on a certificate is said to end soon.
const SOON_DAYS: u32 = 30;

/// Which certificates are wanted.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where they lie.
    pub folder: Folder,
    /// Where the authority itself lies.
    pub authority: Folder,
    /// Further hosts at which the services are reached, by name or address.
    pub hosts: Vec<String>,
    /// Further clients.
    pub clients: Vec<String>,
    /// For how many days those that are made are good.
    pub days: u32,
    /// The time now.
    pub now: Timestamp,
}

/// A certificate that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Whose, as the certificate says: `authority 1a2b3c4d`, `events`, `client alice`.
    pub holder: String,
    /// Where its certificate lies.
    pub file: PathBuf,
}

/// A certificate that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whose, as it says itself: `authority 1a2b3c4d`, `events`, `client alice`.
    pub holder: String,
    /// Where it lies.
    pub file: PathBuf,
    /// For which hosts it is good.
    pub hosts: Vec<String>,
    /// Until when.
    pub not_after: Timestamp,
    /// Whether it is of use.
    pub state: State,
}

/// Whether a certificate is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Yes.
    Good,
    /// Yes, for less than a month.
    EndsSoon,
    /// No longer.
    Expired,
    /// Not yet.
    NotYet,
    /// Nobody here believes it: another authority issued it.
    Foreign,
    /// Its private key is not there.
    NoKey,
}

/// Makes what is missing: the authority, the certificates of the services and of the operator, those of the clients that are named; and anew
/// those that end within a month, or lack a host that is asked for. What is there and good is left as it is.
///
/// # Errors
/// If the authority's key is kept elsewhere and needed, a name is none, or a file cannot be written.
pub fn make(order: &Order) -> Result<Vec<Made>, Error> {
    let clients = clients(order)?;
    let (authority, mut made) = match Authority::load(&order.authority)? {
        Some(authority) => (authority, Vec::new()),
        None if order.folder.authority().exists() => return Err(kept_elsewhere(order)),
        None => {
            let until = after(order.now, AUTHORITY_DAYS);
            let authority = Authority::create(order.now.minus(LEEWAY), until)?;
            authority.save(&order.authority)?;
            let file = order.authority.authority();
            let holder = Certificate::read(&file)?.map_or_else(String::new, |own| own.subject);
            (authority, vec![Made { holder, file }])
        }
    };
    let own = believed(order, &authority)?;
    for holder in Holder::of_every_installation().chain(clients) {
        let present = Certificate::read(&order.folder.certificate(&holder))?;
        let hosts = hosts(&holder, present.as_ref(), &order.hosts);
        if !is_good(present.as_ref(), &holder, &hosts, &own, order) {
            made.push(issue(order, &authority, &holder, &hosts)?);
        }
    }
    Ok(made)
}

/// Makes every certificate anew, with new keys: for the hosts that it was good for and those that are asked for. The authority stays.
///
/// # Errors
/// As [`make`]; and if there are none yet.
pub fn renew(order: &Order) -> Result<Vec<Made>, Error> {
    let mut holders = order.folder.holders();
    holders.extend(clients(order)?.into_iter().filter(|client| !order.folder.certificate(client).exists()));
    if !order.folder.authority().exists() {
        return Err(none_yet(&order.folder));
    }
    let authority = Authority::load(&order.authority)?.ok_or_else(|| kept_elsewhere(order))?;
    believed(order, &authority)?;
    let again = |holder: Holder| {
        let present = Certificate::read(&order.folder.certificate(&holder))?;
        let hosts = hosts(&holder, present.as_ref(), &order.hosts);
        issue(order, &authority, &holder, &hosts)
    };
    holders.into_iter().map(again).collect()
}

/// Whether there is nothing to be made: the certificate is there, with its key, for all these hosts, and will be for a while.
fn is_good(
    present: Option<&Certificate>,
    holder: &Holder,
    hosts: &[String],
    authority: &Certificate,
    order: &Order,
) -> bool {
    let Some(present) = present else { return false };
    let covered = |host: &String| present.hosts().any(|covered| covered == host);
    let has_key = order.folder.key(holder).exists();
    state(present, authority, has_key, order.now) == State::Good && hosts.iter().all(covered)
}

/// Has everybody believe this authority, unless they believe another one.
fn believed(order: &Order, authority: &Authority) -> Result<Certificate, Error> {
    let own = Certificate::read(&order.authority.authority())?.ok_or_else(|| kept_elsewhere(order))?;
    if Certificate::read(&order.folder.authority())?.is_some_and(|believed| believed != own) {
        return Err(kept_elsewhere(order));
    }
    replace(&order.folder.authority(), authority.certificate(), PUBLIC)?;
    Ok(own)
}

/// Looks at every certificate of `folder`, the authority's first.
///
/// # Errors
/// If there are none, or one cannot be read.
pub fn look(folder: &Folder, now: Timestamp) -> Result<Vec<Look>, Error> {
    let Some(authority) = Certificate::read(&folder.authority())? else { return Err(none_yet(folder)) };
    let mut looks = vec![Look::at(folder.authority(), &authority, &authority, true, now)];
    let mut look_at = |file: PathBuf, key: PathBuf| {
        if let Some(seen) = Certificate::read(&file)? {
            looks.push(Look::at(file, &seen, &authority, key.exists(), now));
        }
        Ok(())
    };
    // In the folder that a person takes along there is one certificate, and it is theirs.
    look_at(folder.path().join("client.crt"), folder.path().join("client.key"))?;
    for holder in folder.holders() {
        look_at(folder.certificate(&holder), folder.key(&holder))?;
    }
    Ok(looks)
}

fn state(seen: &Certificate, authority: &Certificate, has_key: bool, now: Timestamp) -> State {
    if !seen.is_issued_by(authority) {
        State::Foreign
    } else if !has_key {
        State::NoKey
    } else if seen.not_after <= now {
        State::Expired
    } else if seen.not_before > now {
        State::NotYet
    } else if seen.not_after <= after(now, SOON_DAYS) {
        State::EndsSoon
    } else {
        State::Good
    }
}

impl Look {
    fn at(file: PathBuf, seen: &Certificate, authority: &Certificate, has_key: bool, now: Timestamp) -> Self {
        Self {
            holder: seen.subject.clone(),
            file,
            hosts: seen.hosts().map(str::to_owned).collect(),
            not_after: seen.not_after,
            state: state(seen, authority, has_key, now),
        }
    }
}

fn issue(order: &Order, authority: &Authority, holder: &Holder, hosts: &[String]) -> Result<Made, Error> {
    let issued = authority.issue(holder, hosts, order.now.minus(LEEWAY), after(order.now, order.days))?;
    order.folder.keep(holder, &issued)?;
    if let Holder::Client(_) = holder {
        replace(&order.folder.home(holder).authority(), authority.certificate(), PUBLIC)?;
    }
    let file = order.folder.certificate(holder);
    Ok(Made { holder: holder.to_string(), file })
}

/// The hosts of a certificate: those it has, and those that are asked for. Only services are reached at hosts.
fn hosts(holder: &Holder, present: Option<&Certificate>, wanted: &[String]) -> Vec<String> {
    let Holder::Service(_) = holder else { return Vec::new() };
    let mut hosts: Vec<String> = present.into_iter().flat_map(Certificate::hosts).map(str::to_owned).collect();
    for host in wanted {
        // As certificates have it, so that what is asked for again is found to be there.
        let host = host.parse::<IpAddr>().map_or_else(|_| host.to_ascii_lowercase(), |address| address.to_string());
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// The clients that are asked for, after all names were found to be names.
fn clients(order: &Order) -> Result<Vec<Holder>, Error> {
    order.hosts.iter().try_for_each(|host| san_of_host(host).map(drop))?;
    let holder = |name: &String| {
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if fits {
            Ok(Holder::Client(name.clone()))
        } else {
            Err(Error(format!("a client is named by 1 to 64 letters, digits, - and _, and not {name:?}")))
        }
    };
    order.clients.iter().map(holder).collect()
}

fn after(now: Timestamp, days: u32) -> Timestamp {
    now.plus(DAY.saturating_mul(days))
}

fn none_yet(folder: &Folder) -> Error {
    Error(format!("there are no certificates in {}; `convene certs make` makes them", folder.path().display()))
}

fn kept_elsewhere(order: &Order) -> Error {
    let (wanted, folder) = (order.authority.path().display(), order.folder.path().display());
    Error(format!(
        "the authority that issued the certificates in {folder} is not in {wanted}: give the folder with its authority.key and \
         authority.crt as --authority FOLDER, or remove {folder} to begin anew, which ends the use of every certificate it issued"
    ))
}

#[cfg(test)]
mod tests;
