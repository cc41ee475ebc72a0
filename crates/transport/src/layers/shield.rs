//! Turns a panic into an answer: the caller gets an incident, the log gets the message, and no other call notices.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Protocol, Stub, WireBody};
use futures::FutureExt;

use crate::random;

/// See the module.
pub struct Shield<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
}

impl<P: Protocol> Shield<P> {
    /// Stands before `inner`.
    pub fn new(inner: Arc<dyn Stub<P>>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Shield<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let method = request.method();
        // Unwind safety: what the panic left half done is dropped with the call; shared state is the storage's, which commits whole
        // transactions or none.
        match AssertUnwindSafe(self.inner.call(context, request)).catch_unwind().await {
            Ok(answer) => answer,
            Err(panic) => {
                let incident = random::incident();
                let message = message_of(panic.as_ref());
                tracing::error!(service = %P::SERVICE, method = method.name, incident, message, "a call panicked");
                Err(Error::Internal { service: P::SERVICE, incident })
            }
        }
    }
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}
