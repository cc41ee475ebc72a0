//! All that is in a calendar in some days: every page of it, or nothing.
//!
//! Whoever looks for a free hour, or waits for an alarm, is not helped by a part: what is missing would look free.

use domain::calendar::{CalendarPage, Entry, ListEntries};
use domain::time::{Family, Window};
use domain::{Error, Limit, PageRequest, Service, Username};

use super::invocation::Invocation;
use crate::failure::Failure;
use crate::when::Stretch;

/// Most entries of a page.
pub(super) const LONGEST_PAGE: u32 = 200;
/// Most pages that are read of one calendar.
const MOST_PAGES: usize = 100;

/// The calendar of `of` (one's own without a name) in the days of `window`, by start.
///
/// # Errors
/// Invalid input naming `to` if there is too much in these days; forbidden for a calendar that is not shared, and what calendar reports.
pub(super) async fn all(
    invocation: &mut Invocation<'_>,
    of: Option<&Username>,
    window: &Window,
) -> Result<Vec<Entry>, Failure> {
    let clients = invocation.clients();
    let (mut entries, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = PageRequest { limit: Limit::try_from(LONGEST_PAGE)?, after };
        let request = ListEntries { of: of.cloned(), window: window.clone(), page };
        let asked = async |context: &domain::Context| clients.calendar.entries(context, request).await;
        let CalendarPage { items, next, .. } = invocation.ask(Service::Calendar, asked).await?;
        entries.extend(items);
        if next.is_none() {
            return Ok(entries);
        }
        after = next;
    }
    let last = window.to().map(|day| day.to_string()).unwrap_or_default();
    Err(Error::invalid("to", last, "there is too much in the calendar in these days; ask for fewer at once").into())
}

/// Between which instants an entry lies for the reader whose days are in `window`. An all-day one takes whole days of theirs.
pub(super) fn stretch_of(entry: &Entry, window: &Window) -> Option<Stretch> {
    let (start, end) = match entry {
        Entry::Event { time, .. } => window.instants_of(&time.extent()),
        Entry::Busy { start, end } => (*start, *end),
    };
    Stretch::new(start, end)
}

/// From the first instant of the days of `window` to the last.
pub(super) fn stretch_of_days(window: &Window) -> Option<Stretch> {
    let (start, end) = window.bounds(Family::Instant);
    Stretch::new(start, end.unwrap_or(i64::MAX))
}
