//! The four services that a calendar follows, as far as it needs them: their logs, told from a [`Story`]. Everything else that
//! one might ask them is unavailable.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::auth::{Auth, AuthClient, AuthProtocol, AuthRequest, AuthResponse};
use domain::events::{Events, EventsClient, EventsProtocol, EventsRequest, EventsResponse};
use domain::invitations::{
    Invitations, InvitationsClient, InvitationsProtocol, InvitationsRequest, InvitationsResponse,
};
use domain::log::{Changes, ReadChanges, Record};
use domain::sharing::{Sharing, SharingChange, SharingClient, SharingProtocol, SharingRequest, SharingResponse};
use domain::{Answer, Context, Error, Positions, Reply, Service, Stub};

use super::story::{Story, epoch_of};

/// Kept back from a call's deadline for the way home.
const WAY_HOME: Duration = Duration::from_millis(250);

/// The services that a calendar follows.
pub(super) struct Services {
    pub(super) auth: Arc<dyn Auth>,
    pub(super) events: Arc<dyn Events>,
    pub(super) invitations: Arc<dyn Invitations>,
    pub(super) sharing: Arc<dyn Sharing>,
}

/// They tell `story`.
pub(super) fn services<S: Story + 'static>(story: &Arc<S>) -> Services {
    let told = || Arc::new(Told(Arc::<S>::clone(story)));
    Services {
        auth: Arc::new(AuthClient(told())),
        events: Arc::new(EventsClient(told())),
        invitations: Arc::new(InvitationsClient(told())),
        sharing: Arc::new(SharingClient(told())),
    }
}

/// A service of which only the log is there.
struct Told(Arc<dyn Story>);

impl Told {
    /// The records after the follower's cursor; at the end of the log, as soon as there are more, or after the time it would wait.
    async fn read<C>(
        &self,
        service: Service,
        context: &Context,
        request: &ReadChanges,
        record: impl Fn(&dyn Story, u64) -> Result<C, Error>,
    ) -> Answer<Changes<C>> {
        // Before the first look: what comes afterwards is news.
        let news = self.0.goes_on();
        let look = || (self.0.end_of(service), self.0.told_by(service));
        let (mut watermark, mut followed) = look();
        let after = request.after.position;
        if after >= watermark && request.followed == followed {
            let wait = Duration::from_millis(u64::from(request.wait_ms));
            let wait = wait.min(context.remaining().saturating_sub(WAY_HOME));
            match news {
                Some(mut news) => drop(tokio::time::timeout(wait, news.changed()).await),
                None => tokio::time::sleep(wait).await,
            }
            (watermark, followed) = look();
        }
        let last = after.saturating_add(u64::from(request.limit)).min(watermark);
        let records: Result<Vec<Record<C>>, Error> = (after.saturating_add(1)..=last)
            .map(|position| {
                let digest = u128::from(position).to_be_bytes();
                Ok(Record { position, digest, change: record(&*self.0, position)? })
            })
            .collect();
        let changes = Changes::Records { epoch: epoch_of(service), records: records?, watermark, followed };
        Ok(Reply::new(changes, Positions::default()))
    }
}

fn away<T>(service: Service) -> Answer<T> {
    Err(Error::unavailable(service, "of this service only the log is there"))
}

#[async_trait]
impl Stub<AuthProtocol> for Told {
    async fn call(&self, context: &Context, request: AuthRequest) -> Answer<AuthResponse> {
        let AuthRequest::changes(request) = request else { return away(Service::Auth) };
        let changes = self.read(Service::Auth, context, &request, |story, at| story.auth(at)).await?;
        Ok(changes.map(AuthResponse::changes))
    }
}

#[async_trait]
impl Stub<EventsProtocol> for Told {
    async fn call(&self, context: &Context, request: EventsRequest) -> Answer<EventsResponse> {
        let EventsRequest::changes(request) = request else { return away(Service::Events) };
        let changes = self.read(Service::Events, context, &request, |story, at| story.event(at)).await?;
        Ok(changes.map(EventsResponse::changes))
    }
}

#[async_trait]
impl Stub<InvitationsProtocol> for Told {
    async fn call(&self, context: &Context, request: InvitationsRequest) -> Answer<InvitationsResponse> {
        let InvitationsRequest::changes(request) = request else { return away(Service::Invitations) };
        let changes = self.read(Service::Invitations, context, &request, |story, at| story.invitation(at)).await?;
        Ok(changes.map(InvitationsResponse::changes))
    }
}

#[async_trait]
impl Stub<SharingProtocol> for Told {
    async fn call(&self, context: &Context, request: SharingRequest) -> Answer<SharingResponse> {
        let SharingRequest::changes(request) = request else { return away(Service::Sharing) };
        // Nobody shares anything, so none of its records is ever asked for.
        let none = |_: &dyn Story, _| -> Result<SharingChange, Error> {
            Err(Error::unavailable(Service::Sharing, "its log has no records"))
        };
        let changes = self.read(Service::Sharing, context, &request, none).await?;
        Ok(changes.map(SharingResponse::changes))
    }
}
