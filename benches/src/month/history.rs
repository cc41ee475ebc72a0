//! What happened, made up: how one user's calendar came to hold so many events.
//!
//! Every record of every log is worked out from its position alone, so a million events take no memory and are the same on every
//! run. Every other event is the user's own; the rest is organized by a colleague and accepted by the user. Events were
//! made in an order that has nothing to do with when they take place.

use anyhow::{Result, ensure};
use domain::auth::{AuthChange, User};
use domain::events::{EventChange, EventFacts};
use domain::invitations::{InvitationChange, Status};
use domain::time::{Moment, Window};
use domain::{Epoch, EventId, EventTime, Instance, Position, Positions, Series, Service, UserId, Zone};
use jiff::civil::{Date, date};

/// How many events lie in the month that is asked for, whatever the calendar holds.
pub(super) const IN_MONTH: u64 = 50;

const FIRST_DAY: Date = date(2027, 3, 1);
const LAST_DAY: Date = date(2027, 3, 31);
const ZONE: &str = "Europe/Berlin";
/// The other events lie in so many seconds before, and as many after the month: ten years.
const AROUND: u64 = 10 * 365 * 86_400;
/// Each event lasts so many seconds.
const LENGTH: u64 = 3_600;

/// The history of one calendar.
pub(super) struct History {
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
    pub(super) fn of(events: u64) -> Result<Self> {
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

    /// The calendar's owner.
    pub(super) fn owner(&self) -> UserId {
        user(1)
    }

    /// The month that is asked for.
    pub(super) fn month(&self) -> Result<Window> {
        Ok(Window::new(Some(FIRST_DAY), Some(LAST_DAY), self.zone.clone())?)
    }

    /// How many records all logs have together.
    pub(super) fn changes(&self) -> u64 {
        Service::Calendar.follows().iter().map(|service| self.end_of(*service)).sum()
    }

    /// The last position of the log of `service`.
    pub(super) const fn end_of(&self, service: Service) -> u64 {
        match service {
            Service::Auth => 2,
            Service::Events => self.events,
            Service::Invitations => self.events / 2,
            Service::Calendar | Service::Sharing => 0,
        }
    }

    /// The ends of all logs that a calendar follows.
    pub(super) fn told(&self) -> Positions {
        self.told_by(Service::Calendar)
    }

    /// How far `service` has itself followed others: to the end.
    pub(super) fn told_by(&self, service: Service) -> Positions {
        let mut told = Positions::default();
        for &source in service.follows() {
            told.set(source, Position { epoch: epoch_of(source), at: self.end_of(source) });
        }
        told
    }

    /// Where in auth's log the owner registered.
    pub(super) const fn registered(&self) -> Position {
        Position { epoch: epoch_of(Service::Auth), at: 1 }
    }

    /// A record of auth, by its position from 1.
    ///
    /// # Errors
    /// None: the name is well-formed.
    pub(super) fn auth(&self, position: u64) -> Result<AuthChange, domain::Error> {
        let name = if position == 1 { "owner" } else { "colleague" };
        Ok(AuthChange::UserRegistered(User { id: user(position), username: name.parse()? }))
    }

    /// A record of events, by its position from 1.
    ///
    /// # Errors
    /// None: the words are well-formed and the times are within the years that Convene keeps.
    pub(super) fn event(&self, position: u64) -> Result<EventChange, domain::Error> {
        let number = position.saturating_sub(1);
        let start = self.start_of(self.place_of(number));
        let moment = |seconds: i64| {
            let instant = jiff::Timestamp::from_second(seconds)
                .map_err(|error| domain::Error::invalid("start", seconds.to_string(), error.to_string()))?;
            Moment::at("start", instant, &self.zone)
        };
        let end = start.saturating_add_unsigned(LENGTH);
        Ok(EventChange::Put(EventFacts { alarms: domain::events::Alarms::default(), capacity: None,
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

    /// A record of invitations, by its position from 1: the owner accepts another of the colleague's events.
    ///
    /// # Errors
    /// None.
    pub(super) fn invitation(&self, position: u64) -> Result<InvitationChange, domain::Error> {
        let number = position.saturating_mul(2).saturating_sub(1);
        let people = vec![(self.owner(), Some(Status::Going))];
        Ok(InvitationChange::Answered { event: event(number), instance: Instance::Series, people })
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

/// The history that the log of `service` is.
pub(super) const fn epoch_of(service: Service) -> Epoch {
    Epoch([service.number(); 16])
}

fn user(number: u64) -> UserId {
    UserId::from_bytes(uuid_v7(number, 0x75))
}

fn event(number: u64) -> EventId {
    EventId::from_bytes(uuid_v7(number, 0x65))
}

/// The bytes of a UUIDv7 (RFC 9562 §5.7): one millisecond later for each number, and otherwise as if at random.
fn uuid_v7(number: u64, salt: u64) -> [u8; 16] {
    const FROM_MILLIS: u64 = 1_700_000_000_000;
    // The finalizer of SplitMix64: it scatters consecutive numbers.
    let scattered = |mut x: u64| {
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    let random = scattered(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(salt));
    let high = (FROM_MILLIS + number) << 16 | 0x7000 | (scattered(random) & 0x0fff);
    let low = 0x8000_0000_0000_0000 | (random >> 2);
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
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
            .filter(|facts| facts.organizer != Some(history.owner()))
            .map(|facts| facts.event)
            .collect();
        let accepted: Vec<EventId> = (1..=history.end_of(Service::Invitations))
            .map(|position| {
                let InvitationChange::Answered { event, people, .. } = history.invitation(position).unwrap();
                assert_eq!(people, [(history.owner(), Some(Status::Going))]);
                event
            })
            .collect();
        assert_eq!(accepted, of_colleague);
    }

    #[test]
    fn ids_are_in_the_order_of_their_making_and_say_when_that_was() {
        let ids: Vec<EventId> = (0..1_000).map(event).collect();
        assert!(ids.is_sorted());
        let made = |id: &EventId| id.made_at().unwrap().as_micros();
        assert!(ids.windows(2).all(|pair| made(&pair[0]) + 1_000 == made(&pair[1])));
        assert_ne!(user(1), user(2));
    }
}
