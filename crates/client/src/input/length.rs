//! How long something takes, as people write it: `1h30m`, `1h30`, `90m`, `90 min`, `2h`, `1 hour 30 minutes`, `1d`.

use std::fmt;

use domain::Error;

use super::phrase;
use super::word::Unit;

/// A length of time. Days are days of the calendar, of which some have 23 or 25 hours; minutes are minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Length {
    /// Days; a week is seven.
    pub days: i64,
    /// Minutes; an hour is sixty.
    pub minutes: i64,
}

impl Length {
    /// What `text` says, all of it.
    ///
    /// # Errors
    /// Invalid input naming `field`, with the word that was not understood and examples.
    pub fn read(field: &str, text: &str) -> Result<Self, Error> {
        let wrong = |reason: String| Error::invalid(field, text.trim(), reason);
        phrase::length(text).map_err(|refusal| wrong(format!("{}; lengths look like {EXAMPLES}", refusal.alone())))
    }

    /// The sum of `quantities`; `Err` says why they are no length.
    pub(super) fn of(quantities: &[(i64, Unit)]) -> Result<Self, String> {
        let mut length = Self::default();
        for (number, unit) in quantities {
            match unit {
                Unit::Minute => length.minutes += number,
                Unit::Hour => length.minutes += 60 * number,
                Unit::Day => length.days += number,
                Unit::Week => length.days += 7 * number,
                Unit::Month | Unit::Year => {
                    return Err("months and years differ in length; say days or weeks".to_owned());
                }
            }
        }
        if length == Self::default() { Err("that is no time at all".to_owned()) } else { Ok(length) }
    }
}

const EXAMPLES: &str = "1h30, 90 min, 2h or 1d";

impl fmt::Display for Length {
    /// The shortest form that [`Length::read`] reads back: `1d 1h30m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes) = (self.minutes / 60, self.minutes % 60);
        let parts = [(self.days, "d"), (hours, "h"), (minutes, "m")];
        let written = parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}"));
        f.write_str(&written.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        let minutes = |minutes| Length { days: 0, minutes };
        for (text, length) in [
            ("1h30m", minutes(90)),
            ("1h30", minutes(90)),
            ("90m", minutes(90)),
            ("90 min", minutes(90)),
            ("90min", minutes(90)),
            ("2h", minutes(120)),
            ("1 hour 30 minutes", minutes(90)),
            ("1 hour and 30 minutes", minutes(90)),
            ("an hour", minutes(60)),
            ("for 1H 15M", minutes(75)),
            ("1d", Length { days: 1, minutes: 0 }),
            ("2 weeks", Length { days: 14, minutes: 0 }),
            ("1d12h", Length { days: 1, minutes: 720 }),
        ] {
            assert_eq!(Length::read("for", text).unwrap(), length, "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused_with_the_word_and_examples() {
        for text in [
            "", "soon", "1h soon", "90", "0m", "h", "1 month", "1h90", "1h5", "30m1h", "1h 1h", "-1h", "9999999h",
            "1.5h",
        ] {
            let error = Length::read("for", text).unwrap_err();
            assert_eq!(error.field(), Some("for"), "{text}");
            assert!(error.to_string().contains("90 min"), "{error}");
        }
        assert!(Length::read("for", "1h soon").unwrap_err().to_string().contains("soon"));
    }

    proptest! {
        #[test]
        fn a_length_reads_back_as_it_is_written(days in 0_i64..999, minutes in 0_i64..9_999) {
            let length = Length { days, minutes };
            if length != Length::default() {
                prop_assert_eq!(Length::read("for", &length.to_string()).unwrap(), length);
            }
        }

        #[test]
        fn no_text_whatever_makes_it_panic(text in any::<String>()) {
            let _ = Length::read("for", &text);
        }
    }
}
