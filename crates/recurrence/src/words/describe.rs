//! From a rule to words.

use jiff::civil::DateTime;

use super::{MONTHS, UNITS, WEEKDAYS, WORKING_DAYS, date, short};
use crate::{
    rule::{End, Frequency, Ordinal, Rule, Until},
    sets::bits,
};

impl Rule {
    /// The rule in words that [`Rule::from_phrase`] reads as a rule of the same meaning (`every 2 weeks on Tue and Thu until 30 Jun 2027`), or the
    /// notation of RFC 5545 if there are no good words for it. `first` is the first start: what the rule leaves to it is said.
    #[must_use]
    pub fn describe(&self, first: DateTime) -> String {
        self.words(first).unwrap_or_else(|| self.to_string())
    }

    fn words(&self, first: DateTime) -> Option<String> {
        let plain = self.hours == 0
            && self.minutes == 0
            && self.seconds == 0
            && self.year_days.is_empty()
            && self.weeks.is_empty();
        if !plain {
            return None;
        }
        let mut text = match self.frequency {
            Frequency::Yearly => format!("{} on {}", self.interval_in_words(), self.days_of_year(first)?),
            Frequency::Monthly => {
                format!("{} on the {}{}", self.interval_in_words(), self.days_of_month(first)?, self.in_months())
            }
            Frequency::Weekly | Frequency::Daily => self.weekdays_in_words(first)?,
            Frequency::Hourly | Frequency::Minutely | Frequency::Secondly => (self.leaves_days_to_the_first()
                && self.positions.is_empty())
            .then(|| self.interval_in_words() + &self.in_months())?,
        };
        text.push_str(&match self.end {
            End::Never => String::new(),
            End::Until(until) => format!(" until {}", self.last_day(until, first)),
            End::Count(1) => ", once".to_owned(),
            End::Count(count) => format!(", {count} times"),
        });
        Some(text)
    }

    /// `every week`, `every 2 weeks`
    fn interval_in_words(&self) -> String {
        let unit = UNITS
            .into_iter()
            .find_map(|(name, frequency)| (frequency == self.frequency).then_some(name))
            .unwrap_or_default();
        if self.interval == 1 { format!("every {unit}") } else { format!("every {} {unit}s", self.interval) }
    }

    fn weekdays_in_words(&self, first: DateTime) -> Option<String> {
        if !(self.ordinals.is_empty() && self.month_days.is_empty() && self.positions.is_empty()) {
            return None;
        }
        let weekly = self.frequency == Frequency::Weekly;
        let days = match self.weekdays {
            0 if weekly => 1 << first.weekday().to_monday_zero_offset(),
            days => days,
        };
        let months = self.in_months();
        if self.interval == 1 && days == WORKING_DAYS {
            return Some(format!("every weekday{months}"));
        }
        let mut text = self.interval_in_words();
        if days != 0 {
            text = format!("{text} on {}", list(bits(days).map(|day| short(&WEEKDAYS, day).to_owned())));
        }
        text.push_str(&months);
        // Where a week begins matters only if there are weeks between those that count.
        if weekly && self.interval > 1 && self.week_start != 0 {
            text = format!("{text} with weeks from {}", short(&WEEKDAYS, self.week_start));
        }
        Some(text)
    }

    /// ` in Jan and Feb`
    fn in_months(&self) -> String {
        if self.months == 0 { String::new() } else { format!(" in {}", self.month_names(self.months)) }
    }

    fn month_names(&self, months: u64) -> String {
        list(bits(months).map(|month| short(&MONTHS, month - 1).to_owned()))
    }

    /// `15 Mar`, `the last Mon of May`, `the 1st and 15th of Mar and Sep`
    fn days_of_year(&self, first: DateTime) -> Option<String> {
        let months = match self.months {
            0 if self.leaves_days_to_the_first() => 1 << first.month(),
            0 => return None,
            months => months,
        };
        // A position counts within the year, so it is that of a month only if there is no other.
        if !self.positions.is_empty() && months.count_ones() > 1 {
            return None;
        }
        let names = self.month_names(months);
        if months.count_ones() == 1
            && let Some(day) = self.one_day_of_month(first)
        {
            return Some(format!("{day} {names}"));
        }
        Some(format!("the {} of {names}", self.days_of_month(first)?))
    }

    /// The day of the month, if it is one, counted from the beginning.
    fn one_day_of_month(&self, first: DateTime) -> Option<i64> {
        if self.leaves_days_to_the_first() && self.positions.is_empty() {
            return Some(i64::from(first.day()));
        }
        if self.weekdays != 0 || !self.ordinals.is_empty() || !self.positions.is_empty() {
            return None;
        }
        let mut days = self.month_days.iter();
        days.next().filter(|day| *day > 0 && days.next().is_none())
    }

    /// `15th`, `1st and 15th`, `last day`, `last Fri`, `1st and 3rd Mon`, `last weekday`
    fn days_of_month(&self, first: DateTime) -> Option<String> {
        let (weekdays, ordinals) = (self.weekdays, self.ordinals.as_slice());
        if weekdays == 0 && ordinals.is_empty() {
            if !self.positions.is_empty() {
                return None;
            }
            if self.month_days.is_empty() {
                return Some(ordinal(i64::from(first.day())));
            }
            let days =
                self.month_days.iter().map(|day| if day < 0 { format!("{} day", ordinal(day)) } else { ordinal(day) });
            return Some(list(days));
        }
        if !self.month_days.is_empty() {
            return None;
        }
        if weekdays == WORKING_DAYS && ordinals.is_empty() && self.positions.iter().all(|position| position.abs() <= 31)
        {
            return (!self.positions.is_empty())
                .then(|| format!("{} weekday", list(self.positions.iter().map(|nth| ordinal(*nth)))));
        }
        let counted: Vec<Ordinal> = if weekdays == 0 && self.positions.is_empty() {
            ordinals.to_vec()
        } else if weekdays.count_ones() == 1 && ordinals.is_empty() && !self.positions.is_empty() {
            // The positions among one weekday's days are the weekday counted: BYDAY=FR;BYSETPOS=-1 is BYDAY=-1FR.
            let weekday = i64::from(weekdays.trailing_zeros());
            self.positions.iter().map(|nth| Ordinal { nth: *nth, weekday }).collect()
        } else {
            return None;
        };
        if counted.iter().any(|ordinal| ordinal.nth.abs() > 5) {
            return None;
        }
        let weekday = counted.first()?.weekday;
        if counted.iter().all(|counted| counted.weekday == weekday) {
            let numbers = list(counted.iter().map(|counted| ordinal(counted.nth)));
            return Some(format!("{numbers} {}", short(&WEEKDAYS, weekday)));
        }
        Some(list(
            counted.iter().map(|counted| format!("{} {}", ordinal(counted.nth), short(&WEEKDAYS, counted.weekday))),
        ))
    }

    /// The day is enough where there is one start in a day.
    fn last_day(&self, until: Until, first: DateTime) -> String {
        let one_a_day = self.frequency <= Frequency::Daily;
        match until {
            Until::Date(day) => date::written(day),
            Until::Civil(at) if one_a_day && at.time() >= first.time() => date::written(at.date()),
            Until::Civil(at) => format!("{} at {}", date::written(at.date()), date::time_written(at.time())),
            Until::Utc(at) => format!("{} at {} UTC", date::written(at.date()), date::time_written(at.time())),
        }
    }
}

/// `a`, `a and b`, `a, b and c`
fn list(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    let last = items.pop().unwrap_or_default();
    if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) }
}

/// `1st`, `last`, `2nd last`
fn ordinal(number: i64) -> String {
    if number == -1 {
        return "last".to_owned();
    }
    let absolute = number.abs();
    let suffix = match (absolute % 100, absolute % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{absolute}{suffix}{}", if number < 0 { " last" } else { "" })
}
