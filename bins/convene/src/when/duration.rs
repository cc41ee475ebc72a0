//! How long something lasts, as people write it: `1h30m`, `90m`, `2h`, `1d`.

use domain::Error;
use jiff::Span;

const RULE: &str = "durations look like 1h30m, 90m, 2h or 1d";

/// A length of time, longer than nothing. Days are civil days (RFC 5545 §3.3.6), the rest is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Duration {
    /// Whole days, weeks counted as seven.
    pub(crate) days: u32,
    /// What comes on top of them, in seconds.
    pub(crate) seconds: u32,
}

/// Longest that anything lasts, in days: more than that is a slip of the keyboard.
const MOST_DAYS: u64 = 36_525;

impl Duration {
    /// Reads a duration: numbers, each with its unit (`w`, `d`, `h`, `m` or `min`), the larger units first.
    ///
    /// # Errors
    /// Invalid input naming `for`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("for", text, RULE);
        let (mut days, mut seconds) = (0_u64, 0_u64);
        let mut smallest_so_far = 5;
        let mut rest = text.trim();
        while !rest.is_empty() {
            let number_end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let (number, after) = rest.split_at(number_end);
            let after = after.trim_start();
            let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            let (unit, next) = after.split_at(unit_end);
            let number: u64 = number.parse::<u32>().map_err(|_| wrong())?.into();
            let (rank, in_days, in_seconds) = match unit {
                "w" => (4, 7, 0),
                "d" => (3, 1, 0),
                "h" => (2, 0, 3_600),
                "m" | "min" => (1, 0, 60),
                _ => return Err(wrong()),
            };
            if rank >= smallest_so_far {
                return Err(wrong());
            }
            smallest_so_far = rank;
            days = days.saturating_add(number.saturating_mul(in_days));
            seconds = seconds.saturating_add(number.saturating_mul(in_seconds));
            rest = next.trim_start();
        }
        if days == 0 && seconds == 0 {
            return Err(wrong());
        }
        if days.saturating_add(seconds / 86_400) > MOST_DAYS {
            return Err(Error::invalid("for", text, "it is longer than a hundred years"));
        }
        let (days, seconds) = (u32::try_from(days), u32::try_from(seconds));
        Ok(Self { days: days.map_err(|_| wrong())?, seconds: seconds.map_err(|_| wrong())? })
    }

    /// The same as a span of civil days and exact seconds.
    pub(crate) fn span(self) -> Span {
        Span::new().days(i64::from(self.days)).seconds(i64::from(self.seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, days, seconds) in [
            ("1h30m", 0, 5_400),
            ("90m", 0, 5_400),
            ("90 min", 0, 5_400),
            ("1h 30m", 0, 5_400),
            ("2h", 0, 7_200),
            ("1d", 1, 0),
            ("1w2d", 9, 0),
            ("1d12h", 1, 43_200),
        ] {
            assert_eq!(Duration::parse(text), Ok(Duration { days, seconds }), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for bad in
            ["", "0m", "h", "1", "1h30", "30m1h", "1h1h", "-1h", "1.5h", "1y", "99999999999h", "4000000000m", "1ü"]
        {
            let error = Duration::parse(bad).unwrap_err();
            assert_eq!(error.field(), Some("for"), "{bad}");
        }
        assert!(Duration::parse("soon").unwrap_err().to_string().contains("1h30m"));
    }
}
