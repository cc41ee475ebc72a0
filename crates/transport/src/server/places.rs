//! The places for connections: a bounded number for calls, and a few more from which it is said, truthfully, that the others are taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How many connections at a time are told that there is no place, and may ask for health and metrics all the same. Others are closed.
const SPARE: usize = 32;

/// All places of one server.
pub(crate) struct Places {
    for_calls: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    taken: IntGauge,
    most: usize,
}

/// A connection's place, counted while it is held.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    taken: IntGauge,
    takes_calls: bool,
}

impl Places {
    /// So many for calls; `taken` shows how many are in use.
    pub(super) fn new(most: usize, taken: IntGauge) -> Self {
        Self { for_calls: Arc::new(Semaphore::new(most)), spare: Arc::new(Semaphore::new(SPARE)), taken, most }
    }

    /// One of them: for calls if there is one.
    pub(super) fn take(&self) -> Option<Place> {
        let (permit, takes_calls) = match Arc::clone(&self.for_calls).try_acquire_owned() {
            Ok(permit) => (permit, true),
            Err(_) => (Arc::clone(&self.spare).try_acquire_owned().ok()?, false),
        };
        self.taken.inc();
        Some(Place { _permit: permit, taken: self.taken.clone(), takes_calls })
    }

    /// How many there are for calls.
    pub(super) const fn most(&self) -> usize {
        self.most
    }
}

impl Place {
    /// Whether calls may come over its connection.
    pub(super) const fn takes_calls(&self) -> bool {
        self.takes_calls
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.dec();
    }
}

/// Says what anybody who can reach the server can bring about as often as they like, once a second at most.
#[derive(Default)]
pub(super) struct Sparingly {
    last: Mutex<Option<Instant>>,
    unsaid: AtomicU64,
}

impl Sparingly {
    const BETWEEN: Duration = Duration::from_secs(1);

    /// Calls `say` with how often it was not called before, unless that would be too often.
    pub(super) fn say(&self, say: impl FnOnce(u64)) {
        let now = Instant::now();
        let mut last = self.last.lock();
        if last.is_some_and(|last| now.duration_since(last) < Self::BETWEEN) {
            self.unsaid.fetch_add(1, Ordering::Relaxed);
            return;
        }
        *last = Some(now);
        say(self.unsaid.swap(0, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_the_places_for_calls_are_taken_a_few_are_left_to_say_so() {
        let taken = IntGauge::new("taken", "Places taken.").unwrap();
        let places = Places::new(1, taken.clone());
        let first = places.take().unwrap();
        assert!(first.takes_calls());
        let spare: Vec<_> = (0..SPARE).map(|_| places.take().unwrap()).collect();
        assert!(spare.iter().all(|place| !place.takes_calls()));
        assert!(places.take().is_none());
        assert_eq!(taken.get(), 33);
        drop(first);
        assert!(places.take().unwrap().takes_calls());
        drop(spare);
        assert_eq!(taken.get(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_happens_often_is_said_once_a_second() {
        let sparingly = Sparingly::default();
        let said = Mutex::new(Vec::new());
        for _ in 0..10 {
            sparingly.say(|unsaid| said.lock().push(unsaid));
        }
        tokio::time::advance(Sparingly::BETWEEN).await;
        sparingly.say(|unsaid| said.lock().push(unsaid));
        assert_eq!(*said.lock(), [0, 9]);
    }
}
