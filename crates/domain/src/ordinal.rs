//! Ordinal numbers as people read them, the same on the command line and in the client. Nothing is stored or sent as one.

use std::fmt;

/// A number that says a place in an order: 1st, 2nd, 3rd, 4th, 11th, 21st.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(pub u64);

impl fmt::Display for Ordinal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = *self;
        let ending = match (number % 100, number % 10) {
            (11..=13, _) => "th",
            (_, 1) => "st",
            (_, 2) => "nd",
            (_, 3) => "rd",
            _ => "th",
        };
        write!(formatter, "{number}{ending}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_end_as_people_say_them() {
        let said: Vec<String> =
            [1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111, 9_900].map(|number| Ordinal(number).to_string()).into();
        let expected =
            ["1st", "2nd", "3rd", "4th", "10th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th", "9900th"];
        assert_eq!(said, expected);
    }
}
