//! What happened, made up: how one user's calendar came to hold so many events.
//!
//! Every record of every log is worked out from its position alone, so a million events take no memory and are the same on every
//! run. Every other event is the user's own; the rest is organized by a colleague and accepted by the user. Events were
//! made in an order that has nothing to do with when they take place.

use anyhow::{Result, ensure};
use domain::events::{EventChange, EventFacts};
use domain::invitations::{InvitationChange, Status};
use domain::time::{Moment, Window};
use domain::{EventTime, Instance, Series, Service, Zone};
use jiff::civil::{Date, date};

use super::story::{PEOPLE, Story, event, owner, user};

/// How many events lie in the month that is asked for, whatever the calendar holds.
pub(crate) const IN_MONTH: u64 = 50;

const FIRST_DAY: Date = date(2027, 3, 1);
const LAST_DAY: Date = date(2027, 3, 31);
const ZONE: &str = "Europe/Berlin";
/// The other events lie in so many seconds before, and as many after the month: ten years.
const AROUND: u64 = 10 * 365 * 86_400;
/// Each event lasts so many seconds.
const LENGTH: u64 = 3_600;

/// The history of one calendar.
pub(crate) struct History {
    events: u64,
    zone: Zone,
    /// The first second of the month, and the first after it.
    month: (i64, i64),
    /// Coprime to the number of events, so that its multiples visit every place in time once.
    stride: u64,
}

impl History {
    /// Of a calendar with so many events.
    ///
    /// # Errors
    /// If they are fewer than the month alone holds.
    pub(crate) fn of(events: u64) -> Result<Self> {
        ensure!(events >= IN_MONTH, "the month alone holds {IN_MONTH} events");
        let zone: Zone = ZONE.parse()?;
        let midnight = |day: Date| anyhow::Ok(day.to_zoned(zone.rules())?.timestamp().as_second());
        let month = (midnight(FIRST_DAY)?, midnight(LAST_DAY.tomorrow()?)?);
        // Near the golden section of all places: neighbours in the order of their making lie far apart in time.
        let mut stride = (events * 618 / 1_000).max(1);
        while greatest_common_divisor(stride, events) != 1 {
            stride += 1;
        }
        Ok(Self { events, zone, month, stride })
    }

    /// The month that is asked for.
    pub(crate) fn month(&self) -> Result<Window> {
        Ok(Window::new(Some(FIRST_DAY), Some(LAST_DAY), self.zone.clone())?)
    }

    /// When the event of this number begins, in seconds since 1970 UTC.
    pub(crate) fn begins(&self, number: u64) -> i64 {
        self.start_of(self.place_of(number))
    }

    /// Which of all places in time the event of this number has: each has one of its own.
    fn place_of(&self, number: u64) -> u64 {
        let place = u128::from(number) * u128::from(self.stride) % u128::from(self.events);
        u64::try_from(place).unwrap_or(0)
    }

    /// When the event at this place begins, in seconds since 1970 UTC. The places are in the order of time: before, in and after the month.
    fn start_of(&self, place: u64) -> i64 {
        let before = (self.events - IN_MONTH) / 2;
        let after = self.events - IN_MONTH - before;
        let (first, last) = self.month;
        let spread = |over: u64, place: u64, places: u64| over * place / places.max(1);
        if place < before {
            // The last of them ends before the month begins.
            first.saturating_sub_unsigned(AROUND + LENGTH).saturating_add_unsigned(spread(AROUND, place, before))
        } else if place < before + IN_MONTH {
            first.saturating_add_unsigned(spread(last.abs_diff(first), place - before, IN_MONTH))
        } else {
            last.saturating_add_unsigned(spread(AROUND, place - before - IN_MONTH, after))
        }
    }
}

impl Story for History {
    fn end_of(&self, service: Service) -> u64 {
        match service {
            Service::Auth => PEOPLE,
            Service::Events => self.events,
            Service::Invitations => self.events / 2,
            Service::Calendar | Service::Sharing => 0,
        }
    }

    fn event(&self, position: u64) -> Result<EventChange, domain::Error> {
        let number = position.saturating_sub(1);
        let start = self.begins(number);
        let moment = |seconds: i64| {
            let instant = jiff::Timestamp::from_second(seconds)
                .map_err(|error| domain::Error::invalid("start", seconds.to_string(), error.to_string()))?;
            Moment::at("start", instant, &self.zone)
        };
        let end = start.saturating_add_unsigned(LENGTH);
        Ok(EventChange::Put(EventFacts {
            alarms: domain::events::Alarms::default(),
            capacity: None,
            event: event(number),
            organizer: Some(user(if number.is_multiple_of(2) { 1 } else { 2 })),
            title: format!("Planning of the next steps {number:07}").parse()?,
            location: format!("Room {:02}, second floor", number % 40).parse()?,
            series: Series::once(EventTime::timed(moment(start)?, moment(end)?, self.zone.clone())?),
            public: false,
            cancelled: false,
            version: 1,
        }))
    }

    fn invitation(&self, position: u64) -> Result<InvitationChange, domain::Error> {
        let number = position.saturating_mul(2).saturating_sub(1);
        let people = vec![(owner(), Some(Status::Going))];
        Ok(InvitationChange::Answered { event: event(number), instance: Instance::Series, people })
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use domain::EventId;
    use domain::time::Family;

    use super::*;

    fn facts(history: &History, position: u64) -> EventFacts {
        let EventChange::Put(facts) = history.event(position).unwrap() else { panic!("another record") };
        facts
    }

    #[test]
    fn the_month_holds_the_same_number_of_events_in_every_calendar() {
        for events in [IN_MONTH, 51, 100, 10_000, 100_001] {
            let history = History::of(events).unwrap();
            let (from, to) = history.month().unwrap().bounds(Family::Instant);
            let within = (1..=events).filter(|position| {
                let extent = facts(&history, *position).series.first.extent();
                extent.end > from && extent.start < to.unwrap()
            });
            assert_eq!(within.count() as u64, IN_MONTH, "{events}");
        }
        assert!(History::of(IN_MONTH - 1).is_err());
    }

    #[test]
    fn a_million_events_all_have_a_place_of_their_own_and_none_reaches_into_the_month() {
        let history = History::of(1_000_000).unwrap();
        let mut taken = vec![false; 1_000_000];
        for number in 0..1_000_000 {
            let place = usize::try_from(history.place_of(number)).unwrap();
            assert!(!std::mem::replace(&mut taken[place], true), "{number} has the place of another");
        }
        let before = (1_000_000 - IN_MONTH) / 2;
        let (from, to) = history.month().unwrap().bounds(Family::Instant);
        assert!(history.start_of(before - 1) + 3_600 <= from);
        assert_eq!(history.start_of(before), from);
        assert!(history.start_of(before + IN_MONTH - 1) + 3_600 <= to.unwrap());
        assert_eq!(Some(history.start_of(before + IN_MONTH)), to);
    }

    #[test]
    fn the_owner_accepts_exactly_the_events_of_the_colleague() {
        let history = History::of(101).unwrap();
        let of_colleague: Vec<EventId> = (1..=101)
            .map(|position| facts(&history, position))
            .filter(|facts| facts.organizer != Some(owner()))
            .map(|facts| facts.event)
            .collect();
        let accepted: Vec<EventId> = (1..=history.end_of(Service::Invitations))
            .map(|position| {
                let InvitationChange::Answered { event, people, .. } = history.invitation(position).unwrap();
                assert_eq!(people, [(owner(), Some(Status::Going))]);
                event
            })
            .collect();
        assert_eq!(accepted, of_colleague);
    }
}
