//! Making an event, and inviting to it, as one.

use std::collections::BTreeSet;

use chassis::journal::Author;
use chassis::{Settle, directory};
use domain::events::{CreateEvent, Event};
use domain::{Answer, Context, Error, EventId, Series, Username};

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
        let make = move |tx: &mut storage::Transaction<'_>| {
            let organizer = directory::admit_actor(tx, &caller)?;
            let invitees = inviting::admitted(tx, organizer, invitees)?;
            let event = EventId::new();
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
            store::add_invitees(tx, event, &row, organizer, author, &invitees)?;
            Ok(event)
        };
        let show = |view: &storage::View<'_>, event: &EventId| showing::show(view, *event, viewer);
        self.chassis.command(context, "create", &request, Settle::No, make, show).await
    }
}

fn check_nobody_twice(names: &[Username]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(Error::invalid("invite", name.as_str(), "they are named twice; name everyone once")),
        None => Ok(()),
    }
}
