//! Refuses what is too much at once, early and cheaply, instead of queueing it without bound.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Protocol, Stub, WireBody};
use tokio::sync::Semaphore;

use super::{is_long_poll, is_watch};

/// How much at once.
#[derive(Clone, Debug)]
pub struct LimitOptions {
    /// How many calls, long polls aside.
    pub max_in_flight: usize,
    /// How many long polls of followers, which take a place for long and do nothing with it.
    pub max_long_polls: usize,
    /// How many of people's clients.
    pub max_watches: usize,
    /// What a refused caller is told to wait, in milliseconds.
    pub retry_after_ms: u64,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self { max_in_flight: 1_024, max_long_polls: 256, max_watches: 8_192, retry_after_ms: 200 }
    }
}

/// See the module.
pub struct Limit<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    calls: Semaphore,
    long_polls: Semaphore,
    watches: Semaphore,
    options: LimitOptions,
}

impl<P: Protocol> Limit<P> {
    /// Lets so many through at a time.
    pub fn new(inner: Arc<dyn Stub<P>>, options: &LimitOptions) -> Self {
        Self {
            inner,
            calls: Semaphore::new(options.max_in_flight),
            long_polls: Semaphore::new(options.max_long_polls),
            watches: Semaphore::new(options.max_watches),
            options: options.clone(),
        }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Limit<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let method = request.method();
        let (places, most) = if is_watch(method) {
            (&self.watches, self.options.max_watches)
        } else if is_long_poll(method) {
            (&self.long_polls, self.options.max_long_polls)
        } else {
            (&self.calls, self.options.max_in_flight)
        };
        let Ok(_place) = places.try_acquire() else {
            return Err(Error::RateLimited {
                reason: format!("{} is busy with {most} calls at once", P::SERVICE),
                retry_after_ms: self.options.retry_after_ms,
            });
        };
        self.inner.call(context, request).await
    }
}
