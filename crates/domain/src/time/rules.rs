//! The rules by which an event comes again, as they cross wires and are kept: RFC 5545 §3.3.10, in its own words.

use recurrence::Rule;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Most rules of one series: RFC 5545 §3.8.5.3 advises one, and calendars use no more than two.
pub const MAX_RULES: usize = 4;

/// Most instances that a rule may count; more are said with a last day, or with none.
pub const MAX_COUNT: u32 = 10_000;

/// The rules of a series; none for an event that comes once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// These rules.
    ///
    /// # Errors
    /// Invalid input naming `rrule` if they are more than [`MAX_RULES`], count more than [`MAX_COUNT`] instances, or come more often
    /// than hourly.
    pub fn new(rules: Vec<Rule>) -> Result<Self, Error> {
        if rules.len() > MAX_RULES {
            return Err(Error::invalid(
                "rrule",
                rules.len().to_string(),
                format!("an event has at most {MAX_RULES} rules"),
            ));
        }
        for rule in &rules {
            if rule.count().is_some_and(|count| count > MAX_COUNT) {
                let why = format!("it counts more than {MAX_COUNT} times; give a last day with UNTIL, or no end");
                return Err(Error::invalid("rrule", rule.to_string(), why));
            }
            if matches!(rule.frequency(), recurrence::Frequency::Minutely | recurrence::Frequency::Secondly) {
                return Err(Error::invalid("rrule", rule.to_string(), "an event comes again at most every hour"));
            }
        }
        Ok(Self(rules))
    }

    /// One rule, in the words of RFC 5545.
    ///
    /// # Errors
    /// Invalid input naming `rrule`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::new(vec![one(text)?])
    }

    /// The rules.
    #[must_use]
    pub fn as_slice(&self) -> &[Rule] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(super) fn one(text: &str) -> Result<Rule, Error> {
    text.parse().map_err(|why: recurrence::InvalidRule| Error::invalid("rrule", text, why.to_string()))
}

impl TryFrom<Vec<String>> for Rules {
    type Error = Error;

    fn try_from(texts: Vec<String>) -> Result<Self, Error> {
        if texts.len() > MAX_RULES {
            return Err(Error::invalid(
                "rrule",
                texts.len().to_string(),
                format!("an event has at most {MAX_RULES} rules"),
            ));
        }
        Self::new(texts.iter().map(|text| one(text)).collect::<Result<_, _>>()?)
    }
}

impl From<Rules> for Vec<String> {
    fn from(rules: Rules) -> Self {
        rules.0.iter().map(ToString::to_string).collect()
    }
}
