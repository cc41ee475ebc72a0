//! Who there is and what they plan, made up: each worked out from its number alone, so that a million take no memory.
//!
//! The first person is invited to every event, and to the last event everyone is invited. Each event is organized by another person,
//! and all are public. When they take place is that of the calendars of `month`: fifty of them in one month, whatever their number.

use anyhow::{Context as _, Result};
use domain::auth::User;
use domain::events::{Alarms, CreateEvent};
use domain::time::{Moment, Rules, Window};
use domain::{EventId, EventTime, UserId, Username, Zone};
use events::bulk::Wanted;

use crate::month::history::History;
use crate::month::story::{event, user};

/// As many people as events.
pub(super) struct People {
    pub(super) number: u64,
    history: History,
    zone: Zone,
}

impl People {
    /// So many.
    ///
    /// # Errors
    /// If they are fewer than one month's events.
    pub(super) fn of(number: u64) -> Result<Self> {
        Ok(Self { number, history: History::of(number)?, zone: "Europe/Berlin".parse()? })
    }

    /// Who looks at everything.
    pub(super) fn viewer() -> UserId {
        user(1)
    }

    /// The event to which everyone is invited.
    pub(super) fn crowded(&self) -> EventId {
        event(self.number - 1)
    }

    /// Whose it is.
    pub(super) fn organizer_of_crowded(&self) -> UserId {
        self.organizer(self.number - 1)
    }

    /// Everyone but its organizer.
    pub(super) fn crowd(&self) -> impl Iterator<Item = UserId> {
        let organizer = self.organizer_of_crowded();
        (1..=self.number).map(user).filter(move |one| *one != organizer)
    }

    /// The person of this number, from 1.
    ///
    /// # Errors
    /// None: the name is well-formed.
    pub(super) fn person(number: u64) -> Result<User> {
        Ok(User { id: user(number), username: name(number)? })
    }

    /// The days from the month in which most events lie on.
    ///
    /// # Errors
    /// None.
    pub(super) fn since_the_month(&self) -> Result<Window> {
        let month = self.history.month()?;
        Ok(Window::new(month.from(), None, self.zone.clone())?)
    }

    /// The event of this number, from 0, with everyone who is invited to it; the last is without its crowd.
    ///
    /// # Errors
    /// None: the words are well-formed.
    pub(super) fn event(&self, number: u64) -> Result<Wanted> {
        let start = self.history.begins(number);
        let moment = |second: i64| anyhow::Ok(Moment::at("start", jiff::Timestamp::from_second(second)?, &self.zone)?);
        let request = CreateEvent {
            title: format!("Planning of the next steps {number:07}").parse()?,
            description: "What we have, what is missing, and who could look into it before we meet again.".parse()?,
            location: format!("Room {:02}, second floor", number % 40).parse()?,
            time: EventTime::timed(moment(start)?, moment(start + 3_600)?, self.zone.clone())?,
            rules: Rules::default(),
            public: true,
            capacity: None,
            alarms: Alarms::default(),
            invite: Vec::new(),
        };
        let invitees = if event(number) == self.crowded() { Vec::new() } else { vec![Self::viewer()] };
        Ok(Wanted { event: event(number), organizer: self.organizer(number), request, invitees })
    }

    /// Anyone but the first.
    fn organizer(&self, number: u64) -> UserId {
        let scattered = (u128::from(scatter(number)) * u128::from(self.number - 1)) >> 64;
        user(2 + u64::try_from(scattered).unwrap_or(0))
    }
}

/// Four letters that have nothing to do with the number, and the number.
fn name(number: u64) -> Result<Username> {
    let mut rest = scatter(number) >> 40;
    let letters: String = std::iter::repeat_with(|| {
        let letter = u8::try_from(rest % 26).map(|place| char::from(b'a' + place));
        rest /= 26;
        letter
    })
    .take(4)
    .collect::<Result<_, _>>()?;
    format!("{letters}-{number:07}").parse().context("a name")
}

/// Multiples of the golden section of 2^64: neighbours lie far apart, and all are spread evenly.
const fn scatter(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_has_another_name_and_each_letter_begins_enough_of_them() {
        let names: std::collections::BTreeSet<String> =
            (1..=1_000).map(|number| name(number).unwrap().to_string()).collect();
        assert_eq!(names.len(), 1_000);
        for letter in 'a'..='z' {
            let so_many = names.iter().filter(|name| name.starts_with(letter)).count();
            assert!(so_many > 20, "{letter}: {so_many}");
        }
    }

    #[test]
    fn the_first_person_is_invited_to_all_events_and_organizes_none() {
        let people = People::of(1_000).unwrap();
        for number in 0..999 {
            let event = people.event(number).unwrap();
            assert_eq!(event.invitees, [People::viewer()]);
            assert_ne!(event.organizer, People::viewer());
        }
        assert_eq!(people.crowd().count(), 999);
        assert_eq!(people.event(999).unwrap().event, people.crowded());
    }
}
