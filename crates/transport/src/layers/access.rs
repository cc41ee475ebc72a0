//! Lets through who may call a method at all, as its definition declares. What they may then see or do is the service's own rule.

use std::future::ready;
use std::sync::Arc;

use domain::{Access, Actor, Coming, Context, Error, Method, Protocol, Stub, WireBody};

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

impl<P: Protocol> Stub<P> for AccessCheck<P> {
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
        match may_call(context.actor, request.method()) {
            Ok(()) => self.inner.call(context, request),
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
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
