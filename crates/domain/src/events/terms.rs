//! What an event has beside its text and time: how many can come, and when those who come are reminded.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The greatest capacity.
pub const MAX_CAPACITY: u32 = 1_000_000;
/// Most alarms of an event.
pub const MAX_ALARMS: usize = 5;
/// The earliest alarm, in minutes before the start: four weeks.
pub const MAX_ALARM: u32 = 4 * 7 * 24 * 60;

/// How many people can come to an event, the organizer not counted: 1 to [`MAX_CAPACITY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Capacity(u32);

impl Capacity {
    /// So many.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Capacity {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self, Error> {
        if (1..=MAX_CAPACITY).contains(&number) {
            return Ok(Self(number));
        }
        Err(Error::invalid("capacity", number.to_string(), format!("an event has room for 1 to {MAX_CAPACITY} people")))
    }
}

impl From<Capacity> for u32 {
    fn from(capacity: Capacity) -> Self {
        capacity.0
    }
}

/// When those who come are reminded: minutes before each start, the earliest alarm first, none twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<u32>", into = "Vec<u32>")]
pub struct Alarms(Vec<u32>);

impl Alarms {
    /// How long before the start, the earliest alarm first.
    pub fn iter(&self) -> impl Iterator<Item = Duration> + '_ {
        self.0.iter().map(|minutes| Duration::from_secs(u64::from(*minutes) * 60))
    }

    /// The same in minutes.
    #[must_use]
    pub fn minutes(&self) -> &[u32] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<u32>> for Alarms {
    type Error = Error;

    fn try_from(mut minutes: Vec<u32>) -> Result<Self, Error> {
        if let Some(early) = minutes.iter().find(|minutes| **minutes > MAX_ALARM) {
            let why = "an alarm is at most four weeks (40320 minutes) before the start";
            return Err(Error::invalid("remind", early.to_string(), why));
        }
        minutes.sort_unstable_by(|one, other| other.cmp(one));
        minutes.dedup();
        if minutes.len() > MAX_ALARMS {
            let why = format!("an event has at most {MAX_ALARMS} alarms");
            return Err(Error::invalid("remind", minutes.len().to_string(), why));
        }
        Ok(Self(minutes))
    }
}

impl From<Alarms> for Vec<u32> {
    fn from(alarms: Alarms) -> Self {
        alarms.0
    }
}
