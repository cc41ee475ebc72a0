//! What "my month" costs in calendars of very different sizes, if the month itself holds the same.
//!
//! The calendar service runs alone, on a real database, and follows logs that are made up while it reads them ([`history`],
//! [`logs`]). Once it has taken over all of them its answer is weighed and timed. The index by time should make the size of the
//! calendar invisible here; if it ever does not, these figures say so.

pub(crate) mod history;
mod logs;
pub(crate) mod recurring;
pub(crate) mod story;
mod years;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chassis::{OperatorKey, Running, Setup, SystemClock};
use domain::calendar::{Calendar as _, CalendarClient, CalendarPage, CalendarProtocol, ListEntries};
use domain::{Actor, Codec as _, Context, Credential, Limit, PageRequest, Reply, SessionId};
use storage::{Database, Options};
use transport::codec::Bincode;

use crate::latencies::Latencies;
use crate::machine::Machine;
use crate::results::{CalendarFigures, Month};
use crate::spread::tenths;
use history::{History, IN_MONTH};
use story::{Story, owner, registered};

const SIZES: [u64; 3] = [100, 10_000, 1_000_000];
const QUERIES: usize = 1_000;
const WARM_UP: usize = 100;
/// How long one query may take before the benchmark is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures the calendars of at most `most_events`, with databases below `data`.
///
/// # Errors
/// If the service cannot be started or answers something else than what its logs told.
pub(crate) async fn measure(most_events: u64, data: &Path, machine: Machine) -> Result<Month> {
    let mut calendars = Vec::new();
    for events in SIZES.into_iter().filter(|events| *events <= most_events) {
        let figures = measure_one(events, data).await.with_context(|| format!("{events} events"))?;
        eprintln!(
            "{events} events: {} changes taken over in {:.1} s; an answer has {} bytes and takes {} µs",
            figures.changes, figures.catch_up_seconds, figures.answer_bytes, figures.p50_us
        );
        calendars.push(figures);
    }
    Ok(Month { machine, in_month: IN_MONTH, queries: QUERIES, calendars })
}

async fn measure_one(events: u64, data: &Path) -> Result<CalendarFigures> {
    let folder = tempfile::Builder::new().prefix("convene-benches-").tempdir_in(data)?;
    let path = folder.path().join("calendar");
    let opened = tokio::task::spawn_blocking(move || Database::open(&path, Options::new("calendar", calendar::SCHEMA)));
    let db = opened.await??;
    let setup = Setup { db: db.clone(), clock: Arc::new(SystemClock), operator: OperatorKey::random()? };
    let history = Arc::new(History::of(events)?);
    let begun = Instant::now();
    let running = start(setup, &history).await?;
    catch_up(&running, &*history).await?;
    let catch_up_seconds = begun.elapsed().as_secs_f64();

    let client = CalendarClient(running.stub());
    let request =
        ListEntries { of: None, window: history.month()?, page: PageRequest { limit: Limit::MAX, after: None } };
    let context = reading();
    let mut latencies = Latencies::default();
    let mut answer_bytes = 0;
    for query in 0..WARM_UP + QUERIES {
        let context = Context { deadline: tokio::time::Instant::now() + PATIENCE, ..context.clone() };
        let begun = Instant::now();
        let reply = client.entries(&context, request.clone()).await?;
        let took = begun.elapsed();
        if query == 0 {
            check(&reply)?;
            answer_bytes = encoded(&reply)?;
        }
        if query >= WARM_UP {
            latencies.note(took);
        }
    }
    let sorted = latencies.sorted();
    let figures = CalendarFigures {
        events,
        answer_bytes,
        p50_us: sorted.micros(50).context("no query was timed")?,
        p99_us: sorted.micros(99).context("no query was timed")?,
        database_bytes: db.stats().size_on_disk,
        changes: history.changes(),
        catch_up_seconds: tenths(catch_up_seconds * 1e3) / 1e3,
    };
    running.stop().await;
    Ok(figures)
}

async fn start<S: Story + 'static>(setup: Setup, story: &Arc<S>) -> Result<Running<CalendarProtocol>> {
    let logs::Services { auth, events, invitations, sharing } = logs::services(story);
    Ok(calendar::start(setup, auth, events, invitations, sharing).await?)
}

/// Waits until all that the logs tell is taken over.
async fn catch_up(running: &Running<CalendarProtocol>, story: &dyn Story) -> Result<()> {
    loop {
        let context = Context::new(Credential::None, PATIENCE).having_seen(story.told());
        if running.chassis().catch_up(&context).await.is_empty() {
            return Ok(());
        }
        let health = running.chassis().health();
        ensure!(health.stopped.is_empty(), "a follower has stopped: {}", health.stopped.join("; "));
        // Not in contact yet: then nobody waits there.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The calendar's owner, as the service sees them behind the layer that authenticates.
fn reading() -> Context {
    let actor = Actor::User { user: owner(), session: SessionId::new(), at: registered() };
    Context { actor, ..Context::new(Credential::None, PATIENCE) }
}

fn check(reply: &Reply<CalendarPage>) -> Result<()> {
    let (found, next) = (reply.value.items.len(), reply.value.next.is_some());
    ensure!(
        u64::try_from(found) == Ok(IN_MONTH) && !next && reply.behind.is_empty(),
        "the month holds {IN_MONTH} events, and the answer {found} (more to come: {next}, behind with {:?})",
        reply.behind
    );
    Ok(())
}

/// The bytes of a reply on the wire, without its frame.
fn encoded(reply: &Reply<CalendarPage>) -> Result<usize> {
    let mut bytes = Vec::new();
    Bincode.encode(reply, &mut bytes)?;
    Ok(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_month_holds_the_same_and_weighs_the_same_whatever_else_the_calendar_holds() {
        let folder = tempfile::tempdir().unwrap();
        let (small, large) =
            (measure_one(100, folder.path()).await.unwrap(), measure_one(1_000, folder.path()).await.unwrap());
        assert_eq!((small.changes, large.changes), (152, 1_502));
        // The positions in the logs, which every reply tells, have a digit more.
        assert!((small.answer_bytes..small.answer_bytes + 20).contains(&large.answer_bytes), "{small:?} {large:?}");
        assert!(small.p50_us > 0.0 && small.database_bytes > 0 && small.catch_up_seconds > 0.0, "{small:?}");
    }
}
