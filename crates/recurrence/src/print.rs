//! The one text of a rule: the parts in the order of RFC 5545 §3.3.10, those left out that say what holds anyway.

use std::fmt::{self, Display, Formatter};

use jiff::civil::DateTime;

use crate::{
    rule::{End, Frequency, Ordinal, Rule, Until},
    sets::bits,
};

/// The two letters of a weekday, Monday being 0.
pub(crate) fn weekday_letters(weekday: i64) -> &'static str {
    match weekday {
        0 => "MO",
        1 => "TU",
        2 => "WE",
        3 => "TH",
        4 => "FR",
        5 => "SA",
        _ => "SU",
    }
}

impl Display for Frequency {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Frequency::Yearly => "YEARLY",
            Frequency::Monthly => "MONTHLY",
            Frequency::Weekly => "WEEKLY",
            Frequency::Daily => "DAILY",
            Frequency::Hourly => "HOURLY",
            Frequency::Minutely => "MINUTELY",
            Frequency::Secondly => "SECONDLY",
        })
    }
}

/// As a value of `UNTIL`: `20270630`, `20270630T120000` or `20270630T120000Z`.
impl Display for Until {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let time = |f: &mut Formatter<'_>, at: DateTime| {
            let (date, time) = (at.date().strftime("%Y%m%d"), at.time());
            write!(f, "{date}T{:02}{:02}{:02}", time.hour(), time.minute(), time.second())
        };
        match *self {
            Until::Date(date) => write!(f, "{}", date.strftime("%Y%m%d")),
            Until::Civil(at) => time(f, at),
            Until::Utc(at) => {
                time(f, at)?;
                f.write_str("Z")
            }
        }
    }
}

impl Display for Ordinal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.nth, weekday_letters(self.weekday))
    }
}

/// As the value of the property `RRULE`.
impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.frequency)?;
        match self.end {
            End::Never => {}
            End::Until(until) => write!(f, ";UNTIL={until}")?,
            End::Count(count) => write!(f, ";COUNT={count}")?,
        }
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        list(f, "BYSECOND", bits(self.seconds))?;
        list(f, "BYMINUTE", bits(self.minutes))?;
        list(f, "BYHOUR", bits(self.hours))?;
        let weekdays = bits(self.weekdays).map(|weekday| weekday_letters(weekday).to_owned());
        list(f, "BYDAY", weekdays.chain(self.ordinals.iter().map(Ordinal::to_string)))?;
        list(f, "BYMONTHDAY", self.month_days.iter())?;
        list(f, "BYYEARDAY", self.year_days.iter())?;
        list(f, "BYWEEKNO", self.weeks.iter())?;
        list(f, "BYMONTH", bits(self.months))?;
        list(f, "BYSETPOS", self.positions.iter())?;
        if self.week_start != 0 {
            write!(f, ";WKST={}", weekday_letters(self.week_start))?;
        }
        Ok(())
    }
}

/// A part that holds a list; nothing for an empty one.
fn list(f: &mut Formatter<'_>, part: &str, values: impl Iterator<Item = impl Display>) -> fmt::Result {
    for (place, value) in values.enumerate() {
        if place == 0 {
            write!(f, ";{part}={value}")?;
        } else {
            write!(f, ",{value}")?;
        }
    }
    Ok(())
}
