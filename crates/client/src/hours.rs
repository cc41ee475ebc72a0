//! How a time of day is written: from 0 to 24, or twice from 12 to 12.

use jiff::civil::Time;

/// Which hours people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hours {
    /// `14:00`.
    #[default]
    TwentyFour,
    /// `2:00 pm`.
    Twelve,
}

impl Hours {
    /// `time` in full; its seconds only if there are any.
    #[must_use]
    pub fn write(self, time: Time) -> String {
        let seconds = if time.second() == 0 { String::new() } else { format!(":{:02}", time.second()) };
        match self {
            Self::TwentyFour => format!("{:02}:{:02}{seconds}", time.hour(), time.minute()),
            Self::Twelve => {
                let (hour, half) = halved(time);
                format!("{hour}:{:02}{seconds} {half}m", time.minute())
            }
        }
    }

    /// `time` in at most five cells, to the minute: `09:05`, or by twelve hours `9:05a`, `12pm`, `1130p`.
    #[must_use]
    pub fn short(self, time: Time) -> String {
        match self {
            Self::TwentyFour => format!("{:02}:{:02}", time.hour(), time.minute()),
            Self::Twelve => {
                let (hour, half) = halved(time);
                match (time.minute(), hour) {
                    (0, _) => format!("{hour}{half}m"),
                    (minute, 10..) => format!("{hour}{minute:02}{half}"),
                    (minute, _) => format!("{hour}:{minute:02}{half}"),
                }
            }
        }
    }
}

fn halved(time: Time) -> (i8, char) {
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    (hour, if time.hour() < 12 { 'a' } else { 'p' })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noon_and_midnight_are_twelve_and_short_times_fit_five_cells() {
        let at = |hour, minute| Time::constant(hour, minute, 0, 0);
        assert_eq!(Hours::Twelve.write(at(0, 5)), "12:05 am");
        assert_eq!(Hours::Twelve.write(at(12, 0)), "12:00 pm");
        assert_eq!(Hours::TwentyFour.write(at(0, 5)), "00:05");
        for hour in 0..24 {
            for minute in [0, 5, 30] {
                assert!(Hours::Twelve.short(at(hour, minute)).len() <= 5);
                assert_eq!(Hours::TwentyFour.short(at(hour, minute)).len(), 5);
            }
        }
    }
}
