//! What a month costs in a calendar of twenty years with much that recurs, beside a calendar that holds that month and nothing else
//! ([`years`](super::years)).
//!
//! Both are asked in turn for the whole month, page by page, as the client's screen does: when the service keeps nothing of it, because it
//! was asked for many other months; right after a series in somebody else's calendar has changed; and once more.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chassis::{OperatorKey, Running, Setup, SystemClock};
use domain::calendar::{Calendar as _, CalendarClient, CalendarProtocol, Entry, ListEntries};
use domain::time::Window;
use domain::{Context, Limit, PageRequest};
use jiff::ToSpan as _;
use storage::{Database, Options};

use super::story::Story;
use super::years::{SINGLES_A_SERIES, Shown, Years, month};
use super::{PATIENCE, catch_up, reading, start};
use crate::latencies::Latencies;
use crate::machine::Machine;
use crate::results::{Recurring, RecurringFigures};

const SERIES: u64 = 1_000;
const ROUNDS: usize = 1_000;
const WARM_UP: usize = 50;
/// In one of so many rounds, both are also asked when nothing is kept: that takes long to bring about.
const ROUNDS_A_NEW: usize = 10;
/// As many other months as the service keeps.
const OTHER_MONTHS: i32 = 64;
/// How much more than its month alone a full calendar may cost that was looked at before, as a ratio of medians. What it costs when
/// nothing of it is kept is measured beside it, and nothing is promised for that.
pub(crate) const PROMISED: f64 = 1.5;

/// Measures both calendars, with databases below `data`.
///
/// # Errors
/// If a service cannot be started or shows something else than what its logs told.
pub(crate) async fn measure(data: &Path, machine: Machine) -> Result<Recurring> {
    measure_with(SERIES, ROUNDS, data, machine).await
}

/// What was promised and does not hold.
pub(crate) fn broken_promises(measured: &Recurring) -> Vec<String> {
    let (full, alone) = (&measured.full, &measured.alone);
    let costs = [
        ("after a change", full.first_p50_us, alone.first_p50_us),
        ("once more", full.again_p50_us, alone.again_p50_us),
    ];
    let broken = costs.into_iter().filter(|(_, full, alone)| *full >= PROMISED * *alone);
    let told = |(when, full, alone): (&str, f64, f64)| {
        format!(
            "a month of a calendar with much that recurs costs, {when}, less than {PROMISED} times what it costs alone ({full} and {alone} µs)"
        )
    };
    broken.map(told).collect()
}

async fn measure_with(series: u64, rounds: usize, data: &Path, machine: Machine) -> Result<Recurring> {
    let (full, shown) = Years::of(series)?;
    let alone = Years::flat(&shown)?;
    let mut full = Asked::open(full, data).await?;
    let mut alone = Asked::open(alone, data).await?;
    let pages = full.check(&shown).await.context("the calendar with much that recurs")?;
    alone.check(&shown).await.context("the calendar of the month alone")?;
    for round in 0..WARM_UP + rounds {
        let timed = round >= WARM_UP;
        if round % ROUNDS_A_NEW == 0 {
            for asked in [&mut full, &mut alone] {
                asked.forget().await?;
                let new = asked.time().await?;
                if timed {
                    asked.new.note(new);
                }
            }
        }
        for asked in [&mut full, &mut alone] {
            asked.touch().await?;
            let first = asked.time().await?;
            if timed {
                asked.first.note(first);
            }
        }
        for asked in [&mut full, &mut alone] {
            let again = asked.time().await?;
            if timed {
                asked.again.note(again);
            }
        }
    }
    full.check(&shown).await.context("the calendar with much that recurs, at the end")?;
    let (full, alone) = (full.figures().await?, alone.figures().await?);
    eprintln!(
        "a month of {} entries in {pages} pages: with nothing kept {} µs beside {} µs, right after a change {} µs beside {} µs, once more {} µs beside {} µs",
        shown.len(),
        full.new_p50_us,
        alone.new_p50_us,
        full.first_p50_us,
        alone.first_p50_us,
        full.again_p50_us,
        alone.again_p50_us
    );
    let singles = series * SINGLES_A_SERIES;
    Ok(Recurring { machine, series, singles, in_month: shown.len(), pages, rounds, full, alone })
}

/// A calendar service, and how long it took to answer.
struct Asked {
    story: Arc<Years>,
    db: Database,
    running: Running<CalendarProtocol>,
    client: CalendarClient,
    new: Latencies,
    first: Latencies,
    again: Latencies,
    // Removed when all else is gone.
    _folder: tempfile::TempDir,
}

impl Asked {
    async fn open(story: Years, data: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("convene-benches-").tempdir_in(data)?;
        let path = folder.path().join("calendar");
        let open = move || Database::open(&path, Options::new("calendar", calendar::SCHEMA));
        let db = tokio::task::spawn_blocking(open).await??;
        let setup = Setup { db: db.clone(), clock: Arc::new(SystemClock), operator: OperatorKey::random()? };
        let story = Arc::new(story);
        let running = start(setup, &story).await?;
        catch_up(&running, &*story).await?;
        let client = CalendarClient(running.stub());
        let (new, first, again) = (Latencies::default(), Latencies::default(), Latencies::default());
        Ok(Self { story, db, running, client, new, first, again, _folder: folder })
    }

    /// Something that recurs changes, and the calendar has heard of it.
    async fn touch(&self) -> Result<()> {
        self.story.touch();
        catch_up(&self.running, &*self.story).await
    }

    /// It is asked for so many other months that it keeps nothing of the one.
    async fn forget(&self) -> Result<()> {
        let one = Limit::try_from(1_u32)?;
        let first = month()?.from().context("the month begins")?;
        for later in 1..=OTHER_MONTHS {
            let day = first.checked_add(later.months())?;
            let window = Window::new(Some(day), Some(day.last_of_month()), month()?.zone().clone())?;
            let request = ListEntries { of: None, window, page: PageRequest { limit: one, after: None } };
            let context = Context { deadline: tokio::time::Instant::now() + PATIENCE, ..reading() };
            self.client.entries(&context, request).await?;
        }
        Ok(())
    }

    /// The whole month, page by page, and how many pages that were.
    async fn look(&self) -> Result<(Vec<Entry>, usize)> {
        let mut page = PageRequest { limit: Limit::MAX, after: None };
        let (mut entries, mut pages) = (Vec::new(), 0);
        loop {
            let context = Context { deadline: tokio::time::Instant::now() + PATIENCE, ..reading() };
            let request = ListEntries { of: None, window: month()?, page };
            let reply = self.client.entries(&context, request).await?;
            ensure!(reply.behind.is_empty(), "the calendar is behind with {:?}", reply.behind);
            entries.extend(reply.value.items);
            pages += 1;
            let Some(next) = reply.value.next else { return Ok((entries, pages)) };
            page = PageRequest { limit: Limit::MAX, after: Some(next) };
        }
    }

    async fn time(&self) -> Result<Duration> {
        let begun = Instant::now();
        self.look().await?;
        Ok(begun.elapsed())
    }

    /// That the month shows this; how many pages it has.
    async fn check(&self, expected: &[Shown]) -> Result<usize> {
        let (entries, pages) = self.look().await?;
        let told = entries.into_iter().filter_map(|entry| match entry {
            Entry::Event { title, time, location, attendance, .. } => Some(Shown { time, title, location, attendance }),
            Entry::Busy { .. } => None,
        });
        let told = in_order(told)?;
        let expected = in_order(expected.iter().cloned())?;
        let differs = told.iter().zip(&expected).find(|(told, expected)| told != expected);
        ensure!(differs.is_none(), "it shows something else: {differs:?}");
        ensure!(told.len() == expected.len(), "it shows {} entries instead of {}", told.len(), expected.len());
        Ok(pages)
    }

    async fn figures(self) -> Result<RecurringFigures> {
        let (changes, database_bytes) = (self.story.changes(), self.db.stats().size_on_disk);
        self.running.stop().await;
        let (new, first, again) = (self.new.sorted(), self.first.sorted(), self.again.sorted());
        let none = "nothing was timed";
        Ok(RecurringFigures {
            new_p50_us: new.micros(50).context(none)?,
            first_p50_us: first.micros(50).context(none)?,
            first_p99_us: first.micros(99).context(none)?,
            again_p50_us: again.micros(50).context(none)?,
            again_p99_us: again.micros(99).context(none)?,
            database_bytes,
            changes,
        })
    }
}

/// By start; what begins at the same moment, by title.
fn in_order(shown: impl Iterator<Item = Shown>) -> Result<Vec<Shown>> {
    let window = month()?;
    let mut shown: Vec<Shown> = shown.collect();
    shown.sort_by_cached_key(|one| (window.reader_start(&one.time.extent()), one.title.to_string()));
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::{machine, sample};

    #[tokio::test]
    async fn both_calendars_show_the_month_as_it_was_worked_out_before_and_after_changes() {
        let folder = tempfile::tempdir().unwrap();
        let measured = measure_with(60, 11, folder.path(), machine()).await.unwrap();
        assert!((20..200).contains(&measured.in_month) && measured.singles == 6_000, "{measured:?}");
        // What was touched is told in addition.
        let touched = (WARM_UP + 11) as u64;
        assert!(measured.alone.changes > touched + measured.in_month as u64, "{measured:?}");
        assert!(measured.full.first_p50_us > 0.0 && measured.full.again_p99_us > 0.0, "{measured:?}");
        assert!(measured.full.database_bytes > measured.alone.database_bytes, "{measured:?}");
    }

    #[test]
    fn a_month_that_costs_more_than_was_promised_is_named() {
        let mut measured = sample().recurring.unwrap();
        measured.full.again_p50_us = 1.49 * measured.alone.again_p50_us;
        measured.full.first_p50_us = 1.49 * measured.alone.first_p50_us;
        assert_eq!(broken_promises(&measured), Vec::<String>::new());
        measured.full.again_p50_us = 1.5 * measured.alone.again_p50_us;
        let broken = broken_promises(&measured);
        assert!(broken.len() == 1 && broken[0].contains("once more"), "{broken:?}");
        measured.full.first_p50_us = 1.5 * measured.alone.first_p50_us;
        assert_eq!(broken_promises(&measured).len(), 2);
    }
}
