//! A log that can be followed, and a snapshot that goes with it: what a follower needs of the service that it follows.

use std::sync::Arc;

use async_trait::async_trait;
use domain::auth::{Auth, AuthChange};
use domain::events::{EventChange, Events};
use domain::invitations::{InvitationChange, Invitations};
use domain::log::{Change, Changes, ReadChanges};
use domain::recovery::{ReadSnapshot, Snapshot};
use domain::sharing::{Sharing, SharingChange};
use domain::{Answer, Context};

/// The owner of a log, wherever it is.
#[async_trait]
pub trait Source<C: Change>: Send + Sync + 'static {
    /// What changed.
    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<C>>;

    /// What there is.
    async fn snapshot(&self, context: &Context, request: ReadSnapshot) -> Answer<Snapshot<C>>;
}

macro_rules! sources {
    ($($service:ident of $change:ident),+ $(,)?) => {$(
        #[async_trait]
        impl Source<$change> for Arc<dyn $service> {
            async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<$change>> {
                (**self).changes(context, request).await
            }

            async fn snapshot(&self, context: &Context, request: ReadSnapshot) -> Answer<Snapshot<$change>> {
                (**self).snapshot(context, request).await
            }
        }
    )+};
}

sources!(Auth of AuthChange, Events of EventChange, Invitations of InvitationChange, Sharing of SharingChange);
