//! Refuses a command that has no identity: sent twice, it would be done twice. A query needs none, and one that it has is ignored.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Kind, Protocol, Stub, WireBody};

/// See the module.
pub struct CommandCheck<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
}

impl<P: Protocol> CommandCheck<P> {
    /// Stands before `inner`.
    pub fn new(inner: Arc<dyn Stub<P>>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for CommandCheck<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        if request.method().kind == Kind::Command && context.idempotency_key.is_none() {
            let reason = "a command needs one: a UUIDv7, made once for it and sent with every attempt";
            return Err(Error::invalid("idempotency key", "", reason));
        }
        self.inner.call(context, request).await
    }
}
