//! What is in a profile's file.

use domain::auth::{SignedIn, User};
use domain::{Positions, SessionToken, Timestamp};
use serde::{Deserialize, Serialize};

use super::pending::Pending;

/// The format of the file; raised whenever an older release could not read it.
const FORMAT: u32 = 1;

/// Everything that a profile keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    format: u32,
    /// Who is signed in.
    #[serde(default)]
    pub(crate) session: Option<Session>,
    /// What has been seen, so that the profile reads its own writes.
    #[serde(default)]
    pub(crate) seen: Positions,
    /// The number of the last command; the next one has a greater.
    #[serde(default)]
    pub(crate) sequence: u64,
    /// Commands that were sent, or were about to be, and have no definite answer; the oldest first.
    #[serde(default)]
    pub(super) pending: Vec<Pending>,
}

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Who.
    pub(crate) user: User,
    /// What proves it. Its `Debug` shows nothing of it.
    pub(crate) token: SessionToken,
    /// When the token was issued, by this machine's clock.
    pub(crate) issued: Timestamp,
    /// Until when it is good.
    pub(crate) expires: Timestamp,
}

impl Session {
    /// The session that begins `now`.
    pub(crate) fn begun(signed_in: SignedIn, now: Timestamp) -> Self {
        let SignedIn { user, token, expires } = signed_in;
        Self { user, token, issued: now, expires }
    }

    /// Whether half the token's life is over, but not all of it.
    pub(crate) fn wants_renewal(&self, now: Timestamp) -> bool {
        let life = self.expires.as_micros().saturating_sub(self.issued.as_micros());
        now.as_micros() > self.issued.as_micros().saturating_add(life / 2) && now < self.expires
    }
}

impl Default for State {
    fn default() -> Self {
        Self { format: FORMAT, session: None, seen: Positions::default(), sequence: 0, pending: Vec::new() }
    }
}

impl State {
    /// Reads the file's bytes.
    ///
    /// # Errors
    /// Why they cannot be read, in words.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(bytes).map_err(|error| format!("not a profile: {error}"))?;
        if format > FORMAT {
            return Err(format!("it has format {format}, and this release knows {FORMAT}; use the newer release"));
        }
        serde_json::from_slice(bytes).map_err(|error| format!("not a profile: {error}"))
    }

    /// The file's bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Maps with text keys, numbers and texts: there is nothing in it that JSON cannot say.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// The next command's number: greater than any before, and no smaller than the time in microseconds, so that a profile whose
    /// file was lost goes on above the numbers it had given.
    pub(crate) fn next_sequence(&mut self, now: Timestamp) -> u64 {
        let time = u64::try_from(now.as_micros()).unwrap_or(0);
        self.sequence = self.sequence.saturating_add(1).max(time);
        self.sequence
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{Epoch, Position, Service, UserId};

    use super::*;

    fn session() -> Session {
        Session {
            user: User { id: UserId::new(), username: "alice".parse().unwrap() },
            token: SessionToken("v4.public.secret".into()),
            issued: Timestamp::from_micros(0),
            expires: Timestamp::from_micros(1_000),
        }
    }

    #[test]
    fn a_state_survives_being_written_and_read() {
        let mut state = State { session: Some(session()), ..State::default() };
        state.seen = Positions::of(Service::Events, Position { epoch: Epoch([7; 16]), at: 12 });
        state.next_sequence(Timestamp::from_micros(5));
        assert_eq!(State::from_bytes(&state.to_bytes()), Ok(state));
    }

    #[test]
    fn no_token_is_shown_when_a_state_is_logged() {
        let state = State { session: Some(session()), ..State::default() };
        assert!(!format!("{state:?}").contains("secret"));
    }

    #[test]
    fn numbers_rise_even_when_the_clock_is_set_back() {
        let mut state = State::default();
        let first = state.next_sequence(Timestamp::from_micros(1_000));
        let second = state.next_sequence(Timestamp::from_micros(10));
        let third = state.next_sequence(Timestamp::from_micros(9_000));
        assert_eq!((first, second, third), (1_000, 1_001, 9_000));
    }

    #[test]
    fn a_token_is_renewed_in_the_second_half_of_its_life() {
        let session = session();
        for (micros, wants) in [(400, false), (501, true), (999, true), (1_000, false)] {
            assert_eq!(session.wants_renewal(Timestamp::from_micros(micros)), wants, "{micros}");
        }
        assert!(!session.wants_renewal(Timestamp::from_micros(0).plus(Duration::from_secs(1))));
    }
}
