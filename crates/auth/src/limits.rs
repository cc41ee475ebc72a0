//! How fast one may register, and guess passwords.
//!
//! What is counted is what happened within the last minute. Wrong passwords count for the user name *and* address together, so
//! that nobody can lock another out from elsewhere, and, more generously, for the address alone, so that nobody tries one
//! password on every name. Right passwords never count. A name counts whether or not there is such a user.
//!
//! Memory is bounded: beyond [`MOST_KEPT`] the oldest is forgotten. Counts do not survive a restart.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Error, Peer, Timestamp, Username};
use parking_lot::Mutex;

use crate::Config;

/// What is counted is counted for this long.
const MINUTE: Duration = Duration::from_secs(60);
/// Wrong passwords that one address may give for all names together, as a multiple of those for one.
const NAMES_AT_ONCE: usize = 5;
/// What each count remembers at most.
const MOST_KEPT: usize = 20_000;

/// Where a caller is, as far as limits are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    /// In this process.
    Linked,
    /// At this address.
    V4(Ipv4Addr),
    /// Somewhere in this network: one customer usually has a whole /64 (RFC 6177).
    V6Network([u16; 4]),
}

impl From<Peer> for Address {
    fn from(peer: Peer) -> Self {
        match peer {
            Peer::Linked => Self::Linked,
            Peer::Address(address) => match address.to_canonical() {
                IpAddr::V4(address) => Self::V4(address),
                IpAddr::V6(address) => {
                    let [a, b, c, d, ..] = address.segments();
                    Self::V6Network([a, b, c, d])
                }
            },
        }
    }
}

/// The limits of one service.
pub(crate) struct Limits {
    clock: Arc<dyn Clock>,
    registrations: Mutex<LastMinute<Address>>,
    failures: Mutex<Failures>,
}

struct Failures {
    of_name: LastMinute<(Username, Address)>,
    of_address: LastMinute<Address>,
}

impl Limits {
    /// As `config` says, by `clock`.
    pub(crate) fn new(config: &Config, clock: Arc<dyn Clock>) -> Self {
        let (registrations, failures) =
            (config.registrations_per_minute as usize, config.failed_logins_per_minute as usize);
        Self {
            clock,
            registrations: Mutex::new(LastMinute::new(registrations)),
            failures: Mutex::new(Failures {
                of_name: LastMinute::new(failures),
                of_address: LastMinute::new(failures.saturating_mul(NAMES_AT_ONCE)),
            }),
        }
    }

    /// Counts a registration.
    ///
    /// # Errors
    /// Rate limited if there were too many from that address.
    pub(crate) fn registration(&self, from: Address) -> Result<(), Error> {
        let now = self.clock.now();
        let mut registrations = self.registrations.lock();
        refuse(registrations.full(now, &from), "too many registrations from this address")?;
        registrations.count(now, from);
        Ok(())
    }

    /// Whether another password may be tried. To be asked before a password is checked, and again before it is told that it is
    /// right: of many attempts at once, no more than the limit then learn anything.
    ///
    /// # Errors
    /// Rate limited if there were too many wrong ones.
    pub(crate) fn attempt(&self, name: &Username, from: Address) -> Result<(), Error> {
        self.failures.lock().check(self.clock.now(), name, from)
    }

    /// Counts a wrong password.
    ///
    /// # Errors
    /// As [`Limits::attempt`]; then it is not to be told that it was wrong.
    pub(crate) fn failure(&self, name: &Username, from: Address) -> Result<(), Error> {
        let now = self.clock.now();
        let mut failures = self.failures.lock();
        failures.check(now, name, from)?;
        failures.of_name.count(now, (name.clone(), from));
        failures.of_address.count(now, from);
        Ok(())
    }
}

impl Failures {
    fn check(&mut self, now: Timestamp, name: &Username, from: Address) -> Result<(), Error> {
        let wait = self.of_name.full(now, &(name.clone(), from)).max(self.of_address.full(now, &from));
        refuse(wait, "too many wrong passwords from this address")
    }
}

fn refuse(wait: Option<Duration>, reason: &str) -> Result<(), Error> {
    wait.map_or(Ok(()), |wait| {
        let retry_after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        Err(Error::RateLimited { reason: reason.to_owned(), retry_after_ms })
    })
}

/// What happened within the last minute, by key.
struct LastMinute<K> {
    limit: usize,
    /// Everything, oldest first.
    order: VecDeque<(Timestamp, K)>,
    /// When each key's happened, oldest first; no key without any.
    of: HashMap<K, VecDeque<Timestamp>>,
}

impl<K: Hash + Eq + Clone> LastMinute<K> {
    fn new(limit: usize) -> Self {
        Self { limit, order: VecDeque::new(), of: HashMap::new() }
    }

    /// How long until there is room for another, if there is none now.
    fn full(&mut self, now: Timestamp, key: &K) -> Option<Duration> {
        self.forget_old(now);
        let times = self.of.get(key);
        if times.map_or(0, VecDeque::len) < self.limit {
            return None;
        }
        let free = times.and_then(VecDeque::front).map_or(now.plus(MINUTE), |oldest| oldest.plus(MINUTE));
        Some(Duration::from_micros(u64::try_from(free.as_micros().saturating_sub(now.as_micros())).unwrap_or(0)))
    }

    fn count(&mut self, now: Timestamp, key: K) {
        if self.order.len() >= MOST_KEPT {
            self.forget_first();
        }
        self.of.entry(key.clone()).or_default().push_back(now);
        self.order.push_back((now, key));
    }

    fn forget_old(&mut self, now: Timestamp) {
        // Also what lies far ahead: the clock was set back.
        let past = |at: Timestamp| at.plus(MINUTE) <= now || at > now.plus(MINUTE);
        while self.order.front().is_some_and(|(at, _)| past(*at)) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        let Some((_, key)) = self.order.pop_front() else { return };
        if let Some(times) = self.of.get_mut(&key) {
            times.pop_front();
            if times.is_empty() {
                self.of.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + n * 1_000_000)
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_is_forgotten_first() {
        let mut window = LastMinute::new(1);
        for key in 0..3 * MOST_KEPT {
            window.count(second(0), key);
        }
        assert_eq!((window.order.len(), window.of.len()), (MOST_KEPT, MOST_KEPT));
        assert!(window.full(second(0), &0).is_none() && window.full(second(0), &(3 * MOST_KEPT - 1)).is_some());
        assert!(window.full(second(60), &(3 * MOST_KEPT - 1)).is_none());
        assert!(window.order.is_empty() && window.of.is_empty(), "nothing is kept that no longer counts");
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let mut window = LastMinute::new(1);
        window.count(second(86_400), "alice");
        assert!(window.full(second(86_401), &"alice").is_some());
        assert!(window.full(second(0), &"alice").is_none());
    }

    #[test]
    fn addresses_of_one_network_are_one_and_mapped_ones_are_what_they_map() {
        let address = |text: &str| Address::from(Peer::Address(text.parse().unwrap()));
        assert_eq!(address("2001:db8:1:2:3::4"), address("2001:db8:1:2:ffff::1"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.7"), address("192.0.2.7"));
        assert_ne!(address("192.0.2.7"), address("192.0.2.8"));
        assert_ne!(Address::from(Peer::Linked), address("127.0.0.1"));
    }

    proptest! {
        #[test]
        fn within_any_minute_no_more_than_the_limit_pass_and_waiting_as_told_is_enough(
            steps in proptest::collection::vec((0_i64..30, 0_u8..3), 1..200), limit in 1_usize..5,
        ) {
            let mut window = LastMinute::new(limit);
            let mut passed: Vec<(i64, u8)> = Vec::new();
            let mut at = 0;
            for (pause, key) in steps {
                at += pause;
                let before = passed.iter().filter(|(when, whose)| *whose == key && at - when < 60).count();
                match window.full(second(at), &key) {
                    None => {
                        prop_assert!(before < limit);
                        window.count(second(at), key);
                        passed.push((at, key));
                    }
                    Some(wait) => {
                        prop_assert_eq!(before, limit);
                        let after = at + i64::try_from(wait.as_secs()).unwrap();
                        let left = passed.iter().filter(|(when, whose)| *whose == key && after - when < 60).count();
                        prop_assert!(left < limit, "{} of {} after {:?}", left, limit, wait);
                    }
                }
            }
        }
    }
}
