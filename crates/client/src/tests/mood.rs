//! How a service is towards its callers: well, slow, hung, away, broken, or done with what it was told and silent about it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{Answer, Context, Error, Kind, Protocol, Stub, WireBody as _};
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    /// Every answer takes so long.
    Slow(Duration),
    /// It is there and does not answer.
    Hung,
    /// Its process is gone.
    Down,
    /// Something in it is broken.
    Failing,
    /// What commands do is done; that it was done is lost on the way.
    LosesOutcomes,
}

/// A service in a mood.
pub(super) struct Moody<P: Protocol> {
    pub(super) inner: Arc<dyn Stub<P>>,
    pub(super) mood: watch::Receiver<Mood>,
}

#[async_trait]
impl<P: Protocol> Stub<P> for Moody<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let service = P::SERVICE;
        let (method, mut mood) = (request.method(), self.mood.clone());
        let mut begun = false;
        loop {
            let now = *mood.borrow_and_update();
            match now {
                Mood::Hung => {}
                Mood::Down if begun => return Err(Error::Deadline { service }),
                Mood::Down => return Err(Error::unavailable(service, "nobody listens")),
                Mood::Failing => return Err(Error::Internal { service, incident: "7f3a".to_owned() }),
                Mood::Well | Mood::Slow(_) | Mood::LosesOutcomes => {
                    if let Mood::Slow(long) = now {
                        tokio::time::sleep(long).await;
                    }
                    tokio::select! {
                        answer = self.inner.call(context, request.clone()) => {
                            let lost = now == Mood::LosesOutcomes && method.kind == Kind::Command && answer.is_ok();
                            return if lost { Err(Error::Deadline { service }) } else { answer };
                        }
                        changed = mood.changed() => changed.unwrap(),
                    }
                    begun = true;
                    continue;
                }
            }
            mood.changed().await.unwrap();
        }
    }
}
