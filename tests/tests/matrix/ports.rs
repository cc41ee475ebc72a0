//! Ports for what listens in these tests besides services: below those of clusters and of outgoing connections.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// A port of which the next five are free and were given to nobody else in this process, with listeners on these.
pub(crate) fn five_in_a_row() -> (u16, Vec<TcpListener>) {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let base = NEXT.fetch_add(10, Ordering::Relaxed);
        assert!(base < 21_000, "no five ports in a row are free");
        let listener = |number| TcpListener::bind((Ipv4Addr::LOCALHOST, base + number)).ok();
        if let Some(listeners) = (1..=5).map(listener).collect() {
            return (base, listeners);
        }
    }
}
