//! Free ports for services that are started for a while, beside others who want the same.
//!
//! A port is reserved among all clusters of one user on this machine by a locked file, for as long as the cluster lives: a service that was killed
//! must find its port again. The ports are below those that the system hands out to outgoing connections.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// From the first to behind the last.
const RANGE: std::ops::Range<u16> = 21_000..32_000;

/// A port on loopback that no other cluster uses, until it is dropped.
#[derive(Debug)]
pub(super) struct ReservedPort {
    pub(super) number: u16,
    _lock: File,
}

impl ReservedPort {
    /// Finds one.
    ///
    /// # Errors
    /// If there is none, or the folder for temporary files cannot be written.
    pub(super) fn find() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("convene-ports-{}", rustix::process::getuid().as_raw()));
        fs::create_dir_all(&folder)?;
        let count = RANGE.end - RANGE.start;
        let first = u16::try_from(crate::random::number() % u64::from(count)).unwrap_or_default();
        for step in 0..count {
            let number = RANGE.start + (first + step) % count;
            let path = folder.join(number.to_string());
            let Ok(lock) = File::options().create(true).truncate(false).write(true).open(path) else { continue };
            if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Ok(Self { number, _lock: lock });
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, format!("no port of {RANGE:?} is free")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_ports_are_free_and_differ() {
        let ports: Vec<ReservedPort> = (0..20).map(|_| ReservedPort::find().unwrap()).collect();
        let mut numbers: Vec<u16> = ports.iter().map(|port| port.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 20);
        assert!(numbers.into_iter().all(|number| TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()));
    }
}
