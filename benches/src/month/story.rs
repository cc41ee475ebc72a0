//! What the logs of the services that a calendar follows tell, wherever it comes from, and who is in it.

use domain::auth::{AuthChange, User};
use domain::events::EventChange;
use domain::invitations::InvitationChange;
use domain::{Epoch, Error, EventId, Position, Positions, Service, UserId};
use tokio::sync::watch;

/// How many people have registered: all that auth's log tells.
pub(super) const PEOPLE: u64 = 2;

/// The logs. Sharing's has no records.
pub(super) trait Story: Send + Sync {
    /// The last position of the log of `service`.
    fn end_of(&self, service: Service) -> u64;

    /// A record of auth, by its position from 1.
    ///
    /// # Errors
    /// None: the name is well-formed.
    fn auth(&self, position: u64) -> Result<AuthChange, Error> {
        let name = if position == 1 { "owner" } else { "colleague" };
        Ok(AuthChange::UserRegistered(User { id: user(position), username: name.parse()? }))
    }

    /// A record of events, by its position from 1.
    ///
    /// # Errors
    /// None: the words are well-formed and the times are within the years that Convene keeps.
    fn event(&self, position: u64) -> Result<EventChange, Error>;

    /// A record of invitations, by its position from 1.
    ///
    /// # Errors
    /// None.
    fn invitation(&self, position: u64) -> Result<InvitationChange, Error>;

    /// Changes whenever a log has become longer; `None` if none ever does.
    fn goes_on(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// How many records all logs have together.
    fn changes(&self) -> u64 {
        Service::Calendar.follows().iter().map(|service| self.end_of(*service)).sum()
    }

    /// The ends of all logs that a calendar follows.
    fn told(&self) -> Positions {
        self.told_by(Service::Calendar)
    }

    /// How far `service` has itself followed others: to the end.
    fn told_by(&self, service: Service) -> Positions {
        let mut told = Positions::default();
        for &source in service.follows() {
            told.set(source, Position { epoch: epoch_of(source), at: self.end_of(source) });
        }
        told
    }
}

/// The calendar's owner.
pub(super) fn owner() -> UserId {
    user(1)
}

/// Where in auth's log the owner registered.
pub(super) const fn registered() -> Position {
    Position { epoch: epoch_of(Service::Auth), at: 1 }
}

/// The history that the log of `service` is.
pub(super) const fn epoch_of(service: Service) -> Epoch {
    Epoch([service.number(); 16])
}

/// The first is the calendar's owner, the second a colleague.
pub(crate) fn user(number: u64) -> UserId {
    UserId::from_bytes(uuid_v7(number, 0x75))
}

/// The event of this number: they are in the order of their making.
pub(crate) fn event(number: u64) -> EventId {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_their_making_and_say_when_that_was() {
        let ids: Vec<EventId> = (0..1_000).map(event).collect();
        assert!(ids.is_sorted());
        let made = |id: &EventId| id.made_at().unwrap().as_micros();
        assert!(ids.windows(2).all(|pair| made(&pair[0]) + 1_000 == made(&pair[1])));
        assert_ne!(user(1), user(2));
    }
}
