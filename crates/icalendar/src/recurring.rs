//! How an event comes again: `RRULE`, `RDATE`, `EXDATE` and the `EXRULE` of RFC 2445, as a series and its exceptions.

use std::collections::BTreeMap;

use calcard::icalendar::{
    ICalendarEntry, ICalendarPeriod as Period, ICalendarProperty as Property, ICalendarValue as Value,
};
use domain::events::{Change, Exception};
use domain::time::{Rules, civil_seconds};
use domain::{EventTime, Series};
use jiff::civil::DateTime;
use recurrence::{End, Frequency, Rule};

use crate::component::Component;
use crate::fields::{Clock, Fields, written};
use crate::group::in_line;
use crate::times::{Ends, Frame, When, placed};
use crate::{MAX_EXCEPTIONS, Note};

/// Instances that are not as the rules have them.
pub(crate) type Exceptions = BTreeMap<i64, Exception>;

type Failure = (usize, String);

/// The series of the event `fields`, which `component` defines, and its removed and added instances.
///
/// # Errors
/// In which line something stands that Convene cannot keep without changing its meaning, and why.
pub(crate) fn series(
    component: &Component,
    fields: &Fields,
    clock: &mut Clock<'_>,
) -> Result<(Series, Exceptions), Failure> {
    let first = fields.placed.time.clone();
    let frame = fields.start.frame();
    let mut rules = Vec::new();
    for line in component.own_lines("RRULE") {
        let text = line.value().unwrap_or_default();
        if text.trim().is_empty() {
            continue;
        }
        let rule = rule(text, &frame).map_err(|why| (line.number, why))?;
        if ends_before(&rule, &first) {
            clock.notes.push(Note {
                line: line.number,
                text: "its rule ends before it begins, so it takes place once".to_owned(),
            });
        } else {
            rules.push(rule);
        }
    }
    let line = component.line_of("RRULE");
    let refused = |error: domain::Error| (line, error.to_string());
    let series = Series::new(first.clone(), &Rules::new(rules).map_err(refused)?).map_err(refused)?;
    let exceptions = dates(component, fields, &series, clock)?;
    let by_dates = !series.recurs() && !exceptions.is_empty();
    Ok((if by_dates { Series::by_dates(first) } else { series }, exceptions))
}

/// A rule as it is written. Parts that choose times of day say nothing about whole days (RFC 5545 §3.3.10).
fn rule(text: &str, frame: &Frame) -> Result<Rule, String> {
    if *frame != Frame::Days {
        return text.parse().map_err(|why: recurrence::InvalidRule| why.to_string());
    }
    let of_days = |part: &&str| {
        let name = part.split('=').next().unwrap_or_default().trim().to_ascii_uppercase();
        !matches!(name.as_str(), "BYHOUR" | "BYMINUTE" | "BYSECOND")
    };
    let parts: Vec<_> = text.split(';').filter(of_days).collect();
    let rule: Rule = parts.join(";").parse().map_err(|why: recurrence::InvalidRule| why.to_string())?;
    if rule.frequency() > Frequency::Daily {
        return Err(format!("{text:?} repeats whole days more often than daily"));
    }
    Ok(rule)
}

/// Whether a rule names nothing behind the first instance.
fn ends_before(rule: &Rule, first: &EventTime) -> bool {
    rule.until().is_some()
        && Rules::new(vec![rule.clone()]).is_ok_and(|rules| Series::new(first.clone(), &rules).is_err())
}

fn dates(
    component: &Component,
    fields: &Fields,
    series: &Series,
    clock: &mut Clock<'_>,
) -> Result<Exceptions, Failure> {
    let frame = fields.start.frame();
    let mut exceptions = Exceptions::new();
    for (property, name) in [(Property::Rdate, "RDATE"), (Property::Exdate, "EXDATE")] {
        let line = component.line_of(name);
        for (entry, value) in
            component.properties(&property).flat_map(|entry| entry.values.iter().map(move |value| (entry, value)))
        {
            // What stands empty (`EXDATE:`) says nothing.
            if value.as_text().is_some_and(|text| text.trim().is_empty()) {
                continue;
            }
            let Some((start, time)) = date(entry, value, fields, series, clock, line) else {
                let text =
                    format!("{} holds something that is no date or time; that was left out", written(component, name));
                clock.notes.push(Note { line, text });
                continue;
            };
            if property == Property::Exdate {
                exceptions.insert(start, Exception::Removed);
                continue;
            }
            if let Some(time) = time.filter(|time| *time != fields.placed.time) {
                exceptions.insert(start, Exception::Changed(Change { time, title: None, location: None }));
            }
        }
        check_number(&exceptions, line)?;
    }
    for line in component.own_lines("EXRULE") {
        let text = line.value().unwrap_or_default();
        let rule = rule(text, &frame).map_err(|why| (line.number, why))?;
        excluded_by(&rule, &fields.placed.time, series, &mut exceptions).map_err(|why| (line.number, why))?;
    }
    Ok(exceptions)
}

/// One value of an `RDATE` or `EXDATE`: its civil start by the event's clock, and when an instance is that begins there.
fn date(
    entry: &ICalendarEntry,
    value: &Value,
    fields: &Fields,
    series: &Series,
    clock: &mut Clock<'_>,
    line: usize,
) -> Option<(i64, Option<EventTime>)> {
    let (frame, begins) = (fields.start.frame(), fields.placed.time.civil_start());
    match value {
        Value::Period(period) => {
            let (start, ends) = parts_of(period, entry, clock, line)?;
            let time = in_line(&fields.placed.time, &placed(&start, &ends).ok()?.time)?;
            Some((civil_seconds(start.civil_in(&frame, begins)?), Some(time)))
        }
        _ => {
            let start = civil_seconds(clock.when(entry, value, line)?.civil_in(&frame, begins)?);
            Some((start, series.time_at(start)))
        }
    }
}

/// So many exceptions at most.
pub(crate) fn check_number(exceptions: &Exceptions, line: usize) -> Result<(), Failure> {
    if exceptions.len() <= MAX_EXCEPTIONS {
        return Ok(());
    }
    Err((line, format!("more than {MAX_EXCEPTIONS} of its instances are removed, added or changed one by one")))
}

fn parts_of(period: &Period, entry: &ICalendarEntry, clock: &mut Clock<'_>, line: usize) -> Option<(When, Ends)> {
    let mut when = |written: &calcard::common::PartialDateTime| {
        clock.when(entry, &Value::PartialDateTime(Box::new(written.clone())), line)
    };
    match period {
        Period::Range { start, end } => Some((when(start)?, Ends::At(when(end)?))),
        Period::Duration { start, duration } => Some((when(start)?, Ends::After(duration.clone()))),
    }
}

/// Removes what an `EXRULE` names: instance by instance, so there has to be an end to them.
fn excluded_by(rule: &Rule, first: &EventTime, series: &Series, exceptions: &mut Exceptions) -> Result<(), String> {
    let begins: DateTime = first.civil_start();
    let until = match rule.until() {
        Some(_) => Series::new(first.clone(), &Rules::new(vec![rule.clone()]).map_err(|error| error.to_string())?).ok(),
        None => None,
    };
    let ended = until.as_ref().and_then(|series| series.rules().as_slice().first().and_then(Rule::until));
    let rule = ended.map_or_else(|| rule.clone(), |until| rule.clone().with_end(End::Until(until)));
    let count = rule.count().and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
    let hull = series.hull().end;
    for start in rule.starts(begins, begins).take(count) {
        let start = civil_seconds(start);
        // A day more, since the hull may lie on the line of instants.
        if start > hull.saturating_add(86_400) {
            break;
        }
        exceptions.insert(start, Exception::Removed);
        if exceptions.len() > MAX_EXCEPTIONS {
            return Err(format!("its EXRULE removes more than {MAX_EXCEPTIONS} instances"));
        }
    }
    Ok(())
}
