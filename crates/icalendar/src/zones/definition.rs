//! A zone as a file defines it (`VTIMEZONE`, RFC 5545 §3.6.5): when its clocks change, and to which offset.

use calcard::common::PartialDateTime;
use calcard::icalendar::{ICalendarComponent, ICalendarComponentType, ICalendarProperty, ICalendarValue};
use jiff::civil::DateTime;
use jiff::{SignedDuration, ToSpan};
use recurrence::{End, Rule, Until};

use crate::component::Component;
use crate::times::civil_of;

/// A definition.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    observances: Vec<Observance>,
}

/// One of its `STANDARD` and `DAYLIGHT` parts.
#[derive(Clone, Debug)]
struct Observance {
    /// When it first begins, by the clock before it.
    begins: DateTime,
    /// Seconds east of UTC before it, and with it.
    from: i32,
    to: i32,
    /// When it begins again, ends in civil time.
    rule: Option<Rule>,
    dates: Vec<DateTime>,
}

/// More dates of one observance are not read.
const MAX_DATES: usize = 1_000;

impl Definition {
    /// What `component` defines; `None` if that is not a whole definition.
    pub(crate) fn of(component: &Component) -> Option<Self> {
        let rules: Vec<_> = rules_of(component);
        let parts = component.within().iter().filter(|part| {
            matches!(part.component_type, ICalendarComponentType::Standard | ICalendarComponentType::Daylight)
        });
        let observances: Vec<_> =
            parts.zip(rules).map(|(part, rule)| Observance::of(part, rule)).collect::<Option<_>>()?;
        if observances.is_empty() { None } else { Some(Self { observances }) }
    }

    /// Seconds east of UTC when its clocks show `civil`.
    pub(crate) fn offset_at(&self, civil: DateTime) -> i32 {
        let current =
            self.observances.iter().filter_map(|observance| Some((observance.last_begin(civil)?, observance.to)));
        if let Some((_, offset)) = current.max_by_key(|(begin, _)| *begin) {
            return offset;
        }
        self.observances.iter().min_by_key(|observance| observance.begins).map_or(0, |first| first.from)
    }

    /// The instant at which its clocks show `civil`.
    pub(crate) fn instant(&self, civil: DateTime) -> Option<jiff::Timestamp> {
        let utc = civil.checked_sub(SignedDuration::from_secs(i64::from(self.offset_at(civil)))).ok()?;
        utc.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    }

    /// The changes of the offset from one civil time to another: seconds since 1970 UTC, and the offset from then on.
    pub(super) fn changes(&self, from: DateTime, to: DateTime) -> Vec<(i64, i32)> {
        let mut onsets: Vec<(i64, i32)> = Vec::new();
        for observance in &self.observances {
            let begins = observance.begins_between(from, to);
            onsets.extend(begins.iter().map(|civil| {
                (domain::time::civil_seconds(*civil).saturating_sub(i64::from(observance.from)), observance.to)
            }));
        }
        onsets.sort_unstable();
        let mut offset = self.offset_at(from);
        onsets.retain(|(_, to)| std::mem::replace(&mut offset, *to) != *to);
        onsets
    }
}

impl Observance {
    fn of(part: &ICalendarComponent, rule: Option<Rule>) -> Option<Self> {
        let value = |name: &ICalendarProperty| part.property(name).and_then(|entry| entry.values.first());
        let begins =
            value(&ICalendarProperty::Dtstart).and_then(ICalendarValue::as_partial_date_time).and_then(civil_of)?;
        let offset = |name| value(name).and_then(ICalendarValue::as_partial_date_time).map(seconds_east);
        let (from, to) = (offset(&ICalendarProperty::Tzoffsetfrom)?, offset(&ICalendarProperty::Tzoffsetto)?);
        let dates = part.properties(&ICalendarProperty::Rdate).flat_map(|entry| &entry.values);
        let dates =
            dates.filter_map(ICalendarValue::as_partial_date_time).filter_map(civil_of).take(MAX_DATES).collect();
        let rule = rule.map(|rule| match rule.until() {
            Some(Until::Utc(utc)) => {
                let local = utc.checked_add(SignedDuration::from_secs(i64::from(from))).unwrap_or(utc);
                rule.with_end(End::Until(Until::Civil(local)))
            }
            _ => rule,
        });
        Some(Self { begins, from, to, rule, dates })
    }

    /// When it last began, `civil` included.
    fn last_begin(&self, civil: DateTime) -> Option<DateTime> {
        let year_before = civil.checked_sub(800.days()).unwrap_or(civil);
        let ruled = self.rule.as_ref().and_then(|rule| {
            let recent = rule.starts(self.begins, year_before).take_while(|begin| *begin <= civil).last();
            // A rule that has ended holds until another observance begins.
            recent.or_else(|| {
                rule.starts(self.begins, self.begins).take(MAX_DATES).take_while(|begin| *begin <= civil).last()
            })
        });
        let dated = self.dates.iter().copied().filter(|begin| *begin <= civil).max();
        let first = (self.begins <= civil).then_some(self.begins);
        ruled.max(dated).max(first)
    }

    fn begins_between(&self, from: DateTime, to: DateTime) -> Vec<DateTime> {
        let ruled = self
            .rule
            .iter()
            .flat_map(|rule| rule.starts(self.begins, from).take_while(|begin| *begin < to).take(MAX_DATES));
        let single = self.dates.iter().copied().chain([self.begins]).filter(|begin| *begin >= from && *begin < to);
        let mut begins: Vec<_> = ruled.chain(single).collect();
        begins.sort_unstable();
        begins.dedup();
        begins
    }
}

/// The rule of each `STANDARD` and `DAYLIGHT` part, as it stands.
fn rules_of(component: &Component) -> Vec<Option<Rule>> {
    let mut rules = Vec::new();
    for line in &component.lines {
        match line.name().as_str() {
            "BEGIN" if line.value().is_some_and(|name| is_part(name.trim())) => rules.push(None),
            "RRULE" => {
                if let (Some(last), Some(value)) = (rules.last_mut(), line.value()) {
                    *last = value.parse().ok();
                }
            }
            _ => {}
        }
    }
    rules
}

fn is_part(name: &str) -> bool {
    name.eq_ignore_ascii_case("STANDARD") || name.eq_ignore_ascii_case("DAYLIGHT")
}

/// `+0130` as seconds.
fn seconds_east(offset: &PartialDateTime) -> i32 {
    let hours = i32::from(offset.tz_hour.or(offset.hour).unwrap_or(0));
    let minutes = i32::from(offset.tz_minute.or(offset.minute).unwrap_or(0));
    let seconds = hours.saturating_mul(3_600).saturating_add(minutes.saturating_mul(60));
    if offset.tz_minus { seconds.saturating_neg() } else { seconds }
}
