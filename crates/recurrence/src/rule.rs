//! What a rule is, apart from how it is written and what it gives.

use jiff::civil::{Date, DateTime};

use crate::sets::Signed;

/// How often a rule recurs, before `INTERVAL` (RFC 5545 §3.3.10, `FREQ`). Ordered from the rarest to the most frequent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frequency {
    /// `YEARLY`
    Yearly,
    /// `MONTHLY`
    Monthly,
    /// `WEEKLY`
    Weekly,
    /// `DAILY`
    Daily,
    /// `HOURLY`
    Hourly,
    /// `MINUTELY`
    Minutely,
    /// `SECONDLY`
    Secondly,
}

/// The last moment at which a start may lie, itself included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Until {
    /// The whole of this day.
    Date(Date),
    /// A civil time, in the zone of the series.
    Civil(DateTime),
    /// A time in UTC. Whoever expands a rule in another zone converts it to [`Until::Civil`] first: [`Rule::starts`] knows of no zone.
    Utc(DateTime),
}

/// How a rule ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// It does not.
    Never,
    /// `UNTIL`
    Until(Until),
    /// `COUNT`: so many starts in all, counted by the caller.
    Count(u32),
}

/// A recurrence rule: a value of the property `RRULE` (RFC 5545 §3.3.10).
///
/// Two rules that differ only in the order of their parts or values, in repeated values, or in parts that say what holds anyway
/// (`INTERVAL=1`, `WKST=MO`), are equal. `Display` gives the one text of them all, and parsing it gives the rule again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    pub(crate) frequency: Frequency,
    /// At least 1.
    pub(crate) interval: u32,
    pub(crate) end: End,
    /// Monday is 0.
    pub(crate) week_start: i64,
    /// Bits 0..=60.
    pub(crate) seconds: u64,
    /// Bits 0..=59.
    pub(crate) minutes: u64,
    /// Bits 0..=23.
    pub(crate) hours: u64,
    /// `BYDAY` without ordinals: bits 0..=6, Monday is 0.
    pub(crate) weekdays: u64,
    /// `BYDAY` with ordinals, rising.
    pub(crate) ordinals: Vec<Ordinal>,
    pub(crate) month_days: Signed,
    /// -366..=366 without 0, rising.
    pub(crate) year_days: Vec<i64>,
    pub(crate) weeks: Signed,
    /// Bits 1..=12.
    pub(crate) months: u64,
    /// -366..=366 without 0, rising.
    pub(crate) positions: Vec<i64>,
}

/// A weekday counted within its month or year: `2TU`, `-1FR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ordinal {
    /// -53..=53 without 0.
    pub(crate) nth: i64,
    /// Monday is 0.
    pub(crate) weekday: i64,
}

impl Rule {
    /// A rule that says only how often.
    #[must_use]
    pub fn every(interval: std::num::NonZeroU32, frequency: Frequency) -> Rule {
        Rule {
            frequency,
            interval: interval.get(),
            end: End::Never,
            week_start: 0,
            seconds: 0,
            minutes: 0,
            hours: 0,
            weekdays: 0,
            ordinals: Vec::new(),
            month_days: Signed::default(),
            year_days: Vec::new(),
            weeks: Signed::default(),
            months: 0,
            positions: Vec::new(),
        }
    }

    /// `FREQ`
    #[must_use]
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// `INTERVAL`, at least 1: every so many years, months, weeks, days, hours, minutes or seconds.
    #[must_use]
    pub fn interval(&self) -> u32 {
        self.interval
    }

    /// How it ends.
    #[must_use]
    pub fn end(&self) -> End {
        self.end
    }

    /// `UNTIL`
    #[must_use]
    pub fn until(&self) -> Option<Until> {
        match self.end {
            End::Until(until) => Some(until),
            End::Never | End::Count(_) => None,
        }
    }

    /// `COUNT`, at least 1.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        match self.end {
            End::Count(count) => Some(count),
            End::Never | End::Until(_) => None,
        }
    }

    /// The same rule with another end. Made printable: a count of 0 becomes 1, fractions of a second are dropped, and a time before the year 0 becomes
    /// the beginning of that year.
    #[must_use]
    pub fn with_end(mut self, end: End) -> Rule {
        let printable = |time: DateTime| match time.with().subsec_nanosecond(0).build() {
            Ok(time) if time.year() >= 0 => time,
            _ => YEAR_0.to_datetime(jiff::civil::Time::midnight()),
        };
        self.end = match end {
            End::Count(count) => End::Count(count.max(1)),
            End::Until(Until::Date(date)) => End::Until(Until::Date(date.max(YEAR_0))),
            End::Until(Until::Civil(time)) => End::Until(Until::Civil(printable(time))),
            End::Until(Until::Utc(time)) => End::Until(Until::Utc(printable(time))),
            End::Never => End::Never,
        };
        self
    }

    /// Whether none of the parts is there that choose days (`BYDAY`, `BYMONTHDAY`, `BYYEARDAY`, `BYWEEKNO`), so that the first start does.
    pub(crate) fn leaves_days_to_the_first(&self) -> bool {
        self.weekdays == 0
            && self.ordinals.is_empty()
            && self.month_days.is_empty()
            && self.year_days.is_empty()
            && self.weeks.is_empty()
    }

    /// The months of the year in which a start can lie, with this first start. Never too few; too many where saying more would
    /// take expanding. A first start that the rule does not match is not considered.
    #[must_use]
    pub fn months(&self, first: Date) -> Months {
        let first_month = i64::from(first.month());
        let reached = match self.frequency {
            Frequency::Yearly if self.months == 0 && self.leaves_days_to_the_first() => 1 << first_month,
            Frequency::Monthly => {
                // Steps of so many months come through those that are alike modulo the greatest common divisor with 12.
                let step = greatest_common_divisor(self.interval, 12);
                (1..=12)
                    .filter(|month| (month - first_month) % i64::from(step) == 0)
                    .fold(0, |set, month| set | 1 << month)
            }
            _ => Months::ALL.0,
        };
        Months(if self.months == 0 { reached } else { reached & self.months })
    }
}

const YEAR_0: Date = Date::constant(0, 1, 1);

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A set of months of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Months(u64);

impl Months {
    /// All twelve.
    pub const ALL: Months = Months(0b1_1111_1111_1110);

    /// Whether this month (1..=12) is among them.
    #[must_use]
    pub fn contains(self, month: i8) -> bool {
        (1..=12).contains(&month) && self.0 & (1 << month) != 0
    }

    /// Whether no month is.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The months, 1..=12, rising.
    pub fn iter(self) -> impl Iterator<Item = i8> {
        (1..=12).filter(move |month| self.contains(*month))
    }
}
