//! Refuses a command that has no identity: sent twice, it would be done twice. A query needs none, and one that it has is ignored.

use std::future::ready;
use std::sync::Arc;

use domain::{Coming, Context, Error, Kind, Protocol, Stub, WireBody};

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

impl<P: Protocol> Stub<P> for CommandCheck<P> {
    fn call<'stub, 'context, 'call>(
        &'stub self,
        context: &'context Context,
        request: P::Request,
    ) -> Coming<'call, P::Response>
    where
        'stub: 'call,
        'context: 'call,
        Self: 'call,
    {
        if request.method().kind == Kind::Command && context.idempotency_key.is_none() {
            let reason = "a command needs one: a UUIDv7, made once for it and sent with every attempt";
            return Box::pin(ready(Err(Error::invalid("idempotency key", "", reason))));
        }
        self.inner.call(context, request)
    }
}
