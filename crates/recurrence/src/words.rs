//! Rules in English words, both ways.

use jiff::civil::DateTime;

use crate::rule::{Frequency, Rule};

/// Why words are not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{word:?} was not understood: write for example \"every weekday\", \"every 2 weeks on tue,thu until 2027-06-30\" or \"every month on the last friday\""
)]
pub struct InvalidPhrase {
    word: String,
}

impl Rule {
    /// Reads words such as `every 2 weeks on tue,thu until 2027-06-30`. `first` is the first start.
    ///
    /// # Errors
    /// [`InvalidPhrase`] names the word that was not understood.
    pub fn from_phrase(text: &str, first: DateTime) -> Result<Rule, InvalidPhrase> {
        let _ = first;
        let frequency = match text.trim() {
            "daily" | "every day" => Frequency::Daily,
            "weekly" | "every week" => Frequency::Weekly,
            "monthly" | "every month" => Frequency::Monthly,
            "yearly" | "every year" => Frequency::Yearly,
            other => return Err(InvalidPhrase { word: other.to_owned() }),
        };
        Ok(Rule::every(std::num::NonZeroU32::MIN, frequency))
    }

    /// The rule in words that [`Rule::from_phrase`] reads back, or its RFC text if there are no good words for it.
    #[must_use]
    pub fn describe(&self, first: DateTime) -> String {
        let _ = first;
        self.to_string()
    }
}
