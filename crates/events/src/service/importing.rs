//! Taking over an event of another calendar program, as often as it comes: one event for each `UID` of each organizer.

use chassis::exceptions::MAX_EXCEPTIONS;
use chassis::journal::Author;
use chassis::{Fault, Settle, directory};
use domain::events::{Change, Exception, ImportEvent, Imported, ReadOriginal, Source};
use domain::{Answer, Context, Error, EventId, Series, Timestamp, UserId};
use storage::{Reader, Transaction};

use super::{EventsService, instances};
use crate::rights;
use crate::store::{self, EXCEPTIONS, EventRow, SOURCES, SourceRow};

impl EventsService {
    pub(super) async fn import_event(&self, context: &Context, request: ImportEvent) -> Answer<Imported> {
        let author = Author::of(context)?;
        let wanted = Wanted::of(&request)?;
        let now = self.chassis.clock().now();
        let (request_of_command, caller) = (request.clone(), context.clone());
        let import = move |tx: &mut Transaction<'_>| {
            let organizer = directory::admit_actor(tx, &caller)?;
            apply(tx, organizer, &request, wanted, (author, now))
        };
        let show = |_: &storage::View<'_>, imported: &Imported| Ok(*imported);
        let reply = self.chassis.command(context, "import", &request_of_command, Settle::No, import, show).await;
        self.chassis.work_may_have_come();
        reply
    }
}

/// Where an event came from, for its organizer.
pub(super) fn original(reader: &impl Reader, request: ReadOriginal, viewer: UserId) -> Result<Option<Source>, Fault> {
    rights::organized(reader, request.event, viewer)?;
    store::source(reader, request.event)
}

/// When an imported event is.
struct Wanted {
    series: Series,
    exceptions: Vec<(i64, Exception)>,
}

impl Wanted {
    /// # Errors
    /// Invalid input if that is nothing an event can be.
    fn of(request: &ImportEvent) -> Result<Self, Error> {
        if request.exceptions.len() > MAX_EXCEPTIONS {
            let why =
                format!("at most {MAX_EXCEPTIONS} instances of an event are changed, added or removed one by one");
            return Err(Error::invalid("exceptions", request.exceptions.len().to_string(), why));
        }
        let mut series = Series::new(request.time.clone(), &request.rules)?;
        if !series.recurs() && !request.exceptions.is_empty() {
            series = Series::by_dates(series.first);
        }
        let in_line = |(start, exception): &(i64, Exception)| match exception {
            Exception::Removed => Ok((*start, Exception::Removed)),
            Exception::Changed(change) => {
                let time = instances::in_line(&series, &change.time)?;
                Ok((*start, Exception::Changed(Change { time, ..change.clone() })))
            }
        };
        let exceptions = request.exceptions.iter().map(in_line).collect::<Result<_, Error>>()?;
        Ok(Self { series, exceptions })
    }
}

fn apply(
    tx: &mut Transaction<'_>,
    organizer: UserId,
    request: &ImportEvent,
    wanted: Wanted,
    (author, now): (Author, Timestamp),
) -> Result<Imported, Fault> {
    let known = store::imported(tx, organizer, &request.uid)?;
    let before = known.map(|event| Ok::<_, Fault>((event, tx.get(&store::EVENTS, &event)?))).transpose()?;
    let Some((event, Some(row))) = before else {
        if request.cancelled {
            return Ok(Imported::CalledOff);
        }
        let event = EventId::new();
        if !request.dry_run {
            create(tx, organizer, event, request, wanted, (author, now))?;
        }
        return Ok(Imported::New(event));
    };
    let source = tx.get(&SOURCES, &event)?;
    if source.as_ref().is_some_and(|source| source.digest == request.digest) {
        return Ok(Imported::Unchanged(event));
    }
    if source.as_ref().is_some_and(|source| source.age > request.age) {
        return Ok(Imported::Older(event));
    }
    if row.cancelled && !request.cancelled {
        return Ok(Imported::CancelledHere(event));
    }
    if !request.dry_run {
        update(tx, organizer, (event, row), request, wanted, author)?;
    }
    Ok(Imported::Updated(event))
}

fn create(
    tx: &mut Transaction<'_>,
    organizer: UserId,
    event: EventId,
    request: &ImportEvent,
    wanted: Wanted,
    (author, now): (Author, Timestamp),
) -> Result<(), Fault> {
    let row = EventRow {
        organizer: Some(organizer),
        title: request.title.clone(),
        location: request.location.clone(),
        extent: wanted.series.hull(),
        series: wanted.series,
        public: false,
        capacity: None,
        alarms: request.alarms.clone(),
        cancelled: false,
        version: 1,
        created: now,
        author,
    };
    store::describe(tx, event, &request.description)?;
    store::create(tx, event, &row)?;
    for (start, exception) in &wanted.exceptions {
        store::except(tx, event, *start, Some(exception))?;
    }
    if !wanted.exceptions.is_empty() {
        store::change(tx, event, &row, row.clone())?;
    }
    keep(tx, organizer, event, request)
}

/// The event as the newer version has it. Who is invited, who may see it and how many can come is decided here and stays.
fn update(
    tx: &mut Transaction<'_>,
    organizer: UserId,
    (event, before): (EventId, EventRow),
    request: &ImportEvent,
    wanted: Wanted,
    author: Author,
) -> Result<(), Fault> {
    author.may_overwrite(Some(before.author))?;
    store::describe(tx, event, &request.description)?;
    let stays = |start: i64| wanted.exceptions.iter().any(|(of, _)| *of == start);
    store::forget_exceptions(tx, event, |start| !stays(start))?;
    for (start, exception) in &wanted.exceptions {
        if EXCEPTIONS.get(tx, event, *start)?.as_ref() != Some(exception) {
            store::except(tx, event, *start, Some(exception))?;
        }
    }
    let after = EventRow {
        title: request.title.clone(),
        location: request.location.clone(),
        series: wanted.series,
        alarms: request.alarms.clone(),
        cancelled: request.cancelled,
        author,
        ..before.clone()
    };
    store::change(tx, event, &before, after)?;
    keep(tx, organizer, event, request)
}

fn keep(tx: &mut Transaction<'_>, organizer: UserId, event: EventId, request: &ImportEvent) -> Result<(), Fault> {
    let row = SourceRow { organizer, uid: request.uid.clone(), age: request.age, digest: request.digest };
    store::keep_source(tx, event, &row, &request.original)
}
