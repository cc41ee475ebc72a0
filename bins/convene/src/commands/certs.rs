//! `certs`: makes, renews and shows the certificates of an installation. What they are is the business of the crate `certs`.

use std::path::{Path, PathBuf};

use certs::{Folder, Order, look, make, renew};
use chassis::SystemClock;
use domain::Clock as _;

use crate::arguments::{Certificates, CertsCommand};
use crate::failure::Failure;
use crate::output::{CertificatesDocument, MadeDocument, Notes, Printed};

/// The names of this machine that are certain.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// `certs`, on the certificates in `folder`.
///
/// # Errors
/// Why they cannot be made or looked at.
pub(crate) fn certs(command: &CertsCommand, folder: PathBuf) -> Result<Printed, Failure> {
    let here = |error: certs::Error| Failure::Here(error.to_string());
    let folder = Folder::at(folder);
    match command {
        CertsCommand::Show => {
            let looks = look(&folder, SystemClock.now()).map_err(here)?;
            let document = CertificatesDocument::from(looks.as_slice());
            let exit = u8::from(!document.all_of_use());
            Ok(Printed::new(&document, Notes::default()).exiting(exit))
        }
        CertsCommand::Make(wanted) => {
            let order = order(wanted, folder, &names_of_this_machine());
            let made = make(&order).map_err(here)?;
            Ok(Printed::new(&MadeDocument::from(made.as_slice()), remarks(&order)))
        }
        CertsCommand::Renew(wanted) => {
            let order = order(wanted, folder, &[]);
            let made = renew(&order).map_err(here)?;
            Ok(Printed::new(&MadeDocument::from(made.as_slice()), remarks(&order)))
        }
    }
}

fn order(wanted: &Certificates, folder: Folder, usual: &[String]) -> Order {
    Order {
        authority: wanted.authority.clone().map_or_else(|| folder.of_authority(), Folder::at),
        folder,
        hosts: usual.iter().chain(&wanted.hosts).cloned().collect(),
        clients: wanted.clients.clone(),
        days: wanted.days,
        now: SystemClock.now(),
    }
}

fn names_of_this_machine() -> Vec<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    HERE.into_iter().map(str::to_owned).chain(is_name.then_some(name)).collect()
}

/// What is worth knowing about the authority, as long as it lies beside what it issued.
fn remarks(order: &Order) -> Notes {
    let beside = order.authority.path().starts_with(order.folder.path());
    let remark = |folder: &Path| {
        format!(
            "whoever can read {} can make certificates that everybody here believes: keep it elsewhere, and name it with --authority when \
             it is needed",
            folder.display()
        )
    };
    Notes { remarks: beside.then(|| remark(order.authority.path())).into_iter().collect(), ..Notes::default() }
}
