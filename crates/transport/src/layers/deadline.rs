//! Ends a call at its deadline, and does not begin one whose deadline has passed.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Protocol, Stub};
use tokio::task::unconstrained;
use tokio::time::sleep_until;

/// See the module.
pub struct Deadline<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
}

impl<P: Protocol> Deadline<P> {
    /// Bounds `inner` by each call's own deadline.
    pub fn new(inner: Arc<dyn Stub<P>>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Deadline<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        if context.remaining().is_zero() {
            return Err(Error::Deadline { service: P::SERVICE });
        }
        let mut call = self.inner.call(context, request);
        let mut clock = pin!(None);
        poll_fn(|task| {
            // The call is asked before the clock is, so that a more exact answer of the same moment wins. Most are answered before there need be
            // a clock.
            if let Poll::Ready(answer) = call.as_mut().poll(task) {
                return Poll::Ready(answer);
            }
            if clock.is_none() {
                clock.set(Some(unconstrained(sleep_until(context.deadline))));
            }
            let Some(clock) = clock.as_mut().as_pin_mut() else { return Poll::Pending };
            clock.poll(task).map(|()| Err(Error::Deadline { service: P::SERVICE }))
        })
        .await
    }
}
