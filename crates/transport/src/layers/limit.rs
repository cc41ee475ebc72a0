//! Admission: so many calls at once, a short queue for a burst, and everything beyond that refused at once as busy.
//!
//! A service that takes on more than it can do answers everything late, then nothing in time, and goes on working at what nobody waits for
//! any more. So a call gets one of a fixed number of places, or waits for one among a bounded number and for a bounded time, or is refused
//! before it has cost anything. Who would wait too long is not left to find that out: how long the queue takes is known from how long calls
//! have lately held their places (Little's law), and who cannot be served in time is refused on arrival. Whoever was accepted is
//! therefore answered within [`LimitOptions::max_wait`] and the time that the work takes, however much is asked for; and the moment it
//! becomes less, everybody is served again: there is no state to recover from.
//!
//! Places are for work. Long polls wait for news and have places of their own; how a service is (`health`) is answered without one, since
//! it is asked about a busy service most of all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Method, Protocol, Stub, WireBody};
use prometheus::{IntCounter, IntGauge};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use super::{is_long_poll, is_watch};
use crate::metrics::Metrics;

/// How much at once.
#[derive(Clone, Debug)]
pub struct LimitOptions {
    /// How many calls are worked at, long polls aside.
    pub max_in_flight: usize,
    /// How many more may wait until one of these has ended.
    pub max_waiting: usize,
    /// How long they may wait.
    pub max_wait: Duration,
    /// How many long polls of followers, which take a place for long and do nothing with it.
    pub max_long_polls: usize,
    /// How many of people's clients.
    pub max_watches: usize,
    /// What a refused caller is told to wait, in milliseconds.
    pub retry_after_ms: u64,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            max_in_flight: 512,
            max_waiting: 512,
            max_wait: Duration::from_millis(100),
            max_long_polls: 256,
            max_watches: 8_192,
            retry_after_ms: 200,
        }
    }
}

/// See the module.
pub struct Limit<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    places: Semaphore,
    waiting: AtomicUsize,
    /// How long a call lately held its place while a quarter of them or more were taken, in nanoseconds: a moving mean.
    held_ns: AtomicU64,
    long_polls: Semaphore,
    watches: Semaphore,
    options: LimitOptions,
    shown: Shown,
}

struct Shown {
    waiting: IntGauge,
    queue_full: IntCounter,
    too_slow: IntCounter,
    long_polls: IntCounter,
}

/// One call in so many changes the mean as much as all before it.
const MEAN_OF: u64 = 16;

impl<P: Protocol> Limit<P> {
    /// Lets so many through at a time, and shows how many wait and are refused in `metrics`.
    pub fn new(inner: Arc<dyn Stub<P>>, options: &LimitOptions, metrics: &Metrics) -> Self {
        let shed = |reason| metrics.shed(P::SERVICE, reason);
        Self {
            inner,
            places: Semaphore::new(options.max_in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            waiting: AtomicUsize::new(0),
            held_ns: AtomicU64::new(0),
            long_polls: Semaphore::new(options.max_long_polls.min(Semaphore::MAX_PERMITS)),
            watches: Semaphore::new(options.max_watches.min(Semaphore::MAX_PERMITS)),
            shown: Shown {
                waiting: metrics.waiting(P::SERVICE),
                queue_full: shed("queue_full"),
                too_slow: shed("too_slow"),
                long_polls: shed("long_polls"),
            },
            options: options.clone(),
        }
    }

    /// A place, at once or after a short wait.
    async fn place(&self, context: &Context) -> Result<SemaphorePermit<'_>, Error> {
        // Nobody is overtaken: a place that becomes free is given to whoever waits longest, not left to be taken here.
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let Some(queued) = Queued::join(self) else {
            self.shown.queue_full.inc();
            return Err(self.busy(self.options.max_waiting));
        };
        let patience = self.options.max_wait.min(context.remaining());
        if self.expected(queued.ahead + 1) <= patience
            && let Ok(Ok(place)) = timeout(patience, self.places.acquire()).await
        {
            return Ok(place);
        }
        self.shown.too_slow.inc();
        Err(self.busy(queued.ahead))
    }

    /// Whether so many places are taken that it matters how long they are held.
    fn fills_up(&self) -> bool {
        self.places.available_permits() <= self.options.max_in_flight - self.options.max_in_flight / 4
    }

    /// How long it takes until so many calls have ended.
    fn expected(&self, ended: usize) -> Duration {
        let places = u64::try_from(self.options.max_in_flight.max(1)).unwrap_or(u64::MAX);
        let held = self.held_ns.load(Ordering::Relaxed);
        Duration::from_nanos(held.saturating_mul(u64::try_from(ended).unwrap_or(u64::MAX)) / places)
    }

    fn note_held(&self, held: Duration) {
        let held = u64::try_from(held.as_nanos()).unwrap_or(u64::MAX);
        let mean = self.held_ns.load(Ordering::Relaxed);
        // Of two calls that end at the same moment one may not be counted: it is a mean.
        self.held_ns.store(mean - mean / MEAN_OF + held / MEAN_OF, Ordering::Relaxed);
    }

    fn busy(&self, waiting: usize) -> Error {
        let most = self.options.max_in_flight;
        self.refusal(format!("{} is busy: {most} calls are under way, and {waiting} wait", P::SERVICE))
    }

    const fn refusal(&self, reason: String) -> Error {
        Error::RateLimited { reason, retry_after_ms: self.options.retry_after_ms }
    }
}

/// A call that waits for a place.
struct Queued<'l> {
    waiting: &'l AtomicUsize,
    shown: &'l IntGauge,
    /// How many waited before it.
    ahead: usize,
}

impl<'l> Queued<'l> {
    fn join<P: Protocol>(limit: &'l Limit<P>) -> Option<Self> {
        let most = limit.options.max_waiting;
        let joined = limit
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| (waiting < most).then_some(waiting + 1));
        let ahead = joined.ok()?;
        limit.shown.waiting.inc();
        Some(Self { waiting: &limit.waiting, shown: &limit.shown.waiting, ahead })
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.shown.dec();
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Limit<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let method = request.method();
        if is_long_poll(method) {
            let (places, most) = if is_watch(method) {
                (&self.watches, self.options.max_watches)
            } else {
                (&self.long_polls, self.options.max_long_polls)
            };
            let Ok(_place) = places.try_acquire() else {
                self.shown.long_polls.inc();
                return Err(self.refusal(format!("{} is busy: {most} callers wait for news", P::SERVICE)));
            };
            return self.inner.call(context, request).await;
        }
        if asks_how_it_is(method) {
            return self.inner.call(context, request).await;
        }
        let _place = self.place(context).await?;
        // As long as there are places enough, nobody need know how long they are held.
        let _held = self.fills_up().then(|| Held { limit: self, since: Instant::now() });
        self.inner.call(context, request).await
    }
}

/// A call that holds a place, until it ends or is dropped.
struct Held<'l, P: Protocol> {
    limit: &'l Limit<P>,
    since: Instant,
}

impl<P: Protocol> Drop for Held<'_, P> {
    fn drop(&mut self) {
        self.limit.note_held(self.since.elapsed());
    }
}

fn asks_how_it_is(method: &Method) -> bool {
    method.name == "health"
}
