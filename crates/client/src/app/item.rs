//! Calendar entries as a reader in a zone sees them.

use domain::calendar::{Attendance, Entry};
use domain::{EventId, EventTime, Instance, Zone};
use jiff::civil::{Date, DateTime, Time};

use crate::hours::Hours;

/// Why an item is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Organizing,
    Going,
    Maybe,
    /// Only that the time is taken is known.
    Busy,
}

/// Something in a calendar, in the reader's civil time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) start: DateTime,
    /// Exclusive.
    pub(crate) end: DateTime,
    pub(crate) all_day: bool,
    pub(crate) title: String,
    pub(crate) location: String,
    pub(crate) event: Option<EventId>,
    /// Which of an event that recurs; all of one that does not.
    pub(crate) instance: Instance,
    pub(crate) kind: Kind,
    /// When it begins and ends, and is reminded of, in seconds since 1970 UTC; dates begin when the reader's day does.
    pub(crate) begins: i64,
    pub(crate) ends: i64,
    pub(crate) rings: Vec<i64>,
    /// From a calendar laid over my own.
    pub(crate) theirs: bool,
}

impl Item {
    pub(crate) fn of(entry: &Entry, zone: &Zone, theirs: bool) -> Self {
        match entry {
            Entry::Event { event, instance, title, time, location, alarms, attendance } => {
                let (start, end, all_day) = span(time, zone);
                let (begins, ends) = instants(time, zone);
                Self {
                    start,
                    end,
                    all_day,
                    title: title.to_string(),
                    location: location.to_string(),
                    event: Some(*event),
                    instance: *instance,
                    kind: match attendance {
                        Attendance::Organizing => Kind::Organizing,
                        Attendance::Going => Kind::Going,
                        Attendance::Maybe => Kind::Maybe,
                    },
                    begins,
                    ends,
                    rings: alarms.minutes().iter().map(|minutes| begins - i64::from(*minutes) * 60).collect(),
                    theirs,
                }
            }
            Entry::Busy { start, end } => Self {
                start: civil(*start, zone),
                end: civil(*end, zone),
                all_day: false,
                title: "busy".to_owned(),
                location: String::new(),
                event: None,
                instance: Instance::Series,
                kind: Kind::Busy,
                begins: *start,
                ends: *end,
                rings: Vec::new(),
                theirs,
            },
        }
    }

    /// Whether it is one of many.
    pub(crate) fn recurs(&self) -> bool {
        self.instance != Instance::Series
    }

    /// Whether it is the same as another, perhaps at another time.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.event.is_some() && (self.event, self.instance, self.theirs) == (other.event, other.instance, other.theirs)
    }

    /// The last day that it touches.
    pub(crate) fn last_day(&self) -> Date {
        let end = self.end.date();
        let last = if self.end.time() == Time::midnight() { end.yesterday().unwrap_or(end) } else { end };
        last.max(self.start.date())
    }

    pub(crate) fn is_on(&self, day: Date) -> bool {
        self.start.date() <= day && (day < self.end.date() || day <= self.last_day())
    }

    /// `09:00–10:30`, `all day`, or where on a long way `day` lies; eleven cells at most.
    pub(crate) fn hours_on(&self, day: Date, hours: Hours) -> String {
        let begins = self.start.date() == day;
        let ends = self.end.date() == day || (self.last_day() == day);
        let (from, to) = (hours.short(self.start.time()), hours.short(self.end.time()));
        match (self.all_day, begins, ends) {
            (true, ..) | (_, false, false) => "all day".to_owned(),
            (_, true, true) => format!("{from}–{to}"),
            (_, true, false) => format!("{from}–"),
            (_, false, true) => format!("     –{to}"),
        }
    }
}

/// Start, exclusive end, and whether they are dates only.
pub(crate) fn span(time: &EventTime, zone: &Zone) -> (DateTime, DateTime, bool) {
    match time {
        EventTime::Timed(timed) => {
            (civil(timed.start().instant(timed.zone()), zone), civil(timed.end().instant(timed.zone()), zone), false)
        }
        EventTime::AllDay(days) => (
            days.start().to_datetime(jiff::civil::Time::midnight()),
            days.end().to_datetime(jiff::civil::Time::midnight()),
            true,
        ),
        EventTime::Floating(floating) => (floating.start(), floating.end(), false),
    }
}

/// Start and exclusive end for whoever is in `zone`, in seconds since 1970 UTC.
fn instants(time: &EventTime, zone: &Zone) -> (i64, i64) {
    let at = |civil: DateTime| zone.rules().to_timestamp(civil).map_or(0, jiff::Timestamp::as_second);
    match time {
        EventTime::Timed(timed) => (timed.start().instant(timed.zone()), timed.end().instant(timed.zone())),
        EventTime::AllDay(days) => {
            (at(days.start().to_datetime(Time::midnight())), at(days.end().to_datetime(Time::midnight())))
        }
        EventTime::Floating(floating) => (at(floating.start()), at(floating.end())),
    }
}

fn civil(seconds: i64, zone: &Zone) -> DateTime {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_zoned(zone.rules()).datetime()
}

/// When an event is, in full: `Mon 7 Dec 2026 09:00–10:00 Europe/Berlin`.
pub(crate) fn in_full(time: &EventTime, hours: Hours) -> String {
    match time {
        EventTime::Timed(timed) => {
            format!("{} {}", from_to(timed.start().civil(), timed.end().civil(), hours), timed.zone())
        }
        EventTime::Floating(floating) => {
            format!("{} wherever one is", from_to(floating.start(), floating.end(), hours))
        }
        EventTime::AllDay(days) => {
            let last = days.end().yesterday().unwrap_or(days.end());
            if last == days.start() {
                format!("{}, all day", days.start().strftime("%a %-d %b %Y"))
            } else {
                format!("{} – {}, all day", days.start().strftime("%a %-d %b"), last.strftime("%a %-d %b %Y"))
            }
        }
    }
}

fn from_to(start: DateTime, end: DateTime, hours: Hours) -> String {
    let until = if start.date() == end.date() {
        format!("–{}", hours.write(end.time()))
    } else {
        format!(" – {} {}", end.strftime("%a %-d %b %Y"), hours.write(end.time()))
    };
    format!("{} {}{until}", start.strftime("%a %-d %b %Y"), hours.write(start.time()))
}

/// The same for a list, in the reader's zone: `Mon  7 Dec 09:00–10:00`.
pub(crate) fn in_short(time: &EventTime, zone: &Zone, hours: Hours) -> String {
    let (start, end, all_day) = span(time, zone);
    let day = start.strftime("%a %e %b");
    match all_day {
        true => match end.date().yesterday() {
            Ok(last) if last > start.date() => format!("{day}–{} ", last.strftime("%a %e %b")),
            _ => format!("{day} all day    "),
        },
        false if start.date() == end.date() => {
            format!("{day} {}–{}", hours.short(start.time()), hours.short(end.time()))
        }
        false => format!("{day} {}–     ", hours.short(start.time())),
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Moment;
    use jiff::civil::date;

    use super::*;

    fn item(start: DateTime, end: DateTime) -> Item {
        let zone = Zone::utc();
        let moment = |civil| Moment::in_zone("start", civil, &zone).unwrap();
        let entry = Entry::Event {
            alarms: domain::events::Alarms::default(),
            event: EventId::from_bytes([1; 16]),
            instance: domain::Instance::Series,
            title: "Night".parse().unwrap(),
            time: EventTime::timed(moment(start), moment(end), zone.clone()).unwrap(),
            location: domain::Location::default(),
            attendance: Attendance::Going,
        };
        Item::of(&entry, &zone, false)
    }

    #[test]
    fn an_event_until_midnight_does_not_touch_the_next_day() {
        let item = item(date(2027, 3, 1).at(22, 0, 0, 0), date(2027, 3, 2).at(0, 0, 0, 0));
        assert!(item.is_on(date(2027, 3, 1)));
        assert!(!item.is_on(date(2027, 3, 2)));
        assert_eq!(item.hours_on(date(2027, 3, 1), Hours::TwentyFour), "22:00–00:00");
    }

    #[test]
    fn an_event_over_midnight_is_on_both_days() {
        let item = item(date(2027, 3, 1).at(22, 0, 0, 0), date(2027, 3, 2).at(1, 30, 0, 0));
        assert_eq!(item.hours_on(date(2027, 3, 1), Hours::TwentyFour), "22:00–");
        assert_eq!(item.hours_on(date(2027, 3, 2), Hours::TwentyFour), "     –01:30");
    }
}
