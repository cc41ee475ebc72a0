//! Free ports for services that are started for a while, beside others who want the same.
//!
//! A port is reserved among all clusters of one user on this machine by a locked file, for as long as the cluster lives: a service that was killed
//! must find its port again. The ports are below those that the system hands out to outgoing connections.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

/// From the first to behind the last.
const RANGE: std::ops::Range<u16> = 21_000..32_000;

/// Some ports on loopback, one after the other, that no other cluster uses until this is dropped.
#[derive(Debug)]
pub(super) struct ReservedPorts {
    /// The first.
    pub(super) first: u16,
    _locks: Vec<File>,
}

impl ReservedPorts {
    /// Finds `count` in a row.
    ///
    /// # Errors
    /// If there are none, or the folder for temporary files cannot be written.
    pub(super) fn find(count: u16) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("convene-ports-{}", rustix::process::getuid().as_raw()));
        fs::create_dir_all(&folder)?;
        let places = (RANGE.end - RANGE.start) / count;
        let begin = u16::try_from(crate::random::number() % u64::from(places)).unwrap_or_default();
        for step in 0..places {
            let first = RANGE.start + (begin + step) % places * count;
            let locks: Option<Vec<File>> = (first..first + count).map(|number| reserve(&folder, number)).collect();
            if let Some(locks) = locks {
                return Ok(Self { first, _locks: locks });
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, format!("no {count} ports in a row of {RANGE:?} are free")))
    }
}

/// The lock of a port that is free.
fn reserve(folder: &Path, number: u16) -> Option<File> {
    let path = folder.join(number.to_string());
    let lock = File::options().create(true).truncate(false).write(true).open(path).ok()?;
    (lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()).then_some(lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_ports_are_free_and_differ() {
        let rows: Vec<ReservedPorts> = (0..20).map(|_| ReservedPorts::find(5).unwrap()).collect();
        let mut numbers: Vec<u16> = rows.iter().flat_map(|row| row.first..row.first + 5).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 100);
        assert!(numbers.into_iter().all(|number| TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()));
    }
}
