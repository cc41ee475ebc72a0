//! `event create`, `show`, `edit`, `cancel`, `list`.

use client::input::repeating;
use domain::events::{CancelEvent, Capacity, CreateEvent, EditEvent, Event, ListEvents, Listing, ShowEvent};
use domain::time::{Rules, Window};
use domain::{EventId, EventTime, Instance, Service, Username};

use super::conflicts::{self, Meant};
use super::instance;
use super::invocation::Invocation;
use super::sending::Sent as _;
use crate::arguments::{self, Create, Edit};
use crate::failure::Failure;
use crate::output::{EventDocument, EventListDocument, Printed};
use crate::when::{self, Said};

/// The user names of a list of words.
///
/// # Errors
/// Invalid input naming the first that cannot be one.
pub(super) fn usernames(words: &[String]) -> Result<Vec<Username>, Failure> {
    words.iter().map(|word| word.parse().map_err(Failure::from)).collect()
}

/// `event create`.
///
/// # Errors
/// Invalid input, and what events reports.
pub(crate) async fn create(mut invocation: Invocation<'_>, arguments: &Create) -> Result<Printed, Failure> {
    let time = arguments.time.said(Some(&arguments.start)).time_of_new(invocation.here())?;
    let rules = rules(&arguments.recurring, &time)?.unwrap_or_default();
    let request = CreateEvent {
        title: arguments.title.parse()?,
        description: arguments.description.parse()?,
        location: arguments.location.parse()?,
        time,
        rules,
        public: arguments.public,
        capacity: arguments.capacity.map(Capacity::try_from).transpose()?,
        alarms: repeating::alarms(&arguments.remind.join(","))?,
        invite: usernames(&arguments.invite)?,
    };
    let event = invocation.send(arguments, request).await?;
    let meant = Meant { event: event.id, series: &event.series, instance: Instance::Series, occurrence: None };
    conflicts::note(&mut invocation, &meant).await;
    Ok(invocation.finish(&EventDocument::from(&event)).await)
}

/// `event show`.
///
/// # Errors
/// Not found, and what events reports.
pub(crate) async fn show(
    mut invocation: Invocation<'_>,
    arguments: &arguments::OfEventOrInstance,
) -> Result<Printed, Failure> {
    let event: EventId = arguments.event.parse()?;
    let instance = instance::meant(&mut invocation, Service::Events, event, &arguments.which).await?;
    let shown = read(&mut invocation, event, instance).await?;
    Ok(invocation.finish(&EventDocument::of(&shown, instance)).await)
}

/// `event edit`: what is said about the time may lean on the time that the event has, so that is read first, and the change is
/// meant for the version read.
///
/// # Errors
/// Usage when nothing would change; invalid input, conflict for another version, and what events reports.
pub(crate) async fn edit(mut invocation: Invocation<'_>, arguments: &Edit) -> Result<Printed, Failure> {
    let said = arguments.time.said(arguments.start.as_deref());
    let capacity = arguments.capacity.map(Capacity::try_from).transpose()?;
    let event: EventId = arguments.event.parse()?;
    let instance = instance::meant(&mut invocation, Service::Events, event, &arguments.which).await?;
    let says_alarms = arguments.no_remind || !arguments.remind.is_empty();
    let wanted = EditEvent {
        event,
        instance,
        if_version: arguments.if_version,
        title: arguments.title.as_deref().map(str::parse).transpose()?,
        description: arguments.description.as_deref().map(str::parse).transpose()?,
        location: arguments.location.as_deref().map(str::parse).transpose()?,
        time: None,
        rules: arguments.no_repeat.then(Rules::default),
        public: (arguments.public || arguments.private).then_some(arguments.public),
        capacity: if arguments.no_capacity { Some(None) } else { capacity.map(Some) },
        alarms: says_alarms.then(|| repeating::alarms(&arguments.remind.join(","))).transpose()?,
        invite: usernames(&arguments.invite)?,
    };
    let comes_again = arguments.recurring.repeat.is_some() || arguments.recurring.rrule.is_some();
    if !said.anything() && !comes_again && changes_nothing(&wanted) {
        return Err(Failure::usage(
            "say what to change: --title, --start, --end, --for, --location, …; see event edit --help",
        ));
    }
    let row = wanted.row();
    let work_out =
        async |invocation: &mut Invocation<'_>| work_out(invocation, &wanted, &said, &arguments.recurring).await;
    let event = invocation.send_worked_out(arguments, row, work_out).await?;
    if said.anything() || comes_again {
        // What follows an instance is an event of its own by now.
        let instance = if event.id == wanted.event { instance } else { Instance::Series };
        let occurrence = event.occurrence.as_ref();
        let meant = Meant { event: event.id, series: &event.series, instance, occurrence };
        conflicts::note(&mut invocation, &meant).await;
    }
    Ok(invocation.finish(&EventDocument::of(&event, instance)).await)
}

/// The request, and whether the version in it is one that we read and not one that the user gave.
async fn work_out(
    invocation: &mut Invocation<'_>,
    wanted: &EditEvent,
    said: &Said<'_>,
    recurring: &arguments::Recurring,
) -> Result<(EditEvent, bool), Failure> {
    let comes_again = recurring.repeat.is_some() || recurring.rrule.is_some();
    if !said.anything() && !comes_again {
        return Ok((wanted.clone(), false));
    }
    let event = read(invocation, wanted.event, wanted.instance).await?;
    let before = event.occurrence.as_ref().unwrap_or(&event.series.first);
    let time = if said.anything() { Some(said.time_of_edited(before, invocation.here())?) } else { None };
    let rules = rules(recurring, time.as_ref().unwrap_or(before))?.or_else(|| wanted.rules.clone());
    let if_version = Some(wanted.if_version.unwrap_or(event.version));
    Ok((EditEvent { time, rules, if_version, ..wanted.clone() }, wanted.if_version.is_none()))
}

fn changes_nothing(wanted: &EditEvent) -> bool {
    let EditEvent {
        event: _,
        instance: _,
        if_version: _,
        title,
        description,
        location,
        time,
        rules,
        public,
        capacity,
        alarms,
        invite,
    } = wanted;
    title.is_none()
        && description.is_none()
        && location.is_none()
        && time.is_none()
        && rules.is_none()
        && public.is_none()
        && capacity.is_none()
        && alarms.is_none()
        && invite.is_empty()
}

/// `event cancel`.
///
/// # Errors
/// Forbidden for others than the organizer, and what events reports.
pub(crate) async fn cancel(
    mut invocation: Invocation<'_>,
    arguments: &arguments::OfEventOrInstance,
) -> Result<Printed, Failure> {
    let event: EventId = arguments.event.parse()?;
    let instance = instance::meant(&mut invocation, Service::Events, event, &arguments.which).await?;
    let cancelled = invocation.send(arguments, CancelEvent { event, instance }).await?;
    Ok(invocation.finish(&EventDocument::of(&cancelled, instance)).await)
}

/// `event list`.
///
/// # Errors
/// Invalid input, and what events reports.
pub(crate) async fn list(
    mut invocation: Invocation<'_>,
    arguments: &arguments::ListEvents,
) -> Result<Printed, Failure> {
    let here = invocation.here().clone();
    let from = match when::day("from", arguments.from.as_deref(), &here)? {
        Some(from) => from,
        None => when::today(&here)?,
    };
    let to = when::day("to", arguments.to.as_deref(), &here)?;
    let window = Window::new(Some(from), to, here.zone)?;
    let search = arguments.search.as_deref().map(str::parse).transpose()?;
    let listing = if arguments.public { Listing::Public } else { Listing::Mine };
    let clients = invocation.clients();
    let page = invocation
        .fill(&arguments.paging, async |invocation, page| {
            let request = ListEvents { listing, search: search.clone(), window: window.clone(), page };
            invocation.ask(Service::Events, async |context| clients.events.list(context, request).await).await
        })
        .await?;
    Ok(invocation.finish(&EventListDocument::from(page)).await)
}

/// The rules in what was said about coming again, of an event that begins at `first`; `None` if nothing was said.
///
/// # Errors
/// Invalid input naming `repeat` or `rrule`.
fn rules(said: &arguments::Recurring, first: &EventTime) -> Result<Option<Rules>, Failure> {
    Ok(match (&said.rrule, &said.repeat) {
        (Some(rule), _) => Some(Rules::parse(rule)?),
        (None, Some(words)) => Some(repeating::rules(words, first.civil_start())?),
        (None, None) => None,
    })
}

/// An event, as it is now.
async fn read(invocation: &mut Invocation<'_>, event: EventId, instance: Instance) -> Result<Event, Failure> {
    let clients = invocation.clients();
    invocation
        .ask(Service::Events, async |context| clients.events.show(context, ShowEvent { event, instance }).await)
        .await
}
