//! A circuit breaker for one destination: after some failures in a row it is not asked any more for a while, and callers get an immediate,
//! honest `unavailable` instead of waiting for one.
//!
//! When the while is over the breaker is half open: one call is let through to find out. Its success closes the breaker; its failure, or
//! its not having ended after another while, lets the next one try. Only failures of the destination itself count: an error that it
//! answered with, or another service that it reports missing, shows that it lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Protocol, Stub, WireBody};
use parking_lot::Mutex;
use prometheus::IntGauge;
use tokio::time::Instant;

use super::{is_long_poll, millis};
use crate::metrics::Metrics;

/// When a destination is given a rest.
#[derive(Clone, Debug)]
pub struct BreakerOptions {
    /// After how many failures in a row.
    pub failures: u32,
    /// For how long.
    pub open_for: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 5, open_for: Duration::from_millis(500) }
    }
}

/// See the module.
pub struct Breaker<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    circuit: Arc<Circuit>,
}

/// What is known of one destination.
pub struct Circuit {
    options: BreakerOptions,
    state: Mutex<State>,
    /// Nothing has failed since the last success: there is nothing to decide, and of another success nothing to note. Changed under the lock,
    /// looked at without.
    calm: AtomicBool,
    shown: Shown,
}

#[derive(Default)]
struct State {
    failures_in_a_row: u32,
    /// Nobody is let through until then; after that, one call. `None`: closed.
    open_until: Option<Instant>,
    /// Whether one was let through to find out.
    probing: bool,
    last_failure: String,
}

impl State {
    const fn name(&self) -> usize {
        match (self.open_until, self.probing) {
            (None, _) => 0,
            (Some(_), false) => 1,
            (Some(_), true) => 2,
        }
    }
}

/// The states as the metrics have them, with how many breakers of the process are in each.
struct Shown([IntGauge; 3]);

const STATES: [&str; 3] = ["closed", "open", "half_open"];

impl Shown {
    fn add(&self, state: usize, breakers: i64) {
        if let Some(gauge) = self.0.get(state) {
            gauge.add(breakers);
        }
    }
}

impl<P: Protocol> Breaker<P> {
    /// Watches over calls of `inner`.
    pub fn new(inner: Arc<dyn Stub<P>>, circuit: Arc<Circuit>) -> Self {
        Self { inner, circuit }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Breaker<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let long_poll = is_long_poll(request.method());
        if !long_poll {
            self.circuit.admit().map_err(|reason| Error::unavailable(P::SERVICE, reason))?;
        }
        let mut watch = Watch { circuit: &self.circuit, context, long_poll, ended: false };
        let answer = self.inner.call(context, request).await;
        watch.ended = true;
        match &answer {
            Err(Error::Unavailable { service, reason }) if *service == P::SERVICE => self.circuit.failed(reason),
            // A long poll that outlives its deadline was merely not timed well.
            Err(Error::Deadline { service }) if *service == P::SERVICE => {
                if !long_poll {
                    self.circuit.failed(NO_ANSWER);
                }
            }
            Ok(_) | Err(_) => self.circuit.succeeded(),
        }
        answer
    }

    fn ends_in_time(&self) -> bool {
        self.inner.ends_in_time()
    }
}

const NO_ANSWER: &str = "it did not answer in time";

/// A call that is dropped at its deadline was not answered in time, although nobody is left to be told so.
struct Watch<'b> {
    circuit: &'b Circuit,
    context: &'b Context,
    long_poll: bool,
    ended: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.ended && !self.long_poll && self.context.remaining().is_zero() {
            self.circuit.failed(NO_ANSWER);
        }
    }
}

impl Circuit {
    /// Closed, and shown so in `metrics`.
    #[must_use]
    pub fn new<P: Protocol>(options: &BreakerOptions, metrics: &Metrics) -> Arc<Self> {
        let shown = Shown(STATES.map(|state| metrics.breakers(P::SERVICE, state)));
        shown.add(State::default().name(), 1);
        Arc::new(Self { options: options.clone(), state: Mutex::default(), calm: AtomicBool::new(true), shown })
    }

    /// Whether the next call would be refused.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state.lock().open_until.is_some_and(|until| Instant::now() < until)
    }

    /// Changes the state, and shows it.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let before = state.name();
        let changed = change(&mut state);
        let after = state.name();
        self.calm.store(after == State::default().name() && state.failures_in_a_row == 0, Ordering::Relaxed);
        if after != before {
            self.shown.add(before, -1);
            self.shown.add(after, 1);
        }
        changed
    }

    /// Lets a call through, or says why not.
    fn admit(&self) -> Result<(), String> {
        if self.calm.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.change(|state| {
            let Some(open_until) = state.open_until else { return Ok(()) };
            let now = Instant::now();
            if now >= open_until {
                (state.open_until, state.probing) = (Some(now + self.options.open_for), true);
                return Ok(());
            }
            let left = millis(open_until - now).max(1);
            Err(format!("{} (it is asked again in {left} ms)", state.last_failure))
        })
    }

    fn succeeded(&self) {
        if self.calm.load(Ordering::Relaxed) {
            return;
        }
        self.change(|state| (state.failures_in_a_row, state.open_until, state.probing) = (0, None, false));
    }

    fn failed(&self, reason: &str) {
        self.change(|state| {
            state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
            if state.open_until.is_some() || state.failures_in_a_row >= self.options.failures {
                (state.open_until, state.probing) = (Some(Instant::now() + self.options.open_for), false);
            }
            if state.last_failure != reason {
                reason.clone_into(&mut state.last_failure);
            }
        });
    }
}

impl Drop for Circuit {
    fn drop(&mut self) {
        self.shown.add(self.state.get_mut().name(), -1);
    }
}
