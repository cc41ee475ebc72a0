//! Twenty years of one person's calendar, made up: what recurs for ten years and more, and a hundred times as many single events. And
//! beside it a calendar that holds, as single events, exactly what one month of the former shows.
//!
//! Of ten series five are birthdays, two come every month and three every week or every other; some of the latter are over, some have
//! single instances that were moved, taken out or declined. Half is the owner's own, half a colleague's that the owner accepted, in both
//! calendars. What the month shows is worked out here by walking each series from its first instance, not as the service does it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use domain::calendar::Attendance;
use domain::events::{Alarms, Change, EventChange, EventFacts, Exception};
use domain::invitations::{InvitationChange, Status};
use domain::time::{Extent, Moment, Rules, Window};
use domain::{Error, EventTime, EventTitle, Instance, Location, Series, Service, UserId, Zone};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use tokio::sync::watch;

use super::story::{PEOPLE, Story, event, owner, user};

const FIRST_DAY: Date = date(2027, 3, 1);
const LAST_DAY: Date = date(2027, 3, 31);
const ZONE: &str = "Europe/Berlin";
/// The single events lie in so many days, and the month in the middle of them: twenty years.
const SPREAD_DAYS: u64 = 7_305;
const DAYS_BEFORE: i64 = 3_637;
/// How many single events are made for each series.
pub(super) const SINGLES_A_SERIES: u64 = 100;
/// The number of a series that nobody's calendar holds.
const ELSEWHERE: u64 = 1_000_000;

/// The logs, written out, and how often a series that is in no calendar here has changed since.
pub(super) struct Years {
    events: Vec<EventChange>,
    invitations: Vec<InvitationChange>,
    elsewhere: EventFacts,
    touched: watch::Sender<u64>,
}

/// What a calendar tells of something in it, apart from which event it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) time: EventTime,
    pub(super) title: EventTitle,
    pub(super) location: Location,
    pub(super) attendance: Attendance,
}

/// The month that is asked for.
pub(super) fn month() -> Result<Window> {
    Ok(Window::new(Some(FIRST_DAY), Some(LAST_DAY), ZONE.parse()?)?)
}

impl Years {
    /// A calendar with so many series, and what its month shows, by start.
    ///
    /// # Errors
    /// None: the words and times are well-formed.
    pub(super) fn of(series: u64) -> Result<(Self, Vec<Shown>)> {
        let zone: Zone = ZONE.parse()?;
        let mut made = Made { zone, window: month()?, events: Vec::new(), invitations: Vec::new(), shown: Vec::new() };
        let singles = series * SINGLES_A_SERIES;
        for nth in 0..series {
            // Made in between, not in the order of their times.
            made.series(nth * (SINGLES_A_SERIES + 1), nth)?;
            for single in nth * SINGLES_A_SERIES..(nth + 1) * SINGLES_A_SERIES {
                made.single(single + nth + 1, single, singles)?;
            }
        }
        let Made { events, invitations, mut shown, .. } = made;
        shown.sort_by_key(|(start, _)| *start);
        Ok((Self::written(events, invitations)?, shown.into_iter().map(|(_, shown)| shown).collect()))
    }

    /// A calendar that holds this and nothing else.
    ///
    /// # Errors
    /// None.
    pub(super) fn flat(month: &[Shown]) -> Result<Self> {
        let (mut events, mut invitations) = (Vec::new(), Vec::new());
        for (number, shown) in (0..).zip(month) {
            let Shown { time, title, location, attendance } = shown.clone();
            let organizer = if attendance == Attendance::Organizing { owner() } else { user(2) };
            events.push(EventChange::Put(facts(number, organizer, (title, location), Series::once(time))));
            if organizer != owner() {
                invitations.push(accepted(number));
            }
        }
        Self::written(events, invitations)
    }

    fn written(events: Vec<EventChange>, invitations: Vec<InvitationChange>) -> Result<Self> {
        let first = EventTime::all_day(FIRST_DAY, FIRST_DAY.tomorrow()?)?;
        let weekly = Series::new(first, &Rules::parse("FREQ=WEEKLY")?)?;
        let elsewhere = facts(ELSEWHERE, user(2), ("Somebody else's".parse()?, Location::default()), weekly);
        Ok(Self { events, invitations, elsewhere, touched: watch::Sender::new(0) })
    }

    /// Somebody else's series changes: whatever was worked out of what recurs no longer holds.
    pub(super) fn touch(&self) {
        self.touched.send_modify(|times| *times += 1);
    }

    fn written_events(&self) -> u64 {
        u64::try_from(self.events.len()).unwrap_or(u64::MAX)
    }
}

impl Story for Years {
    fn end_of(&self, service: Service) -> u64 {
        match service {
            Service::Auth => PEOPLE,
            Service::Events => self.written_events() + *self.touched.borrow(),
            Service::Invitations => u64::try_from(self.invitations.len()).unwrap_or(u64::MAX),
            Service::Calendar | Service::Sharing => 0,
        }
    }

    fn event(&self, position: u64) -> Result<EventChange, Error> {
        let written = usize::try_from(position.saturating_sub(1)).ok().and_then(|at| self.events.get(at));
        let touched = || {
            let version = position.saturating_sub(self.written_events());
            EventChange::Put(EventFacts { version, ..self.elsewhere.clone() })
        };
        Ok(written.cloned().unwrap_or_else(touched))
    }

    fn invitation(&self, position: u64) -> Result<InvitationChange, Error> {
        let written = usize::try_from(position.saturating_sub(1)).ok().and_then(|at| self.invitations.get(at));
        written.cloned().ok_or_else(|| Error::unavailable(Service::Invitations, "its log is shorter"))
    }

    fn goes_on(&self) -> Option<watch::Receiver<u64>> {
        Some(self.touched.subscribe())
    }
}

/// Of what the logs will tell, what was made so far.
struct Made {
    zone: Zone,
    window: Window,
    events: Vec<EventChange>,
    invitations: Vec<InvitationChange>,
    /// With where each begins for the reader.
    shown: Vec<(i64, Shown)>,
}

impl Made {
    fn single(&mut self, number: u64, nth: u64, of: u64) -> Result<()> {
        // The golden section of all places, so that neighbours in the order of their making lie far apart in time.
        let at = u128::from(nth) * 618_033_988_749_895 % 1_000_000_000_000_000;
        let quarters = at * u128::from(SPREAD_DAYS * 96) / 1_000_000_000_000_000;
        let begins = FIRST_DAY.checked_sub(DAYS_BEFORE.days())?;
        let (day, quarter) = (i64::try_from(quarters / 96)?, i64::try_from(quarters % 96)?);
        let day = begins.checked_add(day.days())?;
        let time = if nth.is_multiple_of(20) {
            EventTime::all_day(day, day.checked_add(i64::try_from(1 + nth / 20 % 3)?.days())?)?
        } else {
            self.timed(day, quarter * 15, 30 + 30 * i64::try_from(nth % 4)?)?
        };
        let what = (
            format!("Planning of the next steps {nth:07} of {of}").parse()?,
            format!("Room {:02}, second floor", nth % 40).parse()?,
        );
        let organizer = if nth.is_multiple_of(2) { owner() } else { user(2) };
        self.put(number, organizer, &what, Series::once(time), &BTreeMap::new(), None)
    }

    fn series(&mut self, number: u64, nth: u64) -> Result<()> {
        let (kind, turn) = (nth % 10, nth / 10);
        let turned = i64::try_from(turn)?;
        let organizer = if turn.is_multiple_of(2) { owner() } else { user(2) };
        let later = |day: Date, days: u64| -> Result<Date> { Ok(day.checked_add(i64::try_from(days)?.days())?) };
        if kind < 5 {
            // A birthday.
            let year = 2000 + i16::try_from(nth % 17)?;
            let day = later(date(year, 1, 1), nth * 61 % 365)?;
            let what = (format!("Birthday of number {nth}").parse()?, Location::default());
            let series = Series::new(EventTime::all_day(day, day.tomorrow()?)?, &Rules::parse("FREQ=YEARLY")?)?;
            return self.put(number, organizer, &what, series, &BTreeMap::new(), None);
        }
        let first = later(date(2010, 1, 4), nth * 97 % 2_000)?;
        let time = self.timed(first, 8 * 60 + turned % 36 * 15, 30 + 30 * (turned % 3))?;
        let (name, rule) = match (kind, turn % 5) {
            (5 | 6, 0) => ("Board", "FREQ=MONTHLY;BYDAY=2TU".to_owned()),
            (5 | 6, 1) => ("Review", "FREQ=MONTHLY;BYDAY=-1FR".to_owned()),
            (5 | 6, 2) => ("Numbers", "FREQ=MONTHLY;BYMONTHDAY=-1".to_owned()),
            (5 | 6, _) => ("Report", format!("FREQ=MONTHLY;BYMONTHDAY={}", 1 + nth % 28)),
            (_, 0) => ("Team", "FREQ=WEEKLY".to_owned()),
            _ => ("Two of us", "FREQ=WEEKLY;INTERVAL=2".to_owned()),
        };
        // A quarter of the former and three fifths of the latter have come to their end; a few others will.
        let weeks = if turn % 5 == 0 { ";COUNT=530" } else { ";COUNT=265" };
        let end = match (kind, turn / 5 % 20) {
            (5 | 6, 0..4) | (7.., 0..6) => ";UNTIL=20261120T120000Z",
            (5 | 6, 4) => ";COUNT=125",
            (7.., 6..12) => weeks,
            (_, 12) => ";UNTIL=20310930T120000Z",
            _ => "",
        };
        let series = Series::new(time, &Rules::parse(&format!("{rule}{end}"))?)?;
        let what = (format!("{name}, number {nth}").parse()?, format!("Room {:02}", nth % 40).parse()?);
        let starts: Vec<i64> = series.occurrences(i64::MIN, Some(self.until()?)).map(|one| one.start).collect();
        let from_last = |back: usize| starts.iter().rev().nth(back).copied();
        let mut exceptions = BTreeMap::new();
        if turn % 5 == 2 {
            for (back, exception) in [
                (0, Exception::Changed(self.moved(&series, from_last(0))?)),
                (1, Exception::Removed),
                (20, Exception::Removed),
                (40, Exception::Changed(self.moved(&series, from_last(40))?)),
            ] {
                exceptions.extend(from_last(back).map(|start| (start, exception)));
            }
        }
        let declined = (turn % 5 == 4).then(|| from_last(0)).flatten();
        self.put(number, organizer, &what, series, &exceptions, declined)
    }

    /// An hour later and elsewhere.
    fn moved(&self, series: &Series, start: Option<i64>) -> Result<Change> {
        let start = start.context("a series of ten years has instances")?;
        let Extent { start, end, .. } = series.extent_at(start);
        let time = EventTime::timed(self.moment(start + 3_600)?, self.moment(end + 3_600)?, self.zone.clone())?;
        Ok(Change { time, title: None, location: Some("Elsewhere".parse()?) })
    }

    /// The log tells of an event, its exceptions, and that the owner comes to it, if it is not their own, but not to the instance `declined`.
    fn put(
        &mut self,
        number: u64,
        organizer: UserId,
        what: &(EventTitle, Location),
        series: Series,
        exceptions: &BTreeMap<i64, Exception>,
        declined: Option<i64>,
    ) -> Result<()> {
        let declined = declined.filter(|_| organizer != owner());
        if organizer != owner() {
            self.invitations.push(accepted(number));
        }
        if let Some(start) = declined {
            let people = vec![(owner(), Some(Status::Declined))];
            let instance = Instance::On(start);
            self.invitations.push(InvitationChange::Answered { event: event(number), instance, people });
        }
        let attendance = if organizer == owner() { Attendance::Organizing } else { Attendance::Going };
        let (title, location) = what;
        for occurrence in series.occurrences(i64::MIN, Some(self.until()?)) {
            let (time, location) = match exceptions.get(&occurrence.start) {
                Some(Exception::Removed) => continue,
                Some(Exception::Changed(change)) => (Some(change.time.clone()), change.location.clone()),
                None => (series.time_at(occurrence.start), None),
            };
            let time = time.context("an instance has a time")?;
            let extent = time.extent();
            let (from, to) = self.window.bounds(extent.family);
            let within = extent.end > from && to.is_some_and(|to| extent.start < to);
            if within && declined != Some(occurrence.start) {
                let location = location.unwrap_or_else(|| what.1.clone());
                let shown = Shown { time, title: title.clone(), location, attendance };
                self.shown.push((self.window.reader_start(&extent), shown));
            }
        }
        let (title, location) = (title.clone(), location.clone());
        self.events.push(EventChange::Put(facts(number, organizer, (title, location), series)));
        let of_instances = exceptions.iter().map(|(start, exception)| EventChange::Exception {
            event: event(number),
            start: *start,
            exception: Some(exception.clone()),
        });
        self.events.extend(of_instances);
        Ok(())
    }

    fn timed(&self, day: Date, minute: i64, minutes: i64) -> Result<EventTime> {
        let start = day.at(0, 0, 0, 0).checked_add(minute.minutes())?.to_zoned(self.zone.rules())?.timestamp();
        let end = start.as_second() + minutes * 60;
        Ok(EventTime::timed(self.moment(start.as_second())?, self.moment(end)?, self.zone.clone())?)
    }

    fn moment(&self, second: i64) -> Result<Moment> {
        Ok(Moment::at("start", jiff::Timestamp::from_second(second)?, &self.zone)?)
    }

    /// Behind the end of the month on either line of time.
    fn until(&self) -> Result<i64> {
        let (_, to) = self.window.bounds(domain::time::Family::Civil);
        to.context("the month ends")
    }
}

fn facts(number: u64, organizer: UserId, (title, location): (EventTitle, Location), series: Series) -> EventFacts {
    EventFacts {
        event: event(number),
        organizer: Some(organizer),
        title,
        location,
        series,
        public: false,
        capacity: None,
        alarms: Alarms::default(),
        cancelled: false,
        version: 1,
    }
}

fn accepted(number: u64) -> InvitationChange {
    let people = vec![(owner(), Some(Status::Going))];
    InvitationChange::Answered { event: event(number), instance: Instance::Series, people }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(story: &Years) -> Vec<&EventFacts> {
        let facts = story.events.iter().filter_map(|change| match change {
            EventChange::Put(facts) => Some(facts),
            _ => None,
        });
        facts.filter(|facts| facts.series.recurs()).collect()
    }

    #[test]
    fn every_series_lasts_for_ten_years_and_the_client_can_show_the_month() {
        let (story, shown) = Years::of(1_000).unwrap();
        let series = series(&story);
        assert_eq!(series.len(), 1_000);
        for facts in &series {
            let hull = facts.series.hull();
            assert!(hull.end - hull.start > 3_652 * 86_400, "{facts:?}");
        }
        let before = month().unwrap().bounds(domain::time::Family::Civil).0;
        let over = series.iter().filter(|facts| facts.series.hull().end < before).count();
        assert!((150..=300).contains(&over), "{over} are over");
        assert!((700..=1_000).contains(&shown.len()), "{} in the month", shown.len());
        let singles = shown.iter().filter(|shown| shown.title.as_str().starts_with("Planning")).count();
        assert!((380..=450).contains(&singles), "{singles} of them happen once");
        let own = shown.iter().filter(|shown| shown.attendance == Attendance::Organizing).count();
        assert!((2 * shown.len()..=3 * shown.len()).contains(&(5 * own)), "{own} of {}", shown.len());
    }

    #[test]
    fn some_instances_are_moved_taken_out_or_declined() {
        let (story, shown) = Years::of(1_000).unwrap();
        let exceptions = story.events.iter().filter(|change| matches!(change, EventChange::Exception { .. })).count();
        assert!((200..=500).contains(&exceptions), "{exceptions}");
        let declined = story
            .invitations
            .iter()
            .filter(|change| matches!(change, InvitationChange::Answered { instance: Instance::On(_), .. }));
        assert!((20..=100).contains(&declined.count()));
        assert!(shown.iter().filter(|shown| shown.location.as_str() == "Elsewhere").count() >= 20);
    }

    #[test]
    fn a_log_that_goes_on_tells_of_a_later_version_of_what_is_in_no_calendar_here() {
        let story = Years::flat(&[]).unwrap();
        let mut news = story.goes_on().unwrap();
        assert_eq!(story.end_of(Service::Events), 0);
        story.touch();
        story.touch();
        assert!(news.has_changed().unwrap());
        news.mark_unchanged();
        assert_eq!(story.end_of(Service::Events), 2);
        let EventChange::Put(facts) = story.event(2).unwrap() else { panic!("another record") };
        assert!(facts.version == 2 && facts.series.recurs() && facts.organizer != Some(owner()), "{facts:?}");
    }
}
