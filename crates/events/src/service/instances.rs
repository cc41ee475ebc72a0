//! Changing and calling off one instance of an event that recurs.

use chassis::Fault;
use chassis::exceptions::MAX_EXCEPTIONS;
use chassis::journal::Author;
use domain::events::{Change, EditEvent, Exception};
use domain::time::{Moment, civil_from_seconds};
use domain::{Error, EventId, EventTime, Instance, Series};
use storage::Transaction;

use crate::store::{self, EXCEPTIONS, EventRow};

/// Refuses to change of one instance what only the whole event has.
pub(super) fn check_fields(wanted: &EditEvent) -> Result<(), Error> {
    let Instance::On(start) = wanted.instance else { return Ok(()) };
    let of_all = [
        ("public", wanted.public.is_some()),
        ("capacity", wanted.capacity.is_some()),
        ("remind", wanted.alarms.is_some()),
        ("repeat", wanted.rules.is_some()),
        ("invite", !wanted.invite.is_empty()),
    ];
    match of_all.into_iter().find(|(_, is_wanted)| *is_wanted) {
        Some((field, _)) => {
            let why = format!(
                "`{field}` is of the whole event; of one instance the title, description, location and time can be changed"
            );
            Err(Error::invalid("instance", written(start), why))
        }
        None => Ok(()),
    }
}

/// The event after one instance was changed; a new version only if something is different.
///
/// # Errors
/// Invalid input naming `instance` if there is none that starts then; conflict if it was called off, or if a later command of the
/// same session has changed the event.
pub(super) fn apply(
    tx: &mut Transaction<'_>,
    event: EventId,
    before: EventRow,
    start: i64,
    wanted: &EditEvent,
    author: Author,
) -> Result<EventRow, Fault> {
    let was = match EXCEPTIONS.get(tx, event, start)? {
        Some(Exception::Removed) => {
            return Err(Error::conflict("instance", "this instance was cancelled").into());
        }
        Some(Exception::Changed(change)) => change,
        None => Change { time: named(&before.series, start)?, title: None, location: None },
    };
    let mut is = was.clone();
    if let Some(time) = &wanted.time {
        is.time = in_line(&before.series, time)?;
    }
    // What is said to be as for the whole event follows it from then on.
    if let Some(title) = &wanted.title {
        is.title = Some(title.clone()).filter(|title| *title != before.title);
    }
    if let Some(location) = &wanted.location {
        is.location = Some(location.clone()).filter(|location| *location != before.location);
    }
    let was_described = store::description_of_instance(tx, event, start)?;
    let described = match &wanted.description {
        Some(description) if *description == store::description(tx, event)? => None,
        Some(description) => Some(description.clone()),
        None => was_described.clone(),
    };
    if is == was && described == was_described {
        return Ok(before);
    }
    author.may_overwrite(Some(before.author))?;
    let is_as_ever = described.is_none()
        && is.title.is_none()
        && is.location.is_none()
        && before.series.occurrence(start).is_some()
        && before.series.time_at(start).as_ref() == Some(&is.time);
    let exception = (!is_as_ever).then_some(Exception::Changed(is));
    check_room(tx, event, start)?;
    store::except(tx, event, start, exception.as_ref())?;
    store::describe_instance(tx, event, start, described.as_ref())?;
    Ok(store::change(tx, event, &before, EventRow { author, ..before.clone() })?.0)
}

/// Calls one instance off; calling it off again succeeds.
pub(super) fn cancel(
    tx: &mut Transaction<'_>,
    event: EventId,
    before: &EventRow,
    start: i64,
    author: Author,
) -> Result<(), Fault> {
    match EXCEPTIONS.get(tx, event, start)? {
        Some(Exception::Removed) => return Ok(()),
        Some(Exception::Changed(_)) => {}
        None => {
            named(&before.series, start)?;
        }
    }
    author.may_overwrite(Some(before.author))?;
    check_room(tx, event, start)?;
    store::except(tx, event, start, Some(&Exception::Removed))?;
    store::change(tx, event, before, EventRow { author, ..before.clone() }).map(drop)
}

/// Refuses one exception more than an event may have.
fn check_room(tx: &Transaction<'_>, event: EventId, start: i64) -> Result<(), Fault> {
    let is_new = EXCEPTIONS.get(tx, event, start)?.is_none();
    if is_new && EXCEPTIONS.list(tx, event, None, MAX_EXCEPTIONS)?.len() == MAX_EXCEPTIONS {
        let why = format!(
            "{MAX_EXCEPTIONS} instances of this event are changed or cancelled already; make a new event of the rest (--following)"
        );
        return Err(Error::conflict("instance", why).into());
    }
    Ok(())
}

/// Lets go of the exceptions that only made sense with the rules that an event had before.
pub(super) fn conform(tx: &mut Transaction<'_>, event: EventId, before: &Series, after: &Series) -> Result<(), Fault> {
    let same_kind = std::mem::discriminant(&before.first) == std::mem::discriminant(&after.first);
    store::forget_exceptions(tx, event, |start| {
        let was_named = before.occurrence(start).is_some();
        !after.recurs() || !same_kind || was_named && after.occurrence(start).is_none()
    })
}

/// When the rules have the instance.
pub(super) fn named(series: &Series, start: i64) -> Result<EventTime, Error> {
    let is_named = series.recurs() && series.occurrence(start).is_some();
    series.time_at(start).filter(|_| is_named).ok_or_else(|| series.no_instance_at(start))
}

/// The time of an instance on the line of time of its event, and in its zone, by whose civil time instances are named.
///
/// # Errors
/// Invalid input naming `start` if one is on whole days and the other is not.
pub(super) fn in_line(series: &Series, time: &EventTime) -> Result<EventTime, Error> {
    if let (EventTime::Timed(of_event), EventTime::Timed(wanted)) = (&series.first, time) {
        let zone = of_event.zone();
        if wanted.zone() == zone {
            return Ok(time.clone());
        }
        let at = |field: &str, moment: Moment| {
            let instant = jiff::Timestamp::from_second(moment.instant(wanted.zone()));
            let instant = instant
                .map_err(|_| Error::invalid(field, moment.civil().to_string(), "events lie in the years 1 to 9990"))?;
            Moment::at(field, instant, zone)
        };
        return EventTime::timed(at("start", wanted.start())?, at("end", wanted.end())?, zone.clone());
    }
    if std::mem::discriminant(&series.first) == std::mem::discriminant(time) {
        return Ok(time.clone());
    }
    let civil = time.civil_start().to_string();
    Err(Error::invalid("start", civil, "an instance is all day if its event is, and at a time if it is not"))
}

fn written(start: i64) -> String {
    civil_from_seconds(start).map_or_else(|_| start.to_string(), |civil| civil.to_string())
}
