//! Finds out who asks. Whatever actor the caller put into the context is replaced here.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Access, Actor, Answer, Authenticate, Context, Credential, Protocol, Stub, WireBody};

/// See the module.
pub struct Authentication<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    authenticate: Arc<dyn Authenticate>,
}

impl<P: Protocol> Authentication<P> {
    /// Asks `authenticate` about every credential.
    pub fn new(inner: Arc<dyn Stub<P>>, authenticate: Arc<dyn Authenticate>) -> Self {
        Self { inner, authenticate }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Authentication<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let mut context = context.clone();
        context.actor = match &context.credential {
            Credential::None => Actor::Anonymous,
            credential => match self.authenticate.authenticate(credential).await {
                Ok(actor) => actor,
                // A session that has ended must not keep anyone from signing in again, nor a missing auth from asking how a service is.
                Err(_) if request.method().access == Access::Anyone => Actor::Anonymous,
                Err(error) => return Err(error),
            },
        };
        self.inner.call(&context, request).await
    }
}
