//! The times of a day at which a rule has its starts: every hour of a set with every minute of a set with every second of a set.

use crate::{
    rule::{Frequency, Rule},
    sets::{bits, count, lowest, lowest_from},
};

/// None of the sets is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) hours: u64,
    pub(super) minutes: u64,
    pub(super) seconds: u64,
}

const ALL_HOURS: u64 = (1 << 24) - 1;
const ALL_OF_SIXTY: u64 = (1 << 60) - 1;

impl Times {
    /// What the rule does not say is that of the first start, or each hour, minute and second of a rule that recurs as often.
    pub(super) fn of(rule: &Rule, first: i64) -> Times {
        let or = |said: u64, each: Frequency, all: u64, first: i64| match said {
            0 if rule.frequency >= each => all,
            0 => 1 << first,
            said => said,
        };
        // A leap second that the clocks do not have is the second before it (§3.3.10: "Implementations that do not support
        // leap seconds SHOULD interpret the second 60 as equivalent to the second 59").
        let seconds = if rule.seconds >> 60 == 0 { rule.seconds } else { rule.seconds & ALL_OF_SIXTY | 1 << 59 };
        Times {
            hours: or(rule.hours, Frequency::Hourly, ALL_HOURS, first / 3_600),
            minutes: or(rule.minutes, Frequency::Minutely, ALL_OF_SIXTY, first / 60 % 60),
            seconds: or(seconds, Frequency::Secondly, ALL_OF_SIXTY, first % 60),
        }
    }

    /// How many there are in a day.
    pub(super) fn count(self) -> i64 {
        count(self.hours) * count(self.minutes) * count(self.seconds)
    }

    /// Those within one hour.
    pub(super) fn within_hour(self, hour: i64) -> Times {
        Times { hours: 1 << hour, ..self }
    }

    /// Those within one minute.
    pub(super) fn within_minute(self, hour: i64, minute: i64) -> Times {
        Times { hours: 1 << hour, minutes: 1 << minute, ..self }
    }

    /// The first one of a day, in seconds since midnight.
    pub(super) fn earliest(self) -> i64 {
        time(lowest(self.hours), lowest(self.minutes), lowest(self.seconds))
    }

    /// The first one at this second of the day or later.
    pub(super) fn at_or_after(self, second_of_day: i64) -> Option<i64> {
        if second_of_day <= 0 {
            return Some(self.earliest());
        }
        let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
        if lowest_from(self.hours, hour) == Some(hour) {
            if lowest_from(self.minutes, minute) == Some(minute)
                && let Some(second) = lowest_from(self.seconds, second)
            {
                return Some(hour * 3_600 + minute * 60 + second);
            }
            if let Some(minute) = lowest_from(self.minutes, minute + 1) {
                return Some(time(Some(hour), Some(minute), lowest(self.seconds)));
            }
        }
        let hour = lowest_from(self.hours, hour + 1)?;
        Some(time(Some(hour), lowest(self.minutes), lowest(self.seconds)))
    }

    /// The one with so many before it in the day.
    pub(super) fn nth(self, index: i64) -> Option<i64> {
        let (minutes, seconds) = (count(self.minutes), count(self.seconds));
        let nth = |set: u64, index: i64| bits(set).nth(usize::try_from(index).ok()?);
        Some(time(
            Some(nth(self.hours, index / (minutes * seconds))?),
            Some(nth(self.minutes, index / seconds % minutes)?),
            Some(nth(self.seconds, index % seconds)?),
        ))
    }
}

/// The sets are not empty, so there is nothing to be absent.
fn time(hour: Option<i64>, minute: Option<i64>, second: Option<i64>) -> i64 {
    hour.unwrap_or(0) * 3_600 + minute.unwrap_or(0) * 60 + second.unwrap_or(0)
}
