//! A service that listens before it can answer: while its database is being opened, which after a crash may take a while, callers
//! are told that it is starting, instead of being left to wait.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use domain::{Answer, Context, Error, Protocol, Stub};

use super::{Hosted, Stood};
use crate::{Readiness, Ready};

/// What callers are told until the service has arrived; `convene status` looks for the last word.
const STARTING: &str = "it opens its database and is still starting";

/// The place of a service that is starting.
pub(super) struct Arriving<P: Protocol>(OnceLock<(Arc<dyn Stub<P>>, Readiness)>);

impl<P: Hosted> Arriving<P> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(OnceLock::new()))
    }

    /// From now on calls go to the service.
    pub(super) fn arrived(&self, stood: &Stood<P>) {
        // There is one arrival; a second would change nothing.
        let _ = self.0.set((Arc::clone(&stood.stub), Arc::clone(&stood.readiness)));
    }

    /// What the service lacks, as long as it is starting: itself.
    pub(super) fn readiness(self: &Arc<Self>) -> Readiness {
        let arriving = Arc::downgrade(self);
        Arc::new(move || {
            let arrived = arriving.upgrade().and_then(|arriving| arriving.0.get().map(|(_, ready)| Arc::clone(ready)));
            arrived.map_or_else(|| Ready { lacking: vec![STARTING.to_owned()], remarks: Vec::new() }, |ready| ready())
        })
    }
}

#[async_trait]
impl<P: Protocol> Stub<P> for Arriving<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        match self.0.get() {
            Some((stub, _)) => stub.call(context, request).await,
            None => Err(Error::unavailable(P::SERVICE, STARTING)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::auth::{AuthProtocol, AuthRequest};
    use domain::integrity::AskHealth;
    use domain::{Credential, Service};

    use super::*;

    #[tokio::test]
    async fn until_it_has_arrived_a_service_says_that_it_is_starting() {
        let arriving = Arriving::<AuthProtocol>::new();
        let context = Context::new(Credential::None, Duration::from_secs(1));
        let error = arriving.call(&context, AuthRequest::health(AskHealth)).await.unwrap_err();
        assert_eq!(error, Error::unavailable(Service::Auth, STARTING));
        assert_eq!(arriving.readiness()().lacking, [STARTING]);
    }
}
