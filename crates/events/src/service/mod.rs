//! The rules: who asks, what must hold, what changes, what is announced. One file for each family of methods.

mod changing;
pub(crate) mod creating;
mod following;
mod importing;
mod instances;
mod inviting;
mod listing;
mod showing;

use std::sync::Arc;

use async_trait::async_trait;
use chassis::Chassis;
use chassis::directory::People;
use domain::events::{
    CancelEvent, CreateEvent, EditEvent, Event, EventChange, Events, Exception, ImportEvent, Imported, Invite,
    ListEvents, ListExceptions, MAX_INVITEES, ReadOriginal, ShowEvent, Source, Uninvite, VouchEvent, VouchedEvent,
};
use domain::integrity::{AskHealth, Audit, AuditPage, Health, Present};
use domain::log::{Changes, ReadChanges};
use domain::recovery::{AcceptLoss, LossAccepted, ReadSnapshot, Snapshot};
use domain::{Answer, Context, Error, Page, Positions, Username, Watch};

use crate::{audit, snapshot};

/// The events service.
pub(crate) struct EventsService {
    chassis: Arc<Chassis>,
    people: People,
}

impl EventsService {
    pub(crate) const fn new(chassis: Arc<Chassis>, people: People) -> Self {
        Self { chassis, people }
    }
}

/// Refuses a command that names too many people.
fn check_number(field: &'static str, names: &[Username]) -> Result<(), Error> {
    if names.len() > MAX_INVITEES {
        let why = format!("at most {MAX_INVITEES} people can be named at once");
        return Err(Error::invalid(field, names.len().to_string(), why));
    }
    Ok(())
}

#[async_trait]
impl Events for EventsService {
    async fn create(&self, context: &Context, request: CreateEvent) -> Answer<Event> {
        self.create_event(context, request).await
    }

    async fn show(&self, context: &Context, request: ShowEvent) -> Answer<Event> {
        let viewer = context.user()?;
        self.chassis.query(context, |view| showing::show_instance(view, request.event, request.instance, viewer)).await
    }

    async fn edit(&self, context: &Context, request: EditEvent) -> Answer<Event> {
        self.edit_event(context, request).await
    }

    async fn cancel(&self, context: &Context, request: CancelEvent) -> Answer<Event> {
        self.cancel_event(context, request).await
    }

    async fn invite(&self, context: &Context, request: Invite) -> Answer<Event> {
        self.invite_people(context, request).await
    }

    async fn uninvite(&self, context: &Context, request: Uninvite) -> Answer<Event> {
        self.uninvite_people(context, request).await
    }

    async fn list(&self, context: &Context, request: ListEvents) -> Answer<Page<Event>> {
        let viewer = context.user()?;
        self.chassis.query(context, |view| listing::list(view, viewer, &request)).await
    }

    async fn vouch(&self, context: &Context, request: VouchEvent) -> Answer<VouchedEvent> {
        self.chassis.query(context, |view| showing::vouch(view, request)).await
    }

    async fn changes(&self, context: &Context, request: ReadChanges) -> Answer<Changes<EventChange>> {
        self.chassis.serve_changes(context, request).await
    }

    async fn audit(&self, context: &Context, request: Audit) -> Answer<AuditPage> {
        self.chassis.query(context, |view| audit::page(view, &request)).await
    }

    async fn present(&self, context: &Context, request: Present) -> Answer<Vec<bool>> {
        self.chassis.query(context, |view| showing::present(view, &request)).await
    }

    async fn health(&self, _: &Context, _: AskHealth) -> Answer<Health> {
        self.chassis.answer_health()
    }

    async fn watch(&self, context: &Context, request: Watch) -> Answer<Positions> {
        self.chassis.answer_watch(context, request).await
    }

    async fn snapshot(&self, _: &Context, request: ReadSnapshot) -> Answer<Snapshot<EventChange>> {
        self.chassis.serve_snapshot(&request, snapshot::rows).await
    }

    async fn exceptions(&self, context: &Context, request: ListExceptions) -> Answer<Page<(i64, Exception)>> {
        let viewer = context.user()?;
        self.chassis.query(context, |view| showing::exceptions(view, viewer, &request)).await
    }

    async fn import(&self, context: &Context, request: ImportEvent) -> Answer<Imported> {
        self.import_event(context, request).await
    }

    async fn original(&self, context: &Context, request: ReadOriginal) -> Answer<Option<Source>> {
        let viewer = context.user()?;
        self.chassis.query(context, |view| importing::original(view, request, viewer)).await
    }

    async fn accept_loss(&self, context: &Context, request: AcceptLoss) -> Answer<LossAccepted> {
        self.chassis.accept_loss(context, request).await
    }
}
