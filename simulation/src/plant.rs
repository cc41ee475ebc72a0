//! Seven planted bugs, to prove that the checker can fail. Each is put in from outside: no line of the services knows of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::auth::{AuthChange, AuthProtocol, AuthRequest, AuthResponse};
use domain::events::{EventChange, EventsProtocol, EventsRequest, EventsResponse};
use domain::log::Changes;
use domain::{Answer, Context, IdempotencyKey, Kind, Protocol, SessionId, Stub, WireBody as _};

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Plant {
    /// A disk claims to have synced what it then loses: what was acknowledged is gone.
    LostAcknowledgement,
    /// A service does not know a command again that it has carried out.
    DuplicatedEffect,
    /// A follower passes deletions of accounts over.
    DanglingReference,
    /// Commands count in the order of their arrival, not in that of their session.
    LateOverwrite,
    /// Readers are shown what is not yet durable.
    UndurableRead,
    /// Whoever follows events hears nothing of how many can come.
    ForgottenCapacity,
    /// Whoever follows events is not told which event goes on from another.
    ForgottenContinuation,
}

/// The service with a bug in it, if one that concerns commands is planted.
pub(crate) fn in_service<P: Protocol>(plant: Option<Plant>, inner: Arc<dyn Stub<P>>) -> Arc<dyn Stub<P>> {
    match plant {
        Some(Plant::DuplicatedEffect) => Arc::new(Forgetful { inner }),
        Some(Plant::LateOverwrite) => Arc::new(ByArrival { inner, arrived: AtomicU64::new(0) }),
        _ => inner,
    }
}

/// What a follower of auth asks, with a bug in between.
pub(crate) fn in_following(plant: Option<Plant>, inner: Arc<dyn Stub<AuthProtocol>>) -> Arc<dyn Stub<AuthProtocol>> {
    if plant == Some(Plant::DanglingReference) { Arc::new(Unbelieving { inner }) } else { inner }
}

/// What a follower of events asks, with a bug in between.
pub(crate) fn in_following_events(
    plant: Option<Plant>,
    inner: Arc<dyn Stub<EventsProtocol>>,
) -> Arc<dyn Stub<EventsProtocol>> {
    match plant {
        Some(Plant::ForgottenCapacity) => Arc::new(Boundless { inner }),
        Some(Plant::ForgottenContinuation) => Arc::new(Discontinuous { inner }),
        _ => inner,
    }
}

struct Forgetful<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
}

#[async_trait]
impl<P: Protocol> Stub<P> for Forgetful<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let mut context = context.clone();
        if request.method().kind == Kind::Command {
            context.idempotency_key = Some(IdempotencyKey::new());
        }
        self.inner.call(&context, request).await
    }
}

struct ByArrival<P: Protocol> {
    inner: Arc<dyn Stub<P>>,
    arrived: AtomicU64,
}

#[async_trait]
impl<P: Protocol> Stub<P> for ByArrival<P> {
    async fn call(&self, context: &Context, request: P::Request) -> Answer<P::Response> {
        let mut context = context.clone();
        context.sequence = context.sequence.map(|_| self.arrived.fetch_add(1, Ordering::Relaxed));
        self.inner.call(&context, request).await
    }
}

struct Unbelieving {
    inner: Arc<dyn Stub<AuthProtocol>>,
}

#[async_trait]
impl Stub<AuthProtocol> for Unbelieving {
    async fn call(&self, context: &Context, request: AuthRequest) -> Answer<AuthResponse> {
        let mut reply = self.inner.call(context, request).await?;
        if let AuthResponse::changes(Changes::Records { records, .. }) = &mut reply.value {
            for record in records {
                if matches!(record.change, AuthChange::UserDeleted { .. }) {
                    record.change = AuthChange::SessionEnded { session: SessionId::from_bytes([0; 16]) };
                }
            }
        }
        Ok(reply)
    }
}

struct Boundless {
    inner: Arc<dyn Stub<EventsProtocol>>,
}

#[async_trait]
impl Stub<EventsProtocol> for Boundless {
    async fn call(&self, context: &Context, request: EventsRequest) -> Answer<EventsResponse> {
        let mut reply = self.inner.call(context, request).await?;
        match &mut reply.value {
            EventsResponse::vouch(vouched) => vouched.facts.capacity = None,
            EventsResponse::changes(Changes::Records { records, .. }) => {
                for record in records {
                    if let EventChange::Put(facts) = &mut record.change {
                        facts.capacity = None;
                    }
                }
            }
            _ => {}
        }
        Ok(reply)
    }
}

struct Discontinuous {
    inner: Arc<dyn Stub<EventsProtocol>>,
}

#[async_trait]
impl Stub<EventsProtocol> for Discontinuous {
    async fn call(&self, context: &Context, request: EventsRequest) -> Answer<EventsResponse> {
        let mut reply = self.inner.call(context, request).await?;
        if let EventsResponse::changes(Changes::Records { records, .. }) = &mut reply.value {
            for record in records {
                if let EventChange::Continued { event, start, .. } = record.change {
                    record.change = EventChange::Exception { event, start, exception: None };
                }
            }
        }
        Ok(reply)
    }
}
