//! Lets through who may call a method at all, as its definition declares. What they may then see or do is the service's own rule.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Access, Actor, Answer, Context, Error, Method, Protocol, Stub, WireBody};

/// See the module.
pub struct AccessCheck<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
}

impl<P: Protocol> AccessCheck<P> {
    /// Stands before `inner`.
    pub fn new(inner: Arc<dyn Stub<P>>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for AccessCheck<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        may_call(context.actor, request.method())?;
        self.inner.call(context, request).await
    }
}

fn may_call(actor: Actor, method: &Method) -> Result<(), Error> {
    let name = method.name;
    match (method.access, actor) {
        (Access::Anyone, _)
        | (Access::User, Actor::User { .. })
        | (Access::Member, Actor::User { .. } | Actor::Service(_) | Actor::Operator)
        | (Access::Service, Actor::Service(_) | Actor::Operator) => Ok(()),
        (Access::User | Access::Member | Access::Service, Actor::Anonymous) => {
            Err(Error::unauthenticated("sign in first: convene login USER"))
        }
        (Access::User, Actor::Service(_) | Actor::Operator) => {
            Err(Error::forbidden(format!("{name} is for signed-in users")))
        }
        (Access::Service, Actor::User { .. }) => {
            Err(Error::forbidden(format!("{name} is for the services of this installation and its operator")))
        }
    }
}
