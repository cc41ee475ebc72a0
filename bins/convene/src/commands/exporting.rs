//! `export`: events as an iCalendar file. What was imported goes out as it came in, unless it was changed here.

use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::Entry;
use domain::events::{Event, Exception, ListEvents, ListExceptions, Listing, Person, ReadOriginal, ShowEvent};
use domain::invitations::{MAX_EVENTS, OfEvents, Status};
use domain::time::Window;
use domain::{
    Context, Error, EventId, EventTime, Instance, Limit, Page, PageCursor, PageRequest, Series, Service, Username,
};
use jiff::ToSpan as _;

use super::entries;
use super::invocation::Invocation;
use crate::arguments::Export;
use crate::failure::Failure;
use crate::output::{ExportDocument, Printed};
use crate::when;

/// `export`.
///
/// # Errors
/// Invalid input; forbidden for a calendar that is not shared; what the services report.
pub(crate) async fn export(mut invocation: Invocation<'_>, arguments: &Export) -> Result<Printed, Failure> {
    let me = invocation.user()?.username.clone();
    let of: Option<Username> = arguments.of.as_deref().map(str::parse).transpose()?;
    let events = match (&arguments.event, of.filter(|owner| *owner != me)) {
        (Some(event), _) => {
            let event = shown(&mut invocation, event.parse()?).await?;
            vec![whole(&mut invocation, event, &me).await?]
        }
        (None, Some(owner)) => of_another(&mut invocation, arguments, owner, &me).await?,
        (None, None) => own(&mut invocation, arguments, &me).await?,
    };
    let file = icalendar::write(&events, invocation.here().now);
    let mut document = ExportDocument { events: events.len(), file: None };
    let Some(path) = &arguments.output else {
        let text = String::from_utf8(file).unwrap_or_default();
        let printed = invocation.finish(&document).await;
        return Ok(Printed { json: text.trim_end().to_owned(), text, ..printed });
    };
    std::fs::write(path, &file)
        .map_err(|error| Failure::Here(format!("{} cannot be written: {error}", path.display())))?;
    document.file = Some(path.display().to_string());
    Ok(invocation.finish(&document).await)
}

/// All pages of a list, one after the other.
async fn all<T>(
    invocation: &mut Invocation<'_>,
    mut ask: impl AsyncFnMut(&mut Invocation<'_>, PageRequest) -> Result<(Vec<T>, Option<PageCursor>), Failure>,
) -> Result<Vec<T>, Failure> {
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        invocation.restart_clock();
        let (more, next) = ask(invocation, PageRequest { limit: Limit::try_from(200)?, after }).await?;
        items.extend(more);
        if next.is_none() {
            return Ok(items);
        }
        after = next;
    }
}

/// What one organizes, and what one comes to or may.
async fn own(
    invocation: &mut Invocation<'_>,
    arguments: &Export,
    me: &Username,
) -> Result<Vec<icalendar::Event>, Failure> {
    let here = invocation.here().clone();
    let (from, to) =
        (when::day("from", arguments.from.as_deref(), &here)?, when::day("to", arguments.to.as_deref(), &here)?);
    let window = Window::new(from, to, here.zone.clone())?;
    let (mut events, mut seen) = (Vec::new(), BTreeSet::new());
    // A public event that one joined unasked is in nobody's list but its organizer's.
    for listing in [Listing::Mine, Listing::Public] {
        let mut listed = listed(invocation, listing, &window).await?;
        listed.retain(|event| seen.insert(event.id) && !(event.cancelled && listing == Listing::Public));
        let others = listed.iter().filter(|event| !organizes(me, event)).map(|event| event.id);
        let attended = attended(invocation, &others.collect::<Vec<_>>()).await?;
        for event in listed {
            if organizes(me, &event) || attended.contains(&event.id) {
                events.push(whole(invocation, event, me).await?);
            }
        }
    }
    Ok(events)
}

/// All events of a list in a stretch of days.
async fn listed(invocation: &mut Invocation<'_>, listing: Listing, window: &Window) -> Result<Vec<Event>, Failure> {
    let clients = invocation.clients();
    all(invocation, async |invocation, page| {
        let request = ListEvents { listing, search: None, window: window.clone(), page };
        let list = async |context: &Context| clients.events.list(context, request).await;
        let Page { items, next } = invocation.ask(Service::Events, list).await?;
        Ok((items, next))
    })
    .await
}

/// To which of these events one comes, or may.
async fn attended(invocation: &mut Invocation<'_>, events: &[EventId]) -> Result<BTreeSet<EventId>, Failure> {
    let (clients, mut attended) = (invocation.clients(), BTreeSet::new());
    for events in events.chunks(MAX_EVENTS) {
        invocation.restart_clock();
        let request = OfEvents { events: events.to_vec() };
        let ask = async |context: &Context| clients.invitations.mine(context, request).await;
        let mine = invocation.ask(Service::Invitations, ask).await?;
        let comes = mine.into_iter().filter(|one| matches!(one.status, Status::Going | Status::Maybe));
        attended.extend(comes.map(|one| one.event.id));
    }
    Ok(attended)
}

fn organizes(me: &Username, event: &Event) -> bool {
    matches!(&event.organizer, Person::Named(organizer) if organizer == me)
}

/// A calendar that is shared: whole events where one may see them, and otherwise what the calendar tells of each.
async fn of_another(
    invocation: &mut Invocation<'_>,
    arguments: &Export,
    owner: Username,
    me: &Username,
) -> Result<Vec<icalendar::Event>, Failure> {
    let here = invocation.here().clone();
    let from = when::day("from", arguments.from.as_deref(), &here)?.map_or_else(|| when::today(&here), Ok)?;
    let to = when::day("to", arguments.to.as_deref(), &here)?;
    let to = to.unwrap_or_else(|| from.checked_add(1.year()).unwrap_or(from));
    let window = Window::new(Some(from), Some(to), here.zone.clone())?;
    let (mut events, mut seen) = (Vec::new(), BTreeMap::new());
    for entry in entries::all(invocation, Some(&owner), &window).await? {
        match &entry {
            Entry::Event { event, .. } => {
                if !seen.contains_key(event) {
                    let visible = match shown(invocation, *event).await {
                        Ok(event) => {
                            events.push(whole(invocation, event, me).await?);
                            true
                        }
                        Err(Failure::Refused(Error::NotFound { .. })) => false,
                        Err(other) => return Err(other),
                    };
                    seen.insert(*event, visible);
                }
                if seen.get(event) == Some(&false) {
                    events.push(single(&entry, &owner)?);
                }
            }
            Entry::Busy { .. } => events.push(single(&entry, &owner)?),
        }
    }
    Ok(events)
}

/// One entry of a calendar as an event of its own.
fn single(entry: &Entry, owner: &Username) -> Result<icalendar::Event, Failure> {
    let (uid, title, location, time) = match entry {
        Entry::Event { event, instance, title, time, location, .. } => {
            let instance = match instance {
                Instance::Series => String::new(),
                Instance::On(start) | Instance::From(start) => format!("-{start}"),
            };
            (format!("{event}{instance}@convene"), title.clone(), location.clone(), time.clone())
        }
        Entry::Busy { start, end } => {
            let utc = domain::Zone::utc();
            let at = |field, second| {
                let instant = jiff::Timestamp::from_second(second);
                let instant = instant.map_err(|_| Error::invalid(field, second.to_string(), "it is no time"))?;
                domain::time::Moment::at(field, instant, &utc)
            };
            let time = EventTime::timed(at("start", *start)?, at("end", *end)?, utc.clone())?;
            (format!("busy-{start}-{owner}@convene"), "Busy".parse()?, domain::Location::default(), time)
        }
    };
    Ok(icalendar::Event {
        uid,
        sequence: 0,
        modified: None,
        title,
        description: domain::Description::default(),
        location,
        series: Series::once(time),
        exceptions: BTreeMap::new(),
        alarms: domain::events::Alarms::default(),
        class: None,
        cancelled: false,
        original: Vec::new(),
        line: 0,
        notes: Vec::new(),
    })
}

async fn shown(invocation: &mut Invocation<'_>, event: EventId) -> Result<Event, Failure> {
    invocation.restart_clock();
    let (clients, request) = (invocation.clients(), ShowEvent { event, instance: Instance::Series });
    invocation.ask(Service::Events, async |context: &Context| clients.events.show(context, request).await).await
}

/// An event with its changed instances and, for its organizer, the text that it was imported from.
async fn whole(invocation: &mut Invocation<'_>, event: Event, me: &Username) -> Result<icalendar::Event, Failure> {
    let clients = invocation.clients();
    let exceptions: Vec<(i64, Exception)> = if event.series.recurs() {
        let listed = all(invocation, async |invocation, page| {
            let request = ListExceptions { event: event.id, page };
            let list = async |context: &Context| clients.events.exceptions(context, request).await;
            let Page { items, next } = invocation.ask(Service::Events, list).await?;
            Ok((items, next))
        });
        listed.await?
    } else {
        Vec::new()
    };
    let source = if organizes(me, &event) {
        invocation.restart_clock();
        let request = ReadOriginal { event: event.id };
        invocation
            .ask(Service::Events, async |context: &Context| clients.events.original(context, request).await)
            .await?
    } else {
        None
    };
    Ok(icalendar::Event::kept(event, exceptions, source))
}
