//! Repeats what failed and may be repeated: a few times, with growing and jittered pauses, never past the deadline, and only as long as
//! most calls succeed (a budget), so that a service in trouble is not troubled more.
//!
//! What may be repeated is [`domain::Error::retryable`]'s exhaustive answer, for failures of *this* destination only: when it reports that another
//! service is missing, its own caller-side layers have tried already. Being told to come back later is not overruled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Kind, Method, Protocol, Retryable, Stub, WireBody};
use prometheus::IntCounter;

use super::{Circuit, is_long_poll};
use crate::metrics::Metrics;
use crate::random;

/// When and how often a call is repeated.
#[derive(Clone, Debug)]
pub struct RetryOptions {
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// The longest first pause; each further one may be twice as long. Between half of it and all of it is really waited.
    pub first_pause: Duration,
    /// How many retries are earned by a hundred calls.
    pub budget_percent: u64,
    /// How many retries may come at once after a quiet time.
    pub budget_burst: u64,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self { max_attempts: 4, first_pause: Duration::from_millis(20), budget_percent: 10, budget_burst: 10 }
    }
}

/// See the module.
pub struct Retry<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    options: RetryOptions,
    budget: Arc<Budget>,
    circuit: Arc<Circuit>,
    retries: IntCounter,
}

impl<P: Protocol> Retry<P> {
    /// Repeats calls of `inner` as long as `circuit` is not open, and shows that and the budget left in `metrics`.
    pub fn new(inner: Arc<dyn Stub<P>>, options: &RetryOptions, circuit: Arc<Circuit>, metrics: &Metrics) -> Self {
        let budget = Arc::new(Budget::new(options));
        let (shown, left) = (metrics.retry_budget(P::SERVICE), Arc::downgrade(&budget));
        metrics.look(move || left.upgrade().map(|budget| shown.set(budget.left())).is_some());
        Self { inner, options: options.clone(), budget, circuit, retries: metrics.retries(P::SERVICE) }
    }

    /// How long to wait before the next attempt after `attempt`; `None` if there must be none.
    fn pause(&self, error: &Error, method: &Method, context: &Context, attempt: u32) -> Option<Duration> {
        if attempt >= self.options.max_attempts || !may_repeat::<P>(error, method, context) {
            return None;
        }
        // A destination known to be dead is reported at once, not after some pauses.
        if self.circuit.is_open() {
            return None;
        }
        let longest = self.options.first_pause.saturating_mul(1 << (attempt - 1).min(16));
        let pause = jittered(longest);
        (pause < context.remaining() && self.budget.spend()).then_some(pause)
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Retry<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let method = request.method();
        if is_long_poll(method) {
            return self.inner.call(context, request).await;
        }
        self.budget.earn();
        let mut attempt = 1;
        let mut outcome_unknown = false;
        loop {
            let error = match self.inner.call(context, request.clone()).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            outcome_unknown |= matches!(error, Error::Deadline { .. });
            let Some(pause) = self.pause(&error, method, context, attempt) else {
                // "Certainly not executed" is true of the last attempt only, if an earlier one may have been. And whoever signs out or
                // deletes their account, and does not hear that it was done, may be nobody by the next attempt.
                let says_little =
                    error.retryable() == Retryable::Safely || matches!(error, Error::Unauthenticated { .. });
                return Err(match method.kind {
                    Kind::Command if outcome_unknown && says_little => Error::Deadline { service: P::SERVICE },
                    Kind::Command | Kind::Query => error,
                });
            };
            tracing::debug!(service = %P::SERVICE, method = method.name, attempt, %error, "trying again");
            self.retries.inc();
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    fn ends_in_time(&self) -> bool {
        self.inner.ends_in_time()
    }
}

fn may_repeat<P: Protocol>(error: &Error, method: &Method, context: &Context) -> bool {
    if error.service() != Some(P::SERVICE) {
        return false;
    }
    match error.retryable() {
        Retryable::Never => false,
        Retryable::Safely => true,
        Retryable::UnderTheSameKey => method.kind == Kind::Query || context.idempotency_key.is_some(),
    }
}

/// Between half of `longest` and all of it.
fn jittered(longest: Duration) -> Duration {
    let thousandths = u32::try_from(500 + random::number() % 500).unwrap_or(1_000);
    longest.saturating_mul(thousandths) / 1_000
}

/// Retries in hundredths: every call earns a few, every retry costs a hundred.
struct Budget {
    hundredths: AtomicU64,
    earned: u64,
    most: u64,
}

const ONE_RETRY: u64 = 100;

impl Budget {
    fn new(options: &RetryOptions) -> Self {
        let most = options.budget_burst.saturating_mul(ONE_RETRY);
        Self { hundredths: AtomicU64::new(most), earned: options.budget_percent, most }
    }

    fn earn(&self) {
        let _ = self.hundredths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |have| {
            (have < self.most).then(|| have.saturating_add(self.earned).min(self.most))
        });
    }

    /// How many retries it still allows.
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    fn left(&self) -> f64 {
        self.hundredths.load(Ordering::Relaxed) as f64 / ONE_RETRY as f64
    }

    fn spend(&self) -> bool {
        self.hundredths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |have| have.checked_sub(ONE_RETRY)).is_ok()
    }
}
