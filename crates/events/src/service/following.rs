//! Changing and calling off an instance and all that follow: RFC 5545 §3.2.13, as calendars do it. The event ends before them; if
//! they go on otherwise, they are an event of their own, to which the same people are invited, and who comes to the one comes to
//! the other.

use chassis::journal::Author;
use chassis::{Fault, log};
use domain::events::{EditEvent, EventChange, Exception, MAX_INVITEES};
use domain::{Error, EventId, Series, Timestamp, UserId};
use storage::{Reader as _, Transaction};

use super::{changing, instances};
use crate::store::{self, EXCEPTIONS, EventRow, INVITED};

/// Whether the instance has others before it, so that it and those that follow are not the whole event.
///
/// # Errors
/// Invalid input naming `instance` if there is none that starts then.
pub(super) fn is_the_rest(tx: &mut Transaction<'_>, event: EventId, row: &EventRow, start: i64) -> Result<bool, Fault> {
    if EXCEPTIONS.get(tx, event, start)?.is_none() {
        instances::named(&row.series, start)?;
    }
    Ok(row.series.before(start).is_some())
}

/// Ends the event before the instance; the event as it then is.
pub(super) fn end(
    tx: &mut Transaction<'_>,
    event: EventId,
    before: &EventRow,
    start: i64,
    author: Author,
) -> Result<EventRow, Fault> {
    author.may_overwrite(Some(before.author))?;
    let series = before.series.before(start).unwrap_or_else(|| before.series.clone());
    store::forget_exceptions(tx, event, |of| of >= start)?;
    Ok(store::change(tx, event, before, EventRow { series, author, ..before.clone() })?.0)
}

/// Makes an event of its own of the instance and all that follow, with what is wanted to be different; the new event.
///
/// # Errors
/// Conflict if more people are invited than one command can invite.
pub(super) fn split(
    tx: &mut Transaction<'_>,
    event: EventId,
    before: &EventRow,
    start: i64,
    wanted: &EditEvent,
    (author, now): (Author, Timestamp),
) -> Result<(EventId, EventRow), Fault> {
    let invited = tx.scan(&INVITED, &event, None, MAX_INVITEES + 1)?;
    if invited.len() > MAX_INVITEES {
        let why =
            format!("more than {MAX_INVITEES} people are invited to this event; change all of it, or make a new one");
        return Err(Error::conflict("instance", why).into());
    }
    let invitees: Vec<UserId> = invited.into_iter().map(|((_, user), _)| user).collect();
    let exceptions = EXCEPTIONS.list(tx, event, Some(start.saturating_sub(1)), usize::MAX)?;
    let description = match &wanted.description {
        Some(description) => description.clone(),
        None => store::description(tx, event)?,
    };
    let series = continued(&before.series, start, wanted, &exceptions)?;
    // Exceptions go along with the instances that they are of.
    let stays = |of: i64| before.series.occurrence(of).is_none() || series.occurrence(of).is_some();
    let mut kept = Vec::new();
    for (of, exception) in exceptions.into_iter().filter(|(of, _)| series.recurs() && stays(*of)) {
        kept.push((of, exception, store::description_of_instance(tx, event, of)?));
    }
    end(tx, event, before, start, author)?;
    let id = EventId::new();
    let row = EventRow { series, version: 1, created: now, author, ..changing::overlaid(before.clone(), wanted) };
    let row = EventRow { extent: row.series.hull(), ..row };
    store::describe(tx, id, &description)?;
    store::create(tx, id, &row)?;
    let has_exceptions = !kept.is_empty();
    for (of, exception, described) in kept {
        store::except(tx, id, of, Some(&exception))?;
        store::describe_instance(tx, id, of, described.as_ref())?;
    }
    let row = if has_exceptions { store::change(tx, id, &row, row.clone())?.0 } else { row };
    if let Some(organizer) = row.organizer {
        store::add_invitees(tx, id, &row, organizer, author, &invitees)?;
    }
    log::announce(tx, EventChange::Continued { event, start, by: id })?;
    Ok((id, row))
}

/// The series of the instance and all that follow.
fn continued(
    before: &Series,
    start: i64,
    wanted: &EditEvent,
    exceptions: &[(i64, Exception)],
) -> Result<Series, Error> {
    let moved = exceptions.iter().find_map(|(of, exception)| match exception {
        Exception::Changed(change) if *of == start => Some(change.time.clone()),
        Exception::Changed(_) | Exception::Removed => None,
    });
    // One that was added, and is named by no rule, is when it was added.
    let is_named = before.occurrence(start).is_some();
    let first = wanted.time.clone().or_else(|| moved.filter(|_| !is_named)).or_else(|| before.time_at(start));
    let first = first.ok_or_else(|| before.no_instance_at(start))?;
    let rules = wanted.rules.clone().unwrap_or_else(|| before.rules_from(start));
    let more = wanted.rules.is_none() && exceptions.iter().any(|(of, _)| *of > start);
    match Series::new(first, &rules)? {
        once if !once.recurs() && more => Ok(Series::by_dates(once.first)),
        series => Ok(series),
    }
}
