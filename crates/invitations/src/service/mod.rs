//! The methods of the service. Each family of them has its own file; here they are only named.

mod answering;
mod events;
mod lists;
mod reading;

use std::sync::Arc;

use async_trait::async_trait;
use chassis::Chassis;
use domain::auth::Auth;
use domain::events::Events;
use domain::integrity::{AskHealth, Audit, AuditPage, Health};
use domain::invitations::{
    Answers, Attend, Inbox, Invitation, InvitationChange, Invitations, ListAnswers, ListParticipants, OfEvents,
    OfPeople, Participants, Respond, Unattend,
};
use domain::log::{Changes, ReadChanges};
use domain::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use domain::{Answer, Context, Page, Positions, Watch};

/// The service.
pub(crate) struct InvitationsService {
    chassis: Arc<Chassis>,
    /// Asked only how far its log is, when someone cannot be named.
    auth: Arc<dyn Auth>,
    /// Asked only to vouch for events that the asker cannot see by what is known here.
    events: Arc<dyn Events>,
}

impl InvitationsService {
    pub(crate) fn new(chassis: Arc<Chassis>, auth: Arc<dyn Auth>, events: Arc<dyn Events>) -> Self {
        Self { chassis, auth, events }
    }
}

#[async_trait]
impl Invitations for InvitationsService {
    async fn inbox(&self, context: &Context, request: Inbox) -> Answer<Page<Invitation>> {
        self.list_inbox(context, request).await
    }

    async fn respond(&self, context: &Context, request: Respond) -> Answer<Invitation> {
        self.answer_invitation(context, request).await
    }

    async fn attend(&self, context: &Context, request: Attend) -> Answer<Invitation> {
        self.join_event(context, request).await
    }

    async fn unattend(&self, context: &Context, request: Unattend) -> Answer<Invitation> {
        self.leave_event(context, request).await
    }

    async fn participants(&self, context: &Context, request: ListParticipants) -> Answer<Participants> {
        self.list_participants(context, request).await
    }

    async fn of_people(&self, context: &Context, request: OfPeople) -> Answer<Vec<Invitation>> {
        self.list_of_people(context, request).await
    }

    async fn mine(&self, context: &Context, request: OfEvents) -> Answer<Vec<Invitation>> {
        self.list_mine(context, request).await
    }

    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<InvitationChange>> {
        self.chassis.serve_changes(context, request).await
    }

    async fn audit(&self, context: &Context, request: Audit) -> Answer<AuditPage> {
        self.chassis.query(context, |view| crate::audit::page(view, &request)).await
    }

    async fn health(&self, _: &Context, _: AskHealth) -> Answer<Health> {
        self.chassis.answer_health()
    }

    async fn watch(&self, context: &Context, request: Watch) -> Answer<Positions> {
        self.chassis.answer_watch(context, request).await
    }

    async fn answers(&self, context: &Context, request: ListAnswers) -> Answer<Answers> {
        self.list_answers(context, request).await
    }

    async fn snapshot(&self, _: &Context, request: ReadSnapshot) -> Answer<Snapshot<InvitationChange>> {
        self.chassis.serve_snapshot(&request, crate::snapshot::rows).await
    }

    async fn accept_loss(&self, context: &Context, request: AcceptLoss) -> Answer<LossAccepted> {
        self.chassis.accept_loss(context, request).await
    }
}
