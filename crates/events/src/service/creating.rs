//! Making an event, and inviting to it, as one.

use std::collections::BTreeSet;

use chassis::journal::Author;
use chassis::{Fault, Settle, directory};
use domain::events::{CreateEvent, Event};
use domain::{Answer, Context, Error, EventId, Series, Timestamp, UserId, Username};

use super::{EventsService, check_number, inviting, showing};
use crate::store::{self, EventRow};

impl EventsService {
    pub(super) async fn create_event(&self, context: &Context, request: CreateEvent) -> Answer<Event> {
        let (viewer, author) = (context.user()?, Author::of(context)?);
        check_number("invite", &request.invite)?;
        check_nobody_twice(&request.invite)?;
        let invitees = self.people.find_all(context, &request.invite).await;
        let series = Series::new(request.time.clone(), &request.rules)?;
        let now = self.chassis.clock().now();
        let (wanted, caller) = (request.clone(), context.clone());
        let create = move |tx: &mut storage::Transaction<'_>| {
            let organizer = directory::admit_actor(tx, &caller)?;
            let invitees = inviting::admitted(tx, organizer, invitees)?;
            let event = EventId::new();
            make(tx, event, wanted, series, &invitees, &By { organizer, author, now })?;
            Ok(event)
        };
        let show = |view: &storage::View<'_>, event: &EventId| showing::show(view, *event, viewer);
        self.chassis.command(context, "create", &request, Settle::No, create, show).await
    }
}

/// Who makes an event, by which command, and when.
pub(crate) struct By {
    pub(crate) organizer: UserId,
    pub(crate) author: Author,
    pub(crate) now: Timestamp,
}

/// Makes the event that is wanted, and invites to it.
pub(crate) fn make(
    tx: &mut storage::Transaction<'_>,
    event: EventId,
    wanted: CreateEvent,
    series: Series,
    invitees: &[UserId],
    &By { organizer, author, now }: &By,
) -> Result<(), Fault> {
    let row = EventRow {
        organizer: Some(organizer),
        title: wanted.title,
        location: wanted.location,
        extent: series.hull(),
        series,
        public: wanted.public,
        capacity: wanted.capacity,
        alarms: wanted.alarms,
        cancelled: false,
        version: 1,
        created: now,
        author,
    };
    store::describe(tx, event, &wanted.description)?;
    store::create(tx, event, &row)?;
    store::add_invitees(tx, event, &row, organizer, author, invitees)
}

fn check_nobody_twice(names: &[Username]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(Error::invalid("invite", name.as_str(), "they are named twice; name everyone once")),
        None => Ok(()),
    }
}
