//! Ends a call at its deadline, and does not begin one whose deadline has passed.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Protocol, Stub};
use tokio::time::timeout_at;

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
        let late = Error::Deadline { service: P::SERVICE };
        if context.remaining().is_zero() {
            return Err(late);
        }
        // The call is asked before the clock is, so that a more exact answer of the same moment wins.
        timeout_at(context.deadline, self.inner.call(context, request)).await.unwrap_or(Err(late))
    }
}
