//! What in one's own calendar overlaps with what one has just accepted, made or moved: said beside the answer, never a refusal.
//!
//! The calendar is asked after the command is done, and for a moment only: a calendar that is away holds nobody up, and then it is
//! not known. It shows the instances of the event itself as they are, each moved or taken out as it may be, so those are what everything
//! else is compared with. What it does not show (someone who waits for a place is not in it yet, or it has not heard of the
//! event) is taken to be as the event's rules have it.

use std::time::Duration;

use domain::calendar::{CalendarPage, Entry, ListEntries};
use domain::time::{Extent, Window};
use domain::{EventId, EventTime, Instance, Limit, PageRequest, Series, Service, Zone};
use jiff::civil::Date;
use tokio::time::Instant;

use super::entries::{LONGEST_PAGE, stretch_of};
use super::invocation::Invocation;
use crate::output::Conflict;
use crate::when::Stretch;

/// How long the calendar is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How far is looked: of what comes again, from now (or from its start, if that is later) on; otherwise from its start on.
const LOOKED_AHEAD: i64 = 31 * 86_400;
/// Most pages that are looked at: a thousand entries in a month are more than anyone reads.
const MOST_PAGES: usize = 5;

/// What a command was about.
pub(super) struct Meant<'a> {
    /// The event.
    pub(super) event: EventId,
    /// When it is.
    pub(super) series: &'a Series,
    /// Which instances of it.
    pub(super) instance: Instance,
    /// When the one instance is, if it is known.
    pub(super) occurrence: Option<&'a EventTime>,
}

/// Notes what `meant` overlaps with. Of something that recurs, or lasts very long, only the first 31 days from now (or from its start, if
/// that is later) are looked at.
pub(super) async fn note(invocation: &mut Invocation<'_>, meant: &Meant<'_>) {
    let found = find(invocation, meant).await;
    invocation.overlaps(found);
}

/// What `meant` overlaps with, by start; `None` if that is not known.
async fn find(invocation: &Invocation<'_>, meant: &Meant<'_>) -> Option<Vec<Conflict>> {
    let here = invocation.here();
    let looked = meant.looked_at(here.now.as_seconds(), &here.zone)?;
    let (from, to) = (day(looked.start, &here.zone)?, day(looked.end.saturating_sub(1), &here.zone)?);
    let window = Window::new(Some(from), Some(to), here.zone.clone()).ok()?;
    let (entries, is_up_to_date) = read(invocation, &window).await?;
    let (own, others): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| meant.is_event_of(entry));
    let shown = own.iter().filter(|entry| meant.means(entry));
    let mut times: Vec<Stretch> =
        shown.filter_map(|entry| stretch_of(entry, &window)).filter_map(|time| time.within(looked)).collect();
    if times.is_empty() {
        times = meant.expanded(&window, looked);
    }
    let overlaps = |other: Stretch| times.iter().any(|time| time.within(other).is_some());
    let conflicts = others.into_iter().filter(|entry| stretch_of(entry, &window).is_some_and(overlaps));
    let conflicts: Vec<Conflict> = conflicts.filter_map(Conflict::of).collect();
    (is_up_to_date || !conflicts.is_empty()).then_some(conflicts)
}

/// One's own calendar, and whether it has heard of all that one has seen.
async fn read(invocation: &Invocation<'_>, window: &Window) -> Option<(Vec<Entry>, bool)> {
    let clients = invocation.clients();
    let until = Instant::now() + PATIENCE;
    let (mut entries, mut after, mut is_up_to_date) = (Vec::new(), None, true);
    for _ in 0..MOST_PAGES {
        let page = PageRequest { limit: Limit::try_from(LONGEST_PAGE).ok()?, after };
        let request = ListEntries { of: None, window: window.clone(), page };
        let asked = async |context: &domain::Context| clients.calendar.entries(context, request).await;
        let reply = invocation.ask_aside(until, Service::Calendar, asked).await?;
        is_up_to_date &= reply.behind.is_empty();
        let CalendarPage { items, next, .. } = reply.value;
        entries.extend(items);
        if next.is_none() {
            break;
        }
        after = next;
    }
    Some((entries, is_up_to_date))
}

impl Meant<'_> {
    fn comes_again(&self) -> bool {
        self.series.recurs() && !matches!(self.instance, Instance::On(_))
    }

    /// When the first of what is meant is.
    fn first(&self) -> Extent {
        match (self.occurrence, self.instance) {
            (Some(time), _) => time.extent(),
            (None, Instance::On(start) | Instance::From(start)) => self.series.extent_at(start),
            (None, Instance::Series) => self.series.first.extent(),
        }
    }

    /// In which stretch of time overlaps are looked for.
    fn looked_at(&self, now: i64, zone: &Zone) -> Option<Stretch> {
        let (start, end) = Window::new(None, None, zone.clone()).ok()?.instants_of(&self.first());
        if self.comes_again() {
            let start = start.max(now);
            return Stretch::new(start, start.saturating_add(LOOKED_AHEAD));
        }
        Stretch::new(start, end.min(start.saturating_add(LOOKED_AHEAD)))
    }

    fn is_event_of(&self, entry: &Entry) -> bool {
        matches!(entry, Entry::Event { event, .. } if *event == self.event)
    }

    /// Whether an entry of the event is one of those meant.
    fn means(&self, entry: &Entry) -> bool {
        let Entry::Event { instance, .. } = entry else { return false };
        match (self.instance, instance) {
            (Instance::Series, _) => true,
            (Instance::On(meant), Instance::On(start)) => meant == *start,
            (Instance::From(first), Instance::On(start)) => first <= *start,
            (Instance::On(_) | Instance::From(_), Instance::Series | Instance::From(_)) => false,
        }
    }

    /// When it is within `looked`, as its rules have it.
    fn expanded(&self, window: &Window, looked: Stretch) -> Vec<Stretch> {
        let first = self.first();
        let extents = if self.comes_again() {
            let (from, to) = window.bounds(first.family);
            let all = self.series.occurrences(from, to);
            let since = if let Instance::From(since) = self.instance { since } else { i64::MIN };
            all.filter(|occurrence| occurrence.start >= since).map(|occurrence| occurrence.extent).collect()
        } else {
            vec![first]
        };
        let instants = extents.iter().map(|extent| window.instants_of(extent));
        instants.filter_map(|(start, end)| Stretch::new(start, end)?.within(looked)).collect()
    }
}

/// The day that clocks in `zone` show.
fn day(seconds: i64, zone: &Zone) -> Option<Date> {
    Some(jiff::Timestamp::from_second(seconds).ok()?.to_zoned(zone.rules()).date())
}
